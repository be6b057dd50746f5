"""How commands end where no run is needed to see it, and that `check` leaves the folder as it was."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.builders import good_study, write_tube
from pipeline.cli import main
from pipeline.commands import check
from pipeline.commands.exit_status import ExitStatus


def status_of(*words: object) -> int:
    with pytest.raises(SystemExit) as end:
        main([str(word) for word in words])
    return int(end.value.code or 0)


def test_check_of_a_study_with_a_file_that_cannot_be_used_is_status_3(tmp_path: Path, capsys) -> None:
    study = good_study(tmp_path)
    (study / "fcs" / "S2.fcs").write_bytes(b"no such thing" * 20)
    assert status_of("check", study) == ExitStatus.SOME_FAILED
    assert "S2.fcs" in capsys.readouterr().out


def test_check_writes_nothing(tmp_path: Path) -> None:
    study = good_study(tmp_path)
    before = {path: path.read_bytes() for path in study.rglob("*") if path.is_file()}
    assert status_of("check", study) == ExitStatus.ALL_QUANTIFIED
    assert {path: path.read_bytes() for path in study.rglob("*") if path.is_file()} == before
    assert not (study / "results").exists()


def test_check_with_cross_check_compares_every_file_with_both_readers(tmp_path: Path, capsys) -> None:
    study = good_study(tmp_path)
    assert status_of("check", study, "--cross-check") == ExitStatus.ALL_QUANTIFIED
    said = capsys.readouterr().out.splitlines()
    for reader in ("FlowIO", "fcsparser"):
        told = [line for line in said if reader in line]
        assert all(any(name in line for line in told) for name in ("S1.fcs", "S2.fcs", "beads.fcs"))


def test_inspect_with_both_options_is_json_that_holds_the_comparison(tmp_path: Path, capsys) -> None:
    path = write_tube(tmp_path / "tube.fcs")
    assert status_of("inspect", path, "--cross-check", "--json") == ExitStatus.ALL_QUANTIFIED
    facts = json.loads(capsys.readouterr().out)
    assert "FlowIO" in "".join(facts["cross_check"])
    assert facts["channels"]


@pytest.fixture
def broken_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make `check` fail as a wrong number in our own code would."""

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.delenv("CD38RD_DEBUG", raising=False)
    monkeypatch.setenv("CD38RD_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(check, "check_with_unnamed_files", broken)


def has_traceback(log: Path) -> bool:
    text = log.read_text("utf-8")
    return "Traceback (most recent call last)" in text and "in broken" in text


@pytest.mark.usefixtures("broken_check")
def test_a_defect_is_status_70_and_asks_to_be_reported(tmp_path: Path, capsys) -> None:
    assert status_of("check", good_study(tmp_path)) == ExitStatus.DEFECT
    said = capsys.readouterr().err
    assert "a defect of cd38rd" in said
    assert "please report it" in said
    assert "Traceback" not in said


@pytest.mark.usefixtures("broken_check")
@pytest.mark.parametrize("typed", [".", "..", "study"])
def test_the_traceback_of_a_commands_defect_is_in_the_log_of_the_study(
    typed: str, tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "study").mkdir()
    study = good_study(tmp_path / "study")
    (study / "results").mkdir()
    (study / "results" / "log.txt").write_text("an earlier run\n", "utf-8")
    monkeypatch.chdir(tmp_path if typed == "study" else study)
    assert status_of("check", typed) == ExitStatus.DEFECT
    log = study / "results" / "log.txt"
    assert str(log) in " ".join(capsys.readouterr().err.split())
    assert log.read_text("utf-8").startswith("an earlier run\n")
    assert has_traceback(log)
    assert not (tmp_path / "home").exists()


@pytest.mark.usefixtures("broken_check")
@pytest.mark.parametrize("is_there", [False, True], ids=["no results", "a log that cannot be written"])
def test_without_results_to_write_to_the_traceback_is_in_the_users_own_folder(
    is_there: bool, tmp_path: Path, capsys
) -> None:
    study = good_study(tmp_path)
    if is_there:
        (study / "results" / "log.txt").mkdir(parents=True)
    assert status_of("check", study) == ExitStatus.DEFECT
    log = tmp_path / "home" / "log.txt"
    assert str(log) in " ".join(capsys.readouterr().err.split())
    assert has_traceback(log)
    assert (study / "results").exists() is is_there


@pytest.mark.usefixtures("broken_check")
def test_where_no_file_can_be_written_the_traceback_is_printed(tmp_path: Path, capsys) -> None:
    study = good_study(tmp_path)
    (tmp_path / "home").write_text("a file, no folder", "utf-8")
    assert status_of("check", study) == ExitStatus.DEFECT
    said = capsys.readouterr().err
    assert "Traceback (most recent call last)" in said
    assert "Its traceback is printed above" in said


def test_version_is_one_line(capsys) -> None:
    assert status_of("version") == ExitStatus.ALL_QUANTIFIED
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("cd38rd ")
    assert line.split()[1][0].isdigit()


def test_check_starts_without_loading_the_models_of_a_run() -> None:
    code = "import sys, pipeline.commands.check; sys.exit('pipeline.washout' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
