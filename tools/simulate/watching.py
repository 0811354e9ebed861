"""A simulated run through the node's own pipeline, and what it reported against what happened.

The pipeline is the real one; only the picture is missing: detections come from `NoisyDetector`, lamps from the run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from edge.judging import Judging
from edge.looking import LookingMargins
from edge.pipeline import CameraPipeline
from edge.road.region import region
from edge.signals.reading import LampReading
from edge.types import ActEvent, Frame, Image, Still
from edge.video.stills import StillStore
from edge.watch.picture import PictureWatch
from evidence.acts import ActCode, LampState
from evidence.packet import ControllerTimeline
from models.detector import Detections
from models.plates import Corners, PlateBox, PlateReading
from tools.simulate.detector_noise import DetectorNoise, NoisyDetector
from tools.simulate.seen import Glance, Sight, glances
from tools.simulate.street import BEGIN, scene_of
from tools.simulate.views import SeenViews, ViewCount, count_views
from tools.simulate.world import HeadState, Run, TrueAct
from zones.boxes import iou
from zones.schema import Scene, SignalHead

_SAME_IOU = 0.25
_SLACK_S = 1.5
_SHOWN = 0.33
_BESIDE_S = 0.8


@dataclass(frozen=True)
class Report:
    """An act that the pipeline told, and the vehicle that its track was on (None: nobody's)."""

    act: ActCode
    vehicle: str | None
    t_s: float
    flags: Sequence[str]
    reasons: Mapping[str, object]


@dataclass
class Verdict:
    """One run's outcome.

    `unsure`: true acts near the edge of the definition, reported or not. `hidden`: acts of vehicles that others hid
    from the camera at the decisive moment, reported or not; no eye could have seen them.
    """

    seed: int
    vehicles: int
    seconds: float
    found: list[tuple[TrueAct, Report]] = field(default_factory=list)
    missed: list[TrueAct] = field(default_factory=list)
    false: list[Report] = field(default_factory=list)
    unsure: list[tuple[TrueAct, bool]] = field(default_factory=list)
    hidden: list[tuple[TrueAct, bool]] = field(default_factory=list)
    innocents: dict[str, str] = field(default_factory=dict)
    views: ViewCount = field(default_factory=ViewCount)


class _Lamps:
    """The run's heads as a signal controller would report them."""

    heads: Mapping[str, HeadState]

    @property
    def doubt_s(self) -> float | None:
        return None

    def state(self, head: SignalHead, t_s: float, at: datetime | None) -> LampReading:
        shown = self.heads.get(head.id)
        return LampReading(shown.lamp, 1.0) if shown else LampReading(LampState.UNKNOWN, 0.0)

    def said(self, head: SignalHead, state: LampState, at: datetime | None) -> bool | None:
        return None

    def told(self, head: SignalHead, first: datetime, last: datetime) -> ControllerTimeline | None:
        return None


class _Eye:
    """Stands where the detector stands; answers with what was put before it, in the coordinates of the crop."""

    def __init__(self, scene: Scene) -> None:
        picture = scene.picture
        self._region = region(scene, picture.width, picture.height)
        self.now = Detections.none()

    def detect(self, frame_bgr: NDArray[np.uint8]) -> Detections:
        x1, y1, x2, y2 = self._region
        boxes = np.clip(self.now.boxes, [x1, y1, x1, y1], [x2, y2, x2, y2]) - np.array([x1, y1, x1, y1], np.float32)
        keep = (boxes[:, 2] - boxes[:, 0] > 4) & (boxes[:, 3] - boxes[:, 1] > 4)
        return Detections(boxes[keep].astype(np.float32), self.now.scores[keep], self.now.classes[keep])


class _NoPlates:
    def find(self, crop_bgr: NDArray[np.uint8]) -> list[PlateBox]:
        return []

    def read(self, plate_bgr: NDArray[np.uint8], corners: Corners | None = None) -> list[PlateReading]:
        raise AssertionError("no plate is found, so none is read")


class _NoStills(StillStore):
    def offer(self, frame: Frame) -> None:
        return

    def pin(self) -> None:
        return

    def nearest(self, t_s: float, *, from_s: float = -1e9, to_s: float = 1e9) -> Still | None:
        return None


class _NoWatch(PictureWatch):
    """There is no picture that could have moved: whatever is found is told."""

    def look(self, frame: Frame) -> None:
        return


def watch(run: Run, *, fps: float, noise: DetectorNoise, scene: Scene | None = None) -> Verdict:
    """Let the pipeline watch the run at `fps`, through an eye noisy by `noise` (random by the run's seed)."""
    the_scene = scene or scene_of(run, source="controller")
    eye, lamps, views = _Eye(the_scene), _Lamps(), SeenViews()
    pipeline = CameraPipeline(
        the_scene,
        eye,
        _NoPlates(),
        judging=Judging(looking=LookingMargins(max_fps=30.0)),
        feed=lamps,
        stills=_NoStills(),
        views=views,
        watch=_NoWatch(the_scene),
    )
    width, height = the_scene.picture.width, the_scene.picture.height
    noisy = NoisyDetector(run.specs, noise, run.seed, width, height)
    blank = np.broadcast_to(np.zeros(1, np.uint8), (height, width, 3))
    book: dict[int, Sequence[Sight]] = {}
    seen: set[str] = set()
    events: list[ActEvent] = []
    for glance in glances(run, fps):
        book[glance.index] = glance.sights
        seen.update(s.id for s in glance.sights)
        if noisy.drops():
            continue
        eye.now, lamps.heads = noisy.see(glance), glance.heads
        events += pipeline.process(_frame(glance, blank))
    events += pipeline.finish()
    verdict = Verdict(run.seed, len(seen), len(run.moments) * run.step_s, innocents=dict(run.innocents))
    hidden = {id(a) for a in run.acts if _hidden(a, book, fps)}
    reports = [_report(event, book) for event in events]
    _compare(verdict, run.acts, reports, hidden)
    for event, report in zip(events, reports, strict=True):
        if report.vehicle is not None:
            verdict.views += count_views(views.asked[event.track_id, event.t_s], report.vehicle, book)
    return verdict


def _frame(glance: Glance, blank: Image) -> Frame:
    return Frame(glance.index, glance.t_s, blank, BEGIN + timedelta(seconds=glance.t_s), glance.index)


def _report(event: ActEvent, book: Mapping[int, Sequence[Sight]]) -> Report:
    """Whose track it was: the vehicle whose true boxes overlap most with the track's around the act."""
    votes: dict[str, float] = {}
    near = [p for p in event.track.points if abs(p.t_s - event.t_s) <= 1.0]
    for point in near:
        sights = book[point.frame]
        if not sights:
            continue
        overlap = iou(np.array([point.box]), np.array([s.shown for s in sights]))[0]
        overlap = np.maximum(overlap, iou(np.array([point.box]), np.array([s.box for s in sights]))[0])
        for sight, value in zip(sights, overlap, strict=True):
            votes[sight.id] = votes.get(sight.id, 0.0) + float(value)
    best = max(votes, key=lambda name: votes[name], default=None)
    if best is not None and votes[best] / len(near) < _SAME_IOU:
        best = None
    return Report(event.act, best, event.t_s, tuple(event.flags), event.reasons)


def _hidden(act: TrueAct, book: Mapping[int, Sequence[Sight]], fps: float) -> bool:
    """Whether less than a third of the vehicle was to be seen just before or just after it passed the line, or during
    the act: what nobody saw on both sides of the line cannot be shown to have passed it."""
    at_line = act.act in (ActCode.RED_LIGHT, ActCode.STOPPED_PAST_LINE)
    spans = [(act.t_s - _BESIDE_S, act.t_s), (act.t_s, act.t_s + _BESIDE_S)] if at_line else [(act.t_s, act.until_s)]
    for from_s, to_s in spans:
        frames = [i for i in range(int(from_s * fps), int(to_s * fps) + 2) if i in book]
        shown = [next((s.visible for s in book[i] if s.id == act.vehicle), 0.0) for i in frames]
        if shown and float(np.median(shown)) < _SHOWN:
            return True
    return False


def _compare(verdict: Verdict, acts: Sequence[TrueAct], reports: Sequence[Report], hidden: Set[int]) -> None:
    """Each true act answers for one report of the same kind, vehicle and time; sure acts first."""
    wanted = [a for a in acts if isinstance(a.act, ActCode)]
    left = list(reports)
    for true in sorted(wanted, key=lambda a: not a.sure):
        mine = [r for r in left if r.act == true.act and r.vehicle == true.vehicle and _at_the_time(true, r)]
        mine.sort(key=lambda r: (_about_another(true, r), r.t_s))
        if mine:
            left.remove(mine[0])
        if true.sure and id(true) in hidden:
            verdict.hidden.append((true, bool(mine)))
        elif not true.sure:
            verdict.unsure.append((true, bool(mine)))
        elif mine:
            verdict.found.append((true, mine[0]))
        else:
            verdict.missed.append(true)
    verdict.false = left


def _about_another(true: TrueAct, report: Report) -> bool:
    """Whether the report names lines or lanes, and not that of the act."""
    named = {str(report.reasons[name]) for name in ("marking", "lane") if name in report.reasons}
    return bool(named) and true.what not in named


def _at_the_time(true: TrueAct, report: Report) -> bool:
    return true.t_s - _SLACK_S <= report.t_s <= true.until_s + _SLACK_S
