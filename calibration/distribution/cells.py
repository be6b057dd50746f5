"""Percentiles of receptor density, and the share of cells below a cut, each with an interval.

They describe the cells *as measured*: a cell's density is its own amount on the standard curve minus that of
the control's median. The background of single cells and photon counting add to the spread: the 10 %
percentile lies lower, and the 90 % percentile higher, than that of the receptors alone. So a percentile below
what a single cell without the stain reaches is not reported as a number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from calibration.beads.kits import BeadKit, abc_divisor, bead_kit
from calibration.curve.standard_curve import StandardCurve
from calibration.density.error_model import (
    F_P_CV,
    LOT_CV,
    ConvertedCells,
    RelativeErrors,
    blank_spread,
)
from calibration.density.limits import ULOQ_EXTRAPOLATION
from calibration.density.receptor_density import between_run_term
from calibration.density.result import QUANTIFIED, ReceptorDensity
from calibration.density.uncertainty import N_DRAWS, draw_errors, quantile_draws
from calibration.distribution.modes import FEWEST_FOR_MODES, Modes, count_modes
from calibration.distribution.result import PERCENTILES, Beyond, CellDistribution, Percentile, ShareBelow
from calibration.distribution.scale import ConversionDraws, drawn_scale, still_scale
from calibration.numbers import (
    AT_SCALE_END,
    LEAST_MFI,
    SEED,
    Z_95_ONE_SIDED,
    Floats,
    central_95,
    finite_values,
)
from calibration.rounding import rounded_record

FEWEST_BEYOND = 5
"""Least number of cells beyond a percentile that is reported. Convention: with fewer, the interval ends at
the last cell."""

LINEAR_WIDTHS = 2.0
"""The axis of the modes is linear up to this many spreads of the background. Arithmetic: from 1 on, a normal
background has one mode on it."""

SMALL_FOLD = 0.05
"""Step of the scale (ln) by which the change of a share with the scale is computed. Convention: small, but
larger than noise."""

MOST_AT_END = 0.05
"""Largest share of cells on the end of the scale for which modes are counted. Convention: more such cells
form a mode that comes from the detector, not from the cells."""

_SEED_STEP = 1
"""Added to the tube's seed, so that these draws differ from those of the median. Convention: any number but 0
would do."""
LOW_CUT = 5000.0
"""Molecules below which a cell counts as low. Convention: a few percent of what plasma cells usually have;
it only describes the cells, and is a setting."""


def cell_distribution(
    density: ReceptorDensity,
    stained_cells: npt.ArrayLike,
    control_cells: npt.ArrayLike | None,
    curve: StandardCurve | None,
    *,
    kit: BeadKit | str,
    f_p_ratio: float | None = None,
    f_p_cv: float = F_P_CV,
    lot_cv: float = LOT_CV,
    between_run_cv: float | None = 0.0,
    low_cut: float = LOW_CUT,
    uloq_extrapolation: float = ULOQ_EXTRAPOLATION,
    detector_top: float = np.inf,
    seed: int = SEED,
    n_draws: int = N_DRAWS,
) -> CellDistribution | None:
    """Return percentiles, shares below two cuts, and modes of the cells of a tube.

    The intervals include the sampling of the cells and of the control, the curve, the lot, F:P and the
    scatter between runs, as the interval of the median does (`calibration.density.uncertainty`). A
    percentile's sampling is that of a Beta-distributed rank; a share's is Jeffreys' (Brown, Cai & DasGupta
    2001, doi:10.1214/ss/1009213286), at a cut that is itself uncertain by the calibration.

    Parameters
    ----------
    density
        Of the same cells (`quantify_receptor_density`): its status, its LLOQ and ULOQ.
    stained_cells, control_cells
        Compensated linear intensities of the quantified channel, shapes (n,) and (m,).
    curve, kit, f_p_ratio, f_p_cv, lot_cv, between_run_cv, uloq_extrapolation, detector_top, seed, n_draws
        As in `quantify_receptor_density`.
    low_cut
        Cells with fewer molecules than this are counted as low.

    Returns
    -------
    CellDistribution or None
        None where the cells have neither a receptor density nor a limit.

    Raises
    ------
    BeadKitError
        The kit gives no ABC, or needs an F:P that is missing.
    """
    if density.status not in QUANTIFIED or density.lloq is None or curve is None or control_cells is None:
        return None
    kit = bead_kit(kit) if isinstance(kit, str) else kit
    stained, control = finite_values(stained_cells), finite_values(control_cells)
    if not stained.size or not control.size:
        return None
    between = between_run_term(between_run_cv)[0]
    errors = RelativeErrors(lot_cv, f_p_cv if kit.needs_f_p else 0.0, between)
    middle = float(np.median(control))
    divisor = abc_divisor(kit, f_p_ratio)
    cells = ConvertedCells(stained, control, float(np.median(stained)), middle, 0.0, 0.0, divisor)
    rng = np.random.default_rng(seed + _SEED_STEP)
    drawn = draw_errors(cells, curve, errors, rng, n_draws)
    scale, still = drawn_scale(drawn, curve, divisor), still_scale(curve, divisor, middle)
    limit = _cell_limit(control, still)
    highest = min(
        uloq_extrapolation * (density.uloq or np.inf),
        float(still.density(np.array([detector_top * AT_SCALE_END]))[0])
        if np.isfinite(detector_top)
        else np.inf,
    )
    tube = _TubeCells(np.sort(stained), scale, still, highest)
    return rounded_record(
        CellDistribution(
            int(stained.size),
            tuple(_percentile(percent, tube, max(limit, density.lloq), rng) for percent in PERCENTILES),
            _share(density.lloq, tube, limit, rng),
            _share(low_cut, tube, limit, rng),
            _modes(tube.ordered, control, detector_top),
            limit,
            between,
        )
    )


def _cell_limit(control: Floats, still: ConversionDraws) -> float:
    top = float(np.median(control)) + Z_95_ONE_SIDED * blank_spread(control)
    return float(still.density(np.array([top]))[0])


@dataclass(frozen=True, slots=True, eq=False)
class _TubeCells:
    """The cells of a tube.

    Attributes
    ----------
    ordered : (n,)
        The light of each cell, the dimmest first.
    scale, still
        How light becomes molecules in every draw of the errors, and without an error.
    highest
        Molecules per cell above which none is reported.
    """

    ordered: Floats
    scale: ConversionDraws
    still: ConversionDraws
    highest: float


def _percentile(percent: int, tube: _TubeCells, lowest: float, rng: np.random.Generator) -> Percentile:
    share, ordered, scale, still = percent / 100, tube.ordered, tube.scale, tube.still
    n = ordered.size
    drawn = scale.density(quantile_draws(ordered, rng, scale.level.size, share))
    if n * min(percent, 100 - percent) < 100 * FEWEST_BEYOND:
        return Percentile(percent, beyond=Beyond.TOO_FEW)
    value = float(still.density(np.quantile(ordered, [share], method="hazen"))[0])
    if value < lowest:
        return Percentile(percent, beyond=Beyond.BELOW, bound=lowest)
    if value >= tube.highest:
        return Percentile(percent, beyond=Beyond.ABOVE, bound=tube.highest)
    low, high = central_95(drawn)
    return Percentile(percent, value, low, high)


def _share(cut: float, tube: _TubeCells, lowest: float, rng: np.random.Generator) -> ShareBelow:
    """Draw the cut's brightness, count the cells below it, and draw the share of cells by that count."""
    ordered, scale, still = tube.ordered, tube.scale, tube.still
    n = ordered.size
    below = np.searchsorted(ordered, scale.light(cut), side="left")
    drawn = rng.beta(below + 0.5, n - below + 0.5)
    if cut < lowest:
        return ShareBelow(cut, beyond=Beyond.BELOW)
    if cut > tube.highest:
        return ShareBelow(cut, beyond=Beyond.ABOVE)
    count = _below(ordered, still, cut)
    low, high = central_95(drawn)
    up, down = (_below(ordered, still, cut * np.exp(sign * SMALL_FOLD)) for sign in (1, -1))
    return ShareBelow(
        cut,
        100 * count / n,
        100 * low if count else 0.0,
        100 * high if count < n else 100.0,
        per_fold=100 * (up - down) / n / (2 * SMALL_FOLD),
    )


def _below(ordered: Floats, still: ConversionDraws, cut: float) -> int:
    return int(np.searchsorted(ordered, still.light(cut)[0], side="left"))


def _modes(ordered: Floats, control: Floats, detector_top: float) -> Modes | None:
    """Count modes on an axis that is linear within the background's spread and logarithmic above.

    Cells on the end of the scale make a false mode: with more than a twentieth there, no modes are counted.
    """
    at_end = np.count_nonzero(ordered >= AT_SCALE_END * detector_top)
    if ordered.size < FEWEST_FOR_MODES or at_end > MOST_AT_END * ordered.size:
        return None
    width = max(LINEAR_WIDTHS * blank_spread(control), LEAST_MFI)
    return count_modes(np.arcsinh((ordered - float(np.median(control))) / width))
