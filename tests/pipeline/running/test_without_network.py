"""A whole run and its report open no connection: they work with the network cut off and no socket at all."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.simulate import simulate_study

ROOT = Path(__file__).parents[3]
NO_SOCKET = """
import socket, sys

class Refused(socket.socket):
    def __init__(self, family=-1, *rest, **named):
        if family != getattr(socket, "AF_UNIX", None):
            raise AssertionError("a socket was opened")
        super().__init__(family, *rest, **named)

def refuse(*_, **__):
    raise AssertionError("a name was looked up")

socket.socket = Refused
socket.create_connection = socket.create_server = socket.getaddrinfo = socket.gethostbyname = refuse
if __name__ == "__main__":
    from pipeline.cli import main
    main(sys.argv[1:])
"""


def cut_off() -> list[str]:
    """Return what runs a command without a network, where this system lets its user do so."""
    unshare = shutil.which("unshare")
    if unshare and not subprocess.run([unshare, "-rn", "true"], check=False, capture_output=True).returncode:
        return [unshare, "-rn"]
    return []


@pytest.mark.slow
def test_run_and_report_open_no_connection_and_need_no_network(tmp_path: Path) -> None:
    study = simulate_study(tmp_path / "simulated", patients=2, events=2_000, seed=4)
    script = tmp_path / "command.py"
    script.write_text(NO_SOCKET, encoding="utf-8")
    for words in (["run", "--workers", "2"], ["report"]):
        done = subprocess.run(
            [*cut_off(), sys.executable, str(script), words[0], str(study), *words[1:]],
            env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, (words, done.stderr)
        assert "socket" not in done.stderr
    assert (study / "results" / "report.html").exists()
