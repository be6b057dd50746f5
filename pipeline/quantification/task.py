"""Everything that one tube needs to be quantified."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gating.batch_cuts import BatchCut
from gating.events.compensation import SpilloverMatrix
from pipeline.beads.result import CalibrationResult
from pipeline.study.settings.tube import TubeSettings
from pipeline.study.study import GateOverride, Panel, Sample


@dataclass(frozen=True, slots=True)
class TubeTask:
    """Everything one tube needs; small and picklable, so that it can go to any worker.

    Attributes
    ----------
    folder
        The study folder; the sample's files are relative to it.
    calibration
        The result of this tube's bead run: its curve, or why there is none.
    failure
        Why this tube cannot be quantified, if that is known before it is read; else empty.
    flags, notes
        Flags and notes of the study's checks.
    spillover
        The matrix that the study names; None: the file's own matrix.
    assigned_cv
        CV of the lot's assigned values, where the beads sheet gives one.
    files_sha256
        (label, SHA-256) of the files that the result depends on, at the start of the run. If a file has
        changed when it is read, the tube fails.
    events_file
        File for the results per event; None: they are not written.
    batch_cuts
        Cuts of the tube's batch, where its own were unclear; see `pipeline.quantification.pooled_cuts`.
    extras
        Whether to add what the report shows beside the density: histograms, normal cells, sentinels.
    second_opinion
        Whether to gate the tube a second time in another way.
    """

    folder: Path
    sample: Sample
    panel: Panel
    calibration: CalibrationResult
    settings: TubeSettings
    overrides: tuple[GateOverride, ...] = ()
    failure: str = ""
    flags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    spillover: SpilloverMatrix | None = None
    assigned_cv: float | None = None
    files_sha256: tuple[tuple[str, str], ...] = ()
    events_file: Path | None = None
    batch_cuts: tuple[BatchCut, ...] = ()
    extras: bool = True
    second_opinion: bool = False
