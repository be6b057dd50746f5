"""HEADER: the version and the positions of the segments (FCS 3.1, section 3.1; as in 2.0, 3.0 and 3.2)."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.fcs.errors import NotFcsError, UnsupportedError

HEADER_BYTES = 58
"""Six characters of version, four spaces, six offsets of eight characters. Standard: FCS 3.1, section 3.1."""

LARGEST_HEADER_OFFSET = 99_999_999
"""Largest offset that fits eight characters; for a larger one HEADER has 0. Standard: FCS 3.1, section
3.1."""

VERSIONS = ("2.0", "3.0", "3.1", "3.2")


@dataclass(frozen=True, slots=True)
class Segment:
    """Bytes `begin` to `end`, both included, counted from the start of the data set."""

    begin: int
    end: int

    @property
    def size(self) -> int:
        """Number of bytes; 0 if the file has no such segment."""
        return max(0, self.end - self.begin + 1) if self.begin > 0 else 0


@dataclass(frozen=True, slots=True)
class Header:
    """The content of the first 58 bytes."""

    version: str
    text: Segment
    data: Segment
    analysis: Segment
    others: tuple[Segment, ...] = ()


def parse_header(raw: bytes, file: str) -> Header:
    """Read the HEADER.

    Parameters
    ----------
    raw
        The first 58 bytes of the data set.
    file
        The file's name, for messages.

    Raises
    ------
    NotFcsError
        The bytes are no FCS HEADER, or it gives no position of TEXT.
    UnsupportedError
        Another version of FCS.
    """
    if raw[:3] != b"FCS":
        raise NotFcsError(
            f"{file} is not an FCS file: it starts with {_shown(raw[:6])}, expected FCS2.0, FCS3.0, "
            "FCS3.1 or FCS3.2; export it from the cytometer as FCS"
        )
    if len(raw) < 6:
        raise NotFcsError(_short(raw, file))
    version = raw[3:6].decode("ascii", "replace")
    if version not in VERSIONS:
        raise UnsupportedError(
            f"{file}: HEADER says version {version!r}, expected one of {', '.join(VERSIONS)}; "
            "export it as FCS 3.0 or 3.1"
        )
    if len(raw) < HEADER_BYTES:
        raise NotFcsError(_short(raw, file))
    fields = [raw[begin : begin + 8] for begin in range(10, HEADER_BYTES, 8)]
    text = Segment(*(_required(field, file) for field in fields[:2]))
    data, analysis = (Segment(*(_optional(field) for field in fields[index : index + 2])) for index in (2, 4))
    return Header(version, text, data, analysis)


def parse_other_segments(raw: bytes) -> list[Segment]:
    """Return the user-defined segments whose offsets stand between HEADER and TEXT (3.1, OTHER segments).

    Parameters
    ----------
    raw
        The bytes after the first 58.

    Examples
    --------
    >>> parse_other_segments(b"      74     329        ")
    [Segment(begin=74, end=329)]
    """
    fields = [raw[begin : begin + 8].strip(b" ") for begin in range(0, len(raw) - 7, 8)]
    n_named = next((index for index, field in enumerate(fields) if not field.isdigit()), len(fields))
    return [Segment(int(fields[index]), int(fields[index + 1])) for index in range(0, n_named - 1, 2)]


def _short(raw: bytes, file: str) -> str:
    problem = f"{file}: HEADER ends after {len(raw)} bytes, expected {HEADER_BYTES}"
    return f"{problem}; the file is cut off, copy it again"


def _required(field: bytes, file: str) -> int:
    offset = _optional(field)
    if offset <= 0:
        raise NotFcsError(
            f"{file}: HEADER has {_shown(field)} as an offset of TEXT, expected a positive number; "
            "the file is damaged, export it again"
        )
    return offset


def _optional(field: bytes) -> int:
    digits = field.strip(b" \0\t")
    return int(digits) if digits.isdigit() else 0


def _shown(raw: bytes) -> str:
    return repr(raw.decode("latin-1")) if raw else "nothing (0 bytes)"
