"""A typed name names a file, and is never a path."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.files.safe_name import UnsafeNameError, file_named, name_problem, safe_name

PATHS = [
    "../../../EVIL", "/etc/EVIL", "C:\\EVIL", "\\\\host\\share", "QB 05/31", "a\\b", "..", ".", ".hidden", "end.",
    " blank", "blank ", "", "CON", "con.txt", "Lpt9", "COM¹", "CONIN$", "aux .x", "NUL", "a\0b", "a\nb", "tab\tb",
    "zero\u200bwidth", "right\u202eleft", "soft\u00adhyphen", "x" * 101, "é" * 100, "漢" * 70, "😀" * 60, "a;b", "q?", "a*",
    "a|b", 'a"b', "<a>",
]  # fmt: skip


@pytest.mark.parametrize("name", PATHS)
def test_what_is_a_path_or_no_name_on_some_system_names_no_file(tmp_path, name):
    expected, problem = name_problem(name)
    assert expected
    assert problem
    with pytest.raises(UnsafeNameError, match="no file is named after"):
        file_named(tmp_path, name, ".json")


@pytest.mark.parametrize(
    "name", ["QB_2024-05-31", "P 01", "Ä-7_b (2)", "007", "console", "COM10", "血液", "x" * 100]
)
def test_ordinary_names_name_a_file_in_the_folder(tmp_path, name):
    path = file_named(tmp_path, name, ".parquet")
    assert path.parent == tmp_path
    path.write_text("x")
    assert [found.name for found in tmp_path.iterdir()] == [f"{name}.parquet"]


def test_what_nobody_sees_is_named_visibly():
    assert name_problem("QB\u200b1")[1] == "Leave out U+200B."


@pytest.mark.slow
@given(st.text(max_size=300))
def test_any_text_has_a_near_name_that_can_name_a_file(text):
    name = safe_name(text)
    assert not name or name_problem(name) == ("", "")
    if name_problem(text) == ("", "") and text == " ".join(text.split()):
        assert name == text
