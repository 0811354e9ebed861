"""One camera's traffic counted, and its acts held from a jump on until somebody has said that it is right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from edge.types import ActEvent
from edge.watch.report import Entry
from edge.watch.traffic import Counted, Hour, TrafficMargins, Unusual, Usual, hour_of, jump, unusual, usual
from edge.watch.traffic_book import Hold, TrafficBook
from evidence.packet import utc_text
from evidence.wire import TrafficHealth, TrafficState

_WRITE = timedelta(seconds=60)
"""So much of an hour's counts a power cut may lose."""
_HOURS = 24
"""Of a day."""
_LONGEST_STEP_S = 5.0
"""Between two pictures that were looked at; a longer silence was not watched."""


class Answers(Protocol):
    """What people said of a camera's traffic (`edge.delivery.switch_book`)."""

    def traffic_right(self, camera: str, at: datetime) -> bool: ...

    def camera_doubted(self, camera: str, at: datetime) -> bool: ...


class NobodyAnswers:
    """A box that no centre speaks to: what is held stays held."""

    def traffic_right(self, camera: str, at: datetime) -> bool:
        return False

    def camera_doubted(self, camera: str, at: datetime) -> bool:
        return False


class TrafficWatch:
    """`looked` after each picture, `told` with the acts that came of it, `plate` when one was looked for.

    Parameters
    ----------
    kinds: how many kinds of acts the camera looks for.
    zone: by whose clock an hour is the same as on other days.
    write: where the record of holds and held acts goes.
    """

    def __init__(
        self,
        camera: str,
        kinds: int,
        margins: TrafficMargins,
        zone: ZoneInfo,
        *,
        book: TrafficBook | None = None,
        answers: Answers | None = None,
        write: Callable[[Entry], None] = lambda entry: None,
    ) -> None:
        self._camera, self._kinds, self._m, self._zone, self._write = camera, kinds, margins, zone, write
        self._book, self._answers = book or TrafficBook(), answers or NobodyAnswers()
        self._hold = self._book.held
        self._begins: datetime | None = None
        self._usual: Usual | None = None
        self._watched_s, self._vehicles, self._plates, self._read = 0.0, 0, 0, 0
        self._acts: Counter[str] = Counter()
        self._last: datetime | None = None
        self._written = datetime.min.replace(tzinfo=UTC)
        self._unusual: frozenset[Unusual] = frozenset()
        self._acts_held = 0
        self.report = TrafficHealth(state="learning")
        """How it is now: one value, replaced as a whole, so that another thread may read it."""
        if self._hold is not None:
            self.report = self._reported()

    @property
    def warnings(self) -> list[str]:
        return [f"camera {self._camera}: {self._book.warning}"] if self._book.warning else []

    def looked(self, now: datetime, passed: int = 0, *, blind: bool = False) -> None:
        """A picture was looked at, and since the last one the tracks of `passed` vehicles that drove by have ended.
        `blind`: all acts are held for the picture's sake, so that an empty road may be none, and nothing is counted."""
        self._enter(now)
        if self._last is not None:
            step_s = (now - self._last).total_seconds()
            self._watched_s += step_s if 0.0 < step_s <= _LONGEST_STEP_S and not blind else 0.0
        self._last = now
        self._vehicles += 0 if blind else passed
        self._release(now)
        if not timedelta() <= now - self._written < _WRITE:
            self._keep(now)

    def plate(self, read: bool) -> None:
        """The plate of an act was looked for."""
        self._plates += 1
        self._read += int(read)

    def told(self, acts: Sequence[ActEvent], now: datetime) -> tuple[list[ActEvent], list[ActEvent]]:
        """Those that may be told, and those that are held."""
        self._enter(now)
        free: list[ActEvent] = []
        held: list[ActEvent] = []
        for event in acts:
            self._acts[event.act.value] += 1
            self._ask(now)
            (free if self._hold is None else held).append(event)
        for event in held:
            self._acts_held += 1
            told = {"act": event.act.value, "t_s": round(event.t_s, 3), "frame": event.frame, "why": "traffic"}
            self._write(Entry("held", now, told | {"box": list(event.vehicle.box)}))
        if acts:
            self.report = self._reported()
        return free, held

    @property
    def _counted(self) -> Counted:
        return Counted(self._watched_s, self._vehicles, dict(self._acts), self._plates, self._read)

    def _ask(self, now: datetime) -> None:
        assert self._begins is not None
        if self._hold is not None or self._usual is None:
            return
        found = jump(self._counted, self._usual, self._kinds, self._m)
        if found is None or self._answers.traffic_right(self._camera, now):
            return
        self._hold = Hold(now, self._begins, found)
        self._keep(now)
        self._book.hold(self._hold)
        self._book.doubt(self._begins, True)
        self._write(Entry("traffic", now, {"state": "acts_jump", "act": found.act, "acts": found.acts,
                                           "vehicles": found.vehicles, "usual_acts": found.usual_acts,
                                           "usual_vehicles": found.usual_vehicles, "days": found.days}))  # fmt: skip

    def _release(self, now: datetime) -> None:
        hold = self._hold
        if hold is None or not self._answers.traffic_right(self._camera, hold.at):
            return
        self._hold = None
        self._book.hold(None)
        if not self._answers.camera_doubted(self._camera, hold.at):
            self._book.doubt(hold.counted_from, False)  # it was as it should: other days may learn from it
        self._write(Entry("traffic", now, {"state": "said_right"}))
        self.report = self._reported()

    def _enter(self, now: datetime) -> None:
        """The hour of now: as far as it was counted before a restart, and what other days say of it."""
        begins = hour_of(now, self._zone)
        if begins == self._begins:
            return
        if self._begins is not None and self._last is not None:
            self._keep(self._last)
        hours = self._book.hours(begins - timedelta(days=self._m.remembered_days))
        known = next((each.counted for each in hours if each.begins == begins), Counted())
        self._begins, self._usual = begins, usual(hours, begins, self._zone, self._m)
        self._watched_s, self._vehicles = known.watched_s, known.vehicles
        self._plates, self._read, self._acts = known.plates, known.plates_read, Counter(known.acts)

    def _keep(self, now: datetime) -> None:
        assert self._begins is not None
        self._written = now
        hour = Hour(self._begins, self._counted, doubted=self._hold is not None)
        self._book.keep(hour, most=_HOURS * (self._m.remembered_days + 1))
        if self._usual is not None:
            self._unusual = self._unusual_now(self._usual)
        self.report = self._reported()

    def _unusual_now(self, other: Usual) -> frozenset[Unusual]:
        """An hour that has just begun says nothing yet: then what was found in the one before it stands."""
        found = unusual(self._counted, other, self._m)
        if self._watched_s >= self._m.least_watched_s or found:
            return found
        return self._unusual

    def _reported(self) -> TrafficHealth:
        now, other, hold = self._counted, self._usual, self._hold
        state: TrafficState = "learning" if other is None else "usual"
        for each in ("plates_unread", "few_vehicles"):
            state = each if each in self._unusual else state
        told: dict[str, object] = {
            "days": 0 if other is None else other.days,
            "day_kind": None if other is None else other.kind,
            **_figures(now, "", self._m),
            **(_figures(other.counted, "usual_", self._m) if other is not None else {}),
        }
        if hold is not None:
            state, found = "acts_jump", hold.jump
            told |= {
                "held_at": utc_text(hold.at.astimezone(UTC)),
                "counted_from": utc_text(hold.counted_from.astimezone(UTC)),
                "act": found.act, "acts": found.acts, "vehicles": found.vehicles, "usual_acts": found.usual_acts,
                "usual_vehicles": found.usual_vehicles, "days": found.days, "day_kind": found.kind,
            }  # fmt: skip
        return TrafficHealth.model_validate(told | {"state": state, "acts_held": self._acts_held})


def _figures(of: Counted, before: str, m: TrafficMargins) -> dict[str, float | None]:
    """Of less than ten minutes, or of fewer vehicles or plates than say something, there is no rate."""
    enough = of.watched_s >= m.least_watched_s
    return {
        f"{before}vehicles_per_hour": round(of.vehicles * 3600 / of.watched_s, 1) if enough else None,
        f"{before}acts_per_1000": round(1000 * of.all_acts / of.vehicles, 2)
        if of.vehicles >= m.least_vehicles
        else None,
        f"{before}plates_read": round(of.plates_read / of.plates, 3) if of.plates >= m.least_acts else None,
    }
