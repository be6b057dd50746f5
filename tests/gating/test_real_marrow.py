"""Real marrow, gated by an expert: medical university of Vienna (vie14), through the same strategy."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from gating import gate_plasma_cells
from gating.events import Events
from gating.events.compensation import SpilloverMatrix, compensate
from gating.events.panel import GatingChannel, GatingPanel, Target
from helpers.known_marrow import f1

pytestmark = pytest.mark.real
ANCHORS = (
    GatingChannel("APC-A", "cd19", Target.POSITIVE, "CD19"),
    GatingChannel("PacificBlue-A", "other", Target.POSITIVE, "Syto 41"),
)
SCATTER = (
    GatingChannel("FSC-A", "fsc_area"), GatingChannel("FSC-W", "fsc_width"), GatingChannel("SSC-A", "ssc_area"),
    GatingChannel("Time", "time"),
)  # fmt: skip


@pytest.fixture(scope="module")
def vie14(real_data):
    """Compensated events with CD10-PE in the place of the quantified channel, PE, and the expert's labels."""
    flowio = pytest.importorskip("flowio")
    data = flowio.FlowData(str(real_data / "marrow" / "vie14" / "494.fcs"))
    names = tuple(data.text[f"p{i}n"] for i in range(1, data.channel_count + 1))
    tops = tuple(float("inf") if n == "Time" else float(data.text[f"p{i}r"]) for i, n in enumerate(names, 1))
    values = np.asarray(data.events, np.float32).reshape(-1, len(names)).T
    parts = data.text["spill"].split(",")
    n = int(parts[0])
    matrix = SpilloverMatrix(tuple(parts[1 : n + 1]), np.array(parts[n + 1 :], float).reshape(n, n), "$SPILL")
    events = compensate(Events(values, names, tops), matrix)
    with gzip.open(real_data / "marrow" / "vie14" / "494_labels.csv.gz", "rt", encoding="utf-8") as file:
        header = file.readline().strip().split(",")
        table = np.loadtxt(file, delimiter=",", dtype=int)
    labels = {name: table[:, i] == 1 for i, name in enumerate(header)}
    return events.only([name for name in names if name != "PE-A"]), events.column("PE-A"), labels


def test_singlets_and_intact_cells_agree_with_the_expert_on_97_percent_of_the_events(vie14):
    events, _, labels = vie14
    gated = gate_plasma_cells(events, GatingPanel((*SCATTER, *ANCHORS)))
    assert (gated.viable_singlets == labels["singlets"]).mean() >= 0.97
    assert (gated.viable_singlets == labels["intact"]).mean() >= 0.97


@pytest.mark.parametrize(
    ("scatter", "least"), [(SCATTER, 0.97), (SCATTER[::2], 0.96), ((), 0.91)], ids=["all", "no width", "none"]
)
def test_cd19_and_syto_positive_cells_are_those_of_the_expert(vie14, scatter, least):
    events, pe, labels = vie14
    gated = gate_plasma_cells(events, GatingPanel((*scatter, *ANCHORS)))
    assert f1(gated.mask, labels["cd19"]) >= least
    assert np.median(pe[gated.mask]) == pytest.approx(np.median(pe[labels["cd19"]]), rel=0.05)


def test_a_person_s_cd19_cut_is_what_is_applied(vie14):
    events, _, _ = vie14
    gated = gate_plasma_cells(events, GatingPanel((*SCATTER, *ANCHORS)), overrides={"CD19": 1_500.0})
    assert float(events.column("APC-A")[gated.mask].min()) >= 1_500.0
