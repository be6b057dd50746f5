"""New styles in the XML of a workbook: a colour behind a cell; existing styles stay."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pipeline.template.additions.sheet_xml import NewCell, SheetXmlError, fact

_FILLS = re.compile(r"(<((?:\w+:)?)fills\b[^>]*>)(.*?)(</(?:\w+:)?fills>)", re.DOTALL)
_FONTS = re.compile(r"<(?:\w+:)?fonts\b[^>]*>(.*?)</(?:\w+:)?fonts>", re.DOTALL)
_FONT = re.compile(r"<(?:\w+:)?font\b[^>]*?(?:/>|>.*?</(?:\w+:)?font>)", re.DOTALL)
_STRIKE = re.compile(r'<(?:\w+:)?strike\b(?![^>]*val="(?:0|false)")')
_FORMATS = re.compile(r"(<((?:\w+:)?)cellXfs\b[^>]*>)(.*?)(</(?:\w+:)?cellXfs>)", re.DOTALL)
_FORMAT = re.compile(r"<(?:\w+:)?xf\b[^>]*?(?:/>|>.*?</(?:\w+:)?xf>)", re.DOTALL)
_FILL = re.compile(r"<(?:\w+:)?fill\b[^>]*?(?:/>|>.*?</(?:\w+:)?fill>)", re.DOTALL)
_NO_DAY = ("", "0", "1", "2", "49")
"""Numbers of formats that show a date as a number or as text. Vendor: ECMA-376, 18.8.30."""

SHORT_DATE = "14"
"""Number of the date format of the reader's country. Vendor: ECMA-376, 18.8.30."""


@dataclass(slots=True)
class StyleSheet:
    """The styles of a workbook; styles for new cells are added when they are needed."""

    xml: str
    known: dict[tuple[int, str, bool], int] = field(default_factory=dict)
    fills: dict[str, int] = field(default_factory=dict)

    def style(self, base: int, cell: NewCell) -> int:
        """Return the number of a style like `base`, but with this colour, and with a date format for dates.

        Raises
        ------
        SheetXmlError
            If the styles do not have the form that Excel and LibreOffice write.
        """
        key = base, cell.colour, cell.is_day
        if key not in self.known:
            self.known[key] = self._added(*key)
        return self.known[key]

    def _added(self, base: int, colour: str, is_day: bool) -> int:
        fill = self._fill(colour) if colour else 0
        opening, prefix, inside, closing = self._part(_FORMATS)
        formats = _FORMAT.findall(inside)
        if base >= len(formats):
            raise SheetXmlError("a cell of a style that is not there")
        new = _set(formats[base], "fillId", str(fill))
        new = _set(new, "applyFill", "1")
        new = _set(new, "fontId", fact(formats[0], "fontId") or "0") if self._is_struck(new) else new
        if is_day and fact(new, "numFmtId") in _NO_DAY:
            new = _set(_set(new, "numFmtId", SHORT_DATE), "applyNumberFormat", "1")
        del prefix
        self._replace(_FORMATS, f"{_counted(opening, len(formats) + 1)}{inside}{new}{closing}")
        return len(formats)

    def _fill(self, colour: str) -> int:
        if colour not in self.fills:
            opening, prefix, inside, closing = self._part(_FILLS)
            n = len(_FILL.findall(inside))
            new = (
                f'<{prefix}fill><{prefix}patternFill patternType="solid"><{prefix}fgColor rgb="FF{colour}"/>'
                f'<{prefix}bgColor indexed="64"/></{prefix}patternFill></{prefix}fill>'
            )
            self._replace(_FILLS, f"{_counted(opening, n + 1)}{inside}{new}{closing}")
            self.fills[colour] = n
        return self.fills[colour]

    def _is_struck(self, style: str) -> bool:
        listed = _FONTS.search(self.xml)
        fonts = _FONT.findall(listed[1]) if listed else []
        number = int(fact(style, "fontId") or 0)
        return number < len(fonts) and bool(_STRIKE.search(fonts[number]))

    def _part(self, pattern: re.Pattern[str]) -> tuple[str, str, str, str]:
        match = pattern.search(self.xml)
        if match is None:
            raise SheetXmlError("no list of styles")
        return match[1], match[2], match[3], match[4]

    def _replace(self, pattern: re.Pattern[str], text: str) -> None:
        self.xml = pattern.sub(lambda _: text, self.xml, count=1)


def _set(element: str, name: str, value: str) -> str:
    """Return an XML element with an attribute set."""
    start = re.match(r"<[^>]*?(?=/?>)", element)
    if start is None:
        raise SheetXmlError("a style that is no element")
    head, tail = start[0], element[start.end() :]
    if fact(head, name):
        head = re.sub(rf'(?<![\w:]){name}\s*=\s*"[^"]*"', f'{name}="{value}"', head)
    else:
        head = f'{head.rstrip()} {name}="{value}"'
    return head + tail


def _counted(opening: str, n: int) -> str:
    return re.sub(r'count="\d+"', f'count="{n}"', opening)
