"""Densities in a workbook: a reported value for people, and a number only where it was measured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from calibration.density.receptor_density import ReceptorDensity
from calibration.density.result import QUANTIFIED, PooledDensity, known_to_exceed, quotable_density
from pipeline.output.report.words import density_words
from pipeline.output.table import Cell, Column

AnyDensity: TypeAlias = ReceptorDensity | PooledDensity


def reported(density: AnyDensity) -> str:
    """Return a density for a report: `60,100`, `< 1,060`, `> 71,300`; `–` without one."""
    if density.status not in QUANTIFIED:
        return "–"
    return density_words(density.status, density.rd, density.lloq, known_to_exceed(density))


def reported_column(code: str, of: Callable[[Any], AnyDensity | None]) -> Column[Any]:
    """Return the column of the reported value."""

    def cell(row: Any) -> Cell:
        density = of(row)
        return None if density is None else reported(density)

    return Column(code, cell)


def measured_columns(prefix: str, of: Callable[[Any], AnyDensity | None]) -> tuple[Column[Any], ...]:
    """Return a measured density with its interval; empty where it is only known by a limit, or not."""
    return _ends(prefix, of, measured=True)


def raw_columns(prefix: str, of: Callable[[Any], AnyDensity | None]) -> tuple[Column[Any], ...]:
    """Return the estimate of a density that does not count as measured, with its interval; else empty."""
    return _ends(prefix, of, measured=False)


def _ends(prefix: str, of: Callable[[Any], AnyDensity | None], *, measured: bool) -> tuple[Column[Any], ...]:
    def end(part: str) -> Callable[[Any], Cell]:
        def cell(row: Any) -> Cell:
            density = of(row)
            if density is None or (quotable_density(density) is not None) is not measured:
                return None
            value: float | None = getattr(density, part)
            return value

        return cell

    parts = (("", "rd"), ("_low", "rd_low"), ("_high", "rd_high"))
    return tuple(Column(f"{prefix}{end_}", end(part)) for end_, part in parts)
