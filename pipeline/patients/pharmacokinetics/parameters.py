"""What a body does with daratumumab: two compartments, a linear and a saturable way out.

Xu et al. 2020, Adv Ther 37:1464 (doi:10.1007/s12325-020-01247-8), Online Resource 6, intravenous. Absorption
after a subcutaneous dose: Luo et al. 2021, J Clin Pharmacol 61:614 (doi:10.1002/jcph.1771), Table S1.
The 107 patients of Xu 2020 (study MMY1001) were being treated with daratumumab, carfilzomib and
dexamethasone, some with lenalidomide too: what their tumours removed of the drug had nearly all gone. In a
patient who has progressed since, it may be back (`levels_with_target_back`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from calibration.numbers import Floats, Mask

REFERENCE_WEIGHT_KG, REFERENCE_ALBUMIN_G_L = 78.6, 37.0
"""The reference patient (doi:10.1007/s12325-020-01247-8)."""

BIOAVAILABILITY: Final = 0.689
"""Part of a subcutaneous dose that reaches the blood (doi:10.1002/jcph.1771)."""

_CLEARANCE, _BY_WEIGHT, _BY_ALBUMIN, _IF_IGG = 0.00485, 0.451, -1.149, 1.806
"""Typical linear clearance, L/h; powers of weight and of albumin, relative to the reference patient; factor
of IgG myeloma (doi:10.1007/s12325-020-01247-8)."""
_CENTRAL, _CENTRAL_BY_WEIGHT, _IF_FEMALE, _PERIPHERAL, _BETWEEN = 4.09, 0.375, 0.795, 3.06, 0.0642
"""Central volume, L, its power of weight and its factor of women; peripheral volume, L; exchange of the
two, L/h (doi:10.1007/s12325-020-01247-8)."""
_VMAX, _DECAY, _KM = 2.08, 0.0013, 0.93
"""Saturable removal: mg/h at the first dose; its fall, 1/h; concentration of half of it, µg/mL
(doi:10.1007/s12325-020-01247-8)."""
_ABSORPTION: Final = 0.0117
"""Absorption from under the skin, 1/h (doi:10.1002/jcph.1771)."""
_CV_CLEARANCE, _CV_CENTRAL, _CV_VMAX, _CV_DECAY = 0.407, 0.218, 0.713, 0.434
"""Variation between patients, from a public transcription of the model (doi:10.1007/s12325-020-01247-8)."""

_CVS: Final = np.array([_CV_CLEARANCE, _CV_CENTRAL, _CV_VMAX, _CV_DECAY])

N_VARIED: Final = len(_CVS)
"""How many parameters differ between patients beyond their covariates."""

IGG_SHARE: Final = 0.52
"""Part of the patients whose myeloma makes IgG (doi:10.4065/78.1.21)."""

_WEIGHT_LOG_SD, _ALBUMIN_LOG_SD = 0.22, 0.14
"""SD of ln weight and of ln albumin between patients, where they are not known. Assumption: as adults with
myeloma differ (docs/method.md)."""

_MALE_FROM: Final = -0.126
"""Normal deviate from which a patient of unknown sex is drawn as a man. Assumption: 45 % are women
(docs/method.md)."""

N_DRAWN: Final = N_VARIED + 3
"""Deviates of a drawn patient: those of `varied`, then weight, albumin and sex, used where not known.
Arithmetic."""


@dataclass(frozen=True, slots=True)
class Body:
    """A patient's covariates; None = not known.

    The typical patient (`typical_disposition`) then has the reference patient's, and is not IgG; draws
    (`drawn_patients`) spread over what it may be.

    Attributes
    ----------
    weight_kg, albumin_g_l
        Heavier bodies clear more and are larger; low albumin goes with fast clearance of every IgG.
    female
        A smaller central volume.
    igg
        IgG myeloma: its paraprotein competes for the receptor that saves IgG from breakdown.
    """

    weight_kg: float | None = None
    albumin_g_l: float | None = None
    female: bool | None = None
    igg: bool | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Disposition:
    """Parameters of N patients, arrays that broadcast together; hours, litres, mg, µg/mL (= mg/L).

    Attributes
    ----------
    clearance
        CL, L/h: the way out that every IgG takes.
    central, peripheral
        V1, V2, L.
    between
        Q, L/h: exchange of the two.
    vmax
        mg/h at the first dose: removal by binding to CD38, which is used up as the tumour goes.
    decay
        1/h: Vmax falls as exp(−decay · t), t hours from the first dose.
    km
        µg/mL at which half of Vmax is reached.
    absorption
        1/h, from under the skin.
    """

    clearance: Floats
    central: Floats
    between: Floats
    peripheral: Floats
    vmax: Floats
    decay: Floats
    km: Floats
    absorption: Floats

    def take(self, index: NDArray[np.intp]) -> Disposition:
        """Return the patients at these places."""
        return Disposition(*(np.asarray(getattr(self, name))[index] for name in self.__slots__))


def typical_disposition(bodies: list[Body]) -> Disposition:
    """Return the typical patient's parameters at these covariates, each of shape (N,).

    CL = 0.00485·(WT/78.6)^0.451·(ALB/37)^−1.149·(1.806 if IgG); V1 = 4.09·(WT/78.6)^0.375·(0.795 if female);
    Q = 0.0642; V2 = 3.06; Vmax = 2.08·e^(−0.0013 t); Km = 0.93; Ka = 0.0117.

    Examples
    --------
    >>> found = typical_disposition([Body(), Body(igg=True)])
    >>> found.clearance.round(5).tolist()
    [0.00485, 0.00876]
    """
    weight = np.array([body.weight_kg or REFERENCE_WEIGHT_KG for body in bodies]) / REFERENCE_WEIGHT_KG
    albumin = np.array([body.albumin_g_l or REFERENCE_ALBUMIN_G_L for body in bodies]) / REFERENCE_ALBUMIN_G_L
    igg = np.array([bool(body.igg) for body in bodies])
    return _typical(weight, albumin, igg, np.array([bool(body.female) for body in bodies]))


def _typical(weight: Floats, albumin: Floats, igg: Mask, female: Mask) -> Disposition:
    """Return the typical parameters; weight and albumin as parts of the reference patient's."""
    shape = weight.shape
    return Disposition(
        clearance=_CLEARANCE * weight**_BY_WEIGHT * albumin**_BY_ALBUMIN * np.where(igg, _IF_IGG, 1.0),
        central=_CENTRAL * weight**_CENTRAL_BY_WEIGHT * np.where(female, _IF_FEMALE, 1.0),
        between=np.full(shape, _BETWEEN),
        peripheral=np.full(shape, _PERIPHERAL),
        vmax=np.full(shape, _VMAX),
        decay=np.full(shape, _DECAY),
        km=np.full(shape, _KM),
        absorption=np.full(shape, _ABSORPTION),
    )


def drawn_patients(bodies: list[Body], per_kg: Mask, deviates: Floats) -> Disposition:
    """Return D patients for each of N bodies: as `varied`, and spread over the covariates that are not known.

    Whether the myeloma makes IgG is not drawn: an unknown chain counts as not IgG (`GivenDoses.chains`
    are both).

    Parameters
    ----------
    per_kg : (N,)
        Whether the doses were given by weight: where the weight is not known, they were as unknown.
    deviates : (D, 7)
        Standard normal.

    Returns
    -------
    Disposition
        Of shape (N, D). A dose that was larger by a factor is a body that is smaller by it: concentrations
        are the same.
    """
    shape = (len(bodies), len(deviates))
    heavy, rich, sex = (np.broadcast_to(deviates[:, N_VARIED + k], shape) for k in range(3))
    weight = _known_or_drawn([body.weight_kg for body in bodies], REFERENCE_WEIGHT_KG, heavy * _WEIGHT_LOG_SD)
    albumin = _known_or_drawn(
        [body.albumin_g_l for body in bodies], REFERENCE_ALBUMIN_G_L, rich * _ALBUMIN_LOG_SD
    )
    female = np.array([[bool(body.female)] for body in bodies]) | (
        np.array([[body.female is None] for body in bodies]) & (sex < _MALE_FROM)
    )
    igg = np.broadcast_to(np.array([[bool(body.igg)] for body in bodies]), shape)
    typical = _typical(weight, albumin, igg, female)
    unknown = np.array([body.weight_kg is None for body in bodies])
    smaller = np.where((unknown & per_kg)[:, None], 1 / weight, 1.0)
    factor = np.exp(deviates[:, :N_VARIED] * np.sqrt(np.log1p(_CVS**2)))
    return Disposition(
        clearance=typical.clearance * factor[:, 0] * smaller,
        central=typical.central * factor[:, 1] * smaller,
        between=typical.between * smaller,
        peripheral=typical.peripheral * smaller,
        vmax=typical.vmax * factor[:, 2] * smaller,
        decay=typical.decay * factor[:, 3],
        km=typical.km,
        absorption=typical.absorption,
    )


def _known_or_drawn(typed: list[float | None], reference: float, logs: Floats) -> Floats:
    """Return (N, D) parts of the reference: what is known, else drawn around it."""
    part = np.array([[(value or reference) / reference] for value in typed])
    return np.where(np.array([[not value] for value in typed]), np.exp(logs), part)


def varied(typical: Disposition, deviates: Floats) -> Disposition:
    """Return D patients for each of N, log-normal around the typical one; each of shape (N, D).

    Between patients CL differs by 40.7 %, V1 21.8 %, Vmax 71.3 %, its decay 43.4 % (CV; Xu 2020, as a public
    transcription of the model has them: not compared with the paper's own supplement).

    Parameters
    ----------
    deviates : (D, 4)
        Standard normal.
    """
    factor = np.exp(deviates * np.sqrt(np.log1p(_CVS**2)))
    shape = (len(typical.clearance), len(deviates))

    def spread(value: Floats, by: Floats | float = 1.0) -> Floats:
        return np.array(np.broadcast_to(value[:, None] * by, shape))

    return Disposition(
        clearance=spread(typical.clearance, factor[:, 0]),
        central=spread(typical.central, factor[:, 1]),
        between=spread(typical.between),
        peripheral=spread(typical.peripheral),
        vmax=spread(typical.vmax, factor[:, 2]),
        decay=spread(typical.decay, factor[:, 3]),
        km=spread(typical.km),
        absorption=spread(typical.absorption),
    )
