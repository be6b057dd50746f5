"""Calls of the libraries that read a workbook: what they raise, and nothing else, is a fault of the file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from pipeline.study.faults import Fault
from pipeline.study.wording import quoted

Made = TypeVar("Made")
WORKBOOK_EXPECTED = "a workbook as Excel or LibreOffice saves it (.xlsx)"


class PackageError(Exception):
    """A workbook that cannot be read; `fault` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


def by_library(file: str, call: Callable[..., Made], *arguments: Any) -> Made:
    """Return what zipfile, expat or openpyxl makes of a workbook.

    openpyxl raises whatever its readers of XML, zip and styles raise. Only a library's own function may be
    given here. An exception in code of this program is a defect, not a bad workbook.

    Raises
    ------
    PackageError
        If the library raises anything.
    """
    try:
        return call(*arguments)
    except PackageError:  # a handler of ours that refuses the file
        raise
    except Exception as error:  # the call is the library's alone
        problem = f"a workbook that cannot be read ({type(error).__name__}: {quoted(error)})"
        hint = "Open it in Excel or LibreOffice, save it again as .xlsx, or start from `cd38rd init`."
        raise PackageError(Fault(file, problem, WORKBOOK_EXPECTED, hint)) from None
