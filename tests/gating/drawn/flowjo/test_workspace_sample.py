"""Which sample of a workspace is the tube."""

from __future__ import annotations

import pytest
from lxml import etree

from gating.drawn.flowjo.sample import TubeFile, tube_sample
from gating.drawn.gate_file import GateFileError
from helpers import workspaces as fj

DIVA = "Specimen_001_Tube_001.fcs"


def sample(number: int, shown: str, file: str = "", fil: str = "", total: str = "", folder: str = "C:/lab"):
    keywords = {key: value for key, value in (("$FIL", fil), ("$TOT", total)) if value}
    uri = f"file:/{folder}/{(file or shown).replace(' ', '%20')}"
    return fj.sample(shown=shown, uri=uri, keywords=keywords, number=number)


def chosen(tube: TubeFile, *samples: str) -> int:
    found = tube_sample(
        etree.fromstring(fj.workspace(*samples)).findall("SampleList/Sample"), tube, "lab.wsp"
    )
    return int(found.find("DataSet").get("sampleID"))


def test_the_file_name_decides_where_tubes_share_one_fil():
    samples = [sample(1, "P01.fcs", fil=DIVA), sample(2, "P02.fcs", fil=DIVA)]
    assert chosen(TubeFile("fcs/P01.fcs", DIVA), *samples) == 1
    assert chosen(TubeFile("fcs/p02.FCS", DIVA), *samples) == 2
    silent = [sample(1, "P01.fcs"), sample(2, "P02.fcs", fil=DIVA)]
    assert chosen(TubeFile("P01.fcs", DIVA), *silent) == 1


def test_where_name_and_fil_agree_on_one_sample_that_is_the_tube():
    crossed = [
        sample(1, "P01.fcs", file="P02.fcs", fil="x.fcs"),
        sample(2, "P02.fcs", file="P01.fcs", fil="y.fcs"),
    ]
    assert chosen(TubeFile("P01.fcs", "x.fcs"), *crossed) == 1
    assert chosen(TubeFile("P01.fcs", "y.fcs"), *crossed) == 2
    assert chosen(TubeFile("P01.fcs"), *crossed) == 2, (
        "the file it was made from, not the name it is shown by"
    )


def test_a_tube_is_found_by_its_fil_where_the_file_was_renamed():
    samples = [sample(1, "A.fcs", fil="old.fcs"), sample(2, "B.fcs", fil="older.fcs")]
    assert chosen(TubeFile("renamed.fcs", "older.fcs"), *samples) == 2
    assert chosen(TubeFile("old.fcs"), *samples) == 1, "stored under its $FIL"


@pytest.mark.parametrize(
    ("tube", "right"),
    [
        (TubeFile("a.fcs", "", 700), 2),
        (TubeFile("fcs/2024-02-05/a.fcs", "", 9), 2),
        (TubeFile("2024-02-05\\a.fcs"), 2),
        (TubeFile("study/2023/a.fcs"), 1),
    ],
)
def test_of_two_samples_of_one_name_the_events_or_the_folder_decide(tube, right):
    samples = [
        sample(1, "a.fcs", total="500", folder="C:/study/2023"),
        sample(2, "a.fcs", total="700", folder="C:/study/2024-02-05"),
    ]
    assert chosen(tube, *samples) == right


def test_of_two_samples_that_nothing_tells_apart_none_is_taken_and_it_says_what_to_do():
    samples = [sample(1, "a.fcs", folder="C:/x", total="500"), sample(2, "a.fcs", folder="C:/y", total="500")]
    with pytest.raises(
        GateFileError, match=r"has a\.fcs 2 times .* save a workspace that has this tube alone"
    ):
        chosen(TubeFile("fcs/a.fcs", "", 500), *samples)


def test_name_and_fil_of_two_samples_are_a_contradiction_that_only_events_settle():
    samples = [
        sample(1, "a.fcs", fil="x.fcs", total="500"),
        sample(2, "b.fcs", fil="y.fcs", total="700"),
    ]
    with pytest.raises(
        GateFileError, match=r"file name a\.fcs is that of one sample .* \$FIL y\.fcs that of another"
    ):
        chosen(TubeFile("a.fcs", "y.fcs"), *samples)
    assert chosen(TubeFile("a.fcs", "y.fcs", 700), *samples) == 2
    assert chosen(TubeFile("a.fcs", "y.fcs", 500), *samples) == 1


def test_a_tube_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(
        GateFileError, match=r"does not have c\.fcs or z\.fcs; it has a\.fcs: a tube is found by"
    ):
        chosen(TubeFile("c.fcs", "z.fcs"), sample(1, "a.fcs"))
