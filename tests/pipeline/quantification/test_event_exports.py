"""The FCS of gated cells is written whatever names the source has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gating.events.compensation import SpilloverMatrix
from pipeline.fcs import read_fcs
from pipeline.quantification.event_exports import write_gated_cells
from pipeline.quantification.prepared import TUBE_ERRORS

NAMES = ("FSC-A", "PE,A", "PE_A", "BV\t421-A", "APC\x01-A")
MARKERS = ("", "CD\x0238", "CD138\tx", "CD45, pan", "CD19")


def source(path: Path, names: tuple[str, ...] = NAMES, markers: tuple[str, ...] = MARKERS) -> Path:
    """A file with names that the writer would refuse, in plain bytes."""
    values = np.arange(10 * len(names), dtype="<f4").reshape(10, len(names))
    pairs = {"$BYTEORD": "1,2,3,4", "$DATATYPE": "F", "$MODE": "L", "$NEXTDATA": "0", "$TOT": "10"}
    pairs |= {"$PAR": str(len(names))}
    for n, (name, marker) in enumerate(zip(names, markers, strict=True), 1):
        pairs |= {f"$P{n}B": "32", f"$P{n}E": "0,0", f"$P{n}N": name, f"$P{n}R": "262144", f"$P{n}S": marker}
    text = ("|" + "|".join(word for pair in pairs.items() for word in pair) + "|").encode()
    begin = 58 + len(text)
    offsets = (58, begin - 1, begin, begin + values.nbytes - 1, 0, 0)
    header = b"FCS3.0    " + b"".join(b"%8d" % offset for offset in offsets)
    path.write_bytes(header + text + values.tobytes())
    return path


def test_names_that_fcs_does_not_allow_are_changed_and_said_to_be(tmp_path: Path) -> None:
    file = read_fcs(source(tmp_path / "tube.fcs"))
    matrix = SpilloverMatrix(("PE,A", "PE_A"), np.array([[1.0, 0.1], [0.0, 1.0]]), "SPILL")
    cells = np.arange(10) % 2 == 0
    written = tmp_path / "cells.fcs"
    write_gated_cells(written, file, cells, sample_id="S1", population="plasma cells", matrix=matrix)
    found = read_fcs(written)
    assert found.channels == ("FSC-A", "PE_A", "PE_A (P3)", "BV_421-A", "APC_-A")
    assert found.markers == ("", "", "", "", "")
    assert not found.repairs
    assert np.array_equal(found.events(), file.events()[:, cells])
    assert found.spillover is not None
    assert found.spillover.channels == ("PE_A", "PE_A (P3)")
    assert found.keywords["CD38RD NAMES"].startswith("commas of $PnN and control characters")
    assert "$P3N PE_A (P3)" in found.keywords["CD38RD NAMES"]


def test_names_that_fcs_allows_stay(tmp_path: Path) -> None:
    file = read_fcs(source(tmp_path / "tube.fcs", ("FSC-A", "PE-A", "Time"), ("", "µ", "a,b")))
    written = tmp_path / "cells.fcs"
    write_gated_cells(written, file, np.ones(10, bool), sample_id="S1", population="all", matrix=None)
    found = read_fcs(written)
    assert found.channels == file.channels
    assert "CD38RD NAMES" not in found.keywords


@pytest.mark.parametrize("wrong", [{"sample_id": ""}, {"population": ""}, {"sample_id": "\ud800"}])
def test_words_of_the_program_that_fcs_does_not_allow_are_a_defect_and_no_bad_tube(tmp_path, wrong):
    file = read_fcs(source(tmp_path / "tube.fcs"))
    names = {"sample_id": "S1", "population": "all", **wrong}
    with pytest.raises(ValueError, match=r"cells of tube\.fcs: .*CD38RD") as caught:
        write_gated_cells(tmp_path / "cells.fcs", file, np.ones(10, bool), **names, matrix=None)
    assert not isinstance(caught.value, TUBE_ERRORS)
    assert not (tmp_path / "cells.fcs").exists()
