"""The review page in a browser: how soon the picture follows a gate that is dragged."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from helpers.page_server import (
    CHROMIUM,
    DESK,
    chromium,
    run_study_folder,
    served,
    until,
    wait_for_settled,
    wait_for_tube,
)
from performance import studies
from performance.studies import one_tube
from validation.markdown import paragraph, table

SIZES = (100_000, 1_000_000, 10_000_000)
MOVES, PAUSE = 120, 16
"""Of the pointer in one drag, and milliseconds between two: the pace of a screen."""
NEEDED = 7 * 2**30
"""Bytes of memory below which ten million events are left out."""
LINE = "#handles .handle.line .dot"


def measure(work: Path) -> dict[str, Any]:
    """Return milliseconds from a move of the pointer to the picture; words where there is no browser."""
    if CHROMIUM is None:
        return {"browser": "no Chromium is installed here"}
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    most = SIZES[-1] if memory >= NEEDED else SIZES[-2]
    return {"browser": [_size(one_tube(work, n), n) for n in SIZES if n <= min(studies.MOST, most)]}


def _size(study: Path, n_events: int) -> dict[str, Any]:
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
            _drag(page)
            wait_for_settled(page)
            until(page, "() => performance.getEntriesByName('settled').length > 0")  # two frames later
        held, settled = (_durations(page, name) for name in ("held", "settled"))
    return {
        "events": n_events,
        "opened": opened,
        "pictures": len(held),
        "median_ms": float(np.median(held)),
        "p95_ms": float(np.quantile(held, 0.95)),
        "settled_ms": settled[-1],
    }


def _drag(page: Any) -> None:
    box = page.locator(LINE).first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for k in range(MOVES):
        page.mouse.move(x + 40 * np.sin(2 * np.pi * k / MOVES), y)
        page.wait_for_timeout(PAUSE)
    page.mouse.up()


def _durations(page: Any, name: str) -> list[float]:
    return list(page.evaluate("name => performance.getEntriesByName(name).map((one) => one.duration)", name))


def text(figures: dict[str, Any]) -> str:
    """Return the section."""
    written = "## A gate dragged in the browser\n\n"
    found = figures["browser"]
    written += paragraph(
        f"On the review page the line of the plasma cells is dragged back and forth, with {MOVES} moves of the pointer. "
        "The table gives the time from a move to its picture, cells and density:"
    )
    rows = [
        (
            f"{row['events']:,}",
            f"{row['opened']:.1f} s",
            f"{row['median_ms']:.0f} ms",
            f"{row['p95_ms']:.0f} ms",
            f"{row['settled_ms'] / 1e3:.1f} s",
        )
        for row in found
    ]
    columns = ("events", "opened in", "median", "95 of 100 within", "all gates again, after release")
    return written + table(columns, rows) + "\n"
