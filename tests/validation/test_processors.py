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


@pytest.fixture(scope="session")
def studies(tmp_path_factory):
    made = made_once(tmp_path_factory, "hard", lambda folder: simulated(folder, HARD_SCENARIOS, 1, 20_000))
    return [*(made / scenario for scenario in HARD_SCENARIOS), DEMO]


@pytest.fixture(scope="session")
def expected(studies, tmp_path_factory):
    def write(folder):
        (folder / "digests.json").write_text(json.dumps(quantified(FIRST, studies)), encoding="utf-8")

    return json.loads((made_once(tmp_path_factory, "expected", write) / "digests.json").read_text("utf-8"))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("processor", PROCESSORS[1:], ids=lambda processor: processor.name)
def test_every_processor_gives_the_same_bytes(processor, studies, expected):
    if not runs_here(processor):
        pytest.skip(f"{processor.name}: this processor cannot take itself for it")
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
