"""Looking: which of a camera's frames are looked at, and which boxes in them are followed."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from common.margins import margin
from edge.picture import Image, Picture
from edge.road.measuring import SceneGeometry
from edge.road.region import RegionMargins, region
from edge.types import Frame
from evidence.errors import GiaoLoError
from evidence.packet import Reason
from models.detector import Detections, Detector, ScalingDetector
from zones.schema import Scene


class PictureError(GiaoLoError):
    """The camera's picture is not the one that the scene describes."""


@dataclass(frozen=True)
class LookingMargins:
    """Of the frames that a camera sends, and of the boxes that the detector finds in them."""

    max_fps: float = margin(
        15.0,
        "frames a second",
        "frames looked at: motion between two stays small enough for the tracker, and it is half of 30",
        source="docs/simulation.md: at 25 frames a second no more is found than at 12.5",
        least=1.0,
        most=120.0,
    )
    least_fps: float = margin(
        8.0,
        "frames a second",
        "with fewer looked at around an act it is flagged (`few_pictures`), and a box that cannot follow says so: a "
        "motorcycle moves by more than its own length between two looks",
        source="two cameras on two cores shared with other work, November 2026: below it most acts were missed",
    )
    around_s: float = margin(
        1.0, "s", "what was looked at so long before and after an act belongs to it", source="as a crossing lasts"
    )
    min_box_px: float = margin(
        6.0,
        "pixels",
        "narrower boxes are not followed: far vehicles, whose plates nobody can read",
        source="the first version of the pipeline, November 2026; nobody wrote down why six",
    )
    cut_off_s: float = margin(
        0.3,
        "s",
        "when the stream ends, a track seen within so long before was cut off by it and not lost",
        source="clips that end during the act, November 2026: some pictures at any rate; not tuned",
    )


_LOOKS_KEPT = 4096
"""Moments remembered: four minutes at 15 frames a second, longer than a finding waits."""


@dataclass(frozen=True)
class _Region:
    """The part of a picture that is looked at, for a detector that asks for it at its own size."""

    picture: Picture
    x1: int
    y1: int
    x2: int
    y2: int

    @property
    def width(self) -> int:
        return self.x2 - self.x1

    @property
    def height(self) -> int:
        return self.y2 - self.y1

    def scaled(self, width: int, height: int) -> Image:
        return self.picture.scaled(self.x1, self.y1, self.x2, self.y2, width, height)


class Looking:
    """One camera's frames in order; the detector is shared."""

    def __init__(
        self,
        scene: Scene,
        geometry: SceneGeometry,
        detector: Detector,
        margins: LookingMargins,
        region_margins: RegionMargins,
    ) -> None:
        self._scene, self._geometry, self._detector = scene, geometry, detector
        self._margins, self._region = margins, region_margins
        self._next_s = -1e9
        self._looks: deque[float] = deque(maxlen=_LOOKS_KEPT)
        self.looked_at = 0

    def due(self, frame: Frame) -> bool:
        """Whether the frame is looked at; they may come faster than needed. Raises `PictureError` of a wrong size."""
        if frame.t_s + 1e-6 < self._next_s:
            return False
        self._check_size(frame)
        self.looked_at += 1
        self._looks.append(frame.t_s)
        step_s = 1.0 / self._margins.max_fps
        self._next_s = max(self._next_s + step_s, frame.t_s + step_s / 2)
        return True

    def begin_anew(self) -> None:
        """The stream was cut: the next frame is looked at."""
        self._next_s = -1e9
        self._looks.clear()

    def around(self, t_s: float) -> tuple[list[str], dict[str, Reason]]:
        """How often was looked around an act at a stream time: flags and reasons. `few_pictures`: whether the camera
        sent few or the box could not follow.

        Looks are counted from the last one before the stretch to the first one after it, so that a hole at its end
        counts.
        """
        looks, margins = list(self._looks), self._margins
        first = max(bisect_right(looks, t_s - margins.around_s) - 1, 0)
        last = min(bisect_left(looks, t_s + margins.around_s), len(looks) - 1)
        if last <= first:  # an act older than what is remembered: nothing to say
            return [], {}
        fps = (last - first) / (looks[last] - looks[first])
        gap_s = max(b - a for a, b in pairwise(looks[first : last + 1]))
        told: dict[str, Reason] = {"looks_per_second": round(fps, 1), "longest_gap_s": round(gap_s, 3)}
        return ["few_pictures"] if fps < margins.least_fps - 1e-6 else [], told

    def vehicles(self, frame: Frame) -> Detections:
        """What the detector finds of interest, in pixels of the whole picture."""
        picture = frame.picture
        x1, y1, x2, y2 = region(self._scene, picture.width, picture.height, self._region)
        if isinstance(self._detector, ScalingDetector):
            found = self._detector.detect_part(_Region(picture, x1, y1, x2, y2))
        else:
            found = self._detector.detect(picture.part(x1, y1, x2, y2))
        boxes = found.boxes + np.array([x1, y1, x1, y1], dtype=np.float32)
        wide = boxes[:, 2] - boxes[:, 0] >= self._margins.min_box_px
        keep = wide & self._geometry.kept(boxes.astype(np.float64)) if len(boxes) else wide
        return Detections(boxes[keep], found.scores[keep], found.classes[keep])

    def _check_size(self, frame: Frame) -> None:
        width, height = frame.picture.width, frame.picture.height
        picture = self._scene.picture
        if (width, height) != (picture.width, picture.height):
            raise PictureError(
                f"the picture is {width} x {height}, the scene was drawn for {picture.width} x {picture.height}",
                where=f"scene {self._scene.id}",
                remedy="set the camera to the old size, or draw the scene on its new picture",
            )
