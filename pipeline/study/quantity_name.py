"""The name of the quantity: "free" CD38 only if the clone competes with the washed-out drug."""

from __future__ import annotations

from pipeline.study.study import Study


def marker_of(study: Study) -> str:
    """Return the quantified marker as the panels name it."""
    markers = dict.fromkeys(panel.quantified.marker or "CD38" for panel in study.panels)
    return "/".join(markers) or "CD38"


def drug_of(study: Study) -> str:
    """Return the first name of the washed-out drug."""
    return study.settings.washed_out_drug.split(";")[0].strip()


def clones_compete(study: Study) -> bool | None:
    """Return whether every quantified clone competes with the drug; None: not known, or clones differ."""
    answers = {panel.quantified.competes_with_drug for panel in study.panels}
    return answers.pop() if len(answers) == 1 else None


def density_name(study: Study) -> str:
    """Return the name of the quantity: `free CD38`, or `CD38` if it may carry drug."""
    return f"free {marker_of(study)}" if clones_compete(study) else marker_of(study)


def axis_name(study: Study) -> str:
    """Return the axis title for receptor densities."""
    if clones_compete(study):
        return f"free {marker_of(study)} ({drug_of(study)}-competitive), molecules per cell"
    return f"{density_name(study)}, molecules per cell"


def population_name(study: Study) -> str:
    """Return the name of the quantified population in words, e.g. `plasma cells`."""
    return study.settings.population_name.replace("_", " ")
