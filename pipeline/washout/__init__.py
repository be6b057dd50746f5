"""Receptor density against washout: M0 (ranks), M1 (Tobit line), M2 (recovery curve), M3 (total)."""

from pipeline.patients.patient_rd import PatientRd
from pipeline.washout.censored.estimate import Estimate, NotEstimableError, Refusal
from pipeline.washout.line.inverse import weeks_to_reach
from pipeline.washout.line.tobit import WashoutFit, fit_tobit
from pipeline.washout.observations.rows import Observations, observe
from pipeline.washout.ranks import RankAssociation, rank_association
from pipeline.washout.report import WashoutReport, washout_report

__all__ = [
    "Estimate",
    "NotEstimableError",
    "Observations",
    "PatientRd",
    "RankAssociation",
    "Refusal",
    "WashoutFit",
    "WashoutReport",
    "fit_tobit",
    "observe",
    "rank_association",
    "washout_report",
    "weeks_to_reach",
]
