"""A picture of each kind, as it was looked at and found right; `python -m helpers.golden_pictures` writes them.

Numbers may differ a little between machines, and so may the packing of a PNG: `same_picture` knows both.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from calibration.curve.drift import DriftPoint, DriftSeries
from calibration.curve.standard_curve import CurveVerdict
from helpers.synthetic_result import whole_study_result
from pipeline.assembly.study_result import StudyResult
from pipeline.output.figures.beads import bead_pictures
from pipeline.output.figures.cd38 import cd38_of
from pipeline.output.figures.charts import RESPONSE_CHART, WASHOUT
from pipeline.output.figures.drift import drift_pictures
from pipeline.output.figures.gating import channel_labels, gating_panels
from pipeline.output.figures.survival import survival_picture
from pipeline.output.figures.svg.picture_page import ONE_COLUMN, TWO_COLUMNS, Picture, file_of
from pipeline.output.figures.swimmer import swimmer_picture
from pipeline.response.follow_up import FollowUp

FOLDER = Path(__file__).parents[1] / "pipeline" / "output" / "figures" / "golden"
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
_PNG = re.compile(r"data:image/png;base64,([^\"]+)")
_NEAR = 0.25
"""Units of a picture by which a place may differ."""


def golden_pictures(study_result: StudyResult) -> Iterator[tuple[str, str]]:
    """Yield (name, SVG) of a picture of each kind."""
    result = next(result for result in study_result.results if result.sample_id == "P05-S1")
    run = study_result.calibrations[0]
    labels = channel_labels(study_result.study.panels[0])
    for density, panel in zip(
        result.pictures, gating_panels(result.pictures, result.steps, labels), strict=True
    ):
        yield f"gate_{density.step}", _file(panel)
    histogram = cd38_of(result, run.curve, labels)
    assert histogram is not None
    yield "cd38", _file(histogram)
    for name, picture in zip(("populations", "curve", "errors"), bead_pictures(run), strict=True):
        yield f"beads_{name}", _file(picture)
    yield "drift", _file(drift_pictures([drift_series()])[0])
    for mm in (TWO_COLUMNS, ONE_COLUMN):
        for chart in (WASHOUT, RESPONSE_CHART):
            (picture,) = chart.pages(study_result, mm, {})
            yield f"{chart.name}_{mm:.0f}mm", _file(picture)
        yield f"swimmer_{mm:.0f}mm", _file(swimmer_picture(_courses(), 30.0, mm=mm))
        yield f"survival_{mm:.0f}mm", _file(survival_picture(_courses(), 30.0, mm=mm))


def same_picture(one: str, other: str) -> bool:
    """Tell whether two files show the same: the same words and elements, numbers that are near."""
    (first, places), (second, other_places) = _taken_apart(one), _taken_apart(other)
    return first == second and bool(np.all(np.abs(places - other_places) <= _NEAR))


def _taken_apart(svg: str) -> tuple[str, np.ndarray]:
    pictures = _PNG.sub(lambda found: _pixels(found[1]), svg)
    return _NUMBER.sub("#", pictures), np.array([float(found) for found in _NUMBER.findall(pictures)])


def _pixels(encoded: str) -> str:
    seen = np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGBA"))
    digest = hashlib.sha256(np.ascontiguousarray(seen).tobytes()).hexdigest()
    return "".join(chr(ord("a") + int(digit, 16)) for digit in digest)


def _file(picture: Picture) -> str:
    return file_of(picture, "golden").replace("><", ">\n<")


def drift_series() -> DriftSeries:
    values = (1000.0, 1020.0, 990.0, 1010.0, 1100.0, 1085.0)
    verdicts = (*(CurveVerdict.ACCEPT,) * 4, CurveVerdict.REJECT, CurveVerdict.WARN)
    points = tuple(
        DriftPoint(value, 1005.0, 30.0, (value - 1005.0) / 30.0, (), verdict, provisional=False)
        for value, verdict in zip(values, verdicts, strict=True)
    )
    return DriftSeries("bead 638", tuple(f"2024-03-{day:02}" for day in range(1, 7)), points)


def _courses() -> tuple[FollowUp, ...]:
    return (
        FollowUp("P1", "CR", pfs_day=300, os_day=500, treated_days=300, progression_day=300, death_day=500,
                 reason="progression", pfs_event=True, os_event=True, stopped=True),
        FollowUp("P2", "SD", pfs_day=90, os_day=400, pfs_event=True, treated_days=90, progression_day=88,
                 dexamethasone_day=60, stopped=True, reason="withdrew consent after a long talk with a friend"),
        FollowUp("P3", "", pfs_day=200, os_day=200, treated_days=200),
    )  # fmt: skip


def main() -> None:
    """Write every picture again."""
    FOLDER.mkdir(exist_ok=True)
    for left in FOLDER.glob("*.svg"):
        left.unlink()
    for name, svg in golden_pictures(whole_study_result(n_events=6_000)):
        (FOLDER / f"{name}.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
