"""What statisticians get: limits as limits, pseudonyms only, names that SAS can read, the same bytes."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
import textwrap
import warnings
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from helpers.response import tables_of
from helpers.synthetic_result import changed
from pipeline.assembly.study_result import StudyResult
from pipeline.output.further_tables.response import comparison_table, proportion_table, survival_table
from pipeline.output.statistics import datasets_of, write_datasets
from pipeline.output.statistics.dataset import Dataset, Variable, dataset
from pipeline.output.statistics.files import timeless, write_parquet, write_xport
from pipeline.output.statistics.phenotypes import limit_text
from pipeline.patients.visits import patient_rd
from pipeline.study.settings import Settings
from pipeline.study.study import Patient

START = date(2024, 3, 4)


@pytest.fixture(scope="module")
def rich(study_result: StudyResult) -> StudyResult:
    """The synthetic result with follow-up, another study id and a name in the free text."""
    patients = tuple(
        replace(p, treatment_start=START, progressed_on=date(2024, 5, 1), last_contact_on=date(2024, 9, 1),
                discontinuation_reason="asked for by Dr Somebody", age=61.5, sex="female")
        if k else replace(p, treatment_start=START, died_on=date(2024, 4, 4), infusion_reaction=True)
        for k, p in enumerate(study_result.study.patients)
    )  # fmt: skip
    settings = study_result.study.settings.model_copy(update={"study_id": "DARA-1"})
    return changed(study_result, study=replace(study_result.study, patients=patients, settings=settings))


@pytest.fixture(scope="module")
def folder(rich: StudyResult, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("results") / "statistics"
    write_datasets(path, rich)
    return path


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def xport(path: Path):
    import pyreadstat

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        return pyreadstat.read_xport(path)


def test_cp_has_a_row_per_tube_and_measure(folder, rich):
    found = rows(folder, "cp")
    assert len(found) == 8 * len(rich.results)
    assert {row["DOMAIN"] for row in found} == {"CP"}
    assert {row["USUBJID"] for row in found if row["CPREFID"] == "P03-S1"} == {"DARA-1-P03"}
    keys = [(row["USUBJID"], row["CPSEQ"]) for row in found]
    assert len(set(keys)) == len(keys)


def test_a_density_below_the_lloq_is_a_character_result_with_its_limit(folder):
    row = next(row for row in rows(folder, "cp") if (row["CPREFID"], row["CPTESTCD"]) == ("P01-S1", "RD"))
    assert (row["CPORRES"], row["CPSTRESC"], row["CPSTRESN"], row["CPLLOQ"]) == ("<950", "<950", "", "950")
    assert limit_text("BELOW_LLOQ", 5000.0, None) == "<5000"
    above = next(row for row in rows(folder, "cp") if (row["CPREFID"], row["CPTESTCD"]) == ("P08-S1", "RD"))
    assert (above["CPSTRESC"], above["CPSTRESN"]) == (">270404", "")


def test_what_has_no_result_is_not_done_with_a_reason(folder):
    found = {row["CPREFID"]: row for row in rows(folder, "cp") if row["CPTESTCD"] == "RD"}
    assert (found["P11-S1"]["CPSTAT"], found["P11-S1"]["CPREASND"]) == ("NOT DONE", "failed")
    assert found["P09-S1"]["CPREASND"] == "too few cells to quantify"
    assert (found["P05-S1"]["CPSTAT"], found["P05-S1"]["CPSTRESN"]) == ("", "31400")


def test_adrd_gives_the_bounds_of_censored_values(folder):
    found = {row["SUBJID"]: row for row in rows(folder, "adrd") if row["PARAMCD"] == "RD"}
    below, above, known = found["P01"], found["P08"], found["P05"]
    assert [below[name] for name in ("AVAL", "AVALC", "CENSOR", "AVALLO", "AVALHI")] == [
        "",
        "<950",
        "LEFT",
        "",
        "950",
    ]
    assert [above[name] for name in ("AVAL", "CENSOR", "AVALLO", "AVALHI")] == ["", "RIGHT", "270404", ""]
    assert [known[name] for name in ("AVAL", "CENSOR", "AVALLO", "AVALHI")] == [
        "31400",
        "NONE",
        "31400",
        "31400",
    ]
    assert (found["P02"]["ESTIM"], found["P02"]["AVAL"]) == ("-55", "")
    assert (known["RDGR1"], found["P07"]["RDGR1"], known["ABLFL"], known["DCFL"]) == (
        "<150000",
        ">=150000",
        "Y",
        "N",
    )
    assert found["P11"]["CENSOR"] == found["P11"]["ABLFL"] == ""


def test_adrd_has_the_logarithm_as_a_parameter_of_its_own(folder):
    found = {row["SUBJID"]: row for row in rows(folder, "adrd") if row["PARAMCD"] == "LOG10RD"}
    assert float(found["P05"]["AVAL"]) == pytest.approx(4.49693, abs=1e-5)
    assert float(found["P01"]["AVALHI"]) == pytest.approx(2.97772, abs=1e-5)
    assert found["P02"]["ESTIM"] == ""


def test_adtte_counts_months_and_says_what_ended_them(folder):
    found = {(row["SUBJID"], row["PARAMCD"]): row for row in rows(folder, "adtte")}
    pfs, os, died = found["P02", "PFS"], found["P02", "OS"], found["P01", "OS"]
    assert (pfs["ADY"], pfs["CNSR"], pfs["EVNTDESC"]) == ("59", "0", "Progression")
    assert float(pfs["AVAL"]) == pytest.approx(58 / 30.4375, abs=1e-5)
    assert (os["ADT"], os["CNSR"], os["EVNTDESC"]) == ("2024-09-01", "1", "Last seen alive")
    assert (died["CNSR"], died["EVNTDESC"], found["P01", "PFS"]["EVNTDESC"]) == ("0", "Death", "Death")


def test_adtte_has_no_day_0(folder):
    for row in rows(folder, "adtte"):
        start, end = (date.fromisoformat(row[name]) for name in ("STARTDT", "ADT"))
        assert int(row["ADY"]) == (end - start).days + 1 >= 1
        assert row["DEXADY"] == "" or int(row["DEXADY"]) >= 1


@pytest.mark.parametrize("name", ["cp", "adrd", "adtte"])
def test_xport_holds_what_the_csv_holds(folder, rich, name):
    frame, facts = xport(folder / f"{name}.xpt")
    expected = rows(folder, name)
    data = next(data for data in datasets_of(rich) if data.name == name)
    assert (facts.table_name, facts.file_label) == (name.upper(), data.label)
    assert list(frame.columns) == [variable.name for variable in data.variables]
    assert len(frame) == len(expected)
    for variable in data.variables:
        told = [row[variable.name] for row in expected]
        if variable.kind == "text":
            assert frame[variable.name].tolist() == told
        elif variable.kind == "date":
            assert [str(value) if isinstance(value, date) else "" for value in frame[variable.name]] == told
        else:
            numbers = [float(value) if value else None for value in told]
            assert [None if value != value else value for value in frame[variable.name]] == pytest.approx(
                numbers
            )


def test_names_and_labels_fit_xport_and_are_all_in_the_dictionary(folder, rich):
    listed = {(row["dataset"], row["variable"]): row for row in rows(folder, "data_dictionary")}
    for data in datasets_of(rich):
        names = [variable.name for variable in data.variables]
        assert len(set(names)) == len(names)
        for variable in data.variables:
            assert listed[data.name, variable.name]["label"] == variable.label
            if data.xport:
                assert re.fullmatch(r"[A-Z][A-Z0-9]{0,7}", variable.name)
                assert len(variable.label) <= 40


def test_parquet_has_the_types(folder):
    from pyarrow import parquet

    table = parquet.read_table(folder / "patients.parquet")
    assert str(table.schema.field("started_on").type) == "date32[day]"
    assert str(table.schema.field("pfs_days").type) == "int64"
    assert table.column("started_on").to_pylist()[0] == START
    assert table.column("age").to_pylist()[:2] == [None, 61.5]
    assert table.column("infusion_reaction").to_pylist()[0] == "Y"
    assert parquet.read_table(folder / "tubes.parquet").num_rows == 12


def test_no_free_text_and_nothing_of_the_cytometer_travels(folder):
    for path in sorted(folder.iterdir()):
        content = path.read_bytes()
        for word in (
            b"Somebody",
            b"LSRFortessa",
            b"H123",
            b"not a formula",
            b"10:12:00",
            b"shorter than $TOT",
        ):
            assert word not in content, (path.name, word)


def test_the_bytes_are_the_same_at_any_time(rich, folder, tmp_path):
    write_datasets(tmp_path, rich)
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in folder.iterdir()}
    for path in sorted(folder.iterdir()):
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name
    head = (folder / "adtte.xpt").read_bytes()[:640]
    assert head.count(b"01JAN60:00:00:00") == 4
    assert len(re.findall(rb"\d\d:\d\d:\d\d", head)) == 4


def test_only_the_header_loses_its_time():
    stamp = b"22NOV26:09:37:34"
    assert timeless(stamp + b" " * 640 + stamp) == b"01JAN60:00:00:00" + b" " * 640 + stamp


def test_long_and_foreign_text_is_cut_between_characters(tmp_path):
    data = Dataset(
        "d", "", (Variable("A", "a"), Variable("B", "b", "number")), (("é" * 150, None), ("", 2.5)), True
    )
    write_xport(tmp_path / "d.xpt", data)
    frame, _ = xport(tmp_path / "d.xpt")
    assert frame["A"].tolist() == ["é" * 100, ""]
    assert frame["B"].tolist()[1] == 2.5


def test_a_study_without_patients_or_results_has_empty_datasets(study_result, tmp_path):
    nobody = changed(
        study_result,
        results=(),
        study=replace(study_result.study, patients=(), doses=(), settings=Settings()),
    )
    write_datasets(tmp_path, nobody)
    assert rows(tmp_path, "cp") == rows(tmp_path, "adtte") == rows(tmp_path, "tubes") == []
    assert len(xport(tmp_path / "cp.xpt")[0]) == 0


def test_a_row_of_the_wrong_length_is_refused():
    with pytest.raises(ValueError, match="expected 1 cells"):
        dataset("d", "", (Variable("A", "a"),), [("x", "y")], xport=False)


def test_numbers_have_six_significant_digits(tmp_path):
    from pyarrow import parquet

    data = Dataset("d", "", (Variable("A", "a", "number"),), ((1 / 3,), (None,)), False)
    write_parquet(tmp_path / "d.parquet", data)
    assert parquet.read_table(tmp_path / "d.parquet").column("A").to_pylist() == [0.333333, None]


def test_a_patient_of_the_patients_sheet_alone_has_times_but_no_density(rich, tmp_path):
    more = Patient("P99", "PD", treatment_start=START, progressed_on=date(2024, 4, 1))
    study = replace(rich.study, patients=(*rich.study.patients, more))
    write_datasets(tmp_path, changed(rich, study=study))
    assert sum(row["SUBJID"] == "P99" for row in rows(tmp_path, "adtte")) == 3
    assert not any(row["SUBJID"] == "P99" for row in rows(tmp_path, "adrd"))


def test_exposure_tells_of_each_tube_what_had_been_given(folder, rich):
    found = {row["sample_id"]: row for row in rows(folder, "exposure")}
    assert list(found) == [sample.sample_id for sample in rich.study.samples]
    for name, row in found.items():
        exposure = rich.exposures[name]
        assert (row["schedule"], row["cycles"]) == (exposure.schedule, str(exposure.cycles))
        assert row["eligibility"] == exposure.eligibility != ""
        assert row["eligible"] == {True: "yes", False: "no", None: ""}[exposure.eligible]


def test_the_counts_of_the_letter_travel_without_words_that_a_person_typed(rich, tmp_path):
    patients = [
        replace(
            patient, cytogenetics="del17p; Somebody's t(9;22)", site="A", related_grade=2, ada_before=False
        )
        for patient in rich.study.patients
    ]
    study = replace(rich.study, patients=tuple(patients))
    one = changed(rich, study=study)
    one = changed(one, response=tables_of(study, [patient_rd(visit) for visit in one.visits]))
    write_datasets(tmp_path, one)
    found = [row for row in rows(tmp_path, "characteristics") if row["table"] == "Cytogenetics"]
    assert {row["row"]: (row["k"], row["n"]) for row in found}["del17p"] == ("12", "12")
    assert {row["row"] for row in found} >= {"another abnormality, as typed"}
    assert not [path for path in tmp_path.iterdir() if b"omebody's" in path.read_bytes()]
    who = rows(tmp_path, "patients")[0]
    assert [who[name] for name in ("site", "related_grade", "ada_before", "cytogenetic_high_risk")] == [
        "A", "2", "N", "Y"
    ]  # fmt: skip


def test_comparisons_groups_and_survival_travel_as_the_workbook_shows_them(folder, rich):
    compared = rows(folder, "comparisons")
    sheet = comparison_table(rich.response, rich.unnumbered)
    assert [row["comparison"] for row in compared] == [row[1] for row in sheet.rows] != []
    ratio = sheet.columns.index("ratio")
    for row, shown in zip(compared, sheet.rows, strict=True):
        assert float(row["ratio"] or "nan") == pytest.approx(
            shown[ratio] or float("nan"), rel=1e-5, nan_ok=True
        )
    groups = proportion_table(rich.response)
    assert [(row["group"], row["k"], row["n"]) for row in rows(folder, "proportions")] == [
        (row[1], str(row[2]), str(row[3])) for row in groups.rows
    ]
    times = survival_table(rich.response)
    assert (folder / "survival.csv").exists() == bool(times.rows)
    assert "note" not in compared[0]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="limits of Unix")
def test_an_xport_file_that_ends_early_on_a_full_disk_is_never_kept(tmp_path):
    script = """
        import resource, signal, sys
        from pathlib import Path
        from pipeline.files.whole import NotWrittenError
        from pipeline.output.statistics.dataset import Variable, dataset
        from pipeline.output.statistics.files import write_xport
        path = Path(sys.argv[1])
        data = dataset("T", "a table", [Variable("A", "a", "number"), Variable("B", "b")],
                       [(float(k), "x" * 20) for k in range(3000)], xport=True)
        write_xport(path, data)
        whole = path.read_bytes()
        path.unlink()
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        for limit in range(800, len(whole), 4000):
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, len(whole) * 2))
            try:
                write_xport(path, data)
                print("written with", limit, "of", len(whole))
            except NotWrittenError:
                continue
        """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(tmp_path / "t.xpt")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("", "")
    assert list(tmp_path.iterdir()) == []
