"""The tables of a validation: each has a file of its own, and each column a sentence and a headline with its unit."""

from __future__ import annotations

import pytest

from pipeline.output.assay import ASSAY_TABLES, AssayTable


def test_every_table_has_a_file_of_its_own():
    names = [table.name for table in ASSAY_TABLES]
    assert len(set(names)) == len(names)
    assert "precision" in names


@pytest.mark.parametrize("table", ASSAY_TABLES, ids=lambda table: table.name)
def test_every_column_has_a_name_of_its_own_a_sentence_and_its_unit_in_the_headline(table: AssayTable):
    names = [column.name for column in table.columns]
    assert len(set(names)) == len(names)
    for column in table.columns:
        assert column.words.strip()
        assert "_" not in column.headline
        assert column.headline.endswith(f"({column.unit})") or not column.unit
