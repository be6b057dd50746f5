"""Publications whose methods the models use: a name and a year as they stand in a text, and the DOI."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Publication:
    """A publication, as it is cited."""

    name: str
    doi: str


PAIRWISE_ORDER: Final = Publication("Gehan 1965", "10.1093/biomet/52.1-2.203")
PERMUTATION: Final = Publication("Phipson and Smyth 2010", "10.2202/1544-6115.1585")
BOOTSTRAP: Final = Publication("Efron 1987", "10.2307/2289144")
TOBIT: Final = Publication("Tobin 1958", "10.2307/1907382")
LESS_BIAS: Final = Publication("Firth 1993", "10.1093/biomet/80.1.27")
IMPORTANCE: Final = Publication("Hesterberg 1995", "10.1080/00401706.1995.10484303")
SERUM: Final = Publication("Xu et al. 2020", "10.1007/s12325-020-01247-8")
