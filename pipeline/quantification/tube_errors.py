"""What a bad tube may fail with. Any other exception is a defect of cd38rd: see running/defects.py."""

from __future__ import annotations

from calibration.errors import CalibrationError
from gating.events.errors import GatingError
from pipeline.fcs import FcsError
from pipeline.study.errors import UserError

TUBE_ERRORS = (FcsError, UserError, GatingError, CalibrationError)
