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
from helpers.syntax import faults_by_file, nodes_of, tree_of
from pipeline.output.flag_words.all_flags import FLAGS
from pipeline.output.flag_words.entry import Weight, sentence
from pipeline.patients.receptor_occupancy.sentinel_reading import READING_WORDS, SentinelReading

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
    assert set(READING_WORDS) == set(SentinelReading)


def test_a_flag_or_a_status_is_written_as_a_literal_in_its_enum_alone():
    words = {label.value for label in (*flags_in_the_code(), *RdStatus)}

    def written(path: Path) -> list[str]:
        return [literal for literal in literals_outside_of_enums(path) if literal in words]

    assert faults_by_file(sources(), written) == {}


def test_a_rule_names_the_files_with_a_fault_and_no_other(tmp_path: Path):
    sound, faulty = tmp_path / "sound.py", tmp_path / "faulty.py"
    found = {sound: [], faulty: ["a literal"]}
    assert faults_by_file(found, found.__getitem__) == {faulty.as_posix(): ["a literal"]}


def test_nothing_is_compared_with_a_label_that_is_a_literal():
    def compared(path: Path) -> list[str]:
        return [word for word in compared_words(tree_of(path)) if word not in FOREIGN]

    assert faults_by_file(sources(), compared) == {}


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


OWN_WORDS = {
    "event", "expected", "hint", "interval_method", "label", "line", "message", "method", "methods", "name", "note",
    "notes", "per", "pool", "population", "problem", "reason", "remedy", "rule", "said", "source", "strength",
    "title", "unit", "when", "why", "words",
}  # fmt: skip
"""What holds words that our own code wrote for people. Nothing may be decided by reading them back."""
ASKED_BY = {"startswith", "endswith", "removeprefix", "removesuffix", "partition", "rpartition", "split",
            "rsplit", "count", "find", "index"}  # fmt: skip
"""Methods of a text that look for another one in it."""
FROM_OUTSIDE: Mapping[str, str] = {
    "os.name": "Python's name of the operating system",
    "f.name": "a field of a dataclass, by its name in the code",
    "sheet.name": "a sheet that a person typed",
    "chosen.name": "the scenario that a person asked for",
    "column.name": "a column's name in a file of results, which other programs read",
    "population.name": "a kind of simulated cells",
    "self.name.endswith('_1')": "the number in a simulated tube's name",
    "self.name.removesuffix('_percent')": "a column's name as its header",
    "'mg'": "a unit of a dose as typed in the doses sheet",
    "'mg/kg'": "a unit of a dose as typed in the doses sheet",
    "'dump'": "a role of a channel",
    "'AREA SCALING'": "the end of a cytometer's own keywords",
    "path.name": "a file that a person named",
    "above.name": "the folder of results, by the name that is typed in scripts",
    "data.name": "a file of results, which other programs read",
    "source in _OF_THE_FILE": "the keyword of an FCS file that holds its matrix",
    "name != _BLANK": "the sheet of an empty workbook",
    "row == _ANY_OF_HIGH_RISK": "the row that is named by no person",
    "name == SOURCE_CODE": "a key of the facts about the program, as they are stored",
    "caseless(cell.value)": "what a person typed",
    "head": "a line of a stored result",
    "_SOUNDED.split(' ')": "a list of letters",
}
"""Parts of comparisons that are no words of ours: what they are."""


@pytest.mark.slow
def test_no_word_that_our_own_code_wrote_is_read_back():
    assert faults_by_file(sources(), lambda path: words_read_back(tree_of(path))) == {}


@pytest.mark.parametrize(
    "line",
    [
        'x = estimate.unit.startswith("fold")',
        'x = result.population.startswith("aberrant")',
        'x = any("Firth" in one.method for one in estimated)',
        'x = "per_doubling" in estimate.name',
        'x = "person" in step.method',
        'x = event == "progression"',
        'x = hint.partition(" If there")[0]',
        'x = f"{when}" if when == "a trough" else ""',
        'x = gate.source == "review.csv"',
        'x = line in (GUIDE[0], "The sheets")',
        'TITLE = "Cytogenetics"\nx = row.title == TITLE',
        'match estimate.unit:\n    case "weeks":\n        pass',
        'x = where.split(" and so on ")',
        'x = re.match("fold", estimate.unit)',
    ],
)
def test_that_a_word_that_is_read_back_is_found(line: str):
    assert list(words_read_back(ast.parse(line)))


@pytest.mark.parametrize(
    "line",
    [
        "x = estimate.unit.kind is UnitKind.FOLD",
        'x = role == "time"',
        'x = os.name == "posix"',
        'x = name.split(";")',
        'x = note == ""',
    ],
)
def test_that_other_words_are_left_alone(line: str):
    assert list(words_read_back(ast.parse(line))) == []


COMPOSED_OUTSIDE = {
    "str(root.tag).startswith(f'{{{STANDARD}')": "a name space of an XML file",
    "f'/{name}'.endswith(f'/{name_or_path}')": "a path in a FlowJo workspace, as a person types its end",
    "c.startswith(f'{name}_')": "a column that a person typed in part",
    "line.startswith('MemAvailable:')": "a line of the operating system",
    "_kind(text).removeprefix('…: ')": "two texts that are shown: one that says the same is left out",
}
"""Texts that are taken apart: whose they are, or why nothing is decided by them."""


def keys_taken_apart(tree: ast.Module) -> Iterator[str]:
    """Yield where a text is asked for a part with its separator: a key that should be a value with its parts."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="startswith" | "endswith" | "removeprefix" | "removesuffix"),
                args=[part],
            ) if is_composed(part):
                yield ast.unparse(node)


def is_composed(part: ast.expr) -> bool:
    return isinstance(part, ast.JoinedStr) or (
        isinstance(part, ast.Constant)
        and isinstance(part.value, str)
        and part.value.endswith((": ", ":", " "))
    )


def test_no_key_of_ours_is_taken_apart():
    def apart(path: Path) -> list[str]:
        return [key for key in keys_taken_apart(tree_of(path)) if key not in COMPOSED_OUTSIDE]

    assert faults_by_file(sources(), apart) == {}


def test_every_text_that_others_composed_is_still_taken_apart():
    every = {key for path in sources() for key in keys_taken_apart(tree_of(path))}
    assert COMPOSED_OUTSIDE.keys() - every == set()


@pytest.mark.parametrize(
    ("line", "is_taken_apart"),
    [
        ('x = row.startswith(f"gates {name}/")', True),
        ('x = name.removeprefix("sample:")', True),
        ('x = change.row.startswith("samples ")', True),
        ('x = str(fault).removeprefix(f"{fault.where}: ")', True),
        ('x = name.startswith("/")', False),
        ('x = name.endswith(".fcs")', False),
    ],
)
def test_which_key_is_taken_apart(line: str, is_taken_apart: bool):
    assert bool(list(keys_taken_apart(ast.parse(line)))) is is_taken_apart


def test_nothing_is_matched_by_a_rounded_number():
    assert faults_by_file(sources(), lambda path: matched_by_rounded(tree_of(path))) == {}


@pytest.mark.parametrize(
    "line",
    [
        "x = [name for name, value in given.items() if rounded(value) not in taken]",
        "x = value == rounded(override.value)",
        "x = {rounded(override.value) for override in overrides}",
        "x = round(a, 3) != round(b, 3)",
        "x = {rounded(value): name for name, value in given.items()}",
    ],
)
def test_that_a_match_by_a_rounded_number_is_found(line: str):
    assert list(matched_by_rounded(ast.parse(line)))


@pytest.mark.parametrize(
    "line", ["x = rounded(value) > 0", "x = round(3.5) in ranks", "x = {n for n in ranks}"]
)
def test_that_other_rounded_numbers_are_left_alone(line: str):
    assert list(matched_by_rounded(ast.parse(line))) == []


def words_read_back(tree: ast.Module) -> Iterator[str]:
    """Yield each place where words for people are compared with a literal, or searched for one."""
    named = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        parts = [
            named.get(part.id, part) if isinstance(part, ast.Name) else part for part in texts_asked(node)
        ]
        literals = [word for part in parts for word in words_of(part) if any(map(str.isalpha, word))]
        said = [ast.unparse(part) for part in parts] + [repr(word) for word in literals] + [ast.unparse(node)]
        is_own = any(name_of(part) in OWN_WORDS for part in parts)
        is_phrase = any(" " in word.strip() for word in literals)
        if literals and (is_own or is_phrase) and not FROM_OUTSIDE.keys() & set(said):
            yield ast.unparse(node)[:100]


def texts_asked(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.Compare(ops=[ast.Eq() | ast.NotEq() | ast.In() | ast.NotIn()]):
            return [node.left, *node.comparators]
        case ast.Match():
            patterns = [case.pattern for case in node.cases]
            return [node.subject, *(p.value for p in patterns if isinstance(p, ast.MatchValue))]
        case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr="match" | "search" | "fullmatch")):
            return node.args
        case ast.Call(func=ast.Attribute(attr=attr, value=text)) if attr in ASKED_BY:
            return [text, *node.args]
    return []


def name_of(node: ast.expr) -> str:
    """Return the last name of what is asked; "" for a bare `name`, which people and files give."""
    match node:
        case ast.Attribute(attr=name):
            return name
        case ast.Name(id=name) if name not in ("name", "said", "words", "line"):
            return name
    return ""


def matched_by_rounded(tree: ast.Module) -> Iterator[str]:
    """Yield each place where rounded numbers are compared for equality, or collected to be looked up."""
    for node in ast.walk(tree):
        match node:
            case ast.Compare(ops=[ast.Eq() | ast.NotEq() | ast.In() | ast.NotIn()]):
                keys = [node.left, *node.comparators]
            case ast.SetComp():
                keys = [node.elt]
            case ast.DictComp():
                keys = [node.key]
            case _:
                keys = []
        if any(is_rounded(key) for key in keys):
            yield ast.unparse(node)[:100]


def is_rounded(node: ast.expr) -> bool:
    """Whether a value is a rounded float: `rounded(x)`, or `round` to digits."""
    match node:
        case ast.Call(func=ast.Name(id="rounded")):
            return True
        case ast.Call(func=ast.Name(id="round"), args=[_, _]):
            return True
    return False
