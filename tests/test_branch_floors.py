"""The floors of branches that `make coverage` holds."""

from __future__ import annotations

from branch_floors import floors, too_low


def report(gating: int, calibration: int) -> dict:
    return {
        "files": {
            "gating/a.py": {"summary": {"covered_branches": gating, "num_branches": 60}},
            "gating/b/c.py": {"summary": {"covered_branches": 40, "num_branches": 40}},
            "calibration/a.py": {"summary": {"covered_branches": calibration, "num_branches": 100}},
        }
    }


def test_a_package_below_its_floor_is_named_and_one_that_was_not_measured_too():
    least = {"gating": 95.0, "calibration": 95.0}
    assert too_low(report(55, 95), least) == []
    assert too_low(report(54, 95), least) == ["gating: 94.0 % of the branches, expected 95 % at least"]
    assert too_low({"files": {}}, {"gating": 95.0}) == [
        "gating: 0.0 % of the branches, expected 95 % at least"
    ]


def test_every_package_has_a_floor():
    assert set(floors()) == {"calibration", "gating", "pipeline"}
    assert floors()["pipeline"] >= 92
    assert min(floors()["calibration"], floors()["gating"]) >= 95
