"""The demo study as data: ten patients, two instruments, and one example of each problem of a lab."""

from __future__ import annotations

from dataclasses import replace

from pipeline.simulate.plan import Slot

DEMO_EVENTS = 10_000
DEMO_DAYS_APART = 119
"""Days between the two bead days (seventeen weeks): the second visit of P04 is on the second day."""

_DESIGNED = (
    Slot("P01", 0, 4),
    Slot("P02", 0, 7, remark="few weeks after daratumumab: masked"),
    Slot("P03", 0, 10),
    Slot("P04", 0, 10),
    Slot("P05", 0, 18, cells=(7, 11), remark="haemodilute aspirate: fewer than 20 plasma cells"),
    Slot("P06", 0, 26, clog=True, remark="a clog during the acquisition"),
    Slot("P06", 0, 26, suffix="_BM1b", remark="second tube of the same marrow"),
    Slot("P08", 0, 52, spillover_in_file=False, remark="exported without its spillover matrix"),
    Slot("P04", 1, 27, suffix="_BM2", visit="week 17", remark="second visit of P04"),
    Slot("P07", 1, 12),
    Slot("P09", 1, 60, control="isotype", remark="isotype control in place of an FMO tube"),
    Slot("P10", 1, 110),
)
DEMO_PATIENTS = len({slot.patient_id for slot in _DESIGNED})


def demo_slots(patients: int | None = None) -> tuple[Slot, ...]:
    """Return the demo's tubes: those of the first patients, or with further patients on the second day."""
    n_patients = DEMO_PATIENTS if patients is None else patients
    designed = tuple(slot for slot in _DESIGNED if int(slot.patient_id[1:]) <= n_patients)
    more = tuple(Slot(f"P{number:02d}", 1) for number in range(DEMO_PATIENTS + 1, n_patients + 1))
    days = sorted({slot.day for slot in designed + more})
    return tuple(replace(slot, day=days.index(slot.day)) for slot in designed + more)
