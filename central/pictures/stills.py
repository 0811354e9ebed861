"""The three stills and what is drawn over them: pure geometry from manifest and scene, no pictures touched.

Overlays are SVG shapes that the browser lays over the original file, so what an officer sees beneath is the sealed
original and a key takes the drawing away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal, Protocol, TypeVar

import yaml
from pydantic import ValidationError

from evidence.acts import ACTS, ActCode, LampState, StillMoment, Subject
from evidence.packet import Box, FileRole, LampSpan, LampTimeline, Manifest, Reason, TrackPoint
from zones.schema import Scene, SignalHead

# the same safe subset, ten times faster where libyaml is there
_YAML: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

MOMENTS: tuple[StillMoment, ...] = ("before", "on", "after")
_ROLES: dict[StillMoment, FileRole] = {"before": "still_before", "on": "still_on", "after": "still_after"}


@dataclass(frozen=True)
class Mark:
    """What an act is about, drawn over a copy in which the paint itself is blurred. Points in pixels of the original.

    `kind`: `line` (stop line), `marking` (longitudinal line), `area` (lane, way out or area of the road, closed), `way`
    (the lawful direction of a lane, drawn as an arrow), `sign` (where the sign is in the picture: one point, ringed).
    `what`: which of them it is, by the key of its words: `lane`, `exit`, a kind of area of the road; else the kind.
    """

    kind: Literal["line", "marking", "area", "way", "sign"]
    points: tuple[tuple[float, float], ...]
    what: str = ""

    @property
    def svg(self) -> str:
        """The points as an SVG `points` attribute."""
        return points_text(self.points)


def marks_of(act: ActCode, reasons: Mapping[str, Reason], scene: Scene | None) -> tuple[Mark, ...]:
    """What the act is about: the line, lane, area, ... that the reasons name, else all of the kind that it may be.

    Nothing without a scene: what was not described cannot be drawn. Nor a sign or a way out that nothing points to.
    """
    if scene is None:
        return ()
    return tuple(mark for subject in ACTS[act].about for mark in _marks(subject, act, reasons, scene))


def _marks(subject: Subject, act: ActCode, reasons: Mapping[str, Reason], scene: Scene) -> Iterator[Mark]:
    name = reasons.get(subject)
    match subject:
        case "stop_line":
            yield from (Mark("line", tuple(line.points), "line") for line in _named(scene.stop_lines, name))
        case "marking":
            markings = _named([m for m in scene.markings if m.active], name)
            yield from (Mark("marking", tuple(p), "marking") for m in markings for p in (m.points, m.second) if p)
        case "lane":
            lanes = _named(scene.lanes, name, among=lambda lane: lane.direction is not None)
            yield from (Mark("area", tuple(lane.polygon), "lane") for lane in lanes)
            yield from (Mark("way", lane.direction, "way") for lane in lanes if lane.direction)
        case "area":
            areas = _named(scene.areas, name, among=lambda area: area.kind in ACTS[act].areas)
            yield from (Mark("area", tuple(area.polygon), area.kind) for area in areas)
        case "exit":
            made = reasons.get("movement") or reasons.get("movement_driven")
            exits = _named(scene.exits, name, among=lambda way_out: made in (None, way_out.movement))
            yield from (Mark("area", tuple(way_out.polygon), "exit") for way_out in exits)
        case "sign":
            yield from (Mark("sign", (sign.at,), "sign") for sign in scene.signs if sign.id == name and sign.at)


class _HasId(Protocol):
    @property
    def id(self) -> str: ...


_Named = TypeVar("_Named", bound=_HasId)


def _named(
    found: Sequence[_Named], name: Reason, *, among: Callable[[_Named], bool] = lambda _: True
) -> Sequence[_Named]:
    """The one of that name, whatever it is; where there is none, those that it may be."""
    return [f for f in found if f.id == name] or [f for f in found if among(f)]


@dataclass(frozen=True)
class LampBox:
    """Where a head hangs in the picture and what it showed; `governs` says whether it governs this vehicle."""

    head: str
    box: Box
    state: LampState
    governs: bool


@dataclass(frozen=True)
class StillView:
    """One still with its overlay. All coordinates are pixels of the original; `trail` and lines are SVG point lists."""

    moment: StillMoment
    file: str
    width: int
    height: int
    frame: int | None
    t_s: float | None
    at: datetime | None
    box: Box | None
    trail: str
    stop_lines: tuple[str, ...]
    markings: tuple[str, ...]
    lamps: tuple[LampBox, ...]
    lamp: LampState | None
    marks: tuple[Mark, ...] = ()
    red_for_s: float | None = None
    """How long the governing lamps had been red; None when they were not red, or there are none."""
    red_at_least: bool = False
    """The change to red was not seen: `red_for_s` is the least it can have been."""

    @property
    def stroke(self) -> float:
        """Line width in picture pixels that shows about two pixels wide on a third of a desk screen."""
        return max(1.0, self.width / 340 * 2)


def read_scene(data: bytes | None) -> Scene | None:
    """The scene file of a packet; None when there is none or when this software cannot read it."""
    return _scene(data) if data else None


@lru_cache(maxsize=16)
def _scene(data: bytes) -> Scene | None:
    """All packets of a camera hold the same drawing for months: the newest few are read once."""
    try:
        return Scene.model_validate(yaml.load(data, _YAML))
    except (yaml.YAMLError, ValidationError, UnicodeDecodeError, RecursionError):
        return None


def still_views(manifest: Manifest, scene: Scene | None, act: ActCode | None = None) -> tuple[StillView, ...]:
    """The stills that the packet holds, in the order before, on, after; `act` is the decided one, if another."""
    decided, suspected = act or manifest.act.code, manifest.act.code
    marks = marks_of(decided, manifest.act.reasons if decided is suspected else {}, scene)
    views = []
    for moment in MOMENTS:
        entry = manifest.file(_ROLES[moment])
        if entry is None:
            continue
        t_s = entry.t_s
        if t_s is None and entry.frame is not None:
            t_s = _time_of_frame(manifest, entry.frame)
        red_for_s, red_at_least = red_since(manifest, t_s)
        views.append(
            StillView(
                moment=moment,
                file=entry.name,
                width=manifest.camera.width,
                height=manifest.camera.height,
                frame=entry.frame,
                t_s=t_s,
                at=None if t_s is None else instant(manifest, t_s),
                box=_box_at(manifest.track.points, entry.frame, t_s),
                trail=points_text(trail(manifest.track.points, t_s)),
                stop_lines=tuple(points_text(line.points) for line in scene.stop_lines) if scene else (),
                markings=tuple(
                    points_text(line) for m in scene.markings if m.active for line in (m.points, m.second) if line
                )
                if scene
                else (),
                lamps=lamp_boxes(manifest, scene, t_s),
                lamp=governing_state(manifest.lamps, t_s),
                marks=marks,
                red_for_s=red_for_s,
                red_at_least=red_at_least,
            )
        )
    return tuple(views)


def instant(manifest: Manifest, t_s: float) -> datetime:
    """Wall clock of a stream time, anchored at the act."""
    return manifest.act.occurred_at + timedelta(seconds=t_s - manifest.act.t_s)


def trail(points: Sequence[TrackPoint], until_s: float | None) -> list[tuple[float, float]]:
    """Ground contacts (bottom centre of the box) up to `until_s`."""
    return [((p.box[0] + p.box[2]) / 2, p.box[3]) for p in points if until_s is None or p.t_s <= until_s + 1e-6]


def points_text(points: Sequence[tuple[float, float]]) -> str:
    """SVG `points` attribute."""
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def state_at(timeline: LampTimeline, t_s: float) -> LampState:
    """What a head showed at `t_s`; unknown outside its spans."""
    return next((s.state for s in reversed(timeline.spans) if s.from_s <= t_s <= s.to_s), LampState.UNKNOWN)


def governing_state(timelines: Sequence[LampTimeline], t_s: float | None) -> LampState | None:
    """State of the heads that govern the vehicle: unknown when they disagree, None when none governs."""
    if t_s is None:
        return None
    states = {state_at(line, t_s) for line in timelines if line.governs}
    if not states:
        return None
    known = states - {LampState.UNKNOWN}
    return known.pop() if len(known) == 1 else LampState.UNKNOWN


def red_since(manifest: Manifest, t_s: float | None) -> tuple[float | None, bool]:
    """Seconds since the governing lamps turned red, and whether that is only the least (the change was not seen).

    With several governing heads the one that turned red last counts: before that, not all of them were red.
    """
    if t_s is None or governing_state(manifest.lamps, t_s) is not LampState.RED:
        return None, False
    starts, least = [], manifest.act.reasons.get("red_onset_seen") is False
    for line in manifest.lamps:
        if not line.governs or state_at(line, t_s) is not LampState.RED:
            continue
        spans = sorted((s for s in line.spans if s.from_s <= t_s), key=lambda s: s.from_s)
        first = len(spans) - 1
        while first > 0 and spans[first - 1].state is LampState.RED and _joined(spans[first - 1], spans[first]):
            first -= 1
        starts.append((spans[first].from_s, first == 0))
    start, from_the_beginning = max(starts)
    return max(0.0, t_s - start), least or from_the_beginning


def _joined(earlier: LampSpan, later: LampSpan, *, gap_s: float = 0.2) -> bool:
    """No stretch between them in which the lamp may have shown something else; a frame or two are lost now and then."""
    return later.from_s - earlier.to_s <= gap_s


def lamp_boxes(manifest: Manifest, scene: Scene | None, t_s: float | None) -> tuple[LampBox, ...]:
    """Boxes of the scene's heads with their state at `t_s`."""
    if scene is None or t_s is None:
        return ()
    lines = {line.head: line for line in manifest.lamps}
    boxes = []
    for head in scene.signals:
        box = head_box(head)
        line = lines.get(head.id)
        if box is not None and line is not None:
            boxes.append(LampBox(head.id, box, state_at(line, t_s), line.governs))
    return tuple(boxes)


def head_box(head: SignalHead) -> Box | None:
    """The whole head: its own box or the hull of its lenses."""
    if head.box is not None:
        return head.box
    if not head.lamps:
        return None
    x1, y1, x2, y2 = zip(*(lamp.box for lamp in head.lamps), strict=True)
    return min(x1), min(y1), max(x2), max(y2)


def _time_of_frame(manifest: Manifest, frame: int) -> float | None:
    point = min(manifest.track.points, key=lambda p: abs(p.frame - frame))
    return point.t_s if point.frame == frame else None


def _box_at(points: Sequence[TrackPoint], frame: int | None, t_s: float | None, *, slack_s: float = 0.5) -> Box | None:
    """The track's box in that still: of the same frame, else of the nearest one within `slack_s`."""
    if frame is not None:
        for point in points:
            if point.frame == frame:
                return point.box
    if t_s is None:
        return None
    nearest = min(points, key=lambda p: abs(p.t_s - t_s))
    return nearest.box if abs(nearest.t_s - t_s) <= slack_s else None
