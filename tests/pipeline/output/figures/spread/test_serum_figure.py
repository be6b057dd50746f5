"""Serum levels of the antibodies: by visit, and against the density of the same visit."""

from __future__ import annotations

import re

import pytest
from lxml import etree

from pipeline.output.figures.paper.drawing import figure_of
from pipeline.output.figures.spread.serum import serum_picture
from pipeline.output.figures.svg.picture_page import ONE_COLUMN, TWO_COLUMNS, file_of
from pipeline.response.letter.serum import SerumLevel, SerumPair
from pipeline.response.statistics.true_values import ABOVE, BELOW, MEASURED
from pipeline.study.cells.concentrations import Concentration

NAME = "free CD38, molecules per cell"


def level(patient: str, value: float, *, below: bool = False, drug="daratumumab", visit="baseline"):
    return SerumLevel(drug, patient, visit, Concentration(value, below))


def texts_of(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


LEVELS = (
    level("P1", 0.2, below=True),
    level("P2", 4.0),
    level("P3", 60.0),
    level("P4", 0.0),
    level("P1", 110.0, drug="isatuximab", visit="C2"),
)
PAIRS = (
    SerumPair(LEVELS[0], 17.0, ABOVE),
    SerumPair(LEVELS[1], 14.0, MEASURED),
    SerumPair(LEVELS[2], 10.0, BELOW),
)


@pytest.mark.parametrize("mm", [ONE_COLUMN, TWO_COLUMNS])
def test_each_visit_has_its_number_of_levels_and_says_how_many_are_low(mm: float):
    words = texts_of(serum_picture(LEVELS, PAIRS, NAME, mm=mm).content)
    assert {"baseline", "C2", "n = 4, 2 low", "n = 1", "daratumumab", "isatuximab"} <= set(words)


def test_every_level_and_every_pair_is_a_mark_that_says_what_it_is():
    content = serum_picture(LEVELS, PAIRS, NAME).content
    said = re.findall(r"<title>([^<]*)</title>", content)
    assert len(said) == len(LEVELS) + len(PAIRS)
    assert "P1 · baseline · daratumumab &lt;0.2 µg/mL · above 131,000 molecules per cell" in said
    assert "P4 · baseline · daratumumab: none found" in said


def test_a_median_among_levels_below_the_limit_is_a_broken_bar():
    few = (level("P1", 0.2, below=True), level("P2", 0.2, below=True), level("P3", 9.0))
    broken = 'stroke-dasharray="2 1.5"'
    assert broken in serum_picture(few, (), NAME).content
    assert broken not in serum_picture(LEVELS, (), NAME).content


def test_without_a_density_of_the_same_visit_there_is_no_such_panel():
    assert "molecules" not in " ".join(texts_of(serum_picture(LEVELS, (), NAME).content))
    assert "molecules" in " ".join(texts_of(serum_picture(LEVELS, PAIRS, NAME).content))


def test_points_of_one_height_do_not_hide_one_another():
    many = tuple(level(f"P{k}", 5.0) for k in range(5))
    marks = re.findall(r'<circle cx="([^"]+)" cy="([^"]+)"', serum_picture(many, (), NAME).content)[:5]
    assert len(set(marks)) == 5


def test_names_stay_text_and_a_single_level_of_none_is_drawn():
    hostile = "\"><script>alert(1)</script>&'< \x01" + "long " * 20
    picture = serum_picture([level(hostile, 0.0, drug=hostile, visit=hostile)], (), NAME)
    root = etree.fromstring(file_of(picture, hostile).encode())
    assert not [one for one in root.iter() if "script" in str(one.tag)]
    figure_of(picture)
