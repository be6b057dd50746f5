"""A recording in two cells: a copy of a file, even with other keywords, or a file that two rows share."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from pipeline.checks.findings import Finding
from pipeline.checks.identity.shared_events import files_that_share_events
from pipeline.checks.identity.uses import Glances, Use, doubted, refused
from pipeline.study.locations import file_key
from pipeline.study.names.ids import ids_in, is_telling, known_ids
from pipeline.study.study import Study
from pipeline.study.wording import quoted
from pipeline.tube.names.channels import find_channel

LEAST_SHARED = 2
"""Fewest channels with equal first events for two files to be the same recording. Convention: one channel may
agree by chance."""

DAY_CONTROL = 3
"""Fewest patients with the same control, without an id in its name, for it to be a control of the day, as
labs run it. Convention: the files of two patients may have been exchanged, not those of three."""


def repeated_recordings(study: Study, groups: Sequence[Sequence[Use]]) -> Iterator[Finding]:
    """Report recordings in several cells: an error if that cannot be right, else a warning."""
    for group in groups:
        stained = [use for use in group if use.is_stained]
        controls = [use for use in group if use.is_control]
        bead_uses = [use for use in group if use.run]
        yield from _stained_twice(study, stained)
        yield from (finding for use in controls for finding in _stained_control(study, use, stained))
        yield from _shared_control(study, shared_controls(group))
        yield from (
            finding for use in bead_uses for finding in _cells_as_beads(study, use, [*stained, *controls])
        )
        yield from _beads_twice(study, bead_uses)


def shared_controls(group: Sequence[Use]) -> list[Use]:
    """Return the controls of a recording that several patients share; none if it is also a stained tube."""
    controls = [use for use in group if use.is_control]
    is_shared = len({use.patient for use in controls}) > 1
    return controls if is_shared and not any(use.is_stained for use in group) else []


def groups_of(study: Study, uses: Sequence[Use], glances: Glances) -> list[list[Use]]:
    """Return the uses of each recording that is used more than once."""
    keys = {use.name: str(file_key(study.folder, use.name)) for use in uses}
    names = {key: name for name, key in reversed(keys.items())}
    above = {name: name for name in names.values()}

    def top(name: str) -> str:
        while above[name] != name:
            above[name] = name = above[above[name]]
        return name

    parts = files_that_share_events({name: glances[name].kept for name in above})
    for name, other_name in (*_same_recording(list(above), glances), *parts):
        above[top(other_name)] = top(name)
    groups: dict[str, list[Use]] = defaultdict(list)
    for use in uses:
        groups[top(names[keys[use.name]])].append(use)
    return [group for group in groups.values() if len(group) > 1]


def _same_recording(names: Sequence[str], glances: Glances) -> list[tuple[str, str]]:
    """Return pairs of files with the same recording; the first file of a recording is in all its pairs."""
    first: dict[str, str] = {}
    shared: Counter[tuple[str, str]] = Counter()
    for name in names:
        for mark in glances[name].prints:
            holder = first.setdefault(mark, name)
            if holder != name:
                shared[holder, name] += 1
    return [
        (a, b)
        for (a, b), n in sorted(shared.items())
        if n >= min(LEAST_SHARED, len(glances[a].prints), len(glances[b].prints))
    ]


def _is_copy(study: Study, use: Use, other_use: Use) -> bool:
    """Return whether two cells name different files."""
    return file_key(study.folder, use.name) != file_key(study.folder, other_use.name)


def _as_in(other_use: Use, *, is_copy: bool = True) -> str:
    if not is_copy:
        return f"which is {other_use.words} too ({other_use.where})"
    return f"the same recording as {quoted(other_use.name)} in {other_use.where} ({other_use.words})"


def _stained_twice(study: Study, stained: Sequence[Use]) -> Iterator[Finding]:
    """Report a copy of a stained tube: an error between two patients, else a warning.

    The rules of the sheets report the same file in two rows.
    """
    expected = "a recording of its own for each tube"
    for use in stained[1:]:
        if not _is_copy(study, use, stained[0]):
            continue
        if any(other_use.patient != use.patient for other_use in stained[: stained.index(use)]):
            hint = "One of the two files was exported or copied under a wrong name."
            yield refused(use, _as_in(stained[0]), expected, hint)
        else:
            hint = "It would count twice, as a replicate of itself."
            yield from doubted(use, _as_in(stained[0]), expected, hint, (stained[0],))


def _stained_control(study: Study, use: Use, stained: Sequence[Use]) -> Iterator[Finding]:
    """Report a control that is a stained tube; only a warning if that tube quantifies another channel."""
    if not stained:
        return
    own = next((stained_use for stained_use in stained if stained_use.sample is use.sample), None)
    stained_use = own or stained[0]
    expected = "a tube without the quantified antibody"
    is_copy = _is_copy(study, use, stained_use)
    if stained_use is own and not is_copy:
        return  # the rules of the sheets report it
    problem = _as_in(stained_use, is_copy=is_copy)
    if _quantifies_alike(study, use, stained_use):
        yield refused(use, problem, expected)
    else:
        yield from doubted(use, problem, expected)


def _quantifies_alike(study: Study, use: Use, other_use: Use) -> bool:
    if use.sample is None or other_use.sample is None:
        return True
    aliases, other_aliases = (
        study.panel(sample.panel).quantified.aliases for sample in (use.sample, other_use.sample)
    )
    return bool(find_channel(aliases, other_aliases))


def _shared_control(study: Study, controls: Sequence[Use]) -> Iterator[Finding]:
    """Warn of a control of several patients: that may be intended, or the file may be another patient's."""
    first, other_uses = controls[:1], [use for use in controls[1:] if use.patient != controls[0].patient]
    patients = dict.fromkeys(use.patient for use in controls)
    hint = "If the patients share it, nothing needs to be done."
    if len(patients) < DAY_CONTROL:
        for use in other_uses[:1]:
            problem = f"which is the control in {first[0].where} (patient {quoted(first[0].patient)}) too"
            yield from doubted(
                use, problem, f"the control of patient {quoted(use.patient)}", hint, (*controls,)
            )
        return
    problem = f"the control of {len(patients)} patients, in {first[0].where} to {controls[-1].where}"
    findings = doubted(other_uses[0], problem, "a control for each patient", hint, (*controls,))
    is_meant = len({file_key(study.folder, use.name) for use in controls}) == 1 and not _carries_an_id(
        study, first
    )
    yield from (Finding(finding.fault) if is_meant else finding for finding in findings)


def _carries_an_id(study: Study, controls: Sequence[Use]) -> bool:
    """Return whether the name of a file has the id of a patient or a tube."""
    names = [name for sample in study.samples for name in (sample.patient_id, sample.sample_id)]
    ids = known_ids(name for name in names if is_telling(name))
    return any(ids_in(use.name, ids) for use in controls)


def _cells_as_beads(study: Study, use: Use, tubes: Sequence[Use]) -> Iterator[Finding]:
    same_tube = next((tube for tube in tubes if _is_copy(study, use, tube)), None)
    if same_tube is not None:
        yield refused(use, _as_in(same_tube), "a recording of beads alone")


def _beads_twice(study: Study, bead_uses: Sequence[Use]) -> Iterator[Finding]:
    """Warn of a recording that is two bead runs of the same channel; two channels of it are all right."""
    for use in bead_uses[1:]:
        earlier = next(
            (other_use for other_use in bead_uses[: bead_uses.index(use)] if _same_channel(use, other_use)),
            None,
        )
        if earlier is not None:
            problem = _as_in(earlier, is_copy=_is_copy(study, use, earlier))
            yield from doubted(use, problem, "a recording of its own for each bead run")


def _same_channel(use: Use, other_use: Use) -> bool:
    names, other_names = (
        [name.strip() for name in run.channel.split(";")]
        for run in (use.run, other_use.run)
        if run is not None
    )
    return bool(find_channel(names, other_names))
