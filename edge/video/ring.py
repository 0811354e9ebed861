"""The last seconds of a camera's compressed stream, in memory, in whole groups of pictures.

Only whole groups are dropped, because a clip must start at a key frame: a stream with one key frame at its start is
kept from there. Each connection to a camera is a segment of its own, since its codec parameters may differ; a clip
never spans two.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from common.margins import margin
from edge.video.clip import Clip, ClipError, ClipFault, RingPacket, StreamTemplate, mux


@dataclass(frozen=True)
class ClipMargins:
    """When a clip shows all of what was wished for."""

    gap_steps: float = margin(
        3.0, "steps of the stream", "two pictures may be missing between two that are there", source="decision 20",
    )  # fmt: skip
    gap_s: float = margin(
        0.3, "s", "a clip in which pictures are missing for longer does not show it all",
        source="decision 20; a car at 50 km/h moves by its own length",
    )  # fmt: skip
    least_share: float = margin(
        0.5, "share of the pictures that the stream's rate promises", "with fewer a clip does not count as whole",
        source="decision 20", most=1.0,
    )  # fmt: skip
    slowest_step_s: float = margin(
        0.5, "s", "a stream with fewer than two pictures a second shows no drive: what is further apart is a gap",
        source="cf7dee8; a car at 50 km/h moves by 7 m in the time",
    )  # fmt: skip
    slack_steps: float = margin(
        2.0, "steps of the stream", "the first and the last picture may lie so far inside the wish",
        source="the wish seldom falls on a picture; the value is an estimate",
    )  # fmt: skip
    slack_s: float = margin(0.05, "s", "and this beside it, for rounding", source="an estimate; no better source")
    apart: float = margin(
        0.25, "share of a step", "pictures closer together are one moment: a camera whose time stands still shows none",
        source="cf7dee8 (the property test of stream time)", most=1.0,
    )  # fmt: skip


_REORDERED = 32
"""No codec shows a picture so many packets after it came (H.264 and H.265: 16): longer a stream's times are not waited
for."""


@dataclass(eq=False)
class Group:
    """A key frame and what follows it, as it grows. `first_s`/`last_s`: stream times of its pictures. `number`: groups
    are counted as they begin, so that one tells whether another comes right after it. Whoever holds a group keeps it
    when the ring has dropped it."""

    segment: int
    template: StreamTemplate
    packets: list[RingPacket] = field(default_factory=list)
    size: int = 0
    first_s: float = 0.0
    last_s: float = 0.0
    number: int = 0

    def goes_on_in(self, other: Group) -> bool:
        """Whether `other` comes right after this one, of the same connection."""
        return other.segment == self.segment and other.number == self.number + 1

    def add(self, packet: RingPacket) -> None:
        if not self.packets:
            self.first_s = self.last_s = packet.t_s
        self.packets.append(packet)
        self.size += len(packet.data)
        self.last_s = max(self.last_s, packet.t_s)


class PacketRing:
    """Written by the source's thread, cut by the recorder's.

    Parameters
    ----------
    seconds: how much is kept at least, counted back from the newest packet.
    max_bytes: memory budget; it wins over `seconds`.
    """

    def __init__(
        self, *, seconds: float = 45.0, max_bytes: int = 96 * 1024 * 1024, margins: ClipMargins | None = None
    ) -> None:
        self._margins = margins or ClipMargins()
        self.seconds = seconds
        self.max_bytes = max_bytes
        self._lock = threading.Lock()
        self._groups: deque[Group] = deque()
        self._segment = self._numbered = 0
        self._template: StreamTemplate | None = None
        self._open = False
        self._size = 0
        self._over_budget_s: float | None = None
        self._full = False
        self._whole_s: float | None = None
        self._early: list[tuple[int, float]] = []

    @property
    def size_bytes(self) -> int:
        return self._size

    @property
    def newest_s(self) -> float | None:
        """Stream time of the newest packet held."""
        with self._lock:
            return self._groups[-1].last_s if self._groups else None

    @property
    def whole_s(self) -> float | None:
        """Stream time up to which no picture is still to come. With B pictures that is before the newest: a packet
        overtakes those that are shown before it."""
        with self._lock:
            return self._whole_s

    @property
    def oldest_s(self) -> float | None:
        with self._lock:
            return self._groups[0].first_s if self._groups else None

    def leaving(self, t_s: float) -> bool:
        """Whether the next pictures may push out what is held of `t_s`, or have done so already."""
        with self._lock:
            return self._full and (len(self._groups) < 2 or self._groups[1].first_s > t_s)

    def groups(self, from_s: float, to_s: float) -> list[Group]:
        """What is held of a stretch of time, to be decoded: whole groups in order, and no bytes are copied."""
        with self._lock:
            return [g for g in self._groups if g.last_s >= from_s and g.first_s <= to_s]

    def start_segment(self, template: StreamTemplate | None) -> None:
        """A new connection. None: the codec cannot be kept as a clip; packets are then ignored."""
        with self._lock:
            self._segment += 1
            self._template = template
            self._open = False
            self._shown(len(self._early))

    def split(self, t_s: float) -> None:
        """From the picture of `t_s` on the stream has other parameter sets: no clip goes across."""
        with self._lock:
            self._segment += 1
            for group in self._groups:
                if group.first_s >= t_s - 1e-6:
                    group.segment = self._segment

    def push(self, packet: RingPacket) -> None:
        with self._lock:
            if self._template is None:
                return
            if packet.key:
                self._numbered += 1
                self._groups.append(Group(self._segment, self._template, number=self._numbered))
                self._open = True
            if not self._open:
                return
            self._groups[-1].add(packet)
            self._early = sorted([*self._early, (packet.pts, packet.t_s)])
            passed = packet.pts if packet.dts is None else packet.dts
            self._shown(max(sum(pts <= passed for pts, _ in self._early), len(self._early) - _REORDERED))
            self._size += len(packet.data)
            self._evict(packet.t_s)

    def cut(self, from_s: float, to_s: float, *, holding_s: float | None = None) -> Clip:
        """The clip from the last key frame at or before `from_s` to the last picture at or before `to_s`.

        Where the wish spans two connections the one that has `holding_s` counts, else the longer. `complete` says that
        the pictures cover the wish: ends, no gap in between, at least half the stream's rate.

        Raises
        ------
        ClipError: nothing of that time is held; the text says whether the memory budget is the cause.
        """
        with self._lock:
            groups = self._best_segment(from_s, to_s, holding_s)
            usual_s = _usual_step_s(
                [g for g in self._groups if groups and g.segment == groups[0].segment], self._margins
            )
            budget_s = self._over_budget_s
            packets = [p for g in groups for p in g.packets]
            template = groups[0].template if groups else None
        if template is None:
            raise self._nothing(from_s, to_s, budget_s)
        last = max((i for i, p in enumerate(packets) if p.t_s <= to_s + 1e-6), default=-1)
        if last < 0:
            raise self._nothing(from_s, to_s, budget_s)
        # With B pictures a later one may already be in: take those shown before it too, so that no picture is missing.
        newest = max(p.pts for p in packets[: last + 1])
        while last + 1 < len(packets) and packets[last + 1].pts < newest:
            last += 1
        packets = packets[: last + 1]
        times = sorted(p.t_s for p in packets if p.pts >= packets[0].pts)
        first_s, last_s = times[0], times[-1]
        lacks = _missing(times, max(from_s, 0.0), to_s, usual_s, self._margins)
        if first_s > from_s and budget_s is not None and budget_s >= from_s:
            lacks["clip_memory_small"] = f"the memory budget of {self.max_bytes} bytes is too small for this stream"
        if holding_s is not None and not first_s - 1e-6 <= holding_s <= last_s + 1e-6:
            lacks["clip_moment_missing"] = f"does not show {holding_s:.2f} s"
        note, faults = "; ".join(lacks.values()), tuple(lacks)
        return Clip(mux(template, packets), first_s, last_s, complete=not lacks, note=note, faults=faults)

    def _best_segment(self, from_s: float, to_s: float, holding_s: float | None) -> list[Group]:
        """Groups of the segment that has `holding_s`, or most of the time asked for, from the key frame needed."""
        touching = [g for g in self._groups if g.last_s >= from_s and g.first_s <= to_s]
        cover: dict[int, float] = {}
        for group in touching:
            seen = min(group.last_s, to_s) - max(group.first_s, from_s) + 1e-3
            cover[group.segment] = cover.get(group.segment, 0.0) + seen
        holds = {g.segment for g in touching if holding_s is not None and g.first_s <= holding_s <= g.last_s}
        best = max(cover, key=lambda s: (s in holds, cover[s]), default=0)
        chosen = [g for g in touching if g.segment == best]
        # A wish that starts in the gap between two groups' pictures needs the group before.
        if chosen and chosen[0].first_s > from_s:
            before = [g for g in self._groups if g.segment == best and g.first_s <= from_s]
            chosen = before[-1:] + chosen
        return chosen

    def _nothing(self, from_s: float, to_s: float, budget_s: float | None) -> ClipError:
        what = f"no compressed packets are held for {from_s:.2f}-{to_s:.2f} s"
        if budget_s is not None and budget_s >= from_s:
            return ClipError(
                f"{what}: one group of pictures is larger than the memory budget of {self.max_bytes} bytes",
                remedy="raise ring_mib, or set a shorter key frame interval in the camera",
                kind="clip_memory_small",
            )
        return ClipError(what, remedy="raise ring_seconds if the act was recorded late", kind="clip_nothing_held")

    def _shown(self, count: int) -> None:
        """So many of the pictures that were early have none before them any more."""
        if count:
            self._whole_s = max([self._whole_s or 0.0, *(t_s for _, t_s in self._early[:count])])
            del self._early[:count]

    def _evict(self, now_s: float) -> None:
        while len(self._groups) > 1 and self._groups[1].first_s <= now_s - self.seconds:
            self._drop()
        while self._size > self.max_bytes:
            self._over_budget_s = self._groups[0].last_s
            if len(self._groups) == 1:
                self._open = False  # even this group alone is too large: wait for the next key frame
            self._drop()

    def _drop(self) -> None:
        self._full = True
        self._size -= self._groups.popleft().size


def _usual_step_s(groups: Sequence[Group], m: ClipMargins) -> float:
    """The usual time between two pictures of a stream, by all that is held of it."""
    times = sorted(p.t_s for g in groups for p in g.packets)
    steps = sorted(b - a for a, b in pairwise(times) if b > a)
    return min(steps[len(steps) // 2], m.slowest_step_s) if steps else 0.0


def _missing(
    times: Sequence[float], from_s: float, to_s: float, usual_s: float, m: ClipMargins
) -> dict[ClipFault, str]:
    """What pictures at `times` (sorted) lack of the wish, each in words too; empty if they cover it."""
    slack_s = m.slack_steps * usual_s + m.slack_s
    gap_s = max(m.gap_steps * usual_s, m.gap_s)
    lacks: dict[ClipFault, str] = {}
    if times[0] > from_s + slack_s or times[-1] < to_s - slack_s:
        lacks["clip_too_short"] = f"held {times[0]:.2f}-{times[-1]:.2f} s of {from_s:.2f}-{to_s:.2f} s"
    inside = [t for t in times if from_s - slack_s <= t <= to_s]
    gaps = [(a, b) for a, b in pairwise(inside) if b - a > gap_s]
    if gaps:
        worst = max(gaps, key=lambda g: g[1] - g[0])
        more = f", {len(gaps)} gaps" * (len(gaps) > 1)
        lacks["clip_gap"] = f"no picture from {worst[0]:.2f} to {worst[1]:.2f} s{more}"
    apart = [t for i, t in enumerate(inside) if not i or t - inside[i - 1] > m.apart * usual_s]
    promised = (min(to_s, times[-1]) - max(from_s, times[0])) / usual_s if usual_s > 0 else 0.0
    if len(apart) < m.least_share * promised:
        lacks["clip_sparse"] = f"{len(apart)} pictures where about {promised:.0f} were due"
    return lacks
