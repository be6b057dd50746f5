"""Checks of typed values by themselves: bead runs, controls, doses and dates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from calibration.beads.kits import BEAD_KITS, KitResult, bead_kit, kit_names
from calibration.curve.fit import CurveModel
from pipeline.checks.findings import Finding, warning
from pipeline.checks.flags import ExposureFlag
from pipeline.checks.headers import Headers
from pipeline.fcs import FcsFile
from pipeline.study.detector_names import pulse_by_name, unlike_pulses
from pipeline.study.drugs import is_drug
from pipeline.study.faults import Fault, Severity
from pipeline.study.study import BeadRun, PanelChannel, Sample, Study
from pipeline.study.wording import enumerate_words, quoted
from pipeline.tube.names.channels import channels_meant, find_channel, suggestion

MOST_DAYS_APART = 10
"""Most days that a warning names; it gives the number of the others. Convention: as many as fit into a
line."""


def bead_channels(study: Study, headers: Headers) -> Iterator[Finding]:
    """Require that bead runs calibrate the quantified channel of the panel, and that their files have it."""
    for run in study.bead_runs:
        file = headers[run.fcs_file].file
        names = [name.strip() for name in run.channel.split(";") if name.strip()]
        where = study.at("beads", run.name, "channel")
        panels = dict.fromkeys(sample.panel for sample in study.samples if sample.bead_run == run.name)
        in_file = () if file is None else channels_meant(names, file.channels)
        for panel in (study.panel(name) for name in panels):
            aliases = panel.quantified.aliases
            if not any(find_channel([name], aliases) for name in in_file or names):
                quantified = quoted("; ".join(aliases))
                problem = f"{quoted(run.channel)}, but panel {quoted(panel.name)} quantifies {quantified}"
                hint = _one_detector(names, aliases, file)
                yield Finding(Fault(where, problem, "the panel's cd38 channel", hint))
        if len(in_file) > 1:
            both = f"{quoted(run.channel)}, two channels of its file: {enumerate_words(in_file, 'and')}"
            yield Finding(Fault(where, both, "only the channel that calibrates the panel's cd38 channel"))
        if file is not None and not in_file:
            channel = study.panel(next(iter(panels))).quantified if panels else None
            hint = _meant(channel, file) if channel else ""
            problem = f"{quoted(run.channel)}, which is not in {file.path.name}"
            yield Finding(Fault(where, problem, f"one of {enumerate_words(file.channels, 'and')}", hint))


def _one_detector(names: Sequence[str], aliases: Sequence[str], file: FcsFile | None) -> str:
    """Return a hint if beads and panel name two channels; it never says that area and height are the same."""
    pulses = next(
        (pair for name in names for alias in aliases if (pair := unlike_pulses([name, alias]))), None
    )
    if pulses is None:
        return "If both are one detector, list both names in the panel's channel, split by ;."
    name_in_file = "" if file is None else find_channel(aliases, file.channels)
    has = f" {file.path.name} has {name_in_file}: name that." if file is not None and name_in_file else ""
    words = f"{pulse_by_name(*pulses)} and {pulse_by_name(*reversed(pulses))}"
    return f"These are {words} of a pulse, different numbers: beads and tubes must be measured alike.{has}"


def _meant(channel: PanelChannel, file: FcsFile) -> str:
    """Return a hint on the channel of a bead file that was probably meant: the panel's, or a similar name."""
    name_in_file = find_channel(channel.aliases, file.channels)
    return (
        f"Did you mean {name_in_file}?" if name_in_file else suggestion(channel, file.channels, file.markers)
    )


def bead_levels(study: Study, headers: Headers) -> Iterator[Finding]:
    """Require as many levels as a standard curve needs; warn if the kit usually has another number."""
    del headers
    for run in study.bead_runs:
        where = study.at("beads", run.name, "levels")
        stained = sum(level > 0 for level in run.levels)
        least = 1 if study.settings.curve_model is CurveModel.SLOPE1 else 2
        kit = bead_kit(run.kit)
        usual = kit.usual_levels or (stained,)
        if stained < least:
            hint = "With one level only the setting curve_model slope1 gives a curve."
            problem = f"{stained} level above 0" if stained == 1 else f"{stained} levels above 0"
            yield Finding(Fault(where, problem, f"at least {least} for a standard curve", hint))
        elif stained not in usual:
            expected = f"{enumerate_words(map(str, usual))} for {kit.title}"
            yield warning(
                f"{stained} levels above 0", expected, where=where, hint="Compare with the lot's sheet."
            )


def bead_ranges(study: Study, headers: Headers) -> Iterator[Finding]:
    """Require a range for every level, if a person set the ranges of the bead populations."""
    del headers
    for run in study.bead_runs:
        if run.ranges and len(run.ranges) != len(run.levels):
            where = study.at("beads", run.name, "ranges")
            n = len(run.ranges)
            problem = f"{n} range{'' if n == 1 else 's'} for {len(run.levels)} levels"
            yield Finding(Fault(where, problem, "a range for every level, the blank's too, or an empty cell"))


def unsuited_kits(study: Study, headers: Headers) -> Iterator[Finding]:
    """Report tubes whose beads cannot give an ABC, or whose control is missing."""
    del headers
    for sample in study.samples:
        kit = bead_kit(study.unit_run(sample.bead_run).kit)
        where = study.at("samples", sample.sample_id, "beads")
        if not kit.quantifies:
            problem = (
                f"beads {quoted(sample.bead_run)} of the kit {kit.name}, which is relative and gives no ABC"
            )
            listed = ", ".join(kit_names(kit for kit in BEAD_KITS if kit.quantifies))
            expected = f"a kit with assigned molecules ({listed})"
            yield warning(
                problem, expected, where=where, sample_id=sample.sample_id, hint="The row will say NO_CURVE."
            )
        if kit.result == KitResult.SABC and not sample.isotype_file:
            where = study.at("samples", sample.sample_id, "isotype_file")
            expected = f"an isotype control: {kit.arithmetic}"
            yield warning(
                f"no isotype_file with the kit {kit.name}", expected, where=where, sample_id=sample.sample_id
            )
        if not sample.fmo_file and not sample.isotype_file:
            where = study.at("samples", sample.sample_id, "fmo_file")
            hint = "The row will say NO_BACKGROUND."
            fault = Fault(where, "no fmo_file and no isotype_file", "a control tube", hint, Severity.WARNING)
            yield Finding(fault, sample.sample_id)


def collected_before_doses(study: Study, headers: Headers) -> Iterator[Finding]:
    """Report tubes without an earlier dose of the washed-out drug, and doses after the tube."""
    del headers
    drug = study.settings.washed_out_drug
    without = set()
    dose_days = days_of(study, drug)
    for sample in study.samples:
        days = dose_days.get(sample.patient_id, [])
        where = study.at("samples", sample.sample_id, "collected_on")
        later = [day for day in days if day > sample.collected_on]
        if study.doses and not days and sample.patient_id not in without:
            without.add(sample.patient_id)
            at_patient = study.at("samples", sample.sample_id, "patient_id")
            problem = f"no dose of {drug} for patient {quoted(sample.patient_id)}"
            fault = Fault(
                at_patient,
                problem,
                "a dose in the doses sheet",
                "There is no washout time.",
                Severity.WARNING,
                ExposureFlag.NO_DOSES,
            )
            yield Finding(fault, sample.sample_id)
        elif later:
            yield _before_doses(sample, drug, later, len(days), where)


def _before_doses(sample: Sample, drug: str, later: list[date], n_days: int, where: str) -> Finding:
    listed = enumerate_words([str(day) for day in later[:MOST_DAYS_APART]], "and")
    more = f" and {len(later) - MOST_DAYS_APART} more" if len(later) > MOST_DAYS_APART else ""
    problem = f"{sample.collected_on}, before {drug} was given on {listed}{more}"
    before_all = len(later) == n_days
    flag = ExposureFlag.SAMPLE_BEFORE_FIRST_DOSE if before_all else ExposureFlag.DOSE_AFTER_SAMPLE
    if before_all:
        hint = "It was collected before the first dose: there is no washout time."
    else:
        hint = "Washout is counted from the last dose before it."
    expected = f"a day after the last dose of {drug}"
    fault = Fault(where, problem, expected, f"{hint} Are both dates right?", Severity.WARNING, flag)
    return Finding(fault, sample.sample_id, note=problem)


def days_of(study: Study, drug: str) -> dict[str, list[date]]:
    """Return the days on which each patient got a drug, or one of its `;`-separated synonyms, sorted."""
    days: dict[str, list[date]] = {}
    for dose in sorted(study.doses, key=lambda dose: dose.given_on):
        if is_drug(dose.drug, drug):
            days.setdefault(dose.patient_id, []).append(dose.given_on)
    return days


def unused_runs(study: Study, headers: Headers) -> Iterator[Finding]:
    """Report bead runs that no tube uses: often a name is mistyped."""
    del headers
    used = {sample.bead_run for sample in study.samples}
    used |= {name for run in study.bead_runs if run.name in used for name in run.transfer_names}
    runs: list[BeadRun] = [run for run in study.bead_runs if study.samples and run.name not in used]
    for run in runs:
        where = study.at("beads", run.name, "beads")
        yield warning(f"beads {quoted(run.name)}, which no tube uses", "a bead run of some tube", where=where)
