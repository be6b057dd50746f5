"""The head of the report, and the MIFlowCyt items with where each is from."""

from __future__ import annotations

from dataclasses import replace

from helpers.synthetic_result import changed
from pipeline.fcs.acquisition import Acquired
from pipeline.output.report.page import report_html
from pipeline.output.report.record.head import changed_settings, head, title_of
from pipeline.output.report.record.miflowcyt import miflowcyt, reagents
from pipeline.study.settings import Settings

TYPED = Settings(
    report_title="Free CD38 \n after daratumumab", lab="Lab A", operator="J. Doe", comment="A pilot.", seed=7
)


def with_settings(study_result, settings):
    return changed(study_result, study=replace(study_result.study, settings=settings))


def test_what_was_typed_stands_at_the_head(study_result):
    found = head(with_settings(study_result, TYPED), "2025-03-02")
    assert found.title == "Free CD38 after daratumumab"
    assert found.comment == "A pilot."
    facts = dict(found.facts)
    assert (facts["Laboratory"], facts["Operator"], facts["Run on"]) == (
        "Lab A",
        "J. Doe",
        "2025-03-02 (UTC)",
    )
    assert facts["Program"].startswith("cd38rd ")
    assert found.changed_settings == (("seed", "7"),)


def test_where_nothing_is_typed_the_report_is_called_by_what_was_measured(study_result):
    assert title_of(study_result.study) == "CD38 receptor density"
    assert [name for name, _ in head(study_result, "").facts] == ["Program"]


def test_the_head_changes_no_other_setting():
    assert changed_settings(TYPED) == (("seed", "7"),)
    assert changed_settings(Settings()) == ()


def test_the_day_of_the_run_is_all_that_differs_between_two_days(study_result):
    first, second = (report_html(study_result, day) for day in ("2025-03-02", "2025-03-09"))
    assert first.replace("2025-03-02", "DAY") == second.replace("2025-03-09", "DAY")
    assert first.count("2025-03-02 (UTC)") == 1


def items(study_result):
    return {item.name: item for item in miflowcyt(study_result)}


def test_items_are_taken_from_the_files_and_say_so(study_result):
    told = tuple(
        replace(result, acquired=replace(result.acquired, software="FACSDiva 8.0"))
        for result in study_result.results
    )
    found = items(changed(study_result, results=told))
    assert found["cytometer"].text == "LSRFortessa H123"
    assert found["cytometer"].source == "FCS files"
    assert found["acquisition software"].text == "FACSDiva 8.0"
    assert found["date"].text == "2024-03-01"
    assert found["compensation"].text == "$SPILLOVER"
    assert found["list mode files"].text.startswith("12 FCS files")
    assert found["gating"].text.startswith("11 tubes")


def test_what_is_not_known_is_named_as_to_be_typed_and_never_left_out(study_result):
    found = items(study_result)
    assert (found["acquisition software"].text, found["acquisition software"].source) == (
        "not in the files: type it",
        "",
    )
    assert found["organization"].text == "not typed: setting lab"
    assert found["light sources, filters, optical paths"].text == "not read from the files: type it"
    typed = items(with_settings(study_result, replace_settings(lyse_reagent="ammonium chloride")))
    assert typed["sample treatment"].text == "red cells lysed with ammonium chloride"
    assert typed.keys() == found.keys()


def replace_settings(**typed):
    return Settings(**typed)


def test_two_cytometers_are_counted(study_result):
    first, *others = study_result.results
    mixed = (replace(first, acquired=Acquired("Canto", "V1")), *others)
    assert (
        items(changed(study_result, results=mixed))["cytometer"].text == "Canto V1 (1); LSRFortessa H123 (10)"
    )


def test_reagents_name_clone_dye_and_voltage_or_a_gap(study_result):
    rows = {row.marker: row for row in reagents(study_result)}
    cd38 = rows["CD38"]
    assert (cd38.clone, cd38.fluorochrome, cd38.channel, cd38.detector) == ("HB7", "PE", "PE-A", "480 V")
    assert rows["CD138"].clone == ""


def test_a_study_without_a_readable_tube_still_lists_every_item(study_result):
    failed = tuple(result for result in study_result.results if not result.steps)
    found = miflowcyt(changed(study_result, results=failed, calibrations=(), provenance=None))
    assert len(found) == len(miflowcyt(study_result))
    assert any((item.name, item.text) == ("cytometer", "not in the files: type it") for item in found)
