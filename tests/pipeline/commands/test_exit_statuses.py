"""How commands end where no run is needed to see it, and that `check` leaves the folder as it was."""

from __future__ import annotations

import json
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


def test_a_defect_is_status_70_and_asks_to_be_reported(
    tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.delenv("CD38RD_DEBUG", raising=False)
    monkeypatch.setattr(check, "check_folder", broken)
    assert status_of("check", good_study(tmp_path)) == ExitStatus.DEFECT
    said = capsys.readouterr().err
    assert "a defect of cd38rd" in said
    assert "please report it" in said
    assert "Traceback" not in said


def test_version_is_one_line(capsys) -> None:
    assert status_of("version") == ExitStatus.ALL_QUANTIFIED
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("cd38rd ")
    assert line.split()[1][0].isdigit()
