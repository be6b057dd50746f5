"""A cluster with TLS, as docs/how-to/cluster.md sets it up, does the work; without the certificate nobody gets in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.dask_cluster import ROOT, dask_cluster

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl"),
]

CALL = (
    "import math, sys; from pipeline.running.workers import run_tasks\n"
    "print(sorted(end.result for end in run_tasks([3, 4, 5], math.factorial, scheduler=sys.argv[1])))"
)


@pytest.fixture
def settings(tmp_path: Path) -> list[str]:
    """Make key and certificate, and tell dask of them."""
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    options = f"-x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=cd38rd -keyout {key} -out {cert}"
    subprocess.run(["openssl", "req", *options.split()], check=True, capture_output=True)
    pair = f"{{key: {key}, cert: {cert}}}"
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "tls.yaml").write_text(
        "distributed:\n  comm:\n    require-encryption: true\n    tls:\n"
        f"      ca-file: {cert}\n      scheduler: {pair}\n      worker: {pair}\n      client: {pair}\n",
        encoding="utf-8",
    )
    return [f"DASK_CONFIG={tmp_path / 'config'}"]


def call(address: str, settings: list[str]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **dict(setting.split("=") for setting in settings)}
    return subprocess.run(
        [sys.executable, "-c", CALL, address],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_with_the_certificate_the_work_is_done_and_without_it_nothing_is(
    tmp_path: Path, settings: list[str]
) -> None:
    with dask_cluster(tmp_path, settings=settings, protocol="tls") as cluster:
        assert cluster.address.startswith("tls://")
        cluster.start_worker()
        done = call(cluster.address, settings)
        assert done.stdout.strip() == "[6, 24, 120]", done.stderr
        refused = call(cluster.address, [])
        assert refused.returncode != 0
        assert "no dask scheduler answers there" in refused.stderr
        plain = call(cluster.address.replace("tls://", "tcp://"), [])
        assert plain.returncode != 0
        assert "no dask scheduler answers there" in plain.stderr
