"""The review page in a browser: 200 tubes at one key each."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from helpers.page_server import (
    CHROMIUM,
    DESK,
    chromium,
    press,
    run_study_folder,
    served,
    until,
    wait_for_tube,
)
from pipeline.simulate import simulate_study

pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]


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
