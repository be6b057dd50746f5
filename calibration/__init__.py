"""Turn fluorescence into molecules per cell: beads, curve, background, limits, uncertainty."""

import logging

from calibration.beads.kits import BEAD_KITS, BeadKit, BeadKitError, abc_from_unit, bead_kit
from calibration.beads.peaks import BeadPeaks, BeadPeaksError, find_bead_peaks
from calibration.beads.singlets import find_bead_singlets
from calibration.curve.acceptance_limits import BeadLimit, CurveLimits, CurveVerdict, Limit
from calibration.curve.standard_curve import StandardCurve, StandardCurveError, fit_standard_curve
from calibration.curve.table_rows import CheckName, CurveCheck
from calibration.density.budget import BetweenRunSource, BudgetTerm, ErrorTerm
from calibration.density.limits import LloqSource
from calibration.density.pooling import pool_receptor_densities
from calibration.density.receptor_density import quantify_receptor_density
from calibration.density.result import PooledDensity, RdStatus, ReceptorDensity
from calibration.distribution.cells import cell_distribution
from calibration.distribution.modes import Modes, count_modes
from calibration.distribution.result import Beyond, CellDistribution, Percentile, ShareBelow
from calibration.errors import CalibrationError
from calibration.flags import CalibrationFlag

__all__ = [
    "BEAD_KITS",
    "BeadKit",
    "BeadKitError",
    "BeadLimit",
    "BeadPeaks",
    "BeadPeaksError",
    "BetweenRunSource",
    "Beyond",
    "BudgetTerm",
    "CalibrationError",
    "CalibrationFlag",
    "CellDistribution",
    "CheckName",
    "CurveCheck",
    "CurveLimits",
    "CurveVerdict",
    "ErrorTerm",
    "Limit",
    "LloqSource",
    "Modes",
    "Percentile",
    "PooledDensity",
    "RdStatus",
    "ReceptorDensity",
    "ShareBelow",
    "StandardCurve",
    "StandardCurveError",
    "abc_from_unit",
    "bead_kit",
    "cell_distribution",
    "count_modes",
    "find_bead_peaks",
    "find_bead_singlets",
    "fit_standard_curve",
    "pool_receptor_densities",
    "quantify_receptor_density",
]

logging.getLogger(__name__).addHandler(logging.NullHandler())  # quiet unless a program listens
