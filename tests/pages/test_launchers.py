"""The files that are double-clicked: those of macOS and Linux are run, that of Windows is read."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pages.scenes import lay_out
from pages.walk import fill_in

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "launchers"
UNIX = [FOLDER / "Start-cd38rd-macOS.command", FOLDER / "Start-cd38rd-Linux.sh"]
WINDOWS = FOLDER / "Start-cd38rd-Windows.bat"

unix_only = pytest.mark.skipif(os.name == "nt", reason="a shell of macOS or Linux is needed")


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder of programs with cd38rd and a program that shows files: it notes what it was asked to show."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("sh", "dirname"):
        (programs / name).symlink_to(shutil.which(name) or name)
    write_program(programs / "cd38rd", f'exec "{sys.executable}" -m pipeline.cli "$@"')
    write_program(programs / "open", f'echo "$1" >> "{tmp_path / "shown"}"')
    return tmp_path


def write_program(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
    path.chmod(0o755)


def double_click(launcher: Path, study: Path, desk: Path) -> tuple[str, list[str]]:
    """Copy the file into a study and start it from elsewhere; return what it says and what it opens."""
    (desk / "shown").unlink(missing_ok=True)
    mine = study / launcher.name
    shutil.copy(launcher, mine)
    done = subprocess.run(
        [mine],
        cwd=desk,
        env={
            "PATH": str(desk / "programs"),
            "PYTHONPATH": str(ROOT),
            "HOME": str(desk),
            "PYTHONIOENCODING": "utf-8",
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=200,
    )
    shown = (desk / "shown").read_text("utf-8").splitlines() if (desk / "shown").is_file() else []
    return done.stdout, shown


@unix_only
@pytest.mark.slow
@pytest.mark.parametrize("launcher", UNIX, ids=lambda path: path.name)
def test_the_first_double_click_makes_a_workbook_and_the_next_ones_check_run_and_show(
    launcher: Path, desk: Path
):
    study = desk / "my study"  # a blank, as people's folders have
    lay_out("the folder of cd38rd", desk / "program")
    samples = desk / "program" / "fcs_samples" / "demo"
    (study / "fcs").mkdir(parents=True)
    for name in ("P02_BM1.fcs", "P02_BM1_FMO.fcs", "QB_2024-02-05.fcs"):
        shutil.copy(samples / "fcs" / "2024-02-05" / name, study / "fcs")
    said, shown = double_click(launcher, study, desk)
    assert "1 tube (1 with a control, 1 with beads)" in said
    assert shown == ["study.xlsx"]
    said, shown = double_click(launcher, study, desk)
    assert "ERROR" in said
    assert shown == []
    fill_in(study, samples)
    said, shown = double_click(launcher, study, desk)
    assert "1 below LLOQ" in said
    assert shown == ["results/report.html"]


@unix_only
def test_who_has_not_installed_it_is_told_so(desk: Path):
    study = desk / "s"
    study.mkdir()
    (desk / "programs" / "cd38rd").unlink()
    said, shown = double_click(UNIX[0], study, desk)
    assert "cd38rd was not found. Is it installed?" in said
    assert shown == []


def test_macos_and_linux_start_in_the_same_way():
    assert UNIX[0].read_bytes() == UNIX[1].read_bytes()


@unix_only
@pytest.mark.parametrize("launcher", UNIX, ids=lambda path: path.name)
def test_they_may_be_started(launcher: Path):
    assert os.access(launcher, os.X_OK)


def test_the_file_for_windows_does_the_same_with_the_line_ends_that_windows_wants():
    written = WINDOWS.read_bytes()
    assert written.count(b"\r\n") == written.count(b"\n") > 10
    lines = written.decode("ascii").split("\r\n")
    order = ['cd /d "%~dp0"', "if exist study.xlsx goto run", "cd38rd init .", ":run", "cd38rd run ."]
    places = [lines.index(line) for line in order]
    assert places == sorted(places)
    assert "*.bat -text" in (FOLDER / ".gitattributes").read_text("utf-8")
    said = "cd38rd was not found. Is it installed? Close all windows like this one and try again."
    assert any(said in line for line in lines)
    assert said in UNIX[0].read_text("utf-8")


@unix_only
@pytest.mark.parametrize("system", ["macOS.command", "Linux.sh"])
def test_the_other_files_open_the_study_as_a_page(system: str, desk: Path):
    study = desk / "my study"
    study.mkdir()
    write_program(desk / "programs" / "cd38rd", f'echo "$PWD: $@" >> "{desk / "shown"}"')
    launcher = FOLDER / f"Open-cd38rd-{system}"
    _, shown = double_click(launcher, study, desk)
    assert shown == [f"{study}: open ."]
    assert launcher.read_bytes() == (FOLDER / "Open-cd38rd-Linux.sh").read_bytes()
    assert os.access(launcher, os.X_OK)


def test_the_file_that_opens_the_page_on_windows_does_the_same():
    written = (FOLDER / "Open-cd38rd-Windows.bat").read_bytes()
    assert written.count(b"\r\n") == written.count(b"\n") > 10
    lines = written.decode("ascii").split("\r\n")
    assert lines.index('cd /d "%~dp0"') < lines.index("cd38rd open .")
