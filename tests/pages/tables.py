"""Tables of the pages that a study writes: `<!-- written: NAME -->` stands above one, and the walk fills it in."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from pathlib import Path

Row = dict[str, str]


def written(name: str, here: Path, before: list[Row]) -> list[Row]:
    """Return the rows of a table as the studies in a folder have them; words that a person wrote are kept."""
    return TABLES[name](here, before)


def table(path: Path) -> list[Row]:
    """Return the rows of a CSV file."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def _whole(number: str) -> str:
    return f"{float(number):,.0f}"


def _found(row: Row) -> str:
    """Return a density as the terminal prints it: three digits that count."""
    if row["status"] == "BELOW_LLOQ":
        return f"< {_whole(row['lloq'])}"
    return _whole(f"{float(row['rd']):.3g}") if row["rd"] else "–"


def truth_of_the_practice_study(here: Path, _before: list[Row]) -> list[Row]:
    """Return what is true and what was found, tube by tube."""
    found = {row["sample_id"]: row for row in table(here / "my_study" / "results" / "rd_samples.csv")}
    return [
        {"tube": row["sample_id"], "true": _whole(row["true_rd"]), "found": _found(found[row["sample_id"]])}
        for row in table(here / "practice" / "truth" / "tubes.csv")
    ]


def tubes_of_the_demo(here: Path, before: list[Row]) -> list[Row]:
    """Return the tubes of the demo with what each shows, which a person wrote."""
    said = {row["tube"]: row["what it shows"] for row in before}
    truth = {row["sample_id"]: row for row in table(here / "fcs_samples" / "truth-demo.csv")}
    return [
        {
            "tube": row["sample_id"],
            "weeks since daratumumab": f"{float(truth[row['sample_id']]['washout_weeks']):.0f}",
            "true RD": _whole(truth[row["sample_id"]]["true_rd"]),
            "found RD": _found(row),
            "cells": _whole(row["n_plasma_cells"]),
            "status": f"`{row['status']}`",
            "flags": " ".join(f"`{flag}`" for flag in row["flags"].split(";") if flag),
            "what it shows": said[row["sample_id"]],
        }
        for row in table(here / "fcs_samples" / "demo" / "results" / "rd_samples.csv")
    ]


TABLES: Mapping[str, Callable[[Path, list[Row]], list[Row]]] = {
    "the truth of the practice study": truth_of_the_practice_study,
    "the tubes of the demo": tubes_of_the_demo,
}


def as_lines(rows: list[Row]) -> list[str]:
    """Return a table in Markdown."""
    names = list(rows[0])
    return [
        f"| {' | '.join(cells)} |"
        for cells in (names, ["---"] * len(names), *(list(row.values()) for row in rows))
    ]
