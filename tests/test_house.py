"""The house: rooms of a size that a newcomer can survey, on floors that the import contracts hold."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from doc_layers import children_of, floors_of, folders_with_floors
from doc_rooms import GAP, ROOT, owned_by, picture, side_by_side, stories, story_of
from helpers.imports import PACKAGES, children_by_import, imports_of, imports_of_all, module_paths
from helpers.syntax import nodes_of, tree_of

MOST_MODULES, MOST_LINES, MOST_FLOORS = 12, 300, 12
MOST_LINES_OF_A_FUNCTION = 50


def folders() -> list[Path]:
    return [path.parent for package in PACKAGES for path in sorted((ROOT / package).rglob("__init__.py"))]


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.relative_to(ROOT).as_posix())
def test_a_folder_holds_few_modules_of_a_length_that_is_read_at_once(folder):
    modules = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
    assert len(modules) <= MOST_MODULES
    lengths = {path.name: len(path.read_text("utf-8").splitlines()) for path in folder.glob("*.py")}
    assert {name: n for name, n in lengths.items() if n > MOST_LINES} == {}


def test_the_whole_story_has_few_floors():
    floors = story_of("pipeline").floors
    assert len(floors) <= MOST_FLOORS
    lowest = [ROOT / "pipeline" / room for room in floors[-1]]
    text = "".join(path.read_text("utf-8") for room in lowest for path in room.rglob("*.py"))
    for package in ("gating", "calibration"):  # they stand on the lowest floor, beside it
        assert f"from {package}" not in text


@pytest.mark.parametrize("story", stories(), ids=lambda story: story.package)
def test_every_room_of_a_contract_exists_and_says_what_it_owns(story):
    for floor in story.floors:
        for room in floor:
            assert owned_by(story.package.replace(".", "/"), room).endswith("."), room


def test_every_room_of_a_package_stands_in_its_contract():
    for story in stories():
        folder = ROOT / story.package.replace(".", "/")
        rooms = {path.parent.name for path in folder.glob("*/__init__.py")}
        rooms |= {path.stem for path in folder.glob("*.py") if path.stem not in ("__init__", "__main__")}
        assert rooms - {room for floor in story.floors for room in floor} == set(), story.package


def test_every_test_file_has_a_name_of_its_own():
    """Pytest collects two files of one name in no run that has both."""
    names = Counter(path.name for path in (ROOT / "tests").rglob("test_*.py"))
    assert [name for name, n in names.items() if n > 1] == []


def folders_with_tests() -> set[str]:
    """Return the folders of `tests` that hold a test of a package, and those above them, as of the sources."""
    tests = ROOT / "tests"
    holding = {
        path.parent.relative_to(tests)
        for package in PACKAGES
        for path in (tests / package).rglob("test_*.py")
    }
    return {folder.as_posix() for held in holding for folder in (held, *held.parents)} - {"."}


def test_the_folders_of_the_tests_are_those_of_the_sources():
    sources = {folder.relative_to(ROOT).as_posix() for folder in folders()}
    assert sources - folders_with_tests() == set(), "rooms without a folder of tests"
    assert folders_with_tests() - sources == set(), "folders of tests without a room"


def length_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of a function, its docstring left out."""
    first = function.body[0] if ast.get_docstring(function) is not None else None
    said = 0 if first is None else (first.end_lineno or 0) - first.lineno + 1
    return (function.end_lineno or 0) - function.lineno + 1 - said


def test_no_function_is_longer_than_a_page():
    long = [
        f"{path.relative_to(ROOT).as_posix()}: {node.name}, {length_of(node)} lines"
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        for node in nodes_of(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and length_of(node) > MOST_LINES_OF_A_FUNCTION
    ]
    assert long == []


FACTS = {
    "visits_of": "pipeline/assembly/assemble.py",
    "follow_ups": "pipeline/assembly/assemble.py",
    "response_clocks": "pipeline/assembly/assemble.py",
    "exposures": "pipeline/assembly/assemble.py",
    "limiting": "pipeline/assembly/assemble.py",
    "patient_facts": "pipeline/assembly/assemble.py",
    "controlled_patients": "pipeline/response/patient_facts.py",
    "rd_visits": "pipeline/response/patient_facts.py",
}
"""What is computed once, into the result of the study, and where; everybody else reads it there."""


def callers_of(function: str) -> list[str]:
    return [
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / "pipeline").rglob("*.py"))
        for node in nodes_of(path)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function
    ]


@pytest.mark.parametrize("function", FACTS)
def test_a_fact_of_the_study_is_computed_once(function: str):
    assert callers_of(function) == [FACTS[function]]


def test_by_what_visits_are_told_apart_is_decided_in_one_function():
    """By `visit_name`: as typed, else the day of collection; never by the typed visit with a rule of its own."""
    texts = {
        path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
        for path in (ROOT / "pipeline").rglob("*.py")
    }
    deciding = [name for name, text in texts.items() if re.search(r"\bvisit or \S*(str|collected_on)", text)]
    assert deciding == ["pipeline/patients/same_visit.py"]


MAKE_A_DENSITY = {
    "pipeline/quantification/receptor.py": "the density of a tube, step by step",
    "pipeline/washout/total.py": "the total from the free density",
    "pipeline/washout/sensitivity/variations.py": "rows as they would be by other limits",
}
"""Modules that make a density of another one, and so must know whether it has an estimate."""
NUMBERED_STATUSES = {"OK", "ABOVE_ULOQ_EXTRAPOLATED"}


def asks_anew(node: ast.AST) -> bool:
    """Return whether code asks by itself whether a density is a number: by the statuses, or by `rd`."""
    if isinstance(node, ast.Compare):
        sides = (node.left, *node.comparators)
        empty = any(isinstance(side, ast.Constant) and side.value is None for side in sides)
        return empty and any(isinstance(side, ast.Attribute) and side.attr == "rd" for side in sides)
    if isinstance(node, ast.Tuple | ast.Set | ast.List):
        listed = {part.attr for part in node.elts if isinstance(part, ast.Attribute)}
        return listed >= NUMBERED_STATUSES
    return any(name == "NUMBERED" for name in (getattr(node, "id", None), getattr(node, "attr", None)))


def test_whether_a_density_is_a_number_is_asked_in_one_place():
    """By `quotable_density`, or `raw_estimate` for an estimate that does not count; never by a status or `rd`."""
    asked = {
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / "pipeline").rglob("*.py"))
        if any(asks_anew(node) for node in ast.walk(tree_of(path)))
    }
    assert asked == MAKE_A_DENSITY.keys()


@pytest.mark.parametrize(
    "code", ["row.rd is not None", "None is row.rd", "row.status in NUMBERED", "row.status in result.NUMBERED",
             "row.status in (RdStatus.OK, RdStatus.ABOVE_ULOQ_EXTRAPOLATED)"]
)  # fmt: skip
def test_a_question_of_its_own_is_seen(code: str):
    assert any(asks_anew(node) for node in ast.walk(ast.parse(code)))


def circles(siblings: Mapping[str, set[str]]) -> dict[str, list[str]]:
    """Return what is left when everything that imports no circle is taken away."""
    left = dict(siblings)
    while free := {name for name, taken in left.items() if not taken & left.keys()}:
        left = {name: taken for name, taken in left.items() if name not in free}
    return {name: sorted(taken & left.keys()) for name, taken in left.items()}


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.relative_to(ROOT).as_posix())
def test_no_modules_or_sub_folders_of_a_folder_import_each_other_in_a_circle(folder: Path):
    name = ".".join(folder.relative_to(ROOT).parts)
    assert circles(children_by_import(name, imports_of_all())) == {}


def test_a_circle_through_a_sub_folder_is_seen():
    imports = {"p": set(), "p.desk": {"p.review.shown"}, "p.review": set(), "p.review.shown": set(),
               "p.review.routes": {"p.desk"}, "p.app": {"p.desk"}}  # fmt: skip
    assert circles(children_by_import("p", imports)) == {
        "app": ["desk"],
        "desk": ["review"],
        "review": ["desk"],
    }
    assert circles(children_by_import("p.review", imports)) == {}


def test_no_modules_import_each_other_in_a_circle():
    modules = {name: path for name, path in module_paths().items() if path.name != "__init__.py"}
    assert circles({name: imports_of(path, modules) - {name} for name, path in modules.items()}) == {}


def test_no_text_names_a_module_of_the_program():
    """Such a text would be an import that no contract sees; the command alone names itself, to be started."""
    paths = module_paths()
    named = {
        (name, node.value)
        for name, path in paths.items()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value in paths.keys() - {*PACKAGES}
    }
    assert named == {("pipeline.cli", "pipeline.cli")}


def test_every_folder_with_three_modules_or_more_has_a_contract_of_its_own():
    """`python tests/doc_layers.py` writes those that lack, with the floors as they are."""
    rooms = {f"pipeline.{path.parent.name}" for path in (ROOT / "pipeline").glob("*/__init__.py")}
    contracts = {story.package: len(story.floors) for story in stories()}
    assert {*folders_with_floors(), *rooms} - contracts.keys() == set()
    assert {name: n for name, n in contracts.items() if n > MOST_FLOORS} == {}


def test_every_module_of_a_folder_stands_on_one_floor_of_its_contract():
    for story in stories():
        every = [room for floor in story.floors for room in floor]
        assert sorted(every) == sorted(children_of(story.package)), story.package


def test_no_module_imports_a_folder_in_which_it_lies():
    """A folder's face stands above its modules, and so it imports them."""
    above = {
        name: {other for other in taken if name.startswith(f"{other}.")}
        for name, taken in imports_of_all().items()
    }
    assert {name: taken for name, taken in above.items() if taken} == {}


def test_floors_are_measured_from_below():
    assert floors_of({"page": {"desk", "door"}, "desk": {"door"}, "door": set(), "stamps": set()}) == [
        ["page"], ["desk"], ["door", "stamps"]]  # fmt: skip
    with pytest.raises(ValueError, match="a circle of imports among desk, door"):
        floors_of({"desk": {"door"}, "door": {"desk"}, "stamps": set()})


def test_no_public_function_class_or_constant_is_there_for_tests_alone():
    """Each is used in the program, offered by a face, drawn by a template, decorated, or an entry point."""
    used = Counter()
    for path in module_paths().values():
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                used[node.id] += 1
            elif isinstance(node, ast.Attribute):
                used[node.attr] += 1
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
                used[node.value] += path.name == "__init__.py"
    used.update(re.findall(r"pipeline\.\S+:(\w+)", (ROOT / "pyproject.toml").read_text("utf-8")))
    unused = {
        name
        for path in module_paths().values()
        for node in tree_of(path).body
        for name in public_names(node)
        if not used[name]
    }
    assert unused - COLUMNS_FOR_DOCS == set()


COLUMNS_FOR_DOCS = {
    "CALIBRATION_COLUMNS",
    "CHANGE_COLUMNS",
    "UNNUMBERED_COLUMNS",
    "DISTRIBUTION_COLUMNS",
    "CYTOMETERS",
}
"""Lists of all columns or cytometers, by which the tests hold the docs and try each one."""


def public_names(node: ast.stmt) -> list[str]:
    """Return the public names that a line of a module defines; a decorated one belongs to its decorator."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        names = [] if isinstance(node, ast.FunctionDef) and node.decorator_list else [node.name]
    else:
        targets = (
            node.targets
            if isinstance(node, ast.Assign)
            else [node.target]
            if isinstance(node, ast.AnnAssign)
            else []
        )
        names = [target.id for target in targets if isinstance(target, ast.Name)]
    return [name for name in names if not name.startswith("_")]


def test_the_columns_of_the_picture_of_rooms_do_not_touch():
    (left,) = [line for line in picture().splitlines() if line.startswith("gating/")]
    start = left.index("calibration/")
    drawn = picture().splitlines()
    under = drawn[drawn.index(left) : -1]
    assert all(line[start - GAP : start].strip() == "" for line in under), "a gap between the columns"
    every = {room for line in under[1:] for room in line.replace("·", " ").split()}
    rooms = {room for package in ("gating", "calibration") for f in story_of(package).floors for room in f}
    assert every == rooms


def test_the_right_column_begins_after_the_longest_line_of_the_left_one():
    assert side_by_side(["a" * 50, "b"], ["c", "d", "e"]) == [
        f"{'a' * 50}{' ' * GAP}c", f"b{' ' * (49 + GAP)}d", f"{' ' * (50 + GAP)}e"]  # fmt: skip
