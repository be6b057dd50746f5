"""Rules for rainbow runs that replace a bead run: which curve they transfer to another day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from calibration.beads.kits import BEAD_KITS, kit_names
from pipeline.study.faults import Fault
from pipeline.study.sheets.columns import Entry
from pipeline.study.sheets.rows import BeadRow
from pipeline.study.sheets.typed import TypedStudy
from pipeline.study.wording import quoted

RELATIVE_KITS = kit_names(kit for kit in BEAD_KITS if not kit.quantifies)


def unit_kits(study: TypedStudy) -> dict[str, str]:
    """Return for each bead run the kit with the unit of its curve: its own, or that of the last run named."""
    kits = {entry.row.name: entry.row.kit for entry in study.bead_runs if entry.row.name}
    for entry in study.bead_runs:
        names = _names(entry)
        if names and names[-1] in kits:
            kits[entry.row.name] = kits[names[-1]]
    return kits


def bead_transfers(study: TypedStudy) -> Iterator[Fault]:
    """Require two names in transfer_from: a rainbow run of the same lot, and a bead run with a curve."""
    runs = {entry.row.name: entry for entry in study.bead_runs if entry.row.name}
    for entry in study.bead_runs:
        if entry.row.transfer_from:
            yield from _transfer_faults(entry, runs)


def _transfer_faults(entry: Entry[BeadRow], runs: Mapping[str, Entry[BeadRow]]) -> Iterator[Fault]:
    where, typed, names = entry.at("transfer_from"), quoted(entry.row.transfer_from), _names(entry)
    if entry.row.kit not in RELATIVE_KITS:
        yield Fault(where, f"{typed} beside the kit {quoted(entry.row.kit)}", "it with rainbow beads only")
    if len(names) != 2:
        expected = "the rainbow run of the other day and the bead run beside it, split by ;"
        yield Fault(where, typed, expected, "Such as RB_2024-05-31; QB_2024-05-31.")
        return
    unknown = [name for name in names if name not in runs]
    if unknown:
        yield Fault(where, quoted(unknown[0]), "a bead run of the beads sheet")
        return
    rainbow, curve_run = (runs[name].row for name in names)
    if rainbow.kit not in RELATIVE_KITS or rainbow.name == entry.row.name:
        yield Fault(
            where, f"{quoted(names[0])} of the kit {rainbow.kit}", "first another run of rainbow beads"
        )
    elif (rainbow.lot, rainbow.levels) != (entry.row.lot, entry.row.levels):
        yield Fault(where, f"{quoted(names[0])} of another lot or other levels", "a run of the same lot")
    if curve_run.kit in RELATIVE_KITS:
        yield Fault(
            where, f"{quoted(names[1])} of the kit {curve_run.kit}", "second the bead run with the curve"
        )


def _names(entry: Entry[BeadRow]) -> list[str]:
    return [name.strip() for name in entry.row.transfer_from.split(";") if name.strip()]
