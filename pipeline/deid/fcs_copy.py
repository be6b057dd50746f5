"""An FCS file as a copy: the same events, and of TEXT only what a reader needs to understand them.

What is not known to be needed is left out: ANALYSIS, OTHER segments, every keyword of a maker, every word
that somebody typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date

from pipeline.fcs import FcsFile
from pipeline.fcs.text.header import HEADER_BYTES
from pipeline.fcs.text.text import keyword_integer

_NUMBERS = r"[-+\d\s.,;:eE/]*"
_WANTED = re.compile(
    r"\$(BYTEORD|MODE|DATATYPE|PAR|TIMESTEP|BTIM|ETIM|COMP|DFC\d+TO\d+|P\d+([BERGV]|DATATYPE)|LOST|ABRT)"
    r"|WINDOW EXTENSION|\w+ ASF"
)
"""Keywords that decide how events are read, or that the checks of a study hold against each other."""
_WORDS = {"$MODE": r"[LlCcUu]?", "$DATATYPE": r"[IFDAifda]?"}
_VALUE = re.compile(_NUMBERS)
_SPILLOVER = ("$SPILLOVER", "SPILLOVER", "SPILL", "$SPILL")
_DELIMITER = "\x0c"
"""No name of a channel holds a form feed. Convention."""

Rename = Callable[[str], str]


def fcs_copy(
    file: FcsFile,
    data: bytes,
    *,
    day: date | None,
    rename: Rename,
    instrument: str,
    serial: str,
    cut_short: bool = False,
) -> bytes:
    """Return the bytes of a copy, as FCS of the file's own version.

    Parameters
    ----------
    file
        As it was read.
    data
        All bytes of that file.
    day
        Of acquisition, in the copy; None: not said.
    rename
        Gives the name of a channel in the copy.
    instrument, serial
        Their pseudonyms.
    cut_short
        Whether the file ends before the events that it promises: the copy promises as many.
    """
    place = file.data
    events = data[place.begin : place.begin + place.n_bytes]
    kept = {
        key: value
        for key, value in file.keywords.items()
        if _WANTED.fullmatch(key) and re.fullmatch(_WORDS.get(key, _NUMBERS) + r"|\*", value.strip(" \0"))
    }
    for number, channel in enumerate(file.channels, 1):
        kept[f"$P{number}N"] = rename(channel)
    kept |= _matrix(file, rename)
    promised = max(keyword_integer(file.keywords.get("$TOT")) or 0, place.n_events + 1)
    n_events = promised if cut_short else place.n_events
    kept |= {"$TOT": str(n_events), "$NEXTDATA": "0"}
    facts = {"$CYT": instrument, "$CYTSN": serial, "$DATE": "" if day is None else _as_fcs(day)}
    kept |= {key: value for key, value in facts.items() if value}
    n_bytes = -(-len(events) * n_events // max(place.n_events, 1)) if cut_short else len(events)
    return _whole(file.version, kept, events, n_bytes)


def _matrix(file: FcsFile, rename: Rename) -> dict[str, str]:
    """Return the spillover keyword; its channels are renamed, its numbers stay as they are written."""
    matrix = file.spillover
    if matrix is None or not any(key in file.keywords for key in _SPILLOVER):
        return {}
    names = [rename(name) for name in matrix.channels]
    numbers = [repr(float(value)) for row in matrix.values.tolist() for value in row]
    return {"$SPILLOVER": ",".join([str(len(names)), *names, *numbers])}


def _as_fcs(day: date) -> str:
    months = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
    return f"{day.day:02d}-{months[day.month - 1]}-{day.year}"


def _whole(version: str, keywords: Mapping[str, str], events: bytes, n_bytes: int) -> bytes:
    """Return HEADER, TEXT and DATA; the offsets are in TEXT and change its length."""
    begin = 0
    while True:
        text = _text({**_offsets(begin, n_bytes), **keywords})
        if HEADER_BYTES + len(text) == begin:
            break
        begin = HEADER_BYTES + len(text)
    end = begin + n_bytes - 1
    data = (begin, end) if end < 10**8 else (0, 0)
    header = b"".join(b"%8d" % offset for offset in (HEADER_BYTES, begin - 1, *data, 0, 0))
    return f"FCS{version}    ".encode("ascii") + header + text + events


def _offsets(begin: int, n_bytes: int) -> dict[str, str]:
    none = dict.fromkeys(("$BEGINANALYSIS", "$ENDANALYSIS", "$BEGINSTEXT", "$ENDSTEXT"), "0")
    return {**none, "$BEGINDATA": str(begin), "$ENDDATA": str(begin + n_bytes - 1)}


def _text(keywords: Mapping[str, str]) -> bytes:
    words = [word for pair in keywords.items() for word in pair]
    return (_DELIMITER + _DELIMITER.join(words) + _DELIMITER).encode("utf-8")
