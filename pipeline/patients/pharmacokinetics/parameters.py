"""Parameters of the model of daratumumab: two compartments, a linear and a saturable clearance.

Xu et al. 2020, Adv Ther 37:1464 (doi:10.1007/s12325-020-01247-8), Online Resource 6, intravenous. Absorption
after a subcutaneous dose: Luo et al. 2021, J Clin Pharmacol 61:614 (doi:10.1002/jcph.1771), Table S1.
The 107 patients of Xu 2020 (study MMY1001) were under daratumumab, carfilzomib and dexamethasone, some with
lenalidomide. So their clearance by the tumour had nearly gone. In a patient who has progressed since, this
clearance may have returned (`levels_with_target_back`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from calibration.numbers import Floats, Mask

REFERENCE_WEIGHT_KG, REFERENCE_ALBUMIN_G_L = 78.6, 37.0
"""Weight, kg, and albumin, g/L, of the reference patient (doi:10.1007/s12325-020-01247-8)."""

BIOAVAILABILITY: Final = 0.689
"""Bioavailability: the part of a subcutaneous dose that reaches the blood (doi:10.1002/jcph.1771)."""

_CLEARANCE, _BY_WEIGHT, _BY_ALBUMIN, _IF_IGG = 0.00485, 0.451, -1.149, 1.806
"""Typical linear clearance CL, L/h; its exponents of weight and of albumin, relative to the reference
patient; its factor for IgG myeloma (doi:10.1007/s12325-020-01247-8)."""
_CENTRAL, _CENTRAL_BY_WEIGHT, _IF_FEMALE, _PERIPHERAL, _BETWEEN = 4.09, 0.375, 0.795, 3.06, 0.0642
"""Central volume V1, L, its exponent of weight and its factor for women; peripheral volume V2, L; clearance Q
between the two, L/h (doi:10.1007/s12325-020-01247-8)."""
_VMAX, _DECAY, _KM = 2.08, 0.0013, 0.93
"""Saturable clearance: Vmax at the first dose, mg/h; the rate of its fall, 1/h; Km, µg/mL
(doi:10.1007/s12325-020-01247-8)."""
_ABSORPTION: Final = 0.0117
"""Absorption rate Ka after a subcutaneous dose, 1/h (doi:10.1002/jcph.1771)."""
_CV_CLEARANCE, _CV_CENTRAL, _CV_VMAX, _CV_DECAY = 0.407, 0.218, 0.713, 0.434
"""CV between patients, from a public transcription of the model (doi:10.1007/s12325-020-01247-8)."""

_CVS: Final = np.array([_CV_CLEARANCE, _CV_CENTRAL, _CV_VMAX, _CV_DECAY])

N_VARIED: Final = len(_CVS)
"""Number of parameters that vary between patients with the same covariates."""

IGG_SHARE: Final = 0.52
"""Share of patients whose myeloma makes IgG (doi:10.4065/78.1.21)."""

_WEIGHT_LOG_SD, _ALBUMIN_LOG_SD = 0.22, 0.14
"""SD of ln weight and of ln albumin between patients, used if they are unknown. Assumption: as in adults
with myeloma (docs/method.md)."""

_MALE_FROM: Final = -0.126
"""A simulated patient of unknown sex is a man from this normal deviate on. Assumption: 45 % are women
(docs/method.md)."""

N_DRAWN: Final = N_VARIED + 3
"""Number of deviates of a simulated patient: those of `varied`, then weight, albumin and sex, used
if unknown. Arithmetic."""


@dataclass(frozen=True, slots=True)
class Body:
    """A patient's covariates; None: unknown.

    `typical_disposition` replaces an unknown covariate by that of the reference patient, and takes the
    myeloma as not IgG. `drawn_patients` draws unknown weight, albumin and sex at random.

    Attributes
    ----------
    weight_kg, albumin_g_l
        Weight, kg, and albumin, g/L. Clearance and central volume rise with weight; clearance of every IgG is
        faster at low albumin.
    female
        Whether the patient is a woman: the central volume is smaller.
    igg
        Whether the myeloma makes IgG: the paraprotein competes for the receptor that protects IgG from
        breakdown, so clearance is faster.
    """

    weight_kg: float | None = None
    albumin_g_l: float | None = None
    female: bool | None = None
    igg: bool | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Disposition:
    """Pharmacokinetic parameters of N patients, arrays that broadcast together; h, L, mg, µg/mL (= mg/L).

    Attributes
    ----------
    clearance
        CL: linear clearance, as of every IgG, L/h.
    central, peripheral
        V1, V2: volumes of the two compartments, L.
    between
        Q: clearance between the two compartments, L/h.
    vmax
        Largest removal by binding to CD38 at the first dose, mg/h. It falls as the tumour shrinks.
    decay
        Vmax falls as exp(−decay · t), t hours from the first dose; 1/h.
    km
        Concentration at which half of Vmax is reached, µg/mL.
    absorption
        Ka: absorption rate after a subcutaneous dose, 1/h.
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
        """Return the patients at these indices."""
        return Disposition(*(np.asarray(getattr(self, name))[index] for name in self.__slots__))


def typical_disposition(bodies: list[Body]) -> Disposition:
    """Return the parameters of the typical patient with each of N bodies' covariates, each of shape (N,).

    CL = 0.00485·(WT/78.6)^0.451·(ALB/37)^−1.149·(1.806 if IgG); V1 = 4.09·(WT/78.6)^0.375·(0.795 if female);
    Q = 0.0642; V2 = 3.06; Vmax = 2.08·e^(−0.0013 t); Km = 0.93; Ka = 0.0117.

    Examples
    --------
    >>> typical = typical_disposition([Body(), Body(igg=True)])
    >>> typical.clearance.round(5).tolist()
    [0.00485, 0.00876]
    """
    weight = np.array([body.weight_kg or REFERENCE_WEIGHT_KG for body in bodies]) / REFERENCE_WEIGHT_KG
    albumin = np.array([body.albumin_g_l or REFERENCE_ALBUMIN_G_L for body in bodies]) / REFERENCE_ALBUMIN_G_L
    igg = np.array([bool(body.igg) for body in bodies])
    return _typical(weight, albumin, igg, np.array([bool(body.female) for body in bodies]))


def _typical(weight: Floats, albumin: Floats, igg: Mask, female: Mask) -> Disposition:
    """Return the typical parameters; weight and albumin are relative to the reference patient."""
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
    """Return D simulated patients for each of N bodies: varied as by `varied`, with unknown covariates drawn.

    The heavy chain is not drawn: an unknown chain counts as not IgG. `GivenDoses.chains` covers both chains.

    Parameters
    ----------
    per_kg : (N,)
        Whether the doses were given by weight: if the weight is unknown, so are the doses in mg.
    deviates : (D, 7)
        Standard normal.

    Returns
    -------
    Disposition
        Of shape (N, D). An unknown dose is not changed. The volumes, clearances and Vmax are divided by its
        factor instead, which gives the same concentrations.
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
    """Return a covariate relative to the reference, (N, D): the typed one; if unknown, drawn around 1."""
    part = np.array([[(value or reference) / reference] for value in typed])
    return np.where(np.array([[not value] for value in typed]), np.exp(logs), part)


def varied(typical: Disposition, deviates: Floats) -> Disposition:
    """Return D simulated patients for each of N, log-normal around the typical one; each of shape (N, D).

    The CV between patients is 40.7 % for CL, 21.8 % for V1, 71.3 % for Vmax and 43.4 % for its decay. The CVs
    are from a public transcription of the model (Xu 2020, doi:10.1007/s12325-020-01247-8); they were not
    compared with the supplement of the paper.

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
