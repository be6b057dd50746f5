"""One style sheet for every SVG picture: in the page once, in a file of its own each time."""

from __future__ import annotations

from typing import Final

from pipeline.output.figures.style.palette import BLUE, GREY, INK, PALE, VERMILLION

FONT: Final = "DejaVu Sans, Verdana, sans-serif"

STYLE: Final = f"""
.pic text {{ font-family: {FONT}; font-size: 11px; fill: #3d444d; }}
.pic .m {{ text-anchor: middle; }} .pic .e {{ text-anchor: end; }}
.pic .title {{ font-size: 12px; font-weight: bold; fill: {INK}; }}
.pic .sure {{ fill: {GREY}; }} .pic .unsure {{ fill: #8f3b00; font-weight: bold; }}
.pic .axis {{ fill: {INK}; }} .pic .words {{ fill: #0b4f8a; }}
.pic .frame {{ fill: none; stroke: {GREY}; stroke-width: 1; }}
.pic .halo {{ fill: none; stroke: #fff; stroke-width: 3.6; stroke-linejoin: round; }}
.pic .gate {{ fill: none; stroke: {VERMILLION}; stroke-width: 1.7; stroke-linejoin: round; }}
.pic .kept {{ fill: #7ba1cb; }} .pic .left {{ fill: #d5d9df; }}
.pic .stained {{ fill: #bcd6ea; stroke: {BLUE}; stroke-width: 1.3; }}
.pic .control {{ fill: none; stroke: {INK}; stroke-width: 1.2; stroke-dasharray: 4 2; }}
.pic .median {{ stroke: {BLUE}; stroke-width: 1.6; }}
.pic .background {{ stroke: {INK}; stroke-width: 1.6; stroke-dasharray: 4 2; }}
.pic .bluetext {{ fill: #00527f; }} .pic .inktext {{ fill: {INK}; }} .pic .greytext {{ fill: #565e69; }}
.pic .reach {{ fill: {PALE}; stroke: #9aa1ab; stroke-width: .5; }}
.pic image {{ image-rendering: pixelated; }}
""".strip()
