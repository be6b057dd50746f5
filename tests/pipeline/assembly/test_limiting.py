"""What limits a study's densities: shares of the tubes' budgets, and the scatter of replicates."""

import math
from dataclasses import replace
from datetime import date

import pytest

from calibration.density.between_runs import with_between_run_cv
from calibration.density.budget import BetweenRunSource, BudgetTerm, ErrorTerm
from calibration.density.receptor_density import RdStatus, ReceptorDensity
from pipeline.assembly.assemble import joined
from pipeline.assembly.limiting import limiting
from pipeline.patients.between_runs import between_run_term_of, between_runs_of, with_between_runs
from pipeline.quantification.result import SampleResult
from pipeline.study.settings import Settings
from pipeline.study.study import BeadRun, Sample, Study

TERMS = tuple(term for term in BudgetTerm if term is not BudgetTerm.TRANSFER)


def receptor(rd=20000.0, cv=0.0, **sd_dex):
    sds = {name: sd_dex.get(name.split()[0].replace(":", ""), 0.0) for name in TERMS}
    whole = sum(sd**2 for sd in sds.values()) or 1.0
    budget = tuple(ErrorTerm(name, sd, sd**2 / whole) for name, sd in sds.items())
    if not cv:
        return ReceptorDensity(
            RdStatus.OK, 500, rd=rd, rd_low=rd / 2, rd_high=2 * rd, lloq=500.0, budget=budget
        )
    within = 10 ** (1.96 * math.sqrt(sum(term.sd_dex**2 for term in budget)))
    plain = ReceptorDensity(
        RdStatus.OK, 500, rd=rd, rd_low=rd / within, rd_high=rd * within, lloq=500.0, budget=budget
    )
    return with_between_run_cv(plain, cv, BetweenRunSource.ASSUMED)


def study_result(*tubes):
    """Make the result of a study of (patient, bead run, receptor)."""
    samples = tuple(
        Sample(f"S{k}", patient, date(2024, 5, 1), f"{k}.fcs", "MM8", run, visit="baseline")
        for k, (patient, run, _) in enumerate(tubes)
    )
    runs = tuple(BeadRun(name, "b.fcs", "qsc", "1", "PE-A", (0, 1e3, 1e4)) for name in ("B1", "B2"))
    study = Study(None, samples, (), runs, (), (), Settings())
    results = tuple(SampleResult(f"S{k}", found) for k, (_, _, found) in enumerate(tubes))
    return joined(study, results)


def test_the_largest_share_comes_first_and_says_what_it_would_win():
    few_cells = receptor(stained=0.10, lot=0.02)
    good = receptor(stained=0.01, lot=0.02)
    found = study_result(("P1", "B1", few_cells), ("P2", "B1", few_cells), ("P3", "B1", good)).limiting
    first = found.remedies[0]
    assert (first.name, first.n_largest, found.n) == ("more cells", 2, 3)
    assert first.fold == pytest.approx(10 ** (1.96 * (0.10**2 + 0.02**2) ** 0.5), rel=1e-3)
    assert first.fold_without == pytest.approx(10 ** (1.96 * 0.02), rel=1e-3)
    assert sum(remedy.share_percent for remedy in found.remedies) == pytest.approx(100)
    assert "would disappear with more cells: " in found.sentences()[0]


def test_replicates_on_other_bead_runs_tell_the_cv_between_runs():
    tubes = [("P1", "B1", receptor(20000.0)), ("P1", "B2", receptor(24000.0)), ("P2", "B1", receptor(5000.0))]
    found = study_result(*tubes).limiting
    assert found.within_run is None
    assert found.between_runs.cv_percent == pytest.approx(13.0, abs=0.1)
    assert "Every interval includes a between-run CV of" in found.sentences()[-1]
    assert "estimated from replicates" in found.sentences()[-1]


def test_one_pair_has_no_upper_limit_that_anyone_could_read():
    found = study_result(("P1", "B1", receptor(20000.0)), ("P1", "B2", receptor(28000.0))).limiting
    pair = next(text for text in found.sentences() if "(between runs)" in text)
    assert pair.endswith(" %, without a useful upper limit, 1 visit, 1 degree of freedom).")
    many = study_result(
        *((f"P{k}", f"B{1 + run}", receptor(rd)) for k in range(9) for run, rd in enumerate((2e4, 2.4e4)))
    ).limiting
    pair = next(text for text in many.sentences() if "(between runs)" in text)
    assert " to " in pair
    assert pair.endswith(" %, 9 visits, 9 degrees of freedom).")


def test_enough_replicates_put_what_their_budgets_leave_open_into_every_interval():
    tubes = [
        (f"P{k}", f"B{1 + run}", receptor(rd, stained=0.02, lot=0.02))
        for k, pair in enumerate([(20000.0, 26000.0), (5000.0, 4000.0), (900.0, 1150.0), (60000.0, 48000.0)])
        for run, rd in enumerate(pair)
    ]
    before = study_result(*tubes)
    results = with_between_runs(before.study, before.results)
    shown = limiting(before.study, results).sentences()[-1]
    assert "Every interval includes a between-run CV of" in shown
    for old, new in zip(before.results, results, strict=True):
        assert new.receptor.rd == old.receptor.rd
        assert new.receptor.rd_high / new.receptor.rd_low > old.receptor.rd_high / old.receptor.rd_low
        assert {term.name: term.share for term in new.receptor.budget}[BudgetTerm.BETWEEN_RUNS] > 0.5
        assert sum(term.share for term in new.receptor.budget) == pytest.approx(1)
    again = between_runs_of(before.study, results)
    assert again == between_runs_of(
        before.study, before.results
    )  # a term between runs is no tube's own error
    assert with_between_run_cv(before.results[0].receptor, again.cv) == results[0].receptor


def test_the_setting_goes_before_what_replicates_say():
    tubes = [(f"P{k}", f"B{1 + run}", receptor(1e4 * (1 + run))) for k in range(4) for run in range(2)]
    typed = study_result(*tubes)
    study = replace(typed.study, settings=Settings(between_run_cv=0.1))
    assert with_between_runs(study, typed.results) == typed.results
    assert "setting between_run_cv, 10 %" in limiting(study, typed.results).sentences()[-1]


def test_a_share_that_rests_on_an_assumption_says_so():
    assumed = study_result(("P1", "B1", receptor(stained=0.01, lot=0.02)))
    wording = "lot assignment (assumed: lot_assignment_cv 5 %)"
    assert wording in [remedy.terms for remedy in assumed.limiting.remedies]
    runs = tuple(replace(run, assigned_cv=0.03) for run in assumed.study.bead_runs)
    typed = replace(assumed.study, bead_runs=runs)
    assert "lot assignment" in [remedy.terms for remedy in limiting(typed, assumed.results).remedies]


def test_replicates_on_one_bead_run_tell_the_cv_between_tubes():
    found = study_result(("P1", "B1", receptor(20000.0)), ("P1", "B1", receptor(24000.0))).limiting
    assert found.between_runs is None
    assert found.within_run.freedom == 1


def test_replicates_below_the_lloq_tell_nothing_of_the_cv():
    dim = replace(receptor(300.0), status=RdStatus.BELOW_LLOQ)
    found = study_result(("P1", "B1", dim), ("P1", "B2", receptor(20000.0))).limiting
    assert found.between_runs is None


def test_a_study_without_a_density_says_so():
    found = study_result(("P1", "B1", ReceptorDensity(RdStatus.FAILED, 0))).limiting
    assert (found.n, found.remedies) == (0, ())
    assert "it is not known what limits it" in found.sentences()[0]


def pairs(*densities):
    """Make a study of visits with two tubes on two bead runs each."""
    return study_result(
        *(
            (f"P{k}", f"B{1 + run}", receptor(rd, stained=0.02, lot=0.02, cv=0.1))
            for k, pair in enumerate(densities)
            for run, rd in enumerate(pair)
        )
    )


USUAL = [(20000.0, 22500.0), (5000.0, 4600.0), (900.0, 1000.0), (60000.0, 55000.0), (8000.0, 8900.0)]


@pytest.mark.parametrize(
    "exchanged",
    [[(20000.0, 200000.0)], [(900.0, 60000.0), (5000.0, 52000.0)], [(20000.0, 200000.0)] * 4],
)
def test_exchanged_tubes_of_a_visit_do_not_make_every_other_interval_wide(exchanged):
    without, found = pairs(*USUAL), pairs(*USUAL, *exchanged)
    terms = [between_run_term_of(one.study, one.results) for one in (without, found)]
    assert terms[0] == terms[1]
    assert terms[0].source is BetweenRunSource.ESTIMATED
    assert 0.05 < terms[0].cv < 0.15
    assert found.limiting.between_runs == without.limiting.between_runs
    disagree = [visit.receptor.status for visit in found.visits].count(RdStatus.REPLICATES_DISAGREE)
    assert disagree == len(exchanged)


def test_a_study_whose_only_replicates_contradict_each_other_keeps_the_assumption():
    found = pairs((20000.0, 200000.0))
    term = between_run_term_of(found.study, found.results)
    assert (term.cv, term.source, term.shown) == (0.1, BetweenRunSource.ASSUMED, None)
    assert "assumed between-run CV of 10 %" in found.limiting.sentences()[-1]


def test_an_assay_that_is_thrice_as_bad_as_assumed_shows_it_and_none_of_its_pairs_is_left_out():
    bad = [(10000.0, 10000.0 * math.exp(0.42 * z)) for z in (-1.9, -1.2, -0.7, -0.2, 0.3, 0.8, 1.1, 1.6)]
    found = pairs(*bad)
    term = between_run_term_of(found.study, found.results)
    assert term.shown.freedom == len(bad)
    assert 0.25 < term.cv < 0.45


def test_a_typed_zero_is_called_a_within_run_interval():
    found = pairs(*USUAL)
    study = replace(found.study, settings=Settings(between_run_cv=0.0))
    told = limiting(study, found.results)
    assert told.between_run_from is BetweenRunSource.NONE
    assert "Every interval is a within-run interval" in told.fed_in
    assert with_between_runs(study, found.results) == found.results
