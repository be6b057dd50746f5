"""Do what the pages say and write what they show again: `python tests/doc_pages.py [PAGE …]`; all pages: `make pages`.

What the terminal prints and the pictures of sheets are written. Photographs of reports are taken again where their words
changed, or all of them with `--photos`; where no Chromium is installed they stay, and a test says that they are old.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from pages.bench import BenchPhoto
from pages.photo import Photo, digest, take
from pages.steps import steps_of
from pages.walk import Walked, walk

ROOT = Path(__file__).resolve().parents[1]
SHOWN = ROOT / "docs" / "pictures" / "shown.json"
"""Photograph → digest of the words that it shows."""
_NO_PAGES = {"results", "changes", "reference"}


def all_pages() -> list[Path]:
    """Return every page that people read, but those that are written from the code or before a release."""
    found = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "fcs_samples").glob("*.md"))]
    found += sorted((ROOT / "docs").rglob("*.md"))
    return [path for path in found if not _NO_PAGES & set(path.relative_to(ROOT).parts)]


def has_steps(page: Path) -> bool:
    """Whether a page has something to do."""
    return any(step.kind not in ("text", "not run") for step in steps_of(page.read_text("utf-8")))


def walked(page: Path, folder: Path) -> Walked:
    """Do what a page says below an empty folder."""
    return walk(page.read_text("utf-8"), folder)


def noted() -> dict[str, str]:
    """Return what each photograph showed when it was taken, by its file."""
    found: dict[str, str] = json.loads(SHOWN.read_text("utf-8")) if SHOWN.is_file() else {}
    return found


def name_of(page: Path, file: str) -> str:
    """Return a picture's file from the top folder."""
    return (page.parent / file).resolve().relative_to(ROOT).as_posix()


def photo_digests(page: Path, walk_of_it: Walked) -> dict[str, str]:
    """Return what each photograph of a page would show today."""
    return {name_of(page, file): digest(photo) for file, photo in walk_of_it.photos.items()}


def _write(page: Path, *, all_photos: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="page-") as folder:
        found = walked(page, Path(folder))
        page.write_text(found.text, encoding="utf-8", newline="")
        for file, drawn in found.drawings.items():
            (page.parent / file).parent.mkdir(parents=True, exist_ok=True)
            (page.parent / file).write_text(drawn, encoding="utf-8", newline="")
        before, now = noted(), photo_digests(page, found)
        old: dict[Path, Photo | BenchPhoto] = {
            page.parent / file: photo
            for file, photo in found.photos.items()
            if all_photos or before.get(name_of(page, file)) != now[name_of(page, file)]
        }
        if old:
            take(old)
            kept = {name: said for name, said in {**before, **now}.items() if (ROOT / name).is_file()}
            SHOWN.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Write the named pages, or all, again; return how many could not be walked through."""
    named = [Path(argument).resolve() for argument in arguments if not argument.startswith("--")]
    n_failed = 0
    for page in filter(has_steps, named or all_pages()):
        print(page.relative_to(ROOT), flush=True)
        try:
            _write(page, all_photos="--photos" in arguments)
        except (AssertionError, LookupError, ValueError, RuntimeError) as error:
            n_failed += 1
            print(f"  not written: {error}", file=sys.stderr)
    return n_failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
