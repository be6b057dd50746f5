"""The speed falls back nowhere by a quarter, as ratios that a busy machine does not change."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from performance import write
from performance.guard import committed_ratios, fallen_back, ratios


@pytest.mark.benchmark
@pytest.mark.filterwarnings("ignore")
def test_no_ratio_has_fallen_back_by_a_quarter(tmp_path: Path) -> None:
    committed = committed_ratios()
    found = ratios(tmp_path)
    again = ratios(tmp_path) if fallen_back(found, committed) else found
    assert fallen_back({name: min(found[name], again[name]) for name in found}, committed) == {}


def test_the_guard_names_what_has_fallen_back_and_what_is_not_measured_any_more() -> None:
    committed = {"a": 0.40, "b": 0.40, "c": 0.40}
    assert fallen_back({"a": 0.499, "b": 0.501}, committed) == {"b": (0.501, 0.40), "c": (float("inf"), 0.40)}


def test_the_page_is_what_the_kept_figures_say() -> None:
    figures = json.loads(write.FIGURES.read_text("utf-8"))
    assert write.PAGE.read_text("utf-8") == write.page(figures)
    assert figures["guard"] == committed_ratios()


def test_a_section_that_breaks_takes_no_other_with_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(work: Path) -> dict[str, object]:
        raise OSError(work)

    section = replace(write.SECTIONS["cluster"], measure=broken)
    monkeypatch.setattr(write, "SECTIONS", {**write.SECTIONS, "cluster": section})
    found = write.measured("cluster", tmp_path)
    assert "OSError" in capsys.readouterr().err
    shown = write.page({"cores": 2, "cluster": found})
    assert "Not measured: cluster: it ended with OSError." in shown
    assert "Not measured: browser: no figure of it is kept yet." in shown


def test_without_a_browser_the_page_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("performance.browser.CHROMIUM", None)
    figures = {"cores": 2} | write.SECTIONS["browser"].measure(tmp_path)
    assert "Not measured: browser: no Chromium is installed here." in write.page(figures)
