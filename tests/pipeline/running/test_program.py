"""A worker that is another program is refused by name, before it works or when its result comes."""

from __future__ import annotations

import json
import math
import os
import py_compile
import re
import shutil
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

import pytest

import calibration
import gating
import pipeline
from helpers.dask_cluster import ROOT, dask_cluster
from pipeline.commands.run import run_study
from pipeline.running.attempt import LOADED, Finished, attempt_there, of_this_program
from pipeline.running.cluster.dask_connection import SchedulerError
from pipeline.running.compiled import digest_of_code
from pipeline.running.options import RunOptions
from pipeline.running.program import COMPILED_CODE, SOURCE_CODE, difference, installed_libraries, this_program
from pipeline.running.progress import QuietReporter
from pipeline.running.workers import run_tasks
from pipeline.simulate import simulate_study


def test_a_program_is_its_source_its_version_python_and_the_libraries() -> None:
    facts = dict(this_program())
    assert {
        "cd38rd",
        SOURCE_CODE,
        COMPILED_CODE,
        "Python",
        "numpy",
        "scipy",
        "scikit-learn",
        "flowkit",
        "dask",
    } <= set(facts)
    assert len(facts[SOURCE_CODE]) == 64
    assert this_program() == LOADED
    assert json.loads(json.dumps(LOADED)) == [list(fact) for fact in LOADED]


def test_every_library_of_the_lock_that_is_installed_is_recorded_with_its_version() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    names = set(re.findall(r"^([\w.-]+)==\S+ *\\$", lock, re.MULTILINE))  # without a marker of the system
    recorded = dict(installed_libraries())
    assert len(names) > 60
    assert names <= set(recorded)
    assert {"numpy", "pydantic", "openpyxl", "flowutils"} <= set(recorded)
    assert recorded["numpy"] == metadata.version("numpy")
    assert not {"pytest", "ruff", "mypy", "cd38rd"} & set(recorded)


@pytest.mark.parametrize("name", [name for name, _ in this_program()])
def test_each_difference_is_named_and_nothing_is_done_there(name: str) -> None:
    other = tuple((fact, "0.0.1" if fact == name else value) for fact, value in LOADED)
    assert difference(LOADED, other).startswith(f"{name} 0.0.1 there, ")
    there = attempt_there(5, math.factorial, other)
    assert there.result is None
    end = of_this_program(Finished(5, 120, worker="tcp://10.0.0.7:4000", program=other))
    assert end.result is None
    assert f"the worker tcp://10.0.0.7:4000 runs another program ({name} 0.0.1 there" in end.failure
    assert "install the same cd38rd" in end.failure


def test_a_library_that_only_one_of_both_has_is_a_difference() -> None:
    assert difference(LOADED, LOADED[:-1]).endswith("unknown there, " + LOADED[-1][1] + " here")
    assert difference(LOADED, LOADED) == ""


def test_the_same_program_does_the_work_and_says_who_it_was() -> None:
    end = of_this_program(attempt_there(5, math.factorial, LOADED))
    assert (end.result, end.worker, end.failure) == (120, f"process {os.getpid()}", "")


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the program in which F:P counts twice: every density is half of what it is."""
    folder = tmp_path_factory.mktemp("changed")
    for package in (calibration, gating, pipeline):
        (here,) = package.__path__
        shutil.copytree(here, folder / package.__name__, ignore=shutil.ignore_patterns("__pycache__"))
    kits = folder / "calibration" / "beads" / "kits.py"
    text = kits.read_text("utf-8")
    start = text.index("def abc_divisor(")
    at = text.index("    return ", start)
    kits.write_text(text[:at] + text[at:].replace("    return ", "    return 2 * ", 1), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate_study(tmp_path_factory.mktemp("simulated"), patients=2, events=2_000, seed=4)


# dask's own sockets close a moment after their owner looks away
quiet = pytest.mark.filterwarnings("ignore")


@quiet
@pytest.mark.slow
def test_a_cluster_with_a_worker_of_a_changed_program_is_refused_before_any_tube(
    study: Path, changed: Path, tmp_path: Path
) -> None:
    with dask_cluster(tmp_path, ROOT, changed) as cluster:
        with pytest.raises(
            SchedulerError, match=r"the worker tcp://.* runs another program: source code "
        ) as caught:
            run_study(study, RunOptions(scheduler=cluster.address), QuietReporter())
        assert "there" in str(caught.value)
        assert "install the same cd38rd, Python and libraries everywhere" in str(caught.value)
        assert list((study / "results" / "store").glob("*.json")) == []


@pytest.fixture(scope="module")
def miscompiled(changed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the program whose source is this one's, with a compiled file in which F:P counts twice."""
    folder = tmp_path_factory.mktemp("miscompiled") / "copy"
    for package in (calibration, gating, pipeline):
        (here,) = package.__path__
        shutil.copytree(here, folder / package.__name__, ignore=shutil.ignore_patterns("__pycache__"))
    kits = folder / "calibration" / "beads" / "kits.py"
    source = kits.read_text("utf-8")
    compiled_from(kits, (changed / "calibration" / "beads" / "kits.py").read_text("utf-8"), source)
    return folder


def compiled_from(file: Path, other_text: str, text: str) -> None:
    """Compile a file from another text of the same length and time, which Python takes for that of the file."""
    padding = max(len(text.encode()), len(other_text.encode())) + 2
    times = (1_700_000_000, 1_700_000_000)
    file.write_bytes(other_text.encode() + b"#" * (padding - len(other_text.encode())))
    os.utime(file, times)
    compiled = py_compile.compile(str(file), doraise=True)
    file.write_text(text, encoding="utf-8")
    os.utime(file, times)
    data = bytearray(Path(compiled).read_bytes())
    data[12:16] = len(text.encode()).to_bytes(4, "little")  # the size of the source (PEP 552)
    Path(compiled).write_bytes(data)


def test_a_compiled_file_that_is_not_of_its_source_is_another_program(tmp_path: Path) -> None:
    ones = [tmp_path / name for name in ("here.py", "there.py", "plain.py")]
    for file, compiled in zip(ones, ("x = 1 + y\n", "x = 2 + y\n"), strict=False):
        file.write_text(compiled)
        compiled_from(file, compiled, "x = 1 + y\n")
    ones[2].write_text("x = 1 + y\n", encoding="utf-8")
    here, there, plain = (digest_of_code([file]) for file in ones)
    assert here == plain  # whatever their folder or name, and though one was not compiled before
    assert there != here


def test_a_set_of_words_gives_the_same_digest_in_every_process(tmp_path: Path) -> None:
    file = tmp_path / "words.py"
    file.write_text("def known(x):\n    return x in {'a', 'b', 'c', 'd', 'e', 'f'}\n", encoding="utf-8")
    script = (
        "from pathlib import Path; from pipeline.running.compiled import digest_of_code\n"
        f"print(digest_of_code([Path({str(file)!r})]))"
    )
    shown = {
        subprocess.run(
            [sys.executable, "-B", "-c", script],
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2", "3", "4")
    }  # fmt: skip
    assert len(shown) == 1


@quiet
@pytest.mark.slow
def test_a_worker_whose_compiled_files_alone_differ_is_refused_before_any_tube(
    miscompiled: Path, tmp_path: Path
) -> None:
    numbers = [3, 4]
    with dask_cluster(tmp_path, ROOT, miscompiled) as cluster, pytest.raises(SchedulerError) as caught:
        list(run_tasks(numbers, math.factorial, scheduler=cluster.address))
    assert re.search(r"runs another program: compiled code \w+… there, \w+… here;", str(caught.value))


def half_a_second(number: int) -> int:
    time.sleep(0.5)
    return number


@quiet
@pytest.mark.slow
def test_what_a_worker_of_a_changed_program_gives_is_never_used_though_it_joined_later(
    changed: Path, tmp_path: Path
) -> None:
    numbers, said = range(30), list[str]()
    with dask_cluster(tmp_path, ROOT) as cluster:
        running = run_tasks(list(numbers), half_a_second, scheduler=cluster.address, say=said.append)
        ends = [next(running)]
        cluster.start_worker(changed)
        ends += running
    assert {end.task: end.result for end in ends} == {n: n for n in numbers}
    assert len({end.worker for end in ends}) == 1
    assert len(said) == 2
    assert " runs another program (source code " in said[1]
    assert said[1].endswith("other workers do its tubes")


@pytest.mark.slow
def test_own_processes_that_start_from_a_changed_source_are_refused_too(
    changed: Path, tmp_path: Path
) -> None:
    script = tmp_path / "run.py"
    script.write_text(
        "import math, sys\n"
        "if __name__ == '__main__':\n"
        "    from pipeline.running.workers import run_tasks\n"
        f"    sys.path.insert(0, {str(changed)!r})\n"
        "    for end in run_tasks([3, 4], math.factorial, workers=2): print(end.result, end.failure)\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, str(script)], env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=tmp_path,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("None the worker process ") for line in lines)
    assert all("runs another program (source code " in line for line in lines)


@pytest.mark.slow
def test_what_was_loaded_after_the_source_changed_is_never_used(changed: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(changed, tmp_path / "copy"))
    script = (
        "import sys; from pathlib import Path\n"
        "from pipeline.running.workers import run_tasks\n"
        "def loads(name): __import__(name); return 'worked'\n"
        "if __name__ == '__main__':\n"
        "    print([end.result for end in run_tasks(['gating.drawn.flowjo.binned'], loads)])\n"
        f"    file = Path({str(copy)!r}, 'calibration', 'beads', 'peaks.py')\n"
        "    file.write_text(file.read_text('utf-8') + '# upgraded', encoding='utf-8')\n"
        "    for name in ('calibration.beads.kits', 'calibration.beads.peaks', 'pipeline.cli'):\n"
        "        print(name in sys.modules)\n"
        "    ends = run_tasks(['gating.drawn.flowjo.binned', 'pipeline.cli'], loads)\n"
        "    for end in ends: print(end.result, end.failure)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": str(copy)}, cwd=tmp_path,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    before, *_, loaded, nothing_new, late = done.stdout.splitlines()
    assert (before, loaded, nothing_new) == ("['worked']", "False", "worked ")
    assert late.startswith("None the worker process ")
    assert "runs another program (source code " in late


def test_another_copy_of_a_library_before_the_installed_one_is_another_program(tmp_path: Path) -> None:
    for module in ("numpy", "sklearn"):
        (tmp_path / module).mkdir()
        (tmp_path / module / "__init__.py").write_text("__version__ = '9.9.9'", encoding="utf-8")
    script = (
        "from pipeline.running.program import library_version as version\n"
        "print(version('numpy', 'numpy'), version('scikit-learn', 'sklearn'), version('scipy', 'scipy'))"
    )
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": path}, cwd=tmp_path,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    facts = dict(LOADED)
    other = "(but another copy is imported)"
    assert done.stdout.strip() == f"{facts['numpy']} {other} {facts['scikit-learn']} {other} {facts['scipy']}"
    assert not any("another copy" in value for value in facts.values())


@quiet
@pytest.mark.slow
def test_a_worker_without_cd38rd_or_of_a_version_that_cannot_say_is_refused(
    changed: Path, tmp_path: Path
) -> None:
    older = Path(shutil.copytree(changed, tmp_path / "older"))
    workers = older / "pipeline" / "running" / "attempt.py"
    workers.write_text(
        workers.read_text("utf-8").replace("program_there", "some_other_name"), encoding="utf-8"
    )
    with (
        dask_cluster(tmp_path, older) as cluster,
        pytest.raises(SchedulerError, match=r"runs another program: it cannot say which \(.*program_there"),
    ):
        list(run_tasks([3], math.factorial, scheduler=cluster.address))


OTHER_VERSIONS = """
import platform
from importlib import metadata

as_installed = metadata.version
metadata.version = lambda name: "2025.1.0" if name in ("dask", "distributed") else as_installed(name)
platform.python_version = lambda: "3.12.9"
"""


@quiet
@pytest.mark.slow
def test_a_worker_of_another_python_and_another_dask_is_refused_in_one_sentence(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for package in (calibration, gating, pipeline):
        (here,) = package.__path__
        shutil.copytree(here, elsewhere / package.__name__, ignore=shutil.ignore_patterns("__pycache__"))
    (elsewhere / "sitecustomize.py").write_text(OTHER_VERSIONS, encoding="utf-8")
    facts = dict(LOADED)
    with dask_cluster(tmp_path, ROOT, elsewhere) as cluster, pytest.raises(SchedulerError) as caught:
        list(run_tasks([3], math.factorial, scheduler=cluster.address))
    said = str(caught.value)
    assert f"Python 3.12.9 there, {facts['Python']} here" in said
    assert f"dask 2025.1.0 there, {facts['dask']} here" in said
    assert "install the same cd38rd, Python and libraries everywhere" in said


@quiet
@pytest.mark.slow
def test_a_cluster_of_this_program_does_the_work(tmp_path: Path) -> None:
    with dask_cluster(tmp_path, ROOT, ROOT) as cluster:
        ends = list(run_tasks([3, 4, 5], math.factorial, scheduler=cluster.address))
    assert {end.task: end.result for end in ends} == {3: 6, 4: 24, 5: 120}
    assert all(end.worker.startswith("tcp://") for end in ends)
