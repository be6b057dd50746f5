"""What is noteworthy is logged, quietly, and no word of a file that may name a patient."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.builders import good_study, write_tube
from helpers.fcs_bytes import shifted
from pipeline.checks.all_checks import check_folder
from pipeline.fcs import read_fcs
from pipeline.output.table import Table, write_csv
from pipeline.study.settings import Settings
from pipeline.washout.report import washout_report


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG, "pipeline")
    return caplog


def test_a_repair_of_a_file_is_logged_by_its_code_without_a_word_of_the_file(tmp_path: Path, lines) -> None:
    path = write_tube(tmp_path / "Jane Doe.fcs")
    path.write_bytes(shifted(path.read_bytes(), data_end=1))
    codes = [repair.code for repair in read_fcs(path).repairs]
    assert codes
    said = [record.getMessage() for record in lines.records if record.name.startswith("pipeline.fcs")]
    assert said == [f"a file was repaired: {code}" for code in codes]
    assert "Jane" not in lines.text


def test_a_refused_model_is_logged_with_its_reason(lines) -> None:
    report = washout_report([], Settings())
    assert report.not_estimable
    for refusal in report.not_estimable:
        assert f"model {refusal.name} is not estimated: {refusal.reason}" in lines.text


def test_the_checks_log_how_much_they_have_to_say(tmp_path: Path, lines) -> None:
    check_folder(good_study(tmp_path))
    assert "the checks of the files have findings: " in lines.text


def test_a_written_table_is_logged(tmp_path: Path, lines) -> None:
    write_csv(tmp_path / "table.csv", Table(("name",), (("a",),)))
    assert "written: table.csv" in lines.text


def test_nothing_is_printed_unless_a_program_listens(tmp_path: Path) -> None:
    path = write_tube(tmp_path / "tube.fcs")
    path.write_bytes(shifted(path.read_bytes(), data_end=1))
    words = [sys.executable, "-c", f"from pipeline.fcs import read_fcs; read_fcs({str(path)!r})"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")
