"""The sheets of a copy: every cell is written from a parsed value; no cell is copied as typed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import date, time
from typing import Any

from pipeline.deid.drug_words import drug_in_copy, refractory_in_copy
from pipeline.deid.key import Key, PseudonymKind
from pipeline.deid.reagent_words import reagent
from pipeline.study.cells.concentrations import Concentration
from pipeline.study.cells.numbers import MOST_WRITTEN_WHOLE
from pipeline.study.drugs import listed_names
from pipeline.study.names.look import folded_name
from pipeline.study.settings import Settings
from pipeline.study.study import BeadRun, Dose, GateOverride, PanelChannel, Patient, Sample, Study

SheetRows = tuple[dict[str, str], ...]
"""One dict per row: column → cell."""

OLDEST_AGE_KEPT = 90
"""Higher ages are replaced by this one, since old people are rare and so identifiable. Convention: 45 CFR
164.514(b)(2)(i)(C)."""

_CODES = re.compile(
    r"(?:ig)?[agmde]|light|kappa|lambda|lc|[ivx]{1,4}|[1-4]|r-?iss|low|high|standard|intermediate|progression|death",
    re.IGNORECASE,
)
"""Allowed words in free-text columns: any other text is left out."""

_ARM = r"\(?\d{1,2}[pq]\d{0,2}(?:\.\d)?\)?-?"
_CHANGE = r"(?:(?:del|gain|amp|dup|trisomy|monosomy|loss of)\s*)"
_STATE = (
    r"neg(?:ative)?|pos(?:itive)?|n\.?\s?d\.?|not (?:done|found|detected)|found|detected|absent|present|[+-]"
    r"|\(?\d{1,3}\s?%\)?"
)
_ABNORMALITY = re.compile(
    rf"(?:{_CHANGE}?\+?{_ARM}|{_CHANGE}\(?\d{{1,2}}\)?(?:\([pq]\d{{1,2}}\))?|t\s*\(\d{{1,2}};\d{{1,2}}\)"
    r"|(?:hyper|hypo)?diploid\w{0,2}|tp53|normal|none|not done|n\.?\s?d\.?|unknown"
    rf"|(?:high|standard|low)[ -]risk)(?:\s*(?:{_STATE}))?",
    re.IGNORECASE,
)
"""A name of an abnormality, with a word for present or absent. A cell is kept whole or not at all: half of
`neg for a, b` would mean the opposite."""

_AND = re.compile(r"[;,\n](?![^(]*\))")

_AS_THEY_ARE = (
    "tissue", "best_response", "sex", "unit", "route", "role", "target", "kit", "lot", "ada_on_treatment",
)  # fmt: skip
"""Columns with a fixed list of values, and the lot of the beads."""

_STOPPED = "discontinuation_reason"
_OTHER_REASON = "another reason"
_WORDS = ("heavy_chain", "iss_stage", "cytogenetic_risk", _STOPPED)
_REAGENTS = ("marker", "fluorochrome", "clone", "host")
_GROUPS = ("specimen", "day", "run", "method")
_REASONS = ("accept_instrument_mismatch", "accept_voltage_mismatch", "accept_bead_age")
_REASON = "accepted; the reason is not copied"


def sample_rows(study: Study, key: Key, files: Mapping[tuple[str, str], str]) -> SheetRows:
    """Return the samples sheet.

    Parameters
    ----------
    files
        (sample_id, column) → file in the copy.
    """
    return tuple(_sample(sample, key, files) for sample in study.samples)


def _sample(sample: Sample, key: Key, files: Mapping[tuple[str, str], str]) -> dict[str, str]:
    patient = sample.patient_id
    return {
        "sample_id": key.name(PseudonymKind.SAMPLE, sample.sample_id),
        "patient_id": key.name(PseudonymKind.PATIENT, patient),
        "collected_on": key.shifted(patient, sample.collected_on).isoformat(),
        "panel": key.name(PseudonymKind.PANEL, sample.panel),
        "beads": key.name(PseudonymKind.BEADS, sample.bead_run),
        "visit": key.name(PseudonymKind.VISIT, sample.visit),
        "tissue": sample.tissue,
        "collected_time": _cell(sample.collected_time),
        "serum_washed_out_ug_ml": _level(sample.serum_washed_out_ug_ml),
        "serum_study_drug_ug_ml": _level(sample.serum_study_drug_ug_ml),
        **{
            name: files.get((sample.sample_id, name), "") for name in ("fcs_file", "fmo_file", "isotype_file")
        },
    }


def _level(level: Concentration | None) -> str:
    """Return a serum level of a drug as a lab types it: a number, or the limit of its assay."""
    return "" if level is None else f"{'<' if level.is_below else ''}{_cell(level.value)}"


def panel_rows(study: Study, key: Key) -> SheetRows:
    """Return the panels sheet; antigen, dye and clone are kept if they look like names of reagents."""
    return tuple(
        {"panel": key.name(PseudonymKind.PANEL, panel.name), **_channel(channel, key)}
        for panel in study.panels
        for channel in panel.channels
    )


def _channel(channel: PanelChannel, key: Key) -> dict[str, str]:
    cells = {f.name: _cell(getattr(channel, f.name)) for f in fields(channel) if f.name != "aliases"}
    cells |= {name: reagent(cells[name], key) for name in _REAGENTS if cells.get(name)}
    return {"channel": "; ".join(channel.aliases), **cells}


def bead_rows(study: Study, key: Key, files: Mapping[str, str]) -> SheetRows:
    """Return the beads sheet without dates, since patients with different shifts share a bead run."""
    return tuple(_bead_run(run, key, files[run.name]) for run in study.bead_runs)


def _bead_run(run: BeadRun, key: Key, file: str) -> dict[str, str]:
    return {
        "beads": key.name(PseudonymKind.BEADS, run.name),
        "fcs_file": file,
        "kit": run.kit,
        "lot": reagent(run.lot, key),
        "channel": run.channel,
        "levels": "; ".join(map(_cell, run.levels)),
        "assigned_cv": _cell(run.assigned_cv),
        "ranges": "; ".join(f"{_cell(low)}-{_cell(high)}" for low, high in run.ranges),
        "transfer_from": "; ".join(key.name(PseudonymKind.BEADS, name) for name in run.transfer_names),
        "captures": reagent(run.captures, key),
    }


def dose_rows(study: Study, key: Key) -> SheetRows:
    """Return the doses sheet."""
    return tuple(_dose(dose, study, key) for dose in study.doses)


def _dose(dose: Dose, study: Study, key: Key) -> dict[str, str]:
    return {
        "patient_id": key.name(PseudonymKind.PATIENT, dose.patient_id),
        "given_on": key.shifted(dose.patient_id, dose.given_on).isoformat(),
        "drug": drug_in_copy(dose.drug, study.settings, key),
        **{
            name: _cell(getattr(dose, name))
            for name in ("dose", "unit", "route", "serum_trough_ug_ml", "given_time")
        },
    }


def patient_rows(study: Study, key: Key) -> SheetRows:
    """Return the patients sheet."""
    return tuple(_patient(patient, study, key) for patient in study.patients)


def _patient(patient: Patient, study: Study, key: Key) -> dict[str, str]:
    cells = {
        f.name: _of_patient(patient, f.name, study, key) for f in fields(patient) if f.name != "patient_id"
    }
    return {"patient_id": key.name(PseudonymKind.PATIENT, patient.patient_id), **cells}


def _of_patient(patient: Patient, column: str, study: Study, key: Key) -> str:
    value = getattr(patient, column)
    if isinstance(value, date):
        return key.shifted(patient.patient_id, value).isoformat()
    if column == "age" and value is not None:
        return _cell(min(value, OLDEST_AGE_KEPT))
    if column == "refractory_to":
        return refractory_in_copy(value, study.settings, key)
    if column == "site":
        return key.name(PseudonymKind.SITE, value)
    if column == "cytogenetics":
        return value if is_abnormalities_alone(value) else ""
    if column in _WORDS:
        is_known = all(map(_CODES.fullmatch, re.findall(r"\S+", value)))
        # A reason that is left out would mean that the treatment goes on.
        return value if is_known else _OTHER_REASON if column == _STOPPED else ""
    return _cell(value) if column in _AS_THEY_ARE or not isinstance(value, str) else ""


def is_abnormalities_alone(typed: str) -> bool:
    """Return whether a cytogenetics cell holds only abnormalities, each with present or absent.

    Examples
    --------
    >>> is_abnormalities_alone("del17p; t(4;14) neg"), is_abnormalities_alone("del17p, told by Dr Smith")
    (True, False)
    """
    parts = [part.strip() for part in _AND.split(typed)]
    return all(_ABNORMALITY.fullmatch(part) for part in parts if part)


def validation_rows(study: Study, key: Key) -> SheetRows:
    """Return the validation sheet; materials, days, runs and methods get pseudonyms."""
    return tuple(
        {
            **{f.name: _cell(getattr(tube, f.name)) for f in fields(tube)},
            "sample_id": key.name(PseudonymKind.SAMPLE, tube.sample_id),
            **{name: key.name(PseudonymKind.GROUP, getattr(tube, name)) for name in _GROUPS},
        }
        for tube in study.validation
    )


def adverse_event_rows(study: Study, key: Key) -> SheetRows:
    """Return the sheet of adverse events, without typed words."""
    return tuple(
        {
            "patient_id": key.name(PseudonymKind.PATIENT, event.patient_id),
            "grade": _cell(event.grade),
            "related": _cell(event.related),
        }
        for event in study.adverse_events
    )


def gate_rows(study: Study, key: Key) -> SheetRows:
    """Return the gates sheet, including the gates of review.csv."""
    markers = {channel.marker for panel in study.panels for channel in panel.channels if channel.marker}
    copies = {folded_name(marker): copy for marker in markers if (copy := reagent(marker, key)) != marker}
    return tuple(_gate(gate, copies, key) for gate in study.gates)


def _gate(gate: GateOverride, copies: Mapping[str, str], key: Key) -> dict[str, str]:
    def in_copy(name: str) -> str:
        return copies.get(folded_name(name), name)

    polygon = gate.polygon and replace(gate.polygon, x=in_copy(gate.polygon.x), y=in_copy(gate.polygon.y))
    return {
        "sample_id": key.name(PseudonymKind.SAMPLE, gate.sample_id),
        "gate": in_copy(gate.gate),
        "value": "" if gate.value is None else _cell(gate.value),
        "polygon": str(polygon or ""),
        "set_by": key.name(PseudonymKind.PERSON, gate.set_by),
        "reason": "set by a person; the reason is not copied",
    }


def setting_rows(study: Study, key: Key, spillover_file: str) -> SheetRows:
    """Return the settings that differ from the default: numbers, choices, and known texts."""
    plain = Settings()
    cells: dict[str, str] = {}
    for name in Settings.model_fields:
        value = getattr(study.settings, name)
        if value != getattr(plain, name):
            cells[name] = _setting(name, value, study, key, spillover_file)
    return tuple({"name": name, "value": value} for name, value in cells.items() if value)


def _setting(name: str, value: object, study: Study, key: Key, spillover_file: str) -> str:
    if name in _REASONS:
        return _REASON
    if name == "spillover_file":
        return spillover_file
    if name == "compensated_panels":
        names = [name_part.strip() for name_part in str(value).split(";")]
        return "; ".join(
            name_part if name_part == "all" else key.name(PseudonymKind.PANEL, name_part)
            for name_part in names
            if name_part
        )
    if name in ("washed_out_drug", "study_drug", "imid_drugs"):
        drugs = [drug_in_copy(name_part, study.settings, key) for name_part in listed_names(str(value))]
        return "; ".join(dict.fromkeys(drugs))
    if name == "keep_in_models":
        return str(value)  # a list of words that the program knows
    if isinstance(value, str):
        facts = Settings.model_fields[name].json_schema_extra
        choices = facts.get("choices") if isinstance(facts, dict) else None
        return value if isinstance(choices, list) and value in choices else ""
    return _cell(value)


def columns_of(rows: Iterable[Mapping[str, str]]) -> Sequence[str]:
    """Return the columns that are not empty, in order."""
    listed = list(rows)
    names = dict.fromkeys(name for row in listed for name in row)
    return [name for name in names if any(row.get(name) for row in listed)]


def _cell(value: Any) -> str:
    """Return a value as a user types it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return repr(int(value)) if value == int(value) and abs(value) < MOST_WRITTEN_WHOLE else repr(value)
    if isinstance(value, time):
        return value.isoformat()
    return str(value)
