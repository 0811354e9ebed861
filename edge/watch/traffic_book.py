"""What a camera's traffic was, hour by hour, on the box's disk; and since when its acts are held.

Whatever cannot be read or written is told and stops nothing: then nothing is compared until days were learnt anew, and
a hold lasts in memory.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from edge.watch.traffic import Counted, Hour, Jump

log = logging.getLogger(__name__)
TRAFFIC_FILE = "traffic.sqlite"
_TABLES = """
CREATE TABLE IF NOT EXISTS hours (begins TEXT PRIMARY KEY, counted TEXT NOT NULL, doubted INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS hold (one INTEGER PRIMARY KEY CHECK (one = 1), told TEXT NOT NULL);
"""


@dataclass(frozen=True)
class Hold:
    """Acts are held since `at`; `counted_from`: what was told from there on may be wrong too."""

    at: datetime
    counted_from: datetime
    jump: Jump


class TrafficBook:
    """`file`: where it lies; None: in memory only. Used by one thread at a time."""

    def __init__(self, file: Path | None = None) -> None:
        self._file, self.warning = file, ""
        try:
            self._rows = _opened(file)
        except (sqlite3.Error, OSError) as error:
            self._told(error)
            self._rows = self._anew()

    def hours(self, since: datetime) -> list[Hour]:
        """Those that begin at `since` or later, in order."""
        try:
            rows = self._rows.execute("SELECT begins, counted, doubted FROM hours WHERE begins >= ? ORDER BY begins",
                                      (_key(since),)).fetchall()  # fmt: skip
            return [Hour(datetime.fromisoformat(b), Counted(**json.loads(c)), bool(d)) for b, c, d in rows]
        except (sqlite3.Error, ValueError, TypeError) as error:
            self._told(error)
            return []

    def keep(self, hour: Hour, *, most: int) -> None:
        """An hour as far as it is counted; its mark of doubt stays as it is.

        `most`: so many of the newest stay, whatever hour it is: a clock that is years ahead for a moment must not take
        what was learnt.
        """
        self._write(
            [
                ("INSERT INTO hours VALUES (?, ?, ?) ON CONFLICT (begins) DO UPDATE SET counted = excluded.counted",
                 (_key(hour.begins), json.dumps(asdict(hour.counted)), int(hour.doubted))),
                ("DELETE FROM hours WHERE begins IN (SELECT begins FROM hours ORDER BY begins DESC LIMIT -1 OFFSET ?)",
                 (most,)),
            ]
        )  # fmt: skip

    def doubt(self, since: datetime, doubted: bool) -> None:
        """Nobody may learn from the hours that begin at `since` or later; or they may after all."""
        self._write([("UPDATE hours SET doubted = ? WHERE begins >= ?", (int(doubted), _key(since)))])

    @property
    def held(self) -> Hold | None:
        try:
            row = self._rows.execute("SELECT told FROM hold").fetchone()
            if row is None:
                return None
            told = json.loads(row[0])
            at, since = (datetime.fromisoformat(told[name]) for name in ("at", "counted_from"))
            return Hold(at, since, Jump(**told["jump"]))
        except (sqlite3.Error, ValueError, TypeError, KeyError) as error:
            self._told(error)
            return None

    def hold(self, hold: Hold | None) -> None:
        """Acts are held from now on; None: they are not any more."""
        if hold is None:
            return self._write([("DELETE FROM hold", ())])
        told = {"at": hold.at.isoformat(), "counted_from": hold.counted_from.isoformat(), "jump": asdict(hold.jump)}
        self._write([("INSERT OR REPLACE INTO hold VALUES (1, ?)", (json.dumps(told),))])

    def _write(self, statements: list[tuple[str, tuple[object, ...]]]) -> None:
        try:
            with self._rows:
                for statement, values in statements:
                    self._rows.execute(statement, values)
            self.warning = ""
        except sqlite3.Error as error:
            self._told(error)

    def _anew(self) -> sqlite3.Connection:
        """What cannot be read is put aside."""
        assert self._file is not None
        try:
            self._file.replace(self._file.with_suffix(".damaged"))
            return _opened(self._file)
        except (sqlite3.Error, OSError):
            return _opened(None)

    def _told(self, error: Exception) -> None:
        self.warning = f"traffic of other days cannot be kept or read: {error} -> free the disk, see whether it is worn"
        log.error("%s file=%s", self.warning, self._file)


def _opened(file: Path | None) -> sqlite3.Connection:
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
    # made in the node's thread, used in the camera's
    rows = sqlite3.connect(file or ":memory:", timeout=2.0, check_same_thread=False)
    rows.executescript(_TABLES)
    return rows


def _key(instant: datetime) -> str:
    # whole hours of a zone may begin at any minute of UTC; of one length, so that text sorts as time does
    return (instant - timedelta(microseconds=instant.microsecond)).isoformat()
