"""Methods in words: each one that is named is one that ran, and each source is one that the program rests on."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from calibration.curve.fit import CurveModel
from calibration.flags import CalibrationFlag
from gating.thresholds.methods import Method
from helpers.response import tables_of
from helpers.synthetic_result import changed, small_study
from pipeline.assembly.study_result import StudyResult
from pipeline.output.report.record import sources
from pipeline.output.report.record.methods import in_how_many, methods
from pipeline.quantification.result import SampleFlag, SecondCount
from pipeline.study.settings import Settings
from pipeline.washout import publications
from pipeline.washout.publications import Publication
from pipeline.washout.report import washout_report

ROOT = Path(__file__).resolve().parents[5]


def said(study_result: StudyResult) -> dict[str, str]:
    return {part.title: part.text for part in methods(study_result)}


def whole(study_result: StudyResult) -> str:
    return " ".join(said(study_result).values())


def test_a_study_is_told_with_its_kit_lot_control_and_program(study_result):
    parts = said(study_result)
    assert (
        "12 tubes of 12 patients (marrow) came as FCS files; 1 of them could not be gated"
        in parts["Samples and files"]
    )
    assert "each file's own matrix ($SPILLOVER)" in parts["Samples and files"]
    assert "never on CD38" in parts["Gating"]
    assert "BD QuantiBRITE PE beads, lot 96597, were acquired in 2 runs on PE-A" in parts["Calibration"]
    assert "of 2 curves: 1 accepted, 1 accepted with a warning" in parts["Calibration"]
    assert "FMO (8 of 9 tubes)" in parts["Receptor density"]
    assert "HB7 competes with daratumumab" in parts["Receptor density"]
    assert study_result.provenance.program in parts["Software"]
    assert study_result.provenance.code_sha256[:12] in parts["Software"]


MODELS = {
    "M0": "Spearman",
    "M1": "Tobit",
    "M1 adjusted": "with what is known of the patients",
    "M1 random intercept": "random intercept",
    "M2": "recovery curve",
    "M3": "Total density",
}


@pytest.mark.parametrize("kept", [(), ("M0",), ("M1",), ("M0", "M1", "M3")])
def test_a_model_is_named_where_it_was_fitted_and_only_there(study_result, kept):
    report = study_result.washout
    fits = {name: fit for name, fit in report.fits.items() if name in kept}
    text = said(changed(study_result, washout=replace(report, fits=fits))).get("Washout", "")
    assert {name for name, word in MODELS.items() if word in text} == set(kept)


def test_every_model_that_can_be_fitted_has_a_sentence(study_result):
    report = study_result.washout
    fits = dict.fromkeys(MODELS, report.tobit)
    text = said(changed(study_result, washout=replace(report, fits=fits)))["Washout"]
    assert all(word in text for word in MODELS.values())


def test_without_washout_and_response_nothing_of_them_is_told(study_result):
    bare = changed(study_result, washout=None, response=None)
    assert {"Washout", "Response"}.isdisjoint(said(bare))
    empty = washout_report([], Settings())
    assert "Washout" not in said(changed(study_result, washout=empty))


def test_of_a_study_without_a_response_no_test_is_named(study_result):
    study = replace(small_study(), patients=tuple(replace(p, best_response="", evaluable=None) for p in small_study().patients))  # fmt: skip
    tables = tables_of(study, [])
    assert tables.n_evaluable == 0
    assert "Response" not in said(changed(study_result, response=tables))


def test_no_trend_no_fisher_no_firth_where_none_was_computed(study_result):
    tables = study_result.response
    none = replace(
        tables,
        washout_contrasts=tuple(replace(c, fisher_p=None, firth=None) for c in tables.washout_contrasts),
        rd_contrast=replace(tables.rd_contrast, fisher_p=None, firth=None),
        washout_trend=replace(tables.washout_trend, p=None),
        odds=(),
    )
    text = said(changed(study_result, response=none))["Response"]
    assert "exact intervals" in text
    assert not any(word in text for word in ("Fisher", "Armitage", "logistic", "Firth"))


def test_gates_are_told_as_they_were_made(study_result):
    first, second, *others = study_result.results
    drawn = replace(first, flags=(SampleFlag.GATES_FROM_FILE,))
    by_hand = replace(second, flags=(SampleFlag.GATE_SET_BY_PERSON,), second_opinion=SecondCount(9, 0.8))
    text = said(changed(study_result, results=(drawn, by_hand, *others)))["Gating"]
    assert "drawn by a person in another program (1 of 11 tubes)" in text
    assert "A person set at least one threshold by hand (1 of 11 tubes)" in text
    assert "second, independent gating was compared with the gates (1 of 11 tubes)" in text
    plain = said(study_result)["Gating"]
    assert not any(word in plain for word in ("drawn by", "by hand", "independent gating", "cluster"))


def test_clusters_are_cited_only_where_they_made_a_cut(study_result):
    result = study_result.results[0]
    steps = tuple(replace(step, methods=(Method.CLUSTER,)) for step in result.steps)
    clustered = changed(study_result, results=(replace(result, steps=steps),))
    assert sources.DENSITY_PEAKS.doi in whole(clustered)
    assert sources.DENSITY_PEAKS.doi not in whole(study_result)


def test_a_matrix_that_was_not_applied_is_not_told_as_applied(study_result):
    first, *others = study_result.results
    text = said(changed(study_result, results=(replace(first, spillover_source=""), *others)))
    assert "No spillover matrix was applied (1 of 11 tubes)" in text["Samples and files"]
    none = tuple(replace(result, spillover_source="") for result in study_result.results)
    assert "ompensated" not in said(changed(study_result, results=none))["Samples and files"]


def test_beads_carried_over_and_other_curves_are_told(study_result):
    run, other = study_result.calibrations
    curve = replace(run.curve, model=CurveModel.AUTOFLUORESCENCE)
    carried = replace(run, curve=curve, flags=(CalibrationFlag.CROSS_CALIBRATED,))
    text = said(changed(study_result, calibrations=(carried, other)))["Calibration"]
    assert "In 1 run the curve of another day was carried over" in text
    assert "autofluorescence" in text
    plain = said(study_result)["Calibration"]
    assert not any(word in plain for word in ("carried over", "autofluorescence", "control chart"))


def test_a_clone_that_does_not_compete_is_not_said_to(study_result):
    (panel,) = study_result.study.panels
    channels = tuple(replace(channel, competes_with_drug=False) for channel in panel.channels)
    study = replace(study_result.study, panels=(replace(panel, channels=channels),))
    assert "competes" not in said(changed(study_result, study=study))["Receptor density"]


def test_a_study_of_failures_has_methods_without_a_density(study_result):
    failed = tuple(r for r in study_result.results if not r.steps)
    parts = said(changed(study_result, results=failed, calibrations=(), washout=None, response=None))
    assert set(parts) == {"Samples and files", "Software"}


def test_every_source_is_one_that_the_code_or_the_documents_cite():
    known = "".join(
        path.read_text("utf-8")
        for folder in ("gating", "calibration", "pipeline", "docs")
        for path in (ROOT / folder).rglob("*.[pm][yd]")
        if path.name not in ("sources.py", "publications.py")
    )
    named = (*vars(sources).values(), *vars(publications).values())
    cited = [value for value in named if isinstance(value, Publication)]
    assert len(cited) > 15
    for source in cited:
        assert source.doi in known, source
        assert re.fullmatch(r"10\.\d{4,}/\S+", source.doi)


def test_a_count_stands_where_not_all_are_meant():
    assert in_how_many(3, 3) == ""
    assert in_how_many(1, 3) == " (1 of 3 tubes)"
