"""FlowJo's axes: compensated and raw channels beside each other, each with its own scale."""

from __future__ import annotations

import warnings

import flowkit
import numpy as np
import pytest

from gating.arithmetic.linear import inverse_of
from gating.drawn.flowjo.sample import TubeFile
from gating.drawn.gate_file import GateFileError
from gating.drawn.polygon import inside_closed_polygon
from gating.drawn.population import read_drawn_population
from gating.events import Events
from helpers import workspaces as fj

CHANNELS = ("FSC-A", "BV421-A", "APC-A", "450/50-A")
MARKERS = ("", "CD138", "CD45", "CD19")
DYES = CHANNELS[1:]
SPILL = np.array([[1.0, 0.3, 0.05], [0.1, 1.0, 0.2], [0.02, 0.15, 1.0]])
NAMES = {dye: dye.replace("/", "_") for dye in DYES}
"""FlowJo writes `_` for `/`."""


@pytest.fixture(autouse=True)
def _flowkit_warns_of_its_own():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.fixture(scope="module")
def raw() -> np.ndarray:
    light = np.random.default_rng(5).lognormal(6, 1.5, (3, 5_000))
    size = np.random.default_rng(6).normal(80_000, 20_000, 5_000)
    return np.vstack([size, SPILL.T @ light]).astype(np.float32).astype(np.float64)


@pytest.fixture(scope="module")
def compensated(raw) -> np.ndarray:
    return np.vstack([raw[:1], inverse_of(SPILL).T @ raw[1:]])


def members(document: bytes, name: str, raw: np.ndarray) -> np.ndarray:
    drawn = read_drawn_population(document, "lab.wsp", name, tube=TubeFile("a.fcs"))
    assert drawn.gating_channels(CHANNELS, MARKERS)
    return drawn.step_masks(Events(raw.astype(np.float32), CHANNELS), MARKERS, None)[-1]


def lab(*populations: str, prefix="Comp-", suffix="", turned=False, scales="") -> bytes:
    axes = fj.matrix(list(NAMES.values()), SPILL, prefix, suffix, turned=turned)
    return fj.workspace(fj.sample(*populations, axes=axes, scales=scales))


@pytest.mark.parametrize(
    ("prefix", "suffix"),
    [
        ("Comp-", ""),
        ("FJComp-", ""),
        ("<", ">"),
        ("(c)", ""),
        ("[", "]"),
        ("", "*"),
        ("a.b+", "$"),
        ("BV421-A", ""),
    ],
)
@pytest.mark.parametrize("dye", DYES)
def test_a_gate_on_a_raw_axis_sees_raw_events_and_one_on_a_compensated_axis_compensated_ones(
    raw, compensated, prefix, suffix, dye
):
    name, row = NAMES[dye], CHANNELS.index(dye)
    document = lab(
        fj.population("raw", fj.rectangle({name: {"min": 600.0}})),
        fj.population("compensated", fj.rectangle({f"{prefix}{name}{suffix}": {"min": 600.0}})),
        prefix=prefix,
        suffix=suffix,
    )
    assert np.array_equal(members(document, "raw", raw), raw[row] >= 600)
    assert np.array_equal(members(document, "compensated", raw), compensated[row] >= 600)


def test_one_gate_may_see_a_raw_and_a_compensated_axis_even_of_one_detector(raw, compensated):
    both = {"APC-A": {"min": 700.0}, "Comp-APC-A": {"max": 500.0}, "Comp-BV421-A": {"min": 100.0}}
    found = members(lab(fj.population("PC", fj.rectangle(both))), "PC", raw)
    expected = (raw[2] >= 700) & (compensated[2] < 500) & (compensated[1] >= 100)
    assert expected.sum() > 100
    assert np.array_equal(found, expected)


def test_boolean_populations_of_raw_and_compensated_axes(raw, compensated):
    document = lab(
        fj.population("raw/bright", fj.rectangle({"APC-A": {"min": 900.0}})),
        fj.population("comp", fj.rectangle({"Comp-APC-A": {"min": 900.0}})),
        fj.boolean("Or", "either", "raw/bright", "comp"),
        fj.boolean("Not", "neither", "either"),
    )
    either = (raw[2] >= 900) | (compensated[2] >= 900)
    assert np.array_equal(members(document, "either", raw), either)
    assert np.array_equal(members(document, "neither", raw), ~either)
    assert np.array_equal(members(document, "raw/bright", raw), raw[2] >= 900)


def test_a_matrix_whose_rows_stand_in_another_order_is_read_by_its_names(raw, compensated):
    gate = fj.population("PC", fj.rectangle({"Comp-BV421-A": {"min": 600.0}}))
    assert np.array_equal(members(lab(gate, turned=True), "PC", raw), compensated[1] >= 600)


def test_a_large_matrix_is_taken_off_to_the_last_event():
    rng = np.random.default_rng(8)
    names = [f"D{i}-A" for i in range(20)]
    spill = np.eye(20) + np.where(np.eye(20) == 1, 0, rng.uniform(0, 0.08, (20, 20)))
    raw = (spill.T @ rng.lognormal(6, 1, (20, 3_000))).astype(np.float32)
    gate = fj.population("PC", fj.rectangle({"Comp-D7-A": {"min": 500.0}, "D8-A": {"max": 900.0}}))
    document = fj.workspace(fj.sample(gate, axes=fj.matrix(names, spill)))
    drawn = read_drawn_population(document, "lab.wsp", "PC", tube=TubeFile("a.fcs"))
    found = drawn.step_masks(Events(raw, tuple(names)), [""] * 20, None)[-1]
    off = np.linalg.solve(spill.T, raw.astype(np.float64))
    assert np.array_equal(found, (off[7] >= 500) & (raw[8] < 900))


def test_a_polygon_on_compensated_axes_is_drawn_on_their_own_scale(raw, compensated):
    corners = [(-50.0, -80.0), (900.0, 20.0), (3_000.0, 2_500.0), (10.0, 700.0)]
    channels = ("Comp-BV421-A", "Comp-APC-A")
    scales = "".join(fj.biex(name, -100) + fj.biex(f"Comp-{name}", -1000) for name in ("BV421-A", "APC-A"))
    document = lab(fj.population("PC", fj.polygon(channels, corners)), scales=scales)

    def expected(width: float) -> np.ndarray:
        axis = flowkit.transforms.WSPBiexTransform(0, width, 4.418539922, 262144)
        shown = axis.apply(compensated[1:3])
        outline = axis.apply(np.array(corners).T)
        return inside_closed_polygon(np.floor(shown / 16), np.floor(outline / 16 + 1e-6))

    found = members(document, "PC", raw)
    assert np.count_nonzero(expected(-1000) != expected(-100)) > 10
    assert np.array_equal(found, expected(-1000))


def test_a_compensated_channel_without_a_scale_of_its_own_has_that_of_its_detector(raw, compensated):
    corners = [(-50.0, 1.0), (900.0, 20.0), (3_000.0, 2_500.0), (10.0, 700.0)]
    gate = fj.population("PC", fj.polygon(("Comp-BV421-A", "Comp-APC-A"), corners))
    own = "".join(fj.biex(f"Comp-{name}", -300) for name in ("BV421-A", "APC-A"))
    detectors = "".join(fj.biex(name, -300) for name in ("BV421-A", "APC-A"))
    assert np.array_equal(
        members(lab(gate, scales=own), "PC", raw), members(lab(gate, scales=detectors), "PC", raw)
    )


BROKEN = {
    "a width of 0": fj.biex("{}", 0),
    "a width above 0": fj.biex("{}", 10),
    "a length that is not known": fj.biex("{}", -100, length="4096"),
    "a kind that is not known": fj.scale("miltenyi", "{}", T="1"),
    "no offset": fj.scale("log", "{}", offset="0", decades="4"),
    "no range": fj.scale("linear", "{}", minRange="5", maxRange="5"),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_scale_that_cannot_be_used_matters_only_where_a_gate_needs_it(raw, broken):
    gates = [
        fj.population("PC", fj.rectangle({"APC-A": {"min": 900.0}})),
        fj.population("other", fj.rectangle({"BV421-A": {"min": 900.0}})),
    ]
    document = lab(*gates, scales=fj.biex("APC-A") + broken.replace("{}", "BV421-A"))
    assert np.array_equal(members(document, "PC", raw), raw[2] >= 900)
    with pytest.raises(
        GateFileError, match=r"lab\.wsp: the scale of BV421-A .*; choose another scale for it"
    ):
        members(document, "other", raw)


def test_a_gate_of_an_unknown_kind_matters_only_where_it_is_needed(raw):
    document = lab(
        fj.population("PC", fj.rectangle({"APC-A": {"min": 900.0}})),
        fj.population("curly", "<gating:CurlyQuad/>"),
    )
    assert members(document, "PC", raw).sum() > 0
    with pytest.raises(
        GateFileError, match="the gate of 'curly' is of the kind CurlyQuad, which is not read"
    ):
        members(document, "curly", raw)


@pytest.mark.parametrize("name", ["CD138 : CD45", "CD138", "UMAP-1"])
def test_a_gate_on_a_derived_parameter_is_refused_as_that_even_if_a_marker_has_its_name(raw, name):
    document = fj.workspace(
        fj.sample(fj.population("PC", fj.rectangle({name: {"min": 2.0}})), derived=[name])
    )
    with pytest.raises(GateFileError, match=f"looks at '{name}', a parameter that FlowJo derives"):
        members(document, "PC", raw)


def test_a_matrix_that_does_not_name_its_detectors_in_every_row_is_refused(raw):
    document = lab(fj.population("PC", fj.rectangle({"Comp-APC-A": {"min": 9.0}})))
    broken = document.replace(
        b'<transforms:coefficient data-type:parameter="APC-A"',
        b'<transforms:coefficient data-type:parameter="PE-A"',
        1,
    )
    with pytest.raises(GateFileError, match="does not name each of its 3 detectors once in every row"):
        members(broken, "PC", raw)


def test_a_matrix_with_detectors_that_the_file_lacks_is_refused_where_a_gate_needs_it(raw):
    axes = fj.matrix(["APC-A", "PE-A"], np.array([[1.0, 0.2], [0.1, 1.0]]))
    document = fj.workspace(
        fj.sample(
            fj.population("PC", fj.rectangle({"Comp-APC-A": {"min": 9.0}})),
            fj.population("raw", fj.rectangle({"APC-A": {"min": 9.0}})),
            axes=axes,
        )
    )
    assert members(document, "raw", raw).sum() > 0
    with pytest.raises(
        GateFileError, match="the matrix 'lab' has the detectors PE-A, which the FCS file lacks"
    ):
        members(document, "PC", raw)


def test_names_with_slashes_and_dots_are_names_and_no_paths(raw):
    document = lab(
        fj.population(
            "CD19+/CD45-",
            fj.rectangle({"APC-A": {"max": 900.0}}),
            fj.population(
                "..",
                fj.rectangle({"BV421-A": {"min": 100.0}}),
                fj.population("PC", fj.rectangle({"FSC-A": {"min": 7e4}})),
            ),
        ),
        fj.population("CD19+", fj.rectangle({"APC-A": {"min": 1e9}})),
    )
    drawn = read_drawn_population(document, "lab.wsp", "PC", tube=TubeFile("a.fcs"))
    assert drawn.shown_path == "CD19+/CD45-/../PC"
    expected = (raw[2] < 900) & (raw[1] >= 100) & (raw[0] >= 7e4)
    assert np.array_equal(members(document, "CD19+/CD45-/../PC", raw), expected)


def test_two_populations_at_one_place_are_refused_where_they_are_needed(raw):
    document = lab(
        fj.population("PC", fj.rectangle({"APC-A": {"min": 900.0}})),
        fj.population("PC", fj.rectangle({"APC-A": {"min": 100.0}})),
        fj.population("B", fj.rectangle({"APC-A": {"min": 900.0}})),
    )
    assert members(document, "B", raw).sum() > 0
    with pytest.raises(GateFileError, match="2 populations lie at 'PC'; rename all but one"):
        members(document, "PC", raw)


def test_a_boolean_population_of_one_that_is_gone_is_refused_by_name(raw):
    document = lab(fj.boolean("Not", "rest", "Live/PC"))
    with pytest.raises(GateFileError, match="'rest' is made of 'Live/PC', which the workspace does not have"):
        members(document, "rest", raw)


@pytest.mark.parametrize(("setting", "uses_gain"), [("0", False), ("1", True), ("", False)])
def test_flowjo_divides_by_the_gain_only_where_its_cytometer_was_set_to(setting, uses_gain):
    gate = fj.population("PC", fj.rectangle({"FSC-A": {"min": 9.0}}))
    document = fj.workspace(fj.sample(gate), uses_gain=setting)
    drawn = read_drawn_population(document, "lab.wsp", "PC", tube=TubeFile("a.fcs"))
    assert drawn.uses_gain is uses_gain


@pytest.mark.parametrize("kind", ["log", "linear"])
def test_a_scale_is_what_flowjo_says_of_it(raw, kind):
    attributes = {"log": {"offset": 10, "decades": 4}, "linear": {"minRange": 50_000, "maxRange": 150_000}}[
        kind
    ]
    gate = fj.population("PC", fj.rectangle({"FSC-A": {"min": 75_000.0}}))
    document = lab(gate, scales=fj.scale(kind, "FSC-A", **attributes))
    drawn = read_drawn_population(document, "lab.wsp", "PC", tube=TubeFile("a.fcs"))
    shown = drawn.strategy.transformations["FSC-A"].apply(np.array([75_000.0]))
    assert shown == pytest.approx(0.25 if kind == "linear" else (np.log10(75_000) - 1) / 4)
    assert np.array_equal(members(document, "PC", raw), raw[0] >= 75_000)


def test_a_spectral_matrix_is_unmixed_by_least_squares(raw):
    names, dyes = list(NAMES.values()), 2
    spectra = np.array([[1.0, 0.3, 0.4], [0.1, 1.0, 0.2]])
    square = fj.matrix(names, np.vstack([spectra, np.zeros(3)]))
    axes = square.replace('spectral="0"', 'spectral="1" weightOptAlgorithmType="OLS"').replace(
        f'<data-type:parameter data-type:name="{names[2]}"/>', "", 1
    )
    start = axes.rindex("<transforms:spillover ")
    axes = axes[:start] + axes[axes.rindex("</transforms:spillover>") + len("</transforms:spillover>") :]
    gates = [
        fj.population("PC", fj.rectangle({"Comp-APC-A": {"min": 300.0}})),
        fj.population("raw", fj.rectangle({"APC-A": {"min": 300.0}})),
    ]
    document = fj.workspace(fj.sample(*gates, axes=axes))
    unmixed = np.linalg.lstsq(spectra.T, raw[1:], rcond=None)[0]
    assert unmixed.shape[0] == dyes
    assert np.array_equal(members(document, "PC", raw), unmixed[1] >= 300)
    assert np.array_equal(members(document, "raw", raw), raw[2] >= 300)


@pytest.mark.parametrize("width", [-1, -10, -100, -1000])
@pytest.mark.parametrize("end", [262_143.0, 262_144.0, 300_000.0])
def test_a_rectangle_up_to_the_end_of_a_biexponential_axis_holds_the_events_that_pile_up_there(
    raw, width, end
):
    bright = raw.copy()
    bright[2, :40] = np.linspace(261_000, 400_000, 40)
    gate = fj.population("PC", fj.rectangle({"APC-A": {"min": 900.0, "max": end}}))
    found = members(lab(gate, scales=fj.biex("APC-A", width)), "PC", bright)
    assert np.array_equal(found, bright[2] >= 900)
    lower = fj.population("PC", fj.rectangle({"APC-A": {"min": 900.0, "max": 200_000.0}}))
    found = members(lab(lower, scales=fj.biex("APC-A", width)), "PC", bright)
    assert np.array_equal(found, (bright[2] >= 900) & (bright[2] < 200_000))


def broken_gate(gate: str, there: str = "", gone: str = "") -> str:
    assert there in gate
    return fj.population("PC", gate.replace(there, gone) if there else gate)


TRIANGLE = fj.polygon(("FSC-A", "APC-A"), [(0, 0), (9, 0), (9, 9)])
UNCLEAR = {
    "comma": (broken_gate(TRIANGLE, "9.0", "9,5"), "has '9,5' where a number must stand .decimals have a point"),
    "nan": (broken_gate(fj.rectangle({"APC-A": {"min": float("nan")}})), "has 'nan' where a number"),
    "endless": (broken_gate(fj.rectangle({"APC-A": {}})), "has no end on any axis"),
    "turned": (broken_gate(fj.rectangle({"APC-A": {"min": 9.0, "max": 2.0}})), "begins at 9.0 and ends at 2.0"),
    "line": (broken_gate(fj.polygon(("FSC-A", "APC-A"), [(0, 0), (9, 9)])), "polygon of fewer than 3 corners"),
    "axes": (broken_gate(fj.polygon(("FSC-A", "APC-A", "BV421-A"), [(0, 0), (9, 0), (9, 9)])), "PolygonGate on 3 axes"),
    "side": (broken_gate(TRIANGLE, 'eventsInside="1"', 'eventsInside="2"'), "says '2' of the events inside"),
    "not two": (fj.boolean("Not", "PC", "A", "B"), "is NOT of 2 populations"),
    "not none": (fj.boolean("Not", "PC"), "is NOT of 0 populations"),
    "and none": (fj.boolean("And", "PC"), "is AND of 0 populations"),
    "itself": (fj.boolean("Or", "PC", "A", "PC"), "'PC' is made of itself"),
    "circle": (fj.boolean("Or", "PC", "A", "D") + fj.boolean("Not", "D", "PC"), "is made of itself"),
    "two parts": (fj.boolean("Or", "PC", "A", "A/B"), "made of 'A/B', which the workspace has 2 times"),
}  # fmt: skip


@pytest.mark.parametrize(("population", "reason"), UNCLEAR.values(), ids=UNCLEAR)
def test_a_gate_without_a_clear_meaning_is_refused_where_it_is_needed(raw, population, reason):
    others = [
        fj.population("A", fj.rectangle({"APC-A": {"min": 9.0}}), fj.population("B", fj.rectangle({"FSC-A": {"min": 9.0}}))),
        fj.population("A/B", fj.rectangle({"APC-A": {"min": 900.0}})),
        fj.population("B", fj.rectangle({"APC-A": {"min": 900.0}})),
    ]  # fmt: skip
    document = lab(*others, population)
    assert np.array_equal(members(document, "A", raw), raw[2] >= 9)
    with pytest.raises(GateFileError, match=rf"lab\.wsp: the (gate|population).*{reason}"):
        members(document, "PC", raw)


def test_two_scales_of_one_channel_are_refused_where_a_gate_needs_them(raw):
    gates = [fj.population(c, fj.rectangle({c: {"min": 900.0}})) for c in ("APC-A", "BV421-A")]
    document = lab(*gates, scales=fj.biex("APC-A") + fj.biex("APC-A", -1000) + fj.biex("BV421-A"))
    assert members(document, "BV421-A", raw).sum() > 0
    with pytest.raises(GateFileError, match="has 2 scales of APC-A for the tube"):
        members(document, "APC-A", raw)


def test_the_events_outside_of_a_gate_are_those_that_are_not_in_it(raw):
    inside = fj.rectangle({"APC-A": {"min": 300.0, "max": 900.0}})
    outside = inside.replace('eventsInside="1"', 'eventsInside="0"')
    found = members(lab(fj.population("PC", outside)), "PC", raw)
    assert np.array_equal(found, ~((raw[2] >= 300) & (raw[2] < 900)))


def test_gates_of_a_group_alone_are_not_those_of_a_tube(raw):
    group = fj.population("PC", fj.rectangle({"APC-A": {"min": 900.0}})).encode()
    document = fj.workspace(fj.sample()).replace(
        b"<Groups/>",
        b"<Groups><GroupNode><Subpopulations>" + group + b"</Subpopulations></GroupNode></Groups>",
    )
    with pytest.raises(GateFileError, match=r"no populations of its own .* apply the group's gates"):
        members(document, "PC", raw)


def test_comments_in_a_workspace_change_nothing_and_a_limit_may_be_infinite(raw):
    limits = {"min": 900.0, "max": float("inf")}
    document = lab(fj.population("PC", fj.rectangle({"APC-A": limits})), scales=fj.biex("APC-A"))
    for text in (document, document.replace(b"><", b"><!-- drawn by hand --><")):
        assert np.array_equal(members(text, "PC", raw), raw[2] >= 900)
