"""The acceptance table: each check grades its figure by its own limit, and each limit has a setting."""

import ast
from dataclasses import fields, replace

import numpy as np
import pytest

from calibration import BeadLimit, CheckName, CurveLimits, CurveVerdict, Limit
from calibration.beads.kits import bead_kit
from calibration.curve.curve_checks.change_within_run import BrightnessChange
from calibration.curve.curve_checks.curve_transfer import Transfer
from calibration.curve.curve_checks.every_check import CURVE_CHECKS, checked
from calibration.curve.curve_checks.fitted_beads import FittedBeads
from calibration.curve.curve_checks.other_channels import ChannelComparison, ComparedChannels
from calibration.curve.curve_checks.typed_levels import LotRuns, TypedLevels
from doc_rooms import ROOT
from helpers.syntax import tree_of
from pipeline.study.settings import Settings
from pipeline.study.settings.curve import CurveSettings, bound_of_setting
from pipeline.study.sheets.settings import MUST_NOT_EXCEED, read_settings

LEVELS = np.array([600.0, 6000.0, 30000.0, 60000.0])
GOOD = FittedBeads(
    medians=LEVELS / 2, levels=LEVELS, back=np.zeros(4), slope=1.0, r2=1.0, rcv=np.full(4, 0.05), n=np.full(4, 2000.0),
    blank=5.0, history=(30000.0,),
)  # fmt: skip
"""Beads with which every check has something to say, and accepts."""


def back(error, k=2):
    return np.array([error if j == k else 0.0 for j in range(4)])


def with_step(factor):
    return LEVELS / 2 * np.array([1.0, 1.0, 1.0, factor])


TRANSFER = Transfer(1.0, 0.0, 0.01, 3, 4, 3.0, 0.0, 0.02, 10.0, 1e5)
KIT = bead_kit("quantibrite_pe")
CHANNELS = ComparedChannels("PE-A", [("B", ChannelComparison(-9.0, -9.0))])
STEADY_RUN = BrightnessChange(0.02, 0.0, 1, 5, 5)
LOT = LotRuns("L1", (1.0, 2.0), [("B2", (1.0, 2.0))])
ACCEPTED = {
    type(good): good for good in (GOOD, TRANSFER, CHANNELS, TypedLevels(KIT, (474, 62336)), LOT, STEADY_RUN)
}
"""For each kind of data that a check reads: one that every check of it accepts."""

WORSE = {
    CheckName.ORDER: ((CurveVerdict.REJECT, {"levels": LEVELS[[1, 0, 2, 3]]}),),
    CheckName.R2: ((CurveVerdict.WARN, {"r2": 0.985}), (CurveVerdict.REJECT, {"r2": 0.97})),
    CheckName.SLOPE: (
        (CurveVerdict.WARN, {"slope": 0.88}),
        (CurveVerdict.REJECT, {"slope": 1.2}),
        (CurveVerdict.REJECT, {"free_slope": 0.8}),
    ),
    CheckName.BACK_CALCULATED_ERROR: (
        (CurveVerdict.WARN, {"back": back(-0.15)}),
        (CurveVerdict.REJECT, {"back": back(0.22)}),
        (CurveVerdict.WARN, {"back": back(0.22, k=0)}),
        (CurveVerdict.REJECT, {"back": back(0.26, k=0)}),
    ),
    CheckName.VALUE_PER_MFI: (
        (CurveVerdict.WARN, {"medians": with_step(2.0)}),
        (CurveVerdict.REJECT, {"medians": with_step(3.0)}),
    ),
    CheckName.LOCAL_SLOPE: ((CurveVerdict.WARN, {"medians": with_step(1.4)}),),
    CheckName.BEAD_RCV: (
        (CurveVerdict.WARN, {"rcv": np.array([0.05, 0.2, 0.05, 0.05])}),
        (CurveVerdict.REJECT, {"rcv": np.array([0.05, 0.05, 0.31, 0.05])}),
        (CurveVerdict.WARN, {"rcv": np.array([0.28, 0.05, 0.05, 0.05])}),
    ),
    CheckName.BEAD_EVENTS: (
        (CurveVerdict.WARN, {"n": np.array([2000.0, 150, 2000, 2000])}),
        (CurveVerdict.REJECT, {"n": np.array([2000.0, 149, 2000, 2000])}),
    ),
    CheckName.DETECTION: ((CurveVerdict.WARN, {"blank": 200.0}),),
    CheckName.LESS_BLANK: ((CurveVerdict.WARN, {"blank": 80.0}),),
    CheckName.DEGREES_OF_FREEDOM: ((CurveVerdict.WARN, {"freedom": 0}),),
    CheckName.HISTORY: (
        (CurveVerdict.WARN, {"history": (28000.0,)}),
        (CurveVerdict.REJECT, {"history": (20000.0,)}),
    ),
    CheckName.TRANSFER_POPULATIONS: ((CurveVerdict.WARN, {"n": 3}),),
    CheckName.TRANSFER_SLOPE: ((CurveVerdict.WARN, {"slope": 1.12}), (CurveVerdict.REJECT, {"slope": 0.8})),
    CheckName.TRANSFER_ERROR: (
        (CurveVerdict.WARN, {"largest_error": 0.15}),
        (CurveVerdict.REJECT, {"largest_error": 0.22}),
    ),
    CheckName.STEADY: ((CurveVerdict.WARN, {"sure": 0.06}), (CurveVerdict.REJECT, {"sure": 0.21})),
    CheckName.BRIGHTER_ELSEWHERE: ((CurveVerdict.WARN, {"others": [("B", ChannelComparison(9.0, 9.0))]}),),
    CheckName.LOT_SIZE: ((CurveVerdict.WARN, {"levels": (0.474, 62.336)}),),
    CheckName.LOT_VALUES: ((CurveVerdict.WARN, {"others": [("B2", (1.0, 3.0))]}),),
}
"""Of each check: what it warns of, and what it rejects."""


def verdicts(data, limits=None):
    return {row.name: row.verdict for row in checked(data, limits or CurveLimits())}


def test_every_check_has_a_name_of_its_own_and_every_name_has_a_check():
    assert sorted(row.name for row in CURVE_CHECKS) == sorted(CheckName)


@pytest.mark.parametrize("good", ACCEPTED.values(), ids=lambda good: type(good).__name__)
def test_good_data_are_accepted_by_every_check(good):
    assert set(verdicts(good).values()) <= {CurveVerdict.ACCEPT}
    assert type(good) is not FittedBeads or len(verdicts(good)) > 9


@pytest.mark.parametrize("row", CURVE_CHECKS, ids=lambda row: row.name)
def test_each_check_grades_its_figure_by_its_own_limit(row):
    limits = CurveLimits()
    quantity = next((f.name for f in fields(limits) if getattr(limits, f.name) is row.limit(limits)), "")
    for expected, change in WORSE[row.name]:
        worse = replace(ACCEPTED[row.of], **change)
        assert verdicts(worse).get(row.name) is expected
        if quantity:
            studys = replace(CurveLimits(), **{quantity: endless(quantity)})
            assert verdicts(worse, studys).get(row.name) is CurveVerdict.ACCEPT


def test_data_that_no_check_reads_are_a_wrong_call():
    with pytest.raises(TypeError, match="no check of a curve reads float"):
        checked(1.0, CurveLimits())


def test_no_check_of_a_study_runs_with_other_limits_than_the_studys():
    """`CurveLimits()` are the usual ones: of the settings, and of `cd38rd curve`, which has no study."""
    makers = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "pipeline").rglob("*.py")
        if any(
            isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "CurveLimits"
            for node in ast.walk(tree_of(path))
        )
    }
    assert makers == {"pipeline/study/settings/curve.py", "pipeline/beads/typed_medians.py"}


def test_no_code_reads_a_bound_of_a_curve_by_its_name_in_the_settings_sheet():
    """`CurveLimits` is the one model of the limits; `Settings.curve_limits` makes it of what was typed."""
    read = {
        (path.relative_to(ROOT).as_posix(), node.attr)
        for path in (ROOT / "pipeline").rglob("*.py")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and node.attr in CurveSettings.model_fields
    }
    assert read == set()


def endless(quantity):
    """Return a limit that accepts anything."""
    if quantity in ("r2", "events", "detection"):
        return Limit(0.0, 0.0)
    return BeadLimit(1e9, 1e9) if isinstance(getattr(CurveLimits(), quantity), BeadLimit) else Limit(1e9, 1e9)


def bounds_of(limits):
    return {
        (quantity.name, bound.name): getattr(getattr(limits, quantity.name), bound.name)
        for quantity in fields(limits)
        for bound in fields(getattr(limits, quantity.name))
    }


def test_every_bound_of_every_limit_is_one_setting_and_its_default_is_the_bound():
    usual = bounds_of(CurveLimits())
    assert Settings().curve_limits == CurveLimits()
    set_by = {}
    for name in CurveSettings.model_fields:
        other = 2 * getattr(Settings(), name)
        changed = bounds_of(Settings.model_construct(**{name: other}).curve_limits)
        ((bound, value),) = {key: value for key, value in changed.items() if value != usual[key]}.items()
        assert value == other
        assert bound not in set_by
        set_by[bound] = name
    assert set(set_by) == {bound for bound, value in usual.items() if value is not None}
    for key, name in set_by.items():
        assert bound_of_setting(name) == key
        assert set("_".join(key).split("_")) <= set(name.split("_"))


def test_the_names_that_a_person_types_say_what_is_accepted_and_what_is_rejected():
    assert tuple(CurveSettings.model_fields) == (
        "curve_r2_accept", "curve_r2_reject", "curve_slope_accept", "curve_slope_reject", "curve_local_slope_accept",
        "curve_error_accept", "curve_error_reject", "curve_error_reject_dimmest", "curve_ratio_accept",
        "curve_ratio_reject", "bead_rcv_accept", "bead_rcv_accept_dimmest", "bead_rcv_reject", "bead_events_accept",
        "bead_events_reject", "bead_detection_accept", "bead_history_accept", "bead_history_reject",
        "bead_steady_accept", "bead_steady_reject",
    )  # fmt: skip
    assert {name for pair in MUST_NOT_EXCEED for name in pair} <= set(Settings.model_fields)
    assert Settings(bead_events_reject=170, curve_slope_reject=0.12).curve_limits == replace(
        CurveLimits(), events=Limit(500, 170), slope=Limit(0.10, 0.12)
    )


@pytest.mark.parametrize(
    "old",
    [
        "curve_r2_warn", "curve_slope_warn", "curve_error_warn", "curve_error_warn_dimmest", "curve_ratio_warn",
        "bead_rcv_warn", "bead_events_warn", "bead_history_warn",
    ],
)  # fmt: skip
def test_the_earlier_name_of_a_setting_is_refused_with_its_name_now(old):
    now = old.replace("warn", "reject")
    settings, wrong = read_settings({old: "0.22"})
    assert settings == Settings()
    assert now in CurveSettings.model_fields
    assert wrong == {
        old: (now, f"{old} is called {now} now and means the same: change the name and keep the value.")
    }


def test_a_figure_on_the_bound_is_inside_it():
    slope = Limit(0.10, 0.15)
    assert [slope.near_one(value).value for value in (0.90, 1.10, 0.85, 1.15, 1.151)] == [
        "accept", "accept", "warn", "warn", "reject",
    ]  # fmt: skip
    assert Limit(500, 150).at_least(150) is CurveVerdict.WARN
    assert Limit(0.1).at_most(float("nan")) is CurveVerdict.WARN
    assert Limit(0.1, 0.2).at_most(float("nan")) is CurveVerdict.REJECT
