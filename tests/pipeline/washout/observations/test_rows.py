import numpy as np
import pytest

from pipeline.washout import observe


def test_rows_without_a_receptor_density_are_left_out_and_counted():
    status = ["OK", "LOW_EVENTS", "FAILED", "BELOW_LLOQ", "NO_CURVE"]
    rows = observe([4, 5, 6, 7, 8], [9000, None, None, 12, None], status, lloq=5000)
    assert (rows.n, rows.n_given, rows.count(-1)) == (2, 5, 1)
    assert rows.notes == ("3 rows without a receptor density (status FAILED, LOW_EVENTS, NO_CURVE) left out",)


def test_a_missing_or_negative_washout_is_left_out_and_zero_counts_as_one_day():
    rows = observe([None, -1, 0, 0.05, 2], [9000] * 5, ["OK"] * 5, lloq=5000)
    assert rows.weeks.tolist() == [1 / 7, 1 / 7, 2]
    assert rows.notes == (
        "2 rows without a washout, or with a negative one, left out",
        "2 rows with a washout under one day counted as one day",
    )


def test_a_measured_row_needs_a_positive_rd_and_a_censored_one_its_limit():
    status = ["OK", "OK", "BELOW_LLOQ", "ABOVE_ULOQ", "ABOVE_ULOQ"]
    rows = observe([1] * 5, [0, 800, 3, 9, 9], status, lloq=[5, 5, np.nan, 5, 5], uloq=[9, 9, 9, 700, np.inf])
    assert rows.log_rd.tolist() == pytest.approx([np.log10(800), np.log10(700)])
    assert rows.kind.tolist() == [0, 1]
    assert rows.notes == ("3 rows without a positive RD or limit left out",)


def test_an_extrapolated_value_is_measured_and_said():
    rows = observe([1], [200_000], ["ABOVE_ULOQ_EXTRAPOLATED"], lloq=5000, uloq=67_601)
    assert rows.kind.tolist() == [0]
    assert rows.notes == ("1 row extrapolated above the top bead, taken as measured",)


def test_a_censored_row_borrows_the_median_measurement_sd_and_a_row_without_one_the_largest():
    status = ["OK", "OK", "OK", "OK", "BELOW_LLOQ"]
    sds = [0.1, 0.2, 0.3, None, 5.0]
    rows = observe([1, 2, 3, 4, 5], [9000] * 5, status, lloq=5000, measurement_sd=sds)
    assert rows.measurement_sd.tolist() == pytest.approx([0.1, 0.2, 0.3, 0.3, 0.2])
    assert rows.notes[0] == "1 row without a measurement SD: given the largest one, 0.3 dex"
    assert rows.notes[1] == "1 row censored: given the observed rows' median measurement SD, 0.2 dex"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weeks": [1, 2]}, r"weeks has shape \(2,\), but status has 3 rows"),
        ({"status": ["OK", "OK", "FINE"]}, r"status\[2\] is 'FINE'; expected one of OK, BELOW_LLOQ"),
        ({"lloq": [1, 2]}, r"lloq has shape \(2,\)"),
        ({"patients": ["a"]}, "patients has 1 rows, but status has 3"),
    ],
)
def test_columns_that_do_not_fit_are_named(change, message):
    columns = {
        "weeks": [1, 2, 3],
        "rd": [1, 2, 3],
        "status": ["OK"] * 3,
        "lloq": 1.0,
        "patients": None,
    } | change
    with pytest.raises(ValueError, match=message):
        observe(
            columns["weeks"],
            columns["rd"],
            columns["status"],
            lloq=columns["lloq"],
            patients=columns["patients"],
        )
