"""Seeing: frames of one camera in, suspected acts out.

Lamps and vehicles are read in every frame looked at, tracks are measured against the scene, the rules judge the
measurements. A finding waits a moment before it becomes an act: what the vehicle does next may take it back (it turns
where turning is allowed) and gives the third still.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.events import act_event
from edge.plate.reading import PlatePerception, read_plate
from edge.plate.views import ViewBook
from edge.road.book import TrajectoryBook
from edge.road.measuring import SceneGeometry
from edge.road.region import region
from edge.road.trajectory import Trajectory
from edge.rules.banned_turn import banned_turn
from edge.rules.finding import Finding
from edge.rules.red_light import red_light
from edge.rules.solid_line import solid_line
from edge.rules.stands_past_line import CROSSING_NOT_SEEN
from edge.rules.stopped_past_line import stopped_past_line
from edge.rules.wrong_way import wrong_way
from edge.signals.controller import LampFeed
from edge.signals.heads import Signals
from edge.signals.history import LampHistory
from edge.tracks.track import Track
from edge.tracks.tracking import Tracker, TrackerMargins
from edge.types import ActEvent, Frame
from edge.video.stills import StillStore
from evidence.acts import ActCode, VehicleClass
from evidence.errors import GiaoLoError
from models import manifest
from models.detector import VEHICLE_CLASSES, Detections, Detector, load_detector
from models.detector_margins import DetectorMargins
from models.line_reader import load_plate_reader
from models.plate_finder import PlateFinder, load_plate_finder
from models.plates import Corners, PlateBox, PlateReader, PlateReading
from models.slot_reader import load_slot_reader
from zones.boxes import iou
from zones.load import LoadedScene
from zones.schema import Scene

Box = tuple[float, float, float, float]
CLASSES = tuple(VehicleClass(name) for name in VEHICLE_CLASSES)
Rule = Callable[[Trajectory, Scene, Mapping[str, LampHistory]], list[Finding]]
RULES: dict[ActCode, Rule] = {
    ActCode.RED_LIGHT: red_light,
    ActCode.STOPPED_PAST_LINE: stopped_past_line,
    ActCode.SOLID_LINE: solid_line,
    ActCode.WRONG_WAY: wrong_way,
    ActCode.BANNED_TURN: banned_turn,
}
_SETTLE_S = {
    ActCode.RED_LIGHT: 2.0,
    # who stops past the line and then drives on while red has run it: that act takes the place of this one
    ActCode.STOPPED_PAST_LINE: 6.0,
    ActCode.SOLID_LINE: 1.5,
    ActCode.WRONG_WAY: 1.5,
    ActCode.BANNED_TURN: 1.0,
}
_PLATE_MODELS = ("plate-finder", "plate-corners", "plate-reader", "plate-slots")
_SAME_OVERLAP = 0.4
_SAME_S = 3.0
_SAME_PLACE_S = 900.0
"""Who stands past the line and was never seen to come there may be parked: told once, not with each new track."""
_MIN_BOX_PX = 6.0
_LARGER = 1.05
"""A view so much larger is worth holding anew; in between the ring of stills has one every fifth of a second."""
_CUT_OFF_S = 0.3


class PictureError(GiaoLoError):
    """The camera's picture is not the one that the scene describes."""


@dataclass(frozen=True)
class PipelineSettings:
    """`max_fps`: frames looked at in a second; motion between frames stays small enough at 15, and it is half of 30."""

    max_fps: float = 15.0


@dataclass(frozen=True)
class Plates:
    """Finder and readers, shared by all cameras."""

    finder: PlateFinder
    readers: Sequence[PlateReader]

    def find(self, crop_bgr: NDArray[np.uint8]) -> list[PlateBox]:
        return self.finder.find(crop_bgr)

    def read(self, plate_bgr: NDArray[np.uint8], corners: Corners | None = None) -> list[PlateReading]:
        return [reader.read(plate_bgr, corners) for reader in self.readers]


class OnnxEyes:
    """The project's networks, loaded once for all cameras."""

    def __init__(self, detector: Detector, plates: PlatePerception, digests: Mapping[str, str]) -> None:
        self._detector, self._plates = detector, plates
        self.digests: Mapping[str, str] = dict(digests)

    def pipeline(self, scene: LoadedScene) -> CameraPipeline:
        return CameraPipeline(scene.scene, self._detector, self._plates)


def open_eyes(*, threads: int = 2, size: str = "nano", detector_margins: DetectorMargins | None = None) -> OnnxEyes:
    """Load detector, plate finder and plate reader. Raises `ModelError` if a file is missing or altered."""
    detector = load_detector(size=size, threads=threads, margins=detector_margins)
    readers = (load_plate_reader(threads=threads), load_slot_reader(threads=threads))
    plates = Plates(load_plate_finder(threads=threads), readers)
    return OnnxEyes(detector, plates, manifest.digests((manifest.detector_id(size), *_PLATE_MODELS)))


@dataclass
class _Pending:
    """A finding that waits: `first_s` is when it was first made."""

    track: Track
    rule: ActCode
    finding: Finding
    first_s: float


class CameraPipeline:
    """One camera. `process` each frame in order, `finish` at the end of the stream."""

    def __init__(
        self,
        scene: Scene,
        detector: Detector,
        plates: PlatePerception,
        *,
        settings: PipelineSettings | None = None,
        tracker: TrackerMargins | None = None,
        feed: LampFeed | None = None,
        stills: StillStore | None = None,
        views: ViewBook | None = None,
    ) -> None:
        self.scene = scene
        self._settings = settings or PipelineSettings()
        self._detector, self._plates = detector, plates
        self._geometry = SceneGeometry(scene)
        self._signals = Signals(scene.signals, feed=feed)
        self._tracker = Tracker(len(CLASSES), tracker or TrackerMargins())
        self._paths = TrajectoryBook(self._geometry, CLASSES)
        self._views = views or ViewBook()
        self._stills = stills or StillStore()
        self._rules = [code for code in RULES if code in scene.acts]
        self._pending: dict[tuple[int, ActCode, str], _Pending] = {}
        self._told: set[tuple[int, ActCode, str]] = set()
        self._recent: list[ActEvent] = []
        self._parked: list[tuple[float, Box]] = []
        self._next_s = -1e9
        self._now_s = 0.0
        self._over = False
        self._feed = feed
        self._segment: int | None = None
        self._ridden: dict[tuple[int, str], float] = {}
        self.looked_at = 0

    @property
    def tracks(self) -> list[Track]:
        """Tracks alive, for pictures and tests."""
        return self._tracker.tracks

    @property
    def signals(self) -> Signals:
        return self._signals

    def process(self, frame: Frame) -> list[ActEvent]:
        """Look at a frame (or skip it, when frames come faster than needed). Returns the acts that are ripe now."""
        if self._segment is not None and frame.segment != self._segment:
            before = self._begin_anew()
            self._segment = frame.segment
            return [*before, *self.process(frame)]
        self._segment = frame.segment
        if frame.t_s + 1e-6 < self._next_s:
            return []
        self._check_size(frame)
        self.looked_at += 1
        step_s = 1.0 / self._settings.max_fps
        self._next_s = max(self._next_s + step_s, frame.t_s + step_s / 2)
        self._now_s = frame.t_s
        self._signals.observe(frame.index, frame.t_s, frame.image)
        self._stills.offer(frame)
        found = self._detect(frame)
        seen, ended = self._tracker.update(frame.index, frame.t_s, found.boxes, found.scores, found.classes)
        self._paths.add(seen)
        for track in seen:
            self._views.offer(track.id, frame.index, frame.t_s, track.last.box, frame.image)
        for track in seen:
            self._judge(track)
        ripe = self._ripe(ended)
        for track in ended:
            self._drop(track)
        return ripe

    def _begin_anew(self) -> list[ActEvent]:
        """The stream was cut: what is pending is decided, and nothing seen before is followed or remembered."""
        acts = self.finish()
        self._over = False
        self._signals = Signals(self.scene.signals, feed=self._feed)
        self._stills.clear()
        self._next_s = -1e9
        return acts

    def finish(self) -> list[ActEvent]:
        """The stream is over: every track ends, what is pending is decided."""
        self._over = True
        ended = self._tracker.finish()
        for track in ended:
            track.state = "ended"
        acts = self._ripe(ended)
        for track in ended:
            self._drop(track)
        return acts

    def _check_size(self, frame: Frame) -> None:
        height, width = frame.image.shape[:2]
        picture = self.scene.picture
        if (width, height) != (picture.width, picture.height):
            raise PictureError(
                f"the picture is {width} x {height}, the scene was drawn for {picture.width} x {picture.height}",
                where=f"scene {self.scene.id}",
                remedy="set the camera to the old size, or draw the scene on its new picture",
            )

    def _detect(self, frame: Frame) -> Detections:
        height, width = frame.image.shape[:2]
        x1, y1, x2, y2 = region(self.scene, width, height)
        found = self._detector.detect(frame.image[y1:y2, x1:x2])
        boxes = found.boxes + np.array([x1, y1, x1, y1], dtype=np.float32)
        wide = boxes[:, 2] - boxes[:, 0] >= _MIN_BOX_PX
        keep = wide & self._geometry.kept(boxes.astype(np.float64)) if len(boxes) else wide
        return Detections(boxes[keep], found.scores[keep], found.classes[keep])

    def _judge(self, track: Track) -> None:
        path = self._path(track)
        if path is None:
            return
        for code in self._rules:
            for finding in RULES[code](path, self.scene, self._signals.histories):
                key = (track.id, code, finding.what)
                if key in self._told:
                    continue
                if key not in self._pending:
                    self._pending[key] = _Pending(track, code, finding, self._now_s)
        self._pin(path)

    def _path(self, track: Track) -> Trajectory | None:
        seen_now = track.last.t_s >= self._now_s - _CUT_OFF_S
        return self._paths.of(track, cut_off=self._over and seen_now)

    def _pin(self, path: Trajectory) -> None:
        """Hold this frame exactly if it may be the one of an act: a rear, or half of a vehicle, has just passed a line,
        or it stands on one; and the frame after that, in which it may still be red. Who rides a line is held again only
        when seen larger."""
        for run in path.lines.values():
            for past in (run.rear_px[-3:], run.rear_m[-3:] + path.build.half_m):
                if len(past) >= 2 and past[0] <= 0 < past[-1]:
                    self._stills.pin()
                    return
        size_px = float(path.size_px[-1])
        for marking, runs in path.stripes.items():
            if any(run.within[-1] and run.least[-1] >= self.scene.rules.solid_overlap for run in runs):
                key = (path.track_id, marking)
                if size_px >= _LARGER * self._ridden.get(key, 0.0):
                    self._ridden[key] = size_px
                    self._stills.pin()
                    return

    def _ripe(self, ended: Sequence[Track]) -> list[ActEvent]:
        """Pending findings whose time has come are judged once more, on all that is known by now."""
        for track in ended:
            self._judge(track)
        gone = {track.id for track in ended}
        acts: list[ActEvent] = []
        for key, pending in list(self._pending.items()):
            waited_s = self._now_s - pending.first_s
            if pending.track.id not in gone and waited_s < _SETTLE_S[pending.rule]:
                continue
            del self._pending[key]
            path = self._path(pending.track)
            if path is None:
                continue
            final = [f for f in RULES[pending.rule](path, self.scene, self._signals.histories) if f.what == key[2]]
            if not final:
                continue  # taken back by what the vehicle did next; it may be found again
            self._told.add(key)
            event = self._event(final[0], path)
            if not self._told_already(event):
                self._recent.append(event)
                acts.append(event)
        self._recent = [e for e in self._recent if self._now_s - e.t_s <= 30.0]
        return sorted(acts, key=lambda e: e.t_s)

    def _event(self, finding: Finding, path: Trajectory) -> ActEvent:
        views = self._views.best(path.track_id)
        plate = read_plate(views, self._plates, path.cls)
        return act_event(
            finding,
            path,
            lamps=self._signals.histories,
            stills=self._stills,
            plate=plate,
            best_view=views[0] if views else None,
        )

    def _told_already(self, event: ActEvent) -> bool:
        """The same vehicle under a second track id, or as rider and as motorcycle."""
        box = np.array([event.vehicle.box])
        if CROSSING_NOT_SEEN in event.flags:
            known = [b for t_s, b in self._parked if event.t_s - t_s <= _SAME_PLACE_S]
            self._parked = [(t, b) for t, b in self._parked if event.t_s - t <= _SAME_PLACE_S]
            self._parked.append((event.t_s, event.vehicle.box))
            if known and float(iou(box, np.array(known)).max()) >= _SAME_OVERLAP:
                return True
        for other in self._recent:
            if other.act != event.act or abs(other.t_s - event.t_s) > _SAME_S:
                continue
            points = [p for p in other.track.points if abs(p.t_s - event.t_s) <= 0.15]
            if points and float(iou(box, np.array([p.box for p in points])).max()) >= _SAME_OVERLAP:
                return True
        return False

    def _drop(self, track: Track) -> None:
        self._paths.forget(track.id)
        self._views.forget(track.id)
        self._told = {key for key in self._told if key[0] != track.id}
        self._ridden = {key: px for key, px in self._ridden.items() if key[0] != track.id}
