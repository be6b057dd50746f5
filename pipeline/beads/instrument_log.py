"""The instrument log: an SQLite file with a line per bead run, shared by studies and by processes."""

from __future__ import annotations

import json
import math
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from calibration.curve.acceptance_limits import CurveVerdict
from pipeline.study.errors import UserError

BUSY_SECONDS = 30.0
"""Seconds to wait for another process that is writing. Convention: a write takes far less."""

_TABLE = """
CREATE TABLE IF NOT EXISTS bead_runs (
    sha256 TEXT NOT NULL, channel TEXT NOT NULL, kit TEXT NOT NULL, lot TEXT NOT NULL,
    instrument TEXT NOT NULL, serial TEXT NOT NULL, voltage REAL, gain REAL, acquired_at TEXT NOT NULL,
    levels TEXT NOT NULL, medians TEXT NOT NULL, on_scale TEXT NOT NULL,
    slope REAL NOT NULL, intercept REAL NOT NULL, verdict TEXT NOT NULL,
    PRIMARY KEY (sha256, channel)
) WITHOUT ROWID
"""
_COLUMNS = (
    "sha256", "channel", "kit", "lot", "instrument", "serial", "voltage", "gain", "acquired_at", "levels",
    "medians", "on_scale", "slope", "intercept", "verdict",
)  # fmt: skip
_WRITE = f"INSERT OR REPLACE INTO bead_runs ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"
_READ = f"SELECT {', '.join(_COLUMNS)} FROM bead_runs"
_ALIKE = (
    "channel = ? AND kit = ? AND lot = ? AND instrument = ? AND serial = ? AND voltage IS ? AND gain IS ? "
    "AND levels = ?"
)
_FAULTS_OF_FILE = frozenset(
    {
        sqlite3.SQLITE_PERM, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOLFS, sqlite3.SQLITE_NOTADB,
    }
)  # fmt: skip
"""Result codes of SQLite for a file that is damaged, locked, full or cannot be opened
(sqlite.org/rescode.html). Any other code, such as that of a wrong statement or of a value that the table
refuses, is a defect."""
_PRIMARY_CODE = 0xFF
"""The bits of an extended result code of SQLite that hold the primary one. Arithmetic: its lowest byte
(sqlite.org/rescode.html)."""


@dataclass(frozen=True, slots=True)
class LoggedRun:
    """A bead run in the log; nothing in it names a person, a study or a folder.

    Attributes
    ----------
    sha256
        Digest of the FCS file: a file that is read again replaces its own line.
    acquired_at
        ISO date, with the time if it is known; "" if the date is not known.
    levels, medians, on_scale
        Every population, dim to bright; `on_scale` is false where the median is at the end of the scale.
    """

    sha256: str
    channel: str
    kit: str
    lot: str
    instrument: str
    serial: str
    voltage: float | None
    gain: float | None
    acquired_at: str
    levels: tuple[float, ...]
    medians: tuple[float, ...]
    on_scale: tuple[bool, ...]
    slope: float
    intercept: float
    verdict: CurveVerdict


class InstrumentLog:
    """A log in one file.

    Parameters
    ----------
    path
        Made, with its table, when first used; its folder must be there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, run: LoggedRun) -> None:
        """Write a run, or replace the line of the same file and channel; safe with other processes."""
        values = (
            *(run.sha256, run.channel, run.kit, run.lot, run.instrument, run.serial, run.voltage, run.gain),
            *(run.acquired_at, _listed(run.levels), _listed(run.medians), _listed(run.on_scale)),
            *(run.slope, run.intercept, run.verdict.value),
        )
        # IMMEDIATE takes the writer's lock at once: two writers wait for each other, none is refused.
        self._rows_of(("BEGIN IMMEDIATE", ()), (_WRITE, values), ("COMMIT", ()))

    def runs(self) -> tuple[LoggedRun, ...]:
        """Return every run, in order of time."""
        return self._read(f"{_READ} ORDER BY acquired_at, sha256, channel", ())

    def before(self, run: LoggedRun) -> tuple[LoggedRun, ...]:
        """Return the earlier runs of the same beads on the same detector with the same voltage and gain.

        The run itself and runs of the same moment are excluded, so that a repeated call gives the same
        answer. A run without a date has no earlier runs.
        """
        if not run.acquired_at:
            return ()
        alike = (
            *(run.channel, run.kit, run.lot, run.instrument, run.serial, run.voltage, run.gain),
            _listed(run.levels),
        )
        return self._read(
            f"{_READ} WHERE {_ALIKE} AND sha256 <> ? AND acquired_at <> '' AND acquired_at < ? "
            "ORDER BY acquired_at, sha256",
            (*alike, run.sha256, run.acquired_at),
        )

    def of_lot(self, kit: str, lot: str, channel: str) -> tuple[LoggedRun, ...]:
        """Return the runs of a lot on a channel of this name, on any instrument, in order of time."""
        where = "kit = ? AND lot = ? AND channel = ?"
        return self._read(f"{_READ} WHERE {where} ORDER BY acquired_at, sha256", (kit, lot, channel))

    def _read(self, query: str, values: tuple[object, ...]) -> tuple[LoggedRun, ...]:
        rows = self._rows_of((query, values))
        try:
            return tuple(map(_run, rows))
        except _BadLogError as error:
            raise self._unusable(error) from None

    def _rows_of(self, *statements: tuple[str, tuple[object, ...]]) -> list[tuple[object, ...]]:
        """Return the rows that the statements give, one after the other, on one connection."""
        try:
            with closing(
                sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
            ) as connection:
                # SQLite's default journal, not WAL: WAL needs shared memory, which network drives lack.
                connection.text_factory = _text
                _must_be_ours(connection)
                connection.execute(_TABLE)
                return [row for sql, values in statements for row in connection.execute(sql, values)]
        except sqlite3.DatabaseError as error:
            if _kind(error) not in _FAULTS_OF_FILE:
                raise
            raise self._unusable(error) from None
        except _BadLogError as error:
            raise self._unusable(error) from None

    def _unusable(self, why: Exception) -> UserError:
        return UserError(
            f"{self.path}: cannot be used as the instrument log ({why}), expected an SQLite file that "
            "cd38rd made, or a name in a folder that exists and can be written; "
            "see the setting instrument_log"
        )


class _BadLogError(Exception):
    """The file is a database, but no log, or a line of it is damaged."""


def _kind(error: sqlite3.DatabaseError) -> int:
    """Return SQLite's primary result code; 0 for an error without one."""
    return int(getattr(error, "sqlite_errorcode", 0)) & _PRIMARY_CODE


def _text(stored: bytes) -> str:
    try:
        return stored.decode("utf-8")
    except UnicodeDecodeError:
        raise _BadLogError("it holds text that is damaged") from None


def _must_be_ours(connection: sqlite3.Connection) -> None:
    """Refuse the database of another program, and add nothing to it."""
    tables = [
        str(name) for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    ]
    if tables and "bead_runs" not in tables:
        raise _BadLogError(f"it is a database of another program, with the table {tables[0]}")
    columns = {str(name) for (name,) in connection.execute("SELECT name FROM pragma_table_info('bead_runs')")}
    missing = [name for name in _COLUMNS if name not in columns]
    if tables and missing:
        raise _BadLogError(f"its table bead_runs has no column {missing[0]}")


def _run(row: tuple[object, ...]) -> LoggedRun:
    facts = dict(zip(_COLUMNS, row, strict=True))
    lists = {name: _list(facts.pop(name)) for name in ("levels", "medians", "on_scale")}
    numbers = [value for name in ("levels", "medians") for value in lists[name] or ()]
    numbers += [facts["slope"], facts["intercept"]]
    lengths = {None if values is None else len(values) for values in lists.values()}
    verdict = next((known for known in CurveVerdict if known.value == facts["verdict"]), None)
    if None in lengths or len(lengths) > 1 or not all(map(_is_number, numbers)) or verdict is None:
        raise _BadLogError(
            f"its line of {facts['acquired_at'] or 'an unknown day'}, lot {facts['lot']}, is damaged"
        )
    return LoggedRun(**{**facts, **lists, "verdict": verdict})  # type: ignore[arg-type]


def _list(stored: object) -> tuple[object, ...] | None:
    """Return the values of a list as it was written; None for anything else."""
    try:
        values = json.loads(str(stored))
    except json.JSONDecodeError:
        return None
    return tuple(values) if isinstance(values, list) else None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _listed(values: tuple[float, ...] | tuple[bool, ...]) -> str:
    return json.dumps(values)
