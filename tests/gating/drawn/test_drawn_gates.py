"""Gates that a person drew in FlowJo or wrote as GatingML, against the counts and events of those who did."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from lxml import etree

from gating.drawn.flowjo.sample import TubeFile
from gating.drawn.gate_file import GateFileError, read_root
from gating.drawn.gatingml import gatingml_strategy
from gating.drawn.population import read_drawn_population
from gating.drawn.tree import populations_of
from gating.events import Events
from gating.events.compensation import SpilloverMatrix
from pipeline.fcs import read_fcs

TRUTH = {("root", "Quadrant1", "FL2P-FL4P", "ParRectangle1"): "ParQuadRect"}
"""The one gate whose truth has another name."""
OUTSIDE_THE_STANDARD = "gml_range_gate_attr_testing.xml"
"""Its gate lies in an element `sample` that the standard's schema does not know."""


@pytest.fixture(autouse=True)
def _flowkit_warns_of_its_own():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _raw(path: Path) -> tuple[Events, tuple[str, ...], SpilloverMatrix | None]:
    file = read_fcs(path)
    return Events(file.events(), file.channels), file.markers, file.spillover


def _members(document: bytes, population: str, path: Path) -> np.ndarray:
    events, markers, matrix = _raw(path)
    drawn = read_drawn_population(document, "gates", population, tube=TubeFile(*_names(path)))
    return drawn.step_masks(events, markers, matrix)[-1]


def _names(path: Path) -> tuple[str, ...]:
    return path.name, read_fcs(path).keywords.get("$FIL", path.name)


def _counts_in_workspace(workspace: Path, tube: str) -> dict[str, int]:
    """Return path → count of every population that FlowJo counted."""
    root = etree.parse(workspace).getroot()
    (node,) = (
        sample.find("SampleNode")
        for sample in root.iterfind("SampleList/Sample")
        if sample.find("DataSet").get("uri").endswith(tube)
    )
    found: dict[str, int] = {}

    def walk(parent, path):
        for child in parent.iterfind("Subpopulations/*"):
            if child.get("name") is not None:
                found["/".join([*path, child.get("name")])] = int(child.get("count"))
                walk(child, [*path, child.get("name")])

    walk(node, [])
    return found


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.parametrize("tube", ["390C_BM_027.fcs", "412C_BM_032.fcs"])
def test_a_marrow_workspace_gives_exactly_the_counts_that_flowjo_saw(real_data, tube):
    workspace = real_data / "flowjo" / "marrow.wsp"
    counts = _counts_in_workspace(workspace, tube)
    events, markers, matrix = _raw(real_data / "flowjo" / tube)
    parents = {path.rpartition("/")[0] for path in counts}
    ends = [path for path in counts if path not in parents]
    found: dict[str, int] = {}
    for path in ends:
        drawn = read_drawn_population(workspace.read_bytes(), "marrow.wsp", path, tube=TubeFile(tube))
        masks = drawn.step_masks(events, markers, matrix)
        found |= {"/".join(s[1:]): int(m.sum()) for s, m in zip(drawn.steps, masks, strict=True)}
    assert len(ends) >= 15
    assert found == counts


@pytest.mark.real
@pytest.mark.parametrize(
    "workspace",
    [
        "simple_diamond_example_quad_gate.wsp",
        "test_data_diamond_asinh_rect.wsp",
        "test_data_diamond_asinh_rect2.wsp",
        "test_data_diamond_biex_rect.wsp",
    ],
)
def test_a_diamond_workspace_gives_the_counts_that_flowjo_saw(real_data, workspace):
    tube = real_data / "flowjo" / "test_data_diamond_01.fcs"
    counts = _counts_in_workspace(real_data / "flowjo" / workspace, tube.name)
    assert counts
    for path, count in counts.items():
        found = int(_members((real_data / "flowjo" / workspace).read_bytes(), path, tube).sum())
        assert abs(found - count) <= 0.01 * count, (path, found, count)


@pytest.mark.real
def test_every_gatingml_gate_has_the_events_of_the_standard_s_own_truth(real_data):
    folder = real_data / "gatingml"
    events, markers, matrix = _raw(folder / "data1.fcs")
    checked = set()
    for path in sorted((folder / "gml").glob("*.xml")):
        document = path.read_bytes()
        if path.name == OUTSIDE_THE_STANDARD:
            continue
        strategy = gatingml_strategy(read_root(document, path.name), path.name)
        for population in populations_of(strategy):
            truth = folder / "truth" / f"Results_{TRUTH.get(population, population[-1])}.txt"
            if truth.exists():
                drawn = read_drawn_population(document, path.name, "/".join(population[1:]))
                expected = np.loadtxt(truth, dtype=int).astype(bool)
                found = drawn.step_masks(events, markers, matrix)[-1]
                assert np.array_equal(found, expected), (path.name, population)
                checked.add(truth.name)
    assert checked == {path.name for path in (folder / "truth").glob("*.txt")}


@pytest.mark.real
def test_a_document_outside_the_standard_is_refused_in_words(real_data):
    path = real_data / "gatingml" / "gml" / OUTSIDE_THE_STANDARD
    with pytest.raises(GateFileError, match=r"no GatingML 2\.0 that FlowKit can read"):
        gatingml_strategy(read_root(path.read_bytes(), path.name), path.name)


@pytest.mark.real
@pytest.mark.parametrize("name", ["Lymphocytes", "/Lymphocytes", "root/Lymphocytes"])
def test_a_population_at_the_top_can_be_named_though_a_deeper_one_has_its_name(real_data, name):
    tube = real_data / "readers" / "testAutomation__931115-B01-_Sample_01.fcs"
    document = (real_data / "found" / "labkey_10.0.7.wsp").read_bytes()
    drawn = read_drawn_population(document, "labkey.wsp", name, tube=TubeFile("931115-B01- Sample 01.fcs"))
    assert drawn.shown_path == "Lymphocytes"
    assert drawn.steps == (drawn.path,)
    assert not drawn.uses_gain
    deeper = read_drawn_population(
        document, "labkey.wsp", "Monocytes/Lymphocytes", tube=TubeFile("", read_fcs(tube).keywords["$FIL"])
    )
    assert deeper.shown_path == "Monocytes/Lymphocytes"


@pytest.mark.real
@pytest.mark.parametrize("tube", ["B02", "C02", "D02", "E02"])
def test_every_population_of_a_real_workspace_with_ellipses_and_booleans_is_read(real_data, tube):
    workspace = real_data / "found" / "labkey_10.0.7.wsp"
    file = read_fcs(real_data / "readers" / "testAutomation__931115-B01-_Sample_01.fcs")
    events = Events(file.events(), file.channels)
    name = next(
        node.get("name") for node in etree.parse(workspace).iter("SampleNode") if tube in node.get("name")
    )
    masks = {}
    for path in ("A", "B", "A or B", "not A", "A and not B", "CD4, CD8 ellipse", "not CD4, CD8 ellipse"):
        drawn = read_drawn_population(workspace.read_bytes(), "labkey.wsp", path, tube=TubeFile(name))
        masks[path] = drawn.step_masks(events, file.markers, None)[-1]
    assert np.array_equal(masks["A or B"], masks["A"] | masks["B"])
    assert np.array_equal(masks["A and not B"], masks["A"] & ~masks["B"])
    assert np.array_equal(masks["not CD4, CD8 ellipse"], ~masks["CD4, CD8 ellipse"])
    assert 0 < masks["CD4, CD8 ellipse"].sum() < file.n_events
