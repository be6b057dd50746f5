"""The reagents of a receptor density; every result names them, since kits and clones differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from pipeline.study.study import Sample, Study


@dataclass(frozen=True, slots=True)
class Reagents:
    """Bead kit and lot; dye, clone and host of the quantified antibody; lyse reagent; "": not known."""

    kit: str = ""
    lot: str = ""
    fluorochrome: str = ""
    clone: str = ""
    host: str = ""
    lyse_reagent: str = ""


REAGENT_COLUMNS = tuple(field.name for field in fields(Reagents))


def reagents_of(study: Study, samples: Sequence[Sample]) -> Reagents:
    """Return the reagents of one or several tubes; values that differ are joined by `;`."""
    runs = {run.name: study.unit_run(run.name) for run in study.bead_runs}
    used = [runs[sample.bead_run] for sample in samples if sample.bead_run in runs]
    panels = {panel.name: panel.quantified for panel in study.panels}
    dyes = [panels[sample.panel] for sample in samples if sample.panel in panels]
    return Reagents(
        kit=_listed(run.kit for run in used),
        lot=_listed(run.lot for run in used),
        fluorochrome=_listed(dye.fluorochrome for dye in dyes),
        clone=_listed(dye.clone for dye in dyes),
        host=_listed(dye.host for dye in dyes),
        lyse_reagent=study.settings.lyse_reagent,
    )


def _listed(words: Iterable[str]) -> str:
    return ";".join(dict.fromkeys(word for word in words if word))
