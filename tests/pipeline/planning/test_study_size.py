"""How many patients a study takes: more for narrower intervals, fewer for better data, as the formula says."""

from __future__ import annotations

import csv
import math
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from helpers.synthetic_result import changed
from pipeline.assembly.study_result import StudyResult
from pipeline.cli import app
from pipeline.commands.assay.plan import WITHIN_NOT_KNOWN, PlanRequest, plan_head, size_sentence
from pipeline.planning import StudyPopulation, WantedWidth, plan_size, population_of, simulated_population
from pipeline.planning.size import _study_width
from pipeline.study.errors import UserError
from pipeline.washout.line.tobit import fit_tobit

PLAIN = StudyPopulation(
    slope=0.36,
    intercept=3.3,
    between=0.4,
    within=0.0,
    run_sd=0.0,
    tube_sd=0.0,
    shared_sd=0.0,
    lloq=1.0,
    uloq=1e9,
    weeks=(4.0, 8.0, 16.0, 32.0, 64.0),
    source="a test",
)
WANTED = 0.2


def test_a_width_is_that_of_least_squares_where_nothing_is_censored():
    size = plan_size(PLAIN, WantedWidth(slope_width=WANTED), studies=12, tried=(50,)).sizes[0]
    spread = math.sqrt(2.0)  # of 0 … 4 doublings, all alike
    assert size.width == pytest.approx(2 * 2.01 * PLAIN.between / spread / math.sqrt(50), rel=0.12)


def test_a_simulated_study_is_as_wide_as_the_same_rows_are_in_a_run():
    # with many densities below the LLOQ the tests of doubt widen the line that a run reports
    dim = replace(PLAIN, lloq=40_000.0)
    asked, wider = WantedWidth(slope_width=WANTED), 0
    for number in range(3):
        rng = np.random.default_rng(number)
        weeks = rng.choice(dim.weeks, 20)
        own, scatter = rng.normal(0.0, dim.between, 20), rng.normal(0.0, 1.0, 20)
        rd = 10 ** (dim.intercept + dim.slope * np.log2(weeks) + own + 0.0 * scatter)
        status = ["BELOW_LLOQ" if density < dim.lloq else "OK" for density in rd]
        run, bare = (
            fit_tobit(
                weeks, rd, status, lloq=dim.lloq, uloq=dim.uloq, doubts=doubts, patients=list(range(20))
            )
            for doubts in (True, False)
        )
        width, _ = _study_width(dim, asked, 20, 1, 1, np.random.default_rng(number))
        low, high = run.slope_interval
        assert width == pytest.approx(high - low, rel=1e-6)
        wider += width > 1.05 * (bare.slope_interval[1] - bare.slope_interval[0])
    assert wider


@pytest.mark.slow
def test_the_first_size_that_is_narrow_enough_is_told_and_its_neighbour_shown():
    found = plan_size(PLAIN, WantedWidth(slope_width=WANTED), studies=6, tried=(10, 90, 100, 110))
    assert found.enough is not None
    assert (found.enough.patients, found.enough.tubes) == (90, 90)
    assert [size.patients for size in found.sizes] == [10, 90, 100]


@pytest.mark.slow
def test_a_size_that_is_reached_by_luck_is_not_confirmed_by_further_studies():
    n, first, further = 30, 2, 4
    widths = [
        _study_width(
            PLAIN, WantedWidth(slope_width=1.0), n, 1, 1, np.random.default_rng([1, n, 1, 1, number])
        )[0]
        for number in range(first + further)
    ]
    wanted = max(widths[:first])  # so both of the first two studies are narrow enough
    share = np.mean([width <= wanted for width in widths[first:]])
    assert share < 0.8
    found = plan_size(PLAIN, WantedWidth(slope_width=wanted), studies=first, tried=(n, 3 * n))
    assert found.sizes[0].narrow == pytest.approx(share)
    assert found.enough is not None
    assert found.enough.patients == 3 * n


@pytest.mark.slow
def test_replicate_tubes_help_where_the_tube_is_what_scatters():
    noisy = replace(PLAIN, between=0.05, tube_sd=0.4)
    one, four = (
        plan_size(noisy, WantedWidth(slope_width=WANTED), replicates=n, studies=6, tried=(30,)).sizes[0]
        for n in (1, 4)
    )
    assert four.tubes == 4 * one.tubes
    assert four.width == pytest.approx(one.width / 2, rel=0.25)


def test_the_same_seed_gives_the_same_plan_and_censoring_is_told():
    dim = replace(PLAIN, lloq=40_000.0)
    first, second = (plan_size(dim, WantedWidth(slope_width=0.4), studies=4, tried=(20,)) for _ in range(2))
    assert first == second
    assert 0.3 < first.sizes[0].below_lloq < 0.8


@pytest.mark.slow
def test_errors_that_all_tubes_share_widen_a_wait_and_no_slope():
    def widths(target: WantedWidth) -> list[float]:
        return [
            plan_size(replace(PLAIN, shared_sd=shared), target, studies=4, tried=(30,)).sizes[0].width
            for shared in (0.0, 0.1)
        ]

    slope, wait = widths(WantedWidth(slope_width=0.5)), widths(WantedWidth(wait_width=1e6, density=8_000.0))
    assert slope[0] == slope[1]
    assert wait[1] > wait[0]


def test_a_width_that_no_size_reaches_is_said():
    found = plan_size(PLAIN, WantedWidth(slope_width=0.001), studies=2, tried=(10, 20))
    assert found.enough is None
    assert len(found.sizes) == 2


def test_a_studys_own_line_and_limits_are_taken(study_result: StudyResult):
    found = population_of(study_result)
    line = study_result.washout.tobit
    assert (found.slope, found.intercept) == (line.slope, line.intercept)
    assert len(found.weeks) == line.data.n
    assert found.uloq > found.lloq > 0


def test_a_study_without_a_line_says_why(study_result: StudyResult):
    with pytest.raises(UserError, match="found no washout line in this study"):
        population_of(changed(study_result, washout=None))


def test_a_study_without_limits_says_so(study_result: StudyResult):
    visits = tuple(
        replace(visit, receptor=replace(visit.receptor, lloq=None)) for visit in study_result.visits
    )
    with pytest.raises(UserError, match="found no visit with both an LLOQ and a ULOQ"):
        population_of(replace(study_result, visits=visits))


def test_simulated_patients_give_a_rising_line():
    found = simulated_population(1)
    assert 0.3 < found.slope < 1.2
    assert found == simulated_population(1)


@pytest.mark.slow
def test_what_is_typed_is_answered_and_written(tmp_path):
    out = tmp_path / "plan.csv"
    done = CliRunner().invoke(app, ["plan", "--slope-width", "3", "--studies", "10", "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "Enough:" in done.output
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert float(rows[-1]["narrow_percent"]) >= 80


@pytest.mark.parametrize("typed", [[], ["--slope-width", "1", "--wait-width", "2"]])
def test_exactly_one_width_is_asked_for(typed):
    done = CliRunner().invoke(app, ["plan", *typed])
    assert done.exit_code != 0
    assert "expected one of --slope-width" in str(done.exception)


def asked(**more) -> PlanRequest:
    typed = {
        "study": None,
        "slope_width": None,
        "wait_width": 12.0,
        "density": 5e6,
        "share": 0.5,
        "visits": 1,
    }
    return PlanRequest(
        **{**typed, "tubes": 1, "assurance": 0.8, "studies": 10, "seed": 1, "out": None, **more}
    )


def test_several_visits_of_patients_whose_scatter_is_not_known_are_called_a_least_number():
    target = WantedWidth(wait_width=12.0)
    assert WITHIN_NOT_KNOWN in plan_head(replace(PLAIN, within=0.0), target, asked(visits=2))
    assert WITHIN_NOT_KNOWN not in plan_head(replace(PLAIN, within=0.0), target, asked(visits=1))
    assert WITHIN_NOT_KNOWN not in plan_head(replace(PLAIN, within=0.1), target, asked(visits=2))


def test_a_density_beyond_the_limits_is_not_answered_with_more_patients():
    target = WantedWidth(wait_width=12.0, density=5e6)
    found = plan_size(replace(PLAIN, uloq=1e5), target, studies=4, tried=(20,))
    said = size_sentence(found, asked())
    assert "100% of studies give no such interval at all" in said
    assert "Ask for a wider interval" not in said
