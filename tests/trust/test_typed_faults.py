"""A small part of what `make faults` does."""

from __future__ import annotations

from pathlib import Path

import pytest

from trust.odd_studies import odd_studies_refused
from trust.page import write_section
from trust.typed_faults import WRONG, share_named, tally

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory):
    return tally(tmp_path_factory.mktemp("faults"), 250, seed=20)


def test_no_typed_fault_crashes_the_check(told):
    assert told.n.total() == 250
    assert [outcome for outcome in told.n if outcome.startswith("crashed")] == []


def test_no_typed_fault_is_accepted_in_silence_or_as_another_value(told):
    assert {outcome: told.shown.get(outcome) for outcome in WRONG} == dict.fromkeys(WRONG)


def test_nearly_every_typed_fault_is_named_at_its_cell(told):
    assert told.n["named at the cell"] > 100
    assert share_named(told) >= 0.95


def test_odd_but_valid_studies_are_read_to_the_same_values(tmp_path: Path):
    assert odd_studies_refused(tmp_path, 12) == []


def test_a_section_of_the_page_is_written_and_the_others_stay(tmp_path: Path):
    page = tmp_path / "trust.md"
    page.write_text(
        "# A\n<!-- trust: one -->\nold\n<!-- end -->\nb\n<!-- trust: two -->\n<!-- end -->\n", "utf-8"
    )
    write_section("one", ["new"], page)
    assert page.read_text("utf-8") == (
        "# A\n<!-- trust: one -->\nnew\n<!-- end -->\nb\n<!-- trust: two -->\n<!-- end -->\n"
    )
    with pytest.raises(ValueError, match="no section three"):
        write_section("three", [], page)
