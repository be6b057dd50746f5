"""Checks that beads, tubes and controls were acquired with the same instrument and detector settings."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gating.events.panel import Role
from pipeline.checks.findings import Finding, refusable, warning
from pipeline.checks.flags import CheckFlag
from pipeline.checks.headers import Headers, tubes_with_controls
from pipeline.fcs import FcsFile
from pipeline.fcs.acquisition import UNTELLING_SERIAL
from pipeline.study.names.look import folded_name
from pipeline.study.study import BeadRun, Sample, Study
from pipeline.study.wording import quoted
from pipeline.tube.names.channels import find_channel


class _Compared(NamedTuple):
    """What a tube is compared with: in words, and whether it is its control."""

    words: str
    is_control: bool = False

    def __str__(self) -> str:
        return self.words


_THE_CONTROL = _Compared("the control", is_control=True)

VOLTAGE_TOLERANCE = 1e-3
"""Relative difference up to which two voltages are equal: instruments set whole volts, and files round them.
Convention: a thousandth of 500 V is half a volt."""

SCALE_TOLERANCE = 0.01
"""Relative difference up to which two ends of scale are equal: some programs write 262143 for 262144, or 1023
for 1024. Convention: another digitiser or another export differs by a factor."""


def instrument_difference(tube: FcsFile, other_file: FcsFile) -> str | None:
    """Return in words how the instruments of two files differ; "": not at all; None: no file names one.

    Serial numbers decide. If they are absent or say nothing (`1`), the names of the instruments decide.
    """
    serials = [folded_name(file.acquisition.serial) for file in (tube, other_file)]
    names = [folded_name(file.acquisition.instrument) for file in (tube, other_file)]
    difference = f"{_instrument(tube)} and {_instrument(other_file)}"
    if not any(serials + names):
        return None
    same_serial, same_name = serials[0] == serials[1], names[0] == names[1]
    if all(len(serial) > UNTELLING_SERIAL for serial in serials):
        return "" if same_serial else difference
    if all(serials) and not same_serial:
        return difference
    is_same = same_name if all(names) else same_serial and all(serials)
    return "" if is_same else difference


def _instrument(file: FcsFile) -> str:
    facts = file.acquisition
    words = " ".join(
        word for word in (facts.instrument, f"(serial {facts.serial})" if facts.serial else "") if word
    )
    return (
        f"{file.path.name} of {words}"
        if words
        else f"{file.path.name} of an instrument that it does not name"
    )


def detector_difference(tube: FcsFile, first: str, other_file: FcsFile, second: str) -> tuple[str, bool]:
    """Return in words how the settings of two detectors differ, and whether anything could be compared."""
    a, b = tube.detector(first), other_file.detector(second)
    compared, differ = False, []
    for word, a_value, b_value in (("voltage", a.voltage, b.voltage), ("gain", a.gain or 1.0, b.gain or 1.0)):
        if a_value is not None and b_value is not None:
            compared = compared or word == "voltage" or a_value != 1 or b_value != 1
            if not math.isclose(a_value, b_value, rel_tol=VOLTAGE_TOLERANCE):
                unit = " V" if word == "voltage" else ""
                differ.append(
                    f"{word} {a_value:g}{unit} in {tube.path.name}, {b_value:g}{unit} in "
                    f"{other_file.path.name}"
                )
    if a.amplification != b.amplification:
        from_zero = a.amplification[0] == b.amplification[0]
        decades = (
            f"{detector.amplification[0]:g} decades"
            + (f" from {detector.amplification[1]:g}" if from_zero else "")
            for detector in (a, b)
        )
        differ.append(f"amplification {' and '.join(decades)}")
    elif _counts(tube, first) or _counts(other_file, second):
        differ += [*filter(None, [_scale_difference(tube, first, other_file, second)])]
    return "; ".join(differ), compared or bool(differ)


def _counts(file: FcsFile, channel: str) -> bool:
    """Return whether the values of a channel are whole numbers of a digitiser, whose end is $PnR."""
    return any(parameter.kind == "I" for parameter in file.parameters if parameter.name == channel)


def _scale_difference(tube: FcsFile, first: str, other_file: FcsFile, second: str) -> str:
    """Return in words how the ends of scale of two detectors differ; "" if they do not, or one has none."""
    top, other_top = tube.scale_top(first), other_file.scale_top(second)
    is_known = all(math.isfinite(end) for end in (top, other_top))
    if not is_known or math.isclose(top, other_top, rel_tol=SCALE_TOLERANCE):
        return ""
    return f"a scale to {top:,.6g} in {tube.path.name}, to {other_top:,.6g} in {other_file.path.name} ($PnR)"


def beads_unlike_tube(study: Study, headers: Headers) -> Iterator[Finding]:
    """Compare each tube with its bead run: instrument, and voltage and gain of the quantified detector."""
    for sample in study.samples:
        tube, run = headers[sample.fcs_file].file, study.bead_run(sample.bead_run)
        bead_file = headers[run.fcs_file].file
        if tube is None or bead_file is None:
            continue
        where = study.at("samples", sample.sample_id, "beads")
        words = f"beads {quoted(run.name)}"
        yield from _unlike(
            study, sample, tube, bead_file, where, _Compared(words), _bead_names(study, sample, run)
        )


def controls_unlike_tube(study: Study, headers: Headers) -> Iterator[Finding]:
    """Compare each tube with its control: instrument, and voltage and gain of every channel of the panel."""
    for sample, column, tube, control in tubes_with_controls(study, headers):
        where = study.at("samples", sample.sample_id, column)
        aliases = study.panel(sample.panel).quantified.aliases
        yield from _unlike(study, sample, tube, control, where, _THE_CONTROL, aliases)
        if instrument_difference(tube, control) == "":
            yield from _other_detectors(study, sample, tube, control, where)


def _bead_names(study: Study, sample: Sample, run: BeadRun) -> tuple[str, ...]:
    aliases = study.panel(sample.panel).quantified.aliases
    names = [name.strip() for name in run.channel.split(";")]
    return (*(name for name in names if find_channel([name], aliases)), *aliases)


def _unlike(
    study: Study,
    sample: Sample,
    tube: FcsFile,
    other_file: FcsFile,
    where: str,
    partner: _Compared,
    names: Sequence[str],
) -> Iterator[Finding]:
    """Compare instruments and settings of the quantified detector; refuse settings of one instrument only."""
    settings, sample_id = study.settings, sample.sample_id
    difference = instrument_difference(tube, other_file)
    if difference is None:
        note = f"neither the tube nor {partner} names its instrument: not compared"
        yield Finding(None, sample_id, note=note)
    if difference:
        problem = f"{partner} of another instrument: {difference}"
        yield refusable(
            problem, "the tube's instrument", where=where, sample_id=sample_id,
            flag=CheckFlag.INSTRUMENT_MISMATCH,
            setting="accept_instrument_mismatch", reason=settings.accept_instrument_mismatch,
        )  # fmt: skip
    tube_channel = find_channel(study.panel(sample.panel).quantified.aliases, tube.channels)
    other_channel = find_channel(names, other_file.channels)
    if not tube_channel or not other_channel:
        return
    differ, compared = detector_difference(tube, tube_channel, other_file, other_channel)
    if difference and differ:
        problem = f"{partner}: the voltages of two instruments cannot be compared; "
        problem += f"those of {tube_channel} differ: {differ}"
        expected = "the tube's instrument, voltage and gain"
        yield warning(problem, expected, where=where, sample_id=sample_id, flag=CheckFlag.VOLTAGE_MISMATCH)
    elif differ:
        problem = f"{partner} acquired with other settings of {tube_channel}: {differ}"
        yield refusable(
            problem, "the tube's voltage and gain", where=where, sample_id=sample_id,
            flag=CheckFlag.VOLTAGE_MISMATCH,
            setting="accept_voltage_mismatch", reason=settings.accept_voltage_mismatch,
        )  # fmt: skip
    elif scale := _scale_difference(tube, tube_channel, other_file, other_channel):
        hint = (
            "If the values of one file were scaled, every density is wrong by that factor: export it again."
        )
        yield warning(
            f"{partner} with {scale} on {tube_channel}", "one scale", where=where, sample_id=sample_id,
            flag=CheckFlag.VOLTAGE_MISMATCH, hint=hint,
        )  # fmt: skip
    elif not compared and not difference:
        yield _not_comparable(sample_id, where, tube, other_file, partner, tube_channel)


def _not_comparable(
    sample_id: str, where: str, tube: FcsFile, other_file: FcsFile, partner: _Compared, channel: str
) -> Finding:
    """Return a flag for a tube that cannot be compared with its beads; for a control only a note."""
    if partner.is_control:
        note = f"tube and {partner} do not both give the voltage of {channel}: not compared"
        return Finding(None, sample_id, note=note)
    problem = (
        f"{partner}: {tube.path.name} and {other_file.path.name} do not both give the voltage or gain of "
        f"{channel}: not compared"
    )
    hint = "Make sure that beads and tube were acquired with the same settings: another voltage changes RD."
    expected = "$PnV in both files"
    return warning(
        problem, expected, where=where, sample_id=sample_id, flag=CheckFlag.VOLTAGE_UNKNOWN, hint=hint
    )


def _other_detectors(
    study: Study, sample: Sample, tube: FcsFile, control: FcsFile, where: str
) -> Iterator[Finding]:
    differ = []
    for channel in study.panel(sample.panel).channels:
        tube_channel = find_channel(channel.aliases, tube.channels)
        control_channel = find_channel(channel.aliases, control.channels)
        if channel.role in (Role.CD38, Role.TIME) or not tube_channel or not control_channel:
            continue
        difference, _ = detector_difference(tube, tube_channel, control, control_channel)
        differ += [f"{tube_channel}: {difference}"] if difference else []
    if differ:
        problem = f"the control acquired with other settings of {' · '.join(differ)}"
        expected = "the tube's settings on every channel, since its gates are put on the control"
        yield warning(
            problem, expected, where=where, sample_id=sample.sample_id, flag=CheckFlag.CONTROL_SETTINGS_DIFFER
        )
