"""A client of the page that asks as its own script does, and can ask as a stranger would."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from helpers.page_server import Served
from helpers.rewritten import edit_sheet

ROOT = Path(__file__).resolve().parents[2]
TUBES = ("P07_BM1", "P10_BM1")
"""Of the demo: one bead run, few seconds."""


def two_tubes(folder: Path) -> Path:
    """Copy two tubes of the demo with their beads."""
    demo = ROOT / "fcs_samples" / "demo"
    shutil.copytree(demo, folder, ignore=shutil.ignore_patterns("results", "2024-02-05", "audit.jsonl"))
    edit_sheet(folder, "samples", lambda row: row if row["sample_id"] in TUBES else None)
    edit_sheet(folder, "beads", lambda row: row if row["beads"] == "QB_2024-06-03" else None)
    edit_sheet(folder, "panels", lambda row: row if row["panel"] == "myeloma8" else None)
    for sheet in ("doses", "patients"):
        edit_sheet(folder, sheet, lambda row: row if row["patient_id"] in ("P07", "P10") else None)
    return folder


class Client:
    """Somebody at the page; `enters`: with the address that opens it, else with nothing."""

    def __init__(self, served: Served, *, enters: bool = True) -> None:
        self.served = served
        # No connection is kept: each request is a new one, as a stranger's would be.
        limits = httpx.Limits(max_keepalive_connections=0)
        self.http = httpx.Client(base_url=served.origin, timeout=60, trust_env=False, limits=limits)
        self.entered = self.http.get(served.address) if enters else None
        assert self.entered is None or self.entered.status_code == 200

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.http.get(path, headers=headers)

    def post(self, path: str, body: object = None, **headers: str) -> httpx.Response:
        return self.http.post(path, json=body, headers={"origin": self.served.origin, **headers})

    def form(self, path: str, **fields: str) -> httpx.Response:
        return self.http.post(path, data=fields, headers={"origin": self.served.origin})

    def tube(self, name: str) -> dict[str, Any]:
        """Return the row of a tube in the list."""
        return next(row for row in self.get("/api/tubes").json() if row["sample_id"] == name)

    def decide(self, name: str, decision: str, **more: Any) -> httpx.Response:
        body = {"version": self.tube(name)["version"], "decision": decision, "who": "AB", **more}
        return self.post(f"/api/tubes/{quote(name)}/decide", body)

    def sign(self, name: str, who: str = "AB", *, act: str = "sign") -> httpx.Response:
        body = {"version": self.tube(name)["version"], "who": who, "meaning": "reviewed"}
        return self.post(f"/api/tubes/{quote(name)}/{act}", body)
