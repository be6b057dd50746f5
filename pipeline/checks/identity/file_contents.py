"""What a file is by name and events: beads among tubes, cells among beads, tube and control exchanged."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipeline.checks.findings import Finding
from pipeline.checks.identity.glance import Glance
from pipeline.checks.identity.uses import Glances, Use, doubted, refused
from pipeline.study.names.file_kinds import CONTROLS, FileKind, said_kind
from pipeline.study.names.ids import ids_in, is_telling, known_ids
from pipeline.study.study import Study
from pipeline.study.wording import enumerate_words, quoted
from pipeline.tube.compensation import MixedError, is_compensated
from pipeline.tube.names.channels import find_channel
from pipeline.tube.names.markers import guess_role, scatter_role

BEAD_SHARE, CELL_SHARE = 0.7, 0.5
"""Share of the events in a narrow stretch of both scatters: from the first on they are beads, below the
second cells. Chosen on real and simulated files, where beads have 0.8 to 0.95 and marrow 0.15 to 0.4."""

STAINED = 3
"""A file that names antigens on so many channels is of stained cells. Convention: a bead file may name
one."""

BRIGHTER, DARK = 1.5, 10.0
"""A control so many times brighter than its tube, at the median and at the 90th percentile, is none: the same
cells without the antibody are at most as bright. Light below the second, linear, is none. Convention: they
leave room for noise."""

_SURELY_BEADS = re.compile(r"bead|rainbow|brite|rcp-?30", re.IGNORECASE)


def said(use: Use) -> tuple[FileKind | None, str]:
    """Return what a file's name, else a keyword, says that it is, and where that stands."""
    for place, text in use.called:
        kind = said_kind(text)
        if kind is not None:
            return kind, f"its {place} says {kind.value}"
    return None, ""


def is_like_beads(seen: Glance) -> bool:
    """Whether nearly all events have the same scatter."""
    return bool(seen.scatter) and min(seen.scatter) >= BEAD_SHARE


def is_like_cells(seen: Glance) -> bool:
    """Whether the events spread over forward and over side scatter, as cells of several kinds do."""
    return bool(seen.scatter) and max(seen.scatter) < CELL_SHARE


def beads_among_tubes(uses: Sequence[Use], glances: Glances) -> Iterator[Finding]:
    """Report tubes and controls that are beads: refused where name and events agree, else doubted."""
    for use in (use for use in uses if use.sample is not None):
        kind, place = said(use)
        seen, is_named = glances[use.name], kind is FileKind.BEADS
        look = "its scatter is as narrow as that of beads"
        if is_named and is_like_beads(seen):
            yield refused(use, f"beads: {place}, and {look}", "a tube of cells")
        elif is_like_beads(seen):
            yield from doubted(use, f"perhaps beads: {look}", "a tube of cells")
        elif is_named and (
            not is_like_cells(seen) or any(_SURELY_BEADS.search(text) for _, text in use.called)
        ):
            yield from doubted(use, f"perhaps beads: {place}", "a tube of cells")


def cells_among_beads(study: Study, uses: Sequence[Use], glances: Glances) -> Iterator[Finding]:
    """Report bead runs whose events are cells: refused where the name says so too, else doubted."""
    ids = known_ids(
        name for sample in study.samples for name in (sample.sample_id, sample.patient_id) if is_telling(name)
    )
    for use in (use for use in uses if use.run is not None):
        kind, place = said(use)
        is_stained = _n_markers(use) >= STAINED
        if not is_like_cells(glances[use.name]) or (kind is FileKind.BEADS and not is_stained):
            continue
        owner = next(iter(sorted(ids_in(use.name, ids))), "")
        look = "its scatter is as wide as that of cells"
        if kind in CONTROLS or owner:
            why = place if kind in CONTROLS else f"its name has {quoted(owner)}"
            yield refused(use, f"cells: {why}, and {look}", "a recording of beads")
        else:
            yield from doubted(use, f"perhaps cells: {look}", "a recording of beads")


def _n_markers(use: Use) -> int:
    """Return on how many channels a file names an antigen."""
    pairs = zip(use.file.channels, use.file.markers, strict=True)
    return sum(
        bool(marker.strip()) and not scatter_role(name) and guess_role(name, marker) not in ("", "other")
        for name, marker in pairs
    )


def exchanged_controls(study: Study, uses: Sequence[Use], glances: Glances) -> Iterator[Finding]:
    """Report tubes and controls in each other's place: refused where two witnesses say so, else doubted."""
    stained = {use.sample_id: use for use in uses if use.is_stained}
    for control in (use for use in uses if use.is_control):
        tube = stained.get(control.sample_id)
        if tube is None or tube.name == control.name:
            continue
        witnesses = [text for text in _witnesses(study, tube, control, glances) if text]
        if witnesses:
            problem = f"exchanged with the control {quoted(control.name)} in {control.where}: "
            problem += enumerate_words(witnesses, "and")
            expected = "the stained tube here and its control there"
            if len(witnesses) > 1:
                yield refused(tube, problem, expected)
            else:
                yield from doubted(tube, f"perhaps {problem}", expected)


def _differ_in_compensation(study: Study, tube: Use, control: Use) -> bool:
    """Return whether only one of two files is compensated already: their light cannot be compared then."""
    if tube.sample is None:
        return False
    panel = study.panel(tube.sample.panel)
    try:
        done = [is_compensated(panel, use.file.channels, use.file.markers) for use in (tube, control)]
    except MixedError:
        return True
    return done[0] != done[1]


def _witnesses(study: Study, tube: Use, control: Use, glances: Glances) -> Iterator[str]:
    (mine, place), (theirs, _) = said(tube), said(control)
    if mine in CONTROLS and theirs not in CONTROLS:
        yield f"of the tube, {place}"
    aliases = study.panel(tube.sample.panel).quantified.aliases if tube.sample else ()
    names = [find_channel(aliases, use.file.channels) for use in (tube, control)]
    if not all(names):
        return
    markers = [
        use.file.markers[use.file.channels.index(name)]
        for use, name in zip((tube, control), names, strict=True)
    ]
    roles = [guess_role(name, marker) for name, marker in zip(names, markers, strict=True)]
    if roles[1] == "cd38" and not roles[0] and (not markers[0].strip() or markers[0] == names[0]):
        yield f"the control alone names CD38 on {names[1]}"
    if _differ_in_compensation(study, tube, control):
        return
    light, dark = (
        glances[use.name].light.get(name) for use, name in zip((control, tube), reversed(names), strict=True)
    )
    if light and dark:
        times = min(mine / max(theirs, DARK) for mine, theirs in zip(light, dark, strict=True))
        if times > BRIGHTER:
            yield f"the control is {times:.1f} times as bright on {names[1]}"
