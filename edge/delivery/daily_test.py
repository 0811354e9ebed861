"""The daily test act of one camera: when it is due, how far it is, and what was answered.

A camera that finds nothing for a week looks like one whose packets never arrive. So once a day, at a quiet hour, each
camera makes a marked packet of its running picture, which takes the whole way that an act takes (decision 44). Here is
the plan and the record of it; `edge.delivery.daily_capture` makes the packet.

The record is one small file, so that a restart neither forgets the day's test nor makes it twice. A box that is killed
after its packet was kept and before that was written down makes a second one, which does no harm.
"""

from __future__ import annotations

import json
import logging
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import Literal

from edge.delivery.outbox_store import write_durably
from edge.delivery.packet_table import Settled
from evidence.packet import utc_text
from evidence.wire import TestHealth, TestState

log = logging.getLogger(__name__)
PATIENCE = timedelta(minutes=10)
"""A test that is due for so long and was not made is told: a camera that reconnects or a full disk may pass by."""
ANSWERED_WITHIN = timedelta(hours=1)
"""So long after it was made its receipt is waited for before that is told; the centre tells a day later."""
SPREAD_MIN = 50
"""Minutes of the hour over which cameras are spread by their names, so that a province does not send all at once."""
RECORD, ASKED = "daily_test.json", "daily_test.asked"
Asked = Literal["daily", "asked"]


@dataclass(frozen=True)
class Kept:
    """What the file says. `since`: before that no test is missed. Times are ISO 8601 with milliseconds, UTC."""

    since: str
    made_at: str = ""
    asked: str = ""
    sequence: int = 0
    packet_id: str = ""
    answered_at: str = ""
    refused: str = ""
    asked_file: str = ""
    """What the request said that it answered."""


def minute_of(node: str, camera: str) -> int:
    """At which minute of the hour a camera makes its test; the same for ever."""
    return zlib.crc32(f"{node}/{camera}".encode()) % SPREAD_MIN


def newest_turn(now: datetime, hour: int, minute: int, zone: tzinfo) -> datetime:
    """The last moment, not after `now`, at which a test was due by the clock on the wall."""
    local = now.astimezone(zone)
    turn = datetime.combine(local.date(), time(hour, minute), zone)
    return (turn if turn <= local else turn - timedelta(days=1)).astimezone(UTC)


class DailyTest:
    """Of one camera. `ask` and `made` are of that camera's thread; `report` may be read by any.

    Parameters
    ----------
    folder: of the camera, where the record and requests lie; made if missing.
    hour: of the local day, 0..23; None: no test by itself, only when somebody asks.
    settled: where a packet of the chain stands (`Outbox.settled`).
    """

    def __init__(
        self, node: str, camera: str, folder: Path, *, hour: int | None, zone: tzinfo,
        settled: Callable[[int], Settled | None], now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:  # fmt: skip
        self.camera = camera
        self._folder, self._hour, self._minute, self._zone = folder, hour, minute_of(node, camera), zone
        self._settled, self._now = settled, now
        self._begun = now()
        self.fault = ""
        """Why the last try to keep a packet failed, in words; "" when it did not."""
        self._kept = self._read()

    def due(self) -> Asked | None:
        """Whether a test has to be made now, and for whom."""
        if self._request() is not None:
            return "asked"
        return "daily" if self._due_since() is not None else None

    def made(self, asked: Asked, *, at: datetime, sequence: int, packet_id: str) -> None:
        """The packet is in the outbox."""
        request = self._request() or ""
        self._kept = replace(
            self._kept, made_at=utc_text(at), asked=asked, sequence=sequence, packet_id=packet_id, answered_at="",
            refused="", asked_file=request if asked == "asked" else self._kept.asked_file,
        )  # fmt: skip
        self.fault = ""
        self._write()
        if asked == "asked":
            try:
                (self._folder / ASKED).unlink(missing_ok=True)
            except OSError as error:  # then it is known by what it says
                log.error("test act: request stays camera=%s %s", self.camera, error)
        log.info("test act made camera=%s asked=%s packet=%s sequence=%d", self.camera, asked, packet_id, sequence)

    def look(self) -> None:
        """Write down an answer that has come; of the camera's thread, about once a second."""
        if not self._kept.made_at or self._kept.answered_at or self._kept.refused:
            return
        found = self._settled(self._kept.sequence)
        if found is None or found.packet_id != self._kept.packet_id or found.state == "pending":
            return
        if found.state == "delivered":
            self._kept = replace(self._kept, answered_at=found.at or utc_text(self._now()))
        else:
            self._kept = replace(self._kept, refused=found.reason or found.state)
        self._write()

    @property
    def report(self) -> TestHealth | None:
        """As health tells it; None where no test is made by itself and nobody ever asked for one."""
        kept, now = self._kept, self._now()
        if self._hour is None and not kept.made_at:
            return None
        return TestHealth(
            daily=self._hour is not None,
            state=self._state(kept, now),
            made_at=kept.made_at or None,
            answered_at=kept.answered_at or None,
            took_s=_seconds(kept.made_at, kept.answered_at),
        )

    def _state(self, kept: Kept, now: datetime) -> TestState:
        since = self._due_since()
        if since is not None and now - since > PATIENCE:
            return "not_kept" if self.fault else "no_pictures"
        if not kept.made_at:
            return "none_yet"
        if kept.refused:
            return "refused"
        if kept.answered_at:
            return "answered"
        return "unanswered" if now - datetime.fromisoformat(kept.made_at) > ANSWERED_WITHIN else "sent"

    def _due_since(self) -> datetime | None:
        """Since when the test by itself could have been made; None: it is not due."""
        if self._hour is None:
            return None
        now = self._now()
        turn = newest_turn(now, self._hour, self._minute, self._zone)
        # what lies ahead was written by a clock that was wrong: the day's test is not left out for it
        known = [datetime.fromisoformat(text) for text in (self._kept.since, self._kept.made_at) if text]
        past = [at for at in known if at <= now]
        return max(turn, self._begun) if not past or max(past) < turn else None

    def _request(self) -> str | None:
        """What somebody asks for who is not answered yet."""
        try:
            said = (self._folder / ASKED).read_text("utf-8")[:100]
        except (OSError, UnicodeDecodeError):
            return None
        return said if said != self._kept.asked_file else None

    def _read(self) -> Kept:
        kept = read_record(self._folder)
        if kept is not None:
            return kept
        self._kept = Kept(since=utc_text(self._now()))
        self._write()
        return self._kept

    def _write(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_durably(self._folder / RECORD, json.dumps(asdict(self._kept)).encode())
        except OSError as error:  # it is known until the next start
            log.error("test act: its record cannot be written camera=%s %s", self.camera, error)


def read_record(folder: Path) -> Kept | None:
    """What is known of a camera's test acts; None where nothing can be read."""
    try:
        kept = Kept(**json.loads((folder / RECORD).read_text("utf-8")))
        for text in (kept.since, kept.made_at, kept.answered_at):
            if text:
                datetime.fromisoformat(text)
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    return kept


def ask(folder: Path, now: datetime) -> str:
    """Ask the running box for a test act of one camera; what the request says. Raises `OSError`."""
    folder.mkdir(parents=True, exist_ok=True)
    said = utc_text(now)
    write_durably(folder / ASKED, said.encode())
    return said


def _seconds(made_at: str, answered_at: str) -> float | None:
    if not made_at or not answered_at:
        return None
    took = datetime.fromisoformat(answered_at) - datetime.fromisoformat(made_at)
    return round(took.total_seconds(), 1)
