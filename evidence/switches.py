"""Timed switches: for a time the signals of a place do not say what vehicles may do, and a person said so.

An officer directs the traffic, or the signal is out of order. Whoever has the right says so at the centre, which signs
the statement and sends it to the box; the acts of that time are flagged, never left out. A later statement under the
same `id` takes the place of an earlier one: that is how a switch ends sooner or goes on for longer. So a list may come
twice, late or out of order, and an old one that somebody sends again changes nothing (docs/packet-v1.md, "Switches").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, get_args

from pydantic import Field, model_validator

from evidence.canonical import canonical_json
from evidence.case_record import Millis, Signature
from evidence.packet import Ident, Model, PacketId
from evidence.seal import SigningKey
from evidence.statement_lists import read_list, write_list

SignalKind = Literal["officer_directs", "signal_out_of_order"]
SwitchKind = Literal[SignalKind, "camera_doubted", "traffic_right"]
"""Also the flag of an act that happened meanwhile, but for the last.

The last two answer a box that holds its acts because they are told far more often than usual: something is wrong with
the camera, so that what was told before is to be looked at; or the traffic is so indeed, and its acts may be told.
"""
SIGNAL_KINDS: tuple[SignalKind, ...] = get_args(SignalKind)
"""What somebody may say without having been asked."""
FLAGS: tuple[SwitchKind, ...] = (*SIGNAL_KINDS, "camera_doubted")
"""Those that flag the acts of their time."""

AROUND = timedelta(seconds=60)
"""An act so shortly before or after counts as of that time: people name minutes, and look at other clocks."""
AROUND_UNSURE = timedelta(minutes=10)
"""The same where the box was not sure of its clock. A box without network drifts by seconds a day (chrony's manual:
crystals, 10-50 ppm); what is off by more is told as such (`clock_unsure`), and a person looks at it anyway."""
UNSURE_FLAGS = frozenset({"clock_unsure", "stream_time_step", "camera_clock_off"})
LONGEST = timedelta(hours=24)
"""A switch ends by itself; what lasts for longer is said again by somebody who looked again."""
REMEMBERED = timedelta(days=2)
"""So long after its end a box still knows a switch: no act waits for as long before it is packed."""
MOST = 64
"""Switches in one list; more than a junction has lines and a day has hours."""
MAX_LIST_BYTES = 192 * 1024


class Switch(Model, strict=True):
    """From `since` until before `until`. `camera` None: all of the box; `line` None: all that the camera sees.

    `by`: the account that said it; `why`: in words; `at`: when it was said, by the centre's clock.
    """

    schema_: Literal["giaolo.switch/1"] = Field(default="giaolo.switch/1", alias="schema")
    centre: Ident
    id: PacketId
    kind: SwitchKind
    node: Ident
    camera: Ident | None = None
    line: Ident | None = None
    since: Millis
    until: Millis
    by: str = Field(min_length=1, max_length=64)
    why: str = Field(min_length=1, max_length=300)
    at: Millis

    model_config = Model.model_config | {"populate_by_name": True}

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Switch:
        if not self.starts <= self.ends <= self.starts + LONGEST:
            raise ValueError("a switch ends after it begins, and within a day")
        datetime.fromisoformat(self.at)  # a moment that there is
        if self.line is not None and self.camera is None:
            raise ValueError("a stop line is one of a camera")
        return self

    @property
    def starts(self) -> datetime:
        return datetime.fromisoformat(self.since)

    @property
    def said(self) -> datetime:
        return datetime.fromisoformat(self.at)

    @property
    def ends(self) -> datetime:
        return datetime.fromisoformat(self.until)

    def statement(self) -> bytes:
        """The bytes that the centre signs."""
        return canonical_json(self.model_dump(mode="json", by_alias=True))

    def concerns(
        self, *, node: str, camera: str, line: str | None, first: datetime, last: datetime, unsure: bool = False
    ) -> bool:
        """Whether something that lasted from `first` to `last` happened in its time, at its place.

        `line`: the stop line that an act names; one that names none may be about any. `unsure`: of the times. A switch
        that was ended before it began concerns nothing, and one that says that all is right neither.
        """
        here = (
            self.kind in FLAGS
            and self.starts < self.ends
            and self.node == node
            and self.camera in (None, camera)
            and (self.line is None or line is None or self.line == line)
        )
        around = AROUND_UNSURE if unsure else AROUND
        return here and first < self.ends + around and last >= self.starts - around


def seen_between(occurred_at: datetime, act_s: float, first_s: float, last_s: float) -> tuple[datetime, datetime]:
    """From when to when a packet saw its vehicle. Stream time of the act, of the first and of the last point."""
    before, after = timedelta(seconds=max(act_s - first_s, 0.0)), timedelta(seconds=max(last_s - act_s, 0.0))
    return occurred_at - before, occurred_at + after


def says_right(switches: Iterable[Switch], *, node: str, camera: str, at: datetime) -> bool:
    """Whether somebody said that the traffic of an instant is right: acts that are held since then may be told."""
    return any(
        each.kind == "traffic_right"
        and each.node == node
        and each.camera in (None, camera)
        and each.starts <= at < each.ends
        for each in switches
    )


class SignedSwitch(Model):
    switch: Switch
    signature: Signature


def sign_switches(switches: Sequence[Switch], key: SigningKey) -> bytes:
    """The message to a box. Each is signed by itself, so that a box need not believe a whole list or none."""
    signed = [SignedSwitch(switch=s, signature=key.sign(s.statement())) for s in switches]
    return write_switches(signed)


def write_switches(signed: Iterable[SignedSwitch]) -> bytes:
    return write_list(signed)


def read_switches(data: bytes, *, where: str) -> tuple[SignedSwitch, ...]:
    """Parse a list; nothing is verified yet. Raises `PacketError`."""
    return read_list(data, SignedSwitch, what="switches", most=MOST, most_bytes=MAX_LIST_BYTES, where=where)


def merged(known: Mapping[str, SignedSwitch], new: Iterable[SignedSwitch], *, now: datetime) -> dict[str, SignedSwitch]:
    """What holds when the new statements are known too: of each id the one that was said last.

    In whatever order and however often lists come, the same is left. Two that were said in the same millisecond are
    told apart by their bytes, so that everybody takes the same. What is long over is forgotten.
    """
    held = dict(known)
    for each in new:
        before = held.get(each.switch.id)
        if before is None or order_of(before.switch) < order_of(each.switch):
            held[each.switch.id] = each
    return {id_: each for id_, each in held.items() if now < each.switch.ends + REMEMBERED}


def order_of(switch: Switch) -> tuple[str, bytes]:
    """As they were said; two of one millisecond by their bytes."""
    return switch.at, switch.statement()
