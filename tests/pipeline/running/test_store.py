"""Stored results: found by what they came from, never half written, never trusted when damaged."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

import calibration
import gating
import pipeline
from calibration import RdStatus, ReceptorDensity
from gating.gates import AllOf, AnyOf, PolygonGate, RangeGate
from gating.gates.steps import GateStep, Step
from gating.thresholds.methods import Method
from helpers.synthetic_result import bead_result
from pipeline.files.safe_name import UnsafeNameError
from pipeline.quantification.result import SampleResult
from pipeline.running.program import code_digest
from pipeline.running.source import PACKAGES, NoSourceError, digest_of_sources, read_sources
from pipeline.running.store import Store, stores_in
from pipeline.tube.histograms import Histogram

GATES = (
    RangeGate("FITC-A", 100.5, None),
    PolygonGate("FSC-A", "FSC-H", ((0.0, 0.0), (1.0, 0.0), (1.0, 2.5))),
    AllOf((RangeGate("FITC-A", 1.0), AnyOf((RangeGate("Time", 0, 3), RangeGate("Time", 5, None))))),
    AnyOf((RangeGate("Time", 0.0, 3.0),)),
)


@pytest.fixture
def store(tmp_path: Path) -> Store[SampleResult]:
    return Store(tmp_path / "store", SampleResult)


@pytest.fixture
def result() -> SampleResult:
    steps = tuple(
        GateStep(name, gate, ("FITC-A",), 10, 9, (Method.VALLEY, Method.PERSON), (("FITC-A", 100.5),), 0.5)
        for name, gate in zip(Step, GATES, strict=False)
    )
    return SampleResult(
        "MM-01",
        ReceptorDensity(RdStatus.BELOW_LLOQ, 25, rd=-12.5, rd_low=-40.0, rd_high=None),
        flags=("TIME_UNSTABLE",),
        steps=steps,
        histogram=Histogram("PE-A", -1.0, 9.0, 150.0, (("stained", (1, 2, 3)),)),
        sha256=(("fcs/a.fcs", "00ff"),),
        note="Größe µ",
    )


def test_a_bead_run_is_stored_under_the_words_of_the_sheet(tmp_path: Path) -> None:
    store, result = stores_in(tmp_path).bead_runs, bead_result("B1")
    store.save("B1", "d1", result)
    assert store.load("B1") == ("d1", result)
    written = json.loads((tmp_path / "beads" / "B1.json").read_text("utf-8"))["result"]
    assert (written["beads"], "bead_run" in written) == ("B1", False)


def test_what_is_saved_comes_back_the_same(store: Store[SampleResult], result: SampleResult) -> None:
    store.save("MM-01", "d1", result)
    assert store.load("MM-01") == ("d1", result)


def test_a_number_that_is_none_comes_back_as_none_of_a_number(
    store: Store[SampleResult], result: SampleResult
) -> None:
    odd = replace(result, receptor=replace(result.receptor, rd=math.nan, uloq=math.inf))
    store.save("MM-01", "d1", odd)
    loaded = store.load("MM-01")
    assert loaded is not None
    assert math.isnan(loaded[1].receptor.rd or 0)
    assert loaded[1].receptor.uloq == math.inf


def test_a_result_of_other_inputs_is_not_found(store: Store[SampleResult], result: SampleResult) -> None:
    store.save("MM-01", "d1", result)
    assert store.find("MM-01", "d1") == result
    assert store.find("MM-01", "d2") is None
    assert store.find("MM-02", "d1") is None


@pytest.mark.parametrize(
    "damage", ["", "{", '{"digest": "d1"}', '{"digest": "d1", "result": {"sample_id": 3}}', "[]"]
)
def test_a_damaged_file_is_as_good_as_none(
    store: Store[SampleResult], result: SampleResult, damage: str
) -> None:
    store.save("MM-01", "d1", result)
    store.path("MM-01").write_text(damage, encoding="utf-8")
    assert store.load("MM-01") is None


def test_a_second_save_replaces_the_first_and_leaves_nothing_beside(
    store: Store[SampleResult], result: SampleResult
) -> None:
    store.save("MM-01", "d1", result)
    store.save("MM-01", "d2", replace(result, note="again"))
    assert store.find("MM-01", "d2") == replace(result, note="again")
    assert [path.name for path in store.path("MM-01").parent.iterdir()] == ["MM-01.json"]


def test_one_changed_digit_is_noticed(store: Store[SampleResult], result: SampleResult) -> None:
    store.save("MM-01", "d1", result)
    path = store.path("MM-01")
    text = path.read_text("utf-8")
    assert text.count("-12.5") == 1
    path.write_text(text.replace("-12.5", "-92.5"), encoding="utf-8")
    assert store.load("MM-01") is None
    assert store.is_damaged("MM-01")
    path.write_text(text, encoding="utf-8")
    assert store.load("MM-01") == ("d1", result)
    assert not store.is_damaged("MM-01")


@pytest.mark.slow
def test_any_changed_character_is_noticed_or_changes_nothing(
    store: Store[SampleResult], result: SampleResult
) -> None:
    store.save("MM-01", "d1", result)
    path = store.path("MM-01")
    content = path.read_bytes()
    for at in range(len(content)):
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        assert store.load("MM-01") in (None, ("d1", result)), content[at - 20 : at + 20]


def test_a_result_under_another_name_or_digest_is_noticed(
    store: Store[SampleResult], result: SampleResult
) -> None:
    store.save("MM-01", "d1", result)
    shutil.copy(store.path("MM-01"), store.path("MM-02"))
    assert store.load("MM-02") is None
    path = store.path("MM-01")
    path.write_text(path.read_text("utf-8").replace('"digest": "d1"', '"digest": "d2"'), encoding="utf-8")
    assert store.load("MM-01") is None


def test_a_file_of_an_earlier_version_is_not_used_and_not_called_damaged(
    store: Store[SampleResult], result: SampleResult
) -> None:
    store.save("MM-01", "d1", result)
    path = store.path("MM-01")
    document = json.loads(path.read_text("utf-8"))
    del document["checksum"]
    path.write_text(json.dumps(document, indent=1), encoding="utf-8")
    assert store.load("MM-01") is None
    assert not store.is_damaged("MM-01")
    path.write_bytes(b"")
    assert store.is_damaged("MM-01")


def test_a_name_that_is_a_path_is_never_written(store: Store[SampleResult], result: SampleResult) -> None:
    for name in ("../EVIL", "/tmp/EVIL", "CON"):
        with pytest.raises(UnsafeNameError):
            store.save(name, "d1", result)
        assert store.load(name) is None
    assert not store.folder.exists()


@pytest.fixture
def sources(tmp_path: Path) -> dict[str, Path]:
    """A copy of the three packages as they are imported here."""
    for package in (calibration, gating, pipeline):
        (here,) = package.__path__
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(here, tmp_path / package.__name__, ignore=ignored)
    return {name: tmp_path / name for name in PACKAGES}


def test_the_digest_of_the_code_is_that_of_the_imported_packages(sources: dict[str, Path]) -> None:
    assert code_digest() == digest_of_sources(read_sources(sources))


@pytest.mark.slow
def test_one_byte_in_any_module_gives_another_digest(sources: dict[str, Path]) -> None:
    before = read_sources(sources)
    modules = [path for folder in sources.values() for path in sorted(folder.rglob("*.py"))]
    assert len(modules) > 250
    for module in modules:
        content = module.read_bytes()
        last = b" " if content.endswith(b"\n") else b"\n"
        module.write_bytes(content[:-1] + last)
    after = read_sources(sources)
    assert all(before[name] != text for name, text in after.items())
    ends = {name: text[-60:] for name, text in before.items()}  # the byte is in the last line
    digests = {digest_of_sources({**ends, name: text[-60:]}) for name, text in after.items()}
    assert len(digests) == len(after) == len(modules)
    assert digest_of_sources(ends) not in digests
    assert digest_of_sources(after) != digest_of_sources(before)


def test_a_module_that_moves_comes_or_goes_gives_another_digest(sources: dict[str, Path]) -> None:
    digests = [digest_of_sources(read_sources(sources))]
    module = sources["gating"] / "batch_cuts.py"
    room = sources["gating"] / "room"
    room.mkdir()
    moved = module.rename(room / module.name)
    digests.append(digest_of_sources(read_sources(sources)))
    moved.unlink()
    digests.append(digest_of_sources(read_sources(sources)))
    (sources["pipeline"] / "new.py").touch()
    digests.append(digest_of_sources(read_sources(sources)))
    assert len(set(digests)) == 4


def is_marker(path: Path) -> bool:
    """Tell whether a file is the empty one that says: this package has types."""
    return path.name == "py.typed" and path.stat().st_size == 0


def test_no_file_that_is_read_at_run_time_escapes_the_digest_but_what_the_report_looks_like(
    sources: dict[str, Path],
) -> None:
    others = [
        path
        for folder in sources.values()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".py" and not is_marker(path)
    ]
    assert {path.parent.name for path in others} == {"templates", "script", "static", "review", "stages"}
    assert {path.suffix for path in others} == {".j2", ".css", ".js"}


def test_a_package_without_source_is_said_and_never_hashed_as_nothing(
    sources: dict[str, Path], tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "empty", tmp_path / "nowhere"):
        with pytest.raises(NoSourceError, match="found no source of gating"):
            read_sources({**sources, "gating": folder})


@pytest.mark.parametrize("error", [KeyError("rd"), TypeError("no such field"), IndexError("list index")])
def test_a_defect_in_our_own_types_is_not_a_damaged_file(
    store: Store[SampleResult], result: SampleResult, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def broken(*_: object) -> None:
        raise error

    store.save("MM-01", "d1", result)
    monkeypatch.setattr(GateStep, "__post_init__", broken)
    with pytest.raises(type(error)):
        store.load("MM-01")
