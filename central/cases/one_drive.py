"""Acts of one drive: whether two packets followed one vehicle, and what two acts of it say against each other.

Never by the plate: that is what is to be found out. A box numbers its tracks anew when it begins anew, so a number
alone says nothing either; the way that both wrote down does. Within one run of a stream a number is one vehicle's, and
two ways of it that lie in the same time can only be one. Two runs cannot lie in the same time, and of two vehicles the
boxes differ. What cannot be shown so stays two drives: two cases that know nothing of each other, as before.

Pure; `central.cases.drives` reads the cases.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from common.margins import margin
from evidence.packet import Box


@dataclass(frozen=True)
class DriveMargins:
    """When two ways are one."""

    shared_points: int = margin(
        3, "points",
        "so many observations lie in both packets, equal to the tenth of a pixel: so many make a track",
        source="edge.tracks.tracking.TrackerMargins.confirm_hits", least=1,
    )  # fmt: skip
    start_s: float = margin(
        1.0, "s",
        "stream and clock began at the same instant for both, as far as arrival of pictures tells; a run that ended "
        "begins anew by more than this later",
        source="edge.video.clock.ClockMargins.used_offset_s, and the first pause of edge.camera", least=0.1,
    )  # fmt: skip
    between_s: float = margin(
        0.5, "s", "a box is put between two points so near to each other: a way that was thinned out",
        source="edge.events thins to 400 points: 60 s at 25 pictures a second leave one in four", least=0.05,
    )  # fmt: skip
    overlap: float = margin(
        0.3, "intersection over union", "between thinned points the two ways lie so much on each other",
        source="a vehicle moves by less than half its length in 0.16 s at 50 km/h; our choice", most=1.0,
    )  # fmt: skip
    apart_s: float = margin(
        300.0, "s", "acts whose moments lie farther apart have no way in common: a box remembers 60 s of it",
        source="edge.tracks.tracking.TrackerMargins.history_s, with room for what settles late", least=1.0,
    )  # fmt: skip


MARGINS = DriveMargins()


@dataclass(frozen=True)
class Way:
    """What a packet wrote down of its vehicle.

    `began`: when its stream was at 0 s, by the clock that dated the act. `points`: frame, seconds of stream time and
    box of each, in order. `time_sure`: nothing is doubtful of that clock.
    """

    camera: tuple[str, str]
    track: int
    began: datetime
    points: tuple[tuple[int, float, Box], ...]
    time_sure: bool = True


def way_of(manifest: Mapping[str, Any], flags: Iterable[str] = ()) -> Way:
    """Of a manifest as JSON, which verified when it came. `flags`: the doubts of its case."""
    act, track = manifest["act"], manifest["track"]
    occurred_at = datetime.fromisoformat(act["occurred_at"])
    return Way(
        camera=(manifest["node"]["id"], manifest["camera"]["id"]),
        track=track["id"],
        began=occurred_at - timedelta(seconds=act["t_s"]),
        points=tuple((p["frame"], p["t_s"], tuple(p["box"])) for p in track["points"]),
        time_sure="clock_unsure" not in {*flags, *act["flags"]},
    )


def one_drive(a: Way, b: Way, margins: DriveMargins = MARGINS) -> bool:
    """Whether both followed one vehicle on one drive: the same in both directions, whichever came first."""
    if a.camera != b.camera or a.track != b.track or not _one_run(a, b, margins):
        return False
    seen = {frame: (t_s, box) for frame, t_s, box in a.points}
    both = [(seen[frame], (t_s, box)) for frame, t_s, box in b.points if frame in seen]
    if any(one != other for one, other in both):
        return False
    if len(both) >= margins.shared_points:
        return True
    return a.time_sure and b.time_sure and (_lies_on(a, b, margins) or _lies_on(b, a, margins))


def _one_run(a: Way, b: Way, margins: DriveMargins) -> bool:
    """A run that follows another begins after the last picture of it: later than any of its points."""
    apart_s = abs((a.began - b.began).total_seconds())
    earlier = a if a.began <= b.began else b
    return apart_s <= margins.start_s and apart_s < earlier.points[-1][1]


def _lies_on(a: Way, b: Way, margins: DriveMargins) -> bool:
    """Whether points of `b` lie where `a` was at that time, all of those that can be told of."""
    times_s = [t_s for _, t_s, _ in a.points]
    found = []
    for _, t_s, box in b.points:
        after = bisect_left(times_s, t_s)
        if not 0 < after < len(times_s):
            continue
        (_, from_s, one), (_, to_s, other) = a.points[after - 1], a.points[after]
        if 0 < to_s - from_s <= margins.between_s:
            share = (t_s - from_s) / (to_s - from_s)
            x1, y1, x2, y2 = (x + share * (y - x) for x, y in zip(one, other, strict=True))
            found.append(_overlap((x1, y1, x2, y2), box))
    return len(found) >= margins.shared_points and min(found) >= margins.overlap


def _overlap(a: Box, b: Box) -> float:
    """Intersection over union of two boxes, without arrays: it is asked for one by one while a packet is stored."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    both = max(width, 0.0) * max(height, 0.0)
    either = sum(abs((x2 - x1) * (y2 - y1)) for x1, y1, x2, y2 in (a, b)) - both
    return both / either if either > 0 else 0.0


@dataclass(frozen=True)
class Stated:
    """What a case says of its vehicle now. `plate` None: it was not read. `mark`: its number, or what stands for it."""

    mark: str
    plate: str | None
    colour: str
    kind: str


def contradictions(one: Stated, other: Stated) -> tuple[str, ...]:
    """Codes with the mark of the other case: two acts of one drive that cannot both have their vehicle right."""
    colours = {one.colour, other.colour} - {"unknown"}
    found = []
    if one.plate and other.plate and (one.plate != other.plate or len(colours) > 1):
        found.append(f"drive_plate:{other.mark}")
    if one.kind != other.kind:
        found.append(f"drive_kind:{other.mark}")
    return tuple(found)
