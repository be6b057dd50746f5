"""Turn fluorescence into molecules per cell: beads, curve, background, limits, uncertainty."""

from calibration.beads.kits import BEAD_KITS, BeadKit, BeadKitError, abc_from_unit, bead_kit
from calibration.beads.peaks import BeadPeaks, BeadPeaksError, find_bead_peaks
from calibration.beads.singlets import find_bead_singlets
from calibration.curve.acceptance import CurveCheck, CurveLimits, Verdict
from calibration.curve.standard_curve import StandardCurve, StandardCurveError, fit_standard_curve
from calibration.density.pooling import PooledDensity, pool_receptor_densities
from calibration.density.receptor_density import (
    ErrorTerm,
    RdStatus,
    ReceptorDensity,
    quantify_receptor_density,
)

__all__ = [
    "BEAD_KITS",
    "BeadKit",
    "BeadKitError",
    "BeadPeaks",
    "BeadPeaksError",
    "CurveCheck",
    "CurveLimits",
    "ErrorTerm",
    "PooledDensity",
    "RdStatus",
    "ReceptorDensity",
    "StandardCurve",
    "StandardCurveError",
    "Verdict",
    "abc_from_unit",
    "bead_kit",
    "find_bead_peaks",
    "find_bead_singlets",
    "fit_standard_curve",
    "pool_receptor_densities",
    "quantify_receptor_density",
]
