"""What lies beyond a limit, or is known too poorly, the way a user meets it: from the files to every result."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.simulate import simulate_study

TOP_BEADS = 4.0


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three patients; the third has about 257,000 molecules per cell, beyond four top beads."""
    return simulate_study(tmp_path_factory.mktemp("bright"), patients=3, events=15_000, seed=5)


def run(study: Path, folder: Path, **settings: float) -> Path:
    """Run a copy of the study with these settings; return its results."""
    shutil.copytree(study, folder)
    typed = [("name", "value"), *((name, str(value)) for name, value in settings.items())]
    (folder / "settings.csv").write_text("\n".join(",".join(row) for row in typed) + "\n", encoding="utf-8")
    with pytest.raises(SystemExit) as end:
        main(["run", str(folder), "--workers", "1", "--quiet", "--no-figures"])
    assert not end.value.code
    return folder / "results"


def rows(results: Path, name: str) -> dict[str, dict[str, str]]:
    with (results / name).open(encoding="utf-8", newline="") as file:
        return {
            row.get("patient_id") or row["USUBJID"].rpartition("-")[2]: row for row in csv.DictReader(file)
        }


def strict_json(path: Path) -> object:
    def refuse(word: str) -> None:
        raise ValueError(f"{word} in {path.name}")

    return json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)


@pytest.mark.slow
def test_the_brightest_patient_stays_in_the_table_of_high_densities(simulated: Path, tmp_path: Path) -> None:
    results = run(simulated, tmp_path / "study")
    for name in ("rd_samples.csv", "rd_patients.csv"):
        row = rows(results, name)["P03"]
        assert row["status"] == "ABOVE_ULOQ"
        assert float(row["rd_low"]) == pytest.approx(TOP_BEADS * float(row["uloq"]), rel=1e-5)
        assert (row["rd"], row["rd_high"]) == ("", "")
    by_rd = strict_json(results / "response.json")["by_rd"]  # type: ignore[index]
    known = [row for row in rows(results, "rd_patients.csv").values() if row["status"] != "BELOW_LLOQ"]
    high = [row for row in known if float(row["rd"] or row["rd_low"]) >= 150_000]
    assert "P03" in {row["patient_id"] for row in high}
    assert (by_rd[0]["name"], by_rd[0]["n"]) == (">= 150,000", len(high))
    bound = TOP_BEADS * float(rows(results, "rd_patients.csv")["P03"]["uloq"])
    adrd = rows(results, "statistics/adrd.csv")["P03"]  # its last row: log10
    assert (adrd["CENSOR"], 10 ** float(adrd["AVALLO"])) == ("RIGHT", pytest.approx(bound, rel=1e-4))
    assert f"&gt; {float(f'{bound:.3g}'):,.0f}" in (results / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_an_assay_that_knows_nothing_to_thirty_percent_gives_no_number_anywhere(
    simulated: Path, tmp_path: Path
) -> None:
    results = run(simulated, tmp_path / "study", between_run_cv=0.4)
    for name in ("rd_samples.csv", "rd_patients.csv"):
        assert {row["status"] for row in rows(results, name).values()} == {"NOT_QUANTIFIABLE"}
    first = rows(results, "rd_samples.csv")["P01"]
    assert first["lloq"] == ""
    assert "CV of 30 %" in first["note"]
    for path in (results / "run.json", results / "washout.json", results / "response.json"):
        strict_json(path)
    assert [group["n"] for group in strict_json(results / "response.json")["by_rd"]] == [0, 0]  # type: ignore[index]
    assert rows(results, "statistics/adrd.csv")["P01"]["AVAL"] == ""
    for path in results.rglob("*.csv"):
        cells = {cell for row in csv.reader(path.read_text(encoding="utf-8").splitlines()) for cell in row}
        assert not cells & {"inf", "-inf", "nan"}
