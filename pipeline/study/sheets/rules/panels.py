"""Rules for the panels sheet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from calibration.beads.kits import BEAD_KITS, kit_names
from gating.events.panel import Role, Target
from pipeline.study.detector_names import pulse_by_name, unlike_pulses
from pipeline.study.faults import Fault, Severity
from pipeline.study.sheets.columns import Entry
from pipeline.study.sheets.rows import PanelRow
from pipeline.study.sheets.rules.transfers import unit_kits
from pipeline.study.sheets.typed import TypedStudy, caseless
from pipeline.study.wording import quoted

F_P_KITS = kit_names(kit for kit in BEAD_KITS if kit.needs_f_p)
SEVERAL_ALLOWED = (Role.DUMP, Role.OTHER, Role.VIABILITY)


def panel_roles(study: TypedStudy) -> Iterator[Fault]:
    """Require exactly one cd38 channel in each panel, without a target, and one channel for most roles."""
    for name, channels in _panels(study).items():
        first: dict[str, str] = {}
        for entry in channels:
            role, where = entry.row.role, entry.at("role")
            if role in first and role not in SEVERAL_ALLOWED:
                hint = "For a second channel of this kind use other or dump."
                problem = f"{quoted(role)} again in panel {quoted(name)} (already in {first[role]})"
                yield Fault(where, problem, "one channel for this role", hint)
            elif role:
                first[role] = where
            if role == Role.CD38 and entry.row.target not in ("", Target.ANY):
                hint = "cd38 is the quantified channel and never gates: leave the target empty."
                yield Fault(entry.at("target"), quoted(entry.row.target), "an empty target", hint)
            if role == Role.CD38 and entry.row.competes_with_drug is False:
                where = entry.at("competes_with_drug")
                expected = "a clone that competes with the drug, so that free CD38 is what is measured"
                yield Fault(where, '"no"', expected, severity=Severity.WARNING)
        if Role.CD38 not in first and all(entry.row.role for entry in channels):
            problem = f"no channel with the role cd38 in panel {quoted(name)}"
            yield Fault(channels[0].at("panel"), problem, "exactly one: the quantified channel")


def _panels(study: TypedStudy) -> dict[str, list[Entry[PanelRow]]]:
    panels: dict[str, list[Entry[PanelRow]]] = defaultdict(list)
    for entry in study.panels:
        if entry.row.panel:
            panels[entry.row.panel].append(entry)
    return panels


def panel_channels(study: TypedStudy) -> Iterator[Fault]:
    """Report a channel name that is in two rows of a panel."""
    for name, channels in _panels(study).items():
        first: dict[str, Entry[PanelRow]] = {}
        for entry in channels:
            for alias in entry.row.channel or ():
                earlier = first.setdefault(caseless(alias), entry)
                if earlier is not entry:
                    problem = (
                        f"{quoted(alias)} again in panel {quoted(name)} (already in {earlier.at('channel')})"
                    )
                    yield Fault(entry.at("channel"), problem, "each channel in one row of a panel")


def unlike_measures(study: TypedStudy) -> Iterator[Fault]:
    """Report area, height and width in the same cell: they are different measures, not the same channel."""
    cells = [(e.at("channel"), e.row.channel or ()) for e in study.panels if e.row.role != Role.TIME]
    cells += [(e.at("channel"), tuple((e.row.channel or "").split(";"))) for e in study.bead_runs]
    for where, names in cells:
        unlike = unlike_pulses([name.strip() for name in names])
        if unlike is not None:
            first, second = unlike
            pulses = f"{pulse_by_name(first, second)} and {pulse_by_name(second, first)} of a pulse"
            problem = f"{quoted(first)} and {quoted(second)}, the {pulses}, as names of one channel"
            hint = (
                "They differ by a constant factor, so that beads on one and cells on the other give a wrong "
                "density. Keep one; tubes measured on the other need a panel and beads of their own."
            )
            yield Fault(where, problem, "names of one measurement", hint)


def missing_f_p(study: TypedStudy) -> Iterator[Fault]:
    """Report a missing F:P ratio: it is required if the kit counts fluorochromes, and is never silently 1."""
    kits = unit_kits(study)
    for name, channels in _panels(study).items():
        needing = [
            entry.row.bead_run
            for entry in study.samples
            if entry.row.panel == name and kits.get(entry.row.bead_run) in F_P_KITS
        ]
        for entry in channels:
            cell = entry.typed.cells.get("f_p_ratio")
            if entry.row.role == Role.CD38 and needing and (cell is None or cell.is_empty):
                bead_run = needing[0]
                expected = f"the F:P ratio of the cd38 conjugate, which the kit {kits[bead_run]} needs"
                hint = (
                    f"The conjugate's data sheet gives it; beads {quoted(bead_run)} are used with this panel."
                )
                yield Fault(entry.at("f_p_ratio"), "nothing", expected, hint)


def missing_clone(study: TypedStudy) -> Iterator[Fault]:
    """Warn if doses are typed, but neither the clone of the quantified antibody nor whether it competes."""
    if not study.doses:
        return
    used = {entry.row.panel for entry in study.samples}
    for name, channels in _panels(study).items():
        quantified = [entry for entry in channels if entry.row.role == Role.CD38]
        is_known = any(entry.row.clone or entry.row.competes_with_drug is not None for entry in quantified)
        if name not in used or not quantified or is_known:
            continue
        expected = "the clone of the cd38 antibody, and whether it competes with the washed-out drug"
        hint = (
            "The antibody's data sheet gives the clone; competes_with_drug is yes or no. Without them it is "
            "not known whether the density is of free or of all molecules."
        )
        yield Fault(quantified[0].at("clone"), "nothing", expected, hint, Severity.WARNING)
