"""A picture of each kind is as it was when somebody looked at it."""

from __future__ import annotations

import pytest
from lxml import etree

from helpers.golden_pictures import FOLDER, golden_pictures, same_picture
from pipeline.assembly.study_result import StudyResult


@pytest.fixture(scope="module")
def drawn(study_result: StudyResult) -> dict[str, str]:
    return dict(golden_pictures(study_result))


def test_every_kind_of_picture_has_a_golden_one(drawn: dict[str, str]):
    assert sorted(drawn) == sorted(path.stem for path in FOLDER.glob("*.svg"))


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.svg")))
def test_a_picture_is_as_it_was_looked_at(drawn: dict[str, str], name: str):
    """After a change on purpose: look at the pictures, then `cd tests && python -m helpers.golden_pictures`."""
    assert same_picture(drawn[name], (FOLDER / f"{name}.svg").read_text("utf-8"))
    assert etree.fromstring(drawn[name].encode()).tag == "{http://www.w3.org/2000/svg}svg"


def test_another_place_word_or_shade_is_another_picture(drawn: dict[str, str]):
    washout = drawn["rd_washout_180mm"]
    moved = washout.replace('class="spot"', 'class="spot" x="7"', 1)
    assert not same_picture(washout, moved)
    assert not same_picture(washout, washout.replace("median patient", "mean patient"))
    gate = drawn["gate_plasma_cells"]
    assert not same_picture(gate, gate.replace("iVBORw0KGgo", drawn["gate_singlets"].split("base64,")[1][:11], 1).replace(
        gate.split("base64,")[1].split('"')[0], drawn["gate_singlets"].split("base64,")[1].split('"')[0]
    ))  # fmt: skip
