"""Sources that the methods cite: a name and a year as in a text, and the DOI."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pipeline.washout.publications import Publication

COMPENSATION: Final = Publication("Bagwell and Adams 1993", "10.1111/j.1749-6632.1993.tb38775.x")
ABERRANT_PHENOTYPE: Final = Publication("Flores-Montero et al. 2016", "10.1002/cyto.b.21265")
DENSITY_PEAKS: Final = Publication("Rodriguez and Laio 2014", "10.1126/science.1242072")
GATINGML: Final = Publication("Spidlen et al. 2015", "10.1002/cyto.a.22690")
BEAD_AUTOFLUORESCENCE: Final = Publication("Castillo-Hair et al. 2016", "10.1021/acssynbio.5b00284")
CONTROL_CHART: Final = Publication("Levey and Jennings 1950", "10.1093/ajcp/20.11_ts.1059")
WESTGARD: Final = Publication("Westgard et al. 1981", "10.1093/clinchem/27.3.493")
CD4_BETWEEN_RUNS: Final = Publication(
    "the CV of CD4 by QuantiBRITE within one laboratory", "10.1002/cyto.b.20541"
)
AICC: Final = Publication("Hurvich and Tsai 1989", "10.1093/biomet/76.2.297")
EXACT_INTERVAL: Final = Publication("Clopper and Pearson 1934", "10.1093/biomet/26.4.404")
TREND: Final = Publication("Armitage 1955", "10.2307/3001775")
SURVIVAL: Final = Publication("Kaplan and Meier 1958", "10.1080/01621459.1958.10501452")
MEDIAN_SURVIVAL: Final = Publication("Brookmeyer and Crowley 1982", "10.2307/2530286")
LANDMARK: Final = Publication("Anderson et al. 1983", "10.1200/JCO.1983.1.11.710")


def cited(sources: Iterable[Publication]) -> str:
    """Return sources as they stand behind a sentence; "" for none.

    Examples
    --------
    >>> cited([TREND])
    ' (Armitage 1955, doi:10.2307/3001775)'
    """
    words = "; ".join(f"{source.name}, doi:{source.doi}" for source in sources)
    return f" ({words})" if words else ""
