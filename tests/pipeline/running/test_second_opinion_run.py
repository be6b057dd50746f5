"""`cd38rd run --second-opinion`: every tube gated again in another way, and what its row then says."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.quantification.quantify import LEAST_AGREEMENT
from pipeline.simulate import simulate_study

FLAG = "SECOND_OPINION_DIFFERS"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate_study(tmp_path_factory.mktemp("second"), patients=2, events=20_000, seed=5)


def ran(study: Path, *options: str) -> list[dict[str, str]]:
    done = CliRunner().invoke(app, ["run", str(study), "--workers", "1", "--quiet", "--no-figures", *options])
    assert done.exit_code == 0, done.output
    return rows(study)


def rows(study: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((study / "results" / "rd_samples.csv").read_text("utf-8").splitlines()))


@pytest.mark.slow
def test_rows_say_how_far_both_agree_and_nothing_else_changes(study: Path):
    plain = ran(study)
    assert {row["second_opinion_agreement"] for row in plain} == {""}
    asked = ran(study, "--second-opinion")
    for before, after in zip(plain, asked, strict=True):
        assert float(after["second_opinion_agreement"]) > 0.8
        assert int(after["second_opinion_n"]) == pytest.approx(int(after["n_plasma_cells"]), rel=0.3)
        assert {name for name in before if before[name] != after[name]} == {
            "second_opinion_n",
            "second_opinion_agreement",
        }
    page = (study / "results" / "report.html").read_text("utf-8")
    assert f"cells, agreement {float(asked[0]['second_opinion_agreement']):.2f}" in page


@pytest.mark.slow
def test_a_report_from_the_store_keeps_the_opinion_and_calls_nothing_old(study: Path):
    ran(study, "--second-opinion")
    done = CliRunner().invoke(app, ["report", str(study)])
    assert done.exit_code == 0, done.output
    assert "renews them" not in done.output
    assert "renews them" not in (study / "results" / "report.html").read_text("utf-8")
    assert all(row["second_opinion_agreement"] for row in rows(study))


@pytest.mark.slow
def test_a_run_that_does_not_ask_for_it_leaves_none_behind(study: Path):
    ran(study, "--second-opinion")
    assert not any(row["second_opinion_n"] for row in ran(study))


@pytest.mark.slow
def test_a_gate_that_a_person_set_wrong_is_flagged(tmp_path: Path):
    study = simulate_study(tmp_path, patients=1, events=20_000, seed=5)
    sample = (study / "samples.csv").read_text("utf-8").splitlines()[1].split(",")[0]
    gates = [f"{sample},{gate},10,AB,trial" for gate in ("cd138", "cd319")]
    header = "sample_id,gate,value,set_by,reason"
    (study / "gates.csv").write_text("\n".join([header, *gates]) + "\n", "utf-8")
    row = ran(study, "--second-opinion")[0]
    assert float(row["second_opinion_agreement"]) < LEAST_AGREEMENT
    assert FLAG in row["flags"].split(";")
    assert "the second opinion names" in row["note"].lower()
    assert "look at the gates" in (study / "results" / "report.html").read_text("utf-8")
