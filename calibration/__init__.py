"""Turn fluorescence into molecules per cell: beads, curve, background, limits, uncertainty."""

from calibration.bead_kits import BEAD_KITS, BeadKit, BeadKitError, abc_from_unit, bead_kit
from calibration.bead_peaks import BeadPeaks, BeadPeaksError, find_bead_peaks
from calibration.bead_singlets import find_bead_singlets
from calibration.curve_checks import CurveCheck, CurveLimits, Verdict
from calibration.pooling import PooledDensity, pool_receptor_densities
from calibration.receptor_density import ErrorTerm, RdStatus, ReceptorDensity, quantify_receptor_density
from calibration.standard_curve import StandardCurve, StandardCurveError, fit_standard_curve

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
