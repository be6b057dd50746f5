"""Receptor densities of patients as measured, left- or right-censored values, on the scales of the models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibration.density.receptor_density import QUANTIFIED, RdStatus
from calibration.numbers import Floats
from pipeline.washout.censored.likelihood import LEFT, OBSERVED, RIGHT
from pipeline.washout.observations.terms import Term

SHORTEST_WASHOUT_WEEKS: Final = 1 / 7
"""One day: a shorter washout counts as one day, since zero has no logarithm. Convention (docs/method.md)."""

_KIND: Final = {
    **dict.fromkeys(QUANTIFIED, OBSERVED),
    RdStatus.BELOW_LLOQ: LEFT,
    RdStatus.ABOVE_ULOQ: RIGHT,
}
"""How a row of each status counts in the likelihood."""

SAME_WASHOUT = 1e-9
"""Spread of log2 weeks below which all rows have one washout. Arithmetic: rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class SharedErrors:
    """Errors that rows share, one entry for each row and source, arrays of shape (m,).

    Attributes
    ----------
    row, source
        Index of the row and of the source.
    sd
        SD of log10 RD from this source, dex.
    """

    row: NDArray[np.intp]
    source: NDArray[np.intp]
    sd: Floats

    def moved(self, moves: Floats) -> Floats:
        """Return the effect of one SD of each source, (k, g), from that of 1 dex in each row, (k, n)."""
        per_entry = moves[:, self.row] * self.sd
        return np.array([np.bincount(self.source, weights=each) for each in per_entry])


@dataclass(frozen=True, slots=True, eq=False)
class Observations:
    """The rows that a model uses, all arrays of shape (n,).

    Attributes
    ----------
    weeks
        Washout in weeks, at least `SHORTEST_WASHOUT_WEEKS`.
    log_rd
        log10 of the receptor density, or of the limit at which it is censored.
    kind
        −1 left-censored, 0 observed, 1 right-censored.
    measurement_sd
        dex; 0 if no measurement SD was given at all.
    patients
        Number of the patient of each row, 0 …
    log_lloq, log_uloq
        log10 of each row's limits of quantification; −inf and inf if they are not known.
    notes
        Sentences on rows that were left out or changed, with counts.
    terms
        Further columns of the line: ways of measuring, covariates.
    shared
        Errors that rows have in common; `measurement_sd` does not contain them.
    scatter_varies
        The scatter of the line changes with weeks: it is σ·exp(γ·log2 weeks).
    places
        Index of each row among the rows that were given; empty if the rows were not made by `observe`.
    """

    weeks: Floats
    log_rd: Floats
    kind: NDArray[np.int8]
    measurement_sd: Floats
    patients: NDArray[np.intp]
    log_lloq: Floats
    log_uloq: Floats
    n_given: int
    notes: tuple[str, ...] = ()
    terms: tuple[Term, ...] = ()
    shared: SharedErrors | None = None
    scatter_varies: bool = False
    places: NDArray[np.intp] = field(default_factory=lambda: np.zeros(0, dtype=np.intp))

    @property
    def n(self) -> int:
        """Number of rows that are used."""
        return len(self.weeks)

    @property
    def n_patients(self) -> int:
        """Number of patients with used rows."""
        return len(np.unique(self.patients))

    def count(self, kind: int) -> int:
        """Return the number of rows of this kind."""
        return int(np.sum(self.kind == kind))


def observe(
    weeks: ArrayLike,
    rd: ArrayLike,
    status: Sequence[str],
    *,
    lloq: ArrayLike,
    uloq: ArrayLike = np.inf,
    measurement_sd: ArrayLike | None = None,
    patients: Sequence[object] | None = None,
    terms: Sequence[Term] = (),
) -> Observations:
    """Sort rows into measured and censored ones, and count the rows that cannot be used.

    Parameters
    ----------
    weeks : (n,)
        Washout in weeks. A washout under one day counts as one day (1/7 week), since log2 0 does not exist. A
        row with a negative or missing washout is left out.
    rd : (n,)
        Molecules per cell; read only if the status says that it was measured (`OK`,
        `ABOVE_ULOQ_EXTRAPOLATED`).
    status : (n,)
        `RdStatus` names. `BELOW_LLOQ` is left-censored at `lloq`, `ABOVE_ULOQ` right-censored at `uloq`;
        every other status (`LOW_EVENTS`, `NO_CURVE` …) has no receptor density and is left out.
    lloq, uloq : scalar or (n,)
        Limits of quantification in molecules per cell.
    measurement_sd : scalar or (n,), optional
        SD of log10 rd in dex. A censored row gets the median SD of the measured rows: its own SD was made
        outside the calibrated range, and what counts is the error at its limit. A measured row without an SD
        gets the largest SD of the measured rows: nothing shows that it is a good row.
    patients : (n,), optional
        Patient of each row; None: every row is a patient of its own.
    terms
        Further columns of the line, values of shape (n,).

    Raises
    ------
    ValueError
        If lengths differ, or a status is unknown.
    """
    table = _columns(weeks, rd, status, lloq, uloq)
    names = [_status(name, row) for row, name in enumerate(status)]
    measured = np.array([name in _KIND for name in names], dtype=bool)
    kind = np.array([_KIND.get(name, OBSERVED) for name in names], dtype=np.int8)
    amount = np.select([kind == LEFT, kind == RIGHT], [table[2], table[3]], table[1])
    with_amount = np.isfinite(amount) & (amount > 0)
    with_weeks = np.isfinite(table[0]) & (table[0] >= 0)
    used = measured & with_amount & with_weeks
    sd, sd_notes = _measurement_sd(measurement_sd, kind, used)
    notes = (
        _note(~measured, "without a receptor density (status {}) left out", sorted({*names} - {*_KIND})),
        _note(measured & ~with_amount, "without a positive RD or limit left out"),
        _note(measured & with_amount & ~with_weeks, "without a washout, or with a negative one, left out"),
        _note(used & (table[0] < SHORTEST_WASHOUT_WEEKS), "with a washout under one day counted as one day"),
        _note(
            used & _is(names, RdStatus.ABOVE_ULOQ_EXTRAPOLATED),
            "extrapolated above the top bead, taken as measured",
        ),
        *sd_notes,
    )
    return Observations(
        weeks=np.maximum(table[0][used], SHORTEST_WASHOUT_WEEKS),
        log_rd=np.log10(amount[used]),
        kind=kind[used],
        measurement_sd=sd[used],
        patients=_numbers(patients, len(names))[used],
        log_lloq=_log_limit(table[2][used], -np.inf),
        log_uloq=_log_limit(table[3][used], np.inf),
        n_given=len(names),
        notes=tuple(note for note in notes if note),
        terms=tuple(term.take(used) for term in terms),
        places=np.flatnonzero(used),
    )


def _columns(
    weeks: ArrayLike, rd: ArrayLike, status: Sequence[str], lloq: ArrayLike, uloq: ArrayLike
) -> tuple[Floats, Floats, Floats, Floats]:
    shape = (len(status),)
    columns = {"weeks": weeks, "rd": rd, "lloq": lloq, "uloq": uloq}
    arrays = [
        _column(name, values, shape, scalar=name in ("lloq", "uloq")) for name, values in columns.items()
    ]
    return arrays[0], arrays[1], arrays[2], arrays[3]


def _column(name: str, values: ArrayLike, shape: tuple[int, ...], *, scalar: bool) -> Floats:
    """Return floats of this shape; None becomes NaN."""
    array = np.asarray(values, dtype=np.float64)
    if array.shape != shape and not (scalar and array.ndim == 0):
        raise ValueError(
            f"{name} has shape {array.shape}, but status has {shape[0]} rows: give one value per row"
        )
    return np.array(np.broadcast_to(array, shape))


def _status(name: str, row: int) -> RdStatus:
    try:
        return RdStatus(name)
    except ValueError:
        statuses = ", ".join(RdStatus)
        raise ValueError(f"status[{row}] is {name!r}; expected one of {statuses}") from None


def _is(names: Sequence[RdStatus], which: RdStatus) -> NDArray[np.bool_]:
    return np.array([name is which for name in names], dtype=bool)


def _measurement_sd(
    typed: ArrayLike | None, kind: NDArray[np.int8], used: NDArray[np.bool_]
) -> tuple[Floats, tuple[str, ...]]:
    if typed is None:
        return np.zeros(len(kind)), ()
    sd = _column("measurement_sd", typed, kind.shape, scalar=True)
    usable = np.isfinite(sd) & (sd >= 0)
    measured = used & (kind == OBSERVED)
    typical = usable & measured
    if not typical.any():
        return np.zeros(len(kind)), ("no observed row has a measurement SD: none is carried into the fit",)
    median, largest = float(np.median(sd[typical])), float(np.max(sd[typical]))
    filled = np.where(typical, sd, np.where(measured, largest, median))
    notes = (
        _note(measured & ~typical, f"without a measurement SD: given the largest one, {largest:.3g} dex"),
        _note(
            used & ~measured, f"censored: given the observed rows' median measurement SD, {median:.3g} dex"
        ),
    )
    return filled, notes


def _log_limit(limit: Floats, unknown: float) -> Floats:
    usable = np.isfinite(limit) & (limit > 0)
    return np.log10(limit, out=np.full(len(limit), unknown), where=usable)


def _numbers(patients: Sequence[object] | None, n: int) -> NDArray[np.intp]:
    if patients is None:
        return np.arange(n)
    if len(patients) != n:
        raise ValueError(f"patients has {len(patients)} rows, but status has {n}: give one patient per row")
    first: dict[object, int] = {}
    return np.array([first.setdefault(patient, len(first)) for patient in patients], dtype=np.intp)


def _note(which: NDArray[np.bool_], text: str, names: Sequence[str] = ()) -> str:
    count = int(np.sum(which))
    rows = "1 row" if count == 1 else f"{count} rows"
    return f"{rows} {text.format(', '.join(names))}" if count else ""
