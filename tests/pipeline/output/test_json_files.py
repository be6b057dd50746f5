"""Results as JSON: what is not finite, and what is no number."""

import json
import math
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from calibration.density.receptor_density import RdStatus
from pipeline.output.json_files import json_text, to_json, write_json
from pipeline.response.statistics.logistic import odds_ratio
from pipeline.washout import Estimate


def test_numbers_that_are_not_finite_are_null_in_json():
    found = to_json(
        Estimate("x", float("inf"), -np.inf, np.float64(1.5), np.int64(3), "m", words="x of a test")
    )
    assert (found["value"], found["low"], found["high"], found["n"]) == (None, None, 1.5, 3)
    assert to_json({"a": np.array([1.0, np.nan])}) == {"a": [1.0, None]}


def test_json_has_sorted_keys_and_no_nan():
    text = json_text({"b": math.nan, "a": (RdStatus.OK, date(2024, 1, 2), 1 / 3)})
    assert json.loads(text) == {"a": ["OK", "2024-01-02", 0.333333], "b": None}
    assert text.index('"a"') < text.index('"b"')


def test_json_ends_lines_with_lf_on_every_system(tmp_path: Path):
    write_json(tmp_path / "a.json", {"b": [1, 2], "a": "ü"})
    assert b"\r" not in (tmp_path / "a.json").read_bytes()


def test_a_field_is_written_under_the_name_that_the_files_have():
    found = odds_ratio("RD", "1", [1, 2, 3, 4], [False, True, False, True])
    written = to_json(found)
    assert written["odds_ratio"] == pytest.approx(found.ratio, rel=1e-9)
    assert "ratio" not in written
