"""Check that beads which capture antibodies match the host species of the quantified antibody."""

from __future__ import annotations

import re
from collections.abc import Iterator

from calibration.beads.kits import bead_kit
from pipeline.checks.findings import Finding, warning
from pipeline.checks.headers import Headers
from pipeline.study.faults import Fault
from pipeline.study.study import BeadRun, Panel, Study
from pipeline.study.wording import enumerate_words, quoted, shortened

# Such beads bind the constant part of an antibody, which is human in a humanised antibody.
SPELLINGS = {"murine": "mouse", "mice": "mouse", "humanised": "human", "humanized": "human"}
_SPLIT = re.compile(r"[;,/+&]|\band\b|\bor\b")
_ANTI = re.compile(r"\banti\b")
_FILLER = re.compile(
    r"\big[gm]?\s*(\d[a-d]?)?\b|\b(mono|poly)clonal\b|\brecombinant\b|\bfully\b|\bkappa\b|\blambda\b|[^\w\s]"
)


def species_named(text: str, *, captured: bool = False) -> tuple[str, ...]:
    """Return the host species that a cell names, each in its usual spelling.

    Parameters
    ----------
    captured
        Whether the cell names captured antibodies: "goat anti-mouse" then means mouse, otherwise goat.

    Examples
    --------
    >>> species_named("Mouse IgG1"), species_named("mouse anti-human"), species_named("humanized")
    (('mouse',), ('mouse',), ('human',))
    >>> species_named("anti-Mouse; Rat", captured=True)
    ('mouse', 'rat')
    """
    words = (_species(part, captured=captured) for part in _SPLIT.split(text.casefold()))
    return tuple(dict.fromkeys(SPELLINGS.get(word, word) for word in words if word))


def _species(part: str, *, captured: bool) -> str:
    sides = [" ".join(_FILLER.sub(" ", side).split()) for side in _ANTI.split(part)]
    named = [side for side in sides if side]
    return named[-1 if captured else 0] if named else ""


def antibody_hosts(study: Study, headers: Headers) -> Iterator[Finding]:
    """Require that capturing beads capture antibodies of the quantified antibody's host species.

    They capture antibodies of another species only in part or not at all. All densities are then wrong by a
    factor, which no bead file shows.
    """
    del headers
    pairs: dict[tuple[str, ...], tuple[BeadRun, Panel]] = {}
    for sample in study.samples:
        run, panel = study.unit_run(sample.bead_run), study.panel(sample.panel)
        pairs.setdefault((run.kit, run.lot, run.captures, panel.name), (run, panel))
    for run, panel in pairs.values():
        yield from _unmatched(study, run, panel)


def _unmatched(study: Study, run: BeadRun, panel: Panel) -> Iterator[Finding]:
    """Compare a bead lot with a panel; a kit that captures no antibodies always matches."""
    kit, antibody = bead_kit(run.kit), panel.quantified
    if kit.captures is None:
        return
    at_host = study.at("panels", f"{panel.name}/{antibody.aliases[0]}", "host")
    at_beads = study.at("beads", run.name, "captures")
    host, fixed = species_named(antibody.host), species_named(kit.captures)
    captured = species_named(run.captures, captured=True) or fixed
    listed = shortened(enumerate_words(captured, "and"))
    bead_lot = f"beads {quoted(run.name)} ({kit.name}, {at_beads})"
    if fixed and captured != fixed:
        expected = f"{kit.captures} or an empty cell: {kit.title} is made for {kit.captures} antibodies"
        yield Finding(Fault(at_beads, quoted(run.captures), expected))
    elif captured and host and not set(host) <= set(captured):
        problem = f"{quoted(antibody.host)}, but {bead_lot} capture {listed}"
        hint = "Others bind in part or not at all: ABC is wrong. Take beads for this host, or correct a cell."
        yield Finding(Fault(at_host, problem, f"an antibody of {listed}", hint))
    elif not captured:
        expected = "captures: the host species whose antibodies the beads bind, as on the vial"
        hint = "" if host else f" {kit.title} also wants the antibody's host ({at_host})."
        yield warning(
            "nothing", expected, where=at_beads, hint=f"Whether the hosts match is not known.{hint}"
        )
    elif not (host or fixed):
        expected = f"host: the antibody's host species, since {bead_lot} capture {listed} only"
        yield warning("nothing", expected, where=at_host, hint="Whether the hosts match is not known.")
