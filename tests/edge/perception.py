"""Stand-in networks for tests of the node: an act every so many frames, or a fault."""

from __future__ import annotations

from collections.abc import Mapping

from edge.config import DetectorConfig
from edge.explain.why_not import WhyNot
from edge.judging import Judging
from edge.types import ActEvent, Frame, SeenPicture, Still
from edge.watch.picture import PictureWatch
from evidence.acts import ActCode, VehicleClass
from evidence.packet import Plate, Track, TrackPoint, Vehicle
from evidence.wire import HeadHealth
from zones.load import LoadedScene
from zones.schema import Scene

BOX = (10.0, 10.0, 50.0, 60.0)


def act(frame: Frame, after: Frame | None = None) -> ActEvent:
    """An act in one frame, as the pipeline would tell it."""
    after = after or frame
    return ActEvent(
        act=ActCode.WRONG_WAY,
        frame=frame.index,
        t_s=frame.t_s,
        track_id=1,
        vehicle=Vehicle(cls=VehicleClass.CAR, confidence=0.9, box=BOX),
        track=Track(id=1, points=[TrackPoint(frame=frame.index, t_s=frame.t_s, box=BOX, score=0.9)]),
        lamps=[],
        plate=Plate(),
        reasons={},
        stills={
            "still_on": Still(frame.index, frame.t_s, frame.image),
            "still_after": Still(after.index, after.t_s, after.image),
        },
        clip_from_s=frame.t_s - 1.0,
        clip_to_s=frame.t_s + 1.0,
    )


class ScriptedPipeline:
    """An act at every `every`-th frame, told one second later; frames in `faulty` raise."""

    def __init__(self, every: int, faulty: range, scene: Scene) -> None:
        self._every, self._faulty = every, faulty
        self._open: list[Frame] = []
        self._frame, self._why_not = -1, WhyNot(scene)

    def process(self, frame: Frame) -> list[ActEvent]:
        self._frame = frame.index
        if frame.index in self._faulty:
            raise ZeroDivisionError("scripted fault")
        if frame.index % self._every == self._every - 1:
            self._open.append(frame)
        done = [f for f in self._open if frame.t_s - f.t_s >= 1.0]
        self._open = [f for f in self._open if frame.t_s - f.t_s < 1.0]
        return [act(f, frame) for f in done]

    def finish(self) -> list[ActEvent]:
        done, self._open = self._open, []
        return [act(f) for f in done]

    @property
    def heads(self) -> tuple[HeadHealth, ...]:
        return ()

    @property
    def passed(self) -> int:
        return 0

    @property
    def why_not(self) -> WhyNot:
        return self._why_not

    def seen(self) -> SeenPicture:
        return SeenPicture(self._frame)


class ScriptedPerception:
    def __init__(self, every: int = 50, faulty: range = range(0)) -> None:
        self._every, self._faulty = every, faulty

    @property
    def digests(self) -> Mapping[str, str]:
        return {"vehicle-nano": "a" * 64}

    @property
    def judging(self) -> Judging:
        return Judging()

    def pipeline(
        self, scene: LoadedScene, watch: PictureWatch | None = None, feed: object = None, film: object = None
    ) -> ScriptedPipeline:
        return ScriptedPipeline(self._every, self._faulty, scene.scene)


def open_scripted_perception(settings: DetectorConfig, judging: Judging) -> ScriptedPerception:
    return ScriptedPerception()
