"""What a channel's name says: which measure of the pulse, compensated or raw."""

from __future__ import annotations

import pytest

from pipeline.study.detector_names import (
    Pulse,
    marker_says_compensated,
    pulse_of,
    says_compensated,
    unlike_pulses,
)


@pytest.mark.parametrize(
    ("pulse", "names"),
    [
        (
            Pulse.AREA,
            (
                "PE-A|FL2-A|FL2A|FL2-Area|PE Area|PE_A|PE.A|pe-a|PE (A)|FL2 INT LIN|Comp-PE-A|<PE-A>|BL1-A|"
                "PE-A CD38|B525/40-A|Y585-PE-A|PE-A - Compensated|GRN-ALog|PE-A::CD38|FSC-Area|"
                "Yellow (YEL-ALog)|FL2Area|[PE-A]|PE Comp-A"
            ),
        ),
        (
            Pulse.HEIGHT,
            "Yellow (YEL-HLog)|FL2Height|PE-H|FL2-H|FL2H|PE Height|pe.h|FL2 PEAK LOG|FJComp-PE-H|GRN-HLin|PE-H CD38|FS PEAK",
        ),
        (Pulse.WIDTH, "PE-W|FL2W|FSC-Width|FS TOF|PE Width"),
        (Pulse.TIME, "PE-T|FSC-T"),
        (Pulse.UNKNOWN, "PE|FL2|Time|CD235a|CD1a|CD3|BV605|APC|PerCP-Cy5-5|TIME_LSW|CD38 PE"),
    ],
)
def test_the_measure_of_a_pulse_is_read_in_every_spelling(pulse: Pulse, names: str) -> None:
    assert {name: pulse_of(name) for name in names.split("|")} == dict.fromkeys(names.split("|"), pulse)


@pytest.mark.parametrize(
    "pair",
    [
        "PE-A;PE-H",
        "FL2A;FL2-Height",
        "PEA;PEH",
        "<PE-A>;PE-W",
        "PE-A CD38;PE-H CD38",
        "PE-A;PE-T",
        "Yellow (YEL-ALog);Yellow (YEL-HLog)",
        "FL2Area;FL2Height",
    ],
)
def test_measures_of_one_detector_are_unlike(pair: str) -> None:
    first, second = pair.split(";")
    assert unlike_pulses((first, second)) == (first, second)


@pytest.mark.parametrize(
    "names",
    ["PE-A;YG585-A;FL2 Area", "PE;PE-A", "Time;HDR-T", "PE-A;PE-A CD38;pe_a", "FSC-A;FS INT", "CD1a;CD1c"],
)
def test_names_of_one_measure_are_alike(names: str) -> None:
    assert unlike_pulses(names.split(";")) is None


@pytest.mark.parametrize(
    ("name", "compensated"),
    [
        ("FJComp-PE-A", True), ("Comp-PE-A", True), ("comp_pe-a", True), ("<PE-A>", True), ("Compensated PE-A", True),
        ("PE-A - Compensated", True), ("PE-A (comp)", True), ("Unmixed-PE", True), ("PE-A", False),
        ("compPE-A", True), ("FJCompPE-A", True), ("Unmix-PE-A", True), ("PE-A corrected", True), ("PE Comp-A", True),
        ("PE-Comp-Area", True), ("kompensiert PE-A", True), ("PE-A (compensé)", True), ("PE-A compensada", True),
        ("Composite-A", False), ("COMPLEX-A", False), ("Corona-A", False), ("Unmixable-A", False),
        ("CompBeads", False), ("Complement C3-A", False), ("C3-A", False), ("PE-A <585", False), ("Comp", False),
    ],
)  # fmt: skip
def test_a_name_says_whether_it_is_compensated(name: str, compensated: bool) -> None:
    assert says_compensated(name) is compensated


def test_a_marker_says_it_only_as_flowjo_writes_it() -> None:
    assert marker_says_compensated("Comp-PE-A :: CD38")
    assert not marker_says_compensated("PE comp")
    assert not marker_says_compensated("<CD38>")
