"""A de-identified copy of an FCS file: the same events, and of TEXT only what a reader needs.

Everything else is left out: ANALYSIS, OTHER segments, every keyword of a maker, every typed word.
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
"""Keywords that decide how events are read, or that the checks of a study compare."""
_WORDS = {"$MODE": r"[LlCcUu]?", "$DATATYPE": r"[IFDAifda]?"}
_VALUE = re.compile(_NUMBERS)
_SPILLOVER = ("$SPILLOVER", "SPILLOVER", "SPILL", "$SPILL")
_DELIMITER = "\x0c"
"""Delimiter of the keywords: no channel name contains a form feed. Convention."""

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
        The file as it was read.
    data
        All bytes of the file.
    day
        The day of acquisition in the copy; None: it is left out.
    rename
        Returns the name of a channel in the copy.
    instrument, serial
        Their pseudonyms.
    cut_short
        Whether the file ends before its declared number of events: the copy declares the same number.
    """
    events_layout = file.data
    events = data[events_layout.begin : events_layout.begin + events_layout.n_bytes]
    keywords = {
        key: value
        for key, value in file.keywords.items()
        if _WANTED.fullmatch(key) and re.fullmatch(_WORDS.get(key, _NUMBERS) + r"|\*", value.strip(" \0"))
    }
    for number, channel in enumerate(file.channels, 1):
        keywords[f"$P{number}N"] = rename(channel)
    keywords |= _matrix(file, rename)
    promised = max(keyword_integer(file.keywords.get("$TOT")) or 0, events_layout.n_events + 1)
    n_events = promised if cut_short else events_layout.n_events
    keywords |= {"$TOT": str(n_events), "$NEXTDATA": "0"}
    facts = {"$CYT": instrument, "$CYTSN": serial, "$DATE": "" if day is None else _as_fcs(day)}
    keywords |= {key: value for key, value in facts.items() if value}
    n_bytes = -(-len(events) * n_events // max(events_layout.n_events, 1)) if cut_short else len(events)
    return _whole(file.version, keywords, events, n_bytes)


def _matrix(file: FcsFile, rename: Rename) -> dict[str, str]:
    """Return the spillover keyword with renamed channels and unchanged numbers."""
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
    """Return HEADER, TEXT and DATA; the offsets are part of TEXT and so change its length."""
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
