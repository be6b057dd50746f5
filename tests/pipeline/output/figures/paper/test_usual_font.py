"""The cut-down font of figures on paper writes what the whole font writes."""

import io

import numpy as np
import pytest
from fontTools.ttLib import TTFont
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

from pipeline.output.figures.paper.drawing import _font
from pipeline.output.figures.paper.usual_font import FAMILY, usual_font

LOOK = {"font-size": "12px"}


def pixels(text, font):
    figure = Figure(figsize=(4, 0.6), dpi=150)
    figure.text(0.02, 0.4, text, fontproperties=font, parse_math=False)
    file = io.BytesIO()
    figure.savefig(file, format="raw")
    return np.frombuffer(file.getvalue(), np.uint8)


@pytest.mark.parametrize("weight", ["normal", "bold"])
@pytest.mark.parametrize("text", ["CD38 RD ≤ 1,060 (β₂ → 10⁴)", "AVATAR Wafer, Ü. Łódź", "− ± × µg/mL"])
def test_usual_font_are_drawn_to_the_pixel_as_in_the_whole_font(text, weight):
    whole = FontProperties(family=FAMILY, weight=weight, size=12)
    mine = _font(text, {**LOOK, "font-weight": weight}, 1.0)
    assert mine.get_file() == str(usual_font(weight).file)
    assert np.array_equal(pixels(text, mine), pixels(text, whole))


def test_a_letter_that_is_not_usual_is_written_with_the_whole_font():
    assert not usual_font("normal").can_write("Больной 7")
    assert _font("Больной 7", LOOK, 1.0).get_family() == [FAMILY]


@pytest.mark.parametrize("weight", ["normal", "bold"])
def test_a_pdf_does_not_search_tables_that_no_figure_needs_and_keeps_the_distances_of_letters(weight):
    with TTFont(usual_font(weight).file) as font:
        tables = set(font.keys())
    assert "kern" in tables
    assert not tables & {"GDEF", "GPOS", "GSUB"}
