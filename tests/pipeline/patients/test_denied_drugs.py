"""A drug that `refractory_to` denies or doubts does not make a patient refractory to it."""

from __future__ import annotations

import pytest

from pipeline.patients.treatment import names_any
from pipeline.study.drugs.denials import is_denied


@pytest.mark.parametrize(
    ("typed", "refractory"),
    [
        ("daratumumab", True),
        ("not bortezomib; Darzalex", True),
        ("not daratumumab; isatuximab, DRd", True),
        ("lenalidomide", False),
        ("not lenalidomide", False),
        ("none", False),
        ("not daratumumab", None),
        ("lenalidomide, daratumumab?", None),
        ("Darzalex - intolerant", None),
        ("kein Daratumumab", None),
        ("lenalidomide -> PR; dara -> VGPR", None),
        ("", None),
    ],
)
def test_a_denied_or_doubtful_drug_is_not_known(typed: str, refractory: bool | None) -> None:
    assert names_any(typed, "daratumumab; Arm A") is refractory


def test_a_name_of_the_setting_counts_unless_it_is_denied() -> None:
    assert names_any("arm a", "daratumumab; Arm A") is True
    assert names_any("never arm a", "daratumumab; Arm A") is None


@pytest.mark.parametrize(("typed", "denied"), [("Velcade", False), ("Velcade?", True), ("dara-naïv", True)])
def test_accents_and_case_do_not_matter(typed: str, denied: bool) -> None:
    assert is_denied(typed) is denied
