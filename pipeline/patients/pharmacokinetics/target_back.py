"""The washout of a patient whose tumour, and the clearance by it, comes back after the last dose.

In the model of Xu 2020 the saturable way out falls as exp(-0.0013 t) for ever: its patients were under a
treatment that worked. After a progression the target is there again, and most of it acts below Km, where the
washout lies. How much of it is back in whom is not known. So a part of Vmax, from none to all, comes back
after the last dose as fast as it went: Vmax(t) = part * Vmax * (1 - exp(-0.0013 t)).

Below Km this way out empties the blood in an hour or two, too fast for an explicit method with steps of
days. So each step is split (Strang 1968, doi:10.1137/0705041) into the two compartments, whose exponential is
known, and the saturable way out, whose integral C + Km ln C is.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pipeline.patients.pharmacokinetics.parameters import Disposition

Floats: TypeAlias = NDArray[np.float64]

_STEP_HOURS, _MOST_STEPS = 12.0, 300
"""Steps of half a day; longer ones in a washout beyond so many. Convention: within 0.02 ug/mL of a fine
integration."""
_NEWTON: Final = 5
"""Newton steps for C after a step. Convention: it comes from above, and the last ones change nothing."""
_BLOCK: Final = 8_192
"""Numbers worked on at once: bounds the memory. Convention: fits the cache of a processor."""
_NOTHING: Final = 1e-9
"""mg and ug/mL below which nothing is followed. Convention: far below what any CD38 holds."""


def levels_with_target_back(amounts: Floats, hours: Floats, disposition: Disposition, part: Floats) -> Floats:
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

    Returns
    -------
    (N, D)
    """
    n, d = amounts.shape[1:]
    flat = Disposition(*(np.ravel(getattr(disposition, name)) for name in Disposition.__slots__))
    every = (amounts.reshape(3, -1), np.repeat(hours, d), np.tile(part, n))
    found = np.empty(n * d)
    for start in range(0, n * d, _BLOCK):
        block = np.arange(start, min(start + _BLOCK, n * d))
        state, whole, back = (values[..., block] for values in every)
        found[block] = _washed_out(state, whole, back, flat.take(block))
    return found.reshape(n, d)


def _washed_out(amounts: Floats, hours: Floats, part: Floats, body: Disposition) -> Floats:
    steps = int(np.clip(np.ceil(hours.max(initial=0.0) / _STEP_HOURS), 1, _MOST_STEPS))
    length = hours / steps
    half = _exponential(body, length / 2)
    absorbed = np.exp(-body.absorption * length / 2)
    central, peripheral, depot = amounts
    for step in range(steps):
        central, peripheral, depot = _linear(half, absorbed, central, peripheral, depot)
        vmax = part * body.vmax * -np.expm1(-body.decay * length * (step + 0.5))
        level = _saturable(central / body.central, vmax / body.central * length, body.km)
        central, peripheral, depot = _linear(half, absorbed, level * body.central, peripheral, depot)
        if float(np.max(central + peripheral + depot, initial=0.0)) < _NOTHING:
            break
    return np.asarray(central / body.central)


def _linear(
    half: tuple[Floats, Floats, Floats, Floats],
    absorbed: Floats,
    central: Floats,
    peripheral: Floats,
    depot: Floats,
) -> tuple[Floats, Floats, Floats]:
    """Carry the compartments through half a step; what leaves the skin counts as there at its start."""
    central = central + depot * (1 - absorbed)
    return (
        half[0] * central + half[1] * peripheral,
        half[2] * central + half[3] * peripheral,
        depot * absorbed,
    )


def _exponential(body: Disposition, time: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return exp of the two compartments' rates over a time: by rows, 2 x 2."""
    leave, back = (body.clearance + body.between) / body.central, body.between / body.peripheral
    across = body.between / body.central
    middle = (leave + back) / 2
    root = np.sqrt(((leave - back) / 2) ** 2 + across * back)
    slow, fast = np.exp((root - middle) * time), np.exp((-root - middle) * time)
    same, differ = (slow + fast) / 2, (slow - fast) / (2 * root)
    return (
        same + (middle - leave) * differ,
        back * differ,
        across * differ,
        same + (middle - back) * differ,
    )


def _saturable(level: Floats, lost: Floats, km: Floats) -> Floats:
    """Return C after a step of dC/dt = -v C/(Km + C): the root of C + Km ln C = C0 + Km ln C0 - v t."""
    log = np.log(np.maximum(level, _NOTHING))
    wanted = np.exp(log) + km * log - lost
    for _ in range(_NEWTON):
        value = np.exp(log)
        log = np.maximum(log - (value + km * log - wanted) / (value + km), np.log(_NOTHING) - 1)
    return np.where(lost > 0, np.exp(log), level)
