"""Write simulated tubes and bead runs as FCS files that are marked as simulated."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gating.events.panel import Role
from pipeline.fcs import write_fcs
from pipeline.simulate.plan import InstrumentDay, PlannedTube
from pipeline.simulate.tubes.beads import SimulatedBeads
from pipeline.simulate.tubes.cytometer import Cytometer
from pipeline.simulate.tubes.simulated_tube import SimulatedTube
from pipeline.tube.names.markers import f_p_keyword

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_FIRST_TUBE, _BEADS_AT = time(9, 0), time(8, 40)


def write_tube(folder: Path, file: str, planned: PlannedTube, tube: SimulatedTube, *, later: int = 0) -> None:
    """Write a tube to `folder` / `file`; `later`: minutes after the stained tube."""
    start = datetime.combine(planned.day.on, _FIRST_TUBE) + timedelta(minutes=planned.minute + later)
    keywords = _keywords(tube.cytometer, planned.day.voltage, start, _seconds(tube.cytometer, tube.values))
    keywords |= {"$SMNO": planned.sample_id, "TUBE NAME": Path(file).stem}
    stained = next(n for n, detector in enumerate(tube.cytometer.detectors, 1) if detector.role == Role.CD38)
    keywords[f_p_keyword(stained)] = f"{planned.day.f_p_printed:g}"
    if tube.spillover is not None:
        keywords["$SPILLOVER"] = spillover_keyword(tube.spillover_channels, tube.spillover)
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    write_fcs(path, tube.values, tube.channels, markers=tube.markers, keywords=keywords)


def write_beads(folder: Path, day: InstrumentDay, beads: SimulatedBeads) -> None:
    """Write a day's bead run."""
    cytometer = day.cytometer
    start = datetime.combine(day.on, _BEADS_AT)
    seconds = _seconds(cytometer, beads.values)
    keywords = _keywords(cytometer, day.voltage + day.bead_volts, start, seconds)
    keywords |= {"$SMNO": day.bead_run, "TUBE NAME": day.bead_run}
    path = folder / day.bead_file
    path.parent.mkdir(parents=True, exist_ok=True)
    write_fcs(path, beads.values, beads.channels, keywords=keywords)


def spillover_keyword(channels: Sequence[str], matrix: NDArray[np.float64]) -> str:
    """Return $SPILLOVER: n, the channels, the matrix row by row (FCS 3.1, section 3.2.20).

    Examples
    --------
    >>> spillover_keyword(("A", "B"), np.array([[1, 0.25], [0, 1]]))
    '2,A,B,1,0.25,0,1'
    """
    return ",".join([str(len(channels)), *channels, *(f"{share:.6g}" for share in matrix.ravel())])


def _keywords(cytometer: Cytometer, cd38_volts: float, start: datetime, seconds: float) -> dict[str, str]:
    end = start + timedelta(seconds=seconds)
    keywords = {
        "$CYT": cytometer.name,
        "$CYTSN": cytometer.serial,
        "$DATE": _fcs_date(start.date()),
        "$BTIM": start.strftime("%H:%M:%S"),
        "$ETIM": end.strftime("%H:%M:%S"),
        "$TIMESTEP": f"{cytometer.time_step:g}",
        "$COM": "Simulated: no person gave this sample.",
    }
    for number, detector in enumerate(cytometer.detectors, 1):
        if detector.role == Role.TIME:
            continue
        volts = cd38_volts if detector.role == Role.CD38 else detector.voltage
        keywords |= {f"$P{number}V": f"{volts:g}", f"$P{number}R": str(int(cytometer.top))}
    return keywords


def _fcs_date(day: date) -> str:
    """Return dd-MMM-yyyy, in English for every locale."""
    return f"{day.day:02d}-{_MONTHS[day.month - 1]}-{day.year}"


def _seconds(cytometer: Cytometer, values: NDArray[np.float32]) -> float:
    row = [detector.role for detector in cytometer.detectors].index(Role.TIME)
    return float(values[row].max(initial=0)) * cytometer.time_step
