"""All checks of the identity of files; the first events of each file are read once."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.checks.findings import Finding
from pipeline.checks.headers import Headers
from pipeline.checks.identity.doubled_events import doubled_events
from pipeline.checks.identity.file_contents import beads_among_tubes, cells_among_beads, exchanged_controls
from pipeline.checks.identity.owners import files_of_others
from pipeline.checks.identity.persons import persons
from pipeline.checks.identity.recordings import groups_of, repeated_recordings, shared_controls
from pipeline.checks.identity.uses import glances_of, uses_of
from pipeline.study.study import Study


def identities(study: Study, headers: Headers) -> Iterator[Finding]:
    """Report files that belong to another row or another column, by content and by name."""
    uses = uses_of(study, headers)
    glances = glances_of(study, uses)
    groups = groups_of(study, uses, glances)
    repeated = tuple(repeated_recordings(study, groups))
    yield from repeated
    reported = {finding.fault.where for finding in repeated if finding.fault}
    reported |= {use.where for group in groups for use in shared_controls(group)}
    yield from files_of_others(study, [use for use in uses if use.where not in reported])
    yield from beads_among_tubes(uses, glances)
    yield from cells_among_beads(study, uses, glances)
    yield from exchanged_controls(study, uses, glances)
    yield from doubled_events(uses, glances)
    yield from persons(study, headers)
