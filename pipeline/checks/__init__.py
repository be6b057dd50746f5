"""Checks of the sheets against the files: small functions that return findings and never raise."""

from pipeline.checks.all_checks import (
    check_folder,
    check_study,
    folder_with_findings,
    rechecked,
    sound_folder,
    study_findings,
    tube_findings,
    typed_with_findings,
)
from pipeline.checks.findings import Finding, TubeFindings
from pipeline.checks.headers import Headers, read_headers

__all__ = [
    "Finding",
    "Headers",
    "TubeFindings",
    "check_folder",
    "check_study",
    "folder_with_findings",
    "read_headers",
    "rechecked",
    "sound_folder",
    "study_findings",
    "tube_findings",
    "typed_with_findings",
]
