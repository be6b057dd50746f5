"""Settings: every one has a default, a unit and a sentence."""

from pipeline.study.settings import Settings, setting_facts


def test_every_setting_has_a_sentence_and_every_number_a_unit():
    unitless = {
        "report_title",
        "lab",
        "operator",
        "comment",
        "seed",
        "curve_model",
        "population_name",
        "washed_out_drug",
        "study_drug",
        "allow_truncated",
        "spillover_file",
        "lyse_reagent",
        "instrument_log",
        "study_id",
        "histogram_sheet",
        "own_columns",
    }
    for name in Settings.model_fields:
        unit, sentence, _ = setting_facts(name)
        assert sentence.endswith("."), name
        assert bool(unit) == (name not in unitless and not name.startswith("accept_")), name
