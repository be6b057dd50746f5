"""The limits of a coefficient: reached directly, the same as by a search, and infinite where there is none."""

import numpy as np
import pytest

from pipeline.washout.censored.likelihood import LEFT, OBSERVED, RIGHT, CensoredRows, maximise, single
from pipeline.washout.censored.profile import (
    coefficient_interval,
    coefficient_ratio,
    critical_value,
    interval,
)

BEYOND_A_DIP = 789
"""Of these rows a step that does not heed where log L falls ends at the limit of the other side."""


def drawn_line(seed: int) -> CensoredRows:
    """Return 5 to 40 rows along a line, some censored below or above, without or with unlike known errors."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(5, 41))
    x = np.sort(rng.normal(size=n))
    y = 0.8 * x + 0.6 * rng.normal(size=n)
    low, high = -float(rng.choice([0.5, 1.0, 9.0])), float(rng.choice([0.8, 9.0]))
    kind = np.where(y < low, LEFT, np.where(y > high, RIGHT, OBSERVED)).astype(np.int8)
    sd = float(rng.choice([0.0, 0.3, 0.8, 1.5])) * rng.uniform(0.0, 2.0, n)
    return single(np.column_stack([np.ones(n), x]), np.clip(y, low, high), kind, sd)


@pytest.mark.parametrize("column", [0, 1])
def test_the_limits_are_those_of_a_search_outwards_and_at_each_the_ratio_is_critical(column: int) -> None:
    for seed in (*range(10), BEYOND_A_DIP):
        rows = drawn_line(seed)
        best = maximise(rows)
        critical = critical_value(rows.kind[0], 2)

        def ratio(value: float, rows=rows, best=best) -> float:
            return coefficient_ratio(rows, best, column, value)

        limits = coefficient_interval(rows, best, column, critical)
        sought = interval(ratio, float(best.beta[0, column]), 0.2, critical)
        assert limits == pytest.approx(sought, abs=1e-8)
        assert [ratio(end) for end in limits if np.isfinite(end)] == pytest.approx(
            [critical] * int(np.isfinite(limits).sum()), abs=1e-7
        )


def test_a_limit_is_infinite_where_steeper_lines_agree_as_well() -> None:
    x = np.linspace(-1, 1, 4)
    kind = np.array([LEFT, LEFT, LEFT, OBSERVED], np.int8)
    rows = single(np.column_stack([np.ones(4), x]), np.array([0.0, 0.0, 0.0, 1.0]), kind, np.full(4, 0.1))
    low, high = coefficient_interval(rows, maximise(rows), 1, critical_value(kind, 2))
    assert low == pytest.approx(-16.21, abs=0.01)
    assert high == np.inf


def test_few_maximisations_are_needed_for_both_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.washout.censored import profile

    rows = drawn_line(1)
    best = maximise(rows)
    calls = []
    monkeypatch.setattr(profile, "maximise", lambda *args: calls.append(args) or maximise(*args))
    coefficient_interval(rows, best, 1, critical_value(rows.kind[0], 2))
    assert not calls  # the limits are reached directly
