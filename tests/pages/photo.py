"""A part of a page of results, photographed by a browser without a window; and the words in it, to tell a stale one."""

from __future__ import annotations

import hashlib
import io
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pages.bench import BenchPhoto, take_bench, words_of_bench

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SIZE = {"width": 1280, "height": 800}
TALLEST = 1100
"""Pixels of a part that are shown at most."""
TOP = "top"
"""The part that is the first screen."""


@dataclass(frozen=True, slots=True)
class Photo:
    """What is to be photographed: the first screen of a page of results, or the element of an id."""

    page: Path
    part: str


def words_in(photo: Photo) -> str:
    """Return the words and numbers of the part, one blank between two, without the day and the program.

    Raises
    ------
    ValueError
        If the page has no such part.
    """
    from lxml import html

    tree = html.parse(str(photo.page)).getroot()
    # The day of the run and the digest of the program stand in the head, and are others each time.
    for element in tree.xpath("//style|//script|//p[@class='facts']"):
        element.drop_tree()
    wanted = "//main/header|//main/section[1]" if photo.part == TOP else f"//*[@id='{photo.part}']"
    found = tree.xpath(wanted)
    if not found:
        raise ValueError(
            f"{photo.page.name} has no part {photo.part!r}: name another one in the page of docs/"
        )
    return re.sub(r"\s+", " ", " ".join(element.text_content() for element in found)).strip()


def digest(photo: Photo | BenchPhoto) -> str:
    """Return a digest of the words in the part."""
    words = words_of_bench(photo) if isinstance(photo, BenchPhoto) else words_in(photo)
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def take(photos: Mapping[Path, Photo | BenchPhoto]) -> None:
    """Write a PNG of each part, by the file that it goes into.

    Raises
    ------
    RuntimeError
        If no Chromium is installed.
    """
    if CHROMIUM is None:
        raise RuntimeError("no Chromium is installed: the photographs stay as they are")
    from PIL import Image
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        opened = browser.new_page(viewport=SIZE)
        for target, photo in photos.items():
            taken = (
                take_bench(photo, browser, SIZE) if isinstance(photo, BenchPhoto) else _part(opened, photo)
            )
            target.parent.mkdir(parents=True, exist_ok=True)
            Image.open(io.BytesIO(taken)).convert("RGB").quantize(128).save(target, optimize=True)
        browser.close()


def _part(opened: Page, photo: Photo) -> bytes:
    opened.goto(photo.page.as_uri())
    if photo.part == TOP:
        return opened.screenshot()
    part = opened.locator(f"[id='{photo.part}']")
    part.scroll_into_view_if_needed()
    box = part.bounding_box()
    assert box is not None, photo
    return opened.screenshot(
        full_page=True,
        clip={
            "x": box["x"],
            "y": box["y"] + opened.evaluate("window.scrollY"),
            "width": box["width"],
            "height": min(box["height"], TALLEST),
        },
    )
