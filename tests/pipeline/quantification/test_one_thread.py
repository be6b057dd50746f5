"""How this process works on a tube: memory that arrays free is kept for the next ones."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource
import numpy as np
from pipeline.quantification.one_thread import one_thread

def work():
    for size in (300_000, 3_000_000, 20_000_000):
        [np.ones(size, np.uint8) for _ in range(3)]

{begin}
work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(begin: str) -> int:
    """Pages that the system must give to a process of its own whose arrays come and go."""
    words = [sys.executable, "-c", FAULTS.format(begin=begin)]
    return int(subprocess.run(words, capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only the GNU C library is told what to keep")
def test_memory_that_a_tube_frees_is_not_asked_for_again():
    assert faults("one_thread()") < 0.1 * faults("")
