"""Logarithm and exponential of arrays, the same bits on every processor.

NumPy picks its own versions by the processor, and they differ in the last bit. These are made of additions,
multiplications and divisions alone, which IEEE 754 fixes: the polynomials of FreeBSD's libm (Sun Microsystems
1993, e_log.c, e_logf.c, e_expf.c; error below 3 units in the last place), a block of values at a time.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

Float = TypeVar("Float", np.float32, np.float64)
VALUES_AT_ONCE = 16384
"""Values worked on at once: they stay in the processor's cache. Convention: any size that fits the
processor's cache gives the same values."""
LN2 = 0.6931471805599453
"""Natural logarithm of 2. Convention: a mathematical constant."""
LN2_HIGH, LN2_LOW = 6.9313812256e-01, 9.0580006145e-06
"""Natural log of 2 in two parts; a whole number below 2^9 times the first is exact in float32. FreeBSD's
libm, as the module's first lines say."""
EXPONENT_OF_ONE, FRACTION_BITS = 127, 23
"""Stored exponent of one in float32, and the number of bits of its fraction (IEEE 754)."""


class _Layout(NamedTuple):
    """How a floating type is stored, and the terms of its logarithm."""

    whole: type[np.signedinteger[Any]]
    half_root: int  # the bits of the root of one half: what is left of a value lies within a factor √2 of 1
    exponent: int  # the bits of the exponent, its sign among them
    terms: tuple[float, ...]
    ln2: float  # of one step of the exponent, which stands so many bits up


LAYOUT_64 = _Layout(
    np.int64, 0x3FE6A09E667F3BCD, -1 << 52,
    (2.0, 6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01,
     2.222219843214978396e-01, 1.818357216161805012e-01, 1.531383769920937332e-01, 1.479819860511658591e-01),
    LN2 * 2.0**-52,
)  # fmt: skip
"""Terms of the logarithm in float64. FreeBSD's libm, as the module's first lines say."""
LAYOUT_32 = _Layout(
    np.int32, 0x3F3504F3, -1 << 23,
    (2.0, 0.66666662693023682, 0.40000972151756287, 0.28498786687850952, 0.24279078841209412),
    LN2 * 2.0**-23,
)  # fmt: skip
"""Terms of the logarithm in float32. FreeBSD's libm, as the module's first lines say."""
EXP_32 = (1.6666625440e-01, -2.7667332906e-03)
"""Terms of the exponential in float32. FreeBSD's libm, as the module's first lines say."""
LOWEST_EXPONENT = -87.0
"""Below, e^x is taken as zero: it is less than any normal number of float32. From the range of float32
(IEEE 754)."""


def log(values: NDArray[Float]) -> NDArray[Float]:
    """Return the natural log of positive normal values, same shape and type; infinity and NaN stay.

    Examples
    --------
    >>> log(np.array([1.0, 10.0])).round(9).tolist()
    [0.0, 2.302585093]
    """
    flat = np.ascontiguousarray(values).reshape(-1)
    result = np.empty_like(flat)
    for start in range(0, flat.size, VALUES_AT_ONCE):
        block = flat[start : start + VALUES_AT_ONCE]
        log_block(block, result[start : start + VALUES_AT_ONCE])
        if not block.max() < np.inf:
            np.copyto(result[start : start + VALUES_AT_ONCE], block, where=~(block < np.inf))
    return result.reshape(np.shape(values))


def exp(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return e to the power of values up to 88, float32, same shape; zero below `LOWEST_EXPONENT`.

    Examples
    --------
    >>> exp(np.array([0.0, 1.0, -1000.0], np.float32)).round(5).tolist()
    [1.0, 2.718280076980591, 0.0]
    """
    flat = np.ascontiguousarray(values, np.float32).reshape(-1)
    result = np.empty_like(flat)
    for start in range(0, flat.size, VALUES_AT_ONCE):
        _exp_32(flat[start : start + VALUES_AT_ONCE], result[start : start + VALUES_AT_ONCE])
    return result.reshape(np.shape(values))


def log_block(x: NDArray[Float], out: NDArray[Float]) -> None:
    """Write the log of the exponent plus that of the mantissa m, log m = 2 artanh((m − 1) / (m + 1))."""
    layout = LAYOUT_32 if x.dtype == np.float32 else LAYOUT_64
    bits = x.view(layout.whole)
    power = bits - layout.half_root
    power &= layout.exponent
    remainder = (bits - power).view(x.dtype)
    ratio = remainder + 1
    remainder -= 1
    np.divide(remainder, ratio, out=ratio)
    square = np.multiply(ratio, ratio, out=remainder)
    series = square * layout.terms[-1]
    for term in layout.terms[-2:0:-1]:
        series += term
        series *= square
    series += layout.terms[0]
    series *= ratio
    scaled = power.astype(x.dtype)
    scaled *= layout.ln2
    np.add(series, scaled, out=out)


def _exp_32(x: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    exponents = np.maximum(x, LOWEST_EXPONENT)
    power = exponents * np.float32(1 / LN2)
    np.rint(power, out=power)
    exponents -= power * np.float32(LN2_HIGH)
    low = power * np.float32(LN2_LOW)
    remainder = exponents - low
    square = remainder * remainder
    series = square * EXP_32[1]
    series += EXP_32[0]
    series *= square
    np.subtract(remainder, series, out=series)
    np.subtract(2, series, out=square)
    remainder *= series
    remainder /= square
    low -= remainder
    low -= exponents
    np.subtract(1, low, out=low)
    scale = power.astype(np.int32)
    scale += EXPONENT_OF_ONE
    scale <<= FRACTION_BITS
    np.multiply(low, scale.view(np.float32), out=out)
    out *= x >= LOWEST_EXPONENT
