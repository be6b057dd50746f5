"""One tube in, one `SampleResult` out: a dask task that knows no table, no dosing date, no other tube."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from calibration.beads.kits import abc_divisor, bead_kit
from calibration.density.receptor_density import FEWEST_CELLS, RdStatus, ReceptorDensity
from gating.arithmetic.numbers import CONFIDENCE_DIGITS
from gating.batch_cuts import dye_cuts
from gating.events import FloatArray, Mask
from gating.gates.steps import GatedPopulation, GateStep, Step
from gating.second_opinion import dice_overlap
from pipeline.checks.flags import CheckFlag
from pipeline.fcs.file import acquired
from pipeline.fcs.repairs import OF_THE_MATRIX, USUAL_REPAIRS
from pipeline.files.content import file_sha256
from pipeline.quantification.automatic_gates import gated_tube
from pipeline.quantification.drawn_gates import DrawnGating, gated_by_file
from pipeline.quantification.event_exports import write_events, write_gated_cells
from pipeline.quantification.one_thread import one_thread
from pipeline.quantification.person_gate_notes import moved_gates
from pipeline.quantification.prepared import TUBE_ERRORS, Prepared, prepared
from pipeline.quantification.receptor import (
    distribution_of,
    rd_of,
    receptor_of,
    with_split_doubt,
    without_guessed_cells,
)
from pipeline.quantification.result import SampleFlag, SampleResult, SecondCount, with_labels
from pipeline.quantification.sentinels import with_sentinels
from pipeline.quantification.task import TubeTask
from pipeline.study.file_labels import labels_of_sample
from pipeline.tube.compensation import Compensation
from pipeline.tube.control import Control, background_cells, flagged_below_zero
from pipeline.tube.detectors import detector_settings
from pipeline.tube.histograms import Density, Histogram, cd38_histogram, step_densities
from pipeline.tube.inputs import changed_inputs, read_inputs
from pipeline.tube.names.typed_gates import polygons_of, thresholds_of
from pipeline.tube.reading import Tube
from pipeline.tube.steady_stain import change_of_stain

LEAST_AGREEMENT = 0.6
"""Agreement with the second opinion below which a person should check the gates. Chosen on the simulated
tubes of docs/validation.md."""

__all__ = ["TubeTask", "failed", "quantify_tube"]


def quantify_tube(task: TubeTask) -> SampleResult:
    """Read, gate and calibrate a tube; return its result, or the reason why there is none.

    Bad input raises no exception; any exception is a defect of cd38rd.
    """
    if task.failure:
        return failed(task, task.failure)
    with one_thread():
        return _quantified_or_failed(task)


def _quantified_or_failed(task: TubeTask) -> SampleResult:
    labels = labels_of_sample(task.folder, task.sample, task.settings.spillover_file)
    ready, reason, sha256 = _read(task)
    measured = labels.of_pairs(sha256)
    changed = changed_inputs(task.files_sha256, measured)
    task = replace(task, files_sha256=measured)
    if changed:
        return failed(task, changed)
    if ready is None:
        return with_labels(failed(task, reason), labels)
    return with_labels(_quantified_or_refused(ready.with_task(task)), labels)


def _read(task: TubeTask) -> tuple[Prepared | None, str, tuple[tuple[str, str], ...]]:
    """Return the tube that was read, or why it cannot be read, and the digests of its files."""
    asked_for_once = not task.sample.gates_file and task.events_file is None
    inputs = read_inputs(task.folder, task.sample.input_files, streamed=asked_for_once)
    try:
        return prepared(task, inputs), "", inputs.sha256
    except TUBE_ERRORS as error:
        return None, str(error), inputs.sha256


def _quantified_or_refused(ready: Prepared) -> SampleResult:
    try:
        return quantified_tube(ready)[0]
    except TUBE_ERRORS as error:
        return failed(ready.task, str(error))


def quantified_tube(ready: Prepared) -> tuple[SampleResult, GatedPopulation]:
    """Gate a tube that has been read, with the gates of its task; return the result and the gated cells.

    Raises
    ------
    TUBE_ERRORS
        If its gates cannot be used, or it cannot be gated.
    """
    task, control = ready.task, ready.control
    thresholds, polygons = thresholds_of(task.panel, task.overrides), polygons_of(task.panel, task.overrides)
    own = gated_tube(ready.tube, control, thresholds, task.batch_cuts, polygons)
    tube = flagged_below_zero(ready.tube, control, own)
    if task.sample.gates_file:
        drawn = gated_by_file(task.folder, task.sample, tube, control, own, ready.gates_content)
        gated = drawn.gated
        result = _quantified(task, tube, gated, control, drawn)
    else:
        gated = _with_moved(ready, quantifiable(tube, own))
        result = _quantified(task, tube, gated, control)
    if task.second_opinion:
        result = _with_second_opinion(ready.opinion, gated.mask, result)
    if task.extras:
        result = with_sentinels(task, tube, control, own, result)
    cuts = dye_cuts(tube.events, tube.panel, own)
    return replace(result, detectors=detector_settings(tube), dye_cuts=cuts), gated


def _with_moved(ready: Prepared, gated: GatedPopulation) -> GatedPopulation:
    """Say in the row which gates a person set, and what they replaced."""
    if not ready.task.overrides:
        return gated
    flags, notes = moved_gates(ready.automatic, gated, ready.task.panel, ready.task.overrides)
    return replace(gated, flags=(*gated.flags, *flags), notes=(*gated.notes, *notes))


def quantifiable(tube: Tube, gated: GatedPopulation) -> GatedPopulation:
    """Drop the split into aberrant and normal cells where it is unreliable: all plasma cells are quantified.

    Without compensation, and without a control to estimate it, the quantified dye spills into the channels of
    the split, so that the split would select cells by their CD38.
    """
    if gated.aberrant is None:
        return gated
    if tube.compensation is Compensation.MISSING and tube.spillover is None:
        reason = (
            "without compensation aberrant and normal plasma cells cannot be separated: all were quantified"
        )
        return replace(gated, aberrant=None, notes=(*gated.notes, reason))
    n, total = int(gated.aberrant.sum()), int(gated.mask.sum())
    if n < FEWEST_CELLS <= total:
        reason = f"{n} of {total} plasma cells look aberrant on this panel, too few: all were quantified"
        flags = (*gated.flags, SampleFlag.ABERRANT_TOO_FEW)
        return replace(gated, aberrant=None, flags=flags, notes=(*gated.notes, reason))
    return gated


def _with_second_opinion(opinion: Mask | None, cells: Mask, result: SampleResult) -> SampleResult:
    """Add the agreement with the second opinion, and flag the tube where it is low."""
    if opinion is None:
        return result
    alike = round(dice_overlap(opinion, cells), CONFIDENCE_DIGITS)
    n_cells = int(opinion.sum())
    result = replace(result, second_opinion=SecondCount(n_cells, alike))
    if alike >= LEAST_AGREEMENT:
        return result
    gated = int(cells.sum())
    note = f"the second opinion names {n_cells} cells, the gates {gated}: agreement {alike:.2f}"
    flags = (*result.flags, SampleFlag.SECOND_OPINION_DIFFERS)
    return replace(result, flags=flags, note="; ".join(part for part in (result.note, note) if part))


def failed(task: TubeTask, reason: str, defect: str = "") -> SampleResult:
    """Return the row of a tube that could not be quantified; its note is the reason alone.

    Parameters
    ----------
    defect
        Traceback of the defect of cd38rd that failed it; "" where the tube itself is at fault.
    """
    labels = labels_of_sample(task.folder, task.sample, task.settings.spillover_file)
    return SampleResult(
        sample_id=task.sample.sample_id,
        receptor=ReceptorDensity(RdStatus.FAILED, n_cells=0, notes=task.notes),
        flags=(*task.flags, SampleFlag.PROGRAM_DEFECT) if defect else task.flags,
        sha256=task.files_sha256,
        note=labels.in_text(reason),
        defect=labels.in_text(defect),
    )


def _quantified(
    task: TubeTask, tube: Tube, gated: GatedPopulation, control: Control, drawn: DrawnGating | None = None
) -> SampleResult:
    cells = gated.mask if gated.aberrant is None else gated.aberrant
    narrowing = gated.steps if gated.aberrant is not None else _without_aberrant(gated)
    blank = background_cells(control, narrowing) if drawn is None else drawn.background
    receptor = without_guessed_cells(receptor_of(task, tube, cells, blank, control.kind), gated)
    receptor = with_split_doubt(receptor, task, tube, gated)
    change = change_of_stain(tube, gated.viable_singlets, cells) if task.extras else None
    unsteady = () if change is None else (change.words(tube.quantified_channel),)
    notes = (*task.notes, *_repairs(tube), *tube.notes, *gated.notes, *unsteady, *control.notes)
    events_sha256 = _export(task, tube, gated)
    return SampleResult(
        sample_id=task.sample.sample_id,
        receptor=receptor,
        population=("" if gated.aberrant is None else "aberrant_") + task.settings.population_name,
        flags=(
            *_flags(task, tube, gated, receptor, has_control=control.tube is not None),
            *((SampleFlag.STAIN_UNSTEADY,) if unsteady else ()),
        ),
        n_events=tube.events.n_events,
        n_viable_singlets=int(gated.viable_singlets.sum()),
        n_plasma_cells=int(gated.mask.sum()),
        n_aberrant=None if gated.aberrant is None else int(gated.aberrant.sum()),
        normal_rd=_normal_rd(task, tube, gated, blank, control.kind) if task.extras else None,
        background_kind=control.kind,
        gating_confidence=gated.confidence,
        steps=gated.steps,
        pictures=_pictures(tube, gated, drawn) if task.extras else (),
        histogram=_histogram(task, tube, cells, blank),
        acquired=acquired(tube.file, tube.rows.quantified),
        quantified_channel=tube.quantified_channel,
        spillover_source=tube.spillover.source if tube.spillover else "",
        spillover_sha256=tube.spillover.digest if tube.spillover else "",
        spillover_channels=tube.spillover.channels if tube.spillover else (),
        spillover=_rows(tube),
        repairs=tuple(repair.text for repair in tube.repairs),
        sha256=task.files_sha256,
        events_sha256=events_sha256,
        note="; ".join(dict.fromkeys(notes)),
        gates_document="" if drawn is None else drawn.document,
        distribution=distribution_of(task, tube, cells, blank, receptor) if task.extras else None,
    )


def _pictures(tube: Tube, gated: GatedPopulation, drawn: DrawnGating | None) -> tuple[Density, ...]:
    outlines = None if drawn is None else drawn.outlines
    return step_densities(tube.events, gated, panel=tube.panel, outlines=outlines)


def _histogram(task: TubeTask, tube: Tube, cells: Mask, blank: FloatArray | None) -> Histogram | None:
    if not task.extras:
        return None
    return cd38_histogram(tube.quantified[cells], blank, channel=tube.quantified_channel)


def _normal_rd(
    task: TubeTask, tube: Tube, gated: GatedPopulation, blank: FloatArray | None, kind: str
) -> float | None:
    """RD of the plasma cells that are not aberrant, with the same control."""
    if gated.aberrant is None:
        return None
    return rd_of(task, tube, gated.mask & ~gated.aberrant, blank, kind)


def _without_aberrant(gated: GatedPopulation) -> tuple[GateStep, ...]:
    return tuple(step for step in gated.steps if step.name is not Step.ABERRANT)


def _flags(
    task: TubeTask, tube: Tube, gated: GatedPopulation, receptor: ReceptorDensity, *, has_control: bool
) -> tuple[str, ...]:
    named = task.sample.fmo_file or task.sample.isotype_file
    unusable = (CheckFlag.CONTROL_UNUSABLE,) if named and not has_control else ()
    repaired = (SampleFlag.REPAIRED_FILE,) if _repairs(tube) else ()
    every = (*task.flags, *unusable, *repaired, *tube.flags, *gated.flags, *receptor.flags)
    return tuple(dict.fromkeys(flag for flag in every if flag))


def _repairs(tube: Tube) -> tuple[str, ...]:
    """Name the repairs of the file; a fault of a matrix that is not applied does not matter."""
    of_no_matter = (
        USUAL_REPAIRS | OF_THE_MATRIX if tube.compensation is Compensation.ALREADY else USUAL_REPAIRS
    )
    return tuple(repair.text for repair in tube.repairs if repair.code not in of_no_matter)


def _rows(tube: Tube) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in tube.spillover.values.tolist()) if tube.spillover else ()


def _export(task: TubeTask, tube: Tube, gated: GatedPopulation) -> tuple[tuple[str, str], ...]:
    """Write the results per event, if they are wanted; return the ending of each file and its SHA-256."""
    if task.events_file is None:
        return ()
    curve, kit = task.calibration.curve, bead_kit(task.calibration.curve_kit)
    unknown = curve is None or not kit.quantifies
    abc = np.full(tube.events.n_events, np.nan)
    if curve is not None and not unknown:
        abc = curve.to_abc(tube.quantified.astype(np.float64)) / abc_divisor(
            kit, task.panel.quantified.f_p_ratio
        )
    write_gated_cells(
        task.events_file.with_suffix(".fcs"),
        tube.file,
        gated.mask,
        rows=tube.rows,
        compensated=tube.compensation is Compensation.ALREADY,
        sample_id=task.sample.sample_id,
        population=task.settings.population_name,
        matrix=tube.spillover,
    )
    write_events(task.events_file, abc, gated)
    files = (task.events_file, task.events_file.with_suffix(".fcs"))
    return tuple((path.suffix, file_sha256(path)) for path in files if path.exists())
