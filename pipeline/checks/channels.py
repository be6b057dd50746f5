"""Checks of panels against the channels that the files have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.checks.findings import Finding, warning
from pipeline.checks.flags import CheckFlag
from pipeline.checks.headers import Headers, files_of, tubes_with_controls
from pipeline.fcs import FcsFile
from pipeline.study.faults import Fault, Severity
from pipeline.study.study import Panel, PanelChannel, Sample, Study
from pipeline.study.wording import enumerate_words, quoted
from pipeline.tube.names.channels import (
    find_channel,
    lacking_channels,
    missing_channels,
    named_channels,
    named_rows,
    suggestions,
)
from pipeline.tube.names.markers import contradicts
from pipeline.tube.names.rows import doubled_rows


def absent_channels(study: Study, headers: Headers) -> Iterator[Finding]:
    """Report channels of a panel that no tube has (an error of the sheet), or some tubes lack (they fail)."""
    for panel in study.panels:
        tubes = [
            (sample, file)
            for sample in study.samples
            if sample.panel == panel.name and (file := headers[sample.fcs_file].file) is not None
        ]
        lacking = [missing_channels(panel, file.channels) for _, file in tubes]
        nowhere = [channel for channel in panel.channels if all(channel in rows for rows in lacking)]
        if tubes and nowhere:
            yield _nowhere(study, panel, nowhere, tubes[0][1], len(tubes))
        for (sample, file), missing in zip(tubes, lacking, strict=True):
            if missing:
                yield _lacks(study, sample, panel, missing, file, listed=len(missing) > len(nowhere))


def _nowhere(
    study: Study, panel: Panel, missing: Sequence[PanelChannel], file: FcsFile, n_tubes: int
) -> Finding:
    """Return a single finding for a panel; its cell is that of the first channel that no tube has."""
    where = study.at("panels", f"{panel.name}/{missing[0].aliases[0]}", "channel")
    hint = suggestions(panel, missing, file.channels, file.markers)
    if len(missing) > 1:
        n, tubes = len(panel.channels), "only tube" if n_tubes == 1 else f"{n_tubes} tubes"
        has = f"{file.path.name} has {named_channels(file.channels, file.markers)}"
        problem = f"{len(missing)} of the {n} channels of panel {quoted(panel.name)} are not in its {tubes}"
        return Finding(Fault(where, f"{problem}; missing: {named_rows(missing)}; {has}", "", hint))
    tubes = "the panel's only tube" if n_tubes == 1 else f"any of the panel's {n_tubes} tubes"
    problem = f"{quoted('; '.join(missing[0].aliases))} ({missing[0].role}), which is not in {tubes}"
    has = named_channels(file.channels, file.markers)
    return Finding(
        Fault(where, problem, f"a channel of the files, such as {file.path.name} has: {has}", hint)
    )


def _lacks(
    study: Study,
    sample: Sample,
    panel: Panel,
    missing: Sequence[PanelChannel],
    file: FcsFile,
    *,
    listed: bool,
) -> Finding:
    problem = lacking_channels(panel, file.path.name, file.channels, file.markers)
    hint = suggestions(panel, missing, file.channels, file.markers)
    fault = Fault(study.at("samples", sample.sample_id, "fcs_file"), problem, "", hint, Severity.TUBE)
    return Finding(
        fault if listed else None, sample.sample_id, note=f"{problem}. {hint}".rstrip(), fails=True
    )


def control_channels(study: Study, headers: Headers) -> Iterator[Finding]:
    """Report controls that lack a channel of their tube, so that the tube's gates cannot be applied."""
    for sample, column, tube, control in tubes_with_controls(study, headers):
        lacking = [
            "; ".join(channel.aliases)
            for channel in study.panel(sample.panel).channels
            if find_channel(channel.aliases, tube.channels)
            and not find_channel(channel.aliases, control.channels)
        ]
        if lacking:
            problem = f"{control.path.name} without {enumerate_words(map(quoted, lacking), 'and')}"
            where = study.at("samples", sample.sample_id, column)
            fault = Fault(where, problem, "a control with the channels of its tube", severity=Severity.TUBE)
            note = f"the control cannot be used: {problem}"
            yield Finding(fault, sample.sample_id, CheckFlag.CONTROL_UNUSABLE, note)


def doubled_channels(study: Study, headers: Headers) -> Iterator[Finding]:
    """Report files with two channels for the same row of the panel, since neither may be chosen by chance."""
    for sample in study.samples:
        for column, name in files_of(sample).items():
            file = headers[name].file
            doubled = "" if file is None else doubled_rows(study.panel(sample.panel), file.channels)
            if file is None or not doubled:
                continue
            problem = f"{file.path.name} {doubled}"
            fault = Fault(study.at("samples", sample.sample_id, column), problem, "", severity=Severity.TUBE)
            if column == "fcs_file":
                yield Finding(fault, sample.sample_id, note=problem, fails=True)
            else:
                note = f"the control cannot be used: {problem}"
                yield Finding(fault, sample.sample_id, CheckFlag.CONTROL_UNUSABLE, note)


def shared_channels(study: Study, headers: Headers) -> Iterator[Finding]:
    """Report two rows of a panel that mean the same channel of a file."""
    for panel in study.panels:
        reported = set()
        for sample in study.samples:
            file = headers[sample.fcs_file].file
            if sample.panel != panel.name or file is None:
                continue
            first: dict[str, PanelChannel] = {}
            for channel in panel.channels:
                name = find_channel(channel.aliases, file.channels)
                first_channel = first.setdefault(name, channel)
                if name and first_channel is not channel and channel not in reported:
                    reported.add(channel)
                    where = study.at("panels", f"{panel.name}/{channel.aliases[0]}", "channel")
                    earlier = study.at("panels", f"{panel.name}/{first_channel.aliases[0]}", "channel")
                    typed = quoted("; ".join(channel.aliases))
                    problem = f"{typed}, which in {file.path.name} is {name} as in {earlier}"
                    yield Finding(Fault(where, problem, "another channel for each row of a panel"))


def contradicting_markers(study: Study, headers: Headers) -> Iterator[Finding]:
    """Report files whose marker name ($PnS) of a channel contradicts the panel."""
    for sample in study.samples:
        file = headers[sample.fcs_file].file
        if file is None:
            continue
        for channel in study.panel(sample.panel).channels:
            name = find_channel(channel.aliases, file.channels)
            marker = file.markers[file.channels.index(name)] if name else ""
            role_in_file = contradicts(channel.role, name, marker)
            if role_in_file:
                shown_channel = f"{name} ({marker})" if marker else name
                problem = (
                    f"{file.path.name}, which calls channel {shown_channel}: that is {role_in_file}, not "
                    f"{channel.role}"
                )
                expected = f"the marker that panel {quoted(sample.panel)} has on it"
                where = study.at("samples", sample.sample_id, "fcs_file")
                hint = "Was a tube mislabelled, or is the panel's role wrong?"
                yield warning(
                    problem,
                    expected,
                    where=where,
                    sample_id=sample.sample_id,
                    flag=CheckFlag.MARKER_DIFFERS,
                    hint=hint,
                )
