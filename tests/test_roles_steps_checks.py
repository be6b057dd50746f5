"""What people add to: every role, gating step and study check is tried here, whichever joins its list.

Bead kits, curve checks, washout models, result tables, figures and statistics files: beside their code
(tests/calibration, tests/pipeline/washout, tests/pipeline/output).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from doc_rooms import ROOT
from gating.cleaning.estimates import CLEANING
from gating.events import Survivors
from gating.events.panel import QUANTIFIED_ROLE, SCATTER_ROLES, GatingChannel, GatingPanel, UnfitPanelError
from gating.gates.all_steps import KIND_OF, STEPS, Effect
from gating.gates.movable_gates import BY_HAND
from gating.gates.person_gates import Choices
from gating.gates.steps import Step, StepEstimate
from helpers.known_marrow import marrow, panel
from pipeline.checks.all_checks import STUDY_CHECKS
from pipeline.checks.findings import Finding
from pipeline.checks.headers import Headers, StudyFile, read_headers
from pipeline.output.figures.gating import step_title
from pipeline.study.cells.choices import CHANNEL_ROLES
from pipeline.study.faults import Severity
from pipeline.study.sheets.reading import read_study
from pipeline.study.study import Study
from pipeline.tube.names.markers import guess_role

SCATTER_NAMES = {"fsc": "FSC", "ssc": "SSC", "area": "A", "height": "H", "width": "W"}


def as_named(role: str) -> tuple[str, str]:
    """Return a channel and a marker as a cytometer names them."""
    if role in SCATTER_ROLES:
        return "-".join(SCATTER_NAMES[part] for part in role.split("_")), ""
    return ("Time", "") if role == "time" else ("PE-A", "HLA-DR" if role == "other" else role)


@pytest.mark.parametrize("role", CHANNEL_ROLES)
def test_a_role_is_typed_guessed_from_its_marker_and_gates_unless_it_is_quantified(role: str):
    assert guess_role(*as_named(role)) == role
    if role == QUANTIFIED_ROLE:
        with pytest.raises(UnfitPanelError, match="never gates"):
            GatingChannel("PE-A", role)
    else:
        assert GatingPanel((GatingChannel("PE-A", role),)).with_role(role)


@pytest.fixture(scope="module")
def done() -> list[Step]:
    """Return the steps that a whole panel is gated by, in their order."""
    from gating.strategy import gate_plasma_cells

    tube = marrow(19, n=12_000, percent=1.0, normal_percent=1.0)
    return [step.name for step in gate_plasma_cells(tube.events, panel()).steps]


@pytest.mark.parametrize("step", Step)
def test_a_step_is_done_in_its_place_has_a_title_and_says_what_a_person_may_give(
    step: Step, done: list[Step]
):
    order = [kind.step for kind in STEPS]
    assert order == list(Step)
    assert step in BY_HAND
    assert bool(KIND_OF[step].leaves_out) == (KIND_OF[step].effect is Effect.CLEANS)
    assert step_title(step, "plasma cells")[0].isupper()
    assert done == sorted(done, key=order.index)
    assert step in done or step is Step.DUMP  # that panel has no dump channel


@pytest.mark.parametrize(("step", "estimate"), CLEANING)
def test_a_cleaning_step_that_the_panel_cannot_support_is_left_out_and_says_why(
    step: Step, estimate: Callable[..., StepEstimate]
):
    tube = marrow(19, n=12_000, percent=1.0, normal_percent=1.0)
    everyone = Survivors.everyone(tube.events)
    sample = np.ones(tube.events.n_events, np.bool_)
    bare = Choices(GatingPanel(()), {}, {}, {})
    left_out = estimate(everyone, sample, bare)
    assert (left_out.name, left_out.gate) == (step, None)
    assert left_out.note
    assert left_out.flags
    assert estimate(everyone, sample, Choices(panel(), {}, {}, {})).name is step


@pytest.mark.parametrize(("step", "estimate"), CLEANING)
def test_a_cleaning_step_of_the_list_is_done(step: Step, estimate: object, done: list[Step]):
    assert KIND_OF[step].effect is Effect.CLEANS
    assert step in done


@pytest.fixture(scope="module")
def demo() -> tuple[Study, Headers]:
    study, _ = read_study(ROOT / "fcs_samples" / "demo")
    return study, read_headers(study)


@pytest.mark.parametrize("check", STUDY_CHECKS, ids=lambda check: check.__name__)
def test_a_check_finds_nothing_that_stops_a_sound_study(
    check: Callable[..., Any], demo: tuple[Study, Headers]
):
    found = list(check(*demo))
    assert all(isinstance(finding, Finding) for finding in found)
    assert not [one for one in found if one.fails or (one.fault and one.fault.severity is Severity.ERROR)]


@pytest.mark.parametrize("check", STUDY_CHECKS, ids=lambda check: check.__name__)
def test_a_check_never_raises_where_no_file_can_be_read(
    check: Callable[..., Any], demo: tuple[Study, Headers]
):
    study, headers = demo
    unread = {name: StudyFile(name, problem="cannot be read") for name in headers}
    assert all(isinstance(finding, Finding) for finding in check(study, unread))


def test_no_check_stands_in_the_list_twice():
    assert len(set(STUDY_CHECKS)) == len(STUDY_CHECKS)
