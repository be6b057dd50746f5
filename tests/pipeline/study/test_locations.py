"""What is wrong with the name of a file is said of the name, whatever is typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.study.locations import location_fault


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a\ud800.fcs", "has a character that no file name can have"),
        ("fcs/../../a.fcs", "leaves the study folder"),
        ("fcs/..", "names the study folder itself"),
        ("a\0.fcs", "holds a zero byte"),
    ],
)
def test_a_name_that_can_be_no_file_of_the_study_is_said_to_be_so(
    tmp_path: Path, name: str, words: str
) -> None:
    fault = location_fault("samples!D2", tmp_path, name)
    assert fault is not None
    assert f"which {words}" in str(fault)
