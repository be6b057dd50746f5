"""The scatter channels of a bead file: by their names first, then by what they show."""

import numpy as np
import pytest

from pipeline.beads.scatter import choose_scatter, is_scatter, other_detectors
from pipeline.fcs import read_fcs

N = 6000


def columns(seed=0):
    """A bead file's channels: light of four beads, sizes, and what follows the light."""
    rng = np.random.default_rng(seed)
    light = rng.choice([600.0, 6500.0, 29_000.0, 65_000.0], N) * rng.normal(1, 0.06, N)
    return {
        "PE": light,
        "size": 60_000 * rng.normal(1, 0.03, N),
        "side": 40_000 * rng.normal(1, 0.05, N),
        "spill": 0.2 * light * rng.normal(1, 0.1, N),
        "more spill": 0.05 * light + rng.normal(0, 30, N),
        "broad": rng.lognormal(8, 1, N),
        "dead": np.zeros(N),
        "saturated": np.minimum(600_000 * rng.normal(1, 0.03, N), 262_143),
    }


def chosen(names):
    """Return the choice among channels, name → which column it shows."""
    shown = columns()
    return choose_scatter(list(names), lambda name: shown[names[name]], shown["PE"])


@pytest.mark.parametrize(
    ("forward", "side"),
    [
        ("FSC-A", "SSC-A"), ("FS", "SS"), ("FS Lin", "SS Lin"), ("Forward Scatter", "Side Scatter"),
        ("FSC 488/10-A", "SSC 488/10-A"), ("FSC-H", "VSSC-A"), ("FS INT LIN", "SS INT LIN"), ("FSC", "BSSC-H"),
        ("FSC-Width", "SSC-H"), ("FSC1-A", "SSC_Violet-A"), ("FSC-HLin", "SSC-HLin"),
    ],
)  # fmt: skip
def test_scatter_is_found_under_the_names_that_instruments_give_it(forward, side):
    found = chosen({"Time": "broad", forward: "size", side: "side", "PE-A": "PE"})
    assert (found.first, found.second) == (forward, side)
    assert (found.words() == "") == ((forward, side) == ("FSC-A", "SSC-A"))


@pytest.mark.parametrize("name", ["FITC-A", "PE-A", "SSEA-4 PE-A", "FL1", "Time", "FJComp-FITC-A", "VL1-A"])
def test_a_detector_of_light_is_no_scatter_by_its_name(name):
    assert not is_scatter(name)


@pytest.mark.parametrize("names", [("FSCA", "SSCA", "FSC", "SSC"), ("FSC-A", "SSC-A", "FSC-H", "SSC-H")])
def test_an_area_that_follows_the_light_is_another_detectors(names):
    shown = dict(zip(names, ("spill", "more spill", "size", "side"), strict=True))
    found = chosen({**shown, "PE-A": "PE"})
    assert (found.first, found.second) == names[2:]
    assert f"not by {names[0]}, which follows the beads' fluorescence" in found.words()
    assert f"singlets were selected by {names[2]} and {names[3]}" in found.words()


@pytest.mark.parametrize(
    ("bad", "why"),
    [("dead", "one value in most"), ("saturated", "one value in most"), ("broad", "too broad for beads")],
)
def test_an_area_that_tells_nothing_is_passed_over(bad, why):
    found = chosen({"FSC-A": bad, "FSC-H": "size", "SSC-A": "side", "PE-A": "PE"})
    assert (found.first, found.second) == ("FSC-H", "SSC-A")
    assert why in found.words()


def test_one_kind_of_scatter_is_better_than_none():
    found = chosen({"SSC-A": "side", "PE-A": "PE"})
    assert (found.first, found.second) == ("SSC-A", "SSC-A")
    assert found.words() == "singlets were selected by SSC-A"
    both = chosen({"FSC-A": "size", "FSC-H": "size", "SSC-A": "spill", "PE-A": "PE"})
    assert (both.first, both.second) == ("FSC-A", "FSC-H")


@pytest.mark.parametrize("names", [{}, {"FSC-A": "spill", "SSC-A": "more spill"}])
def test_without_usable_scatter_every_event_counts_and_that_is_said(names):
    found = chosen({**names, "PE-A": "PE"})
    assert (found.first, found.second) == ("", "")
    assert "every event was used" in found.words()


@pytest.mark.parametrize("share", [0.4, 0.8])
def test_debris_that_is_small_and_dim_does_not_make_scatter_follow_the_light(share):
    rng, shown, n = np.random.default_rng(1), columns(), int(share * N)
    debris = {
        "PE": rng.lognormal(4, 1, n),
        "size": 15_000 * rng.lognormal(0, 0.5, n),
        "side": 9000 * rng.lognormal(0, 0.5, n),
    }
    both = {name: np.concatenate([shown[name], debris[name]]) for name in debris}
    names = {"FSC-A": "size", "SSC-A": "side"}
    found = choose_scatter(list(names), lambda name: both[names[name]], both["PE"])
    assert (found.first, found.second) == ("FSC-A", "SSC-A")


def test_other_detectors_are_of_one_pulse_measure_and_no_scatter():
    channels = ("FSC-A", "VSSC-A", "PE-A", "PE-H", "FITC-A", "FITC-H", "Time", "HDR-T", "Event Time")
    assert other_detectors(channels, "PE-A") == ["FITC-A"]
    assert other_detectors(("FSC", "FSCA", "HDR-T", "FL1", "FL2", "FL3"), "FL1") == ["FL2", "FL3"]


@pytest.mark.real
@pytest.mark.parametrize(
    ("path", "channel", "pair"),
    [
        ("found/flowcal_xp3_sample001.fcs", "FL1", ("FSC", "SSC")),
        ("beads/rcp30/BMIN.fcs", "FL3", ("FSC", "SSC")),
        ("beads/dako/beads_2008-01-21.fcs", "PE-A", ("FSC-A", "SSC-A")),
        ("beads/su2b/933723.fcs", "APC-A", ("FSC-A", "SSC-A")),
    ],
)
def test_the_scatter_of_real_bead_files(real_data, path, channel, pair):
    file = read_fcs(real_data / path)
    found = choose_scatter(file.channels, file.column, file.column(channel))
    assert (found.first, found.second) == pair
