"""Results as JSON: sorted keys, numbers of 6 significant digits, no NaN."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterable, Mapping
from datetime import date
from enum import Enum
from pathlib import Path

import numpy as np

from calibration.distribution.result import CellDistribution
from pipeline.assembly.unnumbered import Unnumbered
from pipeline.files.json_names import NOT_WRITTEN, WRITTEN_AS, Json
from pipeline.files.whole import write_whole
from pipeline.output.table import significant
from pipeline.patients.receptor_occupancy.theta import ThetaFrom
from pipeline.response.tables import ResponseTables
from pipeline.washout.report import WashoutReport


def to_json(value: object) -> Json:
    """Convert dataclasses, arrays, dates and numbers to values that `json.dump(allow_nan=False)` can write.

    Numbers that are not finite become None; numbers are rounded to 12 significant digits, so that the last
    bits of another machine's arithmetic do not change the file.

    Examples
    --------
    >>> to_json({"k": np.int64(3), "given_on": date(2024, 5, 31)})
    {'k': 3, 'given_on': '2024-05-31'}
    >>> to_json((1.0, float("inf"), None))
    [1.0, None, None]
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            part.metadata.get(WRITTEN_AS, part.name): to_json(getattr(value, part.name))
            for part in dataclasses.fields(value)
            if NOT_WRITTEN not in part.metadata
        }
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return to_json(value.tolist())
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    return _plain(value)


def _plain(value: object) -> Json:
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(f"{value:.12g}") if math.isfinite(value) else None
    if isinstance(value, date):
        return value.isoformat()
    return None if value is None else str(value)


def json_text(data: object) -> str:
    """Return rows, dataclasses, dates and numbers as JSON: sorted keys, 6 significant digits, no NaN.

    Examples
    --------
    >>> print(json_text({"b": 1 / 3, "a": (1, float("inf"))}), end="")
    {
     "a": [
      1,
      null
     ],
     "b": 0.333333
    }
    """
    return json.dumps(_rounded(to_json(data)), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def write_json(path: Path, data: object) -> None:
    """Write data as UTF-8 JSON (see `json_text`)."""
    write_whole(path, json_text(data))


def distribution_json(tubes: Iterable[tuple[str, CellDistribution | None]]) -> Json:
    """Return the content of `distribution.json`: the distribution of cells in each tube, by sample_id."""
    return {name: to_json(cells) for name, cells in tubes if cells is not None}


def _rounded(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return significant(value) if isinstance(value, float) else value


def _quantity(report: WashoutReport) -> str:
    """Return what the densities count: free sites, or total CD38 where no clone competes with the drug."""
    sources = {visit.theta_from for visit in report.visits}
    return "total CD38" if sources == {ThetaFrom.NO_COMPETITION} else "free CD38 sites"


def washout_json(report: WashoutReport) -> Json:
    """Return the content of `washout.json`."""
    return {
        "question": f"{_quantity(report)} per cell against weeks since the last dose of the washed-out drug",
        "n_rows": report.n_rows,
        "n_used": report.n_used,
        "n_patients": report.n_patients,
        "n_observed": report.n_observed,
        "n_left_censored": report.n_left_censored,
        "n_right_censored": report.n_right_censored,
        "seed": report.seed,
        "methods": to_json(report.methods),
        "model_choice": to_json(report.choice),
        "estimates": to_json(report.estimates),
        "waits": to_json(report.waits),
        "not_estimable": to_json(report.not_estimable),
        "assumptions": list(report.assumptions),
        "visits": to_json(report.visits),
        **({"within_patients": to_json(report.within)} if report.within else {}),
        "left_out": to_json(report.left_out),
        "sensitivity": to_json(report.sensitivity),
        "notes": list(report.notes),
    }


def response_json(
    tables: ResponseTables | None, without: Unnumbered | None = None, no_response: str = ""
) -> Json:
    """Return the content of `response.json`: the tables, or the reason; and tubes without a density."""
    unnumbered = {"unnumbered": to_json(without)} if without else {}
    if tables is None:
        reason: Json = {"what": "response", "reason": no_response}
        return {"not_estimable": [reason], **unnumbered}
    response = to_json(tables)
    assert isinstance(response, dict)
    return {**response, **unnumbered}
