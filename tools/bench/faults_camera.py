"""One camera whose frames are spoilt between decoder and pipeline.

Source, pipeline, watch, recorder and packets are the product's own. The clip is played over and over, each pass cut off
from the one before as a looping source does.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av

from edge.delivery.packet_folder import PacketFolder
from edge.delivery.packing import CameraIdentity
from edge.delivery.recorder import Recorder
from edge.perception import OnnxPerception
from edge.pipeline import CameraPipeline
from edge.types import ActEvent, Frame
from edge.video.ring import PacketRing
from edge.video.source import EndOfStream, VideoSource
from edge.video.source_status import SourceSettings
from edge.watch.picture import PictureWatch
from edge.watch.report import Entry
from evidence.seal import SigningKey
from evidence.wire import PictureState
from tools.bench.faults_kinds import KINDS, Fault, View
from tools.bench.faults_memory import RememberingDetector
from tools.bench.faults_pictures import put_back
from tools.evaluate.acts import Reported, Truth
from tools.evaluate.cli import load_truth
from tools.evaluate.suite import Case
from zones.load import load_scene

GOOD: frozenset[PictureState] = frozenset({"learning", "in_place", "shaking"})
_RING_S = 60.0


@dataclass(frozen=True)
class Film:
    """A clip with its scene and truth, and how many frames it has."""

    case: Case
    frames: int
    fps: float
    truth: Truth
    lamps: dict[str, list[tuple[float, str]]]

    @classmethod
    def of(cls, case: Case) -> Film:
        with av.open(str(case.clip)) as container:
            stream = container.streams.video[0]
            fps, frames = float(stream.average_rate or 25), sum(1 for p in container.demux(stream) if p.size)
        truth, lamps = Truth(()), {}
        if case.truth is not None:
            truth = load_truth(case.truth, case.clip.name if case.several else None)
            lamps = _lamps(case.truth)
        return cls(case, frames, fps, truth, lamps)

    @property
    def length_s(self) -> float:
        return self.frames / self.fps

    @property
    def name(self) -> str:
        return self.case.clip.stem

    def lit(self, at_s: float) -> set[str]:
        """What its heads show so long after its beginning, as far as its truth says."""
        shown = ([lit for from_s, lit in phases if from_s <= at_s] for phases in self.lamps.values())
        return {lit[-1] for lit in shown if lit}


@dataclass(frozen=True)
class Told:
    """An act that was told, its times those of the pass. `flags`: those of the pipeline; `fault`: the last one of the
    pass until then, "": none. `owns_up`: a flag says that picture, signal or pictures seen were in doubt, as that fault
    makes them; that a plate was not read says nothing of it."""

    reported: Reported
    flags: tuple[str, ...]
    fault: str

    @property
    def owns_up(self) -> bool:
        return self.fault != "" and bool(KINDS[self.fault].flags & set(self.flags))


@dataclass(frozen=True)
class Suffered:
    """One fault as it went. `alarm_s`, `normal_s`: after its beginning, and after its end; None: never (yet).
    `state`: that of the alarm."""

    fault: Fault
    alarm_s: float | None = None
    state: str = ""
    normal_s: float | None = None


@dataclass
class Pass:
    """One pass of the clip: which faults it had, each until the box was back to normal, and what came of it."""

    began_s: float
    faults: list[str] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    held: list[Reported] = field(default_factory=list)
    states: set[str] = field(default_factory=set)


class FaultyCamera:
    """Give it a fault (or none) and let it take frames."""

    def __init__(self, film: Film, perception: OnnxPerception, folder: Path) -> None:
        judging, loaded = perception.judging, load_scene(film.case.scene)
        self.film, self.scene, self.view = film, loaded.scene, View.of(loaded.scene)
        assert isinstance(perception.detector, RememberingDetector)
        self._detector = perception.detector
        self._ring = PacketRing(seconds=_RING_S, margins=judging.clip)
        settings = SourceSettings(loop=True, queue_frames=2)
        self._source = VideoSource(film.case.clip, ring=self._ring, margins=judging.video, settings=settings)
        self._sink = PacketFolder(folder)
        key = SigningKey.generate()
        identity = CameraIdentity(
            "faults", key, "camera", loaded.scene.place, "", loaded, perception.digests, judging.digest
        )
        self._recorder = Recorder(identity, source=self._source, ring=self._ring, sink=self._sink)
        self.watch = PictureWatch(loaded.scene, judging.picture, write=self._write)
        self.pipeline: CameraPipeline = perception.pipeline(loaded, self.watch)
        self.t_s = 0.0
        self.taken = self.packets = 0
        self.passes: list[Pass] = []
        self.suffered: list[Suffered] = []
        self._fault: Fault | None = None
        self._recent: list[Fault] = []
        self._cuts = 0

    @property
    def state(self) -> PictureState:
        return self.watch.report.state

    @property
    def lost(self) -> int:
        """Acts whose packets could not be made."""
        return self._recorder.lost

    @property
    def fault(self) -> Fault | None:
        return self._fault

    @property
    def settled(self) -> bool:
        """Whether no fault lasts, and the last one is over for the box too."""
        return self._fault is None and (not self.suffered or self.suffered[-1].normal_s is not None)

    @property
    def into_pass_s(self) -> float:
        return self.t_s - self.passes[-1].began_s if self.passes else 0.0

    def begin(self, fault: Fault) -> None:
        self._fault = fault
        self._recent = [*self._recent[-7:], fault]
        self.suffered.append(Suffered(fault))
        self._cuts += fault.injury.cuts

    def take(self) -> bool:
        """One frame more; False: there are no more."""
        frame = None
        while frame is None:
            try:
                frame = self._source.next(1.0)
            except EndOfStream:
                return False
        number, place = divmod(frame.index, self.film.frames)
        if number >= len(self.passes):
            self.passes.append(Pass(frame.t_s))
        self.t_s, self.taken = frame.t_s, self.taken + 1
        now = self.passes[-1]
        self._over_yet()
        spoilt = self._spoilt(frame)
        right_size = spoilt is not None and (spoilt.picture.width, spoilt.picture.height) == (
            self.view.width,
            self.view.height,
        )
        if spoilt is not None and right_size:
            self._detector.frame = (self.film.name, place) if spoilt.picture is frame.picture else None
            self._tell(self.pipeline.process(spoilt))
        self._followed(now)
        return True

    def close(self) -> None:
        """The stream ends: what waits is decided."""
        self._tell(self.pipeline.finish())
        self._source.stop(timeout_s=5)
        self._packed(self._recorder.finish())

    def _over_yet(self) -> None:
        if self._fault is not None and self.t_s >= self._fault.to_s:
            self._cuts += self._fault.injury.cuts
            self._fault = None

    def _spoilt(self, frame: Frame) -> Frame | None:
        fault = self._fault
        whole = Frame(
            frame.index, frame.t_s, frame.picture, frame.wall_at, frame.pts, frame.segment + self._cuts
        )  # fmt: skip
        return whole if fault is None else fault.injury.change(whole, frame.t_s - fault.from_s)

    def _followed(self, now: Pass) -> None:
        """What the fault came to so far, and what it makes of the pass."""
        now.states.add(self.state)
        if not self.suffered:
            return
        last = self.suffered[-1]
        since_s, over_s = self.t_s - last.fault.from_s, self.t_s - last.fault.to_s
        if not self.settled and now.faults[-1:] != [last.fault.kind.name]:
            now.faults.append(last.fault.kind.name)
        alarms = last.fault.kind.alarms
        if self._fault is not None and last.alarm_s is None and self.state not in GOOD and (
            not alarms or self.state in alarms
        ):  # fmt: skip
            self.suffered[-1] = Suffered(last.fault, since_s, self.state)
        elif self._fault is None and last.normal_s is None and self.state in GOOD:
            self.suffered[-1] = Suffered(last.fault, last.alarm_s, last.state, over_s)

    def _tell(self, events: Sequence[ActEvent]) -> None:
        for event in events:
            self._recorder.submit(event)
            began_s, into = self._pass_of(event.t_s)
            track = tuple((p.t_s - began_s, self._true_box(p.box, p.t_s)) for p in event.track.points)
            box = self._true_box(event.vehicle.box, event.t_s)
            line = {"plate": event.plate.text, "track": event.track_id, "seen": event.vehicle.box}
            told_s = self.t_s - began_s
            reported = Reported(event.act.value, event.frame, event.t_s - began_s, box, line, track, told_s)
            into.told.append(Told(reported, tuple(event.flags), into.faults[-1] if into.faults else ""))
        self._packed(self._recorder.advance())

    def _packed(self, done: Sequence[Any]) -> None:
        """A packet is made and sealed; it is not kept: a box hands it on."""
        for recorded in done:
            self.packets += 1
            self._sink.path(recorded.manifest).unlink(missing_ok=True)

    def _write(self, entry: Entry) -> None:
        if entry.kind == "held":
            began_s, into = self._pass_of(entry.told["t_s"])
            t_s, box = entry.told["t_s"], self._true_box(entry.told["box"], entry.told["t_s"])
            line = {"why": entry.told["why"]}
            into.held.append(Reported(entry.told["act"], entry.told["frame"], t_s - began_s, box, line))

    def _pass_of(self, t_s: float) -> tuple[float, Pass]:
        """The pass that a stream time lies in."""
        into = [p for p in self.passes if p.began_s <= t_s + 1e-6][-1]
        return into.began_s, into

    def _true_box(self, box: Sequence[float], t_s: float) -> tuple[float, float, float, float]:
        """Where it would lie if the picture lay in its place: that is what the truth speaks of."""
        for fault in self._recent:
            if (matrix := fault.where(t_s)) is not None:
                return put_back(box, matrix)
        x1, y1, x2, y2 = box
        return x1, y1, x2, y2


def _lamps(truth: Path) -> dict[str, list[tuple[float, str]]]:
    said = json.loads(truth.read_text("utf-8")).get("lamps", {})
    if not isinstance(said, dict):
        return {}
    return {
        head: [(float(s), str(lit)) for s, lit in phases]
        for head, phases in said.items()
        if isinstance(phases, list) and all(isinstance(each, list) and len(each) == 2 for each in phases)
    }
