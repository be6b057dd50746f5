"""The audit trail: whatever is done to the file afterwards is found."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.builders import good_study
from helpers.dask_cluster import ROOT
from pipeline.audit.earlier import end_of_earlier
from pipeline.audit.end import TrailEnd, end_file
from pipeline.audit.row_key import RowKey
from pipeline.audit.trail import (
    TRAIL,
    ChangedCell,
    Event,
    add_line,
    alone_with,
    append_line,
    cells_of,
    changes_between,
    history_of,
    must_be_whole,
    read_trail,
    take_back,
)
from pipeline.audit.typed_cells import typed_cells
from pipeline.files.whole import NotWrittenError
from pipeline.study.errors import UserError
from pipeline.study.settings import Settings
from pipeline.study.sheets.reading import read_study
from pipeline.study.study import AdverseEvent, Study

of_text = RowKey.of_text

CELLS = [
    {(of_text("samples A"), "visit"): "baseline", (of_text("gates A/cd138"), "value"): "850"},
    {(of_text("samples A"), "visit"): "C2", (of_text("samples B"), "visit"): "C2"},
    {(of_text("samples A"), "visit"): "C2", (of_text("samples B"), "visit"): 'a "quoted", Ünïcode\nline'},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, cells in enumerate(CELLS):
        add_line(tmp_path, Event.RUN, {"n_tubes": number}, cells)
    return tmp_path


def test_the_lines_hold_who_did_what_and_every_change_old_and_new(folder: Path) -> None:
    trail = read_trail(folder)
    assert trail.fault == ""
    assert [line.facts["n_tubes"] for line in trail.lines] == [0, 1, 2]
    assert all(line.who and line.at.endswith("+00:00") for line in trail.lines)
    assert trail.lines[1].changes == (
        ChangedCell(of_text("gates A/cd138"), "value", "850", ""),
        ChangedCell(of_text("samples A"), "visit", "baseline", "C2"),
        ChangedCell(of_text("samples B"), "visit", "", "C2"),
    )
    assert cells_of(trail) == CELLS[-1]


def test_of_a_remark_and_of_a_file_the_trail_says_only_that_they_changed(tmp_path: Path) -> None:
    for remark, file in (("Anna Huber", "S1.fcs"), ("Berta Maier", "huber.fcs")):
        study, faults = read_study(
            good_study(tmp_path, {"samples!I1": "remark", "samples!I2": remark, "samples!D2": f"fcs/{file}"})
        )
        assert study is not None, faults
        add_line(tmp_path, Event.RUN, {}, typed_cells(study))
        (tmp_path / "fcs" / "S1.fcs").replace(tmp_path / "fcs" / "huber.fcs")
    last = read_trail(tmp_path).lines[-1]
    assert {change.column for change in last.changes} == {"remark", "fcs_file"}
    text = (tmp_path / TRAIL).read_text("utf-8")
    assert not any(name in text for name in ("Anna", "Berta", "huber", "S1.fcs"))


@pytest.mark.parametrize("error", [KeyError("getpwuid(): uid not found: 4711"), OSError("No username set")])
def test_a_user_without_a_name_as_in_a_container_is_told_by_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def nameless() -> str:
        raise error

    monkeypatch.setattr("getpass.getuser", nameless)
    (line,) = add_line(tmp_path, Event.RUN, {}, {}).lines
    assert re.fullmatch(r"user \d+|unknown", line.who)


def test_a_trail_that_cannot_be_read_is_named_and_is_no_defect(tmp_path: Path) -> None:
    (tmp_path / TRAIL).mkdir()
    for read in (read_trail, must_be_whole):
        with pytest.raises(UserError, match=r"audit.jsonl: cannot be read \(.*move it away"):
            read(tmp_path)


def test_the_history_of_a_row_is_what_changed_in_it(folder: Path) -> None:
    found = history_of(read_trail(folder), "A")
    assert [(line.number, change.column, change.new) for line, change in found] == [
        (1, "value", "850"),
        (1, "visit", "baseline"),
        (2, "value", ""),
        (2, "visit", "C2"),
    ]


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_byte_that_is_changed_is_found(folder: Path, data: st.DataObject) -> None:
    path = folder / TRAIL
    raw = path.read_bytes()
    at = data.draw(st.integers(0, len(raw) - 1))
    new = data.draw(st.integers(0, 255).filter(lambda byte: byte != raw[at]))
    path.write_bytes(raw[:at] + bytes([new]) + raw[at + 1 :])
    assert read_trail(folder).fault
    path.write_bytes(raw)


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (lambda lines: lines[1:], "line 1 does not follow"),
        (
            lambda lines: [lines[0], lines[2]],
            "line 2 does not follow the one before: a line before it was cut",
        ),
        (lambda lines: [lines[0], lines[2], lines[1]], "line 2 does not follow"),
        (lambda lines: [*lines, lines[2]], "line 4 does not follow"),
        (lambda lines: [*lines[:2], lines[2][:-1]], "line 3 was cut short"),
        (lambda lines: [*lines[:2], lines[2][:40] + b"\n"], "line 3 is no line of an audit trail"),
        (lambda lines: [lines[0], b"\n", *lines[1:]], "line 2 is no line of an audit trail"),
    ],
)
def test_lines_that_are_cut_moved_or_doubled_are_found(folder: Path, damage, fault: str) -> None:
    path = folder / TRAIL
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(damage(lines)))
    assert read_trail(folder).fault.startswith(fault)
    with pytest.raises(UserError, match="expected lines that follow each other as they were written"):
        must_be_whole(folder)
    before = path.read_bytes()
    with pytest.raises(UserError):
        add_line(folder, Event.RUN, {}, {})
    assert path.read_bytes() == before


def test_a_line_that_is_made_anew_with_a_right_digest_breaks_the_next(folder: Path, tmp_path_factory) -> None:
    other = tmp_path_factory.mktemp("other")
    add_line(other, Event.RUN, {"n_tubes": 99}, CELLS[0])
    lines = (folder / TRAIL).read_bytes().splitlines(keepends=True)
    (folder / TRAIL).write_bytes((other / TRAIL).read_bytes() + b"".join(lines[1:]))
    assert read_trail(folder).fault.startswith("line 2 does not follow the one before")


def test_two_processes_at_once_keep_one_chain(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from pipeline.audit.trail import Event, add_line\n"
        "for n in range(25): add_line(Path(sys.argv[1]), Event.RUN, {'n': n}, {})\n"
    )
    both = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    trail = read_trail(tmp_path)
    assert (len(trail.lines), trail.fault) == (50, "")


@given(
    st.lists(
        st.dictionaries(st.tuples(st.sampled_from("ABC"), st.sampled_from("xy")), st.text(min_size=1)),
        max_size=5,
    )
)
def test_the_changes_one_after_another_give_the_cells(states: list[dict[tuple[str, str], str]]) -> None:
    cells: dict[tuple[str, str], str] = {}
    for state in states:
        for change in changes_between(cells, state):
            assert cells.get((change.row, change.column), "") == change.old
            cells[change.row, change.column] = change.new
        cells = {place: text for place, text in cells.items() if text}
        assert cells == state


@pytest.mark.skipif(sys.platform == "win32", reason="limits of Unix")
def test_a_disk_that_is_full_leaves_the_trail_as_it_was(folder: Path) -> None:
    before = (folder / TRAIL).read_bytes()
    script = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from pipeline.audit.trail import Event, add_line\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({len(before) + 100}, {len(before) + 100}))\n"
        "add_line(Path(sys.argv[1]), Event.RUN, {}, {})\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "NotWrittenError" in done.stderr
    assert "File too large" in done.stderr
    assert (folder / TRAIL).read_bytes() == before
    assert add_line(folder, Event.RUN, {}, {}).fault == ""


def test_a_file_of_an_interrupted_line_that_holds_none_is_said_and_nothing_is_written(folder: Path) -> None:
    before = (folder / TRAIL).read_bytes()
    (folder / f".{TRAIL}.next").write_bytes(b"twelve\n{}\n")
    with pytest.raises(NotWrittenError, match="holds no line that was interrupted"):
        add_line(folder, Event.RUN, {}, {})
    assert (folder / TRAIL).read_bytes() == before


def test_a_line_that_was_cut_from_the_end_is_found_without_a_run_after_it(folder: Path) -> None:
    path = folder / TRAIL
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:2]))
    assert read_trail(folder).fault == "found 2 lines, but 3 were written: the end was cut"
    with pytest.raises(UserError, match="the end was cut"):
        add_line(folder, Event.RUN, {}, {})
    path.write_bytes(b"")
    assert read_trail(folder).fault == "found 0 lines, but 3 were written: the end was cut"


def test_a_last_line_that_was_written_anew_is_found(folder: Path) -> None:
    path = folder / TRAIL
    lines = path.read_bytes().splitlines(keepends=True)
    before = read_trail(folder).lines
    path.write_bytes(b"".join(lines[:2]))
    end_file(path).unlink()
    end = f"3 {before[-1].digest}\n"
    add_line(folder, Event.SIGNATURE, {"who": "somebody else"}, CELLS[2])
    end_file(path).write_text(end)
    assert read_trail(folder).fault.startswith("line 3 is not the one that was written")


def test_a_fact_that_was_added_behind_the_digest_of_a_line_is_found(folder: Path) -> None:
    path = folder / TRAIL
    raw = path.read_bytes()
    for added in (b', "who": "somebody else"', b" "):
        path.write_bytes(raw[:-2] + added + raw[-2:])
        assert read_trail(folder).fault == "line 3 was edited after it was written"


def test_a_trail_that_was_moved_away_begins_anew(folder: Path) -> None:
    (folder / TRAIL).rename(folder / "kept.jsonl")
    trail = add_line(folder, Event.RUN, {}, {})
    assert (len(trail.lines), trail.fault, read_trail(folder)) == (1, "", trail)


def test_a_trail_without_a_note_of_its_end_is_read_as_before(folder: Path) -> None:
    for note in ("", "3\n", "0 " + "0" * 64 + "\n"):
        end_file(folder / TRAIL).write_text(note)
        assert read_trail(folder).fault == ""
    assert add_line(folder, Event.RUN, {}, {}).fault == read_trail(folder).fault == ""


def test_a_line_whose_end_cannot_be_noted_is_not_written(folder: Path) -> None:
    before = (folder / TRAIL).read_bytes()
    end_file(folder / TRAIL).unlink()
    end_file(folder / TRAIL).mkdir()
    (end_file(folder / TRAIL) / "mine").touch()
    with pytest.raises(NotWrittenError):
        add_line(folder, Event.RUN, {}, {})
    assert (folder / TRAIL).read_bytes() == before


def test_a_line_that_is_taken_back_leaves_a_whole_trail(folder: Path) -> None:
    with alone_with(folder) as trail:
        append_line(folder, trail, Event.DECISION, {}, {})
        take_back(folder, trail)
    assert read_trail(folder) == trail
    assert trail.fault == ""


def test_what_is_in_the_place_of_the_lock_is_named(folder: Path) -> None:
    lock = folder / f".{TRAIL}.lock"
    lock.unlink()
    lock.mkdir()
    with pytest.raises(NotWrittenError) as caught:
        add_line(folder, Event.RUN, {}, {})
    assert caught.value.path == lock


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of Unix")
@pytest.mark.timeout(20)
def test_a_pipe_in_the_place_of_the_trail_is_named_and_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / TRAIL)
    with pytest.raises(UserError, match="a pipe or a device, which is not read"):
        read_trail(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of Unix")
@pytest.mark.timeout(20)
def test_pipes_beside_the_trail_are_never_waited_for(folder: Path) -> None:
    end_file(folder / TRAIL).unlink()
    os.mkfifo(end_file(folder / TRAIL))
    assert len(read_trail(folder).lines) == 3
    os.mkfifo(folder / f".{TRAIL}.next")
    with pytest.raises(NotWrittenError, match="a pipe or a device"):
        add_line(folder, Event.RUN, {}, {})


def test_the_first_line_of_a_new_trail_holds_the_end_of_the_one_that_was_moved_away(folder: Path) -> None:
    before = read_trail(folder)
    (folder / TRAIL).replace(folder / "kept.jsonl")
    trail = add_line(folder, Event.RUN, {}, {})
    assert end_of_earlier(trail.lines) == TrailEnd(3, before.head)
    later = add_line(folder, Event.RUN, {}, {})
    assert ["earlier_trail" in line.facts for line in later.lines] == [True, False]


def test_the_very_first_trail_of_a_study_has_no_earlier_one(folder: Path) -> None:
    assert end_of_earlier(read_trail(folder).lines) is None
    assert "earlier_trail" not in read_trail(folder).lines[0].facts


def test_of_the_name_of_an_adverse_event_the_trail_says_only_that_it_changed() -> None:
    event = AdverseEvent("A", 2, related=True, term="fall in Maier Street")
    study = Study(Path(), (), (), (), (), (), Settings(), adverse_events=(event,))
    cells = {column: text for (_, column), text in typed_cells(study).items()}
    assert cells["grade"] == "2"
    assert cells["term"].startswith("digest ")
