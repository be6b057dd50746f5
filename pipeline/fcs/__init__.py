"""FCS files: read 2.0 to 3.2, write 3.1."""

from pipeline.fcs.errors import FcsError
from pipeline.fcs.write import write_fcs

__all__ = ["FcsError", "write_fcs"]
