"""How the receptor density of a tube is calculated: the numbers, which result counts, and why."""

from __future__ import annotations

from typing import Final

from calibration.density.receptor_density import RdStatus, ReceptorDensity
from calibration.density.result import known_to_exceed, quotable_density, raw_estimate
from pipeline.output.figures.style.ticks import count, rounded_text
from pipeline.output.report.words import density_words
from pipeline.quantification.result import SampleResult

Pairs = tuple[tuple[str, str], ...]

ALIKE_IN_PRINT: Final = 0.002
"""Part of the density up to which it and the plain difference are alike. Convention: three digits hide it."""


def arithmetic(result: SampleResult) -> Pairs:
    """Return a line per number, from the medians to the result that counts, and the other results."""
    receptor = result.receptor
    kind = result.background_kind or "control"
    rows = (
        ("cells", receptor.median_mfi, receptor.abc),
        (f"background ({kind})", receptor.background_mfi, receptor.background_abc),
    )
    pairs = [(name, _converted(mfi, abc)) for name, mfi, abc in rows if mfi is not None]
    pairs += _difference(receptor)
    pairs += _counting(receptor)
    if receptor.rd_mfi_space is not None:
        beside = f"{rounded_text(receptor.rd_mfi_space)}, subtracted as fluorescence: for comparison only"
        pairs.append(("RD′", beside))
    if result.normal_rd is not None:
        pairs.append(("RD of the normal plasma cells", rounded_text(result.normal_rd)))
    if receptor.lloq is not None or receptor.uloq is not None:
        pairs.append(("limits (LLOQ, ULOQ)", _limits(receptor.lloq, receptor.uloq)))
    if receptor.gcv_percent is not None:
        pairs.append(("uncertainty", f"geometric CV {receptor.gcv_percent:.1f} %"))
    return tuple(pairs)


def _difference(receptor: ReceptorDensity) -> list[tuple[str, str]]:
    """Return the plain difference, in whole molecules so that it can be checked by hand."""
    if receptor.abc is None or receptor.background_abc is None:
        return []
    cells, background = round(receptor.abc), round(receptor.background_abc)
    return [("plain difference", f"{count(cells)} − {count(background)} = {count(cells - background)}")]


def _counting(receptor: ReceptorDensity) -> list[tuple[str, str]]:
    """Return the result that counts, and the reason."""
    if receptor.status is RdStatus.ABOVE_ULOQ:
        quoted = density_words(receptor.status, None, None, known_to_exceed(receptor))
        return [("what counts", f"{quoted}: only this bound is known")]
    estimate = raw_estimate(receptor)
    if estimate is None:
        return []
    text = f"{rounded_text(estimate)}; {_why(estimate, receptor.rd_plain)}"
    if receptor.status is RdStatus.BELOW_LLOQ:
        quoted = density_words(receptor.status, estimate, receptor.lloq, None)
        return [("RD", text), ("what counts", f"{quoted}: RD lies below the LLOQ")]
    return [("RD" if quotable_density(receptor) is None else "RD, which counts", text)]


def _why(estimate: float, plain: float | None) -> str:
    if plain is None:
        return "the difference"
    bias = plain - estimate
    if abs(bias) <= ALIKE_IN_PRINT * abs(estimate):
        return "the plain difference: at this brightness subtracting medians has no bias"
    side = "too high" if bias > 0 else "too low"
    return (
        f"the plain difference is {rounded_text(abs(bias))} {side}: where a background scatters, the "
        "difference of two medians is not the median of the difference; that bias is subtracted"
    )


def _limits(lloq: float | None, uloq: float | None) -> str:
    if lloq is None:
        return f"up to {rounded_text(uloq)}"
    return f"from {rounded_text(lloq)}" + (f" to {rounded_text(uloq)}" if uloq is not None else "")


def _converted(mfi: float, abc: float | None) -> str:
    return f"median {rounded_text(mfi)}" + (f" → {rounded_text(abc)} ABC" if abc is not None else "")
