"""The content of a file by name and events: beads among tubes, cells among beads, exchanged controls."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gating.events.panel import Role
from pipeline.checks.findings import Finding
from pipeline.checks.identity.glance import Glance
from pipeline.checks.identity.uses import Glances, Use, doubted, quantified_channel, refused
from pipeline.study.names.file_kinds import CONTROL_KINDS, FileKind, kind_of_file_name
from pipeline.study.names.ids import ids_in, is_telling, known_ids
from pipeline.study.study import Study
from pipeline.study.wording import enumerate_words, quoted
from pipeline.tube.compensation import MixedError, is_compensated
from pipeline.tube.names.markers import guess_role, scatter_role

BEAD_SHARE, CELL_SHARE = 0.7, 0.5
"""Share of the events in a narrow range of forward and side scatter: from the first number on they are beads,
below the second cells. Chosen on real and simulated files, where beads have 0.8 to 0.95 and marrow 0.15 to
0.4."""

FEWEST_STAINED = 3
"""Channels with a named antigen from which a file is of stained cells. Convention: a bead file may name one
antigen."""

BRIGHTER_FOLD, DARK = 1.5, 10.0
"""Factor by which a control may be brighter than its tube, at the median and at the 90th percentile: the same
cells without the antibody are at most as bright. Linear intensity below which a channel is dark. Convention:
both leave room for noise."""

_SURELY_BEADS = re.compile(r"bead|rainbow|brite|rcp-?30", re.IGNORECASE)


def kind_by_name(use: Use) -> tuple[FileKind | None, str]:
    """Return the kind of file by its name, else by a keyword, and in words where that was read."""
    for source, text in use.file_names:
        kind = kind_of_file_name(text)
        if kind is not None:
            return kind, f"its {source} says {kind.value}"
    return None, ""


def is_like_beads(first_events: Glance) -> bool:
    """Return whether nearly all events have the same scatter, as beads have."""
    return bool(first_events.scatter) and min(first_events.scatter) >= BEAD_SHARE


def is_like_cells(first_events: Glance) -> bool:
    """Return whether the events spread widely over forward and side scatter, as cells of several kinds do."""
    return bool(first_events.scatter) and max(first_events.scatter) < CELL_SHARE


def beads_among_tubes(uses: Sequence[Use], glances: Glances) -> Iterator[Finding]:
    """Report tubes and controls that are beads: an error if name and events agree, else a warning."""
    for use in (use for use in uses if use.sample is not None):
        kind, source = kind_by_name(use)
        events, is_named = glances[use.name], kind is FileKind.BEADS
        look = "its scatter is as narrow as that of beads"
        if is_named and is_like_beads(events):
            yield refused(use, f"beads: {source}, and {look}", "a tube of cells")
        elif is_like_beads(events):
            yield from doubted(use, f"perhaps beads: {look}", "a tube of cells")
        elif is_named and (
            not is_like_cells(events) or any(_SURELY_BEADS.search(text) for _, text in use.file_names)
        ):
            yield from doubted(use, f"perhaps beads: {source}", "a tube of cells")


def cells_among_beads(study: Study, uses: Sequence[Use], glances: Glances) -> Iterator[Finding]:
    """Report bead runs whose events are cells: an error if the name says so, too, else a warning."""
    ids = known_ids(
        name for sample in study.samples for name in (sample.sample_id, sample.patient_id) if is_telling(name)
    )
    for use in (use for use in uses if use.run is not None):
        kind, source = kind_by_name(use)
        is_stained = _n_markers(use) >= FEWEST_STAINED
        if not is_like_cells(glances[use.name]) or (kind is FileKind.BEADS and not is_stained):
            continue
        owner = next(iter(sorted(ids_in(use.name, ids))), "")
        look = "its scatter is as wide as that of cells"
        if kind in CONTROL_KINDS or owner:
            why = source if kind in CONTROL_KINDS else f"its name has {quoted(owner)}"
            yield refused(use, f"cells: {why}, and {look}", "a recording of beads")
        else:
            yield from doubted(use, f"perhaps cells: {look}", "a recording of beads")


def _n_markers(use: Use) -> int:
    """Return the number of channels on which a file names an antigen."""
    pairs = zip(use.file.channels, use.file.markers, strict=True)
    return sum(
        bool(marker.strip()) and not scatter_role(name) and guess_role(name, marker) not in (None, Role.OTHER)
        for name, marker in pairs
    )


def exchanged_controls(study: Study, uses: Sequence[Use], glances: Glances) -> Iterator[Finding]:
    """Report an exchanged tube and control: an error if there are two signs of it, a warning if one."""
    stained = {use.sample_id: use for use in uses if use.is_stained}
    for control in (use for use in uses if use.is_control):
        tube = stained.get(control.sample_id)
        if tube is None or tube.name == control.name:
            continue
        signs = [text for text in _exchange_signs(study, tube, control, glances) if text]
        if signs:
            problem = f"exchanged with the control {quoted(control.name)} in {control.where}: "
            problem += enumerate_words(signs, "and")
            expected = "the stained tube here and its control there"
            if len(signs) > 1:
                yield refused(tube, problem, expected)
            else:
                yield from doubted(tube, f"perhaps {problem}", expected)


def _differ_in_compensation(study: Study, tube: Use, control: Use) -> bool:
    """Return whether only one of two files is compensated, so that their intensities cannot be compared."""
    if tube.sample is None:
        return False
    panel = study.panel(tube.sample.panel)
    try:
        done = [is_compensated(panel, use.file.channels, use.file.markers) for use in (tube, control)]
    except MixedError:
        return True
    return done[0] != done[1]


def _exchange_signs(study: Study, tube: Use, control: Use, glances: Glances) -> Iterator[str]:
    """Yield in words each sign that a tube and its control were exchanged: name, markers, brightness."""
    (tube_kind, source), (control_kind, _) = kind_by_name(tube), kind_by_name(control)
    if tube_kind in CONTROL_KINDS and control_kind not in CONTROL_KINDS:
        yield f"of the tube, {source}"
    names = [quantified_channel(study, use) for use in (tube, control)]
    if not all(names):
        return
    markers = [
        use.file.markers[use.file.channels.index(name)]
        for use, name in zip((tube, control), names, strict=True)
    ]
    roles = [guess_role(name, marker) for name, marker in zip(names, markers, strict=True)]
    if roles[1] == Role.CD38 and not roles[0] and (not markers[0].strip() or markers[0] == names[0]):
        yield f"the control alone names CD38 on {names[1]}"
    if _differ_in_compensation(study, tube, control):
        return
    light, dark = (
        glances[use.name].light.get(name) for use, name in zip((control, tube), reversed(names), strict=True)
    )
    if light and dark:
        times = min(of_control / max(of_tube, DARK) for of_control, of_tube in zip(light, dark, strict=True))
        if times > BRIGHTER_FOLD:
            yield f"the control is {times:.1f} times as bright on {names[1]}"
