"""Settings: every one has a default, a unit and a sentence."""

import re

from pipeline.output.legend.glossary import sorted_terms
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


def test_no_setting_and_no_term_of_the_glossary_calls_a_model_by_its_number_alone():
    """M1 means nothing to a reader who has not met the models: a sentence calls them by what they are."""
    texts = {name: setting_facts(name)[1] for name in Settings.model_fields}
    texts |= {term.name: term.text for term in sorted_terms()}
    assert {name: text for name, text in texts.items() if re.search(r"\bM[0-3]\b", text)} == {}
