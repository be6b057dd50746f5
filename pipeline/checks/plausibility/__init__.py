"""Plausibility of typed values, compared with each other and with what is possible: warnings and errors."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pipeline.checks.findings import Finding
from pipeline.checks.headers import Headers
from pipeline.checks.plausibility.days import impossible_days
from pipeline.checks.plausibility.doses import day_totals, dose_amounts, long_pauses, routes
from pipeline.checks.plausibility.events_in_text import (
    evaluable_without_response,
    events_without_a_day,
    unread_reasons,
)
from pipeline.checks.plausibility.follow_up import follow_up_order
from pipeline.checks.plausibility.next_therapy import unrecorded_therapies
from pipeline.checks.plausibility.pairs import deaths, grades, pounds, times_on_treatment
from pipeline.checks.plausibility.patients import bodies, counts, levels_at_visits, serum_levels
from pipeline.checks.plausibility.reagents import anchors, conjugates, dyes_of_beads, lots, ranges
from pipeline.checks.plausibility.setting_values import constants_in_order, settings_typed
from pipeline.checks.plausibility.thresholds import gate_values, lab_limit, two_drugs, typed_cvs
from pipeline.checks.plausibility.words import one_spelling, refractory_drugs, stages
from pipeline.study.study import Study

__all__ = ["PLAUSIBILITY"]

PLAUSIBILITY: tuple[Callable[[Study, Headers], Iterable[Finding]], ...] = (
    dose_amounts,
    day_totals,
    routes,
    long_pauses,
    impossible_days,
    follow_up_order,
    unrecorded_therapies,
    events_without_a_day,
    unread_reasons,
    evaluable_without_response,
    bodies,
    pounds,
    serum_levels,
    levels_at_visits,
    counts,
    times_on_treatment,
    grades,
    deaths,
    stages,
    one_spelling,
    refractory_drugs,
    conjugates,
    dyes_of_beads,
    anchors,
    lots,
    ranges,
    gate_values,
    lab_limit,
    typed_cvs,
    two_drugs,
    settings_typed,
    constants_in_order,
)
"""Checks of single values and of pairs of values; `STUDY_CHECKS` contains them."""
