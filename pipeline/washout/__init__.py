"""Receptor density against washout: M0 (ranks) and M1 (Tobit line)."""

from pipeline.washout.estimate import Estimate, NotEstimableError, Refusal, to_json
from pipeline.washout.inverse import weeks_to_reach
from pipeline.washout.rank_association import RankAssociation, rank_association
from pipeline.washout.report import WashoutReport, washout_report
from pipeline.washout.rows import Observations, PatientRd, observe
from pipeline.washout.tobit import WashoutFit, fit_tobit

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
    "to_json",
    "washout_report",
    "weeks_to_reach",
]
