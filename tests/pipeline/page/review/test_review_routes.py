"""Decisions over HTTP: saved before it is said, signed, unsigned by what changes, refused with what to do."""

from __future__ import annotations

import csv
import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from helpers.page_client import TUBES, Client
from helpers.page_server import served
from helpers.rewritten import edit_sheet
from pipeline.audit.trail import read_trail
from pipeline.cli import app
from pipeline.commands.audit import audited
from pipeline.fcs import read_fcs
from pipeline.page import start
from pipeline.review.snapshot import snapshot_of
from pipeline.review.standing import standing_of
from pipeline.study.sheets.review import read_review

ONE, TWO = TUBES


@pytest.fixture
def study(two_tubes_run: Path, tmp_path: Path, own_home: Path) -> Path:
    folder = tmp_path / "study"
    shutil.copytree(two_tubes_run, folder)
    return folder


@pytest.fixture
def reviewer(study: Path) -> Iterator[Client]:
    with served(study) as page:
        yield Client(page)


def run_again(client: Client, only: list[str] | None = None) -> dict[str, Any]:
    assert client.post("/api/run", {"only": only}).status_code == 200
    for _ in range(600):
        job = client.get("/api/job").json()
        if job["state"] not in ("running", "stopping"):
            return job
        time.sleep(0.1)
    raise AssertionError(job)


@pytest.mark.slow
def test_a_moved_gate_is_saved_run_signed_and_unsigned_by_what_changes(study: Path, reviewer: Client):
    before = {path: path.read_bytes() for path in study.glob("*.*")}
    for gate, why in (
        ("cd38", "CD38 never gates"),
        ("YG1-A", "CD38 never gates"),
        ("cd999", "a gate of the tube"),
    ):
        refused = reviewer.decide(ONE, "change", moves=[{"gate": gate, "value": 5.0}])
        assert (refused.status_code, why in refused.json()["error"]) == (422, True), refused.text
    refused = reviewer.decide(ONE, "change", moves=[{"gate": "cd138"}])
    assert "expected a value or a polygon" in refused.json()["error"]
    for gate in (
        {"gate": "cd138", "value": 1e300},
        {
            "gate": "plasma_cells",
            "polygon": {"x": "cd138", "y": "cd45", "vertices": [[9e9, 1], [9e10, 1], [9e9, 2]]},
        },
    ):
        refused = reviewer.decide(ONE, "change", moves=[gate])  # else the whole study would be refused next
        assert (refused.status_code, "the channel's scale" in refused.json()["error"]) == (422, True), gate
    refused = reviewer.decide(ONE, "accept", moves=[{"gate": "cd138", "value": 5.0}])
    assert "leaves them as they are" in refused.json()["error"]
    assert {path: path.read_bytes() for path in study.glob("*.*")} == before

    moves = [{"gate": "cd138", "value": 7000.123456789012}]
    settled = reviewer.post(f"/api/tubes/{ONE}/move", {"request": 1, "moves": moves, "settle": True}).json()
    assert (settled["settled"], settled["unsaved"]) == (True, True)
    assert {path: path.read_bytes() for path in study.glob("*.*")} == before
    saved = reviewer.decide(ONE, "change", moves=moves, reason="valley").json()
    assert saved["decision"]["moves"][0]["value"] == moves[0]["value"]
    assert read_review(study)[0][0].value == moves[0]["value"]
    row = reviewer.tube(ONE)
    assert (row["decision"]["state"], row["stale"], reviewer.tube(TWO)["stale"]) == ("decided", True, False)
    refused = reviewer.sign(ONE)
    assert (refused.status_code, "Run it again first" in refused.json()["error"]) == (422, True)
    assert "gates P07_BM1/cd138  value: (empty) → 7000.12345678901" in audited(study).faults

    job = run_again(reviewer, [ONE])
    assert (job["state"], job["failures"]) == ("done", [])
    assert job["command"].endswith(f"--only {ONE}")
    (changed,) = job["changed"]
    assert changed["sample_id"] == ONE
    assert changed["after"] == settled["number"]  # what the page showed is what the run gives, to all digits
    assert audited(study).faults == ""

    assert reviewer.sign(ONE, "A. Berger").status_code == 200
    assert "A second person" in reviewer.sign(ONE, "a berger", act="countersign").json()["error"]
    assert reviewer.sign(ONE, "CD", act="countersign").json()["decision"]["state"] == "countersigned"
    told = [line["subject"] for line in reviewer.get(f"/api/tubes/{ONE}").json()["history"]]
    assert told == ["counter-signed", "signed", "gate cd138", "decided"]

    fcs = next(study.rglob(f"{ONE}.fcs"))
    content = fcs.read_bytes()
    fcs.write_bytes(content + b" ")
    state = reviewer.tube(ONE)["decision"]
    assert (state["state"], f"{ONE}.fcs is another one now" in state["unsigned_because"]) == (
        "unsigned",
        True,
    )
    assert "is not the file that the last run read" in reviewer.sign(ONE).json()["error"]
    fcs.write_bytes(content)
    os.utime(fcs, (1e9, 1e9))
    assert reviewer.tube(ONE)["decision"]["state"] == "countersigned"

    review = study / "review.csv"
    review.write_text(review.read_text("utf-8-sig").replace("7000.123456789012", "7000.5"), "utf-8")
    because = reviewer.tube(ONE)["decision"]["unsigned_because"]
    assert "review.csv were changed outside of this page" in because
    assert "its gates were set otherwise" in because


@pytest.mark.slow
def test_what_was_not_seen_is_neither_decided_nor_signed(study: Path, reviewer: Client):
    before = reviewer.tube(ONE)
    shown = reviewer.get(f"/api/tubes/{ONE}").json()
    assert shown["shown"] == before["shown"]
    assert 'data-xn="Time"' in shown["trace"]
    typed = f"sample_id,gate,value,set_by,reason,verdict\n{ONE},,,XY,clots,reject\n"
    (study / "review.csv").write_text(typed, "utf-8")
    late = reviewer.decide(ONE, "accept", shown=before["shown"])
    assert (late.status_code, late.json()["theirs"]["by"], late.json()["theirs"]["reason"]) == (
        409,
        "XY",
        "clots",
    )
    assert (study / "review.csv").read_text("utf-8") == typed
    seen = late.json()["shown"]
    other = reviewer.decide(ONE, "accept", shown={**seen, "result": "0" * 64})
    assert (other.status_code, "it was run again after you opened it" in other.json()["error"]) == (422, True)
    assert reviewer.decide(ONE, "accept", shown=seen).status_code == 200
    assert reviewer.sign(ONE).status_code == 200

    (study / "settings.csv").write_text("name,value\nlow_cell_cut,700\n", "utf-8")
    state = reviewer.tube(ONE)["decision"]
    assert (state["state"], "it was not run again" in state["unsigned_because"]) == ("unsigned", True)
    assert reviewer.sign(ONE, "CD", act="countersign").status_code == 422
    (study / "settings.csv").unlink()
    assert reviewer.tube(ONE)["decision"]["state"] == "signed"
    edit_sheet(study, "samples", lambda row: row | {"patient_id": "P10", "visit": f"of {row['sample_id']}"})
    assert "another patient's" in reviewer.tube(ONE)["decision"]["unsigned_because"]

    (study / "m.csv").write_text("V1-A,V3-A\n1,0\n0,1\n", "utf-8")
    (study / "settings.csv").write_text("name,value\nspillover_file,m.csv\n", "utf-8")
    assert "spillover.csv" in standing_of(snapshot_of(study), ONE)["files"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ("name,value\nbetween_run_cv,0.3\n", "signed was"),
        ("name,value\nspillover_file,m.csv\n", "other files are named for it now"),
    ],
    ids=["settings", "matrix"],
)
def test_a_run_with_other_settings_or_another_matrix_unsigns_and_says_why(
    study: Path, reviewer: Client, settings: str, why: str
):
    assert reviewer.decide(ONE, "accept").status_code == 200
    assert reviewer.sign(ONE).status_code == 200
    assert run_again(reviewer)["state"] == "done"
    assert reviewer.tube(ONE)["decision"]["state"] == "signed", "a run that changes nothing"
    before = reviewer.tube(ONE)["shown"]["result"]
    tube = read_fcs(next(study.rglob(f"{ONE}.fcs")))
    assert tube.spillover is not None
    matrix = tube.spillover.values.copy()
    matrix[0, 1] += 0.05
    rows = [tube.spillover.channels, *matrix.tolist()]
    (study / "m.csv").write_text("\n".join(",".join(map(str, row)) for row in rows) + "\n", "utf-8")
    (study / "settings.csv").write_text(settings, "utf-8")
    assert "it was not run again" in reviewer.tube(ONE)["decision"]["unsigned_because"] or "named" in why
    job = run_again(reviewer)
    assert job["state"] == "done", job["messages"]
    row = reviewer.tube(ONE)
    assert row["shown"]["result"] != before
    assert (row["decision"]["state"], why in row["decision"]["unsigned_because"]) == ("unsigned", True)
    assert not row["stale"]
    assert "P07_BM1" in reviewer.get("/sign").text
    assert why in reviewer.get("/sign").text
    assert reviewer.sign(ONE).status_code == 200, "it can be signed anew"


@pytest.mark.slow
def test_two_reviewers_see_each_other_and_a_killed_server_loses_nothing(study: Path):
    with served(study) as first, served(study) as second:
        one, two = Client(first), Client(second)
        assert one.decide(ONE, "accept").status_code == 200
        assert two.tube(ONE)["decision"]["by"] == "AB"
        version = two.tube(TWO)["version"]
        assert one.decide(TWO, "reject", reason="clots, <b>bold</b>").status_code == 200
        late = two.decide(TWO, "accept", version=version, who="CD")
        assert late.status_code == 409
        assert late.json()["theirs"]["reason"] == "clots, <b>bold</b>"
        assert (late.json()["yours"]["choice"], late.json()["yours"]["by"]) == ("accept", "CD")
        assert late.json()["version"] == one.tube(TWO)["version"] == version + 1
        first.process.kill()
        assert two.decide(ONE, "ask", reason="a clone?", who="CD").status_code == 200
        second.process.kill()
    with served(study) as third:
        again = Client(third)
        states = {name: again.tube(name)["decision"] for name in TUBES}
        assert (states[ONE]["state"], states[ONE]["reason"]) == ("asked", "a clone?")
        assert (states[TWO]["choice"], states[TWO]["reason"]) == ("reject", "clots, <b>bold</b>")
        page = again.get("/sign").text
        assert "clots, &lt;b&gt;bold&lt;/b&gt;" in page
        assert "<b>bold" not in page
        assert read_trail(study).fault == ""
        assert run_again(again)["state"] == "done"
    with (study / "results" / "rd_samples.csv").open(encoding="utf-8") as file:
        rows = {row["sample_id"]: row for row in csv.DictReader(file)}
    assert "REJECTED_BY_REVIEWER" in rows[TWO]["flags"]
    assert "review by AB: reject (clots" in rows[TWO]["note"]
    assert "ASKED_BY_REVIEWER" in rows[ONE]["flags"]
    assert rows[TWO]["rd"] != ""


@pytest.mark.slow
def test_results_of_another_program_are_not_reviewed_until_they_are_run_again(study: Path, reviewer: Client):
    assert reviewer.decide(ONE, "accept").status_code == 200
    assert reviewer.sign(ONE).status_code == 200
    facts = study / "results" / "run.json"
    run = json.loads(facts.read_text("utf-8"))
    facts.write_text(json.dumps({**run, "code_sha256": "0" * 64, "program": "cd38rd 0.0.9"}), "utf-8")
    assert "made by another program (cd38rd 0.0.9" in reviewer.get("/api/study").json()["refused"]
    for refused in (
        reviewer.decide(TWO, "accept"),
        reviewer.sign(ONE),
        reviewer.post(f"/api/tubes/{ONE}/move", {"request": 1, "moves": []}),
        reviewer.post(f"/api/tubes/{ONE}/apply", {"moves": [], "to": [TWO]}),
    ):
        assert refused.status_code == 422
        assert "run the study again, then review" in refused.json()["error"]
    assert run_again(reviewer)["state"] == "done"
    assert reviewer.get("/api/study").json()["refused"] == ""
    assert reviewer.tube(ONE)["decision"]["state"] == "signed"
    assert reviewer.get("/api/tubes/..%2f..%2fx").status_code == 404
    unknown = reviewer.post("/api/tubes/<img>/decide", {"version": 0, "decision": "accept", "who": "AB"})
    assert (unknown.status_code, unknown.headers["content-type"]) == (404, "application/json")


@pytest.mark.slow
def test_a_run_can_be_stopped_and_only_one_goes_on(study: Path, reviewer: Client):
    shutil.rmtree(study / "results" / "store")
    assert reviewer.post("/api/run", {"only": None}).json()["state"] == "running"
    again = reviewer.post("/api/run", {"only": None})
    assert (again.status_code, "a run goes on already" in again.json()["error"]) == (422, True)
    assert reviewer.post("/api/job/stop").json()["state"] in ("stopping", "stopped", "done")
    for _ in range(300):
        state = reviewer.get("/api/job").json()["state"]
        if state not in ("running", "stopping"):
            break
        time.sleep(0.1)
    assert state == "stopped"
    assert run_again(reviewer)["state"] == "done"


def test_review_begins_with_the_gates_and_open_with_the_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []
    monkeypatch.setattr(start, "serve_page", lambda _, options: begun.append(options.first))
    for command in ("review", "open"):
        assert CliRunner().invoke(app, [command, str(tmp_path)]).exit_code == 0
    assert begun == ["/review", "/"]
