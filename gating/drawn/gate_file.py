"""The XML of a FlowJo 10 workspace or a GatingML 2.0 file, checked before anything reads it."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING

from gating.events.errors import GatingError

if TYPE_CHECKING:
    from lxml.etree import _Element

STANDARD = "http://www.isac-net.org/std/Gating-ML/v2.0/"
GATING, AXES, DATATYPES = (f"{{{STANDARD}{part}}}" for part in ("gating", "transformations", "datatypes"))
"""The name spaces of GatingML, as lxml writes them before a tag."""
WORKSPACE = "Workspace"
MOST_NAMES_IN_AN_ERROR = 12
"""Most names that an error lists. Convention: nobody reads more."""
OLDEST_FLOWJO = 10
"""Oldest version of FlowJo whose workspaces are read. Vendor: FlowJo 10 began the format with GatingML
elements."""


class GateFileError(GatingError):
    """A file of gates that cannot be used; the message states the reason."""


def read_root(document: bytes, source: str) -> _Element:
    """Return the root of a FlowJo 10 workspace or a GatingML 2.0 document.

    Parameters
    ----------
    document
        XML. A document with a DOCTYPE is refused, since it could name other files.
    source
        Its name, for errors.

    Raises
    ------
    GateFileError
        If the document is neither.
    """
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    try:
        root: _Element = etree.fromstring(document, parser)
    except etree.XMLSyntaxError as error:
        raise GateFileError(
            f"{source}: not readable as XML ({error.msg}); "
            "expected a FlowJo 10 workspace (.wsp) or GatingML 2.0"
        ) from None
    if root.tag == WORKSPACE:
        _check_version(root, source)
    if root.getroottree().docinfo.doctype:
        raise GateFileError(f"{source}: has a DOCTYPE, which files of gates do not need; it is not read")
    if root.tag != WORKSPACE and not str(root.tag).startswith(f"{{{STANDARD}"):
        raise GateFileError(
            f"{source}: XML with the root {root.tag!r}, expected a FlowJo 10 workspace or GatingML 2.0"
        )
    return root


def _check_version(root: _Element, source: str) -> None:
    """Refuse workspaces of older versions than FlowJo 10, which have another format."""
    version = root.get("flowJoVersion", "")
    major = version.split(".")[0]
    if major.isdecimal() and int(major) >= OLDEST_FLOWJO:
        return
    form = root.get("version", "unknown")
    which = (
        f"FlowJo {version}" if version else (f"a FlowJo before 10 (format {form}; its version is not given)")
    )
    doctype = root.getroottree().docinfo.doctype
    old = ", and with a DOCTYPE, as only those before FlowJo 10 have" if doctype else ""
    raise GateFileError(
        f"{source}: a workspace of {which}{old}, expected FlowJo 10: "
        "open it in FlowJo 10 and save it there as a workspace (.wsp)"
    )


def as_file(root: _Element) -> io.BytesIO:
    """Return a document in the form that FlowKit reads."""
    from lxml import etree

    return io.BytesIO(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def first_names(names: list[str]) -> str:
    """Return names for an error; not all names if there are many."""
    more = f" and {len(names) - MOST_NAMES_IN_AN_ERROR} more" if len(names) > MOST_NAMES_IN_AN_ERROR else ""
    return ", ".join(names[:MOST_NAMES_IN_AN_ERROR]) + more


def number_in_gate(text: str) -> float:
    """Return the number that a text is; NaN if it is none."""
    try:
        return float(text)
    except ValueError:
        return math.nan
