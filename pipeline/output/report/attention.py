"""What a reader should look at first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from calibration.curve.standard_curve import CurveVerdict
from calibration.density.receptor_density import RdStatus
from gating.gates.steps import GateFlag
from pipeline.assembly.study_result import StudyResult
from pipeline.beads.result import CalibrationResult
from pipeline.output.figures.style.palette import STATUS
from pipeline.output.report.words import FLAGS
from pipeline.output.result_tables import sample_flags
from pipeline.patients.flags import VisitFlag
from pipeline.patients.visits import Visit
from pipeline.quantification.result import SampleResult
from pipeline.study.faults import Fault, Severity

_LEVELS: Final = ("severe", "warn", "info")
_FIRST: Final = (RdStatus.NO_CURVE, RdStatus.NO_BACKGROUND, RdStatus.LOW_EVENTS)


@dataclass(frozen=True, slots=True)
class Link:
    """A place in the page."""

    anchor: str
    text: str


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to look at: how much it matters (`severe`, `warn`, `info`), what it is, and where."""

    level: str
    title: str
    text: str
    links: tuple[Link, ...] = ()


def attention(study_result: StudyResult, anchors: dict[str, str]) -> tuple[Item, ...]:
    """Return what to look at, the worst first; what many tubes share stands once.

    Parameters
    ----------
    study_result
        What was found.
    anchors
        Anchor of each card by `sample:<sample_id>` or `beads:<beads>`.
    """
    failed = [result for result in study_result.results if result.receptor.status is RdStatus.FAILED]
    items = (
        *_failures(failed, anchors),
        *(Item(_level(fault), fault.where, str(fault).partition(": ")[2]) for fault in study_result.faults),
        *_rejected(study_result.calibrations, anchors),
        *_contradicting(study_result.visits, anchors),
        *_without_density(study_result.results, anchors),
        *_flagged(study_result, failed, anchors),
        *(Item("info", note.about, note.text) for note in study_result.notes),
    )
    return tuple(sorted(items, key=lambda item: _LEVELS.index(item.level)))


def _level(fault: Fault) -> str:
    return "warn" if fault.severity is Severity.WARNING else "severe"


def _failures(failed: Sequence[SampleResult], anchors: dict[str, str]) -> Iterable[Item]:
    reasons = dict.fromkeys(result.note for result in failed)
    for reason in reasons:
        same = [result.sample_id for result in failed if result.note == reason]
        yield Item("severe", RdStatus.FAILED.value, reason, _links("sample", same, anchors))


def _rejected(calibrations: Sequence[CalibrationResult], anchors: dict[str, str]) -> Iterable[Item]:
    for result in calibrations:
        verdict = result.curve.verdict if result.curve else CurveVerdict.REJECT
        if verdict is CurveVerdict.ACCEPT:
            continue
        checks = result.curve.checks if result.curve else ()
        why = (
            "; ".join(check.text for check in checks if check.verdict is not CurveVerdict.ACCEPT)
            or result.note
        )
        title = (
            "Bead run accepted with a warning"
            if verdict is CurveVerdict.WARN
            else "Bead run without a usable curve"
        )
        level = "warn" if verdict is CurveVerdict.WARN else "severe"
        yield Item(level, title, why, _links("beads", [result.beads], anchors))


def _contradicting(visits: Sequence[Visit], anchors: dict[str, str]) -> Iterable[Item]:
    disagree = RdStatus.REPLICATES_DISAGREE
    same = [name for visit in visits if visit.receptor.status is disagree for name in visit.sample_ids]
    if same:
        words = FLAGS[VisitFlag.REPLICATES_DISAGREE]
        yield Item("severe", disagree.value, words, _links("sample", same, anchors))


def _without_density(results: Sequence[SampleResult], anchors: dict[str, str]) -> Iterable[Item]:
    for status in _FIRST:
        same = [result.sample_id for result in results if result.receptor.status is status]
        if same:
            yield Item("warn", status.value, STATUS[status].words, _links("sample", same, anchors))


def _flagged(
    study_result: StudyResult, failed: Sequence[SampleResult], anchors: dict[str, str]
) -> Iterable[Item]:
    where: dict[str, list[str]] = {}
    for result in study_result.results:
        if result not in failed:
            for flag in sample_flags(result, study_result.exposures.get(result.sample_id)):
                where.setdefault(flag, []).append(result.sample_id)
    first = sorted(where, key=lambda flag: (flag != GateFlag.LOW_GATE_CONFIDENCE, -len(where[flag]), flag))
    for flag in first:
        yield Item("warn", flag, FLAGS.get(flag, ""), _links("sample", where[flag], anchors))


def _links(kind: str, names: Iterable[str], anchors: dict[str, str]) -> tuple[Link, ...]:
    return tuple(Link(anchors.get(f"{kind}:{name}", ""), name) for name in names)
