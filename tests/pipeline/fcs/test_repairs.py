"""The codes of repairs, and which of them matter."""

from pipeline.fcs.repairs import OF_THE_MATRIX, USUAL, RepairCode


def test_every_repair_of_the_spillover_matrix_counts_as_one():
    assert {code for code in RepairCode if code.name.startswith("SPILL_")} == OF_THE_MATRIX
    assert RepairCode.TRUNCATED not in OF_THE_MATRIX | USUAL
