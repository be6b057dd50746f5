"""The comparison of two checkouts sees every other byte, and nothing in the digest of the code or in the hour."""

from dataclasses import replace
from pathlib import Path

import pytest

from compare_checkouts import Ran, differences, files_of, must_be_imported_from, wanted

RUN = '{\n "audit_head": "%s",\n "code_sha256": "%s",\n "counts": {\n  "OK": 5\n },\n "files": [\n  "report.html",\n  "%s"\n ],\n "seconds": %s,\n "started_at": "%s"\n}\n'
STORED = '{\n "digest": "%s",\n "checksum": "%s",\n "result": {\n  "digest": "kept",\n  "rd": %s\n }\n}'


@pytest.fixture
def results(tmp_path: Path) -> Path:
    (tmp_path / "results" / "store").mkdir(parents=True)
    written(tmp_path / "results", "0a", "1.5", "2024-01-01", "25.5")
    return tmp_path / "results"


def written(results: Path, code: str, seconds: str, start: str, rd: str) -> None:
    (results / "run.json").write_text(RUN % (code, code, 32 * code, seconds, start), encoding="utf-8")
    (results / "store" / "P01.json").write_text(STORED % (code, code, rd), encoding="utf-8")
    (results / "rd.csv").write_text(f"sample_id,rd\nP01,{rd}\n", encoding="utf-8")
    (results / "rd.xlsx").write_bytes(code.encode())
    (results / "store" / "written").mkdir(exist_ok=True)
    (results / "store" / "written" / "gates.json").write_text(f'["{code}"]', encoding="utf-8")


def test_another_digest_and_another_hour_are_no_difference(results: Path):
    before = Ran(0, "", files_of(results))
    written(results, "0b", "77", "2025-02-02", "25.5")
    assert sorted(before.files) == ["rd.csv", "run.json", "store/P01.json"]
    assert list(differences(before, Ran(0, "", files_of(results)))) == []


def test_another_digit_is_told_with_its_line(results: Path):
    before = Ran(0, "", files_of(results))
    written(results, "0b", "77", "2025-02-02", "25.500000000000004")
    assert list(differences(before, Ran(0, "", files_of(results)))) == [
        "rd.csv: line 2 was 'P01,25.5', is 'P01,25.500000000000004'",
        "store/P01.json: line 6 was '  \"rd\": 25.5', is '  \"rd\": 25.500000000000004'",
    ]


def test_a_lost_file_another_end_another_word_and_a_defect_are_told(results: Path):
    before = Ran(0, "fine", files_of(results))
    fewer = {name: content for name, content in before.files.items() if name != "rd.csv"}
    assert list(differences(before, replace(before, files=fewer))) == ["rd.csv: only before"]
    assert list(differences(before, Ran(70, "a defect", before.files))) == [
        "after: exit status 70: a defect",
        "exit status: 0 before, 70 after",
        "what was said: line 1 was 'fine', is 'a defect'",
    ]


def test_the_demo_comes_first_and_every_round_has_another_seed():
    studies = wanted(["plain", "demo"], 5)
    assert [study.name for study in studies] == ["demo_1", "plain_1", "demo_2", "plain_2", "demo_3"]


def test_a_folder_without_the_program_is_refused(tmp_path: Path):
    with pytest.raises(SystemExit, match="not a checkout of the program"):
        must_be_imported_from(tmp_path, tmp_path)
