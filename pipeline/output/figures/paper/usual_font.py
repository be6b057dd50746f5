"""The font of figures on paper, cut down to the letters that figures use.

A PDF holds the letters that it shows. To pick them out of the whole font takes longer than to draw a chart.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

FAMILY: Final = "DejaVu Sans"
_USUAL: Final = (
    (0x20, 0x17F),  # Latin, with the accents of European languages
    (0x370, 0x3FF),  # Greek
    (0x2000, 0x209F),  # dashes, primes, small raised and lowered digits
    (0x2190, 0x22FF),  # arrows, signs of mathematics
)
"""First and last character of each range that is kept."""

_UNREAD: Final = ("FFTM", "MATH", "GDEF", "GPOS", "GSUB")
"""Tables that no figure needs: the distances of letters come from the table `kern`. Each PDF would search
them again. Convention: for speed."""


@dataclass(frozen=True)
class UsualFont:
    """A font file with the usual letters of a weight.

    Attributes
    ----------
    file
        Goes when the program ends.
    characters
        What can be written with it.
    """

    file: Path
    characters: frozenset[str]

    def can_write(self, text: str) -> bool:
        """Return whether the file has every character of a text."""
        return self.characters.issuperset(text)


@cache
def usual_font(weight: str) -> UsualFont:
    """Return the usual letters of a weight: `normal` or `bold`."""
    from fontTools import subset
    from matplotlib.font_manager import FontProperties, findfont

    options = subset.Options(layout_features=[], legacy_kern=True, notdef_outline=True, glyph_names=True)
    options.drop_tables += [*_UNREAD]
    whole = findfont(FontProperties(family=FAMILY, weight=weight))
    file = Path(_folder().name) / f"{weight}.ttf"
    subsetter = subset.Subsetter(options)
    with subset.load_font(whole, options) as font:
        codes = set(font.getBestCmap()).intersection(_usual_codes())
        subsetter.populate(unicodes=codes)
        subsetter.subset(font)
        subset.save_font(font, str(file), options)
    return UsualFont(file, frozenset(map(chr, codes)))


def _usual_codes() -> Iterator[int]:
    for first, last in _USUAL:
        yield from range(first, last + 1)


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="cd38rd-letters-")
