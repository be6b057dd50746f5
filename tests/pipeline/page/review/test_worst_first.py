"""The order of the tubes on the review page: what asks most for a look comes first."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from calibration.density.receptor_density import RdStatus
from helpers.page_client import TUBES
from pipeline.cli import PROGRAM
from pipeline.page.open_study import OpenStudy
from pipeline.page.review.shown import rows_of_tubes
from pipeline.quantification.result import SampleResult, SecondCount
from pipeline.review.review_file import read_review_file

pytestmark = pytest.mark.slow

FIRST, SECOND = TUBES
SURE: dict[str, Any] = {"flags": (), "gating_confidence": 1.0, "second_opinion": SecondCount(300, 1.0)}


@pytest.fixture(scope="module")
def open_study(two_tubes_run: Path, tmp_path_factory: pytest.TempPathFactory) -> OpenStudy:
    return OpenStudy(Path(shutil.copytree(two_tubes_run, tmp_path_factory.mktemp("order") / "s")), 0, PROGRAM)


def order(open_study: OpenStudy, second: dict[str, Any], first: dict[str, Any] | None = None) -> list[str]:
    """Return the list where both tubes are sure of everything, but for what differs."""
    snapshot = open_study.snapshot()
    differing = {FIRST: first or {}, SECOND: second}
    results = [alike(snapshot.results[FIRST], name, more) for name, more in differing.items()]
    changed = replace(snapshot, known=replace(snapshot.known, results=tuple(results)))
    return [
        row.sample_id
        for row in rows_of_tubes(changed, open_study.decision_history(), read_review_file(open_study.folder))
    ]


def alike(result: SampleResult, name: str, more: dict[str, Any]) -> SampleResult:
    return replace(result, **{"sample_id": name, **SURE, **more})


def test_of_tubes_that_are_equally_sound_the_order_is_that_of_the_samples_sheet(open_study: OpenStudy):
    assert order(open_study, {}) == [FIRST, SECOND]


@pytest.mark.parametrize(
    "doubt",
    [
        {"flags": ("LOW_GATE_CONFIDENCE",)},
        {"gating_confidence": 0.4},
        {"second_opinion": SecondCount(300, 0.6)},
        {"flags": ("TIME_UNSTABLE",)},
    ],
    ids=["a flag to look at", "unsure gates", "another opinion", "one flag more"],
)
def test_a_doubt_brings_a_tube_to_the_top(open_study: OpenStudy, doubt: dict[str, Any]):
    assert order(open_study, doubt) == [SECOND, FIRST]


def test_no_density_comes_before_unsure_gates_and_another_opinion_too(open_study: OpenStudy):
    receptor = open_study.snapshot().results[FIRST].receptor
    none = {"receptor": replace(receptor, status=RdStatus.LOW_EVENTS, rd=None, rd_low=None, rd_high=None)}
    assert order(open_study, none, {"gating_confidence": 0.1, "second_opinion": SecondCount(3, 0.1)}) == [
        SECOND,
        FIRST,
    ]
