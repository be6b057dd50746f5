"""Few plasma cells of two kinds: a doubtful split stands in the interval and in the row, a clear one changes nothing."""

from __future__ import annotations

import numpy as np
import pytest

from calibration import BudgetTerm, RdStatus
from gating.clone.jackknife import CloneJackknife
from pipeline.output.flag_words.all_flags import FLAGS
from pipeline.quantification.result import SampleFlag
from validation.clone_splits import examine, quantified, section

FEW, MANY = 0, 2


@pytest.fixture(scope="module")
def results():
    return [result for result, _ in quantified(FEW, 7)]


def doubt_of(result):
    return {term.name: term.sd_dex for term in result.receptor.budget}.get(BudgetTerm.CLONE_SPLIT, 0.0)


def test_a_doubtful_split_is_said_in_the_row_and_widens_the_interval(results):
    (flagged,) = [result for result in results if SampleFlag.CLONE_UNCERTAIN in result.flags]
    density = flagged.receptor
    assert density.status is RdStatus.OK
    assert doubt_of(flagged) > 0.02
    (note,) = [note for note in density.notes if "which plasma cells belong to the clone" in note]
    assert "the interval includes that" in note
    log_sd = doubt_of(flagged) * np.log(10)
    assert np.log(density.rd_high / density.rd_low) > 2 * 1.96 * np.sqrt(np.log1p(log_sd**2))
    assert SampleFlag.CLONE_UNCERTAIN in FLAGS


def test_a_clear_split_adds_no_term_and_no_flag(results):
    clear = [result for result in results if doubt_of(result) == 0]
    assert len(clear) >= 2
    assert not any(SampleFlag.CLONE_UNCERTAIN in result.flags for result in clear)
    assert all(term.name is not BudgetTerm.CLONE_SPLIT for result in clear for term in result.receptor.budget)


def test_a_small_doubt_widens_the_interval_without_a_flag(results):
    small = [r for r in results if doubt_of(r) > 0 and SampleFlag.CLONE_UNCERTAIN not in r.flags]
    assert small
    assert all(0.004 < doubt_of(result) < 0.022 for result in small)


@pytest.mark.slow
def test_the_section_counts_tubes_errors_and_coverage():
    found = examine(2, 20, map)
    assert {tube.band for tube in found} == {0, 1, 2}
    assert all(abs(tube.error) < 0.3 for tube in found)
    many = [tube for tube in found if tube.band == MANY]
    assert np.quantile([abs(tube.error) for tube in many], 0.9) < 0.03
    text = section(found, 20)
    assert "| 50 to 100 |" in text
    assert "| 500 to 3,000 |" in text


@pytest.mark.slow
def test_a_clear_split_gives_the_same_density_whether_it_is_made_again_or_not(monkeypatch):
    again, made = CloneJackknife.__call__, []
    monkeypatch.setattr(CloneJackknife, "__call__", lambda self: made.append(self) or again(self))
    spared = [result.receptor for result, _ in quantified(MANY, 11)]
    n_made = len(made)
    monkeypatch.setattr(CloneJackknife, "may_move", lambda _: None)
    assert [result.receptor for result, _ in quantified(MANY, 11)] == spared
    assert n_made < len(made) - n_made
