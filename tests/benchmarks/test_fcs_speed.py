"""The FCS reader against the disk and against FlowIO, as ratios measured in turn in one run."""

from __future__ import annotations

import struct
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline.fcs import read_fcs, write_fcs

pytestmark = [pytest.mark.benchmark, pytest.mark.filterwarnings("ignore")]

N_EVENTS, N_CHANNELS, ROUNDS = 1_000_000, 16, 25
CHANNELS = tuple(f"C{n}" for n in range(N_CHANNELS))
FIVE = CHANNELS[::3][:5]


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Path:
    values = np.random.default_rng(3).normal(1000, 300, (N_CHANNELS, N_EVENTS)).astype(np.float32)
    return write_fcs(tmp_path_factory.mktemp("big") / "big.fcs", values, CHANNELS)


def seconds(*works: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """Return the shortest time of each work, the least disturbed; they take turns on the same machine."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(rounds + 1):
        for work, spent in zip(works, times, strict=True):
            started = time.perf_counter()
            work()
            spent.append(time.perf_counter() - started)
    return [min(spent[1:]) for spent in times]


def cpu_seconds(paths: list[Path]) -> float:
    """Return the CPU time of reading HEADER and TEXT: other work on the machine disturbs it less."""
    started = time.process_time()
    for path in paths:
        read_fcs(path, channels=())
    return time.process_time() - started


def from_disk(path: Path) -> Callable[[], object]:
    begin = read_fcs(path, channels=()).data.begin
    return lambda: np.fromfile(path, "<f4", N_EVENTS * N_CHANNELS, offset=begin)


def test_columns_come_as_fast_as_from_the_disk(big: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def columns() -> object:
        file = read_fcs(big)
        return [file.column(name) for name in file.channels]

    works = (
        from_disk(big),
        columns,
        lambda: read_fcs(big, channels=FIVE).events(),
        lambda: read_fcs(big).events(),
    )
    disk, all_columns, five, contiguous = seconds(*works)
    with capsys.disabled():
        print(f"\nnp.fromfile of {N_EVENTS:,} × {N_CHANNELS} float32: {disk * 1e3:.1f} ms")
        print(f"all columns {all_columns / disk:.2f} ×, 5 of 16 as contiguous rows {five / disk:.2f} ×, "
              f"all 16 as contiguous rows {contiguous / disk:.2f} ×")  # fmt: skip
    assert all_columns < 1.15 * disk
    assert five < 1.5 * disk


def mixed(path: Path, n_events: int) -> Path:
    """Integers of 16 and 32 bits in turn: FlowIO's slow path."""
    bits, layout = (16, 32) * 4, "<" + "HI" * 4
    pairs = {
        "$BYTEORD": "1,2,3,4",
        "$DATATYPE": "I",
        "$MODE": "L",
        "$NEXTDATA": "0",
        "$PAR": "8",
        "$TOT": str(n_events),
    }
    for n, width in enumerate(bits, 1):
        pairs |= {f"$P{n}B": str(width), f"$P{n}E": "0,0", f"$P{n}N": f"C{n}", f"$P{n}R": "1024"}
    data = b"".join(struct.pack(layout, *(n % 1024 + i for i in range(8))) for n in range(n_events))
    begin = 4096
    pairs |= {"$BEGINDATA": str(begin), "$ENDDATA": str(begin + len(data) - 1)}
    text = ("|" + "|".join(word for pair in pairs.items() for word in pair) + "|").encode()
    header = "FCS3.0    " + "".join(
        f"{n:>8}" for n in (58, 57 + len(text), begin, begin + len(data) - 1, 0, 0)
    )
    path.write_bytes((header.encode() + text).ljust(begin) + data)
    return path


def test_integers_of_mixed_width_are_20_times_as_fast_as_by_flowio(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import flowio

    path = mixed(tmp_path / "mixed.fcs", 100_000)
    ours, theirs = seconds(
        lambda: read_fcs(path).events(), lambda: flowio.FlowData(str(path)).as_array(), rounds=3
    )
    with capsys.disabled():
        print(f"\nintegers of 16 and 32 bits: {theirs / ours:.0f} times as fast as FlowIO")
    assert theirs > 20 * ours


def test_floats_against_flowio_and_fcsparser(big: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import flowio
    from fcsparser.api import FCSParser

    works = (
        lambda: read_fcs(big).events(),
        lambda: flowio.FlowData(str(big)).as_array(),
        lambda: FCSParser(str(big)).data,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours, by_flowio, by_fcsparser = seconds(*works, rounds=3)
    with capsys.disabled():
        print(f"\ncontiguous rows: {by_flowio / ours:.1f} times as fast as FlowIO, "
              f"{by_fcsparser / ours:.1f} times as fast as fcsparser")  # fmt: skip
    assert ours < by_flowio


def test_header_and_text_of_two_thousand_files_a_second(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = np.ones((N_CHANNELS, 10), np.float32)
    keywords = {f"KEYWORD {n}": f"value {n}" for n in range(150)}
    paths = [
        write_fcs(tmp_path / f"{n}.fcs", values, CHANNELS, markers=CHANNELS, keywords=keywords)
        for n in range(1_000)
    ]
    (spent,) = seconds(lambda: [read_fcs(path, channels=()) for path in paths], rounds=9)
    of_cpu = min(cpu_seconds(paths[:100]) for _ in range(60))
    with capsys.disabled():
        print(
            f"\nheader and TEXT: {len(paths) / spent:,.0f} files a second, {100 / of_cpu:,.0f} a CPU second"
        )
    assert len(paths) / spent > 2_000
