"""A small part of the gating's validation: what the page docs/validation.md shows must hold for a few tubes too."""

from __future__ import annotations

import numpy as np
import pytest

from validation.certainty import example, fitted
from validation.gated_tubes import GatedTube, gated_tube, judged
from validation.gating_robustness import Change, changes_of
from validation.gating_text import section
from validation.gating_tubes import EMPTY, PANELS, Wanted, known_tube, simulated
from validation.other_marrow import PANELS as OTHER_PANELS
from validation.other_marrow import SCALES, other_tube


def tube(scenario: str, panel: str, seed: int = 1, instrument: str = "three_lasers") -> GatedTube:
    return gated_tube(Wanted(scenario, instrument, panel, seed, 20_000))


@pytest.mark.parametrize("panel", [name for name, _ in PANELS])
def test_every_panel_finds_the_plasma_cells_of_a_plain_tube(panel: str) -> None:
    found = tube("plain", panel)
    assert found.f1 >= 0.9
    assert found.given
    assert abs(found.error) <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize("panel", ["no second anchor", "six colours"])
@pytest.mark.parametrize("scenario", ["dim_cd138", "mislabelled_channel", "no_matrix"])
def test_a_clone_without_its_anchor_is_found_by_its_other_traits_or_is_not_certain(
    scenario: str, panel: str
) -> None:
    for instrument in ("three_lasers", "wide_scale"):
        found = tube(scenario, panel, instrument=instrument)
        assert found.f1 >= 0.85 or not found.given


@pytest.mark.parametrize("panel", [name for name, _ in PANELS])
def test_a_tube_without_plasma_cells_gets_no_density_that_looks_sure(panel: str) -> None:
    assert not tube(EMPTY, panel).given


@pytest.mark.parametrize("seed", range(len(SCALES)), ids=SCALES)
@pytest.mark.parametrize("panel", OTHER_PANELS)
def test_plasma_cells_of_another_generator_are_found_on_every_scale(panel: str, seed: int) -> None:
    found = judged(other_tube("usual", panel, seed, 12_000))
    assert found.f1 >= 0.85 or not found.given


@pytest.mark.slow
def test_marrow_without_plasma_cells_of_another_generator_hardly_ever_gets_a_density_that_looks_sure() -> (
    None
):
    """One in fifteen: monocytes that shine, on a logarithmic scale and a panel without a second anchor."""
    tubes = [judged(other_tube("none", panel, seed)) for panel in OTHER_PANELS for seed in range(300, 303)]
    assert sum(tube.given for tube in tubes) <= 1


def test_dead_plasma_cells_are_left_out_without_a_viability_dye() -> None:
    known = other_tube("many dead", "no viability", 300)
    found = judged(known)
    every = int(np.count_nonzero(known.plasma_cells)) / 0.8  # a fifth of all cells are dead
    assert found.recall >= 0.95
    assert found.precision >= 1 - 0.75 * (1 - known.plasma_cells.sum() / every)


def test_unsure_groups_are_looked_at_from_farther_away() -> None:
    """Its nearest surroundings alone take granulocytes for the clone, and the confidence says so."""
    found = judged(other_tube("stripped", "six", 304))
    assert found.f1 >= 0.95
    assert found.given


@pytest.mark.parametrize("seed", [301, 302])
def test_a_tube_without_matrix_is_read_with_its_control_as_a_run_does(seed: int) -> None:
    known = known_tube(Wanted("no_matrix", "three_lasers", "full", seed))
    raw = simulated(known.wanted).compensated().only(known.events.channels)
    differs = [bool((known.events.column(c) != raw.column(c)).any()) for c in raw.channels]
    assert any(differs)
    assert abs(judged(known).error) <= 0.03


@pytest.mark.slow
def test_a_perturbed_tube_keeps_its_density_and_its_cells_in_any_order() -> None:
    changes = changes_of(Wanted("plain", "three_lasers", "full", 300, 20_000))
    sizes = np.abs([change.change for change in changes])
    assert np.quantile(sizes, 0.95) <= 0.03
    assert [c.change for c in changes if c.kind.startswith("events and channels")] == [0.0]


def test_the_confidence_is_fitted_from_right_and_wrong_gates() -> None:
    right = example(known_tube(Wanted("plain", "wide_scale", "full", 2, 10_000)))
    wrong = example(known_tube(Wanted(EMPTY, "wide_scale", "no CD138", 2, 20_000)))
    assert right is not None
    assert right.good
    assert wrong is None or not wrong.good
    examples = [right, right] + ([] if wrong is None else [wrong, wrong])
    weights, likelihood = fitted(examples)
    assert weights.size == 9
    assert likelihood <= 0


def test_the_section_counts_empty_tubes_and_says_what_is_wanted() -> None:
    tubes = [tube("plain", "full"), tube(EMPTY, "full")]
    text = section(tubes, tubes, [Change("half of the events", "plain", 0.01)])
    assert "| no plasma cells: given a density | none |  | 0/1 |" in text
    assert "≥ 0.98" in text
    assert "| half of the events | all | 1 | 1.0 % | 1.0 % |" in text
