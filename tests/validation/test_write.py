"""The page docs/validation.md: small simulations give every section; the committed page names its command."""

from pathlib import Path

import pytest

from validation import beads, density
from validation.write import Sizes, main, page


@pytest.mark.slow
def test_the_page_is_the_same_for_any_number_of_processes(tmp_path):
    pages = []
    for processes in (1, 2):
        out = tmp_path / f"{processes}.md"
        arguments = ["--only", "beads", "--scale", "0.01", "--processes", str(processes), "--out", str(out)]
        assert main(arguments) == 0
        pages.append(out.read_bytes())
    assert pages[0] == pages[1]
    assert b"## Bead populations" in pages[0]


def test_the_page_says_how_much_was_simulated():
    sizes = Sizes().scaled(0.001)
    assert (sizes.bead_days, sizes.density_tubes) == (2, 2)
    text = page(["beads"], Sizes(bead_days=3, sabotages=6), map, lambda line: None)
    assert "3 random kits" in text
    assert "6 runs, six kinds" in text


@pytest.mark.slow
def test_random_days_are_measured_and_sabotage_is_never_silent_with_a_log():
    found = beads.examine(12, 12, seed=50)
    assert max(abs(error) for day in found.days for error in day.errors) < 0.05
    assert all(run.with_history != "silently wrong" for run in found.sabotages)


def test_tubes_with_the_true_gate_come_out_near_the_truth(monkeypatch):
    monkeypatch.setattr(density, "BEAD_DAYS", 3)
    density.bead_days.cache_clear()
    found = density.examine_cell(("qsc", "10,000 to 100,000", 40, 3))
    density.bead_days.cache_clear()
    assert found.coverage >= 0.85
    assert abs(found.errors().mean()) < 0.05


def test_the_committed_page_has_every_section():
    text = (Path(__file__).parents[2] / "docs" / "validation.md").read_text(encoding="utf-8")
    for heading in (
        "Tubes from file",
        "Bead populations",
        "Sabotaged",
        "true gate",
        "Between runs and pooled replicates",
        "against washout",
        "Response, PFS and odds",
        "Response along the density",
        "Cuts of a batch",
        "Sentinels",
        "on every processor",
    ):
        assert heading in text
    assert "make validation" in text
