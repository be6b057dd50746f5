"""Values that have another type than $DATATYPE says, or lost a bit on their way: refused with the reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from helpers.fcs_bytes import FcsBytes
from pipeline.fcs import NotFcsError, read_fcs

N_EVENTS = 300
LIGHT = np.random.default_rng(3).lognormal(7, 2, (N_EVENTS, 2))
ORDERS = [("1,2,3,4", "<"), ("4,3,2,1", ">")]


def saved(folder: Path, values: np.ndarray, *, data_type: str, order: str, top: float = 262_144) -> Path:
    path = folder / "a.fcs"
    rows = [[0, 0]] * len(values)
    bits = (8 * values.itemsize,) * 2
    file = FcsBytes(
        rows=rows, bits=bits, ranges=(top, top), data_type=data_type, byte_order=order, data=values.tobytes()
    )
    path.write_bytes(file.build())
    return path


@pytest.mark.parametrize(("order", "mark"), ORDERS)
@pytest.mark.parametrize("top", [262_144, 1_024, 4_294_967_296])
def test_floats_that_are_called_integers_are_refused(tmp_path, order, mark, top):
    path = saved(tmp_path, LIGHT.astype(f"{mark}f4"), data_type="I", order=order, top=top)
    with pytest.raises(NotFcsError, match=r"\$DATATYPE is I, but the values are plausible only as floats"):
        read_fcs(path)


@pytest.mark.parametrize(("order", "mark"), ORDERS)
def test_integers_that_are_called_floats_are_refused(tmp_path, order, mark):
    path = saved(tmp_path, LIGHT.astype(f"{mark}u4"), data_type="F", order=order)
    with pytest.raises(NotFcsError, match=r"\$DATATYPE is F, but the values are plausible only as integers"):
        read_fcs(path)


@pytest.mark.parametrize(("order", "mark"), ORDERS)
@pytest.mark.parametrize("scale", [1e-5, 1.0, 1e3])
def test_floats_and_integers_of_any_scale_that_say_so_are_read(tmp_path, order, mark, scale):
    floats = saved(tmp_path, (LIGHT * scale).astype(f"{mark}f4"), data_type="F", order=order)
    assert read_fcs(floats).n_events == N_EVENTS
    whole = np.ceil(LIGHT * max(scale, 1.0)).astype(f"{mark}u4")
    path = saved(tmp_path, whole, data_type="I", order=order, top=4_294_967_296)
    assert read_fcs(path).n_events == N_EVENTS


@pytest.mark.parametrize("kind", ["f4", "f8"])
def test_floats_that_lost_the_highest_bit_of_each_byte_are_refused(tmp_path, kind):
    values = LIGHT.astype(f"<{kind}")
    cut = np.frombuffer(bytes(byte & 0x7F for byte in values.tobytes()), f"<{kind}").reshape(values.shape)
    data_type = {"f4": "F", "f8": "D"}[kind]
    with pytest.raises(NotFcsError, match="no byte of DATA has its highest bit"):
        read_fcs(saved(tmp_path, cut, data_type=data_type, order="1,2,3,4"))
    assert read_fcs(saved(tmp_path, values, data_type=data_type, order="1,2,3,4")).n_events == N_EVENTS


def test_few_values_without_a_highest_bit_are_no_evidence(tmp_path):
    values = np.full((N_EVENTS, 2), 2.0, "<f4")
    assert values.tobytes().isascii()
    assert read_fcs(saved(tmp_path, values, data_type="F", order="1,2,3,4")).n_events == N_EVENTS
