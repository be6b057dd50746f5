"""What the tubes of a validation sheet are made into: verdicts with their numbers, or why there are none."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from calibration.density.result import RdStatus, ReceptorDensity
from pipeline.assay.report import AssayReport, assay_report
from pipeline.assay.support import Support
from pipeline.fcs.acquisition import Acquired
from pipeline.patients.exposure import exposures, response_clocks
from pipeline.patients.same_visit import tubes_by_visit
from pipeline.quantification.result import SampleResult
from pipeline.study.settings import Settings
from pipeline.study.study import BeadRun, Panel, PanelChannel, Sample, Study
from pipeline.study.validation import ValidationTube

CYTOMETER = "Cytometer A"


def study_of(rows: list[tuple[str, float | None, ValidationTube]]) -> tuple[Study, list[SampleResult]]:
    """A study of (bead run, density, row of the validation sheet); the day is the bead run's name."""
    runs = dict.fromkeys(run for run, _, _ in rows)
    tubes: dict[str, tuple[str, float | None]] = {}
    for run, density, row in rows:
        tubes.setdefault(row.sample_id, (run, density))
    study = Study(
        folder=Path("lab"),
        samples=tuple(
            Sample(name, "QC", date.fromisoformat(run), f"fcs/{name}.fcs", "MM", run)
            for name, (run, _) in tubes.items()
        ),
        panels=(Panel("MM", (PanelChannel(("PE-A",), "cd38"),)),),
        bead_runs=tuple(BeadRun(run, "b.fcs", "quantibrite_pe", "1", "PE-A", (1.0, 2.0)) for run in runs),
        doses=(),
        patients=(),
        settings=Settings(),
        validation=tuple(row for _, _, row in rows),
    )
    results = [
        SampleResult(
            name,
            ReceptorDensity(
                RdStatus.OK if density is not None else RdStatus.LOW_EVENTS, 300, rd=density, lloq=500.0
            ),
            acquired=Acquired(CYTOMETER, "1", f"{run}T10:00:00"),
        )
        for name, (run, density) in tubes.items()
    ]
    return study, results


def report_of(rows: list[tuple[str, float | None, ValidationTube]]) -> AssayReport:
    study, results = study_of(rows)
    return assay_report(study, results, ())


def precision_rows(spread: float) -> list[tuple[str, float | None, ValidationTube]]:
    return [
        (
            f"2024-05-0{day}",
            10_000.0 * (1 + spread * (number - 1)),
            ValidationTube(f"A{day}_{number}", "precision", "pool A"),
        )
        for day in (1, 2, 3)
        for number in (0, 1, 2)
    ]


def test_precision_supports_its_goal_only_where_the_whole_interval_does():
    assert report_of(precision_rows(0.02)).precision[0].support is Support.SUPPORTS
    assert report_of(precision_rows(0.15)).precision[0].support is Support.OPEN
    assert report_of(precision_rows(0.4)).precision[0].support is Support.CONTRADICTS


def test_a_material_with_a_result_not_above_zero_is_no_part_of_the_common_precision():
    dim = [("2024-05-01", rd, ValidationTube(f"N{rd}", "precision", "dim")) for rd in (-3.0, 4.0, 90.0)]
    whole = report_of([*precision_rows(0.02), *dim]).precision[-1]
    assert whole.about == "all materials"
    assert whole.statistic.n == 9
    assert whole.support is Support.SUPPORTS
    assert "without dim: a result there is not above zero" in whole.says


def test_an_upper_limit_that_says_nothing_is_not_written_out():
    rows = [
        ("2024-05-01", rd, ValidationTube(f"A{place}", "precision", name))
        for place, (name, rd) in enumerate([("a", 100.0), ("a", 4000.0), ("b", 9000.0)])
    ]
    assert "to over 1,000)" in report_of(rows).precision[-1].says


def test_a_typed_goal_takes_the_place_of_the_usual_one():
    rows = precision_rows(0.02)
    strict = [(run, rd, replace(row, goal_percent=0.5)) for run, rd, row in rows]
    found = report_of(strict).precision[0]
    assert found.goal_percent == 0.5
    assert found.support is Support.CONTRADICTS


def test_the_day_of_a_tube_is_a_level_of_its_precision():
    shifted = [(run, rd * (1.3 if run.endswith("3") else 1), row) for run, rd, row in precision_rows(0.01)]
    found = report_of(shifted).precision[0].statistic
    assert [part.name for part in found.components] == ["day", "repeatability", "total"]
    assert found.component("day").sd > 5 * found.component("repeatability").sd


def test_what_the_tubes_do_not_allow_is_told_with_its_reason():
    told = {one.experiment.value: one.reason for one in report_of(precision_rows(0.02)).not_judged}
    assert set(told) == {"linearity", "blank", "stability", "carry_over", "comparison", "control"}
    assert all("the validation sheet names no" in reason for reason in told.values())


def test_a_tube_without_a_density_is_named_and_not_used():
    rows = precision_rows(0.02)
    rows[0] = ("2024-05-01", None, rows[0][2])
    found = report_of(rows)
    assert found.precision[0].statistic.n == 8
    assert found.left_out == (("A1_0", "it has no density (LOW_EVENTS)"),)


def test_stored_tubes_without_hours_are_named():
    rows = [("2024-05-01", 10_000.0, ValidationTube(f"S{n}", "stability", "pool A")) for n in (1, 2)]
    reasons = [one.reason for one in report_of(rows).not_judged if one.experiment == "stability"]
    assert "hours are not known of S1, S2" in reasons[0]


def test_two_ways_are_compared_on_the_materials_that_both_measured():
    rows = [
        (
            "2024-05-01",
            2_000.0 * 2**material * factor,
            ValidationTube(f"{way}{material}", "comparison", f"m{material}", method=way),
        )
        for way, factor in (("A", 1.0), ("B", 1.3))
        for material in range(8 if way == "A" else 7)
    ]
    found = report_of(rows).comparison[0]
    assert found.statistic.n == 7
    assert found.statistic.ratio == pytest.approx(1.3)
    assert found.support is Support.CONTRADICTS
    assert found.about == "B against A"


def test_carry_over_takes_the_tubes_in_their_typed_order():
    density = {1: 50_000.0, 2: 50_000.0, 3: 6_000.0, 4: 1_000.0, 5: 1_001.0}
    rows = [
        (
            "2024-05-01",
            density[place],
            ValidationTube(f"T{place}", "carry_over", "bright" if place < 3 else "dim", sequence=place),
        )
        for place in (5, 3, 1, 4, 2)
    ]
    found = report_of(rows).carry_over
    assert len(found) == 1
    assert found[0].statistic.percent == pytest.approx(100 * 5_000 / 49_000, rel=1e-3)
    assert found[0].support is Support.CONTRADICTS


def test_a_control_outside_of_its_range_names_its_run():
    rows = [
        (f"2024-05-0{day}", rd, ValidationTube(f"C{day}", "control", "pool", low=40_000, high=50_000))
        for day, rd in ((1, 45_000.0), (2, 55_000.0))
    ]
    found = report_of(rows).control[0]
    assert found.support is Support.CONTRADICTS
    assert "2024-05-02 (C2)" in found.says


def controls_of(values: list[float]) -> list[tuple[str, float | None, ValidationTube]]:
    return [
        (f"2024-05-{day:02}", rd, ValidationTube(f"C{day}", "control", "pool"))
        for day, rd in enumerate(values, start=1)
    ]


def test_many_sound_control_runs_are_not_called_unsound_for_the_one_in_twenty():
    verdicts = []
    for seed in range(60):
        values = np.random.default_rng(seed).normal(40_000, 2_000, 20).tolist()
        verdicts.append(report_of(controls_of(values)).control[0].support)
    assert verdicts.count(Support.CONTRADICTS) <= 6
    assert verdicts.count(Support.OPEN) >= 20
    found = report_of(controls_of([*values[:19], 60_000.0])).control[0]
    assert found.support is Support.CONTRADICTS
    assert "(C20)" in found.says


def test_a_limit_of_quantification_of_two_results_supports_nothing():
    blanks = [0.0, 10.0, 5.0, 8.0]
    dim = {"dim": [2_000.0, 2_100.0], "dimmer": [300.0, 900.0, 600.0], "alone": [9_000.0]}
    tubes = [("blank", "blank", rd) for rd in blanks]
    tubes += [("low", name, rd) for name, values in dim.items() for rd in values]

    def limits(tubes):
        rows = [
            ("2024-05-01", rd, ValidationTube(f"T{place}", kind, name))
            for place, (kind, name, rd) in enumerate(tubes)
        ]
        return report_of(rows).limits[0]

    found = limits(tubes)
    assert found.statistic.loq == pytest.approx(2_050.0)
    assert found.support is Support.OPEN
    assert "too few results" in found.says
    more = [("low", "dim", rd) for rd in (2_020.0, 1_990.0, 2_000.0)]
    assert limits([*tubes, *more]).support is Support.SUPPORTS


def test_dim_material_without_replicates_contradicts_no_limit_of_quantification():
    tubes = [("blank", "b", 0.0), ("blank", "b", 10.0), ("blank", "b", 5.0), ("blank", "b", 8.0)]
    tubes += [("low", "low", rd) for rd in (4.0, 6.0, 5.0, 7.0)] + [("low", "alone", 900.0)]
    rows = [
        ("2024-05-01", rd, ValidationTube(f"T{place}", kind, name))
        for place, (kind, name, rd) in enumerate(tubes)
    ]
    assert report_of(rows).limits[0].support is Support.OPEN


def test_two_ways_that_agree_in_the_middle_alone_do_not_agree():
    rows = [
        ("2024-05-01", rd if way == "A" else 8_000.0 * (rd / 8_000.0) ** 0.8,
         ValidationTube(f"{way}{place}", "comparison", f"m{place}", method=way))
        for way in "AB"
        for place, rd in enumerate(8_000.0 * 2.0 ** np.linspace(-1.5, 1.5, 40))
    ]  # fmt: skip
    found = report_of(rows).comparison[0]
    assert found.statistic.ratio == pytest.approx(1.0)
    assert found.support is Support.CONTRADICTS
    assert "at the dimmest" in found.says


def test_two_ways_that_six_materials_compare_only_in_the_middle_are_left_open():
    rng = np.random.default_rng(4)
    rows = [
        ("2024-05-01", float(rd * np.exp(rng.normal(0, 0.06))),
         ValidationTube(f"{way}{place}", "comparison", f"m{place}", method=way))
        for way in "AB"
        for place, rd in enumerate(8_000.0 * 2.0 ** np.linspace(-1.5, 1.5, 6))
    ]  # fmt: skip
    found = report_of(rows).comparison[0]
    line = found.statistic
    assert 0.8 < line.ratio_low < line.ratio_high < 1.2
    assert line.brightest_low < 0.8 < line.brightest < 1.2 or line.dimmest_high > 1.2 > line.dimmest
    assert found.support is Support.OPEN


def linearity_rows(
    densities: dict[float, tuple[float, float]],
) -> list[tuple[str, float | None, ValidationTube]]:
    return [
        ("2024-05-01", density, ValidationTube(f"L{level}_{number}", "linearity", "pool A", level=level))
        for level, pair in densities.items()
        for number, density in enumerate(pair)
    ]


@pytest.mark.parametrize(
    ("densities", "support"),
    [
        ({0.1: (5000.0, 5100.0), 0.5: (25_000.0, 25_400.0), 1.0: (50_000.0, 51_000.0)}, Support.SUPPORTS),
        ({0.1: (50_000.0, 50_000.0), 0.5: (50_000.0, 50_000.0), 1.0: (50_000.0, 50_000.0)}, Support.CONTRADICTS),
        ({0.1: (51_000.0, 50_500.0), 0.5: (50_300.0, 50_100.0), 1.0: (49_000.0, 49_100.0)}, Support.CONTRADICTS),
        ({0.1: (50_000.0, 51_000.0), 0.5: (52_000.0, 50_000.0), 1.0: (50_500.0, 51_500.0)}, Support.OPEN),
    ],
)  # fmt: skip
def test_a_straight_line_that_does_not_rise_with_the_level_is_not_linear(densities, support):
    (judged,) = report_of(linearity_rows(densities)).linearity
    assert abs(judged.statistic.worst_percent) < 3
    assert judged.support is support
    assert "from level 0.1 to 1 the line goes from 5" in judged.says


def test_nothing_is_ever_called_compliant():
    said = " ".join(one.says for one in report_of(precision_rows(0.02)).judged)
    assert "complian" not in said + " ".join(Support)


def test_a_tube_that_validates_the_assay_is_in_no_visit_and_has_no_washout():
    study, results = study_of(precision_rows(0.02))
    assert tubes_by_visit(study, results) == {}
    clocks = response_clocks(study)
    assert clocks == {}
    assert exposures(study, clocks) == {}
    patients = replace(study, validation=study.validation[:-1])
    assert [key.patient_id for key in tubes_by_visit(patients, results)] == ["QC"]


def test_replicates_of_a_patient_count_for_precision_without_a_row():
    study, results = study_of(precision_rows(0.02))
    found = assay_report(replace(study, validation=()), results, ())
    assert [one.about for one in found.precision] == ["replicates of patients"]
    assert found.precision[0].statistic.n == 9
