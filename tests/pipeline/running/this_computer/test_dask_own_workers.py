"""Own worker processes: nobody can reach them, they die one at a time, and they end with their owner."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from helpers.ctrl_c import hears_ctrl_c
from pipeline.running.workers import run_tasks

pytestmark = pytest.mark.slow
linux = pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads /proc of Linux")


def sockets_of(process: int | str) -> set[str]:
    """Inodes of every socket that a process has open, of any kind."""
    found = set()
    for entry in Path(f"/proc/{process}/fd").iterdir():
        try:
            target = str(entry.readlink())
        except OSError:
            continue
        if target.startswith("socket:"):
            found.add(target)
    return found


def sockets_here(_: int) -> tuple[int, int, int]:
    """This worker's number, and how many sockets it and its parent have."""
    return os.getpid(), len(sockets_of("self")), len(sockets_of(os.getppid()))


def dies_twice(folder: str) -> str:
    """End its own process at the first two tries, as somebody who kills processes would."""
    tries = len(list(Path(folder).glob("try-*")))
    (Path(folder) / f"try-{tries}").touch()
    if tries < 2:
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    return "done"


def needs_the_machine(task: tuple[str, bool]) -> str:
    """End its own process twice, as a lack of memory would; then say whether another worker is there."""
    folder, is_large = Path(task[0]), task[1]
    if is_large and len(list(folder.glob("died-*"))) < 2:
        (folder / f"died-{os.getpid()}").touch()
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    others = {int(path.name.partition("-")[2]) for path in folder.glob("worker-*")} - {os.getpid()}
    (folder / f"worker-{os.getpid()}").touch()
    if is_large:
        return "beside another" if any(map(is_there, others)) else "alone"
    time.sleep(1.0)
    return "small"


def sleeps(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


def cannot_come_back(_: int) -> object:
    return lambda: None


@linux
def test_neither_a_worker_nor_its_owner_opens_a_socket_while_they_work() -> None:
    before = len(sockets_of("self"))
    found = [end.result for end in run_tasks(list(range(8)), sockets_here, workers=2)]
    assert None not in found
    assert len({pid for pid, _, _ in found}) == 2
    assert {own for _, own, _ in found} == {0}
    assert {parent for _, _, parent in found} == {before}


@linux
def test_a_run_with_workers_needs_no_network_at_all() -> None:
    unshare = shutil.which("unshare")
    script = "import math; from pipeline.running.workers import run_tasks\n"
    script += "if __name__ == '__main__': print(sorted(e.result for e in run_tasks([3, 4], math.factorial, workers=2)))"
    without = [unshare or "unshare", "-rn", sys.executable, "-c", script]
    if (
        unshare is None
        or subprocess.run([unshare, "-rn", "true"], check=False, capture_output=True).returncode
    ):
        pytest.skip("this system lets nobody have a network of their own")
    done = subprocess.run(without, capture_output=True, text=True, check=False, timeout=120)
    assert (done.stdout.strip(), done.stderr) == ("[6, 24]", "")


def test_a_task_whose_process_somebody_ended_twice_is_done_at_the_third_try(tmp_path: Path) -> None:
    ends = list(run_tasks([str(tmp_path), str(tmp_path / "none")], dies_twice, workers=2))
    results = {end.task: end.result or end.failure for end in ends}
    assert results[str(tmp_path)] == "done"
    assert len(list(tmp_path.glob("try-*"))) == 3


def test_a_result_that_cannot_be_sent_is_that_task_s_failure() -> None:
    ends = list(run_tasks([1, 2], cannot_come_back, workers=2))
    assert all(end.result is None for end in ends)
    assert all("pickle" in end.failure.casefold() for end in ends)
    assert all("pickle" in end.traceback.casefold() for end in ends), "a defect of the program, not of a tube"


@linux
def test_a_tube_that_needs_all_memory_is_done_when_no_other_is_worked_on(tmp_path: Path) -> None:
    tasks = [(str(tmp_path), False), (str(tmp_path), True), *[(str(tmp_path), False)] * 4]
    ends = list(run_tasks(tasks, needs_the_machine, workers=2))
    assert [end.result for end in ends] == ["small"] * 5 + ["alone"]


@linux
def test_a_process_that_could_not_be_started_is_started_for_the_next_piece() -> None:
    script = textwrap.dedent(
        """
        import math, resource
        from pipeline.running.this_computer.processes import WorkerProcess
        if __name__ == '__main__':
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            failed = 0
            for most in range(4, 24):
                process = WorkerProcess()
                resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
                try:
                    process.do(math.factorial, 3)
                except OSError:
                    failed += 1
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
                assert process.do(math.factorial, 4) == 24
                process.leave()
            print(failed > 0)
        """
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("True", "")


def is_there(process: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False


def gone(processes: set[int], seconds: float = 20.0) -> bool:
    until = time.monotonic() + seconds
    while any(map(is_there, processes)) and time.monotonic() < until:
        time.sleep(0.1)
    return not any(map(is_there, processes))


@linux
def test_who_stops_listening_ends_the_workers_at_once() -> None:
    ends = run_tasks([0.0, 0.0, 60.0, 60.0], sleeps, workers=2)
    first = next(ends)
    before = time.monotonic()
    ends.close()
    assert time.monotonic() - before < 30
    assert gone({first.result or 0})


@linux
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_workers_do_not_outlive_their_owner_even_at_work(tmp_path: Path, how: signal.Signals) -> None:
    script = textwrap.dedent(
        f"""
        import sys
        sys.path[:0] = [{str(Path(__file__).parent)!r}, {str(Path(__file__).parents[3])!r}]
        from test_dask_own_workers import sleeps
        from pipeline.running.workers import run_tasks
        if __name__ == '__main__':
            for end in run_tasks([0.0, 0.0, 600.0, 600.0], sleeps, workers=2):
                print(end.result, flush=True)
        """
    )
    (tmp_path / "owner.py").write_text(script)
    with subprocess.Popen(
        [sys.executable, str(tmp_path / "owner.py")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hears_ctrl_c,  # noqa: PLW1509
    ) as owner:
        assert owner.stdout is not None
        workers = {int(owner.stdout.readline()), int(owner.stdout.readline())}
        owner.send_signal(how)
        owner.wait(timeout=120)
        said = owner.stderr.read() if owner.stderr else ""
    assert gone(workers, 120)  # a busy machine is slow to end a process
    assert "resource_tracker" not in said
