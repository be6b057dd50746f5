"""A dask cluster on this machine: what a task costs beyond the work that is in it."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

from helpers.dask_cluster import dask_cluster
from helpers.page_server import cd38rd_command
from performance.studies import simulated
from validation.markdown import paragraph

TUBES, EVENTS, WORKERS, EMPTY = 160, 2_000, 2, 2_000


def measure(work: Path) -> dict[str, Any]:
    """Return seconds of small tubes on a cluster and on own workers, and of tasks in which nothing is done."""
    folder = simulated(work, patients=TUBES, events=EVENTS)
    few = simulated(work, patients=TUBES // 4, events=EVENTS)
    place = work / "cluster"
    place.mkdir(exist_ok=True)
    with dask_cluster(place, *[None] * 0) as cluster:
        for _ in range(WORKERS):
            cluster.start_worker()
        cluster.wait_for_workers(WORKERS)
        empty = _empty(cluster.address)
        _fresh(few, "--scheduler", cluster.address)  # the workers import what they need
        on_cluster = [_fresh(one, "--scheduler", cluster.address) for one in (few, folder)]
    own = [_fresh(one, "--workers", str(WORKERS)) for one in (few, folder)]
    more = TUBES - TUBES // 4
    return {
        "cluster": {
            "tubes": TUBES,
            "events": EVENTS,
            "workers": WORKERS,
            "empty": empty,
            "seconds": on_cluster[1],
            "own_seconds": own[1],
            "a_tube": (on_cluster[1] - on_cluster[0]) / more,
            "a_tube_own": (own[1] - own[0]) / more,
        }
    }


def _fresh(folder: Path, *options: str) -> float:
    shutil.rmtree(folder / "results", ignore_errors=True)
    start = time.perf_counter()
    cd38rd_command("run", folder, "--quiet", *options)
    return time.perf_counter() - start


def _empty(address: str) -> float:
    """Return the seconds of one task in which nothing is done, of many that are queued at once."""
    from distributed import Client

    with Client(address, timeout="60s", set_as_default=False) as client:
        client.gather(client.map(int, range(50), pure=False))
        start = time.perf_counter()
        client.gather(client.map(int, range(EMPTY), pure=False))
        return (time.perf_counter() - start) / EMPTY


def text(figures: dict[str, Any]) -> str:
    """Return the section."""
    found = figures["cluster"]
    overhead = found["workers"] * (found["a_tube"] - found["a_tube_own"])
    return "## A cluster\n\n" + paragraph(
        f"{found['tubes']} tubes of {found['events']:,} events, queued at once on a dask cluster of "
        f"{found['workers']} workers on this computer, take {found['seconds']:.1f} s. With {found['workers']} worker "
        f"processes of the program they take {found['own_seconds']:.1f} s. Each further tube takes "
        f"{1e3 * found['a_tube']:.0f} ms on the cluster and {1e3 * found['a_tube_own']:.0f} ms on these processes, so a "
        f"worker of the cluster loses about {1e3 * max(overhead, 0):.0f} ms a tube. An empty task "
        f"takes the scheduler {1e3 * found['empty']:.1f} ms: it distributes about {1 / found['empty']:,.0f} a second."
    )
