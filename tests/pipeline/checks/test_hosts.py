"""Beads that capture antibodies hold only against an antibody of the host species that they capture."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.builders import good_study, write_tube
from pipeline.checks import check_study
from pipeline.checks.hosts import species_named
from pipeline.study.faults import Fault, Severity, fault_report, stops_run
from pipeline.study.reagents import reagents_of
from pipeline.study.sheets.reading import read_study
from pipeline.study.study import Study

HEADERS = {"panels!G1": "host", "beads!G1": "captures", "samples!I1": "isotype_file"}
LEVELS = {
    "quantibrite_pe": "638; 6930; 31008; 67601",
    "qsc": "0; 5899; 68458; 281582; 621651",
    "qifikit": "0; 2600; 9900; 46000; 193000; 565000",
    "mesf": "0; 2500; 6500; 19000; 55000",
    "custom": "100; 1000; 5000",
}


def study_with(folder: Path, kit: str, host: str | None, captures: str | None, **more: object) -> Study:
    """A study without a fault but what the two cells bring; both tubes have their controls."""
    cells = {
        "beads!C2": kit, "beads!F2": LEVELS[kit], "beads!G2": captures, "panels!G5": host,
        "samples!H3": "fcs/S2_FMO.fcs", "samples!I2": "fcs/S1_FMO.fcs", "samples!I3": "fcs/S2_FMO.fcs",
    }  # fmt: skip
    good_study(folder, {**HEADERS, **cells, **more})
    write_tube(folder / "fcs" / "S2_FMO.fcs")
    study, faults = read_study(folder)
    assert study is not None, fault_report(faults)
    return study


def host_faults(study: Study) -> list[Fault]:
    return [fault for fault in check_study(study) if "capture" in str(fault) or "ost match" in str(fault)]


@pytest.mark.parametrize(
    ("kit", "captures", "told"),
    [
        ("qsc", "mouse", 'beads "QB1" (qsc, beads!G2) capture mouse, expected an antibody of mouse. '),
        ("qsc", "anti-mouse", 'beads "QB1" (qsc, beads!G2) capture mouse, expected an antibody of mouse. '),
        ("qifikit", None, 'beads "QB1" (qifikit, beads!G2) capture mouse, expected an antibody of mouse. '),
    ],
)
def test_an_antibody_of_a_host_that_the_beads_do_not_capture_stops_the_run(tmp_path, kit, captures, told):
    (fault,) = host_faults(study_with(tmp_path, kit, "Rat IgG2a", captures))
    assert fault.severity is Severity.ERROR
    assert str(fault).startswith(f'panels!G5: found "Rat IgG2a", but {told}')
    assert str(fault).endswith("Take beads for this host, or correct a cell.")


@pytest.mark.parametrize(
    ("kit", "host", "captures"),
    [
        ("qsc", "Mouse", "mouse"),
        ("qsc", "rat", "anti-Rat IgG"),
        ("qsc", "humanised", "human"),
        ("qsc", "rat", "mouse; rat"),
        ("qifikit", "murine", None),
        ("qifikit", "mouse", "mouse"),
        ("qifikit", None, None),
    ],
)
def test_an_antibody_that_the_beads_capture_has_nothing_to_report(tmp_path, kit, host, captures):
    assert check_study(study_with(tmp_path, kit, host, captures)) == ()


@pytest.mark.parametrize("kit", ["quantibrite_pe", "mesf", "custom"])
def test_kits_that_capture_no_antibodies_ask_for_no_host(tmp_path, kit):
    assert host_faults(study_with(tmp_path / "told", kit, "rat", "mouse")) == []
    assert host_faults(study_with(tmp_path / "untold", kit, None, None)) == []


@pytest.mark.parametrize(
    ("host", "captures", "where"),
    [("mouse", None, "beads!G2"), (None, None, "beads!G2"), (None, "mouse", "panels!G5")],
)
def test_qsc_with_a_host_or_species_not_told_is_one_warning(tmp_path, host, captures, where):
    faults = host_faults(study_with(tmp_path, "qsc", host, captures))
    assert [(fault.where, fault.severity) for fault in faults] == [(where, Severity.WARNING)]
    assert "Whether the hosts match is not known" in str(faults[0])
    assert ("also wants the antibody's host (panels!G5)" in str(faults[0])) == (host is captures is None)


def test_one_lot_on_two_days_is_warned_of_once(tmp_path):
    again = dict(zip("ABCDEF", ("QB2", "fcs/beads.fcs", "qsc", "96597", "PE-A", LEVELS["qsc"]), strict=True))
    more = {f"beads!{column}3": value for column, value in again.items()}
    study = study_with(tmp_path, "qsc", "mouse", None, **more, **{"samples!F3": "QB2"})
    assert len(host_faults(study)) == 1


def test_qifikit_is_for_mouse_antibodies_whatever_is_typed(tmp_path):
    (fault,) = check_study(study_with(tmp_path, "qifikit", "rat", "rat"))
    assert str(fault) == (
        'beads!G2: found "rat", expected mouse or an empty cell: Agilent QIFIKIT is made for mouse antibodies'
    )
    assert stops_run([fault])


def test_a_day_with_rainbow_beads_is_held_against_the_beads_whose_curve_it_takes(tmp_path):
    rainbow = "0; 531; 1504; 4819; 12506; 36159"
    rows = [("RB1", ""), ("RB2", "RB1; QB1")]
    more: dict[str, object] = {"beads!H1": "transfer_from", "samples!F2": "RB2", "samples!F3": "RB2"}
    for number, (name, transfer) in enumerate(rows, start=3):
        cells = (name, "fcs/beads.fcs", "rainbow", "R1", "PE-A", rainbow, None, transfer)
        more |= {f"beads!{column}{number}": cell for column, cell in zip("ABCDEFGH", cells, strict=True)}
    (fault,) = host_faults(study_with(tmp_path, "qsc", "rabbit", "mouse", **more))
    assert 'beads "QB1" (qsc, beads!G2) capture mouse' in str(fault)


def test_the_host_travels_with_every_density(tmp_path):
    study = study_with(tmp_path, "qsc", "rat", "rat")
    assert reagents_of(study, study.samples).host == "rat"


@pytest.mark.parametrize(
    ("text", "hosts", "captured"),
    [
        ("Goat anti-Mouse", ("goat",), ("mouse",)),
        ("mouse monoclonal, IgG1 kappa", ("mouse",), ("mouse",)),
        ("recombinant human IgG1", ("human",), ("human",)),
        ("Armenian hamster", ("armenian hamster",), ("armenian hamster",)),
        ("mouse and rat", ("mouse", "rat"), ("mouse", "rat")),
        ("", (), ()),
        ("IgG1", (), ()),
    ],
)
def test_species_are_read_from_what_people_write(text, hosts, captured):
    assert species_named(text) == hosts
    assert species_named(text, captured=True) == captured


def test_a_long_list_of_species_makes_no_long_line(tmp_path):
    study = study_with(tmp_path, "qsc", None, ", ".join(f"species{n}" for n in range(3000)))
    assert all(len(str(fault)) < 500 for fault in check_study(study))
