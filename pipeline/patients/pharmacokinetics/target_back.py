"""The washout of a patient whose tumour, and the clearance by it, comes back after the last dose.

In the model of Xu 2020 the saturable way out falls as exp(-0.0013 t) for ever: its patients were under a
treatment that worked. After a progression the target is there again, and most of it acts below Km, where the
washout lies. How much of it is back in whom is not known. So a part of Vmax, from none to all, comes back
after the last dose as fast as it went: Vmax(t) = part * Vmax * (1 - exp(-0.0013 t)).
"""

from __future__ import annotations

import numpy as np

from calibration.numbers import Floats
from pipeline.patients.pharmacokinetics.exponential_step import rates_of
from pipeline.patients.pharmacokinetics.integration import PaddedDoses, followed
from pipeline.patients.pharmacokinetics.parameters import Disposition


def levels_with_target_back(
    amounts: Floats, hours: Floats, disposition: Disposition, part: Floats, *, rtol: float
) -> Floats:
    """Return the concentration at the end of a washout in which a part of Vmax comes back, ug/mL.

    Parameters
    ----------
    amounts : (3, N, D)
        Right after the last dose: in the central and the peripheral compartment and under the skin, mg.
    hours : (N,)
        Of the washout.
    disposition
        Parameters of shape (N, D).
    part : (D,)
        Of Vmax that comes back, 0 to 1.
    rtol
        Error allowed per step, relative, on each amount.

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
    levels, _ = followed(washout, rates_of(flat, steady), start, np.zeros(n, dtype=np.intp), rtol)
    return levels.reshape(n, d)
