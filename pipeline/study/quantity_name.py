"""What is quantified, by name: "free" only where the clone competes with the drug that was washed out."""

from __future__ import annotations

from pipeline.study.study import Study


def marker_of(study: Study) -> str:
    """Return the quantified marker as the panels name it."""
    markers = dict.fromkeys(panel.quantified.marker or "CD38" for panel in study.panels)
    return "/".join(markers) or "CD38"


def drug_of(study: Study) -> str:
    """Return the washed-out drug by the first of its names."""
    return study.settings.washed_out_drug.split(";")[0].strip()


def clones_compete(study: Study) -> bool | None:
    """Tell whether every quantified clone competes with the drug; None where a panel does not say."""
    answers = {panel.quantified.competes_with_drug for panel in study.panels}
    return answers.pop() if len(answers) == 1 else None


def density_name(study: Study) -> str:
    """Return what a density is a density of: `free CD38`, or `CD38` where it may carry drug."""
    return f"free {marker_of(study)}" if clones_compete(study) else marker_of(study)


def axis_name(study: Study) -> str:
    """Return the name of an axis of densities."""
    if clones_compete(study):
        return f"free {marker_of(study)} ({drug_of(study)}-competitive), molecules per cell"
    return f"{density_name(study)}, molecules per cell"


def population_name(study: Study) -> str:
    """Return the quantified population for reading, e.g. `plasma cells`."""
    return study.settings.population_name.replace("_", " ")
