"""FlowJo 10 workspaces made by hand: a sample with its matrix, its scales and its gates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

SPACES = " ".join(
    f'xmlns:{prefix}="http://www.isac-net.org/std/Gating-ML/v2.0/{name}"'
    for prefix, name in (("gating", "gating"), ("transforms", "transformations"), ("data-type", "datatypes"))
)
Limits = Mapping[str, float]


def matrix(
    channels: Sequence[str],
    spillover: np.ndarray,
    prefix: str = "Comp-",
    suffix: str = "",
    *,
    turned: bool = False,
) -> str:
    """Return the matrix of a sample; `turned` writes its rows and cells in reverse."""
    order = range(len(channels))[:: -1 if turned else 1]
    named = "".join(f'<data-type:parameter data-type:name="{escape(c)}"/>' for c in channels)
    rows = (
        "".join(
            f'<transforms:spillover data-type:parameter="{escape(channels[i])}">'
            + "".join(
                f'<transforms:coefficient data-type:parameter="{escape(channels[j])}" '
                f'transforms:value="{spillover[i, j]!r}"/>'
                for j in order
            )
            + "</transforms:spillover>"
            for i in order
        )
        .replace("np.float64(", "")
        .replace(")", "")
    )
    return (
        f'<transforms:spilloverMatrix prefix="{escape(prefix)}" suffix="{escape(suffix)}" name="lab" '
        f'spectral="0"><data-type:parameters>{named}</data-type:parameters>{rows}'
        "</transforms:spilloverMatrix>"
    )


def biex(channel: str, width: float = -100, **other: str) -> str:
    """Return a biexponential scale."""
    said = {"length": "256", "maxRange": "262144", "neg": "0", "pos": "4.418539922", **other}
    return scale("biex", channel, width=width, **said)


def scale(kind: str, channel: str, **attributes: object) -> str:
    """Return a scale of any kind."""
    said = " ".join(f'transforms:{key}="{value}"' for key, value in attributes.items())
    return (
        f'<transforms:{kind} {said}><data-type:parameter data-type:name="{escape(channel)}"/>'
        f"</transforms:{kind}>"
    )


def rectangle(limits: Mapping[str, Limits]) -> str:
    """Return a rectangle: `{"PE-A": {"min": 3}}`."""
    return f'<gating:RectangleGate eventsInside="1">{"".join(_dimension(*one) for one in limits.items())}</gating:RectangleGate>'


def polygon(channels: Sequence[str], corners: Sequence[tuple[float, float]]) -> str:
    """Return a polygon; corners in linear units."""
    return (
        f'<gating:PolygonGate eventsInside="1" gateResolution="256">{"".join(map(_dimension, channels))}'
        f"{_vertices(corners)}</gating:PolygonGate>"
    )


def ellipse(
    channels: Sequence[str],
    foci: Sequence[tuple[float, float]],
    edge: Sequence[tuple[float, float]],
    *,
    inside: bool = True,
) -> str:
    """Return an ellipse; foci and points in bins."""
    return (
        f'<gating:EllipsoidGate eventsInside="{int(inside)}" gating:distance="1">'
        f"{''.join(map(_dimension, channels))}<gating:foci>{_vertices(foci)}</gating:foci>"
        f"<gating:edge>{_vertices(edge)}</gating:edge></gating:EllipsoidGate>"
    )


def population(name: str, gate: str, *below: str) -> str:
    """Return a population with those below it."""
    return f'<Population name="{escape(name)}" owningGroup=""><Gate gating:id="I">{gate}</Gate>{_sub(below)}</Population>'


def boolean(kind: str, name: str, *parts: str) -> str:
    """Return a Boolean population (`And`, `Or`, `Not`) of others, by their paths."""
    said = "".join(f'<Dependent name="{escape(part)}"/>' for part in parts)
    return f'<{kind}Node name="{escape(name)}" owningGroup=""><Dependents>{said}</Dependents></{kind}Node>'


def sample(
    *populations: str,
    shown: str = "a.fcs",
    uri: str = "file:/C:/lab/a.fcs",
    keywords: Mapping[str, str] | None = None,
    axes: str = "",
    scales: str = "",
    derived: Sequence[str] = (),
    number: int = 1,
) -> str:
    """Return a sample."""
    said = "".join(f'<Keyword name="{k}" value="{v}"/>' for k, v in (keywords or {}).items())
    made = "".join(f'<DerivedParameter name="{escape(name)}" type="formula"/>' for name in derived)
    return (
        f'<Sample><DataSet uri="{uri}" sampleID="{number}"/>{axes}<Transformations>{scales}</Transformations>'
        f"<DerivedParameters>{made}</DerivedParameters><Keywords>{said}</Keywords>"
        f'<SampleNode name="{shown}" sampleID="{number}">{_sub(populations)}</SampleNode></Sample>'
    )


def workspace(*samples: str, version: str = "10.8.1", uses_gain: str = "0", head: str = "") -> bytes:
    """Return a workspace."""
    return (
        f'{head}<Workspace version="20.0" flowJoVersion="{version}" {SPACES}><Groups/>'
        f'<Cytometers><Cytometer cyt="" useGain="{uses_gain}"/></Cytometers>'
        f"<SampleList>{''.join(samples)}</SampleList></Workspace>"
    ).encode()


def _sub(populations: Sequence[str]) -> str:
    return f"<Subpopulations>{''.join(populations)}</Subpopulations>" if populations else ""


def _dimension(channel: str, limits: Limits | None = None) -> str:
    said = "".join(f' gating:{end}="{value!r}"' for end, value in (limits or {}).items())
    return (
        f"<gating:dimension{said}>"
        f'<data-type:fcs-dimension data-type:name="{escape(channel)}"/></gating:dimension>'
    )


def _vertices(points: Sequence[tuple[float, float]]) -> str:
    return "".join(
        "<gating:vertex>"
        + "".join(f'<gating:coordinate data-type:value="{float(value)!r}"/>' for value in point)
        + "</gating:vertex>"
        for point in points
    )
