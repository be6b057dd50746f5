"""Real files of 20 instruments: read as two independent readers read them, or as their bytes decide."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from pipeline.fcs import FcsError, NotFcsError, TruncatedError, UnsupportedError, read_fcs

pytestmark = pytest.mark.real

REFUSED = {
    "FCSFiles.jl__testFCS2.fcs": (NotFcsError, "'<html '"),
    "cytoflow__invalid-bad_data_set_type.fcs": (UnsupportedError, "$MODE is 'U'"),
    "fcs__AriaFile1.fcs": (TruncatedError, "6,052 whole events"),
    "fcsparser-0.2.8__corrupted.fcs": (NotFcsError, "'oi21j0'"),
    "fcsparser-0.2.8__sample_header.fcs": (TruncatedError, "0 whole events"),
    "fcsparser__wrongFile.fcs": (NotFcsError, "'this i'"),
    "testAutomation__version3_1_spillover.fcs": (NotFcsError, "U+FFFD"),
}
"""Why each is refused is in docs/fcs.md."""

DECIDED_BY_THE_BYTES = {
    "cytoflow__Beckman_Coulter_-_Cytomics_FC500.LMD": (16366427, 13668959, 10646107, 9412714),
    "cytoflow__Partec_-_CyFlow_v2.9.fcs": (1461646602, 902026147, 1900947997, 0),
    "cytoflow__ascii-4_events.fcs": (600, 600),
    "cytoflow__int-10000_events_random.fcs": (
        5051542828,
        5005102168,
        5022457828,
        5023805429,
        5006976259,
        4987018711,
    ),
    "testAutomation__931115-B01-_Sample_01.fcs": (2025603, 2887670, 1537090, 1655310, 3443550),
}
"""Where the witnesses are wrong or silent: our sums, each explained in docs/fcs.md."""

OFFSETS_IN_TEXT_ARE_RIGHT = "FlowIO__data_start_offset_discrepancy_example.fcs"
"""The same events as in the next file, which both witnesses read alike."""


@dataclass(frozen=True)
class Expected:
    name: str
    n_events: int
    sums: tuple[float, ...]
    known_from: str


@pytest.fixture(scope="module")
def readers(real_data: Path) -> dict[str, Expected]:
    with (real_data / "readers" / "expected.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if size(real_data, row["file"]) == int(row["bytes"])]
    return {
        row["file"]: Expected(
            row["file"],
            int(row["n_events"] or -1),
            tuple(float(number) for number in row["raw_column_sums"].split()),
            row["known_from"],
        )
        for row in rows
    }


def size(real_data: Path, name: str) -> int:
    path = real_data / "readers" / name
    return path.stat().st_size if path.exists() else -1


def sums(path: Path) -> tuple[int, list[float]]:
    file = read_fcs(path)
    return file.n_events, [float(file.raw(channel).astype(np.float64).sum()) for channel in file.channels]


def test_files_that_both_witnesses_read_alike_are_read_like_that(real_data, readers):
    agreed = [expected for expected in readers.values() if "agree" in expected.known_from]
    assert len(agreed) >= 40
    for expected in agreed:
        n_events, found = sums(real_data / "readers" / expected.name)
        assert n_events == expected.n_events, expected.name
        np.testing.assert_allclose(found, expected.sums, rtol=1e-9, err_msg=expected.name)


def test_every_other_file_is_decided_by_its_bytes(real_data, readers):
    decided = set(REFUSED) | set(DECIDED_BY_THE_BYTES) | {OFFSETS_IN_TEXT_ARE_RIGHT}
    for expected in readers.values():
        if "agree" not in expected.known_from and expected.name not in decided:
            n_events, found = sums(real_data / "readers" / expected.name)
            assert n_events == expected.n_events, expected.name
            np.testing.assert_allclose(found, expected.sums, rtol=1e-9, err_msg=expected.name)


@pytest.mark.parametrize("name", DECIDED_BY_THE_BYTES)
def test_a_file_that_no_witness_reads_right_is_decoded(real_data, name):
    assert tuple(sums(real_data / "readers" / name)[1]) == DECIDED_BY_THE_BYTES[name]


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_cannot_be_right_is_refused_with_the_reason(real_data, name):
    error, words = REFUSED[name]
    with pytest.raises(error, match=words.replace("$", r"\$").replace("+", r"\+")):
        read_fcs(real_data / "readers" / name)


def test_offsets_in_text_are_used_where_those_in_header_lie_within_text(real_data):
    folder = real_data / "readers"
    right = sums(folder / "FlowIO__data_stop_offset_discrepancy_example.fcs")
    assert sums(folder / OFFSETS_IN_TEXT_ARE_RIGHT) == right


def test_a_truncated_file_that_does_not_say_where_data_begins_is_refused_whatever_is_allowed(real_data):
    with pytest.raises(TruncatedError):
        read_fcs(real_data / "readers" / "fcs__AriaFile1.fcs", allow_truncated=True)


def test_second_data_sets_of_beckman_coulter_have_the_same_cells_in_20_bits(real_data):
    path = real_data / "readers" / "cytoflow__Beckman_Coulter_-_Cytomics_FC500.LMD"
    first, second = read_fcs(path), read_fcs(f"{path}#2")
    assert (first.version, second.version, first.n_data_sets) == ("2.0", "3.0", 2)
    assert first.n_events == second.n_events == 27072
    np.testing.assert_array_equal(first.raw("FS Lin"), second.raw("FS") >> 10)


def test_fluorospheres_have_the_medians_of_their_populations(real_data):
    file = read_fcs(real_data / "beads" / "dako" / "beads_2008-01-21.fcs", channels=("PE-A",))
    brightest = file.column("PE-A")[file.column("PE-A") > 20_000]
    assert np.median(brightest) == pytest.approx(40746.4, rel=0.02)
    assert file.acquisition.instrument == "LSRII"
    assert str(file.acquisition.acquired_at) == "2008-01-21 18:59:26"
    assert file.detector("PE-A").voltage is not None


def test_24_bit_logarithmic_beads_are_on_the_scale_of_flowcal(real_data):
    file = read_fcs(real_data / "beads" / "rcp30" / "B0001.fcs")
    channel = next(name for name in file.channels if name.startswith("FL1"))
    linear = file.column(channel)
    sixth = linear[(linear > 1_800) & (linear < 4_400)]
    assert np.median(sixth) == pytest.approx(2763.16, rel=0.02)
    assert file.detector(channel).amplification == (4.0, 1.0)
    assert linear.max() <= file.scale_top(channel) < 1e4


def test_the_marrow_tube_has_its_spillover_and_cells(real_data):
    file = read_fcs(real_data / "marrow" / "vie14" / "494.fcs")
    assert file.n_events == 83411
    assert file.repairs == ()
    matrix = file.spillover
    assert matrix is not None
    assert matrix.values[
        matrix.channels.index("APC-A"), matrix.channels.index("Alexa700-A")
    ] == pytest.approx(0.77, abs=0.01)


def test_linear_columns_are_those_of_flowkit(real_data):
    import flowio

    for name in (
        "marrow/vie14/494.fcs",
        "beads/su2b/933731.fcs",
        "gatingml/data1.fcs",
        "readers/fcsparser__test1.fcs",
    ):
        path = real_data / name
        ours = read_fcs(path)
        theirs = flowio.FlowData(str(path)).as_array(preprocess=True)
        for number, channel in enumerate(ours.channels):
            np.testing.assert_array_equal(
                ours.column(channel), theirs[:, number], err_msg=f"{name} {channel}"
            )


def test_a_refusal_names_the_file(real_data):
    for name in REFUSED:
        with pytest.raises(FcsError, match=name.replace("+", r"\+")):
            read_fcs(real_data / "readers" / name, channels=())
