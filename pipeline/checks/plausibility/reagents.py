"""Typed values of conjugates and bead lots: F:P, assigned values, CVs, ranges; targets of anchor markers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from calibration.beads.kits import bead_kit
from gating.events.panel import PLASMA_CELL_TARGETS, Target
from pipeline.checks.findings import Finding, warning
from pipeline.checks.headers import Headers
from pipeline.checks.plausibility.plausible_ranges import (
    BEYOND_SCALE,
    HIGHEST_USUAL_CV,
    IMPOSSIBLE_LOT,
    LEAST_ASSIGNED_CV,
    LEVEL_STEPS,
    LOT_FACTOR,
    MOST_SCALE,
    PE_F_P,
    PLAUSIBLE_LEVELS,
    POSSIBLE_F_P,
    POSSIBLE_PE_F_P,
    USUAL_CV,
    USUAL_F_P,
    USUAL_F_P_SD,
)
from pipeline.fcs import FcsFile
from pipeline.study.faults import Fault
from pipeline.study.study import BeadRun, Panel, PanelChannel, Study
from pipeline.study.wording import quoted, same_word
from pipeline.tube.names.channels import find_channel
from pipeline.tube.names.markers import fluorochrome

_PE = re.compile(r"(?:r|b)?(?:pe|phycoerythrin)")
_PLASMA_CELLS = "plasma_cells"


def conjugates(study: Study, headers: Headers) -> Iterator[Finding]:
    """Compare the F:P of each quantified conjugate with the usual and the possible range of its dye."""
    del headers
    for panel in study.panels:
        channel = panel.quantified
        where = study.at("panels", f"{panel.name}/{channel.aliases[0]}", "f_p_ratio")
        if channel.f_p_ratio is not None:
            yield from _ratio(channel.f_p_ratio, where, is_pe=_is_pe(study, panel))
        yield from _ratio_sd(study, panel, channel)


def dyes_of_beads(study: Study, headers: Headers) -> Iterator[Finding]:
    """Require beads of the conjugate's dye: a PE bead says nothing on the light of another dye."""
    del headers
    for panel in study.panels:
        channel = panel.quantified
        runs = {s.bead_run: study.unit_run(s.bead_run) for s in study.samples if s.panel == panel.name}
        kit = next((kit for kit in (bead_kit(run.kit) for run in runs.values()) if kit.dye), None)
        dye = fluorochrome("", channel.fluorochrome)
        if kit is None or not dye or _PE.fullmatch(re.sub(r"[\W_]+", "", dye.casefold())):
            continue
        where = study.at("panels", f"{panel.name}/{channel.aliases[0]}", "fluorochrome")
        expected = f"{kit.dye}, the dye of the beads ({kit.title}): they give molecules of {kit.dye} alone"
        yield Finding(Fault(where, quoted(channel.fluorochrome), expected, "Is the dye or the kit mistyped?"))


def _is_pe(study: Study, panel: Panel) -> bool:
    """Return whether the quantified dye is PE, by the panel, else by the channel's name or the kit."""
    dye = re.sub(r"[\W_]+", "", panel.quantified.fluorochrome.casefold())
    if dye:
        return bool(_PE.fullmatch(dye))
    kits = {study.unit_run(s.bead_run).kit for s in study.samples if s.panel == panel.name}
    names = [re.sub(r"(?:-[ahw])?$", "", alias.casefold()) for alias in panel.quantified.aliases]
    return "quantibrite_pe" in kits or any(_PE.fullmatch(name) for name in names)


def _ratio(ratio: float, where: str, *, is_pe: bool) -> Iterator[Finding]:
    usual, possible = (PE_F_P, POSSIBLE_PE_F_P) if is_pe else (USUAL_F_P, POSSIBLE_F_P)
    dye = "a PE conjugate, near 1 for kits of 1:1 conjugates" if is_pe else "a conjugate"
    expected = f"an F:P from {usual[0]:g} to {usual[1]:g}, that of {dye}"
    hint = "Is the decimal point misplaced? Every density is divided by it."
    if not possible[0] <= ratio <= possible[1]:
        yield Finding(Fault(where, f"{ratio:g}", expected, hint))
    elif not usual[0] <= ratio <= usual[1]:
        yield warning(f"{ratio:g}", expected, where=where, hint=hint)


def _ratio_sd(study: Study, panel: Panel, channel: PanelChannel) -> Iterator[Finding]:
    sd, ratio = channel.f_p_ratio_sd, channel.f_p_ratio
    where = study.at("panels", f"{panel.name}/{channel.aliases[0]}", "f_p_ratio_sd")
    if sd is None or ratio is None:
        return
    expected = f"an SD well below the F:P of {ratio:g}"
    if sd > ratio:
        yield Finding(Fault(where, f"{sd:g}", expected, "Is it in percent?"))
    elif sd > USUAL_F_P_SD * ratio:
        yield warning(f"{sd:g}", expected, where=where, hint="Is it in percent?")


def lots(study: Study, headers: Headers) -> Iterator[Finding]:
    """Compare assigned values with those of any lot of the kit, and their CV with the usual range."""
    del headers
    first: dict[tuple[str, str, str], BeadRun] = {}
    for run in study.bead_runs:
        yield from _levels(study, run)
        yield from _unlike(study, run, first.setdefault((run.kit, same_word(run.lot), run.channel), run))
        where = study.at("beads", run.name, "assigned_cv")
        if run.assigned_cv is not None:
            yield from _assigned_cv(run.assigned_cv, where)


def _assigned_cv(cv: float, where: str) -> Iterator[Finding]:
    quantity = "a CV of the assigned values"
    if cv < LEAST_ASSIGNED_CV:
        expected = f"{quantity} as a fraction, at least {LEAST_ASSIGNED_CV:g}"
        yield Finding(Fault(where, f"{cv:g}", expected, "Leave it empty if the lot's sheet does not say it."))
    yield from doubtful_cv(cv, where, quantity)


def _unlike(study: Study, run: BeadRun, earlier: BeadRun) -> Iterator[Finding]:
    """Report a lot with two sets of levels, since a mistyped digit bends a curve too little to be noticed."""
    if run.lot and run.levels != earlier.levels:
        pairs = zip(run.levels, earlier.levels, strict=False)
        level, other_level = next(
            ((a, b) for a, b in pairs if a != b), (len(run.levels), len(earlier.levels))
        )
        where = study.at("beads", earlier.name, "levels")
        problem = f"{level:,.10g} for the lot {quoted(run.lot)}, where {where} has {other_level:,.10g}"
        expected, hint = "the same levels for one lot", "Compare both with the lot's sheet."
        yield warning(problem, expected, where=study.at("beads", run.name, "levels"), hint=hint)


def _levels(study: Study, run: BeadRun) -> Iterator[Finding]:
    kit, where = bead_kit(run.kit), study.at("beads", run.name, "levels")
    stained = [level for level in run.levels if level > 0]
    if not stained:
        return
    low, high = kit.brightest or PLAUSIBLE_LEVELS
    top, hint = stained[-1], "Compare with the lot's sheet: a factor of ten or a thousand?"
    usual = f"{low * LOT_FACTOR:,.0f} to {high / LOT_FACTOR:,.0f}" if kit.brightest else "no such number"
    expected = f"the brightest level of a lot of {kit.title}: {usual}"
    possible = (low * IMPOSSIBLE_LOT, high / IMPOSSIBLE_LOT) if kit.brightest else PLAUSIBLE_LEVELS
    if not (
        possible[0] <= top <= possible[1] and PLAUSIBLE_LEVELS[0] <= stained[0] and top <= PLAUSIBLE_LEVELS[1]
    ):
        yield Finding(Fault(where, f"levels from {stained[0]:g} to {top:g}", expected, hint))
        return
    if kit.brightest and not low * LOT_FACTOR <= top <= high / LOT_FACTOR:
        yield warning(f"the brightest level {top:,.6g}", expected, where=where, hint=hint)
    steps = [(dim, bright) for dim, bright in pairwise(stained) if not _is_step(bright / dim)]
    if kit.quantifies and kit.brightest and steps:
        usual = f"{LEVEL_STEPS[0]:g} to {LEVEL_STEPS[1]:g} times the one below"
        yield warning(f"level {steps[0][1]:g} above {steps[0][0]:g}", usual, where=where, hint=hint)


def _is_step(times: float) -> bool:
    return LEVEL_STEPS[0] <= times <= LEVEL_STEPS[1]


def doubtful_cv(cv: float, where: str, quantity: str) -> Iterator[Finding]:
    """Warn of a large CV; refuse a CV of half or more, which may be a percentage (1 for 1 %)."""
    expected = f"{quantity} as a fraction, at most {USUAL_CV:g}"
    hint = f"Is it in percent? {cv:g} % is {cv / 100:g}."
    if cv >= HIGHEST_USUAL_CV:
        yield Finding(Fault(where, f"{cv:g}", expected, hint))
    elif cv > USUAL_CV:
        yield warning(f"{cv:g}", expected, where=where)


def ranges(study: Study, headers: Headers) -> Iterator[Finding]:
    """Require ranges of bead populations on the scale of the channel, and above 0 for stained beads."""
    for run in study.bead_runs:
        file = headers[run.fcs_file].file
        where = study.at("beads", run.name, "ranges")
        pairs = zip(run.levels, run.ranges, strict=False)
        dark = next(((level, ends) for level, ends in pairs if level > 0 and ends[1] <= 0), None)
        if dark is not None:
            level, (low, high) = dark
            problem = f"the range {low:g} to {high:g} for the level {level:,.10g}"
            hint = "Stained beads are brighter than none: is a minus sign too many?"
            yield Finding(Fault(where, problem, "a range of positive values", hint))
        if run.ranges:
            begins = run.ranges[-1][0]
            yield from off_scale(begins, _top(run, file), where, f"a range from {begins:g}")


def off_scale(value: float, top: float, where: str, problem: str) -> Iterator[Finding]:
    """Warn of a value beyond the end of a channel's scale; refuse a value far beyond it.

    Parameters
    ----------
    value
        A linear value, as the events have.
    top
        End of the scale; `inf` if the file does not say it.
    """
    scale_top = min(top, MOST_SCALE)
    expected = f"a value on the channel's scale, which ends at {scale_top:,.6g}"
    if abs(value) > BEYOND_SCALE * scale_top:
        yield Finding(Fault(where, problem, expected))
    elif abs(value) > scale_top:
        yield warning(problem, expected, where=where, hint="No cell or bead lies there.")


def _top(run: BeadRun, file: FcsFile | None) -> float:
    names = [name.strip() for name in run.channel.split(";") if name.strip()]
    name = find_channel(names, file.channels) if file else ""
    return file.scale_top(name) if file and name else MOST_SCALE


def anchors(study: Study, headers: Headers) -> Iterator[Finding]:
    """Report an antigen of plasma cells for which the panel says that plasma cells are negative."""
    del headers
    if study.settings.population_name != _PLASMA_CELLS:
        return
    for panel in study.panels:
        for channel in panel.channels:
            usual = PLASMA_CELL_TARGETS.get(channel.role)
            if usual is Target.POSITIVE and channel.target == Target.NEGATIVE.value:
                where = study.at("panels", f"{panel.name}/{channel.aliases[0]}", "target")
                problem = f"{quoted(channel.target)} for {channel.role}"
                hint = "Plasma cells carry it: with this, every other cell is gated. Leave the cell empty."
                yield warning(problem, "positive", where=where, hint=hint)
