"""The words that a cell may hold in columns with a fixed list of words."""

from __future__ import annotations

from enum import StrEnum

from gating.events.panel import Role, Target
from pipeline.study.drugs.routes import Route
from pipeline.study.names.look import caseless
from pipeline.study.response import Response


class AdaCourse(StrEnum):
    """Antibodies against the study drug while it was given."""

    NONE = "none"
    TRANSIENT = "transient"
    PERSISTENT = "persistent"
    POSITIVE = "positive"
    """Positive, but it is not known for how long."""


class Tissue(StrEnum):
    """What was taken from a patient."""

    MARROW = "marrow"
    BLOOD = "blood"


class RowReason(StrEnum):
    """Why a rule leaves a row out of the washout models; the words of the setting `keep_in_models`."""

    UNDER_ONE_WEEK = "under_one_week"
    STUDY_DRUG = "study_drug"
    OTHER_ANTI_CD38 = "other_anti_cd38"


class ReviewDecision(StrEnum):
    """What a person decided on a tube; review.csv may hold other words too, which are only noted."""

    ACCEPT = "accept"
    CHANGE = "change"
    REJECT = "reject"
    ASK = "ask"


CHANNEL_ROLES = tuple(role.value for role in Role)
"""Roles that a channel may have: those that may gate, and the quantified role, which never does."""
TARGETS = tuple(target.value for target in Target)
ADA_COURSES = tuple(course.value for course in AdaCourse)
ADA_SPELLINGS = (("no", "none"), ("negative", "none"), ("yes", "positive"))
TISSUES = tuple(tissue.value for tissue in Tissue)
TISSUE_SPELLINGS = (("bone marrow", Tissue.MARROW),)
"""Other spellings of a tissue, and the tissue that each means."""
RESPONSES = tuple(response.value for response in Response)
"""From the deepest response to progression, then not evaluable."""
RESPONSE_SPELLINGS = (
    ("stringent complete response", "sCR"), ("complete response", "CR"), ("complete remission", "CR"),
    ("very good partial response", "VGPR"), ("very good partial remission", "VGPR"),
    ("partial response", "PR"), ("partial remission", "PR"), ("minimal response", "MR"),
    ("stable disease", "SD"), ("progressive disease", "PD"), ("progression", "PD"), ("progressed", "PD"),
    ("prog.", "PD"), ("prog", "PD"), ("P.D.", "PD"), ("not evaluable", "NE"),
)  # fmt: skip
"""Responses in words, and the code that each means."""
DECISION_SPELLINGS = (("rejected", ReviewDecision.REJECT),)
"""Other spellings of a decision, and the decision that each means."""
DOSE_UNITS = ("mg", "mg/kg")
ROUTES = tuple(route.value for route in Route)
SEXES = ("female", "male", "other")
ROLE_SPELLINGS = (
    ("fsc_a", Role.FSC_AREA), ("fsc_h", Role.FSC_HEIGHT), ("fsc_w", Role.FSC_WIDTH), ("ssc_a", Role.SSC_AREA),
    ("ssc_h", Role.SSC_HEIGHT), ("live_dead", Role.VIABILITY), ("slamf7", Role.CD319),
)  # fmt: skip
"""Other spellings of a role, and the role that each means."""


def review_decision(typed: str) -> ReviewDecision | None:
    """Return the decision that a cell of review.csv means, upper or lower case; None for other words."""
    known = {**{caseless(decision): decision for decision in ReviewDecision}, **dict(DECISION_SPELLINGS)}
    return known.get(caseless(typed))
