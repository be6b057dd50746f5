"""Are the results the same bytes on every processor? OpenBLAS and NumPy are told to take other processors' ways.

A section of docs/validation.md (`make validation`). Files are simulated once and quantified under each choice.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.simulate import simulate_study

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "fcs_samples" / "demo"
WITH_TIMES = "run.json"
"""Holds times and the command: the one file that may differ."""
HARD_SCENARIOS = (
    "masked", "rare", "no_matrix", "drift", "dim_cd138", "bimodal", "low_events", "mislabelled_channel",
)  # fmt: skip
ALL_SCENARIOS = (
    *HARD_SCENARIOS, "plain", "clog", "no_plasma_cells", "swapped_lot", "clipped_beads",
    "wide_scale", "qsc",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Processor:
    """What a process is told to take itself for.

    Attributes
    ----------
    name
        As people read it.
    environment
        Variables that are set for it.
    """

    name: str
    environment: Mapping[str, str]


def _blas(kernel: str) -> Processor:
    return Processor(f"OpenBLAS {kernel}", {"OPENBLAS_CORETYPE": kernel})


PROCESSORS = (
    *(_blas(kernel) for kernel in ("Haswell", "Zen", "SkylakeX", "SandyBridge", "Nehalem", "Prescott")),
    Processor("NumPy without AVX-512", {"NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR"}),
    Processor(
        "NumPy X86_V2, OpenBLAS Nehalem",
        {
            "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR",
            "OPENBLAS_CORETYPE": "Nehalem",
        },
    ),
    Processor("C library without AVX2 and FMA", {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-AVX512F"}),
    Processor("BLAS in four threads", {"OPENBLAS_NUM_THREADS": "4"}),
)
QUANTIFY = """
import sys
from pipeline.cli import main
options, studies = sys.argv[1].split(), sys.argv[2:]
for study in studies:
    sys.argv = ["cd38rd", "run", study, "--no-figures", *options]
    try:
        main()
    except SystemExit as end:
        if end.code not in (0, 3, None):
            raise
"""
PRODUCT = "import numpy as np; a = np.eye(40) + 1; a @ a; np.linalg.inv(a)"
HARD_NUMBERS = "import runpy; runpy.run_module('validation.hard_numbers', run_name='__main__')"
SEPARATE = "sys.stdout.write(chr(0))"
"""Parts what one process prints: what the runs say, the models, the hard numbers."""
MODELS = """
import numpy as np
from calibration.density.result import RdStatus
from pipeline.study.settings import Settings
from pipeline.output.json_files import json_text, washout_json
from pipeline.washout import PatientRd, washout_report
rng = np.random.default_rng(4)
rows = []
for i in range(24):
    weeks = float(np.exp(rng.uniform(np.log(2), np.log(90))))
    rd = float(10 ** (3.1 + 1.2 * np.log10(weeks) + rng.normal(0, 0.35)))
    status = RdStatus.OK if rd > 5_000 else RdStatus.BELOW_LLOQ
    rows.append(PatientRd(f"P{i // 2}", f"V{i % 2}", weeks, rd, status, 5_000.0, 300_000.0, 0.08))
print(json_text(washout_json(washout_report(rows, Settings()))))
"""


def digests_of(results: Path) -> dict[str, str]:
    """Return the SHA-256 of every CSV, JSON and gates file of a results folder, by its name in there."""
    files = (path for path in sorted(results.rglob("*")) if path.suffix in (".csv", ".json", ".xml"))
    return {
        path.relative_to(results).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if path.name != WITH_TIMES
    }


def runs_here(processor: Processor) -> bool:
    """Return whether this machine can take itself for that one: some kernels need what it lacks."""
    return _run(processor, PRODUCT).returncode == 0


def quantified(processor: Processor, studies: Sequence[Path], options: str = "--workers 1") -> dict[str, str]:
    """Quantify copies of the studies, and fit the models, as that processor; return the digest of every file.

    Parameters
    ----------
    options
        Of `cd38rd run`: who takes part.
    """
    with TemporaryDirectory() as folder:
        copies = [Path(folder) / study.name for study in studies]
        for study, copy in zip(studies, copies, strict=True):
            shutil.copytree(study, copy, ignore=shutil.ignore_patterns("results"), copy_function=_linked)
        program = "\n".join((QUANTIFY, SEPARATE, MODELS, SEPARATE, HARD_NUMBERS))
        done = _run(processor, program, options, *map(str, copies))
        if done.returncode:
            raise RuntimeError(f"{processor.name}: {done.stdout[-500:]} {done.stderr[-2000:]}")
        _, models, hard = done.stdout.split(chr(0))
        result = {
            f"{copy.name}/{name}": digest
            for copy in copies
            for name, digest in digests_of(copy / "results").items()
        }
    printed = {"models": models, "hard numbers": hard}
    return {**result, **{name: hashlib.sha256(text.encode()).hexdigest() for name, text in printed.items()}}


@contextmanager
def cluster_of(processors: Sequence[Processor]) -> Iterator[str]:
    """Start a dask scheduler with a worker on each of these processors; give its address."""
    with TemporaryDirectory() as folder, ExitStack() as stack:
        file = Path(folder) / "scheduler.json"
        shared = ["--scheduler-file", str(file), "--no-dashboard"]
        _start(stack, ["scheduler", "--host", "127.0.0.1", "--port", "0", *shared], {})
        for processor in processors:
            _start(stack, ["worker", "--nthreads", "1", "--no-nanny", *shared], processor.environment)
        for _ in range(240):
            if file.exists():
                break
            time.sleep(0.25)
        address = json.loads(file.read_text("utf-8"))["address"]
        from distributed import Client

        with Client(address, timeout="60s") as client:
            client.wait_for_workers(len(processors), timeout=60)
        yield address


def _start(stack: ExitStack, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    """Start a dask process that ends with the stack."""
    command = [sys.executable, "-m", "dask", *arguments]
    process = subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    stack.callback(process.wait)
    stack.callback(process.terminate)


def _linked(source: str, target: str) -> None:
    """Give a file a second name; copy it where that cannot be."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def simulated(folder: Path, scenarios: Iterable[str], patients: int, events: int) -> list[Path]:
    """Write a study of each scenario; return their folders."""
    studies = []
    for scenario in scenarios:
        simulate_study(folder / "made", scenario=scenario, patients=patients, events=events)
        shutil.move(folder / "made" / "study", folder / scenario)
        shutil.rmtree(folder / "made")
        studies.append(folder / scenario)
    return studies


def differing(expected: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """Return the names of the files that differ, or that only one of the two has."""
    return sorted(name for name in {*expected, *found} if expected.get(name) != found.get(name))


@dataclass(frozen=True, slots=True)
class Comparison:
    """What one processor gave beside the first one."""

    processor: Processor
    tubes: int
    tubes_that_differ: int
    files: int
    files_that_differ: int


def compare(patients: int, events: int, processes: int = 2) -> list[Comparison | Processor]:
    """Return the comparison of every processor with the first; the bare processor where it cannot run here."""
    with TemporaryDirectory() as folder:
        studies = [*simulated(Path(folder), ALL_SCENARIOS, patients, events), DEMO]
        able = [processor for processor in PROCESSORS if runs_here(processor)]
        with ThreadPoolExecutor(processes) as pool:
            results = dict(
                zip(
                    (one.name for one in able),
                    pool.map(lambda one: quantified(one, studies), able),
                    strict=True,
                )
            )
    expected = results[able[0].name]
    return [_comparison(p, expected, results[p.name]) if p in able else p for p in PROCESSORS]


def _comparison(processor: Processor, expected: Mapping[str, str], found: Mapping[str, str]) -> Comparison:
    kinds = Counter(_is_tube(name) for name in expected)
    changed = differing(expected, found)
    return Comparison(processor, kinds[True], sum(map(_is_tube, changed)), len(expected), len(changed))


def _is_tube(name: str) -> bool:
    """Return whether a file is the stored result of a tube: study/store/tube.json."""
    parts = name.split("/")
    return len(parts) == 3 and parts[1] == "store"


def section(compared: Sequence[Comparison | Processor]) -> str:
    """Return the section as Markdown."""
    lines = [
        "## The same numbers on every processor",
        "",
        (
            "The same FCS files (every scenario and the demo) are quantified by processes that imitate another "
            "processor. The washout models of 24 rows are fitted too. Every CSV, JSON and gates file is "
            "compared byte for byte with those of the first processor, with all digits of the stored results."
        ),
        "",
        "| processor | tubes that differ | files that differ |",
        "|---|---|---|",
    ]
    for one in compared:
        if isinstance(one, Processor):
            lines.append(f"| {one.name} | not possible on the machine that wrote this page |  |")
        else:
            name, tubes = one.processor.name, f"{one.tubes_that_differ}/{one.tubes}"
            lines.append(f"| {name} | {tubes} | {one.files_that_differ}/{one.files} |")
    return "\n".join(lines) + "\n"


def _search_path() -> str:
    """Return where a new process finds this checkout and its tests."""
    given = os.environ.get("PYTHONPATH", "")
    return os.pathsep.join(filter(None, (str(ROOT), str(ROOT / "tests"), given)))


def _run(processor: Processor, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, *arguments],
        env={**os.environ, **processor.environment, "PYTHONPATH": _search_path()},
        capture_output=True,
        text=True,
        check=False,
    )


if __name__ == "__main__":
    sys.stdout.write(json.dumps(quantified(Processor("this one", {}), [DEMO]), indent=1) + "\n")
