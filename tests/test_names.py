"""Names: each is a noun of the field and stands for one thing; what it holds can be read from it."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from doc_constants import constants, modules
from doc_rooms import ROOT
from helpers.syntax import faults_by_file, nodes_of, tree_of

PACKAGES = ("gating", "calibration", "pipeline")
BARE = {"found", "told", "untold", "one", "place", "again", "few", "seen", "held"}
"""Words that say nothing of what a thing is, as a whole name or, but for `one` and `few`, as a part of one."""
NUMBERS = {"one", "few"}
"""Part of a longer name they count something: `one_dye`, `FEW_EVENTS`."""
OF_THE_FIELD = {
    "Fault.found": "a message says what was found and what was expected",
    "Repair.found": "a repair says what was found in the file and what was used instead",
    "compensate_in_place": "in place: the values of the array itself become others",
}
"""Names that hold such a word, and why it is the right one there."""
SHARED = {
    "acquisition": "how the cytometer was set and when the file was recorded",
    "anchors": "the markers on which the wanted cells are looked for first",
    "assay": "the assay itself: its validation",
    "audit": "the audit trail",
    "beads": "calibration beads",
    "between_runs": "the scatter between runs",
    "cells": "cells of marrow in gating, calibration and pictures; cells of a sheet in study and workbook: both the field's word",
    "channels": "the channels of a panel",
    "commands": "what a person can ask for",
    "compensation": "taking spillover off",
    "courses": "a patient's course over time",
    "curve": "the standard curve",
    "cuts": "values at which cells or patients are parted",
    "deid": "a copy that names nobody",
    "distribution": "the cells of a tube beyond their median",
    "doses": "doses of the drugs",
    "drift": "a bead run against earlier ones",
    "drugs": "antibodies that cover CD38",
    "errors": "the base of what a person's file or sheet may cause",
    "events": "events as the cytometer recorded them",
    "evidence": "what speaks for a reading or for a cell",
    "faults": "what is wrong with what a person gave",
    "files": "files that are read or written",
    "fit": "fitting a curve",
    "flags": "short codes of a row",
    "follow_up": "how long a patient was followed",
    "gates": "gates as data",
    "gating": "gating",
    "gatingml": "the GatingML standard",
    "histograms": "counted events for a picture",
    "kits": "bead kits",
    "layout": "how events are stored in DATA",
    "legend": "what columns, flags and words mean",
    "letter": "the Letter whose numbers are compared",
    "likelihood": "a likelihood",
    "limits": "limits of quantification",
    "line": "the line of receptor density against washout",
    "membership": "which events a population holds",
    "methods": "how a threshold or a result was made",
    "mixture": "a mixture of normal distributions",
    "models": "the models of washout",
    "names": "names that people, files and instruments give",
    "notes": "sentences for a reader",
    "numbers": "numbers as such: array types, cells with a number, a table of numbers",
    "page": "a page that a browser shows",
    "pages": "pages that are shown or printed",
    "parameters": "parameters of an FCS file, of pharmacokinetics, of a simulation: each field's own word",
    "patients": "patients of the study",
    "peaks": "peaks of a density",
    "plan": "the plan of a study",
    "polygon": "a gate by its corners",
    "polygons": "gates by their corners",
    "population": "the population that a gate or a plan is about",
    "populations": "populations of beads or cells",
    "reading": "from what a person or a file gave to what is known",
    "reagents": "antibodies and beads that were bought",
    "record": "what the report keeps of how it was made",
    "report": "the report",
    "response": "the patients' responses",
    "result": "what is known in the end, as data",
    "review": "a person's review of tubes",
    "routes": "ways: of a drug into the body, of a request into the program; each field's own word",
    "rows": "rows of a table",
    "scatter": "light scatter",
    "sensitivity": "what other choices would give",
    "sentinels": "NK cells and B precursors, which the drug covers alike",
    "serum": "the drug in serum",
    "settings": "settings of a study",
    "sheet": "a sheet of a workbook",
    "sheets": "sheets of a workbook",
    "singlets": "single cells or beads",
    "statistics": "statistics",
    "study": "the study as typed, or as simulated",
    "style": "colours and type of the pictures",
    "survival": "survival of the patients",
    "table": "a table",
    "tables": "tables",
    "text": "TEXT of an FCS file",
    "thresholds": "thresholds of gates",
    "total": "total CD38: free and covered",
    "tube": "a tube",
    "tubes": "tubes",
    "typed": "what a person typed",
    "validation": "the validation of the assay",
    "values": "values of events",
    "washout": "receptor density against washout",
    "widening": "one more error in an interval",
    "within": "within a patient",
    "words": "words for a reader, or of a person",
    "workbook": "a workbook",
    "write": "writing a file",
}
"""Names of modules and rooms that stand in several places, and the one thing that each means everywhere."""


def sources() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def stem(path: Path) -> str:
    """Return what a module is called; a package by its folder."""
    return path.parent.name if path.name == "__init__.py" else path.stem


def words_of(name: str) -> set[str]:
    return set(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().split("_")) - {""}


def says_nothing(name: str) -> bool:
    """Whether a name is, or holds, a word that does not say what the thing is."""
    words = words_of(name) - {"a"}
    return words <= BARE or bool(words & (BARE - NUMBERS))


def named(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (name, in full) of every function, class, field and module-level variable."""
    for node in nodes_of(path):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node.name
        if isinstance(node, ast.ClassDef | ast.Module):
            owner = f"{node.name}." if isinstance(node, ast.ClassDef) else ""
            for target in (t for line in node.body for t in targets(line)):
                yield target, owner + target


def targets(line: ast.stmt) -> list[str]:
    assigned = (
        line.targets
        if isinstance(line, ast.Assign)
        else [line.target]
        if isinstance(line, ast.AnnAssign)
        else []
    )
    return [part.id for one in assigned for part in ast.walk(one) if isinstance(part, ast.Name)]


def public(tree: ast.Module) -> list[str]:
    """Return the public functions and classes of a module."""
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return [node.name for node in tree.body if isinstance(node, kinds) and not node.name.startswith("_")]


def test_no_two_public_classes_or_functions_share_a_name():
    places = defaultdict(set)
    for path in sources():
        for name in public(tree_of(path)):
            places[name].add(path.relative_to(ROOT).as_posix())
    assert {name: sorted(where) for name, where in places.items() if len(where) > 1} == {}


IN_BOTH = {"Floats", "Mask", "MAD_TO_SD", "LEAST_DIVISOR"}
"""Array types and statistical constants of one meaning that gating and calibration both need: neither knows the other."""


def defined(path: Path) -> Iterator[str]:
    """Yield every class and every type of a module, private ones too."""
    for node in tree_of(path).body:
        if isinstance(node, ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign) and not stands_alone(node.value):
            yield from (name for name in targets(node) if not name.isupper() and not name.startswith("__"))


def stands_alone(value: ast.expr | None) -> bool:
    """Whether a value is a type variable, which means one type within one function, or the logger of a module."""
    called = value.func if isinstance(value, ast.Call) else None
    return (isinstance(called, ast.Name) and called.id == "TypeVar") or (
        isinstance(called, ast.Attribute) and called.attr == "getLogger"
    )


def shared(names: Iterator[tuple[str, Path]]) -> dict[str, list[str]]:
    places = defaultdict(list)
    for name, path in names:
        places[name].append(path.relative_to(ROOT).as_posix())
    return {name: where for name, where in places.items() if len(where) > 1}


def test_no_two_classes_or_types_share_a_name_even_private_ones():
    every = shared((name, path) for path in sources() for name in defined(path))
    assert {name: where for name, where in every.items() if name not in IN_BOTH} == {}


def deciding() -> dict[str, list[str]]:
    """Return each name of a number that decides, and the modules that define it, where these are several."""
    return shared(
        (name, path) for path in modules() for one in constants(path) for name in one.names.split(", ")
    )


def test_no_two_numbers_that_decide_share_a_name_even_private_ones():
    assert {name: where for name, where in deciding().items() if name not in IN_BOTH} == {}


def public_constants(path: Path) -> Iterator[str]:
    """Yield each public constant of a module, whatever it holds."""
    for node in tree_of(path).body:
        yield from (name for name in targets(node) if name.isupper() and not name.startswith("_"))


def test_no_two_public_constants_share_a_name():
    every = shared((name, path) for path in sources() for name in dict.fromkeys(public_constants(path)))
    assert {name: where for name, where in every.items() if name not in IN_BOTH} == {}


def test_a_constant_is_seen_however_it_is_written(tmp_path: Path):
    module = tmp_path / "module.py"
    module.write_text("RULE = 1\nA, B = 2, 3\nC: Final = 'x'\n_PRIVATE = 4\nlower = 5\n", "utf-8")
    assert list(public_constants(module)) == ["RULE", "A", "B", "C"]


def test_modules_that_share_a_name_speak_of_one_thing():
    places = defaultdict(list)
    for path in sources():
        places[stem(path)].append(path.relative_to(ROOT).as_posix())
    shared = {name for name, where in places.items() if len(where) > 1}
    assert {name: places[name] for name in shared - SHARED.keys()} == {}
    assert SHARED.keys() - shared == set(), "no longer shared"


def test_every_name_says_what_it_holds():
    silent = []
    for path in sources():
        where = path.relative_to(ROOT).as_posix()
        silent += [where] * says_nothing(stem(path))
        for name, full in named(path):
            silent += [f"{where}: {full}"] * (says_nothing(name) and full not in OF_THE_FIELD)
    assert silent == []


EMPTY = BARE | {
    "ones",
    "said",
    "here",
    "there",
    "what",
    "called",
    "made",
    "given",
    "thing",
    "things",
    "stuff",
    "it",
}
"""Words that say nothing as the whole name of a local or of a parameter: a noun says what the variable holds."""
USUAL = {
    ("calibration/beads/lot_populations.py", "__init__: found"): "a public field of BeadPeaksError",
    ("gating/clusters/peaks.py", "_distances_and_reach: ones"): "a column of ones",
}
"""Variables that an empty word names, and why it is the right one there."""
EMPTY_MEMBERS = {
    "Fault.found": OF_THE_FIELD["Fault.found"],
    "Repair.found": OF_THE_FIELD["Repair.found"],
    "BeadPeaksError.found": "a public field: the medians of the populations that were found, beside how many were expected",
}
"""Fields that an empty word names, and why it is the right one there."""
MODULES = [path.relative_to(ROOT).as_posix() for path in sources()]


def variables(tree: ast.Module) -> Iterator[str]:
    """Yield `function: name` of every local variable and parameter, those of lambdas and comprehensions too."""
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.Lambda)):
        owner = function.name if isinstance(function, ast.FunctionDef) else "lambda"
        for node in ast.walk(function):
            match node:
                case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()):
                    yield f"{owner}: {name}"
                case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
                    yield f"{owner}: {name}"


def empty_variables(tree: ast.Module) -> list[str]:
    """Return the locals and parameters whose whole name is an empty word."""
    return sorted({full for full in variables(tree) if full.split(": ")[1].strip("_") in EMPTY})


def test_every_local_and_parameter_says_what_it_holds():
    def empty(module: str) -> list[str]:
        return [full for full in empty_variables(tree_of(ROOT / module)) if (module, full) not in USUAL]

    assert {module: names for module in MODULES if (names := empty(module))} == {}


@pytest.mark.parametrize(
    ("source", "empty"),
    [
        ("def f(found): ...", ["f: found"]),
        ("def f(*, told=()): ...", ["f: told"]),
        ("def f(*seen): ...", ["f: seen"]),
        ("def f():\n    place = 1", ["f: place"]),
        ("def f():\n    a, _held = b", ["f: _held"]),
        ("def f():\n    for one in b: ...", ["f: one"]),
        ("def f():\n    return [one for one in b]", ["f: one"]),
        ("def f():\n    return (again := b)", ["f: again"]),
        ("def f():\n    with b as few: ...", ["f: few"]),
        ("def f():\n    try: ...\n    except E as said: ...", ["f: said"]),
        ("key = lambda one: one.name", ["lambda: one"]),
        ("def f(placed, one_dye, n_found): ...", []),
        ("def f():\n    return found", []),
    ],
)
def test_which_variables_are_empty_words(source: str, empty: list[str]):
    assert empty_variables(ast.parse(source)) == empty


@pytest.mark.parametrize(
    ("name", "silent"),
    [("found", True), ("_told_in", True), ("a_few", True), ("FEW", True), ("ToldTogether", True),
     ("held_against_batch", True), ("one_dye", False), ("FEW_EVENTS", False), ("replace", False)],
)  # fmt: skip
def test_a_number_is_no_bare_word(name: str, silent: bool):
    assert says_nothing(name) is silent


def members(tree: ast.Module) -> Iterator[str]:
    """Yield every class, function and method, and `Class.name` of each field and of each attribute of `self`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        if isinstance(node, ast.ClassDef):
            yield from (f"{node.name}.{name}" for line in node.body for name in targets(line))
            for part in ast.walk(node):
                match part:
                    case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                        yield f"{node.name}.{name}"


def empty_members(tree: ast.Module) -> list[str]:
    """Return the classes, functions, fields and attributes whose whole name is an empty word."""
    return sorted({full for full in members(tree) if full.split(".")[-1].strip("_").lower() in EMPTY})


def test_every_class_function_and_field_says_what_it_holds():
    def empty(path: Path) -> list[str]:
        return [full for full in empty_members(tree_of(path)) if full not in EMPTY_MEMBERS]

    assert faults_by_file((ROOT / module for module in MODULES), empty) == {}


@pytest.mark.parametrize(
    ("source", "empty"),
    [
        ("class Given: ...", ["Given"]),
        ("class Cause:\n    said: tuple[str, ...] = ()", ["Cause.said"]),
        ("class Cause:\n    _made = {}", ["Cause._made"]),
        ("class Cause:\n    def __init__(self):\n        self._seen = 1", ["Cause._seen"]),
        ("class Cause:\n    def made(self): ...", ["made"]),
        ("def f():\n    def called(name): ...", ["called"]),
        ("class Cause:\n    messages: str\n    def f(self):\n        self.given_cuts = 1", []),
    ],
)
def test_an_empty_member_is_seen(source: str, empty: list[str]):
    assert empty_members(ast.parse(source)) == empty


SPEAKING = {"said", "says", "asked", "what"}
"""Verbs and question words: a function or class that is called by one does not say what it returns or is."""
A_CLAIM = {"says_compensated", "marker_says_compensated"}
"""Of a name that claims something about the values: a claim is no fact."""


def test_no_function_or_class_is_called_by_what_somebody_said_or_asked():
    speaking = [
        f"{path.relative_to(ROOT).as_posix()}: {node.name}"
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and SPEAKING & set(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", node.name).casefold().split("_"))
        and node.name not in A_CLAIM
    ]
    assert speaking == []


def test_every_exception_is_still_there():
    full = {full for path in sources() for _, full in named(path)}
    assert OF_THE_FIELD.keys() - full == set()
    empty = {(name, full) for name in MODULES for full in empty_variables(tree_of(ROOT / name))}
    fields = {full for name in MODULES for full in empty_members(tree_of(ROOT / name))}
    assert EMPTY_MEMBERS.keys() - fields == set()
    assert USUAL.keys() - empty == set()


SHARED_CUTS = (
    "gating/", "pipeline/quantification/", "pipeline/review/", "pipeline/output/flag_words/of_gates.py",
    "pipeline/running/two_passes.py", "pipeline/running/store.py", "pipeline/running/tasks.py", "pipeline/commands/stored.py",
)  # fmt: skip
"""Where tubes are spoken of that were acquired alike and so share cuts."""


def test_a_batch_is_tubes_that_were_acquired_alike_and_nothing_else():
    other = [
        path.relative_to(ROOT).as_posix()
        for path in sources()
        if re.search(r"(?i)batch", path.read_text("utf-8"))
    ]
    assert [name for name in other if not name.startswith(SHARED_CUTS)] == []


TYPES_OF_BEADS = {"Beads", "_Beads", "FittedBeads", "SimulatedBeads"}
"""Types of the beads themselves: their events, medians and levels."""
OF_THE_BEADS = (
    "calibration/", "pipeline/beads/calibrate.py", "pipeline/commands/calculator/", "pipeline/simulate/",
)  # fmt: skip
"""Where variables of a function hold the beads themselves."""
TEMPLATES = sorted((ROOT / "pipeline").rglob("*.j2"))


def other_beads(tree: ast.Module) -> Iterator[str]:
    """Yield what is called plain `beads` and is not of a type of beads: a bead run has a name, as `bead_run`."""
    rooms = {id(node) for part in ast.walk(tree) if isinstance(part, ast.Attribute) for node in path_of(part)}
    for node in ast.walk(tree):
        match node:
            case ast.arg(arg="beads") | ast.AnnAssign(target=ast.Name(id="beads")):
                kind = ast.unparse(node.annotation) if node.annotation else ""
                if kind not in TYPES_OF_BEADS:
                    yield f"{node.lineno}: beads: {kind}"
            case ast.Attribute(attr="beads") if id(node) not in rooms:
                yield f"{node.lineno}: {ast.unparse(node)}"
            case ast.keyword(arg="beads") | ast.FunctionDef(name="beads"):
                yield f"{node.lineno}: {ast.unparse(node)}"


def path_of(node: ast.Attribute) -> list[ast.expr]:
    """Return the parts of the dotted name of a module, `pipeline.beads.calibrate`; none of other names."""
    parts: list[ast.expr] = [node]
    while isinstance(parts[-1], ast.Attribute):
        parts.append(parts[-1].value)
    root = parts[-1]
    return parts if isinstance(root, ast.Name) and root.id in PACKAGES else []


def test_beads_are_the_beads_themselves_and_neither_a_bead_run_nor_a_list_of_them():
    fields = [f"{path.relative_to(ROOT)}:{name}" for path in sources() for name in other_beads(tree_of(path))]
    assert fields == []
    variables = [
        path.relative_to(ROOT).as_posix()
        for path in sources()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Name) and node.id == "beads" and isinstance(node.ctx, ast.Store)
    ]
    assert [name for name in variables if not name.startswith(OF_THE_BEADS)] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_speaks_of_bead_runs_as_beads(path: Path):
    code = re.findall(r"\{[{%].*?[%}]\}", path.read_text("utf-8"))
    assert [part for part in code if re.search(r"(?<![\"'#\w])beads\b", part)] == []


@pytest.mark.parametrize(
    ("source", "is_another"),
    [
        ("class Sample:\n    beads: str", True),
        ("class Study:\n    beads: tuple[BeadRun, ...] = ()", True),
        ("def run(beads): ...", True),
        ("def run(*, beads: Sequence[Use]): ...", True),
        ("class Files:\n    def beads(self): ...", True),
        ("replace(sample, beads='B1')", True),
        ("stores.beads.load('B1')", True),
        ("def line(beads: FittedBeads): ...", False),
        ("pipeline.beads.calibrate.compare_channels", False),
        ("row.values['beads']", False),
    ],
)
def test_what_is_another_meaning_of_beads(source: str, is_another: bool):
    assert bool(list(other_beads(ast.parse(source)))) is is_another


LOOKUPS = {
    "where doublets are cut": (("singlets",), "gating/cleaning/singlets.py", "find_singlets"),
    "where the LLOQ is decided": (("limits",), "calibration/density/limits.py", "density_limits"),
    "where an Excel cell becomes a date": (("dates",), "pipeline/study/cells/dates.py", "as_date"),
    "where dask is started": (("dask_*",), "pipeline/running/this_computer/dask_own_workers.py", "in_own_processes"),
    "where a flag gets its words": (("flag_words/all_*",), "pipeline/output/flag_words/all_flags.py", "words_of_flag"),
    "where the recovery curve is fitted": (("recovery/fit",), "pipeline/washout/recovery/fit.py", "fit_recovery"),
    "where an FCS offset is repaired": (("fcs/*/offsets",), "pipeline/fcs/layout/offsets.py", "find_data"),
    "where a person's gate replaces ours": (("person_gates",), "gating/gates/person_gates.py", "replaced_by_polygon"),
}  # fmt: skip
"""What a reader looks for: the names that are tried, one after the other, the file, and what does it there."""


@pytest.mark.parametrize("question", LOOKUPS)
def test_a_reader_finds_it_by_name_in_two_files_at_most(question: str):
    tried, wanted, does_it = LOOKUPS[question]
    opened = []
    for guess in tried:
        hits = [path for path in sources() if path.match(f"{guess}.py") and path.name != "__init__.py"]
        opened += sorted(path.relative_to(ROOT).as_posix() for path in hits)
        if wanted in opened:
            break
    assert wanted in opened, opened
    assert len(opened) <= 2, opened
    assert does_it in {name for name, _ in named(ROOT / wanted)}


def test_dask_is_started_where_a_reader_is_sent():
    starts = {
        path.relative_to(ROOT).as_posix()
        for path in sources()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ImportFrom) and node.module == "dask.base"
        for alias in node.names
        if alias.name == "compute"
    }
    assert starts == {LOOKUPS["where dask is started"][1]}
