"""The strength of evidence in a plain sentence, which is reported with every p value and every ratio."""

from __future__ import annotations

from typing import Final

from pipeline.study.wording import capitalized

FEW_EVENTS: Final = 10
"""With fewer patients with the outcome, or without it, the answer depends on one or two of them (ten events
per variable, Peduzzi 1996, doi:10.1016/S0895-4356(96)00236-3). Convention: the paper's rule of ten."""

NARROW: Final = 2.0
"""An interval within this factor around 1, up and down, rules out a large difference. Convention: half or
twice the odds is what clinicians call a large difference."""

SIGNIFICANCE: Final = 0.05
"""p below which a test is usually called significant. Convention: one in twenty, as in the trials."""

_SEVERAL: Final = (
    "It is one of several comparisons, none corrected for their number, and nobody was randomised."
)


def strength(
    n: int, events: int, low: float | None, high: float | None, p: float | None, ratio: str = "odds"
) -> str:
    """Return a sentence on the strength of an odds or hazard ratio; "" without a p.

    Parameters
    ----------
    n, events
        Number of patients, and number with the outcome.
    low, high
        Limits of the ratio; None or 0: open towards 0, None: open above.
    p
        p of the test of the same ratio.
    ratio
        `odds`, `hazard`.

    Examples
    --------
    >>> strength(26, 11, 0.53, 24.4, 0.23).split(". ")[1]
    'The odds may be 1.9 times lower or 24 times higher; this neither shows a difference nor rules one out.'
    """
    if p is None:
        return ""
    has = f"of {n} patients {events} had the outcome"
    if not low and high is None:
        return f"Weak: {has}. The interval of the {ratio} is open at both ends: this shows nothing."
    is_open = (low or 0.0) <= 1 and (high is None or high >= 1)
    is_few = min(events, n - events) < FEW_EVENTS
    if is_open:
        clash = " The test says otherwise at 0.05: a borderline case." if p < SIGNIFICANCE else ""
        if low and high is not None and 1 / low <= NARROW and high <= NARROW:
            return (
                f"{capitalized(has)}. No difference is shown; one by more than "
                f"{_digits(max(1 / low, high))} times is unlikely.{clash}"
            )
        lower = f"{_digits(1 / low)} times lower" if low else "any number of times lower"
        higher = "any number of times higher" if high is None else f"{_digits(high)} times higher"
        return (
            f"Weak: {has}. The {ratio} may be {lower} or {higher}; this neither shows a difference nor rules "
            f"one out.{clash}"
        )
    start = "Weak" if is_few else "Not proof"
    hangs = " One or two patients with another outcome can change it." if is_few else ""
    clash = " The test says otherwise at 0.05: a borderline case." if p >= SIGNIFICANCE else ""
    return f"{start}: {has}.{hangs}{clash} {_SEVERAL}"


def _digits(times: float) -> str:
    """Return two significant digits, written out: `230`, never `2.3e+02`."""
    return f"{float(f'{times:.2g}'):,.10g}"
