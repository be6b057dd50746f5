"""The statistics of an assay's validation, on plain numbers: they do not depend on tubes or studies."""

from pipeline.assay.statistics.agreement import Agreement, agreement
from pipeline.assay.statistics.carry_over import CarryOver, carry_over
from pipeline.assay.statistics.control_chart import ControlRun, control_runs
from pipeline.assay.statistics.limits import AssayLimits, detection_limits
from pipeline.assay.statistics.linearity import Linearity, linearity
from pipeline.assay.statistics.nested import Precision, VarianceComponent, nested_precision
from pipeline.assay.statistics.stability import Stability, TimePoint, stability

__all__ = [
    "Agreement",
    "AssayLimits",
    "CarryOver",
    "ControlRun",
    "Linearity",
    "Precision",
    "Stability",
    "TimePoint",
    "VarianceComponent",
    "agreement",
    "carry_over",
    "control_runs",
    "detection_limits",
    "linearity",
    "nested_precision",
    "stability",
]
