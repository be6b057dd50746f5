"""The XML of a FlowJo 10 workspace or a GatingML 2.0 file: checked, trimmed, and read by FlowKit."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import unquote

from gating.events.errors import GatingError

if TYPE_CHECKING:
    import flowkit
    from lxml.etree import _Element

GATINGML = "http://www.isac-net.org/std/Gating-ML/v2.0/"
MOST_NAMES = 12
"""Names that an error lists. Convention: more would not be read."""


class GateFileError(GatingError):
    """A file of gates that cannot replace ours, and why."""


def read_strategy(document: bytes, source: str, tube_names: Sequence[str]) -> flowkit.GatingStrategy:
    """Return all gates of a GatingML document, or those that a workspace has for a tube.

    Parameters
    ----------
    document
        XML. One with a DOCTYPE is refused: it could name other files.
    source
        Its name, for errors.
    tube_names
        File names under which a workspace may know the tube.

    Raises
    ------
    GateFileError
        If it is no such document, or has no such tube.
    """
    root = _root(document, source)
    if root.tag == "Workspace":
        return _of_workspace(root, source, tube_names)
    if root.tag.startswith(f"{{{GATINGML}"):
        return _of_gatingml(root, source)
    raise GateFileError(
        f"{source}: XML with the root {root.tag!r}, expected a FlowJo 10 workspace or GatingML 2.0"
    )


def _root(document: bytes, source: str) -> _Element:
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        root: _Element = etree.fromstring(document, parser)
    except etree.XMLSyntaxError as error:
        raise GateFileError(
            f"{source}: not readable as XML ({error.msg}); "
            "expected a FlowJo 10 workspace (.wsp) or GatingML 2.0"
        ) from None
    if root.getroottree().docinfo.doctype:
        raise GateFileError(f"{source}: has a DOCTYPE, which files of gates do not need; it is not read")
    return root


def _of_gatingml(root: _Element, source: str) -> flowkit.GatingStrategy:
    import flowkit

    _name_fluorochromes(root)
    try:
        return flowkit.parse_gating_xml(_as_file(root))
    except Exception as error:  # FlowKit raises whatever its parts raise
        raise GateFileError(f"{source}: no GatingML 2.0 that FlowKit can read ({error})") from None


def _name_fluorochromes(root: _Element) -> None:
    """Name the fluorochromes of a matrix after its detectors where they have no name.

    FlowKit writes such documents and then refuses to read them.
    """
    name = f"{{{GATINGML}datatypes}}name"
    for matrix in root.iter(f"{{{GATINGML}transformations}}spectrumMatrix"):
        dyes = matrix.findall(f"{{{GATINGML}transformations}}fluorochromes/*")
        detectors = matrix.findall(f"{{{GATINGML}transformations}}detectors/*")
        for dye, detector in zip(dyes, detectors, strict=False):
            if not dye.get(name):
                dye.set(name, detector.get(name) or "")


def _of_workspace(root: _Element, source: str, tube_names: Sequence[str]) -> flowkit.GatingStrategy:
    from flowkit._utils.wsp_utils import parse_wsp

    version = root.get("flowJoVersion", "")
    if not version.split(".")[0].isdigit() or int(version.split(".")[0]) < 10:
        raise GateFileError(
            f"{source}: a workspace of FlowJo {version or '(no version)'}, expected FlowJo 10"
        )
    _keep_tube(root, source, tube_names)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            (sample,) = parse_wsp(_as_file(root))["samples"].values()
    except Exception as error:  # FlowKit raises whatever its parts raise
        raise GateFileError(f"{source}: FlowKit cannot read this workspace ({error})") from None
    strategy: flowkit.GatingStrategy = sample["gating_strategy"]
    return strategy


def _keep_tube(root: _Element, source: str, tube_names: Sequence[str]) -> None:
    """Leave one tube in a workspace: the others cost time, and their gates may be of no use to FlowKit."""
    samples = root.find("SampleList")
    every = [] if samples is None else samples.findall("Sample")
    wanted = {name.casefold() for name in tube_names}
    matches = [sample for sample in every if wanted & {name.casefold() for name in _names(sample)}]
    if len(matches) != 1 or samples is None:
        raise GateFileError(_no_single_tube(source, tube_names, every, matches))
    for sample in every:
        if sample is not matches[0]:
            samples.remove(sample)
    groups = root.find("Groups")
    for group in [] if groups is None else list(groups):
        group.getparent().remove(group)


def _names(sample: _Element) -> tuple[str, ...]:
    """Return the names of a sample: as shown, of the file it came from, and $FIL."""
    node, data = sample.find("SampleNode"), sample.find("DataSet")
    shown = "" if node is None else node.get("name", "")
    file = "" if data is None else unquote(data.get("uri", "")).replace("\\", "/").rpartition("/")[2]
    given = [k.get("value", "") for k in sample.iterfind("Keywords/Keyword") if k.get("name") == "$FIL"]
    return tuple(dict.fromkeys(name for name in (shown, file, *given) if name))


def _no_single_tube(
    source: str, tube_names: Sequence[str], every: Sequence[_Element], matches: Sequence[_Element]
) -> str:
    listed = [_names(sample)[0] for sample in matches or every if _names(sample)]
    more = f" and {len(listed) - MOST_NAMES} more" if len(listed) > MOST_NAMES else ""
    there = ", ".join(listed[:MOST_NAMES]) + more
    tube = " or ".join(dict.fromkeys(tube_names)) or "the tube"
    if matches:
        return f"{source}: the workspace has {tube} {len(matches)} times ({there}), expected it once"
    return (
        f"{source}: the workspace does not have {tube}; it has {there or 'no sample'}: "
        "a tube is found by its file name or $FIL"
    )


def _as_file(root: _Element) -> io.BytesIO:
    from lxml import etree

    return io.BytesIO(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))
