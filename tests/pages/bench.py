"""A photograph of the review page, as it stands after some keys; and the words that tell a stale one."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.page_server import served, until, wait_for_settled, wait_for_tube

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "pipeline" / "page" / "templates" / "review.html.j2"
SETTLED = "settled"
"""Stands among the keys for: wait until the number is that of a run."""


@dataclass(frozen=True, slots=True)
class BenchPhoto:
    """A study's review with a tube on the bench, after keys were pressed."""

    study: Path
    tube: str
    keys: tuple[str, ...] = ()


def bench_photo(told: str, here: Path) -> BenchPhoto:
    """Return what `STUDY at TUBE after KEYS` means in a folder."""
    place, _, keys = told.partition(" after ")
    study, _, tube = place.partition(" at ")
    return BenchPhoto(here / study, tube, tuple(keys.split()))


def words_of_bench(photo: BenchPhoto) -> str:
    """Return the words of the page, and of the tube what the results say: no browser is needed for that."""
    page = re.sub(r"\s+", " ", re.sub(r"<[^>]*>|\{[{%].*?[%}]\}", " ", TEMPLATE.read_text("utf-8")))
    with (photo.study / "results" / "rd_samples.csv").open(newline="", encoding="utf-8-sig") as file:
        (row,) = [row for row in csv.DictReader(file) if row["sample_id"] == photo.tube]
    told = [row[name] for name in ("sample_id", "status", "rd", "rd_low", "rd_high", "flags")]
    return " ".join([page.strip(), *told, *photo.keys])


def take_bench(photo: BenchPhoto, browser: Browser, size: dict[str, int]) -> bytes:
    """Return the photograph as PNG."""
    with served(photo.study) as one:
        context = browser.new_context(viewport=size)
        page = context.new_page()
        page.goto(one.address)
        wait_for_tube(page)
        page.locator("#tubes button", has_text=re.compile(rf"^\W*{re.escape(photo.tube)}")).first.click()
        wait_for_tube(page, photo.tube)
        press: dict[str, Callable[[], None]] = {SETTLED: lambda: wait_for_settled(page)}
        for key in photo.keys:
            press.get(key, lambda key=key: page.keyboard.press(key))()
        until(page, "() => document.getElementById('toast').hidden")
        taken = page.screenshot()
        context.close()
    return taken
