"""The population that a sample's row names in a FlowJo workspace or GatingML file."""

from __future__ import annotations

from pathlib import Path

from gating.drawn.flowjo.sample import TubeFile
from gating.drawn.gate_file import GateFileError
from gating.drawn.population import DrawnPopulation, read_drawn_population
from pipeline.fcs import FcsFile
from pipeline.files.content import AnyContent
from pipeline.study.study import Sample
from pipeline.tube.names.rows import FileRows


def read_drawn(
    folder: Path, sample: Sample, file: FcsFile, content: AnyContent | None = None
) -> DrawnPopulation:
    """Return the population that a sample's row names.

    Parameters
    ----------
    folder
        The study folder.
    file
        The stained tube; the workspace is searched for its name and its $FIL.
    content
        The bytes of the gates' file, where they have been read already.

    Raises
    ------
    GateFileError
        If the file cannot be read, or does not have this tube or population.
    """
    try:
        document = (folder / sample.gates_file).read_bytes() if content is None else content.open().read()
    except OSError as error:
        raise GateFileError(f"{sample.gates_file}: cannot be read ({error.strerror or error})") from None
    tube = TubeFile(sample.fcs_file, file.keywords.get("$FIL", "").strip(), file.n_events)
    return read_drawn_population(document, sample.gates_file, sample.population, tube=tube)


def called_by_gates(drawn: DrawnPopulation, rows: FileRows) -> tuple[str, ...]:
    """Return the name that the gates use for each channel of a file: any name of its panel row.

    So gates that were drawn on one tube also work for the control and for other patients' tubes, whose
    detectors may have other names.
    """
    gate_names = {*drawn.labels, *(d for m in drawn.strategy.comp_matrices.values() for d in m.detectors)}
    aliases = {rows.name_of(row.name): row.aliases for row in rows.panel.channels}

    def name_in_gates(name: str) -> str:
        if name in gate_names or name.replace("/", "_") in gate_names:
            return name
        return next((alias for alias in aliases.get(name, ()) if alias in gate_names), name)

    return tuple(map(name_in_gates, rows.channels))
