"""Words that may name a patient, planted in files, names and sheets: no result of a run has one of them."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from helpers.result_texts import texts_of
from pipeline.commands.run import run_study
from pipeline.fcs import read_fcs, write_fcs
from pipeline.running.options import RunOptions
from pipeline.running.progress import QuietReporter
from pipeline.simulate import simulate_study

pytestmark = pytest.mark.slow

KEYWORDS = (
    *("$OP", "$SRC", "$SMNO", "$CELLS", "$COM", "$EXP", "$FIL", "$INST", "$PROJ", "$SYS", "$LAST_MODIFIER"),
    *("$PLATEID", "$PLATENAME", "$WELLID", "$CARRIERID", "$LOCATIONID", "$GATING", "PATIENT NAME"),
    *("TUBE NAME", "SAMPLE ID", "GUID", "EXPERIMENT NAME", "EXPORT USER NAME", "FJ_$SRC", "@OWNER", "NOTES"),
)
"""Keywords in which programs keep who a patient is, and in which people type it."""
FILES = ("fcs_file", "fmo_file", "isotype_file")


class Planted:
    """A study full of words that no result may have."""

    def __init__(self, folder: Path) -> None:
        self.words: dict[str, str] = {}
        parent = folder / self.word("parent folder")
        study = simulate_study(parent, patients=2, events=800, seed=5)
        self.folder = study.rename(parent / self.word("study folder"))
        for path in sorted(self.folder.rglob("*.fcs")):
            self._rewrite(path)
        self.moved: dict[str, str] = {}
        self._edit("samples.csv", lambda row: {**row, "remark": self.word("remark")})
        self._edit("samples.csv", lambda row: {**row, "_own": self.word("own column")})
        self._edit("samples.csv", self._move)
        self._edit("beads.csv", self._move)
        self.damage(self.moved[next(name for name in self.moved if "P02" in name and "FMO" not in name)])

    def word(self, what: str) -> str:
        word = f"Zq{len(self.words):03}xv"
        self.words[word] = what
        return word

    def damage(self, name: str) -> None:
        path = self.folder / name
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    def _rewrite(self, path: Path) -> None:
        file = read_fcs(path)
        keys = re.compile(r"\$(CYT|CYTSN|DATE|BTIM|ETIM|TIMESTEP|SPILLOVER|P\d+[VGR])$")
        keywords = {key: text for key, text in file.keywords.items() if keys.match(key)}
        keywords |= {key: f"{self.word(key)} 1960-02-03" for key in KEYWORDS}
        pairs = zip(file.channels, file.markers, strict=True)
        markers = [f"{marker} {self.word('$PnS ' + name)}".strip() for name, marker in pairs]
        values = np.stack([np.asarray(file.raw(name), np.float64) for name in file.channels])
        write_fcs(path, values, file.channels, markers=markers, keywords=keywords)

    def _edit(self, sheet: str, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
        path = self.folder / sheet
        with path.open(encoding="utf-8", newline="") as file:
            rows = [change(row) for row in csv.DictReader(file)]
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)

    def _move(self, row: dict[str, str]) -> dict[str, str]:
        return {**row, **{column: self._moved(row[column]) for column in FILES if row.get(column)}}

    def _moved(self, name: str) -> str:
        if name not in self.moved:
            new = Path(self.word("folder"), f"{self.word('file name')} Anna {Path(name).name}")
            (self.folder / new).parent.mkdir()
            (self.folder / name).rename(self.folder / new)
            self.moved[name] = new.as_posix()
        return self.moved[name]


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    study = Planted(tmp_path_factory.mktemp("planted"))
    run_study(study.folder, RunOptions(workers=1, export_events=True), QuietReporter())
    return study


def test_no_planted_word_is_in_a_result_or_in_the_audit_trail(planted: Planted) -> None:
    results = [path for path in (planted.folder / "results").rglob("*") if path.is_file()]
    assert len(results) > 30
    found = {
        (path.relative_to(planted.folder).as_posix(), what)
        for path in [*results, planted.folder / "audit.jsonl"]
        for text in (path.relative_to(planted.folder).as_posix().encode(), *texts_of(path))
        for word, what in planted.words.items()
        if word.encode() in text
    }
    assert not found


def test_a_tube_that_failed_is_still_told_with_its_reason(planted: Planted) -> None:
    table = pd.read_csv(planted.folder / "results" / "rd_samples.csv", keep_default_na=False)
    failed = table[table["status"] == "FAILED"].iloc[0]
    assert failed["note"].startswith(f"{failed['sample_id']}.fcs: expected 800 events")


def test_the_audit_still_finds_a_file_that_was_exchanged(planted: Planted) -> None:
    from pipeline.commands.audit import audited

    assert "is not the file that the last run read" not in audited(planted.folder).faults
    name = next(new for old, new in planted.moved.items() if "P01" in old and "FMO" in old)
    path = planted.folder / name
    before = path.read_bytes()
    path.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
    try:
        assert (
            f"P01_BM1 FMO.fcs ({name}): is not the file that the last run read"
            in audited(planted.folder).faults
        )
    finally:
        path.write_bytes(before)
