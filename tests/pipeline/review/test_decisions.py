"""What a person decides is on the disk before it is said, whole or not at all, and never over another's."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

import pytest

from helpers.dask_cluster import ROOT
from pipeline.audit import trail as trail_module
from pipeline.audit.trail import TRAIL, Event, add_line, cells_of, read_trail
from pipeline.files.whole import NotWrittenError
from pipeline.review.decision import State
from pipeline.review.decision_history import decision_history_of, past_of
from pipeline.review.decisions import (
    ConflictError,
    DecisionRequest,
    RefusedError,
    countersign,
    decide,
    finish_last,
    sign,
)
from pipeline.review.review_file import REVIEW_FILE, read_review_file
from pipeline.review.view import Move
from pipeline.study.cells.choices import ReviewDecision
from pipeline.study.errors import UserError
from pipeline.study.polygon import TypedPolygon
from pipeline.study.sheets.review import read_review

CD138 = Move("cd138", 1234.5678901234567)
SHAPE = Move("debris", polygon=TypedPolygon("FSC-A", "SSC-A", ((0.1 + 0.2, 0.0), (5e4, 0.0), (5e4, 7e4))))


def asked(verdict: ReviewDecision, name: str = "P1", version: int = 0, **more) -> DecisionRequest:
    return DecisionRequest(name, version, verdict, more.pop("who", "AB"), **more)


def stands(folder: Path, name: str = "P1"):
    return decision_history_of(read_trail(folder)).of(name)


def test_what_was_decided_stands_in_the_file_and_in_the_trail(tmp_path):
    done = decide(tmp_path, asked(ReviewDecision.REJECT, reason="clots"))
    assert (done.version, done.choice, done.who, done.reason) == (1, ReviewDecision.REJECT, "AB", "clots")
    assert stands(tmp_path) == done
    (row,) = read_review_file(tmp_path).of_tube("P1")
    assert row == {
        "sample_id": "P1", "set_by": "AB", "reason": "clots", "set_at": done.at, "verdict": "reject",
    }  # fmt: skip
    assert done.state() is State.DECIDED


def test_moved_gates_are_read_again_to_all_their_digits(tmp_path):
    decide(tmp_path, asked(ReviewDecision.CHANGE, moves=(CD138, SHAPE), reason="valley hidden"))
    gates, (verdict,) = read_review(tmp_path)
    assert [(gate.gate, gate.value, gate.polygon) for gate in gates] == [
        ("cd138", CD138.value, None), ("debris", None, SHAPE.polygon),
    ]  # fmt: skip
    assert {gate.set_by for gate in gates} == {"AB"}
    assert verdict.verdict == "change"
    cells = cells_of(read_trail(tmp_path))
    assert cells["gates P1/cd138", "value"] == "1234.56789012346"
    assert cells["gates P1/debris", "polygon"] == str(SHAPE.polygon)


def test_other_verdicts_leave_the_gates_that_stand_there(tmp_path):
    decide(tmp_path, asked(ReviewDecision.CHANGE, moves=(CD138,)))
    done = decide(tmp_path, asked(ReviewDecision.ACCEPT, version=1))
    gates, verdicts = read_review(tmp_path)
    assert [(gate.gate, gate.value) for gate in gates] == [("cd138", CD138.value)]
    assert [said.verdict for said in verdicts] == ["accept"]
    assert done.moves == (CD138,)


def test_a_change_without_gates_makes_all_automatic_again(tmp_path):
    decide(tmp_path, asked(ReviewDecision.CHANGE, moves=(CD138,)))
    decide(tmp_path, asked(ReviewDecision.CHANGE, version=1))
    assert read_review(tmp_path)[0] == ()
    assert ("gates P1/cd138", "value") not in cells_of(read_trail(tmp_path))


def test_rows_of_other_tubes_and_columns_of_ones_own_stay_as_they_were_typed(tmp_path):
    typed = "Sample ID;gate;value;set_by;my column\nP2;cd45;1,5;CD;mein Text\nP1;cd45;7;CD;\nP3;;;ü;x\n"
    (tmp_path / REVIEW_FILE).write_text(typed, "utf-8")
    decide(tmp_path, asked(ReviewDecision.CHANGE, moves=(CD138,)))
    file = read_review_file(tmp_path)
    assert file.columns[:5] == ("Sample ID", "gate", "value", "set_by", "my column")
    assert [row[:5] for row in file.rows] == [
        ("P2", "cd45", "1,5", "CD", "mein Text"),
        ("P1", "cd138", "1234.5678901234567", "AB", ""),
        ("P3", "", "", "ü", "x"),
    ]


def test_what_ones_own_columns_say_of_a_tube_outlives_a_decision_on_it(tmp_path):
    typed = (
        "room,sample_id,gate,value,set_by,note\n4,P1,cd45,7,CD,dim\n5,P1,cd56,8,CD,late\n6,P2,cd45,1,CD,x\n"
    )
    (tmp_path / REVIEW_FILE).write_text(typed, "utf-8")
    decide(tmp_path, asked(ReviewDecision.ACCEPT))
    assert [(row[0], row[2], row[5]) for row in read_review_file(tmp_path).rows] == [
        ("4", "cd45", "dim"), ("5", "cd56", "late"), ("", "", ""), ("6", "cd45", "x"),
    ]  # fmt: skip
    decide(tmp_path, asked(ReviewDecision.CHANGE, version=1, moves=(Move("cd56", 9.0),)))
    assert [(row[0], row[2], row[3], row[5]) for row in read_review_file(tmp_path).rows] == [
        ("5; 4", "cd56", "9", "late; dim"), ("6", "cd45", "1", "x"),
    ]  # fmt: skip


@pytest.mark.parametrize("delimiter", [";", "\t", ","])
def test_a_file_keeps_the_delimiter_with_which_it_was_saved(tmp_path, delimiter):
    header = delimiter.join(
        ("sample_id", "gate", "value", "polygon", "set_by", "reason", "set_at", "verdict")
    )
    typed = delimiter.join(("P2", "cd138", "900", "", "CD", "dim", "", ""))
    (tmp_path / REVIEW_FILE).write_text(f"{header}\n{typed}\n", "utf-8")
    decide(tmp_path, asked(ReviewDecision.CHANGE, moves=(CD138, SHAPE), reason="valley; hidden, twice"))
    assert (tmp_path / REVIEW_FILE).read_text("utf-8-sig").splitlines()[:2] == [header, typed]
    assert [row["gate"] for row in read_review_file(tmp_path).of_tube("P1")] == ["cd138", "debris"]
    assert read_review_file(tmp_path).of_tube("P1")[0]["reason"] == "valley; hidden, twice"


@pytest.mark.parametrize("name", ["P1\u00a0", "P\u200b1", " P1", "\ufeffP1"])
def test_a_name_with_what_cannot_be_seen_is_the_tube_that_a_run_takes_it_for(tmp_path, name):
    text = f"set_by,sample_id,gate,value\nCD,{name},cd138,7\n"
    (tmp_path / REVIEW_FILE).write_text(text, "utf-8")
    assert read_review(tmp_path)[0][0].sample_id == "P1"
    decide(tmp_path, asked(ReviewDecision.CHANGE, moves=(CD138,)))
    assert [(gate.sample_id, gate.value) for gate in read_review(tmp_path)[0]] == [("P1", CD138.value)]


@pytest.mark.parametrize("typed", ["\u200b5000,5", "5000.5\u00a0", "\ufeff5000.5"])
def test_a_typed_number_with_what_cannot_be_seen_is_kept_as_a_run_reads_it(tmp_path, typed):
    text = f'sample_id,gate,value,set_by\nP1,cd\u200b138,"{typed}",CD\n'
    (tmp_path / REVIEW_FILE).write_text(text, "utf-8")
    decide(tmp_path, asked(ReviewDecision.ACCEPT))
    assert [(gate.gate, gate.value) for gate in read_review(tmp_path)[0]] == [("cd138", 5000.5)]
    assert cells_of(read_trail(tmp_path))["gates P1/cd138", "value"] == "5000.5"


def test_rows_that_somebody_typed_after_one_looked_are_not_written_over(tmp_path):
    seen = read_review_file(tmp_path).digest_of("P1")
    typed = "sample_id,gate,value,set_by,reason,verdict\nP2,,,CD,,accept\nP1,cd45,7,CD,clots,reject\n"
    (tmp_path / REVIEW_FILE).write_text(typed, "utf-8")
    with pytest.raises(ConflictError, match=r"review.csv was changed elsewhere after you opened it") as hit:
        decide(tmp_path, asked(ReviewDecision.ACCEPT, rows_shown=seen))
    assert (hit.value.now.who, hit.value.now.choice, hit.value.now.reason) == ("CD", "reject", "clots")
    assert (tmp_path / REVIEW_FILE).read_text("utf-8") == typed
    assert not (tmp_path / TRAIL).exists()
    now = read_review_file(tmp_path)
    decide(tmp_path, asked(ReviewDecision.ACCEPT, "P3", rows_shown=now.digest_of("P3")))
    decide(tmp_path, asked(ReviewDecision.ACCEPT, rows_shown=now.digest_of("P1")))


@pytest.mark.parametrize("text", ["a table of nothing\n1,2\n", "gate,value\ncd138,3\n"])
def test_a_file_that_is_no_review_is_not_written_over(tmp_path, text):
    (tmp_path / REVIEW_FILE).write_text(text, "utf-8")
    with pytest.raises(UserError, match=r"found no column sample_id .* Correct or move the file away"):
        decide(tmp_path, asked(ReviewDecision.ACCEPT))
    assert (tmp_path / REVIEW_FILE).read_text("utf-8") == text
    assert not (tmp_path / TRAIL).exists()


def test_a_title_above_the_column_names_is_named_with_what_to_do(tmp_path):
    text = "Review of June\n\nsample_id,gate,value,set_by\nP1,cd138,3,AB\n"
    (tmp_path / REVIEW_FILE).write_text(text, "utf-8")
    said = (
        'review.csv: found "Review of June" above the column names, expected the column names in the first row. '
        "Delete the row above them, save the file, and decide again"
    )
    with pytest.raises(UserError) as refused:
        decide(tmp_path, asked(ReviewDecision.ACCEPT))
    assert str(refused.value) == said
    assert (tmp_path / REVIEW_FILE).read_text("utf-8") == text
    assert not (tmp_path / TRAIL).exists()


@pytest.mark.skipif(os.name != "posix", reason="needs permissions of POSIX")
def test_a_file_that_may_not_be_read_is_said_to_be_open_elsewhere():
    with tempfile.TemporaryDirectory() as name:
        folder, user = Path(name), os.geteuid()
        folder.chmod(0o777)
        (folder / REVIEW_FILE).write_text("sample_id\n", "utf-8")
        (folder / REVIEW_FILE).chmod(0)
        try:
            if user == 0:  # root may read everything
                os.seteuid(65534)
            with pytest.raises(UserError) as refused:
                read_review_file(folder)
        finally:
            os.seteuid(user)
    assert str(refused.value) == (
        "review.csv: cannot be read (Permission denied), expected a CSV file that is not open in another program; "
        "close it in Excel, or make it readable for you, and go on"
    )


def test_who_decides_second_sees_the_first_and_nothing_is_written(tmp_path):
    decide(tmp_path, asked(ReviewDecision.ACCEPT))
    before = [(tmp_path / name).read_bytes() for name in (REVIEW_FILE, TRAIL)]
    with pytest.raises(ConflictError, match="AB decided on this tube after you opened it") as conflict:
        decide(tmp_path, asked(ReviewDecision.REJECT, reason="clots", who="CD"))
    assert conflict.value.now == stands(tmp_path)
    with pytest.raises(ConflictError):
        sign(tmp_path, "P1", 0, "CD", "reviewed", {})
    assert [(tmp_path / name).read_bytes() for name in (REVIEW_FILE, TRAIL)] == before
    decide(tmp_path, asked(ReviewDecision.REJECT, name="P2", reason="clots", who="CD"))
    assert stands(tmp_path, "P1").choice is ReviewDecision.ACCEPT


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (asked(ReviewDecision.ACCEPT, who=" \u200b "), "nobody is named"),
        (asked(ReviewDecision.REJECT), "reject needs a reason"),
        (asked(ReviewDecision.ASK, reason="\t"), "ask needs the question"),
        (asked(ReviewDecision.ACCEPT, moves=(CD138,)), "gates were moved, but the verdict is accept"),
    ],
)
def test_half_a_decision_is_refused_and_nothing_is_written(tmp_path, wrong, says):
    with pytest.raises(RefusedError, match=says):
        decide(tmp_path, wrong)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "reason", ["=cmd|' /C calc'!A0", "-1+1", 'a "b", c; d', "two\r\nlines\x00\x1b[31m", "ÄÖ 𝔘 \u202etxt"]
)
def test_hostile_words_stay_words(tmp_path, reason):
    done = decide(tmp_path, asked(ReviewDecision.REJECT, reason=reason, who=reason))
    text = (tmp_path / REVIEW_FILE).read_text("utf-8-sig")
    assert text.count("\n") == 2
    assert not any(
        cell.strip('"').startswith(("=", "-", "+", "@")) for cell in text.splitlines()[1].split(",")
    )
    assert read_review(tmp_path)[1][0].reason == done.reason
    assert "\x00" not in text
    assert stands(tmp_path) == done


def test_a_signature_wants_a_decision_and_a_second_one_another_person(tmp_path):
    with pytest.raises(RefusedError, match="nothing was decided yet"):
        sign(tmp_path, "P1", 0, "AB", "reviewed", {})
    decide(tmp_path, asked(ReviewDecision.ASK, reason="is this a clone?"))
    with pytest.raises(RefusedError, match="AB asked a question"):
        sign(tmp_path, "P1", 1, "AB", "reviewed", {})
    decide(tmp_path, asked(ReviewDecision.ACCEPT, version=1))
    with pytest.raises(RefusedError, match="nobody has signed it yet"):
        countersign(tmp_path, "P1", 2, "CD", "approved")
    with pytest.raises(RefusedError, match="a signature needs a name and its meaning"):
        sign(tmp_path, "P1", 2, "AB", " ", {})
    signed = sign(tmp_path, "P1", 2, "A. Berger", "reviewed", {"gates": "x"})
    assert (signed.state(), signed.stands_on, signed.version) == (State.SIGNED, {"gates": "x"}, 3)
    assert signed.state("the file is another one") is State.UNSIGNED
    with pytest.raises(RefusedError, match="A second person counter-signs"):
        countersign(tmp_path, "P1", 3, "a berger", "approved")
    both = countersign(tmp_path, "P1", 3, "CD", "approved")
    assert (both.state(), both.countersignature.who) == (State.COUNTERSIGNED, "CD")
    again = decide(tmp_path, asked(ReviewDecision.REJECT, version=4, reason="clots"))
    assert (again.signature, again.countersignature, again.state()) == (None, None, State.DECIDED)


def test_rows_that_somebody_edited_elsewhere_are_not_signed(tmp_path):
    decide(tmp_path, asked(ReviewDecision.CHANGE, moves=(CD138,)))
    path = tmp_path / REVIEW_FILE
    path.write_text(path.read_text("utf-8-sig").replace("1234.5", "1334.5"), "utf-8")
    with pytest.raises(RefusedError, match=r"its rows in review.csv are not those that AB decided"):
        sign(tmp_path, "P1", 1, "AB", "reviewed", {})


def test_the_past_of_a_tube_tells_moved_gates_and_who_decided(tmp_path):
    first = {("samples P1", "sample_id"): "P1", ("samples P1", "visit"): "C1"}
    add_line(tmp_path, Event.RUN, {}, first)
    decide(tmp_path, asked(ReviewDecision.CHANGE, moves=(CD138,), reason="valley"))
    decide(tmp_path, asked(ReviewDecision.CHANGE, version=1, moves=(Move("cd138", 900.0),), who="CD"))
    sign(tmp_path, "P1", 2, "CD", "approved", {})
    told = [
        (past.who, past.subject, past.old, past.new, past.reason)
        for past in past_of(read_trail(tmp_path), "P1")
    ]
    assert told == [
        ("AB", "decided", "", "change", "valley"),
        ("AB", "gate cd138", "", "1234.56789012346", "valley"),
        ("CD", "decided", "", "change", ""),
        ("CD", "gate cd138", "1234.56789012346", "900", ""),
        ("CD", "signed", "", "", "approved"),
    ]  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of a file's size")
@pytest.mark.parametrize("room", [200, 900])
def test_on_a_full_disk_all_stays_as_it_was(tmp_path, room):
    decide(tmp_path, asked(ReviewDecision.ACCEPT))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if not path.name.endswith(".lock")}
    script = (
        "import resource, sys\nfrom pathlib import Path\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}))\n"
        "from pipeline.review.decisions import DecisionRequest, decide\n"
        "from pipeline.study.cells.choices import ReviewDecision\n"
        "try:\n    decide(Path(sys.argv[1]), DecisionRequest('P2', 0, ReviewDecision.ASK, 'CD', 'why ' * 300))\n"
        "except OSError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "cannot be written (File too large)" in done.stdout
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir() if not path.name.endswith(".lock")}
    assert after == before


DECIDING = (
    "import sys\nfrom pathlib import Path\n"
    "from pipeline.review.decisions import DecisionRequest, ConflictError, decide\n"
    "from pipeline.study.cells.choices import ReviewDecision\nfrom pipeline.review.view import Move\n"
    "from pipeline.review.decision_history import decision_history_of\nfrom pipeline.audit.trail import read_trail\n"
    "folder, who = Path(sys.argv[1]), sys.argv[2]\nprint('ready', flush=True)\n"
    "for n in range(int(sys.argv[3])):\n"
    "    name = f'P{n % 5}'\n"
    "    while True:\n"
    "        try:\n"
    "            version = decision_history_of(read_trail(folder)).of(name).version\n"
    "            done = decide(folder, DecisionRequest(name, version, ReviewDecision.CHANGE, who, '', (Move('cd138', n + 0.5),)))\n"
    "            break\n"
    "        except ConflictError:\n            pass\n"
    "    print(name, done.version, n + 0.5, flush=True)\n"
)


def deciding(folder: Path, who: str, n: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", DECIDING, str(folder), who, str(n)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="no kill -9")
def test_what_was_said_to_be_saved_survives_kill_9_at_any_moment(tmp_path):
    chance, said = random.Random(7), {}
    for _ in range(3):
        process = deciding(tmp_path, "AB", 10_000)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0.05, 0.25))
        process.send_signal(signal.SIGKILL)
        for line in process.stdout.read().splitlines():
            name, version, value = line.split()
            said[name] = (int(version), float(value))
        process.stdout.close()
        process.wait()
        finish_last(tmp_path)
        trail = read_trail(tmp_path)
        assert trail.fault == ""
        gates = {gate.sample_id: gate.value for gate in read_review(tmp_path)[0]}
        for name, (version, value) in said.items():
            now = decision_history_of(trail).of(name)
            assert now.version >= version
            assert gates[name] == now.moves[0].value
            if now.version == version:
                assert gates[name] == value
    assert said
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".next")] == []


@pytest.mark.slow
def test_two_processes_that_decide_at_once_lose_nothing(tmp_path):
    both = [deciding(tmp_path, who, 12) for who in ("AB", "CD")]
    said = [process.communicate()[0].splitlines() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert [len(lines) for lines in said] == [13, 13]
    trail = read_trail(tmp_path)
    assert (trail.fault, len(trail.lines)) == ("", 24)
    versions = [(line.facts["sample_id"], line.facts["version"]) for line in trail.lines]
    assert len(set(versions)) == 24


@pytest.mark.parametrize("written", [0, 1, 40, -1])
def test_a_line_that_was_cut_off_in_the_middle_is_finished(tmp_path, written):
    """As a process leaves it that is killed, or a computer whose power goes, while it writes the line."""
    decide(tmp_path, asked(ReviewDecision.ACCEPT))
    decide(tmp_path, asked(ReviewDecision.CHANGE, version=1, moves=(CD138,)))
    path = tmp_path / TRAIL
    first, second, _ = path.read_bytes().split(b"\n")
    kept = (tmp_path / REVIEW_FILE).read_bytes()
    path.write_bytes(first + b"\n" + (second + b"\n")[:written])
    (tmp_path / f".{TRAIL}.next").write_bytes(f"{len(first) + 1}\n".encode() + second + b"\n")
    finish_last(tmp_path)
    assert path.read_bytes() == first + b"\n" + second + b"\n"
    assert (tmp_path / REVIEW_FILE).read_bytes() == kept
    assert not (tmp_path / f".{TRAIL}.next").exists()


def test_a_file_that_lags_behind_the_trail_is_put_right(tmp_path):
    """As a process leaves it that is killed between the line of the trail and the new file."""
    decide(tmp_path, asked(ReviewDecision.ACCEPT))
    path = tmp_path / REVIEW_FILE
    before = path.read_bytes()
    decide(tmp_path, asked(ReviewDecision.CHANGE, name="P2", moves=(CD138,)))
    after = path.read_bytes()
    path.write_bytes(before)
    finish_last(tmp_path)
    assert path.read_bytes() == after
    path.write_bytes(after + b"P9,,,,AB,typed in Excel,,\n")
    finish_last(tmp_path)
    assert b"P9" in path.read_bytes()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no limit of a file's size")
def test_a_signature_on_a_full_disk_is_refused_in_one_sentence_and_all_stays(tmp_path):
    decide(tmp_path, asked(ReviewDecision.ACCEPT))
    before = (tmp_path / TRAIL).read_bytes()
    script = (
        "import resource, sys\nfrom pathlib import Path\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))\n"
        "from pipeline.files.whole import NotWrittenError\nfrom pipeline.review.decisions import sign\n"
        "try:\n    sign(Path(sys.argv[1]), 'P1', 1, 'AB', 'reviewed', {})\n"
        "except NotWrittenError as error:\n    print(error.path.name, error.reason)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "audit.jsonl File too large\n"
    assert (tmp_path / TRAIL).read_bytes() == before
    assert not (tmp_path / f".{TRAIL}.next").exists()


def test_a_trail_that_another_process_holds_is_to_be_waited_for_and_not_moved_away(tmp_path, monkeypatch):
    """As a computer that was put to sleep while it wrote holds it."""
    monkeypatch.setattr(trail_module, "SECONDS_FOR_THE_OTHER", 0.1)
    script = (
        "import sys\nfrom pathlib import Path\nfrom pipeline.audit.trail import alone_with\n"
        "with alone_with(Path(sys.argv[1])):\n    print('held', flush=True)\n    sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(NotWrittenError, match="another process has held it") as refused:
            decide(tmp_path, asked(ReviewDecision.ACCEPT))
        other.communicate()
    assert "another program? Close it" in refused.value.advice
    assert not (tmp_path / REVIEW_FILE).exists()
    decide(tmp_path, asked(ReviewDecision.ACCEPT))


def test_a_clock_that_is_set_back_leaves_the_trail_whole_and_the_order_of_decisions_as_it_was(
    tmp_path, monkeypatch
):
    hours = iter((12, 12, 9, 9, 7))

    class SetBack(datetime):
        """The clock of a computer that somebody sets back between two decisions."""

        @classmethod
        def now(cls, tz=None):
            return datetime(2024, 6, 3, next(hours), tzinfo=tz)

    for module in ("pipeline.audit.lines", "pipeline.review.decisions"):
        monkeypatch.setattr(f"{module}.datetime", SetBack)
    decide(tmp_path, asked(ReviewDecision.ACCEPT))
    decide(tmp_path, asked(ReviewDecision.REJECT, version=1, reason="clots", who="CD"))
    sign(tmp_path, "P1", 2, "EF", "reviewed", {})
    trail = read_trail(tmp_path)
    assert trail.fault == ""
    assert [line.number for line in trail.lines] == [1, 2, 3]
    times = [line.at for line in trail.lines]
    assert times == sorted(times, reverse=True)
    now = stands(tmp_path)
    assert (now.version, now.choice, now.who) == (3, "reject", "CD")
    assert now.signature is not None
    assert now.signature.who == "EF"
    with pytest.raises(ConflictError):
        decide(tmp_path, asked(ReviewDecision.ACCEPT, version=1))
