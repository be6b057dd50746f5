"""A synthetic result of a study with every status in it: events are drawn, counted and thrown away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import TypedDict, Unpack

import numpy as np
from numpy.typing import NDArray

from calibration.beads.peaks import BeadPeaks
from calibration.curve.fit import CurveModel
from calibration.curve.standard_curve import CurveCheck, CurveVerdict, StandardCurve
from calibration.curve.table_rows import CheckName
from calibration.density.budget import BudgetTerm, ErrorTerm
from calibration.density.receptor_density import RdStatus, ReceptorDensity
from calibration.density.result import QUANTIFIED
from calibration.distribution.modes import Modes
from calibration.distribution.result import (
    PERCENTILES,
    Beyond,
    CellDistribution,
    Percentile,
    ShareBelow,
)
from calibration.flags import CalibrationFlag
from gating.events import Events, Mask
from gating.events.panel import Role
from gating.gates import AllOf, EllipsoidGate, Gate, PolygonGate, RangeGate
from gating.gates.steps import GatedPopulation, GateStep
from gating.thresholds.methods import Method
from pipeline.assembly.assemble import joined
from pipeline.assembly.provenance import Provenance, provenance_of
from pipeline.assembly.study_result import Note, StudyResult
from pipeline.assembly.unnumbered import unnumbered
from pipeline.beads.result import CalibrationResult
from pipeline.fcs.acquisition import Acquired
from pipeline.patients.exposure import Exposure
from pipeline.patients.patient_rd import PatientRd
from pipeline.patients.visits import patient_rd, visits_of
from pipeline.quantification.result import SampleResult
from pipeline.response import response_tables
from pipeline.response.tables import ResponseTables
from pipeline.study.faults import Fault, Severity
from pipeline.study.settings import Settings
from pipeline.study.study import BeadRun, Dose, Panel, PanelChannel, Patient, Sample, Study
from pipeline.tube.histograms import bead_histogram, cd38_histogram, step_densities
from pipeline.washout.observations.rows import observe
from pipeline.washout.report import WashoutReport, washout_report, with_sensitivity
from pipeline.washout.within.result import within_patients

CHANNELS = ("Time", "FSC-A", "FSC-H", "SSC-A", "BV421-A", "BV510-A", "PE-Cy7-A", "APC-A", "FITC-A")
LEVELS = (638.0, 6930.0, 31008.0, 67601.0)
SLOPE, INTERCEPT = 1.02, 0.21


def marrow_events(rng: np.random.Generator, n: int = 20_000, share: float = 0.01) -> Events:
    """Draw a marrow-like tube: most cells CD45+, a few plasma cells CD138+ CD45 low."""
    n_cells = max(3, int(n * share))
    cells = np.zeros(n, bool)
    cells[rng.choice(n, n_cells, replace=False)] = True

    def column(bulk: float, plasma: float, spread: float = 0.3) -> NDArray[np.float64]:
        middle = np.where(cells, plasma, bulk)
        return middle * rng.lognormal(0, spread, n) + rng.normal(0, 60, n)

    forward = column(70_000, 95_000, 0.35)
    height = forward * rng.normal(0.85, 0.03, n)
    values = [
        np.sort(rng.uniform(0, 60_000, n)),
        np.minimum(forward, 262_143),
        np.minimum(height, 262_143),
        np.minimum(column(40_000, 45_000, 0.7), 262_143),
        column(90, 9_000, 0.5),
        np.where(rng.random(n) < 0.2, column(150, 300, 0.5), column(6_000, 300, 0.5)),
        column(200, 100, 0.6),
        column(80, 2_500, 0.6),
        column(100, 120, 0.5),
    ]
    return Events(np.array(values, np.float32), CHANNELS, (np.inf, *(262_143.0,) * 8))


def gated(events: Events, unsure: bool = False) -> GatedPopulation:
    """Gate the synthetic tube with fixed thresholds."""
    column = {name: events.column(name) for name in CHANNELS}
    polygon = PolygonGate(
        "FSC-A", "FSC-H", ((20_000, 15_000), (262_000, 205_000), (262_000, 245_000), (20_000, 21_000))
    )
    ellipsoid = EllipsoidGate(
        ("FSC-A", "SSC-A"), (1e6, 1e6), (0.075, 0.05), ((0.0012, 0.0), (0.0, 0.0011)), 5.0
    )
    scatter = (np.arcsinh(column["FSC-A"] / 1e6) - 0.075) ** 2 / 0.0012
    scatter = scatter + (np.arcsinh(column["SSC-A"] / 1e6) - 0.05) ** 2 / 0.0011
    ratio = column["FSC-H"] / column["FSC-A"]
    tests: list[tuple[str, Gate, tuple[str, ...], Mask, str, float]] = [
        ("time", RangeGate("Time", 3_000, 60_000), ("Time",), column["Time"] >= 3_000, "segments", 0.97),
        ("debris", ellipsoid, ("FSC-A", "SSC-A"), scatter <= 5.0, "valley", 0.91),
        ("singlets", polygon, ("FSC-A", "FSC-H"), (ratio > 0.77) & (ratio < 0.93), "valley", 0.95),
        (
            "viable",
            RangeGate("FITC-A", None, 900),
            ("FITC-A", "SSC-A"),
            column["FITC-A"] < 900,
            "valley",
            0.88,
        ),
        (
            "dump",
            RangeGate("PE-Cy7-A", None, 2_000),
            ("PE-Cy7-A",),
            column["PE-Cy7-A"] < 2_000,
            "spread",
            0.74,
        ),
        (
            "plasma_cells",
            AllOf((RangeGate("BV421-A", 1_500, None), RangeGate("BV510-A", None, 1_800))),
            ("BV421-A", "BV510-A"),
            (column["BV421-A"] >= 1_500) & (column["BV510-A"] < 1_800),
            "valley",
            0.42 if unsure else 0.93,
        ),
        (
            "second_anchor",
            AllOf((RangeGate("APC-A", 400, None), RangeGate("PE-Cy7-A", None, 2_000))),
            ("APC-A", "SSC-A"),
            column["APC-A"] >= 400,
            "mixture",
            0.81,
        ),
    ]
    masks = np.logical_and.accumulate(np.array([t[3] for t in tests]))
    before = [events.n_events, *(int(mask.sum()) for mask in masks)]
    steps = tuple(
        GateStep(name, gate, channels, before[k], before[k + 1], (Method(method),), (), confidence)
        for k, (name, gate, channels, _, method, confidence) in enumerate(tests)
    )
    flags = ("LOW_GATE_CONFIDENCE",) if unsure else ()
    return GatedPopulation(masks[-1], steps, masks, min(s.confidence for s in steps), masks[3], flags=flags)


def bead_result(
    name: str = "B1", verdict: CurveVerdict = CurveVerdict.ACCEPT, seed: int = 5
) -> CalibrationResult:
    """Return a QuantiBRITE run, read by the true curve with a little noise."""
    rng = np.random.default_rng(seed)
    medians = [10 ** ((np.log10(level) - INTERCEPT) / SLOPE) * rng.normal(1, 0.03) for level in LEVELS]
    drawn = np.concatenate([m * rng.lognormal(0, 0.06, 1800) for m in medians])
    slope, intercept = np.polyfit(np.log10(medians), np.log10(LEVELS), 1)
    back = tuple(
        float(10 ** (slope * np.log10(m) + intercept) / v - 1) for m, v in zip(medians, LEVELS, strict=True)
    )
    residual = np.log10(1 + np.array(back))
    curve = StandardCurve(
        float(slope), float(intercept), 0.99931, float(residual.std(ddof=2)), CurveModel.LOGLOG,
        tuple(medians), LEVELS, (True,) * 4, back,
        (
            CurveCheck(CheckName.R2, 0.99931, CurveVerdict.ACCEPT, "r² 0.9993: accepted (at least 0.99)"),
            CurveCheck(CheckName.SLOPE, float(slope), CurveVerdict.ACCEPT, f"slope {slope:.3f}: accepted (0.90 to 1.10)"),
            CurveCheck(CheckName.BACK_CALCULATED_ERROR, max(map(abs, back)), verdict, f"largest back-calculated error {max(map(abs, back)):.1%}"),
        ),
        verdict,
    )  # fmt: skip
    peaks = BeadPeaks(
        tuple(medians), (0.06,) * 4, (1790, 1801, 1777, 1795), tuple((m * 0.83, m * 1.2) for m in medians),
        (False,) * 4, False, 37, "mixture", (),
    )  # fmt: skip
    flags = (CalibrationFlag.CURVE_WARN,) if verdict is CurveVerdict.WARN else ()
    return CalibrationResult(
        name, f"fcs/{name}.fcs", "quantibrite_pe", "96597", "PE-A", LEVELS,
        Acquired("LSRFortessa", "H123", "2024-03-0" + name[-1], 480.0, 1.0), 8_120, 7_200, peaks, curve,
        bead_histogram(drawn, channel="PE-A"), flags, "", "ab" * 32,
    )  # fmt: skip


def receptor(status: RdStatus, rd: float | None, n: int) -> ReceptorDensity:
    """Return a receptor density that agrees with itself."""
    known = rd is not None
    spread = 10 ** (1.96 * (0.04 + 0.5 / max(n, 1) ** 0.5 * 0.6))
    abc = None if rd is None else max(rd, 0) + 420.0
    mfi = None if abc is None else 10 ** ((np.log10(abc) - INTERCEPT) / SLOPE)
    control = 255.0 if known and status is not RdStatus.NO_BACKGROUND else None
    budget = (
        ErrorTerm(BudgetTerm.STANDARD_CURVE, 0.021, 0.31), ErrorTerm(BudgetTerm.LOT_ASSIGNMENT, 0.022, 0.34), ErrorTerm(BudgetTerm.F_P_RATIO, 0.011, 0.09),
        ErrorTerm(BudgetTerm.STAINED_CELLS, 0.019, 0.22), ErrorTerm(BudgetTerm.BEAD_MEDIANS, 0.007, 0.04),
    )  # fmt: skip
    if status is RdStatus.ABOVE_ULOQ:
        return ReceptorDensity(
            status, n, mfi, control, abc, 420.0, rd_low=rd, lloq=950.0, uloq=67_601.0, budget=budget
        )
    return ReceptorDensity(
        status, n, mfi, control, abc, 420.0 if control else None, rd,
        None if rd is None else (rd / spread if rd > 0 else rd - 180), None if rd is None else max(rd, 100) * spread,
        rd, None if rd is None else rd * 1.04, 9.8 if known else None, 950.0, 67_601.0 * 4, budget if known else (),
    )  # fmt: skip


def distribution(density: ReceptorDensity, stained: NDArray[np.float64]) -> CellDistribution | None:
    """Return cells about a density with the spread of these; None where there is none."""
    if density.status not in QUANTIFIED or density.rd is None or density.lloq is None:
        return None
    rd, lloq, n = density.rd, density.lloq, stained.size

    def percentile(percent: int) -> Percentile:
        value = rd * float(np.quantile(stained, percent / 100) / np.median(stained))
        if value < lloq:
            return Percentile(percent, beyond=Beyond.BELOW, bound=lloq)
        return Percentile(percent, value, value / 1.3, value * 1.3)

    def below(cut: float) -> ShareBelow:
        share = 100 * float(np.mean(rd * stained / np.median(stained) < cut))
        return ShareBelow(cut, share, max(share - 4, 0.0), min(share + 4, 100.0))

    modes = Modes(2 if n % 2 else 1, 1)
    return CellDistribution(n, tuple(map(percentile, PERCENTILES)), below(lloq), below(5000.0), modes, 300.0)


TUBES = (
    # patient, weeks, status, rd, response, n cells
    ("P01", 2.0, RdStatus.BELOW_LLOQ, 310.0, "PD", 640),
    ("P02", 4.1, RdStatus.BELOW_LLOQ, -55.0, "PD", 210),
    ("P03", 7.3, RdStatus.OK, 2_450.0, "SD", 180),
    ("P04", 13.0, RdStatus.OK, 9_800.0, "SD", 92),
    ("P05", 21.4, RdStatus.OK, 31_400.0, "PD", 1_240),
    ("P06", 34.0, RdStatus.OK, 58_300.0, "MR", 870),
    ("P07", 60.0, RdStatus.ABOVE_ULOQ_EXTRAPOLATED, 151_000.0, "SD", 450),
    ("P08", 88.0, RdStatus.ABOVE_ULOQ, 270_404.0, "SD", 510),
    ("P09", 9.0, RdStatus.LOW_EVENTS, None, "NE", 11),
    ("P10", 17.0, RdStatus.NO_BACKGROUND, 12_000.0, "", 310),
    ("P11", 26.0, RdStatus.FAILED, None, "SD", 0),
    ("P12", 1.0, RdStatus.BELOW_LLOQ, 20.0, "PD", 130),
)


def small_study(folder: Path = Path("study")) -> Study:
    """Return the study the results belong to."""
    collected = date(2024, 3, 1)
    samples = tuple(
        Sample(f"{patient}-S1", patient, collected, f"fcs/{patient}.fcs", "myeloma", "B1" if k % 2 else "B2", "C1D1",
               f"fcs/{patient}_fmo.fcs", remark="=not a formula" if k == 0 else "")
        for k, (patient, *_) in enumerate(TUBES)
    )  # fmt: skip
    channels = (
        PanelChannel(
            ("PE-A",),
            Role.CD38,
            marker="CD38",
            fluorochrome="PE",
            clone="HB7",
            competes_with_drug=True,
            f_p_ratio=0.98,
        ),
        PanelChannel(("BV421-A",), Role.CD138, "positive", "CD138", "BV421"),
        PanelChannel(("BV510-A",), Role.CD45, "low", "CD45", "BV510"),
        PanelChannel(("APC-A",), Role.CD319, "positive", "CD319", "APC"),
        PanelChannel(("PE-Cy7-A",), Role.DUMP, "negative", "CD3/CD14", "PE-Cy7"),
        PanelChannel(("FITC-A",), Role.VIABILITY, "negative", "viability", "dye"),
    )
    bead_runs = tuple(
        BeadRun(b, f"fcs/{b}.fcs", "quantibrite_pe", "96597", "PE-A", LEVELS, collected) for b in ("B1", "B2")
    )
    doses = tuple(
        Dose(patient, collected - timedelta(days=round(weeks * 7)), "daratumumab", 16, "mg/kg", "IV")
        for patient, weeks, *_ in TUBES
    )
    doses += tuple(
        Dose(patient, collected + timedelta(days=3), "isatuximab", 10, "mg/kg", "IV") for patient, *_ in TUBES
    )
    patients = tuple(
        Patient(patient, response, evaluable=True, disease_control_days=70 if response == "SD" else None)
        for patient, _, _, _, response, _ in TUBES
    )
    return Study(folder, samples, (Panel("myeloma", channels),), bead_runs, doses, patients, Settings())


def tube_result(index: int, n_events: int = 20_000) -> SampleResult:
    """Return the result of one tube of `TUBES`, with pictures."""
    patient, _, status, rd, _, n_cells = TUBES[index]
    sample_id = f"{patient}-S1"
    if status is RdStatus.FAILED:
        note = f"fcs/{patient}.fcs: DATA is 1,204 bytes shorter than $TOT says; export the file again."
        return SampleResult(sample_id, ReceptorDensity(status, 0), note=note)
    rng = np.random.default_rng(index)
    events = marrow_events(rng, n_events, n_cells * 1.35 / n_events)
    population = gated(events, unsure=index == 4)
    density = receptor(status, rd, n_cells)
    middle = density.median_mfi or 900.0
    stained = middle * rng.lognormal(0, 0.35, max(n_cells, 3))
    control = None if status is RdStatus.NO_BACKGROUND else 255 * rng.lognormal(0, 0.3, max(n_cells, 3))
    flags = population.flags + (("FEW_EVENTS_50_99",) if 50 <= n_cells < 100 else ())
    n_in = population.steps[-1].n_in
    result = SampleResult(
        sample_id, density, "aberrant_plasma_cells", flags, n_events, int(population.viable_singlets.sum()),
        max(n_cells, 0), n_cells, 41_000.0, "" if control is None else "FMO", population.confidence, population.steps,
        step_densities(events, population), cd38_histogram(stained, control, channel="PE-A"),
        Acquired("LSRFortessa", "H123", "2024-03-01T10:12:00", 480.0, 1.0), "PE-A", "$SPILLOVER", "cd" * 32,
        ("PE-A", "APC-A"), ((1.0, 0.02), (0.004, 1.0)), ("$NEXTDATA absent: taken as 0",) if n_in % 2 else (),
        ((f"fcs/{patient}.fcs", "ef" * 32),), (), "",
    )  # fmt: skip
    result = replace(result, distribution=distribution(density, stained))
    return (
        replace(result, note="No control tube: the background is not known.") if control is None else result
    )


def whole_study_result(n_events: int = 20_000) -> StudyResult:
    """Return the result of the small study, fitted and tabulated by the program's own models."""
    study = small_study()
    bead_runs = (bead_result("B1"), bead_result("B2", CurveVerdict.WARN, 6))
    results = tuple(tube_result(k, n_events) for k in range(len(TUBES)))
    fault = Fault("samples!J3", 'remark "=not a formula"', "a remark", severity=Severity.WARNING)
    bare = replace(
        joined(study, results, bead_runs), faults=(fault,),
        notes=(Note("washout", "12 <b>tubes</b> & one typed remark"),),
        provenance=provenance_of(study, [(f"fcs/{patient}.fcs", "ef" * 32) for patient, *_ in TUBES]),
    )  # fmt: skip
    rows = [patient_rd(visit) for visit in bare.visits]
    response = response_tables(study, rows, bare.facts)
    washout = with_sensitivity(washout_report(rows, study.settings), rows, study.settings)
    assert washout.within is None
    return replace(
        bare,
        washout=replace(
            washout,
            within=within_patients(with_earlier(rows), with_earlier(rows), observe([], [], [], lloq=1)),
        ),
        response=response,
        unnumbered=unnumbered(
            study,
            results,
            bare.visits,
            bare.exposures,
            rows,
            response,
            facts=bare.facts,
            has_line=washout.tobit is not None,
        ),
    )


def with_earlier(rows: Sequence[PatientRd]) -> list[PatientRd]:
    """Return the rows, each of a waiting patient after an earlier one with a third of its density."""
    told = []
    for row in rows:
        if row.weeks is not None and row.weeks > 12 and row.collected_on is not None:
            weeks = 7 * (row.weeks // 3)
            day = row.collected_on - timedelta(days=round(7 * row.weeks - weeks))
            rd = None if row.rd is None else row.rd / 3
            told.append(replace(row, visit="earlier", weeks=weeks / 7, collected_on=day, rd=rd))
        told.append(row)
    return told


class Changes(TypedDict, total=False):
    """What of a result `changed` can replace; clocks, courses, visits and limits follow from it."""

    study: Study
    results: tuple[SampleResult, ...]
    calibrations: tuple[CalibrationResult, ...]
    exposures: Mapping[str, Exposure]
    washout: WashoutReport | None
    response: ResponseTables | None
    faults: tuple[Fault, ...]
    notes: tuple[Note, ...]
    provenance: Provenance | None


def changed(study_result: StudyResult, **changes: Unpack[Changes]) -> StudyResult:
    """Return the result with another study, other tubes or bead runs, and what follows from them; models stay."""
    new = replace(study_result, **changes)
    known = joined(new.study, new.results, new.calibrations)
    exposed = new.exposures if "exposures" in changes else known.exposures
    return replace(
        new,
        exposures=exposed,
        occupancies=known.occupancies,
        visits=visits_of(new.study, new.results, exposed, known.occupancies),
        clocks=known.clocks,
        courses=known.courses,
        facts=known.facts,
        limiting=known.limiting,
    )
