"""1,000 tubes on three workers of a cluster, one of which is killed every 5 s: all must be done, and nobody blamed.

`make many` does it and writes docs/trust.md.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from helpers.dask_cluster import DaskCluster
from pipeline.simulate import simulate_study
from trust.kills import digests, ended, failed_tubes, start
from trust.page import done_on, table, write_section

WORKERS = 3


def run_with_kills(study: Path, folder: Path, seconds: float, seed: int) -> tuple[int, str, int, float]:
    """Run a study on a cluster of which a worker is killed again and again, and another one started.

    So many seconds after all are there: a slow computer takes long to start one.

    Returns
    -------
    status, complaints, kills, seconds
    """
    draw = random.Random(seed)
    with ExitStack() as stack:
        cluster = DaskCluster(stack, folder)
        for _ in range(WORKERS):
            cluster.start_worker()
        cluster.wait_for_workers(WORKERS)
        began, kills = time.monotonic(), 0
        run = start(study, "--scheduler", cluster.address)
        while run.poll() is None:
            cluster.wait_for_workers(WORKERS)
            time.sleep(seconds)
            if run.poll() is None:
                victim = draw.choice(cluster.workers)
                victim.kill()
                victim.wait()
                cluster.workers.remove(victim)
                cluster.start_worker()
                kills += 1
        status, said = ended(run)
        return status, said, kills, time.monotonic() - began


def main() -> None:
    """Run the study with kills and without, and write the page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tubes", type=int, default=1_000)
    options.add_argument("--seconds", type=float, default=5.0, help="between two kills")
    options.add_argument("--show", action="store_true", help="print alone, and leave the page")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        study = simulate_study(folder / "many", patients=asked.tubes, events=2_000, seed=5)
        status, said, kills, seconds = run_with_kills(study, folder, asked.seconds, seed=1)
        failed, with_kills = failed_tubes(study), digests(study)
        again, _ = ended(start(study, "--workers", "1"))
        same = digests(study) == with_kills
    row = [asked.tubes, kills, status, failed, "yes" if same else "no", f"{seconds:.0f} s"]
    header = [
        "tubes",
        "workers killed",
        "exit status",
        "tubes FAILED",
        "a second run gives the same bytes",
        "took",
    ]
    lines = [
        *table(header, [row]),
        "",
        done_on(f"{WORKERS} workers, one killed {asked.seconds:g} s after all are there"),
    ]
    print("\n".join(lines), said[:1500], again, sep="\n")
    if not asked.show:
        write_section("many tubes", lines)


if __name__ == "__main__":
    main()
