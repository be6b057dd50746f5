"""The card of a tube: its content for the template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from calibration.curve.standard_curve import StandardCurve
from calibration.density.receptor_density import QUANTIFIED, RdStatus
from calibration.density.result import known_to_exceed, raw_estimate
from gating.gates.steps import GateFlag, GateStep
from gating.thresholds.methods import words_of
from pipeline.assembly.study_result import StudyResult
from pipeline.output.figures.cd38 import cd38_of
from pipeline.output.figures.gating import channel_labels, gating_html, gating_panels, step_title
from pipeline.output.figures.style.palette import STATUS, StatusStyle
from pipeline.output.figures.style.ticks import count, rounded_text
from pipeline.output.figures.svg.picture_page import in_page
from pipeline.output.flag_words.all_flags import words_of_flag
from pipeline.output.flag_words.entry import FlagWords
from pipeline.output.interval import interval_lacks
from pipeline.output.legend.tube_verdict import TUBE_VERDICT_LOOK, TubeVerdict, badge_class, verdict_of
from pipeline.output.report.bars import SHADES, BarScale, budget_bar, interval_bar, terms_in_order
from pipeline.output.report.cards.calculation import Pairs, arithmetic
from pipeline.output.report.cards.notes import Shared, TubeNotes, tube_notes
from pipeline.output.report.cards.occupancy_words import HEADLINES, occupancy_pairs
from pipeline.output.report.words import density_words, interval_words, sorting_number
from pipeline.output.result_tables import plasma_cell_percent, reviewers, sample_flags
from pipeline.patients.exposure import Exposure
from pipeline.patients.receptor_occupancy.sentinel_reading import SentinelReading
from pipeline.quantification.result import SampleResult, failure_reason
from pipeline.study.quantity_name import population_name
from pipeline.study.study import Panel, Sample

ASKING = (TubeVerdict.LOOK, TubeVerdict.UNRELIABLE, TubeVerdict.NO_DENSITY, TubeVerdict.FAILED)
"""Verdicts of tubes that a person should look at."""


@dataclass(frozen=True, slots=True)
class TubeCard:
    """A tube, in words and pictures; `steps` are the rows of its gating table."""

    anchor: str
    sample: Sample
    look: StatusStyle
    verdict: TubeVerdict
    badge: str
    status: str
    beyond: str
    density: str
    instead: str
    estimate: str
    interval: str
    order: str
    interval_order: str
    lacks: str
    bar: str
    lloq: str
    background: str
    reading: str
    sentinels: str
    n_cells: str
    washout: str
    confidence: str
    unsure: bool
    needs_look: bool
    flags: tuple[tuple[str, FlagWords], ...]
    notes: TubeNotes
    arithmetic: Pairs
    facts: Pairs
    budget_bar: str
    budget: tuple[tuple[str, str, str], ...]
    steps: tuple[tuple[str, ...], ...]
    gates: str
    cd38_svg: str


def tube_card(
    study_result: StudyResult,
    sample: Sample,
    result: SampleResult,
    anchor: str,
    scale: BarScale,
    shared: Shared,
) -> TubeCard:
    """Return the card of a tube; without an anchor only what its row of the table needs is to be shown.

    Parameters
    ----------
    shared
        Notes that apply to every tube; the card leaves them out.
    """
    exposure = study_result.exposures.get(result.sample_id)
    receptor, panel = result.receptor, _panel(study_result, sample)
    estimate, flags = raw_estimate(receptor), sample_flags(result, exposure)
    verdict = verdict_of(receptor.status, flags)
    reading = SentinelReading(result.sentinel_reading) if result.sentinel_reading else None
    labels = channel_labels(panel) if panel and anchor else {}
    wanted = population_name(study_result.study)
    return TubeCard(
        anchor=anchor,
        sample=sample,
        look=TUBE_VERDICT_LOOK[verdict],
        verdict=verdict,
        badge=badge_class(verdict),
        status=receptor.status.value,
        beyond=_beyond(receptor.status, verdict),
        density=density_words(receptor.status, receptor.rd, receptor.lloq, known_to_exceed(receptor)),
        instead=_instead(result),
        estimate=rounded_text(estimate),
        interval=interval_words(receptor.rd_low, receptor.rd_high),
        order=sorting_number(receptor.rd_low if estimate is None else estimate),
        interval_order=sorting_number(receptor.rd_low),
        lacks=interval_lacks(receptor, flags).replace(";", ", "),
        bar=interval_bar(result, scale),
        lloq=rounded_text(receptor.lloq),
        background=rounded_text(receptor.background_abc),
        reading=HEADLINES[reading] if reading else "–",
        sentinels=HEADLINES[reading] if reading and receptor.status in QUANTIFIED else "",
        n_cells=_cells(result),
        washout=_weeks(exposure),
        confidence="–" if result.gating_confidence is None else f"{result.gating_confidence:.2f}",
        unsure=GateFlag.LOW_GATE_CONFIDENCE in flags,
        needs_look=verdict in ASKING,
        flags=tuple((flag, words_of_flag(flag)) for flag in flags),
        notes=tube_notes(result, exposure, wanted, shared),
        arithmetic=arithmetic(result) if anchor else (),
        facts=_facts(study_result, sample, result, exposure) if anchor else (),
        budget_bar=budget_bar(receptor.budget) if anchor else "",
        budget=_budget(result) if anchor else (),
        steps=tuple(_step_row(step, wanted) for step in result.steps) if anchor else (),
        gates=_gates(result, labels, wanted) if anchor else "",
        cd38_svg=_cd38_svg(result, _curve(study_result, sample), labels) if anchor else "",
    )


def _curve(study_result: StudyResult, sample: Sample) -> StandardCurve | None:
    return next((run.curve for run in study_result.calibrations if run.bead_run == sample.bead_run), None)


def _panel(study_result: StudyResult, sample: Sample) -> Panel | None:
    return next((panel for panel in study_result.study.panels if panel.name == sample.panel), None)


def _instead(result: SampleResult) -> str:
    """Return the text in place of a density: why there is none, and the known molecules."""
    receptor = result.receptor
    words = STATUS[receptor.status].words
    if receptor.status in QUANTIFIED:
        return words
    reason = failure_reason(result) or words
    return f"ABC {rounded_text(receptor.abc)}; {reason}" if receptor.abc is not None else reason


def _beyond(status: RdStatus, verdict: TubeVerdict) -> str:
    """Return that a density is extrapolated, where neither its verdict nor a sign before it says so."""
    extrapolated = status is RdStatus.ABOVE_ULOQ_EXTRAPOLATED and verdict is not TubeVerdict.ABOVE_TOP_BEAD
    return TubeVerdict.ABOVE_TOP_BEAD.lower() if extrapolated else ""


def _weeks(exposure: Exposure | None) -> str:
    return "–" if exposure is None or exposure.washout_weeks is None else f"{exposure.washout_weeks:.1f}"


def _facts(
    study_result: StudyResult, sample: Sample, result: SampleResult, exposure: Exposure | None
) -> Pairs:
    percent = plasma_cell_percent(result)
    cells = _number(result.n_plasma_cells) + (
        f" ({percent:.3g} % of viable singlets)" if percent is not None else ""
    )
    last = exposure.last_dose_on if exposure else None
    acquired = result.acquired
    pairs = (
        (
            "quantified cells",
            f"{_cells(result)} {result.population.replace('_', ' ')}".strip(),
        ),
        (population_name(study_result.study), cells),
        ("of them aberrant", _number(result.n_aberrant)),
        ("second opinion", _second_opinion(result)),
        ("events, viable singlets", _both(result.n_events, result.n_viable_singlets)),
        ("collected", f"{sample.collected_on.isoformat()}, {sample.tissue}"),
        ("last dose", f"{last.isoformat()}, {_weeks(exposure)} weeks before" if last else "–"),
        *occupancy_pairs(result, study_result.occupancies.get(result.sample_id)),
        ("beads", sample.bead_run),
        ("instrument", " ".join(part for part in (acquired.instrument, acquired.serial) if part)),
        ("acquired", acquired.acquired_at),
        ("detector", _detector(result)),
        (
            "spillover",
            " ".join(part for part in (result.spillover_source, result.spillover_sha256[:12]) if part),
        ),
        ("gates set by", reviewers(study_result.study, sample)),
        ("repaired", "; ".join(result.repairs)),
        ("status in rd_samples.csv", result.receptor.status.value),
        *((path, digest[:16]) for path, digest in result.sha256),
    )
    return tuple((name, text) for name, text in pairs if text and text != "–")


def _cells(result: SampleResult) -> str:
    """Return how many cells the density rests on; a dash where the tube could not be read."""
    return "–" if result.n_events is None else count(result.receptor.n_cells)


def _second_opinion(result: SampleResult) -> str:
    """Return the result of the second gating; empty where the study did not request one."""
    second = result.second_opinion
    return "" if second is None else f"{count(second.n_cells)} cells, agreement {second.agreement:.2f}"


def _detector(result: SampleResult) -> str:
    voltage, gain = result.acquired.voltage, result.acquired.gain
    parts = [result.quantified_channel]
    parts += [f"{voltage:g} V"] if voltage is not None else []
    parts += [f"gain {gain:g}"] if gain is not None else []
    return ", ".join(part for part in parts if part)


def _number(value: int | None) -> str:
    return "–" if value is None else count(value)


def _both(first: int | None, second: int | None) -> str:
    return "–" if first is None else f"{count(first)}, {_number(second)}"


def _budget(result: SampleResult) -> tuple[tuple[str, str, str], ...]:
    """Return (shade, name, share) of every term, in the same order in every tube."""
    return tuple(
        (SHADES[term.name], term.name.value, f"{100 * term.share:.0f} %")
        for term in terms_in_order(result.receptor.budget)
        if term.share >= 0.005
    )


def _step_row(step: GateStep, wanted: str) -> tuple[str, ...]:
    thresholds = "; ".join(f"{channel} {count(value)}" for channel, value in step.thresholds)
    share = f"{100 * step.n_out / step.n_in:.3g} %" if step.n_in else "–"
    return (
        *(step_title(step.name, wanted), count(step.n_in), count(step.n_out), share, words_of(step.methods)),
        *(thresholds, f"{step.confidence:.2f}", step.note),
    )


def _gates(result: SampleResult, labels: Mapping[str, str], wanted: str) -> str:
    if not result.pictures:
        return ""
    words = ", ".join(f"{step_title(step.name, wanted)} {step.n_out} of {step.n_in}" for step in result.steps)
    panels = gating_panels(result.pictures, result.steps, labels, wanted=wanted)
    return gating_html(panels, f"Gating of {result.sample_id}: {words}", f"gating_{result.sample_id}")


def _cd38_svg(result: SampleResult, curve: StandardCurve | None, labels: Mapping[str, str]) -> str:
    picture = cd38_of(result, curve, labels)
    if picture is None:
        return ""
    median, control = rounded_text(result.receptor.median_mfi), rounded_text(result.receptor.background_mfi)
    words = f"Quantified channel of {result.sample_id}: median {median}, control {control}"
    return in_page(picture, words, name=f"cd38_{result.sample_id}")
