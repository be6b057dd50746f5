"""The response tables of a study that is not run, on the clocks of its own doses."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.patients.exposure import response_clocks
from pipeline.patients.patient_rd import PatientRd
from pipeline.response.follow_up import FollowUp, follow_ups
from pipeline.response.patient_facts import PatientFacts, patient_facts
from pipeline.response.patients import ResponseCounts, count_responses
from pipeline.response.tables import ResponseTables, response_tables
from pipeline.study.study import Study


def courses_of(study: Study) -> tuple[FollowUp, ...]:
    """Return every patient's course, on the clocks of the study's own doses."""
    return follow_ups(study, response_clocks(study))


def facts_of(study: Study, rows: Sequence[PatientRd]) -> PatientFacts:
    """Return the facts of the patients, with clocks and courses of the study's own doses."""
    return patient_facts(study, rows, response_clocks(study), courses_of(study))


def tables_of(study: Study, rows: Sequence[PatientRd]) -> ResponseTables:
    """Return the response tables, with clocks and courses of the study's own doses."""
    return response_tables(study, rows, facts_of(study, rows))


def counts_of(study: Study, rows: Sequence[PatientRd]) -> ResponseCounts:
    """Return who is counted where, with clocks of the study's own doses."""
    facts = facts_of(study, rows)
    return count_responses(study, rows, facts.clocks, facts.controlled, facts.rd_visits)
