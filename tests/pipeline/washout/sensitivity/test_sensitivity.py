"""The slope of M1 under other choices, and without each patient."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calibration.density.result import RdStatus
from helpers.washout_truth import slow_fit
from pipeline.patients.patient_rd import PatientRd
from pipeline.study.settings import Settings
from pipeline.washout.line.tobit import fit_observations
from pipeline.washout.observations.selection import select_rows
from pipeline.washout.report import washout_report, with_sensitivity
from pipeline.washout.sensitivity import patients
from pipeline.washout.sensitivity.sensitivity import sensitivity
from pipeline.washout.sensitivity.variations import variations


def rows_of(n: int = 18, seed: int = 6, **facts) -> list[PatientRd]:
    rng = np.random.default_rng(seed)
    weeks = 2 ** rng.uniform(1, 6.5, n)
    rd = 10 ** (4.0 + 0.36 * (np.log2(weeks) - 4) + 0.3 * rng.standard_normal(n))
    return [
        PatientRd(
            f"P{k:02}",
            "v",
            float(weeks[k]),
            float(rd[k]),
            RdStatus.OK if rd[k] > 5000 else RdStatus.BELOW_LLOQ,
            lloq=5000.0,
            uloq=70_000.0,
            rd_log_sd=0.05,
            **facts,
        )
        for k in range(n)
    ]


def told_of(rows: list[PatientRd]):
    return sensitivity(rows, fit_observations(select_rows(rows, Settings()).data), Settings())


@pytest.fixture(scope="module")
def plain():
    return told_of(rows_of())


def test_the_line_that_is_told_comes_first_and_each_choice_has_its_counts(plain):
    assert plain.rows[0].name == "as reported"
    assert plain.rows[0].n == 18
    by_name = {row.name: row for row in plain.rows}
    assert by_name["LLOQ × 2"].n_observed < by_name["as reported"].n_observed
    assert by_name["LLOQ ÷ 2"].n_observed > by_name["as reported"].n_observed
    assert by_name["without washouts under 4 weeks"].n < 18
    assert "without extrapolated rows" not in by_name


@pytest.mark.slow
def test_the_slope_without_a_patient_is_that_of_a_fit_without_the_rows(plain):
    rows = rows_of()
    for one in plain.patients[:3]:
        rest = [row for row in rows if row.patient_id != one.patient_id]
        best, _ = slow_fit(
            np.array([row.weeks for row in rest]), np.array([row.rd for row in rest]), [row.status for row in rest],
            lloq=5000.0, sd=0.05,
        )  # fmt: skip
        assert one.slope == pytest.approx(best[1], abs=2e-5)
    moves = [abs(one.moved) for one in plain.patients]
    assert moves == sorted(moves, reverse=True)


def test_of_many_patients_one_step_is_the_fit_without_each(monkeypatch):
    rows = rows_of(60)
    fitted = {one.patient_id: one for one in told_of(rows).patients}
    monkeypatch.setattr(patients, "_MOST_REFITTED", 10)
    stepped = told_of(rows).patients
    assert [one.slope for one in stepped[:5]] == [fitted[one.patient_id].slope for one in stepped[:5]]
    assert len(stepped) == len(fitted)
    most = abs(stepped[0].moved)
    assert any(one.slope != fitted[one.patient_id].slope for one in stepped)
    assert all(abs(one.slope - fitted[one.patient_id].slope) < 0.05 * most for one in stepped)


def test_the_patient_who_decides_is_named():
    rows = [replace(row, rd=2e6, weeks=100.0) if row.patient_id == "P07" else row for row in rows_of()]
    found = told_of(rows)
    assert found.patients[0].patient_id == "P07"
    last = found.rows[-1]
    assert last.name == "without P07, who moves the slope most"
    assert abs(last.slope - found.rows[0].slope) > 0.02


def test_extrapolated_rows_are_censored_or_left_out_and_the_second_says_how_it_errs():
    rows = [
        replace(row, status=RdStatus.ABOVE_ULOQ_EXTRAPOLATED) if row.rd > 30_000 else row for row in rows_of()
    ]
    n = sum(row.status == RdStatus.ABOVE_ULOQ_EXTRAPOLATED for row in rows)
    by_name = {one.name: one for one in variations([replace(row, uloq=30_000.0) for row in rows])}
    assert by_name["without extrapolated rows"].n_changed == n
    assert by_name["without extrapolated rows"].caution.endswith("errs towards 0")
    changed = by_name["extrapolated rows censored at their ULOQ"].rows
    assert {(row.status, row.rd, row.rd_low) for row in changed if row.status.startswith("ABOVE")} == {
        (RdStatus.ABOVE_ULOQ, None, 30_000.0)
    }


def test_rows_of_unsure_gates_are_left_out():
    rows = [replace(row, flags=("LOW_GATE_CONFIDENCE",)) if k < 4 else row for k, row in enumerate(rows_of())]
    by_name = {one.name: one for one in variations(rows)}
    assert len(by_name["without rows of unsure gates"].rows) == 14


@pytest.mark.parametrize(
    ("field", "word"),
    [
        ("site", "site"),
        ("beads_kit", "kit"),
        ("clone", "clone"),
        ("fluorochrome", "dye"),
        ("instrument", "cytometer"),
    ],
)
def test_each_site_kit_clone_dye_and_cytometer_is_left_out(field, word):
    rows = [replace(row, **{field: "ABC"[k % 3]}) for k, row in enumerate(rows_of())]
    names = [one.name for one in variations(rows) if word in one.name]
    assert names == [f"without {word} {x}" for x in "ABC"] + [f"{word} {x} alone" for x in "ABC"]
    two = [replace(row, **{field: "AB"[k % 2]}) for k, row in enumerate(rows_of())]
    assert [one.name for one in variations(two) if word in one.name] == [
        f"without {word} A",
        f"without {word} B",
    ]


def test_a_lower_lloq_makes_an_estimate_measured_and_a_higher_one_censors_it():
    rows = [row for row in rows_of() if row.rd < 12_000]
    by_name = {one.name: one for one in variations(rows)}
    raised = {row.patient_id: row for row in by_name["LLOQ × 2"].rows}
    lowered = {row.patient_id: row for row in by_name["LLOQ ÷ 2"].rows}
    for row in rows:
        assert raised[row.patient_id].status == (RdStatus.OK if row.rd >= 10_000 else RdStatus.BELOW_LLOQ)
        assert lowered[row.patient_id].status == (RdStatus.OK if row.rd >= 2_500 else RdStatus.BELOW_LLOQ)


def test_a_choice_without_a_line_says_why():
    rows = [replace(row, site="A" if k < 2 else "B") for k, row in enumerate(rows_of())]
    by_name = {row.name: row for row in told_of(rows).rows}
    assert by_name["without site B"].slope is None
    assert "a slope needs at least 3" in by_name["without site B"].note


def test_the_words_tell_the_range_and_which_choices_change_the_answer(plain):
    others = [row.fold for row in plain.rows[1:] if row.fold is not None and row.n >= 9]
    assert f"{min(others):.3g}" in plain.words[0]
    assert f"{max(others):.3g}" in plain.words[0]
    assert "excludes 1, that is no change" in plain.words[1]


def test_the_scatter_that_may_change_is_told_only_where_rows_can_carry_it():
    names = [row.name for row in told_of(rows_of()).rows if row.slope is not None]
    assert "scatter that may change with weeks" in names
    few = [
        replace(row, status=RdStatus.BELOW_LLOQ, rd=100.0) if k > 5 else row
        for k, row in enumerate(rows_of(seed=9))
    ]
    by_name = {row.name: row for row in told_of(few).rows}
    assert by_name["scatter that may change with weeks"].slope is None


def test_without_a_line_there_is_no_sensitivity():
    rows = rows_of(2)
    report = washout_report(rows, Settings())
    assert with_sensitivity(report, rows, Settings()).sensitivity is None


def test_the_order_of_rows_changes_nothing(plain):
    assert told_of(rows_of()[::-1]) == plain


def test_a_row_without_a_value_is_not_said_to_lie_below_a_lower_lloq():
    rows = [
        replace(row, status=RdStatus.BELOW_LLOQ, rd=None, lloq=1000.0)
        if place < 4
        else replace(row, lloq=1000.0)
        for place, row in enumerate(rows_of())
    ]
    lower = next((one for one in variations(rows) if one.name.startswith("LLOQ ÷")), None)
    kept = rows if lower is None else lower.rows
    assert [row.lloq for row in kept[:4]] == [1000.0] * 4


def test_one_other_choice_is_no_range():
    rows = [replace(row, status=RdStatus.OK, lloq=1.0, uloq=1e9) for row in rows_of(6)]
    told = with_sensitivity(washout_report(rows, Settings()), rows, Settings()).sensitivity
    assert told.words[0].startswith("Under the one other choice the fold per doubling is ")
    assert "each of them" not in " ".join(told.words)


def test_a_fold_outside_of_its_interval_says_that_the_interval_is_of_another_line():
    rng = np.random.default_rng(0)
    doublings = rng.uniform(1, 6.5, 18)
    scatter = np.exp(-0.6 * (doublings - 1)) * rng.standard_normal(18)
    log_rd = 4.0 + np.where(doublings < 4, 0.9, 0.1) * (doublings - 4) + scatter
    rows = [
        replace(row, weeks=float(2**x), rd=float(10**y), status=RdStatus.OK, lloq=1.0, uloq=1e6)
        for row, x, y in zip(rows_of(), doublings, log_rd, strict=True)
    ]
    reported = fit_observations(select_rows(rows, Settings()).data, doubts=False)
    others = sensitivity(rows, reported, Settings()).rows[1:]
    known = [row for row in others if None not in (row.fold, row.fold_low, row.fold_high)]
    outside = [row for row in known if not row.fold_low <= row.fold <= row.fold_high]
    assert outside
    for row in outside:
        assert row.note.startswith("in these rows the scatter changes with weeks")
    inside = [row for row in known if row not in outside]
    assert inside
    assert not any("changes with weeks" in row.note for row in inside)
