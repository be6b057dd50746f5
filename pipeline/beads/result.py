"""The result of a bead run: all that tables, pictures and the store need, without events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from calibration.beads.peaks import BeadPeaks
from calibration.curve.drift import DriftSeries
from calibration.curve.standard_curve import StandardCurve
from calibration.flags import CalibrationFlag
from pipeline.fcs.acquisition import Acquired
from pipeline.tube.histograms import Histogram


@dataclass(frozen=True, slots=True)
class CalibrationResult:
    """A bead run: populations → curve → verdict, or why there is none.

    `bead_run`: its name; stored results keep it as `beads`. `curve` converts MFI to the kit's unit. `drift`
    compares the run with earlier runs in the instrument log and is empty without a log. `unit_kit`: the kit
    that sets the unit of a curve transferred from another run; else "". `defect`: traceback of the defect of
    cd38rd that left it without a curve; else "".
    """

    bead_run: Annotated[str, Field(alias="beads")]
    fcs_file: str
    kit: str
    lot: str
    channel: str
    levels: tuple[float, ...]
    acquired: Acquired = field(default_factory=Acquired)
    n_events: int = 0
    n_singlets: int = 0
    peaks: BeadPeaks | None = None
    curve: StandardCurve | None = None
    histogram: Histogram | None = None
    flags: tuple[CalibrationFlag, ...] = ()
    note: str = ""
    sha256: str = ""
    drift: tuple[DriftSeries, ...] = ()
    unit_kit: str = ""
    defect: str = ""

    @property
    def curve_kit(self) -> str:
        """The kit that sets the unit of the curve."""
        return self.unit_kit or self.kit
