"""The stored values of an FCS file as FlowIO and fcsparser read them; what they raise is a `ReaderError`."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from functools import partial
from operator import attrgetter
from typing import Any, TypeVar

import numpy as np

from calibration.numbers import Floats
from pipeline.fcs.file import FcsFile

Read = TypeVar("Read")


class ReaderError(Exception):
    """Another reader cannot read the file; `fault` is what it raised."""

    def __init__(self, fault: Exception) -> None:
        super().__init__(str(fault))
        self.fault = fault


def by_reader(reader: str, call: Callable[..., Read], *arguments: Any) -> Read:
    """Return what another reader makes of a file; its warnings are left out.

    A reader raises whatever comes. Only its own functions may be given here: an exception in code of this
    program is a defect.

    Parameters
    ----------
    reader
        Name of the library.

    Raises
    ------
    ReaderError
        If the library raises anything.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return call(*arguments)
        except Exception as fault:  # the call is the library's alone
            raise ReaderError(fault) from fault


def read_by_flowio(file: FcsFile) -> Floats | None:
    """Return the stored values, shape (n_channels, n_events); None if FlowIO finds no events.

    Raises
    ------
    ReaderError
        If FlowIO cannot read the file.
    """
    import flowio

    lenient = {"ignore_offset_error": True, "ignore_offset_discrepancy": True}
    with file.path.open("rb") as handle:
        data = by_reader("FlowIO", partial(flowio.FlowData, nextdata_offset=file.start, **lenient), handle)
    if data.events is None:
        return None
    return np.asarray(by_reader("FlowIO", partial(data.as_array, preprocess=False)), np.float64).T


def read_by_fcsparser(file: FcsFile) -> Floats | None:
    """Return the stored values, shape (n_channels, n_events).

    Raises
    ------
    ReaderError
        If fcsparser cannot read the file.
    """
    from fcsparser.api import FCSParser

    logging.getLogger("fcsparser").addHandler(logging.NullHandler())
    parser = partial(FCSParser, read_data=True, data_set=file.data_set - 1)
    data = by_reader("fcsparser", attrgetter("data"), by_reader("fcsparser", parser, str(file.path)))
    if data.dtype.names:
        return np.stack([data[name].astype(np.float64) for name in data.dtype.names])
    return np.asarray(data, np.float64).T
