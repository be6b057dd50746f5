"""R as a witness: numbers of R's own routines beside ours. Tests skip, saying so, where R is not installed."""

from __future__ import annotations

import functools
import math
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest


@functools.cache
def r_packages() -> frozenset[str]:
    """Return the packages of R that are installed; none where R is not. R is started once for all of them."""
    if shutil.which("Rscript") is None:
        return frozenset()
    ask = ["Rscript", "--vanilla", "-e", "writeLines(.packages(all.available = TRUE))"]
    return frozenset(subprocess.run(ask, check=False, capture_output=True, text=True).stdout.split())


def r_has(package: str) -> bool:
    """Return whether R and this package of it are installed."""
    return package in r_packages()


def needs_r(package: str = "stats") -> pytest.MarkDecorator:
    """Return a mark that skips a test where R, or this package of it, is not installed."""
    return pytest.mark.skipif(not r_has(package), reason=f"R with the package {package} is not installed")


def r_numbers(script: str, **columns: Sequence[float] | float) -> dict[str, list[float]]:
    """Run an R script on columns of numbers and return the numbers that it tells.

    Parameters
    ----------
    script
        R code. Each column stands in it as a numeric vector of that name; `tell(name, values)` tells numbers.
    columns
        Finite numbers, inf and NaN (`NA` in R).

    Examples
    --------
    >>> r_numbers("tell('mean', mean(x))", x=[1, 2, 3])  # doctest: +SKIP
    {'mean': [2.0]}
    """
    vectors = [f"{name} <- c({', '.join(map(_literal, _listed(v)))})" for name, v in columns.items()]
    tell = 'tell <- function(name, values) cat(name, sprintf("%.17g", as.numeric(values)), "\\n", sep = " ")'
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "witness.R"
        path.write_text("\n".join([tell, *vectors, script]), encoding="utf-8")
        done = subprocess.run(
            ["Rscript", "--vanilla", str(path)], check=False, capture_output=True, text=True
        )
    if done.returncode:
        raise RuntimeError(f"R stopped:\n{done.stderr}")
    told = [line.split() for line in done.stdout.splitlines() if line.strip()]
    return {name: [_number(word) for word in words] for name, *words in told}


def _listed(values: Sequence[float] | float) -> list[float]:
    return [float(values)] if isinstance(values, (int, float)) else [float(value) for value in values]


def _literal(value: float) -> str:
    if math.isnan(value):
        return "NA_real_"
    return repr(value) if math.isfinite(value) else ("Inf" if value > 0 else "-Inf")


def _number(word: str) -> float:
    return math.nan if word in ("NA", "NaN") else float(word)
