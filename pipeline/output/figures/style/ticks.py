"""Where ticks go, and what they say."""

from __future__ import annotations

import math

import numpy as np

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def decade(exponent: int) -> str:
    """Return a power of ten as text.

    Examples
    --------
    >>> decade(3), decade(-1)
    ('10³', '10⁻¹')
    """
    return "10" + str(exponent).translate(_SUPERSCRIPT)


def count(value: float) -> str:
    """Return a number as people read it: thousands apart, three digits below a thousand.

    Examples
    --------
    >>> count(123456.7), count(12.345), count(0.0123), count(-1234)
    ('123,457', '12.3', '0.0123', '−1,234')
    """
    size = abs(value)
    text = f"{size:,.0f}" if size >= 999.5 or size == 0 else f"{size:.3g}"
    return "−" + text if value < 0 else text


def rounded_text(value: float | None) -> str:
    """Return a number for reading: 3 significant digits, thousands apart; "–" where it is not known.

    Examples
    --------
    >>> rounded_text(31412.7), rounded_text(-55.2), rounded_text(None)
    ('31,400', '−55.2', '–')
    """
    return "–" if value is None else count(float(f"{value:.3g}"))


def asinh_ticks(low: float, high: float, cofactor: float) -> list[tuple[float, str]]:
    """Return (position, label) of 0 and the decades within an asinh axis, none touching.

    Where fewer than two decades fit, 2 and 5 times a decade are marked too.
    """
    ticks = _labelled(low, high, cofactor, (1,))
    if sum(label != "0" for _, label in ticks) >= 2:
        return ticks
    finer = [
        (position, _short(float(f"{cofactor * math.sinh(position):.6g}")))
        for position, _ in _labelled(low, high, cofactor, (1, 2, 5))
    ]
    return finer if len(finer) > 1 else _ends(low, high, cofactor)


def _labelled(low: float, high: float, cofactor: float, factors: tuple[int, ...]) -> list[tuple[float, str]]:
    first = math.ceil(math.log10(cofactor) + 0.3) - (len(factors) > 1)
    top = cofactor * math.sinh(max(abs(low), abs(high)))
    last = max(first, math.floor(math.log10(max(top, 1e-300))))
    sizes = [factor * 10.0**k for k in range(first, last + 1) for factor in factors]
    values = [0.0, *sizes, *(-size for size in sizes)]
    ticks = sorted((math.asinh(value / cofactor), _asinh_label(value)) for value in values)
    inside = [(position, label) for position, label in ticks if low <= position <= high]
    return apart(inside, (0.1 if len(factors) == 1 else 0.17) * (high - low))


def linear_ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Return up to four round (position, label) pairs within a linear axis."""
    step = _round_step((high - low) / 3)
    first = math.ceil(low / step)
    return [(k * step, _short(k * step)) for k in range(first, math.floor(high / step) + 1)]


def apart(ticks: list[tuple[float, str]], distance: float) -> list[tuple[float, str]]:
    """Keep 0 and then every label that is far enough from the ones kept, from the outside in."""
    spaced: list[tuple[float, str]] = []
    for position, label in sorted(ticks, key=lambda tick: (tick[1] != "0", -abs(tick[0]))):
        if all(abs(position - neighbour) >= distance for neighbour, _ in spaced):
            spaced.append((position, label))
    return sorted(spaced)


def log_ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Return the 1, (2, 5) × 10^k within a log axis, in linear units: decades alone where there are many."""
    decades = math.log10(high / low)
    factors = (1,) if decades > 3 else (1, 2, 5) if decades < 1.5 else (1, 3)
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    values = [factor * 10.0**k for k in exponents for factor in factors]
    return [(value, count(value)) for value in values if low <= value <= high]


def doubling_ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Return each doubling within a log axis; round values instead, if fewer than two doublings fit.

    >>> [label for _, label in doubling_ticks(3.5, 20)], [label for _, label in doubling_ticks(5.4, 8.4)]
    (['4', '8', '16'], ['5.5', '6', '6.5', '7', '7.5', '8'])
    """
    exponents = range(math.ceil(math.log2(low)), math.floor(math.log2(high)) + 1)
    doublings = [(2.0**k, count(2.0**k)) for k in exponents]
    if len(doublings) > 1:
        return doublings
    step = _round_step((high - low) / 6)  # at least two ticks, at most seven
    return [(k * step, _short(k * step)) for k in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _asinh_label(value: float) -> str:
    if value == 0:
        return "0"
    return ("−" if value < 0 else "") + decade(round(math.log10(abs(value))))


def _ends(low: float, high: float, cofactor: float) -> list[tuple[float, str]]:
    return [
        (position, _short(cofactor * float(np.sinh(position)))) for position in np.linspace(low, high, 4)[1:3]
    ]


def _round_step(step: float) -> float:
    power = 10.0 ** math.floor(math.log10(step))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= step * 0.999)


def _short(value: float) -> str:
    size = abs(value)
    if size >= 1e6:
        return f"{value / 1e6:.3g}M".replace("-", "−")
    if size >= 1e3:
        return f"{value / 1e3:.3g}k".replace("-", "−")
    return f"{value:.3g}".replace("-", "−")
