"""FCS files: read 2.0 to 3.2, write 3.1."""

from pipeline.fcs.errors import (
    ChannelError,
    FcsError,
    NotFcsError,
    TruncatedError,
    UnreadableError,
    UnsupportedError,
    UnwritableError,
)
from pipeline.fcs.file import FcsFile, read_fcs
from pipeline.fcs.repairs import Repair
from pipeline.fcs.write import write_fcs

__all__ = [
    "ChannelError",
    "FcsError",
    "FcsFile",
    "NotFcsError",
    "Repair",
    "TruncatedError",
    "UnreadableError",
    "UnsupportedError",
    "UnwritableError",
    "read_fcs",
    "write_fcs",
]
