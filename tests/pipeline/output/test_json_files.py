"""Results as JSON: what is not finite, and what is no number."""

import numpy as np

from pipeline.output.json_files import to_json
from pipeline.washout import Estimate


def test_numbers_that_are_not_finite_are_null_in_json():
    found = to_json(Estimate("x", float("inf"), -np.inf, np.float64(1.5), np.int64(3), "m"))
    assert (found["value"], found["low"], found["high"], found["n"]) == (None, None, 1.5, 3)
    assert to_json({"a": np.array([1.0, np.nan])}) == {"a": [1.0, None]}
