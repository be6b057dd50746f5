"""A bead run that is too old for a tube: the error names the run that is of the tube's day."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.builders import ACQUIRED, good_sheets, write_csvs, write_files, write_tube
from pipeline.checks import check_folder
from pipeline.study.faults import Fault, Severity

LEVELS = "638; 6930; 31008; 67601"


def study(folder: Path, dates: dict[str, str], setting: str = "") -> list[Fault]:
    """Tubes of 31 May on beads of `QB1`, and further runs on other days; return what is said of their age."""
    sheets = good_sheets()
    for name in dates:
        if name != "QB1":
            row = [name, f"fcs/{name}.fcs", "quantibrite_pe", "96597", "PE-A", LEVELS]
            sheets["beads"].append(row)
    if setting:
        sheets["settings"] = [["name", "value"], ["accept_bead_age", setting]]
    write_csvs(folder, sheets)
    write_files(folder)
    for name, day in dates.items():
        file = "beads" if name == "QB1" else name
        write_tube(folder / "fcs" / f"{file}.fcs", keywords={**ACQUIRED, "$DATE": day})
    _, faults = check_folder(folder)
    return [fault for fault in faults if "from the tube" in fault.found]


@pytest.mark.parametrize(
    ("old", "severity"), [("07-JUN-2024", Severity.ERROR), ("02-JUN-2024", Severity.WARNING)]
)
def test_the_run_of_the_tubes_day_is_named(tmp_path, old, severity):
    faults = study(tmp_path, {"QB1": old, "far": "20-JUN-2024", "right": "31-MAY-2024"})
    assert [(fault.where, fault.severity) for fault in faults] == [
        ("samples!F2", severity),
        ("samples!F3", severity),
    ]
    assert all('"right" is of that day: name that one.' in fault.hint for fault in faults)


def test_where_no_run_is_of_that_day_none_is_named(tmp_path):
    faults = study(tmp_path, {"QB1": "07-JUN-2024", "far": "08-JUN-2024", "farther": "20-MAY-2024"})
    assert len(faults) == 2
    assert all("name that one" not in fault.hint for fault in faults)


def test_a_run_that_is_near_enough_is_named_with_its_time(tmp_path):
    faults = study(tmp_path, {"QB1": "07-JUN-2024", "eve": "30-MAY-2024"})
    assert all('"eve" is of 2024-05-30 10:00: name that one.' in fault.hint for fault in faults)


def test_an_age_that_was_accepted_gives_no_advice(tmp_path):
    faults = study(tmp_path, {"QB1": "07-JUN-2024", "right": "31-MAY-2024"}, setting="beads were late")
    assert [fault.severity for fault in faults] == [Severity.WARNING] * 2
    assert all("name that one" not in fault.hint for fault in faults)
