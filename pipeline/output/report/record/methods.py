"""The methods of a study in words, ready to paste: only what was done in this run, with its sources."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from calibration.beads.kits import bead_kit
from calibration.curve.fit import CurveModel
from calibration.curve.standard_curve import CurveVerdict
from calibration.density.budget import BetweenRunSource, BudgetTerm
from calibration.density.limits import LloqSource
from calibration.density.result import raw_estimate
from calibration.flags import CalibrationFlag
from gating.gates.all_steps import STEPS
from gating.thresholds.methods import Method
from pipeline.assembly.study_result import StudyResult
from pipeline.beads.result import CalibrationResult
from pipeline.fcs.spillover import KEYWORDS
from pipeline.output.report.record import sources as src
from pipeline.output.report.record.analysis_text import response_sentences, washout_sentences
from pipeline.output.report.record.sources import cited
from pipeline.quantification.result import SampleFlag, SampleResult
from pipeline.study.quantity_name import drug_of, marker_of, population_name
from pipeline.study.wording import capitalized

_WAYS: Final = {
    Method.VALLEY: "at the valley of the channel's density",
    Method.MIXTURE: "where two normal distributions cross",
    Method.CLUSTER: "between clusters in the space of all channels",
    Method.SPREAD: "by the spread of the negative cells",
    Method.BESIDE: "beside the clone",
    Method.LIGHT_CHAIN: "by the ratio of the light chains",
    Method.POOLED: "by the tubes acquired alike",
}
"""How a threshold was found, in words."""

_LIMITS: Final = {
    LloqSource.LOD: "the limit of detection",
    LloqSource.CV_LEVEL: "the lowest level with a CV of at most 30 %",
    LloqSource.LABORATORY: "the laboratory's own limit",
    LloqSource.LOWEST_BEAD: "the dimmest bead of the curve",
}

_CURVES: Final = {
    CurveModel.LOGLOG: "a straight line, by least squares, of log10 assigned value on log10 median",
    CurveModel.SLOPE1: "a line of slope 1, by least squares, of log10 assigned value on log10 median",
    CurveModel.AUTOFLUORESCENCE: "a line with a term for the beads' autofluorescence",
}


_OF_THE_FILE: Final = frozenset({*KEYWORDS, "$DFCiTOj"})
"""Keywords under which a file carries its own matrix."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of the methods."""

    title: str
    text: str


def methods(study_result: StudyResult) -> tuple[Paragraph, ...]:
    """Return the methods of a run, a paragraph per part; a part that was not done has none."""
    parts = (
        ("Samples and files", _files(study_result)),
        ("Gating", _gating(study_result)),
        ("Calibration", _calibration(study_result)),
        ("Receptor density", _density(study_result)),
        ("Washout", washout_sentences(study_result.washout)),
        ("Response", response_sentences(study_result.response)),
        ("Software", _software(study_result)),
    )
    written = ((title, " ".join(sentences)) for title, sentences in parts)
    return tuple(Paragraph(title, text) for title, text in written if text)


def word_list(words: Iterable[str]) -> str:
    """Return words as a list in a sentence.

    Examples
    --------
    >>> word_list(["a"]), word_list(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    *first, last = list(words) or [""]
    return f"{', '.join(first)} and {last}" if first else last


def in_how_many(n: int, n_all: int, noun: str = "tubes") -> str:
    """Return `` where all are meant, else ` (3 of 12 tubes)`."""
    return "" if n == n_all else f" ({n} of {n_all} {noun})"


def _files(study_result: StudyResult) -> Iterator[str]:
    results = study_result.results
    patients = {sample.patient_id for sample in study_result.study.samples}
    tissues = word_list(dict.fromkeys(sample.tissue for sample in study_result.study.samples))
    read = [result for result in results if result.steps]
    lost = len(results) - len(read)
    yield (
        f"{_number_of(len(results), 'tube')} of {_number_of(len(patients), 'patient')} ({tissues}) came as "
        f"FCS files{f'; {lost} of them could not be gated' if lost else ''}."
    )
    applied = Counter(_matrix(result.spillover_source) for result in read)
    for name, n in applied.items():
        where = in_how_many(n, len(read))
        if name:
            yield f"Fluorescence was compensated with {name}{where}{cited([src.COMPENSATION])}."
        else:
            yield f"No spillover matrix was applied{where}."


def _matrix(source: str) -> str:
    """Return whose matrix it was, in words; "" for none."""
    return f"each file's own matrix ({source})" if source in _OF_THE_FILE else source


def _gating(study_result: StudyResult) -> Iterator[str]:
    read = [result for result in study_result.results if result.steps]
    if not read:
        return
    study, n = study_result.study, len(read)
    drawn = [r for r in read if SampleFlag.GATES_FROM_FILE in r.flags]
    automatic = [r for r in read if SampleFlag.GATES_FROM_FILE not in r.flags]
    marker, wanted = marker_of(study), population_name(study)
    if automatic:
        yield from _automatic(automatic, n, marker, wanted)
    if drawn:
        yield (
            f"The gates were drawn by a person in another program{in_how_many(len(drawn), n)} and read as "
            f"FlowJo workspace or GatingML 2.0{cited([src.GATINGML])}; none of them looks at {marker}."
        )
    by_person = [r for r in read if SampleFlag.GATE_SET_BY_PERSON in r.flags]
    if by_person:
        yield f"A person set at least one threshold by hand{in_how_many(len(by_person), n)}."
    split = [r for r in read if r.is_of_clone]
    if split:
        yield (
            f"Aberrant {wanted} were distinguished from normal ones by their "
            f"phenotype{cited([src.ABERRANT_PHENOTYPE])} and quantified in their "
            f"place{in_how_many(len(split), n)}."
        )
    second = [r for r in read if r.second_opinion is not None]
    if second:
        yield f"A second, independent gating was compared with the gates{in_how_many(len(second), n)}."


def _automatic(tubes: Sequence[SampleResult], n: int, marker: str, wanted: str) -> Iterator[str]:
    """Yield what the automatic gates left out, and how their thresholds were found."""
    done = {step.name for tube in tubes for step in tube.steps if step.methods != (Method.NONE,)}
    out = [kind.leaves_out for kind in STEPS if kind.leaves_out and kind.step in done]
    yield (
        f"{capitalized(wanted)} were gated automatically{in_how_many(len(tubes), n)}, on scatter "
        f"and markers but never on {marker}"
        + (f"; {word_list(out)} were left out first" if out else "")
        + f"{cited([src.ABERRANT_PHENOTYPE])}."
    )
    used = {way for tube in tubes for step in tube.steps for way in step.methods}
    ways = [words for way, words in _WAYS.items() if way in used]
    if ways:
        source = cited([src.DENSITY_PEAKS] if Method.CLUSTER in used else [])
        yield f"Thresholds were set {word_list(ways)}{source}."


def _calibration(study_result: StudyResult) -> Iterator[str]:
    runs = study_result.calibrations
    for kit, lot in dict.fromkeys((run.kit, run.lot) for run in runs):
        same = [run for run in runs if (run.kit, run.lot) == (kit, lot)]
        of_lot = f", lot {lot}," if lot else ""
        yield (
            f"{bead_kit(kit).title} beads{of_lot} were acquired in {_number_of(len(same), 'run')} on "
            f"{word_list(dict.fromkeys(run.channel for run in same))}; {bead_kit(kit).arithmetic}."
        )
    curves = [run.curve for run in runs if run.curve]
    for model in dict.fromkeys(curve.model for curve in curves):
        source = cited([src.BEAD_AUTOFLUORESCENCE] if model is CurveModel.AUTOFLUORESCENCE else [])
        yield f"The standard curve was {_CURVES[model]}{source}."
    if curves:
        yield _accepted(runs)
    if any(CalibrationFlag.CROSS_CALIBRATED in run.flags for run in runs):
        carried = sum(CalibrationFlag.CROSS_CALIBRATED in run.flags for run in runs)
        yield f"In {_number_of(carried, 'run')} the curve of another day was carried over by rainbow beads."
    if any(run.drift for run in runs):
        yield (
            "Bead runs were compared with earlier ones of the instrument on a control "
            f"chart{cited([src.CONTROL_CHART, src.WESTGARD])}."
        )


def _accepted(runs: Sequence[CalibrationResult]) -> str:
    verdicts = Counter(run.curve.verdict if run.curve else CurveVerdict.REJECT for run in runs)
    counts = (
        (verdicts[CurveVerdict.ACCEPT], "accepted"),
        (verdicts[CurveVerdict.WARN], "accepted with a warning"),
        (verdicts[CurveVerdict.REJECT], "rejected, or without a curve"),
    )
    words_of_verdicts = ", ".join(f"{n} {words}" for n, words in counts if n)
    return (
        f"By slope, r² and back-calculated errors, of {_number_of(len(runs), 'curve')}: {words_of_verdicts}."
    )


def _density(study_result: StudyResult) -> Iterator[str]:
    with_density = [result for result in study_result.results if raw_estimate(result.receptor) is not None]
    if not with_density:
        return
    marker, drug = marker_of(study_result.study), drug_of(study_result.study)
    kinds = Counter(result.background_kind or "control" for result in with_density)
    controls = word_list(f"{kind}{in_how_many(n, len(with_density))}" for kind, n in kinds.items())
    yield (
        f"The density of {marker} is the median fluorescence of the gated cells in antibodies bound per "
        f"cell, minus that of the same cells of the control tube ({controls}), with the bias of subtracting "
        "medians removed."
    )
    if any(panel.quantified.competes_with_drug for panel in study_result.study.panels):
        clones = dict.fromkeys(
            panel.quantified.clone or "the clone"
            for panel in study_result.study.panels
            if panel.quantified.competes_with_drug
        )
        compete = "competes" if len(clones) == 1 else "compete"
        yield f"{capitalized(word_list(clones))} {compete} with {drug}, so these are sites free of it."
    sources = dict.fromkeys(result.receptor.lloq_from for result in with_density)
    if limits := [_LIMITS[source] for source in sources if source in _LIMITS]:
        highest = ", whichever was highest in a tube" if len(limits) > 1 else ""
        yield f"The lower limit of quantification was {word_list(limits)}{highest}."
    yield from _interval(with_density)
    pooled = sum(visit.receptor.n_pooled > 1 for visit in study_result.visits)
    if pooled:
        yield f"Replicates were pooled as geometric means ({_number_of(pooled, 'visit')})."


def _interval(with_density: Sequence[SampleResult]) -> Iterator[str]:
    """Yield what the interval of a density holds."""
    terms = {term.name for result in with_density for term in result.receptor.budget}
    parts = [term.value for term in BudgetTerm if term in terms]
    if parts:
        yield f"Intervals of 95 % combine these errors: {word_list(parts)}."
    between = Counter((r.receptor.between_run_from, r.receptor.between_run_cv) for r in with_density)
    for (source, cv), n in between.items():
        if source is not BetweenRunSource.NONE and cv:
            why = cited([src.CD4_BETWEEN_RUNS] if source is BetweenRunSource.ASSUMED else [])
            where = in_how_many(n, len(with_density))
            yield f"The CV between runs was {100 * cv:.3g} %, {source.value}{where}{why}."


def _software(study_result: StudyResult) -> Iterator[str]:
    provenance = study_result.provenance
    if provenance is None:
        return
    libraries = dict(provenance.libraries)
    named = [f"{name} {libraries[name]}" for name in ("numpy", "scipy") if name in libraries]
    yield (
        f"All was computed by {provenance.program} (code {provenance.code_sha256[:12]}) with "
        f"{word_list([f'Python {provenance.python}', *named])}; research use only."
    )


def _number_of(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n:,} {noun}s"
