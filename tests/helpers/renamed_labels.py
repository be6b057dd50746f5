"""Gates known tubes, if asked to with every label for people renamed: `python renamed_labels.py [renamed]`.

The labels are the values of the enums in `LABELS`. Renaming happens while Python imports their modules, before
any other module of gating can have taken a label over. What is printed names labels by their members.
"""

from __future__ import annotations

import ast
import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from enum import Enum
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gating.events import Events
    from gating.events.panel import GatingPanel

LABELS = {"gating.gates.steps": {"Step", "GateFlag"}, "gating.thresholds.methods": {"Method"}}
"""Module → its enums of labels."""


class RenamingLoader(SourceFileLoader):
    """Imports a module with other words in its enums."""

    def get_code(self, fullname: str) -> CodeType:
        tree = ast.parse(Path(self.path).read_text("utf-8"))
        enums = [n for n in tree.body if isinstance(n, ast.ClassDef) and n.name in LABELS[fullname]]
        assert {enum.name for enum in enums} == LABELS[fullname]
        for enum in enums:
            for number, member in enumerate(n for n in enum.body if isinstance(n, ast.Assign)):
                member.value = ast.copy_location(ast.Constant(f"{enum.name} no {number}"), member.value)
        return compile(tree, self.path, "exec", dont_inherit=True)


class RenamingFinder(MetaPathFinder):
    """Finds the modules that have labels."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path, target) if fullname in LABELS else None
        if spec is not None:
            assert spec.origin is not None, fullname
            spec.loader = RenamingLoader(fullname, spec.origin)
        return spec


def gated_tubes() -> list[object]:
    """Return what the gates give of some tubes: a row of numbers per tube."""
    from helpers.known_marrow import marrow, panel

    usual = marrow(19, n=12_000, percent=1.0, normal_percent=1.0)
    empty = marrow(1, n=12_000, percent=0, normal_percent=0)
    by_person = {"cd138": 3_000.0, "Viability": 900.0, "FSC-A": 9_000.0, "time": 1.0}
    return [
        row_of(usual.events, panel()),
        row_of(usual.events, panel(), overrides=by_person),
        row_of(usual.events, panel(), pooled={"cd138": 3_000.0, "Viability": 700.0}),
        row_of(empty.events, panel()),
        row_of(empty.events, panel(), pooled={"cd138": 3_000.0}),
        row_of(marrow(7, n=12_000).events, panel(without=("Viability", "CD45", "Time", "FSC-H"))),
        row_of(marrow(20, n=12_000, percent=0, normal_percent=1.0).events, panel()),
    ]


def row_of(
    events: Events,
    panel: GatingPanel,
    *,
    overrides: Mapping[str, float] | None = None,
    pooled: Mapping[str, float] | None = None,
) -> list[object]:
    """Return a tube's numbers; labels by the names of their members."""
    from gating import gate_plasma_cells
    from gating.batch_cuts import BatchCut, cuts_to_lend, dye_cuts
    from gating.sentinels import find_sentinels

    gated = gate_plasma_cells(events, panel, overrides=overrides, pooled=pooled)
    dyes = dye_cuts(events, panel, gated)
    lent = cuts_to_lend(gated.steps, [BatchCut(cut.step, cut.channel, 500.0, 0.1, 5) for cut in dyes])
    return [
        hashlib.sha256(gated.step_masks.tobytes()).hexdigest(),
        None if gated.aberrant is None else hashlib.sha256(gated.aberrant.tobytes()).hexdigest(),
        gated.confidence,
        [member_of(flag) for flag in gated.flags],
        [
            [
                member_of(step.name),
                [method.name for method in step.methods],
                step.is_set_by_person,
                step.thresholds,
                step.confidence,
            ]
            for step in gated.steps
        ],
        [[member_of(cut.step), cut.method.name, cut.value, cut.confidence, cut.is_clear] for cut in dyes],
        [[member_of(cut.step), cut.channel] for cut in lent],
        [[s.name, s.confidence, int(s.mask.sum())] for s in find_sentinels(events, panel, gated)],
    ]


def member_of(label: str) -> str:
    assert isinstance(label, Enum), label
    return label.name


def main() -> None:
    if "renamed" in sys.argv[1:]:
        sys.meta_path.insert(0, RenamingFinder())
    from gating.gates.steps import Step

    print(json.dumps({"word": Step.PLASMA_CELLS.value, "tubes": gated_tubes()}))


if __name__ == "__main__":
    main()
