"""Flags and statuses are members of enums: no literal string decides, and every flag has its words."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from enum import Enum, StrEnum
from importlib import import_module
from pathlib import Path

import pytest

from calibration.density.result import RdStatus
from doc_tables import SAID_BY, flags_in_the_code
from helpers.syntax import nodes_of, tree_of
from pipeline.output.flag_words.all_flags import FLAGS
from pipeline.output.flag_words.entry import Weight, sentence
from pipeline.patients.receptor_occupancy.sentinel_reading import WORDS, SentinelReading

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("gating", "calibration", "pipeline")
FOREIGN: Mapping[str, str] = {
    "CD38": "a marker, as simulated panels name it",
    "VIABILITY": "a dye, as simulated panels name it",
    "RD": "a heading of the printed table",
    "PM": "half of the day in $BTIM",
    "FCS": "GatingML's word for the file's own matrix",
    "WSP": "how a file of FlowJo is marked",
    "ASF": "the end of a cytometer's own keywords",
    **dict.fromkeys(("GET", "HEAD"), "methods of HTTP"),
    **dict.fromkeys(("IF", "IA", "FD", "IFDA"), "letters of $DATATYPE"),
    **dict.fromkeys(("GET", "HEAD"), "requests of HTTP that change nothing"),
    **dict.fromkeys(("S01", "S05", "S06", "S08", "S09", "S10", "S11"), "tubes of the faulty study"),
}
"""Words in capitals that are compared and are no label of ours: what they are."""


def sources() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def flag_enums() -> Iterator[tuple[str, str]]:
    """Yield module and name of every enum of flags in the sources."""
    for path in sources():
        for node in tree_of(path).body if "Flag(" in path.read_text("utf-8") else ():
            if isinstance(node, ast.ClassDef) and node.name.endswith("Flag"):
                yield ".".join(path.relative_to(ROOT).with_suffix("").parts), node.name


@pytest.mark.parametrize(("module", "name"), list(flag_enums()))
def test_every_enum_of_flags_is_said_by_somebody_and_every_member_is_written_as_its_name(
    module: str, name: str
):
    enum = getattr(import_module(module), name)
    assert issubclass(enum, StrEnum)
    assert enum in {one for enums in SAID_BY.values() for one in enums}
    assert all(flag.value == flag.name for flag in enum)


def test_every_flag_has_words_and_no_words_stand_without_a_flag():
    assert all(isinstance(flag, Enum) for flag in FLAGS)
    assert {id(flag) for flag in FLAGS} == {id(flag) for flag in flags_in_the_code()}


@pytest.mark.parametrize("flag", list(FLAGS))
def test_every_flag_says_what_it_means_where_it_comes_from_and_what_to_do(flag: str):
    words = FLAGS[flag]
    told = (words.says, words.effect, words.cause, words.action)
    assert all(text == text.strip() and len(text) >= 8 and not text.endswith(".") for text in told)
    assert len(set(told)) == 4
    assert words.meaning == f"{sentence(words.says)} {sentence(words.effect)}"
    assert isinstance(words.weight, Weight)


def test_no_two_enums_have_the_same_flag():
    assert (
        Counter(flag.value for enums in SAID_BY.values() for enum in enums for flag in enum).most_common(1)[
            0
        ][1]
        == 1
    )


def test_every_reading_of_sentinels_has_words():
    assert set(WORDS) == set(SentinelReading)


@pytest.mark.parametrize("path", sources(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_flag_or_a_status_is_written_as_a_literal_in_its_enum_alone(path: Path):
    words = {label.value for label in (*flags_in_the_code(), *RdStatus)}
    assert [literal for literal in literals_outside_of_enums(path) if literal in words] == []


@pytest.mark.parametrize("path", sources(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nothing_is_compared_with_a_label_that_is_a_literal(path: Path):
    assert [word for word in compared_words(tree_of(path)) if word not in FOREIGN] == []


@pytest.mark.parametrize(
    "line",
    [
        'x = status == "NO_CURVE"',
        'x = "FAILED" != status',
        'x = flag in ("OK", "FAILED")',
        'x = "SPILL_MISSING" in flags',
        'x = {"CONTROL_BRIGHT"} & set(flags)',
        'KEPT = ("NO_TIME", "OK")\nx = [flag for flag in flags if flag in KEPT]',
        'match flag:\n    case "NO_TIME" | "OK":\n        pass',
        'x = flags.count("BELOW_LLOQ")',
        'x = flag.startswith("NO_TIME")',
    ],
)
def test_that_a_comparison_with_a_literal_is_found(line: str):
    assert [word for word in compared_words(ast.parse(line)) if word not in FOREIGN]


@pytest.mark.parametrize("line", ['x = role == "time"', 'x = kind == "A"', "x = flag is Flag.NO_TIME"])
def test_that_other_comparisons_are_left_alone(line: str):
    assert list(compared_words(ast.parse(line))) == []


def literals_outside_of_enums(path: Path) -> Iterator[str]:
    tree = tree_of(path)
    enums = [node for node in nodes_of(path) if is_enum(node)]
    inside = {id(part) for enum in enums for part in ast.walk(enum)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            yield node.value


def is_enum(node: ast.AST) -> bool:
    return isinstance(node, ast.ClassDef) and any(
        isinstance(base, ast.Name) and base.id == "StrEnum" for base in node.bases
    )


def compared_words(tree: ast.Module) -> Iterator[str]:
    """Yield the words in capitals, of two letters or more, that anything is compared with."""
    named = {}
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            named |= {target.id: node.value for target in targets if isinstance(target, ast.Name)}
    for node in ast.walk(tree):
        for part in compared_parts(node):
            meant = named.get(part.id, part) if isinstance(part, ast.Name) else part
            yield from (word for word in words_of(meant) if len(word) > 1 and is_label(word))


def is_label(word: str) -> bool:
    return word.isascii() and word.replace("_", "").isalnum() and word.isupper() and word[0].isalpha()


def compared_parts(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.Compare():
            return [node.left, *node.comparators]
        case ast.BinOp(op=ast.BitAnd() | ast.Sub() | ast.BitXor()):
            return [node.left, node.right]
        case ast.MatchValue():
            return [node.value]
        case ast.Call(func=ast.Attribute(attr="count" | "startswith" | "index" | "endswith")):
            return node.args
    return []


def words_of(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(word)):
            yield word
        case ast.Tuple() | ast.List() | ast.Set():
            for part in node.elts:
                yield from words_of(part)
        case ast.Dict():
            for key in node.keys:
                yield from words_of(key) if key is not None else ()
        case ast.Starred() | ast.BinOp() | ast.IfExp():
            for part in ast.iter_child_nodes(node):
                yield from words_of(part) if isinstance(part, ast.expr) else ()
        case ast.Call(func=ast.Name(id="frozenset" | "set" | "tuple" | "list")):
            for part in node.args:
                yield from words_of(part)
