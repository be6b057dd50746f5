"""The truth of a simulated study, kept outside it: tubes, beads and a label for every event."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from pipeline.simulate.plan import InstrumentDay, PlannedTube
from pipeline.simulate.tubes.beads import SimulatedBeads, units_per_molecule
from pipeline.simulate.tubes.populations import PLASMA_CELLS, POPULATION_NAMES, SENTINELS
from pipeline.simulate.tubes.simulated_tube import SimulatedTube
from pipeline.simulate.typed_sheets import SimulatedCell, write_typed_csv

TUBE_COLUMNS = (
    "sample_id", "patient_id", "fcs_file", "true_rd", "true_rd_plasma_cells", "n_events", "n_plasma_cells",
    "n_aberrant", "n_plasma_cells_in_clog", "n_clog", "washout_weeks", "clone_cd38", "occupancy",
    "total_cd38", "baseline_cd38", "serum_ug_ml", "nk_cell_cd38", "b_precursor_cd38",
    "n_plasma_cells_control", "remark",
)  # fmt: skip
TRUE_BEAD_COLUMNS = (
    "beads", "fcs_file", "kit", "lot", "slope", "intercept", "abc_intercept", "dye_per_antibody",
    "units_per_dye_molecule", "true_levels", "n_per_level",
)  # fmt: skip


def tube_row(planned: PlannedTube, tube: SimulatedTube, control: SimulatedTube) -> tuple[SimulatedCell, ...]:
    """Return the truth of a tube.

    `true_rd` is the median free CD38 of the file's viable single aberrant plasma cells. `clone_cd38` is the
    median of the lognormal distribution from which they were drawn (of the brighter part, if the clone is
    bimodal).
    """
    patient, labels = planned.patient, tube.labels
    cells = tube.plasma_cells
    sentinels = [tube.true_rd(labels.of((name,))) for name in SENTINELS]
    return (
        planned.sample_id, planned.slot.patient_id, planned.file, tube.true_rd(), tube.true_rd(cells),
        planned.n_events, int(cells.sum()), int(tube.aberrant.sum()), int((cells & labels.clog).sum()),
        int(labels.clog.sum()), patient.washout_weeks, patient.clone.cd38, patient.occupancy,
        patient.total_cd38, patient.baseline_cd38, patient.serum_ug_ml, *sentinels,
        int(control.plasma_cells.sum()), planned.slot.remark,
    )  # fmt: skip


def true_curve_row(day: InstrumentDay, beads: SimulatedBeads) -> tuple[SimulatedCell, ...]:
    """Return the truth of a run: log10 level = slope · log10 MFI + intercept; ABC has its own intercept."""
    units = units_per_molecule(beads.parameters)
    levels = "; ".join(f"{level:.6g}" for level in day.lot.true)
    counts = "; ".join(str(int(beads.singlets(level).sum())) for level in range(len(day.lot.true)))
    return (
        day.bead_run, day.bead_file, day.lot.kit, day.lot.number, beads.slope, beads.intercept,
        -math.log10(units * day.f_p), day.f_p, units, levels, counts,
    )  # fmt: skip


def write_labels(folder: Path, name: str, tube: SimulatedTube) -> None:
    """Write every event's labels to `folder`/labels/`name`.npz: arrays in the order of the file's events."""
    path = folder / "labels" / f"{name}.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    labels = tube.labels
    np.savez_compressed(
        path,
        population=labels.population,
        doublet=labels.doublet,
        debris=labels.debris,
        dead=labels.dead,
        clog=labels.clog,
        carry_over=labels.carry_over,
        plasma_cell=tube.plasma_cells,
        aberrant=tube.aberrant,
        cd38_molecules=np.round(tube.cd38_molecules, 1),
    )


def write_truth(
    folder: Path, tubes: list[tuple[SimulatedCell, ...]], bead_runs: list[tuple[SimulatedCell, ...]]
) -> None:
    """Write tubes.csv, beads.csv and populations.csv (the meaning of the numbers in the labels)."""
    write_typed_csv(folder / "tubes.csv", TUBE_COLUMNS, tubes)
    write_typed_csv(folder / "beads.csv", TRUE_BEAD_COLUMNS, bead_runs)
    rows = [(row, name, name in PLASMA_CELLS) for row, name in enumerate(POPULATION_NAMES)]
    write_typed_csv(folder / "populations.csv", ("population", "name", "plasma_cell"), rows)
