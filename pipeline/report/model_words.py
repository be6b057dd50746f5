"""What the models beyond the line say, in plain words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pipeline.figures.ticks import count
from pipeline.washout.estimate import Estimate, Refusal
from pipeline.washout.report import WashoutReport

_ADJUSTED: Final = {
    "adjusted_fold_imid_since": "an immunomodulatory drug since then",
    "adjusted_fold_prior_lines": "each prior line of therapy",
    "adjusted_fold_igg": "IgG myeloma",
}


def model_words(found: WashoutReport, name: str) -> tuple[str, ...]:
    """Return a sentence or two for each model beyond M0 and M1, and which one is preferred.

    Parameters
    ----------
    found
        The models.
    name
        Of the density: `free CD38`.
    """
    told = {estimate.name: estimate for estimate in found.estimates}
    said = [
        *_kit_words(told.values()),
        *_adjusted_words(told),
        *_mixed_words(told),
        *_recovery_words(told, name),
        *_total_words(found, told),
        *_wait_words(told.values(), name),
    ]
    return (*said, *([f"{found.choice.reason}; rule: {found.choice.rule}."] if found.choice else []))


def refusal_words(refused: Iterable[Refusal]) -> tuple[str, ...]:
    """Return what was not estimated and why, one sentence per reason.

    Examples
    --------
    >>> refusal_words([Refusal("M1", "no rows"), Refusal("M2", "no rows")])
    ('M1, M2 were not estimated: no rows.',)
    """
    by_reason: dict[str, list[str]] = {}
    for refusal in refused:
        by_reason.setdefault(refusal.reason, []).append(refusal.name.replace("_", " "))
    return tuple(
        f"{', '.join(names)} {'was' if len(names) == 1 else 'were'} not estimated: {reason}."
        for reason, names in by_reason.items()
    )


def _interval(estimate: Estimate, digits: int = 3) -> str:
    """`12.3 (95 % interval 8.1 to 20)`, a limit that the data do not set as ∞."""
    value, low, high = (
        count(float(f"{number:.{digits}g}")) if number is not None else "∞"
        for number in (estimate.value, estimate.low, estimate.high)
    )
    return f"{value} (95 % interval {low} to {high})"


def _kit_words(told: Iterable[Estimate]) -> list[str]:
    return [
        f"Kit {estimate.name.removeprefix('fold_kit_')} reads × {_interval(estimate)} of the usual kit."
        for estimate in told
        if estimate.name.startswith("fold_kit_")
    ]


def _adjusted_words(told: dict[str, Estimate]) -> list[str]:
    fold = told.get("adjusted_fold_per_doubling")
    if fold is None:
        return []
    others = [f"{words} × {_interval(told[name])}" for name, words in _ADJUSTED.items() if name in told]
    return [f"M1 adjusted. × {_interval(fold)} per doubling at the same {'; '.join(others)}."]


def _mixed_words(told: dict[str, Estimate]) -> list[str]:
    slope, alike = told.get("slope_random_intercept"), told.get("alike_within_patients")
    if slope is None or alike is None or alike.value is None:
        return []
    words = (
        f"M1 with a random intercept of the patient: {_interval(slope)} dex per doubling; "
        f"{100 * alike.value:.0f} % of the scatter is between patients."
    )
    return [words]


def _recovery_words(told: dict[str, Estimate], name: str) -> list[str]:
    plateau, half = told.get("plateau"), told.get("t50_weeks")
    if plateau is None or half is None:
        return []
    words = (
        f"M2. The median {name} comes back to a plateau of {_interval(plateau)} molecules per cell, "
        f"half of it after {_interval(half)} weeks. "
        "ρ, T and Kd cannot be separated by such data and are not told."
    )
    return [words]


def _total_words(found: WashoutReport, told: dict[str, Estimate]) -> list[str]:
    fold = told.get("total_fold_per_doubling")
    if fold is None:
        return []
    words = (
        "M3. Where the drug holds less than 90 %, free over the part that is not held gives the total: "
        f"× {_interval(fold)} per doubling, n = {fold.n}. {found.assumptions[0]}; {found.assumptions[1]}."
    )
    return [words]


def _wait_words(told: Iterable[Estimate], name: str) -> list[str]:
    return [_one_wait(estimate, name) for estimate in told if "weeks_until_" in estimate.name]


def _one_wait(wait: Estimate, name: str) -> str:
    model = "Wait by M2" if wait.name.startswith("recovery_") else "Wait by M1"
    share, _, level = wait.name.partition("weeks_until_")[2].partition("_percent_have_")
    who = "half of the patients have" if share == "50" else f"{share} % of the patients have"
    if wait.value is None:
        return f"{model}. When {who} {count(float(level))} {name} {wait.note}."
    note = f"; {wait.note}" if wait.note else ""
    return f"{model}. {who.capitalize()} {count(float(level))} {name} after {_interval(wait)} weeks{note}."
