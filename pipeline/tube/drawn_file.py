"""The population that a sample's row names in a FlowJo workspace or GatingML file."""

from __future__ import annotations

from pathlib import Path

from gating.drawn.flowjo.sample import TubeFile
from gating.drawn.gate_file import GateFileError
from gating.drawn.population import DrawnPopulation, read_drawn_population
from pipeline.fcs import FcsFile
from pipeline.study.study import Sample


def read_drawn(folder: Path, sample: Sample, file: FcsFile) -> DrawnPopulation:
    """Return the population that a sample's row names.

    Parameters
    ----------
    folder
        The study folder.
    file
        The stained tube, whose name and $FIL a workspace is searched for.

    Raises
    ------
    GateFileError
        If the file cannot be read, or has no such tube or population.
    """
    try:
        document = (folder / sample.gates_file).read_bytes()
    except OSError as error:
        raise GateFileError(f"{sample.gates_file}: cannot be read ({error.strerror or error})") from None
    tube = TubeFile(sample.fcs_file, file.keywords.get("$FIL", "").strip(), file.n_events)
    return read_drawn_population(document, sample.gates_file, sample.population, tube=tube)
