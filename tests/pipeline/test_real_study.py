"""The whole way on real files: a paediatric marrow, a real bead run, no background."""

from __future__ import annotations

import csv
import gzip
import shutil
from pathlib import Path

import numpy as np
import pytest

from pipeline.commands.exit_status import RunSummary
from pipeline.commands.run import run_study
from pipeline.running.options import RunOptions
from pipeline.running.progress import QuietReporter

pytestmark = [pytest.mark.real, pytest.mark.slow]

PE_LEVELS = "0; 1500; 4400; 14500; 43800; 131200"  # dakomef.csv, column PE; NA is the blank
PANEL = """panel,channel,role,target,marker,fluorochrome,f_p_ratio
B,FSC-A,fsc_area,,,,
B,FSC-W,fsc_width,,,,
B,SSC-A,ssc_area,,,,
B,Time,time,,,,
B,PE-A,cd38,,CD10,PE,1
B,APC-A,cd19,positive,CD19,APC,
B,PacificBlue-A,other,positive,Syto 41,,
"""


def study_of(folder: Path, real_data: Path, settings: str = "") -> Path:
    """A study of the real marrow tube with the real bead run; CD10-PE takes the quantified role."""
    (folder / "fcs").mkdir(parents=True)
    shutil.copy(real_data / "marrow" / "vie14" / "494.fcs", folder / "fcs")
    shutil.copy(real_data / "beads" / "dako" / "beads_2008-01-21.fcs", folder / "fcs")
    sheets = {
        "samples": "sample_id,patient_id,collected_on,fcs_file,panel,beads\n"
        "V14,V14,2014-07-18,fcs/494.fcs,B,dako\n",
        "panels": PANEL,
        "beads": "beads,fcs_file,kit,lot,channel,levels\n"
        f"dako,fcs/beads_2008-01-21.fcs,mesf,2008,PE-A,{PE_LEVELS}\n",
        "doses": "patient_id,given_on,drug\n",
        "settings": "name,value\npopulation_name,b_cells\n" + settings,
    }
    for name, text in sheets.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def run(folder: Path) -> RunSummary:
    return run_study(folder, RunOptions(workers=1, export_events=True, figures=False), QuietReporter())


@pytest.fixture(scope="module")
def accepted(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RunSummary]:
    reasons = (
        "accept_instrument_mismatch,no public bead run of this instrument\n"
        "accept_bead_age,no public bead run of that day\n"
    )
    folder = study_of(tmp_path_factory.mktemp("real") / "study", real_data, reasons)
    return folder, run(folder)


def only_row(folder: Path) -> dict[str, str]:
    with (folder / "results" / "rd_samples.csv").open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    return row


def gated_cells(folder: Path) -> np.ndarray:
    from pyarrow import parquet

    return parquet.read_table(folder / "results" / "events" / "V14.parquet")["plasma_cell"].to_numpy()


def expert_cells(real_data: Path, label: str) -> np.ndarray:
    with gzip.open(real_data / "marrow" / "vie14" / "494_labels.csv.gz", "rt") as file:
        return np.array([row[label] == "1" for row in csv.DictReader(file)])


def test_beads_of_another_instrument_and_year_are_refused(real_data: Path, tmp_path: Path) -> None:
    summary = run(study_of(tmp_path / "study", real_data))
    assert summary.exit_status == 1
    assert "accept_instrument_mismatch" in summary.faults
    assert "accept_bead_age" in summary.faults
    assert not (tmp_path / "study" / "results").exists()


def test_accepted_with_reasons_it_goes_through_to_report_and_tables(
    accepted: tuple[Path, RunSummary],
) -> None:
    folder, summary = accepted
    assert summary.exit_status == 0
    row = only_row(folder)
    assert row["status"] == "NO_BACKGROUND"
    assert row["rd"] == ""
    assert {"INSTRUMENT_MISMATCH", "BEADS_AGED"} <= set(row["flags"].split(";"))
    assert (folder / "results" / "report.html").stat().st_size > 10_000
    assert (folder / "results" / "gates" / "V14.xml").exists()


def test_the_cells_agree_with_the_experts(accepted: tuple[Path, RunSummary], real_data: Path) -> None:
    found, expert = gated_cells(accepted[0]), expert_cells(real_data, "cd19")
    f1 = 2 * (found & expert).sum() / (found.sum() + expert.sum())
    assert f1 >= 0.92


def test_their_median_is_the_labelled_cells_median(
    accepted: tuple[Path, RunSummary], real_data: Path
) -> None:
    from gating import Events, compensate
    from pipeline.fcs import read_fcs

    file = read_fcs(real_data / "marrow" / "vie14" / "494.fcs")
    assert file.spillover is not None
    events = compensate(Events(file.events(), file.channels), file.spillover)
    labelled = np.median(events.column("PE-A")[expert_cells(real_data, "cd19")])
    assert float(only_row(accepted[0])["median_mfi"]) == pytest.approx(labelled, rel=0.05)
