"""Serum concentrations during a washout if the clearance by the target, CD38, comes back after the last dose.

In the model of Xu et al. 2020 (doi:10.1007/s12325-020-01247-8), the saturable clearance falls as
exp(-0.0013 t), t in hours, and does not rise again: its patients had a treatment that worked. After a
progression the target returns. Its clearance matters most below Km, which is where the washout lies. How much
of it returns in a patient is unknown. So a part of Vmax, between 0 and 1, returns after the last dose at the
rate at which it fell: Vmax(t) = part * Vmax * (1 - exp(-0.0013 t)), t from the last dose.
"""

from __future__ import annotations

import numpy as np

from calibration.numbers import Floats
from pipeline.patients.pharmacokinetics.exponential_step import rates_of
from pipeline.patients.pharmacokinetics.integration import PaddedDoses, integrate_courses
from pipeline.patients.pharmacokinetics.parameters import Disposition


def levels_with_target_back(
    amounts: Floats, hours: Floats, disposition: Disposition, part: Floats, *, rtol: float
) -> Floats:
    """Return the serum concentration at the end of a washout in which a part of Vmax returns, ug/mL.

    Parameters
    ----------
    amounts : (3, N, D)
        Amounts right after the last dose: in the central compartment, the peripheral compartment and under
        the skin, mg.
    hours : (N,)
        Length of the washout, h.
    disposition
        Parameters of shape (N, D).
    part : (D,)
        Part of Vmax that returns, 0 to 1.
    rtol
        Relative tolerance of each amount per step.

    Returns
    -------
    (N, D)
    """
    n, d = amounts.shape[1:]
    flat = Disposition(*(np.ravel(getattr(disposition, name)) for name in Disposition.__slots__))
    steady = np.tile(part, n) * flat.vmax
    start = np.concatenate([amounts.reshape(3, -1), -steady[np.newaxis]])
    none = np.zeros((n, 1))
    washout = PaddedDoses(hours[:, np.newaxis], none, none)
    levels, _ = integrate_courses(washout, rates_of(flat, steady), start, np.zeros(n, dtype=np.intp), rtol)
    return levels.reshape(n, d)
