"""Files of gates made here: what is read, what is refused, and in which words."""

from __future__ import annotations

import io
import warnings

import flowkit
import numpy as np
import pandas
import pytest
from lxml import etree

from gating.drawn.flowjo.binned import BinnedPolygon, as_flowjo_bins
from gating.drawn.flowjo.sample import TubeFile
from gating.drawn.gate_file import GateFileError
from gating.drawn.polygon import inside_closed_polygon
from gating.drawn.population import DrawnPopulation, read_drawn_population
from gating.events import Events
from gating.events.compensation import SpilloverMatrix
from gating.gates import AllOf, RangeGate
from gating.gates.gatingml import to_gatingml
from gating.gates.steps import GateStep

CHANNELS = ("FSC-A", "PE-A", "BV421-A", "APC-A")
MARKERS = ("", "CD38", "CD138", "CD45")
WORKSPACE = """<Workspace version="20.0" flowJoVersion="{version}"
 xmlns:gating="http://www.isac-net.org/std/Gating-ML/v2.0/gating"
 xmlns:transforms="http://www.isac-net.org/std/Gating-ML/v2.0/transformations"
 xmlns:data-type="http://www.isac-net.org/std/Gating-ML/v2.0/datatypes">
 <Groups/>
 <SampleList>{samples}</SampleList>
</Workspace>"""
SAMPLE = """<Sample><DataSet uri="file:/C:/lab%20data/{file}" sampleID="{number}"/><Transformations/>
 <Keywords><Keyword name="$FIL" value="{fil}"/></Keywords>
 <SampleNode name="{name}" sampleID="{number}"><Subpopulations>
  <Population name="bright" owningGroup="" count="2"><Gate gating:id="ID{number}">
   <gating:RectangleGate><gating:dimension gating:min="{least}">
    <data-type:fcs-dimension data-type:name="{channel}"/></gating:dimension></gating:RectangleGate>
  </Gate></Population></Subpopulations></SampleNode></Sample>"""


NAMESPACES = WORKSPACE[WORKSPACE.index("xmlns:gating") : WORKSPACE.index(">")]


@pytest.fixture(autouse=True)
def _flowkit_warns_of_its_own():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def events() -> Events:
    values = np.arange(40, dtype=np.float32).reshape(4, 10)
    return Events(values, CHANNELS)


def document(strategy: flowkit.GatingStrategy) -> bytes:
    text = io.BytesIO()
    flowkit.export_gatingml(strategy, text)
    return text.getvalue()


def rectangle(name: str, channel: str, reference: str = "uncompensated") -> flowkit.gates.RectangleGate:
    return flowkit.gates.RectangleGate(name, [flowkit.Dimension(channel, reference, range_min=1.0)])


def workspace(
    *, version: str = "10.8.1", channel: str = "BV421-A", files: tuple[str, ...] = ("a.fcs",)
) -> bytes:
    samples = "".join(
        SAMPLE.format(
            file=f, fil=f"original {f}", name=f"tube of {f}", number=i, least=22 + i, channel=channel
        )
        for i, f in enumerate(files)
    )
    return WORKSPACE.format(version=version, samples=samples).encode()


def drawn(strategy: flowkit.GatingStrategy, population: str) -> DrawnPopulation:
    return read_drawn_population(document(strategy), "drawn.xml", population)


def test_our_own_document_is_read_back_with_its_matrix_and_gives_our_cells():
    matrix = SpilloverMatrix(CHANNELS[1:], np.eye(3) + 0.1 * np.eye(3, k=1), "by hand")
    steps = [
        GateStep("debris", RangeGate("FSC-A", 2.0, None), (), 0, 0, ()),
        GateStep("plasma_cells", AllOf((RangeGate("BV421-A", 23.0, None),)), (), 0, 0, ()),
    ]
    found = read_drawn_population(to_gatingml(steps, matrix), "ours.xml", "plasma_cells")
    masks = found.step_masks(events(), MARKERS, None)
    assert found.gating_channels(CHANNELS, MARKERS) == ("FSC-A", "BV421-A")
    assert [int(mask.sum()) for mask in masks] == [8, 5]


@pytest.mark.parametrize("name", ["original b.fcs", "B.FCS", "tube of b.fcs"])
def test_a_workspace_knows_a_tube_by_its_file_name_its_fil_or_its_own_name(name):
    document = workspace(files=("a.fcs", "b.fcs"))
    found = read_drawn_population(document, "lab.wsp", "bright", tube=TubeFile(name))
    assert int(found.step_masks(events(), MARKERS, None)[-1].sum()) == 7


def test_a_matrix_without_names_of_fluorochromes_is_read_though_flowkit_refuses_its_own_document():
    strategy = flowkit.GatingStrategy()
    strategy.add_comp_matrix("M", flowkit.Matrix(np.array([[1, 0.5], [0, 1]]), ["BV421-A", "APC-A"]))
    strategy.add_gate(rectangle("wanted", "APC-A", "M"), ("root",))
    with pytest.raises(ValueError, match="neither GatingML"):
        flowkit.parse_gating_xml(io.BytesIO(document(strategy)))
    masks = drawn(strategy, "wanted").step_masks(events(), MARKERS, None)
    assert masks[-1].tolist() == (events().column("APC-A") - 0.5 * events().column("BV421-A") >= 1).tolist()


def test_gates_that_ask_for_the_file_s_own_matrix_get_it_or_see_uncompensated_events():
    strategy = flowkit.GatingStrategy()
    gate = flowkit.gates.RectangleGate("wanted", [flowkit.Dimension("APC-A", "FCS", range_min=23.0)])
    strategy.add_gate(gate, ("root",))
    matrix = SpilloverMatrix(("BV421-A", "APC-A"), np.array([[1, 0.5], [0, 1]]), "of the file")
    found = drawn(strategy, "wanted")
    assert int(found.step_masks(events(), MARKERS, matrix)[-1].sum()) == 4
    assert int(found.step_masks(events(), MARKERS, None)[-1].sum()) == 10


def parent_on_cd38() -> flowkit.GatingStrategy:
    strategy = flowkit.GatingStrategy()
    strategy.add_gate(rectangle("CD38pos", "PE-A"), ("root",))
    strategy.add_gate(rectangle("wanted", "BV421-A"), ("root", "CD38pos"))
    return strategy


def boolean_on_cd38() -> flowkit.GatingStrategy:
    strategy = flowkit.GatingStrategy()
    strategy.add_gate(rectangle("other", "CD38"), ("root",))
    strategy.add_gate(rectangle("bright", "BV421-A"), ("root",))
    parts = [{"ref": name, "path": ("root",), "complement": False} for name in ("bright", "other")]
    strategy.add_gate(flowkit.gates.BooleanGate("wanted", "or", parts), ("root",))
    return strategy


def ratio_on_cd38() -> flowkit.GatingStrategy:
    strategy = flowkit.GatingStrategy()
    strategy.add_transform("R", flowkit.transforms.RatioTransform(["BV421-A", "PE-A"], 1.0, 0.0, 0.0))
    dimension = flowkit.RatioDimension("R", "uncompensated", range_min=1.0, range_max=2.0)
    strategy.add_gate(flowkit.gates.RectangleGate("wanted", [dimension]), ("root",))
    return strategy


def quadrant_on_cd38() -> flowkit.GatingStrategy:
    strategy = flowkit.GatingStrategy()
    dividers = [
        flowkit.QuadrantDivider(name, channel, "uncompensated", [20.0])
        for name, channel in (("x", "PE-A"), ("y", "BV421-A"))
    ]
    quadrant = flowkit.gates.Quadrant("wanted", ["x", "y"], [(20.0, None), (20.0, None)])
    strategy.add_gate(flowkit.gates.QuadrantGate("Q", dividers, [quadrant]), ("root",))
    return strategy


@pytest.mark.parametrize("tree", [parent_on_cd38, boolean_on_cd38, ratio_on_cd38, quadrant_on_cd38])
def test_a_gate_on_the_quantified_channel_anywhere_above_a_population_is_refused(tree):
    with pytest.raises(GateFileError, match="the quantified channel: a gate on it would select the cells"):
        drawn(tree(), "wanted").refuse("PE-A", CHANNELS, MARKERS)


@pytest.mark.parametrize("channel", ["Comp-PE-A", "FJComp-PE-A", "CD38"])
def test_other_names_of_the_quantified_channel_are_refused_too(channel):
    found = read_drawn_population(workspace(channel=channel), "lab.wsp", "bright", tube=TubeFile("a.fcs"))
    with pytest.raises(GateFileError, match="the quantified channel"):
        found.refuse("PE-A", CHANNELS, MARKERS)


def test_a_gate_on_another_channel_is_not_refused_for_a_sister_population_on_cd38():
    strategy = parent_on_cd38()
    strategy.add_gate(rectangle("beside", "BV421-A"), ("root",))
    found = drawn(strategy, "beside")
    found.refuse("PE-A", CHANNELS, MARKERS)
    assert found.labels == ("BV421-A",)


def test_what_cannot_be_read_is_said_in_one_sentence():
    cases = (
        (b"not xml at all", (), "not readable as XML"),
        (b"<root/>", (), "expected a FlowJo 10 workspace or GatingML"),
        (b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hosts">]><Workspace>&b;</Workspace>', (), "DOCTYPE"),
        (workspace(version="9.9.6"), ("a.fcs",), "FlowJo 9.9.6, expected FlowJo 10"),
        (workspace(), ("S1.fcs",), "does not have S1.fcs; it has tube of a.fcs"),
        (workspace(files=("a.fcs", "a.fcs")), ("a.fcs",), "2 times"),
    )
    for text, names, said in cases:
        with pytest.raises(GateFileError) as refused:
            read_drawn_population(text, "lab.wsp", "bright", tube=TubeFile(*names))
        assert str(refused.value).startswith("lab.wsp: ")
        assert said in str(refused.value)
        assert "\n" not in str(refused.value)


def test_a_population_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(
        GateFileError, match=r"no population 'brihgt'; there are bright\. Did you mean 'bright'"
    ):
        read_drawn_population(workspace(), "lab.wsp", "brihgt", tube=TubeFile("a.fcs"))


def tree(*populations: tuple[str, str]) -> bytes:
    """Return a workspace whose populations (path, XML of the gate) lie below each other by their paths."""
    root = etree.fromstring(workspace())
    node = root.find("SampleList/Sample/SampleNode")
    node.remove(node.find("Subpopulations"))
    for path, gate in populations:
        parent = node
        for name in path.split("/")[:-1]:
            parent = next(p for p in parent.iterfind("Subpopulations/*") if p.get("name") == name)
        below = parent.find("Subpopulations")
        below = etree.SubElement(parent, "Subpopulations") if below is None else below
        below.append(population(path.rpartition("/")[2].replace("|", "/"), gate))
    return etree.tostring(root)


def population(name: str, gate: str) -> etree._Element:
    text = f'<a {NAMESPACES}><Population name="" owningGroup=""><Gate>{gate}</Gate></Population></a>'
    node = etree.fromstring(text)[0]
    node.set("name", name)
    return node


def above(channel: str, least: float, **attributes: str) -> str:
    said = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return (
        f'<gating:RectangleGate{said}><gating:dimension gating:min="{least}"><data-type:fcs-dimension '
        f'data-type:name="{channel}"/></gating:dimension></gating:RectangleGate>'
    )


def counts(document: bytes, name: str, tube: TubeFile | None = None) -> list[int]:
    found = read_drawn_population(document, "lab.wsp", name, tube=tube or TubeFile("a.fcs"))
    return [int(mask.sum()) for mask in found.step_masks(events(), MARKERS, None)]


@pytest.mark.parametrize("name", ["bright", "/bright", "root/bright", "bright/", " bright "])
def test_a_name_at_the_top_is_that_population_though_deeper_ones_have_its_name(name):
    twice = tree(("bright", above("APC-A", 32)), ("bright/bright", above("FSC-A", 5)))
    assert counts(twice, name) == [8]
    assert counts(twice, "bright/bright") == [8, 5]


@pytest.mark.parametrize(
    "shown",
    ["Plasma cells ", "Plasma\u00a0cells", "plasma  Cells", "Plasma\u200b cells", "Plasma cells\u200e"],
)
@pytest.mark.parametrize("path", ["Plasma cells", "Live/plasma cells", "root/Live/Plasma cells"])
def test_a_name_that_looks_the_same_is_that_population(shown, path):
    assert counts(tree(("Live", above("FSC-A", 5)), (f"Live/{shown}", above("APC-A", 32))), path)[-1] == 5


def test_an_exact_name_comes_before_one_that_only_looks_the_same_and_two_such_names_are_refused():
    both = tree(("PC", above("APC-A", 32)), ("pc", above("FSC-A", 5)))
    assert (counts(both, "PC"), counts(both, "pc")) == ([8], [5])
    with pytest.raises(GateFileError, match="2 populations are named 'Pc'; write one of PC, pc"):
        counts(both, "Pc")


def test_a_name_that_two_populations_have_and_none_at_the_top_needs_its_path():
    both = tree(
        ("Live", above("FSC-A", 1)), ("Live/PC", above("FSC-A", 3)),
        ("Dead", above("FSC-A", 2)), ("Dead/PC", above("FSC-A", 4)),
    )  # fmt: skip
    with pytest.raises(GateFileError, match="2 populations are named 'PC'; write one of Live/PC, Dead/PC"):
        counts(both, "PC")
    assert counts(both, "Dead/PC") == [8, 6]


def test_a_channel_that_the_file_lacks_is_named_with_those_it_has():
    found = read_drawn_population(workspace(channel="BV711-A"), "lab.wsp", "bright", tube=TubeFile("a.fcs"))
    with pytest.raises(GateFileError, match=r"look at BV711-A, which the FCS file lacks; it has FSC-A, PE-A"):
        found.gating_channels(CHANNELS, MARKERS)


def test_flowjo_writes_an_underscore_for_a_slash():
    found = read_drawn_population(workspace(channel="450_50-A"), "lab.wsp", "bright", tube=TubeFile("a.fcs"))
    assert found.gating_channels(("FSC-A", "450/50-A"), ("", "")) == ("450/50-A",)


def test_a_biexponential_polygon_is_binned_and_others_are_exact():
    corners = [(0.0, 0.0), (100.0, 0.0), (100.0, 100.0), (0.0, 100.0)]
    dimensions = [flowkit.Dimension(name, None, name) for name in ("BV421-A", "APC-A")]
    gate = flowkit.gates.PolygonGate("p", dimensions, corners)
    biex = flowkit.transforms.WSPBiexTransform()
    assert isinstance(as_flowjo_bins(gate, {"BV421-A": biex, "APC-A": biex}), BinnedPolygon)
    assert type(as_flowjo_bins(gate, {})) is flowkit.gates.PolygonGate


def test_a_polygon_agrees_with_the_exact_one_but_for_its_outline():
    rng = np.random.default_rng(3)
    outline = np.array([[0.0, 8.0, 6.0, 2.0], [0.0, 1.0, 7.0, 5.0]])
    points = rng.uniform(-1, 9, (2, 2_000))
    exact = flowkit.gates.PolygonGate(
        "p", [flowkit.Dimension("x"), flowkit.Dimension("y")], outline.T.tolist()
    ).apply(pandas.DataFrame(points.T, columns=["x", "y"]))
    assert np.array_equal(inside_closed_polygon(points, outline), exact)
    assert inside_closed_polygon(outline, outline).all()


@pytest.mark.parametrize("doctype", ["", '<!DOCTYPE Workspace SYSTEM "FlowJo.dtd">'])
@pytest.mark.parametrize(
    ("root", "said"),
    [
        ('<Workspace version="1.4"/>', "a FlowJo before 10 (format 1.4; its version is not given)"),
        ('<Workspace version="1.61" flowJoVersion="7.6.5"/>', "FlowJo 7.6.5"),
        ('<Workspace version="2.0" flowJoVersion="9.9.6"/>', "FlowJo 9.9.6"),
        ('<Workspace version="1.0" flowJoVersion="5.7.2"/>', "FlowJo 5.7.2"),
    ],
)
def test_a_workspace_before_flowjo_10_is_refused_for_its_version_even_if_it_has_a_doctype(
    doctype, root, said
):
    with pytest.raises(GateFileError) as refused:
        read_drawn_population((doctype + root).encode(), "lab.xml", "PC", tube=TubeFile("a.fcs"))
    assert f"lab.xml: a workspace of {said}" in str(refused.value)
    assert "expected FlowJo 10: open it in FlowJo 10 and save it there" in str(refused.value)
    assert ("DOCTYPE" in str(refused.value)) == bool(doctype)


def test_a_workspace_of_flowjo_10_with_a_doctype_is_refused_for_that():
    with pytest.raises(GateFileError, match="has a DOCTYPE, which files of gates do not need"):
        read_drawn_population(b"<!DOCTYPE Workspace>" + workspace(), "lab.wsp", "bright")
