"""The list of all checks of a study, and the functions that run them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.checks.acquisition import beads_unlike_tube, controls_unlike_tube
from pipeline.checks.bead_age import bead_age, dates_that_disagree
from pipeline.checks.channels import (
    absent_channels,
    contradicting_markers,
    control_channels,
    doubled_channels,
    shared_channels,
)
from pipeline.checks.compensation import (
    compensated_panels,
    control_detectors,
    mixed_compensation,
    named_spillover,
    own_matrices,
)
from pipeline.checks.findings import Finding, TubeFindings
from pipeline.checks.gates import gate_files, gate_names
from pipeline.checks.headers import Headers, read_headers, unusable_files
from pipeline.checks.hosts import antibody_hosts
from pipeline.checks.identity.all_identities import identities
from pipeline.checks.plausibility import PLAUSIBILITY
from pipeline.checks.reviewer_decisions import decisions_of_reviewers
from pipeline.checks.typed import (
    bead_channels,
    bead_levels,
    bead_ranges,
    collected_before_doses,
    unsuited_kits,
    unused_runs,
)
from pipeline.study.faults import Fault, Severity, in_reading_order, stops_run
from pipeline.study.sheets.reading import read_typed, study_of
from pipeline.study.sheets.sound import sound_part
from pipeline.study.sheets.typed import TypedStudy
from pipeline.study.study import Study

log = logging.getLogger(__name__)

STUDY_CHECKS: tuple[Callable[[Study, Headers], Iterable[Finding]], ...] = (
    unusable_files,
    identities,
    absent_channels,
    shared_channels,
    doubled_channels,
    control_channels,
    contradicting_markers,
    bead_channels,
    bead_levels,
    bead_ranges,
    unsuited_kits,
    antibody_hosts,
    beads_unlike_tube,
    controls_unlike_tube,
    bead_age,
    dates_that_disagree,
    collected_before_doses,
    unused_runs,
    named_spillover,
    own_matrices,
    mixed_compensation,
    control_detectors,
    compensated_panels,
    gate_files,
    gate_names,
    decisions_of_reviewers,
    *PLAUSIBILITY,
)


def study_findings(study: Study, headers: Headers | None = None) -> tuple[Finding, ...]:
    """Run every check.

    Parameters
    ----------
    study
        The study as read, without a fault that stops the run.
    headers
        The headers of the files (`read_headers`); None: they are read here. No events are read.
    """
    file_headers = read_headers(study) if headers is None else headers
    findings = tuple(finding for check in STUDY_CHECKS for finding in check(study, file_headers))
    log.info("the checks of the files have findings: %d", len(findings))
    return findings


def check_study(study: Study, headers: Headers | None = None) -> tuple[Fault, ...]:
    """Return every fault between the sheets and the files, sorted.

    A fault that a person must correct or accept stops the run (ERROR). A fault of a single file fails its row
    (TUBE).
    """
    return _faults_of(study_findings(study, headers))


def check_folder(folder: Path, only: Collection[str] | None = None) -> tuple[Study | None, tuple[Fault, ...]]:
    """Read the sheets of a study folder and check its files, even if the sheets have faults.

    Parameters
    ----------
    folder
        The study folder.
    only
        The sheets to read; None: all.

    Returns
    -------
    study
        None if a fault of the sheets stops the run.
    faults
        The faults of the sheets, and of the files that sound rows name.
    """
    study, faults, _ = folder_with_findings(folder, only)
    return study, faults


def folder_with_findings(
    folder: Path, only: Collection[str] | None = None
) -> tuple[Study | None, tuple[Fault, ...], tuple[Finding, ...]]:
    """Return the study and faults of `check_folder`, and the findings of the checks."""
    typed, faults = read_typed(folder, only)
    return (None, faults, ()) if typed is None else typed_with_findings(typed, faults)


def typed_with_findings(
    typed: TypedStudy, faults: Sequence[Fault]
) -> tuple[Study | None, tuple[Fault, ...], tuple[Finding, ...]]:
    """Return what `folder_with_findings` does, from sheets that were read before.

    Parameters
    ----------
    typed, faults
        The results of `read_typed`.
    """
    if not stops_run(faults):
        study = study_of(typed)
        findings = study_findings(study)
        return study, _without_echoes((*faults, *_faults_of(findings))), findings
    checked = check_study(study_of(sound_part(typed, faults)))
    grave = (fault for fault in checked if fault.severity is not Severity.WARNING)
    return None, _without_echoes((*faults, *grave)), ()


def sound_folder(folder: Path) -> tuple[Study | None, tuple[Fault, ...], tuple[Finding, ...]]:
    """Return the sound part of a study with every fault and finding, to inspect it without a run.

    Without a fault that stops a run, it is the whole study. It is None if no sheet can be read.
    """
    typed, faults = read_typed(folder, None)
    if typed is None:
        return None, faults, ()
    study = study_of(sound_part(typed, faults) if stops_run(faults) else typed)
    findings = study_findings(study)
    return study, _without_echoes((*faults, *_faults_of(findings))), findings


def rechecked(
    study: Study, faults: Iterable[Fault], findings: Iterable[Finding]
) -> tuple[tuple[Fault, ...], tuple[Finding, ...]]:
    """Check the files of a study a second time, after the digest of each is known.

    Otherwise a file that was replaced between the first check and its digest could pass as sound.

    Parameters
    ----------
    study, faults, findings
        The results of `folder_with_findings`.

    Returns
    -------
    faults
        The faults of the sheets as before, and the faults of the files now.
    findings
        The findings of the checks now.
    """
    now, before = study_findings(study), set(_faults_of(findings))
    of_sheets = (fault for fault in faults if fault not in before)
    return _without_echoes((*of_sheets, *_faults_of(now))), now


def _without_echoes(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Return the faults, sorted, without warnings that an error on the same cell repeats."""
    listed = in_reading_order(faults)
    refused = {(fault.where, fault.expected) for fault in listed if fault.severity is Severity.ERROR}
    return tuple(
        fault
        for fault in listed
        if fault.severity is not Severity.WARNING or (fault.where, fault.expected) not in refused
    )


def _faults_of(findings: Iterable[Finding]) -> tuple[Fault, ...]:
    """Return the faults of the findings, each once, with the flag and the tubes of all its findings."""
    by_fault: dict[Fault, list[Finding]] = {}
    for finding in findings:
        if finding.fault:
            by_fault.setdefault(finding.fault, []).append(finding)
    return in_reading_order(
        replace(
            fault,
            flag=next((finding.flag for finding in alike if finding.flag), fault.flag),
            sample_ids=tuple(dict.fromkeys(finding.sample_id for finding in alike if finding.sample_id)),
        )
        for fault, alike in by_fault.items()
    )


def tube_findings(
    study: Study, findings_of_study: Sequence[Finding] | None = None
) -> Mapping[str, TubeFindings]:
    """Return for every sample_id the reason why it fails (or ""), and the flags and notes of its row.

    Parameters
    ----------
    study
        The study as read, without a fault that stops the run.
    findings_of_study
        The findings of `study_findings`; None: the checks run here.
    """
    by_tube: dict[str, list[Finding]] = {sample.sample_id: [] for sample in study.samples}
    for finding in study_findings(study) if findings_of_study is None else findings_of_study:
        if finding.sample_id:
            by_tube[finding.sample_id].append(finding)
    return {sample_id: _of_tube(findings) for sample_id, findings in by_tube.items()}


def _of_tube(findings: Iterable[Finding]) -> TubeFindings:
    listed = list(findings)
    return TubeFindings(
        failure="; ".join(dict.fromkeys(finding.note for finding in listed if finding.fails)),
        flags=tuple(dict.fromkeys(finding.flag for finding in listed if finding.flag)),
        notes=tuple(dict.fromkeys(finding.note for finding in listed if finding.note and not finding.fails)),
    )
