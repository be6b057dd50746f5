"""Findings, which checks return: a fault for the person, and a flag and a note for the row of the tube."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.study.faults import Fault, Severity


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding of a check.

    Attributes
    ----------
    fault
        The fault in the list of faults; None if there is only a note in the row.
    sample_id
        The tube of the finding; "" if it is not about a single tube.
    flag, note
        Flag and note in the row of the tube.
    fails
        Whether the tube cannot be quantified because of the finding.
    """

    fault: Fault | None
    sample_id: str = ""
    flag: str = ""
    note: str = ""
    fails: bool = False


@dataclass(frozen=True, slots=True)
class TubeFindings:
    """The findings of a tube: the reason why it fails ("" if it does not), and flags and notes of its row."""

    failure: str = ""
    flags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def refusable(
    problem: str,
    expected: str,
    *,
    where: str,
    sample_id: str,
    flag: str,
    setting: str,
    reason: str,
    advice: str = "",
) -> Finding:
    """Return a finding that stops the run unless a setting gives a reason for accepting it.

    Parameters
    ----------
    setting, reason
        The name and the value of the setting; an empty value: not accepted.
    advice
        A hint that comes first; may be empty.
    """
    if reason:
        fault = Fault(where, problem, expected, f"Accepted: {reason}", Severity.WARNING)
        return Finding(fault, sample_id, flag, f"{problem}; accepted: {reason}")
    hint = f"{advice} If it is meant, give the reason in the setting {setting}.".lstrip()
    return Finding(Fault(where, problem, expected, hint), sample_id, flag, problem)


def warning(
    problem: str, expected: str, *, where: str, sample_id: str = "", flag: str = "", hint: str = ""
) -> Finding:
    """Return a finding with a warning."""
    fault = Fault(where, problem, expected, hint, Severity.WARNING)
    return Finding(fault, sample_id, flag, problem if sample_id else "")
