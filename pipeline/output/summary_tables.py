"""What stands in the workbook beside the result tables: models, response, notes, where it all comes from."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.assembly.limiting import Limiting
from pipeline.assembly.study_result import StudyResult
from pipeline.output.result_tables import sample_flags, sample_notes
from pipeline.output.table import Table
from pipeline.response.characteristics import Characteristic
from pipeline.response.landmark import DexamethasoneTable
from pipeline.response.statistics.counts import Contrast, Proportion, Trend
from pipeline.response.statistics.logistic import OddsRatio
from pipeline.response.statistics.time_to_event import MedianSurvival
from pipeline.response.tables import ResponseTables
from pipeline.washout.report import WashoutReport

Titled = tuple[tuple[str, Table], ...]

_PROPORTION = ("group", "k", "n", "percent", "low", "high", "method")


def limiting_tables(found: Limiting) -> Titled:
    """Return what limits the receptor densities, a row per remedy, and what replicates say."""
    columns = ("remedy", "terms", "share_percent", "n_largest", "fold_95", "fold_95_without")
    rows = tuple(
        (r.name, r.terms, r.share_percent, r.n_largest, r.fold, r.fold_without) for r in found.remedies
    )
    sentences = Table(("text",), tuple((sentence,) for sentence in found.sentences()))
    return (("What limits the receptor densities", Table(columns, rows)), ("In words", sentences))


def washout_tables(found: WashoutReport | None) -> Titled:
    """Return the estimates of M0 and M1, what was not estimable and why, and the notes."""
    if found is None:
        return (("", Table(("text",), (("The washout models were not asked for.",),))),)
    estimates = tuple(
        (e.name, e.value, e.low, e.high, e.p, e.n, e.unit, e.method, e.interval_method, e.note)
        for e in found.estimates
    )
    columns = ("estimate", "value", "low", "high", "p", "n", "unit", "method", "interval_method", "note")
    rows = (
        ("visits", found.n_rows),
        ("visits used", found.n_used),
        ("patients", found.n_patients),
        ("measured", found.n_observed),
        ("below LLOQ", found.n_left_censored),
        ("above ULOQ", found.n_right_censored),
        ("seed", found.seed),
    )
    waits = tuple((w.model, w.density, w.share, w.weeks, w.low, w.high, w.n, w.note) for w in found.waits)
    waited = ("model", "density", "share", "weeks", "low", "high", "n", "note")
    refused = tuple((refusal.name, refusal.reason) for refusal in found.not_estimable)
    return (
        ("Estimates, with 95 % intervals", Table(columns, estimates)),
        ("Weeks until a share of the patients has a density", Table(waited, waits)),
        ("Not estimated", Table(("model", "text"), refused)),
        ("Which model", _choice(found)),
        ("The drug at each visit, and the total", _occupied(found)),
        ("Assumptions", Table(("text",), tuple((words,) for words in found.assumptions))),
        ("Data", Table(("rows", "n"), rows)),
        ("Notes", Table(("text",), tuple((note,) for note in found.notes))),
    )


def _choice(found: WashoutReport) -> Table:
    """Return the models that took part, and which is preferred by which rule."""
    choice = found.choice
    rows = tuple((c.name, c.aicc, c.parameters) for c in choice.candidates) if choice else ()
    why = ((f"{choice.reason}; rule: {choice.rule}", None, None),) if choice else ()
    return Table(("model", "aicc", "parameters"), (*rows, *why))


def _occupied(found: WashoutReport) -> Table:
    """Return serum, occupancy and total of every visit."""
    columns = (
        "patient_id", "visit", "weeks", "status", "rd", "serum_ug_ml", "serum_low", "serum_high", "occupancy",
        "occupancy_low", "occupancy_high", "total", "total_low", "total_high", "reason",
    )  # fmt: skip
    rows = (tuple(getattr(visit, name) for name in columns) for visit in found.visits)
    return Table(columns, tuple(rows))


def response_tables_of(found: ResponseTables | None) -> Titled:
    """Return the response tables, their contrasts and trend, and the tables of R1 and R7 to R10."""
    if found is None:
        return (("", Table(("text",), (("The study has no patients sheet.",),))),)
    return (
        ("Best response, and disease control", _proportions(found.response)),
        ("Disease control by washout before the study drug", _proportions(found.by_washout)),
        ("Disease control by receptor density", _proportions(found.by_rd)),
        ("Disease control of patients in no stratum", _proportions(found.outside)),
        ("Contrasts", _contrasts((*found.washout_contrasts, found.rd_contrast))),
        ("Trend", _trend(found.washout_trend)),
        ("Odds of disease control, logistic regression", _odds((*found.odds, *_penalised(found)))),
        ("Patients before the study drug", _characteristics(found.baseline)),
        ("Survival, months", _survival([("", row) for row in found.survival])),
        *_dexamethasone(found.dexamethasone),
        ("Exposure, safety and serum", _characteristics(found.safety)),
        ("What was typed and cannot be", _typed(found)),
        ("Notes", _texts((found.rule, found.survival_rule, *found.notes))),
    )


def _penalised(found: ResponseTables) -> tuple[OddsRatio, ...]:
    """Return Firth's odds ratio of each contrast with an empty cell."""
    contrasts = (*found.washout_contrasts, found.rd_contrast)
    return tuple(contrast.firth for contrast in contrasts if contrast.firth is not None)


def _odds(found: Iterable[OddsRatio]) -> Table:
    columns = ("covariate", "per", "n", "events", "odds_ratio", "low", "high", "p", "method", "note")
    rows = (
        (o.name, o.per, o.n, o.n_events, o.odds_ratio, o.low, o.high, o.p, o.method, o.note) for o in found
    )
    return Table(columns, tuple(rows))


def _characteristics(found: Iterable[Characteristic]) -> Table:
    """Return shares and medians below each other; `low` and `high` are the interval, or the range."""
    columns = ("row", "k", "n", "percent", "median", "low", "high", "unit", "method")
    rows = (
        (row.name, row.k, row.n, row.percent, None, row.low, row.high, "%", row.method)
        if isinstance(row, Proportion)
        else (row.name, None, row.n, None, row.median, row.low, row.high, row.unit, row.method)
        for row in found
    )
    return Table(columns, tuple(rows))


def _survival(found: Iterable[tuple[str, MedianSurvival]]) -> Table:
    columns = ("endpoint", "group", "n", "events", "not_known", "median", "low", "high", "method", "note")
    rows = (
        (m.name, group, m.n, m.n_events, m.n_unknown, m.median, m.low, m.high, m.method, m.note)
        for group, m in found
    )
    return Table(columns, tuple(rows))


def _dexamethasone(found: DexamethasoneTable | None) -> Titled:
    if found is None:
        return ()
    groups = [("with dexamethasone", found.with_it), ("without", found.without_it)]
    medians = [(group, row) for group, rows in groups for row in rows]
    tests = Table(("endpoint", "p", "note"), tuple((t.name, t.log_rank_p, t.note) for t in found.tests))
    landmark = f"from the landmark of {found.landmark_weeks:g} weeks"
    return (
        ("Disease control by dexamethasone: not its effect", _proportions(found.ever)),
        ("", _texts((found.warning, *((found.note,) if found.note else ())))),
        ("Dexamethasone among those at risk at the landmark", _proportions((found.given_by,))),
        (f"Survival {landmark}, months", _survival(medians)),
        (f"Log-rank test {landmark}", tests),
    )


def _typed(found: ResponseTables) -> Table:
    rows = tuple((hit.where, hit.found, hit.text) for hit in found.inconsistencies)
    return Table(("where", "found", "text"), rows)


def _texts(found: Iterable[str]) -> Table:
    return Table(("text",), tuple((text,) for text in found))


def note_table(study_result: StudyResult) -> Table:
    """Return every fault, flag and note, a row each, with what it is about."""
    rows = [
        ("fault", fault.where, fault.severity.value, str(fault).partition(": ")[2])
        for fault in study_result.faults
    ]
    rows += [("study", note.about, "", note.text) for note in study_result.notes]
    for result in study_result.results:
        exposure = study_result.exposures.get(result.sample_id)
        flags = ";".join(sample_flags(result, exposure))
        notes = sample_notes(result, exposure) or (("",) if flags else ())
        rows += [("sample", result.sample_id, flags, note) for note in notes]
    for run in study_result.calibrations:
        notes = (run.note, *(run.peaks.notes if run.peaks else ()), *(run.curve.notes if run.curve else ()))
        rows += [("beads", run.beads, ";".join(run.flags), note) for note in dict.fromkeys(notes) if note]
    return Table(("kind", "about", "flags", "note"), tuple(rows))


def about_table(study_result: StudyResult) -> Table:
    """Return versions, settings and hashes, a row each; nothing that changes from run to run."""
    facts = study_result.provenance
    if facts is None:
        return Table(("kind", "name", "value"), ())
    rows = (
        ("program", facts.program, facts.code_sha256),
        ("program", "Python", facts.python),
        *(("library", name, value) for name, value in facts.libraries),
        *(("setting", name, value) for name, value in facts.settings),
        *(("file, SHA-256", name, value) for name, value in facts.inputs),
    )
    return Table(("kind", "name", "value"), rows)


def _proportions(found: Iterable[Proportion]) -> Table:
    rows = ((p.name, p.k, p.n, p.percent, p.low, p.high, p.method) for p in found)
    return Table(_PROPORTION, tuple(rows))


def _contrasts(found: Iterable[Contrast]) -> Table:
    columns = ("contrast", "p", "odds_ratio", "low", "high", "method", "note")
    rows = (
        (c.name, c.fisher_p, c.odds_ratio, c.odds_ratio_low, c.odds_ratio_high, c.method, c.note)
        for c in found
    )
    return Table(columns, tuple(rows))


def _trend(found: Trend) -> Table:
    columns = ("trend", "z", "p", "exact_p", "method", "note")
    return Table(columns, ((found.name, found.z, found.p, found.exact_p, found.method, found.note),))
