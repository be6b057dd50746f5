"""The digests of what the demo gives, as they are committed. `make digests` writes them again, on purpose."""

from __future__ import annotations

import json
from pathlib import Path

from validation.processors import DEMO, Processor, quantified

COMMITTED = Path(__file__).parent / "demo_digests.json"


def digests() -> dict[str, str]:
    """Return name → digest of every file that the demo gives, without the store: its files name the code."""
    found = quantified(Processor("this one", {}), [DEMO])
    return {name: digest for name, digest in found.items() if "/store/" not in name}


if __name__ == "__main__":
    COMMITTED.write_text(json.dumps(digests(), indent=2) + "\n", encoding="utf-8", newline="")
