"""The same bytes whatever the processor: the demo, eight hard tubes, their beads, and the models."""

import json

import pytest

from helpers.made_once import made_once
from validation.demo_digests import COMMITTED, digests
from validation.processors import (
    DEMO,
    HARD_SCENARIOS,
    PROCESSORS,
    Processor,
    cluster_of,
    differing,
    quantified,
    runs_here,
    simulated,
)

FIRST = Processor("OpenBLAS Haswell", {"OPENBLAS_CORETYPE": "Haswell"})

NEHALEM, WITHOUT_AVX512 = PROCESSORS[4], PROCESSORS[6]

AT_ONCE = (
    ("OpenBLAS Zen", "NumPy without AVX-512"),
    ("OpenBLAS SkylakeX",),
    ("OpenBLAS SandyBridge", "BLAS in four threads"),
    ("OpenBLAS Prescott", "C library without AVX2 and FMA"),
    ("NumPy X86_V2, OpenBLAS Nehalem",),
)
"""What is changed in one process: where two changes together change no byte, neither does one of them, and a run
takes most of a minute. docs/validation.md has each by itself."""
BY_NAME = {processor.name: processor for processor in PROCESSORS}


def at_once(names):
    """Return the changes as one; those that this processor cannot make are left out."""
    parts = [BY_NAME[name] for name in names if runs_here(BY_NAME[name])]
    variables = {key: value for part in parts for key, value in part.environment.items()}
    return Processor(" and ".join(part.name for part in parts), variables)


@pytest.fixture(scope="session")
def studies(tmp_path_factory):
    made = made_once(tmp_path_factory, "hard", lambda folder: simulated(folder, HARD_SCENARIOS, 1, 20_000))
    return [*(made / scenario for scenario in HARD_SCENARIOS), DEMO]


@pytest.fixture(scope="session")
def expected(studies, tmp_path_factory):
    def write(folder):
        (folder / "digests.json").write_text(json.dumps(quantified(FIRST, studies)), encoding="utf-8")

    return json.loads((made_once(tmp_path_factory, "expected", write) / "digests.json").read_text("utf-8"))


def test_every_change_of_every_processor_is_made_in_some_run():
    made = {change for names in AT_ONCE for name in names for change in BY_NAME[name].environment.items()}
    assert {change for processor in PROCESSORS[1:] for change in processor.environment.items()} <= made


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("names", AT_ONCE, ids=" and ".join)
def test_every_processor_gives_the_same_bytes(names, studies, expected):
    processor = at_once(names)
    if not processor.environment:
        pytest.skip(f"{names[0]}: this processor cannot take itself for it")
    assert differing(expected, quantified(processor, studies)) == []


@pytest.mark.slow
def test_the_demo_gives_the_bytes_that_were_committed():
    committed = json.loads(COMMITTED.read_text("utf-8"))
    assert differing(committed, digests()) == []
    assert len(committed) > 20


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_workers_on_unlike_processors_give_the_bytes_of_one_process(expected):
    one = {name: digest for name, digest in expected.items() if name.startswith("demo/")}
    processors = [processor for processor in (FIRST, NEHALEM, WITHOUT_AVX512) if runs_here(processor)]
    with cluster_of(processors) as address:
        mixed = quantified(Processor("this one", {}), [DEMO], f"--scheduler {address}")
    own = quantified(NEHALEM, [DEMO], "--workers 2")
    for found in (mixed, own):
        assert differing(one, {name: found[name] for name in found if name.startswith("demo/")}) == []
