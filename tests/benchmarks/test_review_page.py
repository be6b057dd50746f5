"""The review page in a browser: how soon the number follows a drag, and 200 tubes at one key each."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from helpers.page_server import (
    CHROMIUM,
    DESK,
    chromium,
    press,
    run_study_folder,
    served,
    until,
    wait_for_settled,
    wait_for_tube,
)
from pipeline.simulate import simulate_study

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]

MOVES, PAUSE = 120, 16
"""Of the pointer in one drag, and milliseconds between two: the pace of a screen."""
GIB = 2**30
NEEDED = 7 * GIB
"""Memory below which ten million events are left out."""


def durations(page: Page, name: str) -> list[float]:
    """Return the milliseconds from each move of the pointer to the picture that shows it."""
    return list(page.evaluate("name => performance.getEntriesByName(name).map((one) => one.duration)", name))


def drag_to_and_fro(page: Page) -> None:
    box = page.locator("#handles .handle.line .dot").first.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for k in range(MOVES):
        page.mouse.move(x + 40 * np.sin(2 * np.pi * k / MOVES), y)
        page.wait_for_timeout(PAUSE)
    page.mouse.up()


@pytest.mark.parametrize("events", [100_000, 1_000_000, 10_000_000])
def test_the_number_follows_a_drag(tmp_path: Path, events: int) -> None:
    if events > 1_000_000 and os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") < NEEDED:
        pytest.skip("this computer has too little memory for ten million events")
    study = simulate_study(tmp_path, patients=1, events=events, seed=4)
    run_study_folder(study)
    with served(study) as one, chromium() as browser:
        page = browser.new_page(viewport=DESK)
        start = time.perf_counter()
        page.goto(one.address)
        wait_for_tube(page)
        opened = time.perf_counter() - start
        page.locator("#strip button[data-step=plasma_cells]").click()
        for _ in range(2):  # the first time the program makes ready what a drag needs
            page.evaluate("performance.clearMeasures()")
            drag_to_and_fro(page)
            wait_for_settled(page)
        held, settled = np.array(durations(page, "held")), durations(page, "settled")
    print(
        f"\n{events:,} events: opened in {opened:.1f} s; while dragging {held.size} pictures, median "
        f"{np.median(held):.0f} ms, P95 {np.quantile(held, 0.95):.0f} ms; after letting go {settled[-1]:.0f} ms"
    )
    assert held.size > 3


def test_200_tubes_are_accepted_at_one_key_each(tmp_path: Path) -> None:
    study = simulate_study(tmp_path, patients=200, events=4_000, seed=8)
    run_study_folder(study)
    with served(study) as one, chromium() as browser:
        page = browser.new_page(viewport=DESK)
        start = time.perf_counter()
        page.goto(one.address)
        wait_for_tube(page)
        page.fill("#who", "AB")
        page.locator("#who").press("Enter")
        page.locator("#bench").focus()
        opened = time.perf_counter() - start
        n_tubes = page.locator("#tubes li").count()
        start = time.perf_counter()
        for k in range(n_tubes):
            press(page, ["a"])
            until(page, "n => document.getElementById('decided-count').textContent === `${n} decided`", k + 1)
        seconds = time.perf_counter() - start
    print(
        f"\n{n_tubes} tubes: list and first tube in {opened:.1f} s; accepted at one key each in "
        f"{seconds:.0f} s, {1000 * seconds / n_tubes:.0f} ms a tube, each saved before the next was shown"
    )
