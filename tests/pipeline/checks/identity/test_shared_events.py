"""Which files share events: by the lowest hashes of their scatter, whatever part of a recording a file holds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.checks.identity.doubled_events import MOST_DOUBLED, doubled_share
from pipeline.checks.identity.shared_events import KeptEvents, files_that_share_events, kept_events
from pipeline.fcs import read_fcs, write_fcs

CHANNELS = ("FSC-A", "SSC-A")


def scatter(n: int, seed: int) -> NDArray[np.float32]:
    """Return forward and side scatter of other events for each seed, shape (2, n)."""
    return np.random.default_rng(seed).uniform(1_000, 200_000, (2, n)).astype(np.float32)


def kept_of(folder: Path, events: NDArray[np.float32]) -> KeptEvents:
    path = folder / "a.fcs"
    write_fcs(path, events, CHANNELS)
    return kept_events(read_fcs(path, channels=()))


def pairs(folder: Path, *recordings: NDArray[np.float32]) -> list[tuple[str, str]]:
    return files_that_share_events({str(n): kept_of(folder, events) for n, events in enumerate(recordings)})


def test_a_part_of_a_fiftieth_is_found_in_a_recording_of_many_times_the_kept_events(tmp_path):
    whole = scatter(40_000, 1)
    assert pairs(tmp_path, whole, whole[:, ::50]) == [("0", "1")]


def test_recordings_that_share_a_few_events_in_a_hundred_are_two(tmp_path):
    first, second = scatter(20_000, 1), scatter(20_000, 2)
    second[:, :1_000] = first[:, :1_000]
    kept = {name: kept_of(tmp_path, events) for name, events in (("a", first), ("b", second))}
    assert np.intersect1d(kept["a"].marks, kept["b"].marks).size >= 10  # enough, but of too many
    assert files_that_share_events(kept) == []


@pytest.mark.parametrize("end", [262_143.0, 262_144.0], ids=["as the header says", "below the header's end"])
def test_events_at_the_end_of_the_scale_do_not_hide_a_part(tmp_path, end):
    whole = scatter(1_500, 3)
    whole[:, :200] = end
    assert pairs(tmp_path, whole, whole[:, ::2]) == [("0", "1")]


def test_recordings_of_which_many_events_are_at_the_end_of_the_scale_are_two(tmp_path):
    first, second = scatter(1_500, 4), scatter(1_500, 5)
    first[:, :200] = second[:, :200] = 262_143.0
    assert pairs(tmp_path, first, second) == []


def test_a_file_without_events_shares_none(tmp_path):
    assert pairs(tmp_path, scatter(0, 1), scatter(100, 2)) == []


def coarse(n: int, seed: int) -> NDArray[np.float32]:
    """Return scatter and light of an instrument with 10 bits, shape (4, n)."""
    rng = np.random.default_rng(seed)
    values = [rng.normal(500, 120, n), rng.lognormal(5.5, 0.5, n), rng.lognormal(4.5, 1.0, n), np.arange(n)]
    return np.clip(np.rint(values), 0, 1023).astype(np.float32)


def pairs_of_coarse(folder: Path, *recordings: NDArray[np.float32]) -> list[tuple[str, str]]:
    kept = {}
    for number, events in enumerate(recordings):
        write_fcs(folder / f"{number}.fcs", events, ("FSC-H", "SSC-H", "FL1-H", "Time"))
        kept[str(number)] = kept_events(read_fcs(folder / f"{number}.fcs", channels=()))
        assert kept[str(number)].marks.size
    return files_that_share_events(kept)


def test_a_part_of_a_recording_of_ten_bits_is_told_by_its_light(tmp_path):
    whole = coarse(60_000, 1)
    ordered = whole[:, np.argsort(whole[1], kind="stable")]
    assert pairs_of_coarse(tmp_path, whole, whole[:, 20_000:30_000]) == [("0", "1")]
    assert pairs_of_coarse(tmp_path, whole, ordered[:, ::4]) == [("0", "1")]


def test_two_recordings_of_ten_bits_are_two(tmp_path):
    assert pairs_of_coarse(tmp_path, coarse(60_000, 1), coarse(60_000, 2), coarse(5_000, 3)) == []


def test_a_part_from_behind_the_first_events_of_a_long_recording_is_found(tmp_path):
    whole = scatter(260_000, 6)
    assert pairs(tmp_path, whole, whole[:, 150_000:170_000]) == [("0", "1")]


@pytest.mark.parametrize("begin", [310_000, 590_000, 700_000])
def test_a_part_is_found_wherever_it_lies_in_a_recording_of_many_events(tmp_path, begin):
    whole = scatter(750_000, 7)
    assert pairs(tmp_path, whole, whole[:, begin : begin + 40_000]) == [("0", "1")]


def test_long_recordings_of_other_events_are_two(tmp_path):
    assert pairs(tmp_path, scatter(700_000, 8), scatter(650_000, 9), scatter(40_000, 10)) == []


def test_a_part_from_behind_the_first_events_of_ten_bits_is_told_by_its_light_too(tmp_path):
    whole = coarse(400_000, 11)
    assert pairs_of_coarse(tmp_path, whole, whole[:, 330_000:370_000]) == [("0", "1")]


@pytest.mark.parametrize("n", [40_000, 600_000])
def test_few_events_of_ten_bits_are_alike_on_every_channel_by_chance(tmp_path, n):
    write_fcs(tmp_path / "a.fcs", coarse(n, 5), ("FSC-H", "SSC-H", "FL1-H", "Time"))
    file = read_fcs(tmp_path / "a.fcs", channels=())
    assert kept_events(file).marks.size or n > 40_000
    assert doubled_share(file) < MOST_DOUBLED


def test_events_of_scatter_alone_are_not_called_doubled(tmp_path):
    whole = scatter(2_000, 6)
    write_fcs(tmp_path / "a.fcs", np.concatenate([whole, whole], axis=1), CHANNELS)
    file = read_fcs(tmp_path / "a.fcs", channels=())
    assert kept_events(file).share_alike == pytest.approx(0.5, abs=0.05)
    assert doubled_share(file) == 0
