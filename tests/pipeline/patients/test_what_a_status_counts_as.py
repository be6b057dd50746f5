"""The table of docs/study.md, held against the code of every analysis."""

import re
from datetime import date
from pathlib import Path

import pytest

from calibration import PooledDensity, RdStatus, ReceptorDensity, pool_receptor_densities
from calibration.density.result import known_to_exceed
from pipeline.patients.patient_rd import PatientRd
from pipeline.patients.pharmacokinetics import DrugLevel
from pipeline.patients.visits import Visit, patient_rd
from pipeline.response.rd_visit import CutSide, rd_side
from pipeline.study.settings import Settings
from pipeline.washout.observations.selection import observed
from pipeline.washout.total import corrected_rows, occupied_visits

STUDY = (Path(__file__).parents[3] / "docs" / "study.md").read_text(encoding="utf-8")
LLOQ, ULOQ, BOUND = 5000.0, 67_601.0, 270_404.0
KINDS = {(-1, LLOQ): "left-censored at `lloq`", (1, BOUND): "right-censored at `rd_low`"}


def said():
    table = STUDY.split("### What a status counts as\n")[1]
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.*?) \| (.*?) \| (.*?) \| (.*?) \|$", table, re.MULTILINE)
    return {RdStatus(name): cells for name, *cells in rows[: len(RdStatus)]}


def row(status, rd=90_000.0, lloq=LLOQ, **rest):
    numbered = status not in (RdStatus.ABOVE_ULOQ, RdStatus.LOW_EVENTS, RdStatus.FAILED)
    low = BOUND if status is RdStatus.ABOVE_ULOQ else None
    return PatientRd(
        "P", "V", 10.0, rd if numbered else None, status, lloq=lloq, uloq=ULOQ, rd_low=low, **rest
    )


def pooled(status):
    low = BOUND if status is RdStatus.ABOVE_ULOQ else 70_000.0
    rd = None if status is RdStatus.ABOVE_ULOQ else 90_000.0
    one = ReceptorDensity(status, 100, rd=rd, rd_low=low, rd_high=110_000.0, lloq=LLOQ, uloq=ULOQ)
    other = ReceptorDensity(RdStatus.OK, 100, rd=60_000.0, rd_low=50_000.0, rd_high=70_000.0, uloq=ULOQ)
    pool = pool_receptor_densities([other, one])
    if status is RdStatus.ABOVE_ULOQ:
        assert pool.n_pooled == 2
        assert pool_receptor_densities([one, one]).status is RdStatus.ABOVE_ULOQ
        return "as a bound; where all are: `ABOVE_ULOQ`"
    return "a number" if pool.n_pooled == 2 else "left out"


def modelled(status):
    data, _ = observed([row(status)], Settings())
    if not data.n:
        return "left out"
    return KINDS.get((int(data.kind[0]), round(10 ** float(data.log_rd[0]), 6)), "measured")


def totalled(status):
    drug = DrugLevel(ug_ml=1.0, occupancy=0.5, occupancy_low=0.4, occupancy_high=0.6)
    (visit,) = occupied_visits([row(status, drug=drug)])
    corrected, _ = corrected_rows([row(status, drug=drug)])
    data, _ = observed(corrected, Settings())
    if data.n and data.kind[0] == 1:
        assert round(10 ** float(data.log_rd[0]), 6) == 2 * BOUND
        return "right-censored in the line of totals; no total of its own"
    if not data.n:
        return "left out"
    if visit.total is None:
        assert visit.total_high is not None
        assert visit.total_high >= 2 * LLOQ
        return "below a total"
    return "a total"


def on_a_side(status):
    if rd_side(row(status), 150_000) is CutSide.UNKNOWN:
        return "left out"
    if status is RdStatus.BELOW_LLOQ:
        assert rd_side(row(status), 150_000) is CutSide.BELOW
        assert rd_side(row(status, lloq=160_000.0), 150_000) is CutSide.BETWEEN
        return "below the cut, unless `lloq` lies above it: then on no side"
    if status is RdStatus.ABOVE_ULOQ:
        assert rd_side(row(status), BOUND) is CutSide.ABOVE
        assert rd_side(row(status), BOUND + 1) is CutSide.BETWEEN
        return "at or above the cut where `rd_low` reaches it, else on no side"
    assert (rd_side(row(status), 90_000), rd_side(row(status), 90_001)) == (CutSide.ABOVE, CutSide.BELOW)
    return "on its side of `rd_cut`"


def test_the_table_has_every_status():
    assert list(said()) == list(RdStatus)


@pytest.mark.parametrize("status", list(RdStatus))
def test_every_analysis_does_with_a_status_what_the_table_says(status):
    assert said()[status] == [pooled(status), modelled(status), totalled(status), on_a_side(status)]


def test_a_visit_hands_its_bound_to_the_models():
    pool = PooledDensity(RdStatus.ABOVE_ULOQ, 1, 1, rd_low=BOUND, lloq=LLOQ, uloq=ULOQ)
    visit = Visit(
        "P", "V", date(2024, 1, 1), "marrow", "qsc", ("S",), "plasma_cells", pool, washout_weeks=9.0
    )
    assert known_to_exceed(patient_rd(visit)) == known_to_exceed(pool) == BOUND
