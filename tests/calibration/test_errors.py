"""Errors that bead files, lot values and cells may cause have one base; a defect of the program has not."""

import importlib
import inspect
import pkgutil

import numpy as np
import pytest

import calibration
from calibration import CalibrationError, find_bead_peaks, fit_standard_curve, quantify_receptor_density


def test_every_error_of_the_package_has_the_base():
    names = [module.name for module in pkgutil.walk_packages(calibration.__path__, "calibration.")]
    errors = {
        kind
        for name in names
        for kind in vars(importlib.import_module(name)).values()
        if inspect.isclass(kind) and issubclass(kind, Exception) and kind.__module__.startswith("calibration")
    }
    assert {kind.__name__ for kind in errors} == {
        "BeadKitError", "BeadPeaksError", "CalibrationError", "StandardCurveError",
    }  # fmt: skip
    assert all(issubclass(kind, CalibrationError) and not issubclass(kind, ValueError) for kind in errors)


@pytest.mark.parametrize(
    "cause",
    [
        lambda: find_bead_peaks(np.ones(10), 4),
        lambda: fit_standard_curve([1.0], [100.0]),
        lambda: quantify_receptor_density(np.ones(100), np.ones(100), None, kit="rainbow"),
        lambda: quantify_receptor_density(np.ones(100), np.ones(100), None, kit="mesf"),
    ],
)
def test_bad_input_raises_a_calibration_error(cause):
    with pytest.raises(CalibrationError):
        cause()
