"""What one tube and one bead run give: everything that tables, pictures and the store need, and no events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, SerializerFunctionWrapHandler, WrapSerializer

from calibration.beads.peaks import BeadPeaks
from calibration.curve.drift import DriftSeries
from calibration.curve.standard_curve import StandardCurve
from calibration.density.receptor_density import ReceptorDensity
from gating.batch_cuts import DyeCut
from gating.gates import Gate
from gating.gates.steps import GateStep
from gating.thresholds.methods import methods_in, words_of


def _step_to_store(step: GateStep, fields: SerializerFunctionWrapHandler) -> dict[str, Any]:
    """Return the fields of a step, its methods in words."""
    stored = {name: words_of(step.methods) if name == "methods" else v for name, v in fields(step).items()}
    return {"method" if name == "methods" else name: value for name, value in stored.items()}


def _step_from_store(stored: Any) -> Any:
    """Return the fields of a stored step with its methods told from their words."""
    if not isinstance(stored, Mapping) or "method" not in stored:
        return stored
    others = {name: value for name, value in stored.items() if name != "method"}
    return {**others, "methods": methods_in(stored["method"])}


StoredStep = Annotated[GateStep, WrapSerializer(_step_to_store), BeforeValidator(_step_from_store)]


@dataclass(frozen=True, slots=True)
class Density:
    """A 2-D histogram of the events that entered a gating step, on display axes.

    `counts` is zlib-compressed, base64-coded uint32, shape (bins, bins), y first, from the origin up;
    each axis runs from `low` to `high` of asinh(x / cofactor) (cofactor None: linear).
    """

    step: str
    x_channel: str
    y_channel: str
    x_axis: tuple[float, float, float | None]
    y_axis: tuple[float, float, float | None]
    bins: int
    counts: str
    gate: Gate | None


@dataclass(frozen=True, slots=True)
class Histogram:
    """1-D counts per bin on asinh(x / cofactor); `counts` per named population, all on the same edges."""

    channel: str
    low: float
    high: float
    cofactor: float
    counts: tuple[tuple[str, tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True)
class Acquired:
    """Where and how a file was acquired; empty = the file does not say."""

    instrument: str = ""
    serial: str = ""
    acquired_at: str = ""
    voltage: float | None = None
    gain: float | None = None


@dataclass(frozen=True, slots=True)
class DetectorSetting:
    """How one detector was set; voltage None where the file does not say."""

    channel: str
    voltage: float | None
    gain: float


@dataclass(frozen=True, slots=True)
class CalibrationResult:
    """A bead run: peaks → curve → verdict, or why not. `curve` converts MFI to the kit's unit.

    `drift` holds the run against the earlier ones of the instrument log; empty where there is none.
    `unit_kit`: the kit whose unit a curve gives that was carried over from another run; else "".
    """

    beads: str
    fcs_file: str
    kit: str
    lot: str
    channel: str
    levels: tuple[float, ...]
    acquired: Acquired = Acquired()
    n_events: int = 0
    n_singlets: int = 0
    peaks: BeadPeaks | None = None
    curve: StandardCurve | None = None
    histogram: Histogram | None = None
    flags: tuple[str, ...] = ()
    note: str = ""
    sha256: str = ""
    drift: tuple[DriftSeries, ...] = ()
    unit_kit: str = ""

    @property
    def curve_kit(self) -> str:
        """The kit whose unit the curve gives."""
        return self.unit_kit or self.kit


@dataclass(frozen=True, slots=True)
class SentinelResult:
    """Free CD38 on NK cells (`nk_cells`) or B precursors (`b_precursors`) of a tube; `note`: why on none."""

    name: str
    receptor: ReceptorDensity
    confidence: float = 0.0
    note: str = ""


@dataclass(frozen=True, slots=True)
class SampleResult:
    """A tube: gated, calibrated, with its interval, or why not (`receptor.status`, `note`).

    `n_plasma_cells` counts the whole gated population, `population` names the part that was quantified
    (`aberrant_plasma_cells` where the panel can tell them). `gates_document` is the GatingML of gates that a
    person drew elsewhere; empty where `steps` hold the gates. `sentinel_reading`: see
    `pipeline.quantification.sentinels`.
    `detectors`: those that may gate. `dye_cuts`: what its batch is told of them.
    """

    sample_id: str
    receptor: ReceptorDensity
    population: str = ""
    flags: tuple[str, ...] = ()
    n_events: int | None = None
    n_viable_singlets: int | None = None
    n_plasma_cells: int | None = None
    n_aberrant: int | None = None
    normal_rd: float | None = None
    background_kind: str = ""
    gating_confidence: float | None = None
    steps: tuple[StoredStep, ...] = ()
    pictures: tuple[Density, ...] = ()
    histogram: Histogram | None = None
    acquired: Acquired = Acquired()
    quantified_channel: str = ""
    spillover_source: str = ""
    spillover_sha256: str = ""
    spillover_channels: tuple[str, ...] = ()
    spillover: tuple[tuple[float, ...], ...] = ()
    repairs: tuple[str, ...] = ()
    sha256: tuple[tuple[str, str], ...] = ()
    note: str = ""
    gates_document: str = ""
    sentinels: tuple[SentinelResult, ...] = ()
    sentinel_reading: str = ""
    detectors: tuple[DetectorSetting, ...] = ()
    dye_cuts: tuple[DyeCut, ...] = ()
