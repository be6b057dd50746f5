"""The items of MIFlowCyt 1.0 (Lee et al. 2008, doi:10.1002/cyto.a.20623), each with its source.

An item that neither the sheets nor the files tell is named as one to be typed: it is never left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from gating.events.panel import UNSTAINED_ROLES, Role
from pipeline.assembly.study_result import StudyResult
from pipeline.fcs.acquisition import Acquired
from pipeline.output.report.record.head import single_line
from pipeline.output.report.record.methods import word_list
from pipeline.quantification.result import SampleResult
from pipeline.study.study import Panel, PanelChannel

NOT_IN_FILES: Final = "not in the files: type it"
NOT_READ: Final = "not read from the files: type it"
_SETTINGS: Final = {"1.1": "comment", "1.4": "lab", "1.5": "operator", "2.2": "lyse_reagent"}
"""Items that a setting tells."""
FROM_SHEETS, FROM_FCS_FILES, FROM_THIS_RUN = "sheets", "FCS files", "this run"
_SCALES: Final = "arcsinh for gating and pictures; medians and thresholds in linear, compensated units"


@dataclass(frozen=True, slots=True)
class MiflowcytItem:
    """An item of the list: its number and name there, what is known, and where that is from ("": to type)."""

    number: str
    name: str
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Reagent:
    """A stained channel: what it measures, and how its detector was set."""

    panel: str
    marker: str
    clone: str
    fluorochrome: str
    channel: str
    detector: str


def miflowcyt(study_result: StudyResult) -> tuple[MiflowcytItem, ...]:
    """Return the items of the list in its order; reagents and detectors are a table of their own."""
    study, results = study_result.study, study_result.results
    settings = study.settings
    read = [result for result in results if result.acquired.instrument or result.steps]
    acquired = [result.acquired for result in read]
    days = sorted(where.acquired_at[:10] for where in acquired if where.acquired_at)
    runs = study_result.calibrations
    items = (
        ("1.1", "purpose", single_line(settings.comment), FROM_SHEETS),
        ("1.4", "organization", single_line(settings.lab), FROM_SHEETS),
        ("1.5", "primary contact", single_line(settings.operator), FROM_SHEETS),
        ("1.6", "date", " to ".join(dict.fromkeys((days[0], days[-1]))) if days else "", FROM_FCS_FILES),
        ("1.8", "quality control", _quality(study_result), FROM_THIS_RUN),
        ("2.1", "sample description", _samples(study_result), FROM_SHEETS),
        ("2.2", "sample treatment", _lysed(settings.lyse_reagent), FROM_SHEETS),
        ("2.3", "fluorescence reagents", _reagents_known(study.panels), FROM_SHEETS),
        ("3.1, 3.2", "cytometer", _counted_words(_instrument(where) for where in acquired), FROM_FCS_FILES),
        ("3.2", "acquisition software", _counted_words(where.software for where in acquired), FROM_FCS_FILES),
        ("3.3", "light sources, filters, optical paths", "", FROM_FCS_FILES),
        ("3.3.5", "detectors and voltages", _voltages_known(read), FROM_FCS_FILES),
        ("4.1", "list mode files", _files(study_result), FROM_THIS_RUN),
        ("4.2", "compensation", _compensation(read), FROM_THIS_RUN),
        ("4.3", "data transformation", _SCALES if read else "", FROM_THIS_RUN),
        ("4.4", "gating", _gating(read), FROM_THIS_RUN),
        ("", "calibration beads", _counted_words(_beads(run.kit, run.lot) for run in runs), FROM_SHEETS),
    )
    return tuple(
        MiflowcytItem(number, name, text or _lacking(number), source if text else "")
        for number, name, text, source in items
    )


def _lacking(number: str) -> str:
    """Return what to do where an item is not known."""
    if number in _SETTINGS:
        return f"not typed: setting {_SETTINGS[number]}"
    return NOT_READ if number == "3.3" else NOT_IN_FILES


def reagents(study_result: StudyResult) -> tuple[Reagent, ...]:
    """Return a row for each stained channel of each panel."""
    return tuple(
        Reagent(
            panel.name,
            channel.marker or channel.role,
            channel.clone,
            channel.fluorochrome,
            channel.name,
            _detector(panel, channel, study_result),
        )
        for panel in study_result.study.panels
        for channel in panel.channels
        if channel.role not in UNSTAINED_ROLES
    )


def _detector(panel: Panel, channel: PanelChannel, study_result: StudyResult) -> str:
    """Return the voltage of a channel, or the range of it, over the tubes of its panel."""
    tubes = {sample.sample_id for sample in study_result.study.samples if sample.panel == panel.name}
    mine = [result for result in study_result.results if result.sample_id in tubes]
    if channel.role == Role.CD38:
        volts = [result.acquired.voltage for result in mine]
    else:
        volts = [
            detector.voltage for r in mine for detector in r.detectors if detector.channel == channel.name
        ]
    voltages = sorted({volt for volt in volts if volt is not None})
    return (
        " to ".join(f"{volt:g}" for volt in dict.fromkeys((voltages[0], voltages[-1]))) + " V"
        if voltages
        else ""
    )


def _counted_words(words: Iterable[str]) -> str:
    """Return different words, each with how often it is there where not all are the same."""
    counts = Counter(word for word in words if word)
    return "; ".join(word if len(counts) == 1 else f"{word} ({n})" for word, n in counts.items())


def _instrument(acquired: Acquired) -> str:
    return " ".join(part for part in (acquired.instrument, acquired.serial) if part)


def _beads(kit: str, lot: str) -> str:
    return f"{kit}, lot {lot}" if lot else kit


def _quality(study_result: StudyResult) -> str:
    n = len(study_result.calibrations)
    usable = sum(run.curve is not None for run in study_result.calibrations)
    return f"bead runs: {n}, of them {usable} with a curve; see Bead runs" if n else ""


def _samples(study_result: StudyResult) -> str:
    samples = study_result.study.samples
    tissues = Counter(sample.tissue for sample in samples)
    patients = len({sample.patient_id for sample in samples})
    return f"{word_list(f'{n} of {tissue}' for tissue, n in tissues.items())}; {patients} patients"


def _lysed(reagent: str) -> str:
    return f"red cells lysed with {single_line(reagent)}" if reagent else ""


def _reagents_known(panels: Sequence[Panel]) -> str:
    stained = [
        channel for panel in panels for channel in panel.channels if channel.role not in UNSTAINED_ROLES
    ]
    lacking = sum(not (channel.marker and channel.clone and channel.fluorochrome) for channel in stained)
    if not stained:
        return ""
    lacks = f"; marker, clone or fluorochrome of {lacking} is not typed" if lacking else ""
    return f"{len(stained)} channels in the table below{lacks}; makers and catalogue numbers: type them"


def _voltages_known(read: Sequence[SampleResult]) -> str:
    has_voltage = any(result.acquired.voltage is not None for result in read)
    return "in the table below" if has_voltage or any(r.detectors for r in read) else ""


def _files(study_result: StudyResult) -> str:
    provenance = study_result.provenance
    n = sum(path.lower().endswith((".fcs", ".lmd")) for path, _ in provenance.inputs) if provenance else 0
    return f"{n} FCS files, named with their SHA-256 under About" if n else ""


def _compensation(read: Sequence[SampleResult]) -> str:
    return _counted_words(result.spillover_source or "no matrix applied" for result in read)


def _gating(read: Sequence[SampleResult]) -> str:
    gated = sum(bool(result.steps) for result in read)
    if not gated:
        return ""
    return f"{gated} tubes; steps, counts and pictures in the cards, boundaries in gates/ (GatingML 2.0)"
