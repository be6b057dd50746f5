"""The reason why a move is refused, in the words of `cd38rd check`, before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.checks import Headers, read_headers
from pipeline.checks.gates import gate_names
from pipeline.checks.plausibility.thresholds import gate_values
from pipeline.review.bench.loaded_study import LoadedStudy
from pipeline.review.bench.moving import override_of
from pipeline.review.view import Move
from pipeline.study.faults import Severity
from pipeline.study.study import GateOverride, Study
from pipeline.study.wording import quoted


class Refusals:
    """The findings of the checks on moves of one tube; the headers of its files are read once."""

    def __init__(self, loaded_study: LoadedStudy, sample_id: str) -> None:
        self.study: Study = replace(
            loaded_study.study, samples=(loaded_study.sample(sample_id),), bead_runs=(), gates=()
        )
        self.typed: tuple[GateOverride, ...] = loaded_study.gates_of(sample_id, review=False)
        self.headers: Headers = read_headers(self.study)

    def fault_of(self, moves: Sequence[Move]) -> str:
        """Return why the study with these moves in review.csv would be refused; "" if it would not."""
        sample_id = self.study.samples[0].sample_id
        names = {gate.gate.casefold(): "the gates sheet" for gate in self.typed}
        for move in moves:
            before = names.setdefault(move.gate.casefold(), "")
            if before or list(map(_name, moves)).count(_name(move)) > 1:
                where = f" (already in {before})" if before else ""
                advice = f". Change it there, or empty its row in {before} first" if before else ""
                return (
                    f"gate {quoted(move.gate)} of {quoted(sample_id)} again{where}: each gate of a tube "
                    f"once{advice}"
                )
        rows = tuple(override_of(sample_id, move, "reviewer", "on the bench") for move in moves)
        study = replace(self.study, gates=(*self.typed, *rows))
        for check in (gate_names, gate_values):
            for finding in check(study, self.headers):
                if finding.fault is not None and finding.fault.severity is not Severity.WARNING:
                    return str(replace(finding.fault, where="gate"))
        return ""


def _name(move: Move) -> str:
    return move.gate.casefold()
