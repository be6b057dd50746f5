"""What a check returns: a fault for the person, a flag and a note for the row."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.study.faults import Fault, Severity


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check found.

    Attributes
    ----------
    fault
        What is listed; None where it is only noted in the row.
    sample_id
        The tube it touches; "" where it is about no single tube.
    flag, note
        What the tube's row says of it.
    fails
        Whether the tube cannot be quantified because of it.
    """

    fault: Fault | None
    sample_id: str = ""
    flag: str = ""
    note: str = ""
    fails: bool = False


@dataclass(frozen=True, slots=True)
class TubeFindings:
    """What the checks say of one tube: why it must fail ("" if it need not), flags and notes for its row."""

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
        The setting's name and what it holds; empty = not accepted.
    advice
        What to do first, where that is known.
    """
    if reason:
        fault = Fault(where, problem, expected, f"Accepted: {reason}", Severity.WARNING)
        return Finding(fault, sample_id, flag, f"{problem}; accepted: {reason}")
    hint = f"{advice} If it is meant, give the reason in the setting {setting}.".lstrip()
    return Finding(Fault(where, problem, expected, hint), sample_id, flag, problem)


def warning(
    problem: str, expected: str, *, where: str, sample_id: str = "", flag: str = "", hint: str = ""
) -> Finding:
    """Return a finding that somebody should look at."""
    fault = Fault(where, problem, expected, hint, Severity.WARNING)
    return Finding(fault, sample_id, flag, problem if sample_id else "")
