"""Files beyond what eight digits of HEADER, 32-bit offsets and a lab's memory hold."""

from __future__ import annotations

import shutil
import tracemalloc

import numpy as np
import pytest

from helpers.fcs_bytes import FcsBytes
from pipeline.fcs import read_fcs, write_fcs

N_CHANNELS, N_EVENTS = 30, 20_000_000


@pytest.fixture
def beyond_2_gib(tmp_path):
    """2.4 GB of which only the ends are written: file systems keep the rest as a hole."""
    n_bytes = N_CHANNELS * N_EVENTS * 4
    if shutil.disk_usage(tmp_path).free < 2 * n_bytes:
        pytest.skip("not enough room on the disk")
    file = FcsBytes((), (32,) * N_CHANNELS, (262144,) * N_CHANNELS, data_type="F", header_data=(0, 0))
    file.keywords = {"$TOT": str(N_EVENTS)}
    begin = 58 + len(file.text_bytes(0, 0, (0, 0)))
    file.keywords = {**file.keywords, "$BEGINDATA": f"{begin:08d}", "$ENDDATA": str(begin + n_bytes - 1)}
    begin = 58 + len(file.text_bytes(0, 0, (0, 0)))
    file.keywords = {**file.keywords, "$BEGINDATA": f"{begin:08d}", "$ENDDATA": str(begin + n_bytes - 1)}
    path = tmp_path / "large.fcs"
    last = np.arange(N_CHANNELS, dtype="<f4")
    with path.open("wb") as handle:
        handle.write(file.build())
        handle.seek(begin + n_bytes - last.nbytes)
        handle.write(last.tobytes())
    return path


@pytest.mark.slow
def test_a_file_beyond_2_gib_is_read_channel_by_channel(beyond_2_gib):
    file = read_fcs(beyond_2_gib, channels=("C7",))
    assert (file.n_events, file.repairs) == (N_EVENTS, ())
    column = file.column("C7")
    assert column.shape == (N_EVENTS,)
    assert (column[0], column[-1]) == (0, 6)


def test_no_more_memory_is_used_than_the_events_take(tmp_path):
    channels = tuple(f"C{n}" for n in range(16))
    values = np.ones((16, 300_000), np.float32)
    path = write_fcs(tmp_path / "a.fcs", values, channels)
    for asked in (channels, channels[:5]):
        tracemalloc.start()
        try:
            events = read_fcs(path, channels=asked).events()
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 1.1 * events.nbytes + 2_000_000
