"""The three stills and what is drawn over them: pure geometry from manifest and scene, no pictures touched.

Overlays are SVG shapes that the browser lays over the original file, so what an officer sees beneath is the sealed
original and a key takes the drawing away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import yaml
from pydantic import ValidationError

from evidence.acts import ActCode, LampState
from evidence.packet import Box, FileRole, LampTimeline, Manifest, TrackPoint
from zones.schema import Scene, SignalHead

Moment = Literal["before", "on", "after"]
MOMENTS: tuple[Moment, ...] = ("before", "on", "after")
_AT_THE_LINE = (ActCode.RED_LIGHT, ActCode.STOPPED_PAST_LINE)
_ROLES: dict[Moment, FileRole] = {"before": "still_before", "on": "still_on", "after": "still_after"}


def moment_texts(act: ActCode) -> str:
    """Which texts name the three moments: those of the stop line, or of an act somewhere else."""
    return "moment." if act in _AT_THE_LINE else "moment_act."


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

    moment: Moment
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

    @property
    def stroke(self) -> float:
        """Line width in picture pixels that shows about two pixels wide on a third of a desk screen."""
        return max(1.0, self.width / 340 * 2)


def read_scene(data: bytes | None) -> Scene | None:
    """The scene file of a packet; None when there is none or when this software cannot read it."""
    if not data:
        return None
    try:
        return Scene.model_validate(yaml.safe_load(data))
    except (yaml.YAMLError, ValidationError, UnicodeDecodeError, RecursionError):
        return None


def still_views(manifest: Manifest, scene: Scene | None) -> tuple[StillView, ...]:
    """The stills that the packet holds, in the order before, on, after."""
    views = []
    for moment in MOMENTS:
        entry = manifest.file(_ROLES[moment])
        if entry is None:
            continue
        t_s = entry.t_s
        if t_s is None and entry.frame is not None:
            t_s = _time_of_frame(manifest, entry.frame)
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
                markings=tuple(points_text(m.points) for m in scene.markings if m.active) if scene else (),
                lamps=lamp_boxes(manifest, scene, t_s),
                lamp=governing_state(manifest.lamps, t_s),
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
