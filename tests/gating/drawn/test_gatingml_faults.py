"""GatingML that FlowKit misreads without a word: read as the standard says, or refused in one sentence."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from gating.drawn.gate_file import GateFileError
from gating.drawn.outline import outline_of
from gating.drawn.population import read_drawn_population
from gating.events import Events

CHANNELS = ("FL1", "FL2", "FL3")
STANDARD = "http://www.isac-net.org/std/Gating-ML/v2.0"
HEAD = (
    f'<gating:Gating-ML xmlns:gating="{STANDARD}/gating" xmlns:transforms="{STANDARD}/transformations" '
    f'xmlns:data-type="{STANDARD}/datatypes">'
)
BOUNDS = 'transforms:boundMin="0.4" transforms:boundMax="0.7"'
ASINH = '<transforms:fasinh transforms:T="10000" transforms:M="4.5" transforms:A="0"/>'
LOG = '<transforms:flog transforms:T="10000" transforms:M="4.5"/>'
RATIO = (
    '<transforms:fratio transforms:A="1" transforms:B="0" transforms:C="0">'
    '<data-type:fcs-dimension data-type:name="FL1"/><data-type:fcs-dimension data-type:name="FL2"/>'
    "</transforms:fratio>"
)


@pytest.fixture(autouse=True)
def _flowkit_warns_of_its_own():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.fixture(scope="module")
def raw() -> np.ndarray:
    light = np.random.default_rng(3).lognormal(6, 1.2, (3, 3_000)) - 150
    return light.astype(np.float32).astype(np.float64)


def axis(channel: str, limits: str = "", scale: str = "") -> str:
    on = f' gating:transformation-ref="{scale}"' if scale else ""
    return (
        f'<gating:dimension {limits} gating:compensation-ref="uncompensated"{on}>'
        f'<data-type:fcs-dimension data-type:name="{channel}"/></gating:dimension>'
    )


def rectangle(name: str, *axes: str, more: str = "") -> str:
    return f'<gating:RectangleGate gating:id="{name}" {more}>{"".join(axes)}</gating:RectangleGate>'


def above(name: str, channel: str, low: float = 300, more: str = "") -> str:
    return rectangle(name, axis(channel, f'gating:min="{low}"'), more=more)


def boolean(kind: str, *parts: str, more: str = "") -> str:
    every = "".join(f"<gating:gateReference {part}/>" for part in parts)
    return f'<gating:BooleanGate gating:id="P" {more}><gating:{kind}>{every}</gating:{kind}></gating:BooleanGate>'


def scale(inner: str, bounds: str = "", name: str = "S") -> str:
    return f'<transforms:transformation transforms:id="{name}" {bounds}>{inner}</transforms:transformation>'


def numbers(kind: str, values) -> str:
    return "".join(f'<gating:{kind} data-type:value="{value}"/>' for value in values)


def polygon(*corners) -> str:
    vertices = "".join(f"<gating:vertex>{numbers('coordinate', c)}</gating:vertex>" for c in corners)
    return f'<gating:PolygonGate gating:id="P">{axis("FL1")}{axis("FL2")}{vertices}</gating:PolygonGate>'


def ellipsoid(centre, covariance, size: int = 2) -> str:
    rows = "".join(f"<gating:row>{numbers('entry', row)}</gating:row>" for row in covariance)
    return (
        f'<gating:EllipsoidGate gating:id="P">{"".join(map(axis, CHANNELS[:size]))}'
        f"<gating:mean>{numbers('coordinate', centre)}</gating:mean>"
        f"<gating:covarianceMatrix>{rows}</gating:covarianceMatrix>"
        '<gating:distanceSquare data-type:value="2"/></gating:EllipsoidGate>'
    )


def quadrants(value: str = "500") -> str:
    return (
        '<gating:QuadrantGate gating:id="Q"><gating:divider gating:id="d" '
        'gating:compensation-ref="uncompensated"><data-type:fcs-dimension data-type:name="FL1"/>'
        f"<gating:value>{value}</gating:value></gating:divider>"
        '<gating:Quadrant gating:id="dim"><gating:position gating:divider_ref="d" gating:location="0"/>'
        "</gating:Quadrant></gating:QuadrantGate>"
    )


def document(*parts: str) -> bytes:
    return f"{HEAD}{''.join(parts)}</gating:Gating-ML>".encode()


def members(text: bytes, raw: np.ndarray, markers=("", "", "")) -> np.ndarray:
    drawn = read_drawn_population(text, "gates.xml", "P")
    return drawn.step_masks(Events(raw.astype(np.float32), CHANNELS), markers, None)[-1]


def asinh(values: np.ndarray) -> np.ndarray:
    decades = 4.5 * np.log(10)
    return np.arcsinh(values * np.sinh(decades) / 10_000) / decades


@pytest.mark.parametrize(("low", "high"), [("0.4", "0.6"), ("0.45", "0.71"), ("0.2", "0.39")])
def test_values_beyond_the_bounds_of_a_scale_are_held_at_them(raw, low, high):
    gate = rectangle("P", axis("FL1", f'gating:min="{low}" gating:max="{high}"', "S"))
    held = np.clip(asinh(raw[0]), 0.4, 0.7)
    expected = (held >= float(low)) & (held < float(high))
    text = document(scale(ASINH, BOUNDS), gate)
    assert np.array_equal(members(text, raw), expected)
    assert not np.array_equal(members(document(scale(ASINH), gate), raw), expected)


def test_our_own_document_keeps_the_bounds_of_a_scale(raw):
    gate = rectangle("P", axis("FL1", 'gating:min="0.4" gating:max="0.6"', "S"))
    text = document(scale(ASINH, BOUNDS), gate)
    again = read_drawn_population(text, "gates.xml", "P").to_gatingml().encode()
    assert np.array_equal(members(again, raw), members(text, raw))


def test_a_ratio_is_held_in_its_bounds_too(raw):
    gate = (
        '<gating:RectangleGate gating:id="P"><gating:dimension gating:min="0.3" gating:max="0.6" '
        'gating:compensation-ref="uncompensated"><data-type:new-dimension data-type:transformation-ref="S"/>'
        "</gating:dimension></gating:RectangleGate>"
    )
    ratio = np.clip(raw[0] / raw[1], 0.4, 0.7)
    found = members(document(scale(RATIO, BOUNDS), gate), raw)
    assert np.array_equal(found, (ratio >= 0.3) & (ratio < 0.6))


def test_a_bound_logarithm_of_events_below_zero_is_refused(raw):
    gate = rectangle("P", axis("FL1", 'gating:min="0.4"', "S"))
    below = int((raw[0] < 0).sum())
    with pytest.raises(GateFileError, match=rf"gates\.xml: {below} events have no value on the scale of FL1"):
        members(document(scale(LOG, BOUNDS), gate), raw)
    assert members(document(scale(LOG), gate), raw).sum() > 100


@pytest.mark.parametrize(
    ("word", "is_complement"), [("1", True), ("true", True), ("0", False), ("false", False)]
)
def test_every_spelling_of_a_complement_counts(raw, word, is_complement):
    part = f'gating:ref="A" gating:use-as-complement="{word}"'
    text = document(above("A", "FL1"), above("B", "FL2"), boolean("and", part, 'gating:ref="B"'))
    expected = ((raw[0] >= 300) ^ is_complement) & (raw[1] >= 300)
    assert np.array_equal(members(text, raw), expected)


SQUARE = ((0, 0), (900, 0), (900, 900))
ROUND = ((900, 0), (0, 900))
REFUSED = {
    "corner": (document(polygon(*SQUARE, ("NaN", 900))), "'NaN' .coordinate, value. is no number"),
    "endless corner": (document(polygon(*SQUARE, ("INF", 900))), "'INF' .coordinate, value. is no number"),
    "comma": (document(above("P", "FL1", "100,5")), "'100,5' .*decimals have a point, not a comma"),
    "limit": (document(above("P", "FL1", "NaN")), "'NaN' .dimension, min. is no number"),
    "divider": (document(quadrants("300,5"), above("P", "FL1")), "'300,5' .*decimals have a point"),
    "bound": (document(scale(ASINH, 'transforms:boundMin="low"'), above("P", "FL1")), "'low' .transformation"),
    "bounds": (
        document(scale(ASINH, 'transforms:boundMin="0.7" transforms:boundMax="0.4"'), above("P", "FL1")),
        "'S' is bound from 0.7 to 0.4",
    ),
    "inside out": (document(ellipsoid((9, 9), ((-1, 0), (0, -1)))), "matrix of 'P' has a variance that is not"),
    "centre": (document(ellipsoid((9, 9, 9), ROUND)), "'P' has 2 axes, and a centre or covariance matrix"),
    "rows": (document(ellipsoid((9, 9, 9), ROUND, 3)), "'P' has 3 axes, and a centre or covariance matrix"),
    "quadrant gate": (document(quadrants(), boolean("not", 'gating:ref="Q"')), "of the quadrant gate 'Q'"),
    "no ratio": (
        document(
            scale(ASINH),
            above("P", "FL1").replace("fcs-dimension data-type:name", "new-dimension data-type:transformation-ref")
            .replace("FL1", "S"),
        ),
        "an axis is the ratio 'S', which is a scale",
    ),
    "no scale": (document(scale(RATIO), rectangle("P", axis("FL1", 'gating:min="1"', "S"))), "has the ratio 'S' as its"),
    "width": (
        document(
            scale('<transforms:logicle transforms:T="1000" transforms:W="3" transforms:M="4.5" transforms:A="0"/>'),
            above("P", "FL1"),
        ),
        r"'S' \(logicle\) has T 1000, M 4.5, W 3, A 0, which the standard excludes",
    ),
    "no length": (
        document(scale('<transforms:flin transforms:T="100" transforms:A="-100"/>'), above("P", "FL1")),
        r"'S' \(flin\) has T 100, A -100",
    ),
    "parent": (document(above("A", "FL1"), above("P", "FL2", more='parent_id="A"')), "'parent_id' of Rect.* lacks the prefix"),
    "outside": (document(above("P", "FL1", more='gating:eventsInside="0"')), "asks for the events outside"),
    "id": (document(above("P", "FL1"), above("P", "FL2")), "the id 'P' occurs 2 times"),
    "scales": (document(scale(ASINH), scale(LOG), above("P", "FL1")), "the id 'S' occurs 2 times"),
    "own parent": (
        document(
            above("A", "FL1"),
            above("B", "FL2"),
            boolean("and", 'gating:ref="A"', 'gating:ref="B"', more='gating:parent_id="A"'),
        ),
        "'P' lies in 'A' and is made of it too",
    ),
    "schema": (document(boolean("xor", 'gating:ref="P"')), "line 1: Element 'xor': This element is not expected"),
    "circle": (
        document(above("P", "FL1", more='gating:parent_id="A"'), above("A", "FL1", more='gating:parent_id="P"')),
        "cyclic gate dependencies",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_would_give_other_cells_without_a_word_is_refused(text, reason):
    with pytest.raises(GateFileError, match=reason):
        read_drawn_population(text, "gates.xml", "P")


def test_a_marker_of_two_channels_is_refused_and_one_of_a_single_channel_is_read(raw):
    text = document(above("P", "CD45"))
    assert np.array_equal(members(text, raw, ("", "CD45", "")), raw[1] >= 300)
    with pytest.raises(GateFileError, match="looks at CD45, the marker of FL1, FL2: it is not clear which"):
        members(text, raw, ("CD45", "CD45", ""))


def test_a_gate_on_a_scale_with_bounds_has_no_outline(raw):
    gate = rectangle("P", axis("FL1", 'gating:min="0.4" gating:max="0.6"', "S"))
    for bounds in ("", BOUNDS):
        drawn = read_drawn_population(document(scale(ASINH, bounds), gate), "gates.xml", "P")
        outline = outline_of(drawn.strategy, drawn.path, lambda name: name, ours=None, files=None)
        assert (outline is None) is bool(bounds)


def test_comments_in_a_document_change_nothing(raw):
    parts = (scale(LOG), ellipsoid((500, 500), ((90_000, 9), (9, 90_000))))
    text = document(*parts)
    commented = text.replace(b"><", b"><!-- drawn by hand --><")
    assert members(text, raw).sum() > 100
    assert np.array_equal(members(commented, raw), members(text, raw))
