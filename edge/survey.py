"""Vehicles that drive by in recorded video, for whoever lays the road plane by them (`zones.vehicle_sizes`).

No scene is needed: the whole picture is looked at, by the box's own detector and tracker. Of each vehicle a few
sightings along its way are given, those in which it is seen whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from edge.perception import open_perception
from edge.pipeline import CLASSES
from edge.tracks.track import Observation, Track
from edge.tracks.tracking import Tracker
from edge.video.source import VideoSource
from edge.video.source_errors import check_file
from zones.geometry import bottom_centres
from zones.schema import Picture
from zones.vehicle_sizes import SIZED, Sighting

_LOOKS_FPS = 10.0
"""Looks a second: enough to follow a motorcycle (`edge.looking`)."""
_EDGE_PX = 3.0
"""A box that ends so near the picture's edge may be cut off there."""
_MOST_COVERED = 0.02
"""Share of a lower edge that other boxes may cover: beyond it nobody knows where the wheels are."""
_OVERLAP = 0.05
"""Share of a box that others may cover at all: what they hide is not measured."""
_LEAST_SCORE = 0.5
"""Boxes that are less sure are often of a part of a vehicle."""
_LEAST_PX = 24.0
"""Of a smaller box a side that is two pixels off says nothing of a size."""
_WAY_S = 0.4
"""The way of a vehicle is taken between so long before and after."""
_LEAST_WAY = 0.12
"""It must have driven by so much of its box's size in that time: who stands or shakes points nowhere."""
_KEPT = 4
"""Sightings a vehicle: more of the same one say little new."""


def survey(
    video: Path, *, seconds: float, size: str = "nano", go_on: Callable[[float], bool] = lambda seen_s: True
) -> tuple[Picture, list[Sighting]]:
    """Size of the picture, and the sightings of the first `seconds` of a video.

    `go_on`: asked after each picture with the seconds seen; no ends the look. Raises `GiaoLoError` for a video that
    cannot be used.
    """
    check_file(str(video))
    perception = open_perception(size=size)
    judging, detector = perception.judging, perception.detector
    tracker = Tracker(len(CLASSES), judging.tracker, association=judging.association, motion=judging.motion)
    width = height = 0
    over: dict[int, Track] = {}
    beside: dict[int, list[tuple[float, float, float, float]]] = {}
    source = VideoSource(video, margins=judging.video)
    source.start()
    next_s = -1e9
    try:
        for frame in source.frames():
            if frame.t_s >= seconds:
                break
            if frame.t_s + 1e-6 < next_s:
                continue
            next_s = max(next_s + 1 / _LOOKS_FPS, frame.t_s + 0.5 / _LOOKS_FPS)
            width, height = frame.picture.width, frame.picture.height
            found = detector.detect(frame.image)
            beside[frame.index] = [(float(a), float(b), float(c), float(d)) for a, b, c, d in found.boxes]
            seen, ended = tracker.update(frame.index, frame.t_s, found.boxes, found.scores, found.classes)
            over |= {track.id: track for track in (*seen, *ended)}
            if not go_on(frame.t_s):
                break
    finally:
        source.stop(timeout_s=5)
    picture = Picture(width=max(width, 1), height=max(height, 1))
    tracks = [over[number] for number in sorted(over)]
    return picture, [one for track in tracks for one in sightings_of(track, picture, beside)]


def sightings_of(
    track: Track, picture: Picture, boxes: dict[int, list[tuple[float, float, float, float]]]
) -> list[Sighting]:
    """What is worth giving of a track. `boxes`: all that were found in each frame, by its number."""
    cls = CLASSES[track.class_index]
    if cls not in SIZED:
        return []
    found = []
    for i, at in enumerate(track.observations):
        towards = _towards(track.observations, i)
        if towards is not None and _whole(at, picture, boxes.get(at.frame, [])):
            found.append(Sighting(track.id, cls, at.box, towards))
    if len(found) <= _KEPT:
        return found
    return [found[round(i)] for i in np.linspace(0, len(found) - 1, _KEPT)]


def _towards(seen: Sequence[Observation], i: int) -> tuple[float, float] | None:
    """A pixel that the foot of the vehicle comes to; None where it does not drive."""
    at = seen[i]
    before = next((o for o in reversed(seen[:i]) if at.t_s - o.t_s >= _WAY_S), None)
    after = next((o for o in seen[i + 1 :] if o.t_s - at.t_s >= _WAY_S), None)
    if before is None or after is None or after.t_s - before.t_s > 4 * _WAY_S:
        return None
    feet = bottom_centres([before.box, at.box, after.box])
    step = (feet[2] - feet[0]) / 2
    if np.hypot(*step) < _LEAST_WAY * np.sqrt(at.area_px2):
        return None
    return float(feet[1, 0] + step[0]), float(feet[1, 1] + step[1])


def _whole(at: Observation, picture: Picture, boxes: Sequence[tuple[float, float, float, float]]) -> bool:
    """Seen surely, within the picture, large enough and behind nobody."""
    x1, y1, x2, y2 = at.box
    if min(x1, y1, picture.width - x2, picture.height - y2) < _EDGE_PX:
        return False
    if at.score < _LEAST_SCORE or at.covered > _MOST_COVERED or min(x2 - x1, y2 - y1) < _LEAST_PX:
        return False
    for a, b, c, d in boxes:
        if d <= y2 or (a, b, c, d) == at.box:
            continue  # farther away, so behind it
        shared = max(min(c, x2) - max(a, x1), 0.0) * max(min(d, y2) - max(b, y1), 0.0)
        if shared > _OVERLAP * at.area_px2:
            return False
    return True
