"""Whether the data support a goal, contradict it, or leave it open. None of these claims compliance."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

from pipeline.files.json_names import WRITTEN_AS
from pipeline.study.validation import Experiment

Statistic = TypeVar("Statistic")

GOALS = {Experiment.CARRY_OVER: 5.0}
"""Allowed percent of experiments whose usual goal is not 20. Convention: carry-over must be small compared
with the scatter of a dim tube."""

USUAL_GOAL = 20.0
"""Allowed percent of any other experiment. Convention: 20 % CV or change, as flow cytometry's guidelines
usually allow; the laboratory types its own."""


class Support(StrEnum):
    """What the data say of the goal."""

    SUPPORTS = "supports"
    CONTRADICTS = "does not support"
    OPEN = "too few to tell"


@dataclass(frozen=True, slots=True)
class Judged(Generic[Statistic]):
    """A result of an experiment with its goal.

    Attributes
    ----------
    about
        The material, method or pair of methods.
    says
        One sentence with the numbers and the goal.
    """

    experiment: Experiment
    about: str
    goal_percent: float
    statistic: Statistic = field(metadata={WRITTEN_AS: "found"})
    support: Support
    says: str


@dataclass(frozen=True, slots=True)
class NotJudged:
    """An experiment that the data do not allow, and the reason."""

    experiment: Experiment
    about: str
    reason: str


def goal_of(experiment: Experiment, typed: float | None) -> float:
    """Return the goal in percent: the typed goal, else the usual one."""
    return GOALS.get(experiment, USUAL_GOAL) if typed is None else typed


def upper_bound(value: float, high: float | None, goal: float) -> Support:
    """Judge a number that must not exceed a goal, from the estimate and its upper limit."""
    if value > goal:
        return Support.CONTRADICTS
    return Support.SUPPORTS if high is not None and high <= goal else Support.OPEN


def within(value: float, low: float | None, high: float | None, goal: float) -> Support:
    """Judge a difference in percent that must lie within ± a goal, from the estimate and its interval."""
    if abs(value) > goal:
        return Support.CONTRADICTS
    inside = low is not None and high is not None and low >= -goal and high <= goal
    return Support.SUPPORTS if inside else Support.OPEN


def overall_support(supports: list[Support]) -> Support:
    """Return the support of all parts together: a single contradiction decides."""
    for support in (Support.CONTRADICTS, Support.OPEN):
        if support in supports:
            return support
    return Support.SUPPORTS
