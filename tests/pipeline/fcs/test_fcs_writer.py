"""The writer: the same values, names and keywords come back from it in every reader."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pipeline.fcs import UnwritableError, read_fcs, write_fcs

CHANNELS = ("FSC-A", "PE-A", "Time")
VALUES = np.array([[1, 2.5, 262143], [-3.25, 0, 1e6], [0, 1, 2]], np.float32)
KEYWORDS = {
    "$CYT": "LSR II / Fortessa|X",
    "$DATE": "21-JAN-2008",
    "$BTIM": "11:22:33",
    "$TIMESTEP": "0.01",
    "$P2V": "450",
    "$SPILLOVER": "2,FSC-A,PE-A,1,0.1,0.02,1",
    "note": "a//b||c!!",
}

names = st.text(
    st.characters(codec="utf-8", exclude_characters=",\0", exclude_categories=["Cs", "Cc", "Zs"]), min_size=1
)
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1).filter(
    lambda t: t.strip()
)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    return write_fcs(tmp_path / "tube.fcs", VALUES, CHANNELS, markers=("", "CD38", ""), keywords=KEYWORDS)


def test_what_is_written_is_read(written):
    file = read_fcs(written)
    assert (file.version, file.n_events, file.channels, file.markers) == (
        "3.1",
        3,
        CHANNELS,
        ("", "CD38", ""),
    )
    assert file.repairs == ()
    np.testing.assert_array_equal(file.raw("PE-A"), VALUES[1])
    np.testing.assert_array_equal(file.column("Time"), VALUES[2].astype(float) * 0.01)
    assert file.keywords["NOTE"] == KEYWORDS["note"]
    assert file.detector("PE-A").voltage == 450
    assert file.spillover is not None
    assert file.spillover.values.tolist() == [[1.0, 0.1], [0.02, 1.0]]


def test_flowio_flowkit_and_fcsparser_read_the_same_values(written):
    import flowio
    import flowkit
    from fcsparser.api import FCSParser

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        by_flowio = flowio.FlowData(str(written))
        sample = flowkit.Sample(str(written))
        by_fcsparser = FCSParser(str(written), read_data=True)
    np.testing.assert_array_equal(by_flowio.as_array(preprocess=False).T, VALUES)
    np.testing.assert_array_equal(by_fcsparser.data.T, VALUES)
    ours = read_fcs(written)
    for number, channel in enumerate(CHANNELS):
        np.testing.assert_array_equal(
            sample.get_channel_events(number + 1, source="raw"), ours.column(channel)
        )
    assert sample.pnn_labels == list(CHANNELS)
    assert by_flowio.text["cyt"] == KEYWORDS["$CYT"]
    assert by_fcsparser.annotation["$CYT"] == KEYWORDS["$CYT"]


def test_flowcal_reads_the_same_values(written):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import FlowCal

        by_flowcal = FlowCal.io.FCSData(str(written))
    np.testing.assert_array_equal(np.asarray(by_flowcal).T, VALUES)
    assert by_flowcal.channels == tuple(CHANNELS)


def test_the_same_arguments_give_the_same_bytes(tmp_path):
    first = write_fcs(tmp_path / "a.fcs", VALUES, CHANNELS, keywords=KEYWORDS)
    second = write_fcs(tmp_path / "b.fcs", VALUES.astype(float), list(CHANNELS), keywords=dict(KEYWORDS))
    assert first.read_bytes() == second.read_bytes()


def test_the_range_covers_the_values_and_may_be_given(tmp_path):
    file = read_fcs(write_fcs(tmp_path / "a.fcs", VALUES, CHANNELS, keywords={"$P1R": "1024"}))
    assert [file.keywords[f"$P{n}R"] for n in (1, 2, 3)] == ["1024", "1048576", "262144"]


def test_gain_and_amplification_given_are_applied_by_the_reader(tmp_path):
    file = read_fcs(write_fcs(tmp_path / "a.fcs", VALUES, CHANNELS, keywords={"$P1G": "2"}))
    np.testing.assert_array_equal(file.column("FSC-A"), VALUES[0] / 2)


def test_a_file_without_events_can_be_written(tmp_path):
    file = read_fcs(write_fcs(tmp_path / "a.fcs", np.empty((3, 0)), CHANNELS))
    assert (file.n_events, file.repairs, file.events().shape) == (0, (), (3, 0))


def test_data_begins_aligned_for_memory_maps(written):
    assert read_fcs(written).data.begin % 64 == 0


@pytest.mark.slow
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=arrays.arrays(np.float32, st.tuples(st.integers(1, 4), st.integers(0, 20))),
    data=st.data(),
    keywords=st.dictionaries(
        st.from_regex(r"[A-Z][A-Z0-9 /|!_]{0,9}[A-Z0-9]", fullmatch=True), texts, max_size=5
    ),
)
def test_any_values_names_and_keywords_survive(tmp_path, values, data, keywords):
    n = len(values)
    channels = data.draw(st.lists(names, min_size=n, max_size=n, unique=True))
    markers = data.draw(st.lists(st.one_of(st.just(""), names), min_size=n, max_size=n))
    file = read_fcs(write_fcs(tmp_path / "any.fcs", values, channels, markers=markers, keywords=keywords))
    assert file.channels == tuple(channels)
    assert file.markers == tuple(markers)
    assert {key: file.keywords[key] for key in keywords} == keywords
    for channel, row in zip(channels, values, strict=True):
        np.testing.assert_array_equal(file.raw(channel), row)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"values": VALUES[0]}, "one row per channel"),
        ({"values": VALUES[:2]}, "(2, 3)"),
        ({"channels": ()}, "expected (0, n_events)"),
        ({"channels": ("A", "A", "B")}, "unique"),
        ({"channels": ("A", "", "B")}, "not empty"),
        ({"channels": ("A", "B,C", "D")}, "no comma"),
        ({"markers": ("CD38",)}, "1 markers"),
        ({"keywords": {"$TOT": "7"}}, "$TOT"),
        ({"keywords": {"$P1B": "16"}}, "$P1B"),
        ({"keywords": {"$CYT": ""}}, "empty value"),
        ({"keywords": {"": "x"}}, "no keyword"),
        ({"keywords": {"a\nb": "x"}}, "no keyword"),
        ({"keywords": {"Größe": "x"}}, "ASCII"),
        ({"keywords": {7: "x"}}, "a keyword is 7, expected a string"),
        ({"keywords": {"$CYT": None}}, "the value of $CYT is None, expected a string"),
        ({"keywords": {"$P1V": 450}}, "is 450, expected a string"),
        ({"keywords": {"$CYT": "a\ud800"}}, "half a character"),
        ({"keywords": {"note": "a", "NOTE": "b"}}, "given twice"),
        ({"keywords": {"$p2datatype": "I"}}, "$P2DATATYPE describes the layout"),
        ({"keywords": {"$P2S": "CD38"}}, "among the markers"),
        ({"keywords": {"$P1E": "4,1"}}, "logarithmic"),
        ({"keywords": {"$P1G": "2.0x"}}, "no gain"),
        ({"keywords": {"$TIMESTEP": "-1"}}, "no length of time"),
        ({"keywords": {"A": "$PAR", "B": "$TOT"}}, "would need a repair"),
        ({"keywords": {"BIG": "x" * (17 << 20)}}, "could not be read again"),
        ({"keywords": "$CYT"}, "expected a mapping"),
        ({"channels": "ABC"}, "expected a sequence"),
        ({"channels": 3}, "expected a sequence"),
        ({"channels": ("A", 7, "B")}, "is 7, expected a string"),
        ({"channels": ("A", "B ", "C")}, "blank"),
        ({"channels": ("A", "B\f", "C")}, "blank"),
        ({"channels": ("A", "B\x07C", "C")}, "control character"),
        ({"channels": ("A", "\udfff", "C")}, "half a character"),
        ({"markers": ("", None, "")}, "None, expected a string"),
        ({"markers": ("", "CD38 ", "")}, "blank"),
        ({"values": VALUES.astype(complex)}, "complex128, expected real numbers"),
        ({"values": [["1", "2"]] * 3}, "expected real numbers"),
        ({"values": [[1, 2], [3], [4, 5]]}, "no table of numbers"),
        ({"values": [[None, 1]] * 3}, "expected real numbers"),
        ({"values": VALUES.astype(float) * 1e300}, "but float32 reaches"),
        ({"values": None}, "expected real numbers"),
        ({"path": 7}, "expected a path"),
        ({"path": ""}, "expected a path"),
    ],
)
def test_what_fcs_does_not_allow_is_refused(tmp_path, changes, words):
    arguments = {"path": tmp_path / "a.fcs", "values": VALUES, "channels": CHANNELS, **changes}
    with pytest.raises(UnwritableError, match=re.escape(words)) as caught:
        write_fcs(**arguments)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "a.fcs").exists()


def test_values_beyond_all_numbers_are_written_as_they_are(tmp_path):
    values = np.array([[np.inf, -np.inf, np.nan, -3e38]])
    file = read_fcs(write_fcs(tmp_path / "a.fcs", values, ("A",)))
    np.testing.assert_array_equal(file.raw("A"), values[0].astype(np.float32))
    assert file.keywords["$P1R"] == "262144"


def test_every_punctuation_in_keywords_and_values_survives(tmp_path):
    keywords = {"a|b/c!~#&%@;": "|/!~#&%@;", "LAST": "x|"}
    file = read_fcs(write_fcs(tmp_path / "a.fcs", VALUES, CHANNELS, keywords=keywords))
    assert (file.keywords["A|B/C!~#&%@;"], file.keywords["LAST"]) == ("|/!~#&%@;", "x|")


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UnwritableError, match=r"a\.fcs cannot be written"):
        write_fcs(tmp_path / "nowhere" / "a.fcs", VALUES, CHANNELS)


def test_a_path_that_no_file_can_have_is_a_wrong_call_and_no_full_disk(tmp_path):
    with pytest.raises(ValueError, match="null") as caught:
        write_fcs(tmp_path / "a\0.fcs", VALUES, CHANNELS)
    assert not isinstance(caught.value, UnwritableError)
