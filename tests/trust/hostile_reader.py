"""Reads damaged files in a process of its own, and says of each what came, how long it took and how much memory.

It is given lines of a kind and a seed, and makes the damaged file itself.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np

from helpers.builders import CHANNELS, good_sheets, write_csvs, write_files, write_tube, write_workbook
from helpers.fcs_bytes import FcsBytes
from helpers.workspaces import biex, ellipse, matrix, polygon, population, rectangle, sample, workspace
from trust.damage import XML, damaged, damaged_package, damaged_text_of_fcs
from trust.whole_study import whole_sheets

ADDRESS_SPACE = 4 << 30
"""Bytes that the process may ask for: what asks for more has no memory, which is seen."""

NAMES = ("FSC-A", "PE-A", "BV421-A", "APC-A")


@cache
def fcs_files() -> tuple[bytes, ...]:
    """Return sound FCS files of several versions and types."""
    made = [
        FcsBytes(version=version, data_type=kind, bits=(bits, bits)).build()
        for version in ("2.0", "3.0", "3.1", "3.2")
        for kind, bits in (("I", 16), ("F", 32), ("D", 64), ("I", 32))
    ]
    with tempfile.TemporaryDirectory() as folder:
        spill = {"SPILLOVER": "2,PE-A,BV421-A,1,0.1,0.02,1"}
        tube = write_tube(Path(folder) / "a.fcs", n_events=200, keywords=spill).read_bytes()
    return (*made, *[tube] * 8)


@cache
def workspaces() -> tuple[bytes, ...]:
    """Return sound FlowJo workspaces."""
    spill = matrix(NAMES[1:], np.eye(3) + 0.1 * np.eye(3, k=1))
    scales = "".join(biex(name) for name in NAMES)
    inner = population("bright", rectangle({"Comp-BV421-A": {"min": 22.0}}))
    gates = (
        population("A", polygon(("FSC-A", "Comp-PE-A"), [(0, 0), (9, 0), (9, 30), (0, 30)]), inner),
        population("A", rectangle({"FSC-A": {"min": 1.0, "max": 9.0}}), inner),
        population(
            "A",
            ellipse(("FSC-A", "Comp-APC-A"), [(3, 60), (6, 60)], [(2, 60), (7, 60), (4, 50), (4, 70)]),
            inner,
        ),
    )
    return tuple(workspace(sample(gate, axes=spill, scales=scales)) for gate in gates)


@cache
def gatingml() -> tuple[bytes, ...]:
    """Return a sound GatingML file, as the program writes it."""
    from gating.events.compensation import SpilloverMatrix
    from gating.gates import AllOf, RangeGate
    from gating.gates.gatingml import to_gatingml
    from gating.gates.steps import GateStep

    spill = SpilloverMatrix(NAMES[1:], np.eye(3) + 0.1 * np.eye(3, k=1), "by hand")
    steps = [
        GateStep("debris", RangeGate("FSC-A", 2.0, None), (), 0, 0, ()),
        GateStep("plasma_cells", AllOf((RangeGate("BV421-A", 23.0, None),)), (), 0, 0, ()),
    ]
    return (
        to_gatingml(steps, spill).encode() if isinstance(made := to_gatingml(steps, spill), str) else made,
    )


def read_fcs_file(folder: Path, draw: random.Random) -> str:
    """Read a damaged FCS file, all of it."""
    from pipeline.fcs import FcsError, read_fcs
    from pipeline.fcs.describe import describe_json, describe_lines

    path = folder / "a.fcs"
    path.write_bytes(damaged_text_of_fcs(draw.choice(fcs_files()), draw))
    try:
        file = read_fcs(path)
        describe_lines(file), describe_json(file)
        _ = file.spillover
        file.events()
        file.raw(file.channels[0]) if file.channels else None
    except FcsError:
        return "refused"
    return "read"


def _read_gates(document: bytes, name: str, population: str) -> str:
    from gating.drawn.flowjo.sample import TubeFile
    from gating.drawn.gate_file import GateFileError
    from gating.drawn.population import read_drawn_population
    from gating.events import Events

    try:
        found = read_drawn_population(document, name, population, tube=TubeFile("a.fcs"))
        found.gating_channels(NAMES, ("", "CD38", "CD138", "CD45"))
        events = Events(np.arange(40, dtype=np.float32).reshape(4, 10), NAMES)
        found.step_masks(events, ("", "CD38", "CD138", "CD45"), None)
        found.to_gatingml()
    except GateFileError:
        return "refused"
    return "read"


def read_workspace(folder: Path, draw: random.Random) -> str:
    """Read a population of a damaged workspace, and put it on events."""
    del folder
    return _read_gates(damaged(draw.choice(workspaces()), draw, XML), "a.wsp", "bright")


def read_gatingml(folder: Path, draw: random.Random) -> str:
    """Read a population of a damaged GatingML file, and put it on events."""
    del folder
    return _read_gates(damaged(draw.choice(gatingml()), draw, XML), "a.xml", "plasma_cells")


def _checked(folder: Path) -> str:
    from pipeline.checks import check_folder
    from pipeline.study.faults import fault_report

    study, faults = check_folder(folder)
    fault_report(faults)
    return "refused" if study is None else "read"


def read_book(folder: Path, draw: random.Random) -> str:
    """Check a study whose workbook is damaged."""
    book = folder / "book"
    if not book.exists():
        write_workbook(write_files(book), whole_sheets())
        (folder / "sound.xlsx").write_bytes((book / "study.xlsx").read_bytes())
    (book / "study.xlsx").write_bytes(damaged_package((folder / "sound.xlsx").read_bytes(), draw))
    return _checked(book)


def read_csvs(folder: Path, draw: random.Random) -> str:
    """Check a study one of whose CSV files is damaged, review.csv and the matrix too."""
    study = folder / "csvs"
    if not study.exists():
        sheets = good_sheets() if draw.random() < 0.1 else whole_sheets()
        sheets["settings"].append(["spillover_file", "matrix.csv"])
        sheets["review"] = [
            ["sample_id", "gate", "value", "set_by", "reason", "set_at", "verdict"],
            ["S1", "cd45", "900", "AB", "dim", "2024-06-03", "accept"],
        ]
        write_csvs(write_files(study), sheets)
        names = [name for name in CHANNELS if name.endswith("-A") and "SC" not in name]
        rows = [",".join("1" if k == j else "0.01" for k in range(len(names))) for j in range(len(names))]
        (study / "matrix.csv").write_text("\n".join([",".join(names), *rows]), encoding="utf-8")
    sheet = draw.choice(sorted(study.glob("*.csv")))
    sound = sheet.read_bytes()
    sheet.write_bytes(damaged(sound, draw))
    try:
        return _checked(study)
    finally:
        sheet.write_bytes(sound)


KINDS: dict[str, Callable[[Path, random.Random], str]] = {
    "FCS": read_fcs_file, "FlowJo workspace": read_workspace, "GatingML": read_gatingml, "xlsx": read_book,
    "CSV": read_csvs,
}  # fmt: skip


def _peak_kb() -> int:
    status = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))


def main() -> None:
    """Read what is asked for on standard input, until it ends."""
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    out = sys.stdout
    with tempfile.TemporaryDirectory() as folder:
        for line in sys.stdin:
            kind, seed = line.rstrip("\n").split("\t")
            Path("/proc/self/clear_refs").write_text("5")
            began = time.process_time()
            try:
                came = KINDS[kind](Path(folder), random.Random(f"{kind} {seed}"))
            except BaseException as error:
                came = f"crashed: {type(error).__name__}: {error}"[:200].replace("\t", " ").replace("\n", " ")
            out.write(f"{came}\t{time.process_time() - began:.3f}\t{_peak_kb()}\n")
            out.flush()


if __name__ == "__main__":
    main()
