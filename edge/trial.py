"""`giaolo edge try`: what a scene would find in a piece of recorded video, before it goes into force.

The box's own eyes and rules look, nothing is sealed or sent. Besides the acts it tells what a technician must see to
believe them: who passed each line, how wide a plate is there, what the lamps were seen to show, and who came by and was
not reported.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from countries.here import HERE
from edge.explain.why_not import WhyNot
from edge.explain.words import LANGUAGES, Language, clock, lamp, listing, sentence, words
from edge.explain.words import act as act_word
from edge.judging import Judging
from edge.perception import open_perception
from edge.road.trajectory import Trajectory
from edge.rules.crossing import crossing
from edge.rules.refusal import Refusal
from edge.signals.history import LampHistory
from edge.types import ActEvent, Frame
from edge.video.source import VideoSource
from edge.video.source_errors import check_file
from edge.watch.picture import PictureWatch
from evidence.acts import ActCode, LampState, VehicleClass
from evidence.errors import GiaoLoError
from zones.advice import LEAST_PLATE_PX, px_a_metre
from zones.geometry import GroundMap
from zones.load import load_scene
from zones.schema import Scene


@dataclass
class Trial:
    """What came of it.

    `passed`: for each stop line, how many of which kind drove over it. `plate_px`: how wide a motorcycle's plate is at
    each line; None without a ground plane. `lamps`: for each head, how long it was seen to show what, seconds;
    `changes`: how often that changed.
    """

    seconds: float = 0.0
    frames: int = 0
    acts: list[ActEvent] = field(default_factory=list)
    passed: dict[str, Counter[VehicleClass]] = field(default_factory=dict)
    plate_px: dict[str, float | None] = field(default_factory=dict)
    lamps: dict[str, dict[LampState, float]] = field(default_factory=dict)
    changes: dict[str, int] = field(default_factory=dict)
    why_not: WhyNot | None = None

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        listed = self.why_not.listed if self.why_not else ()
        return {
            "seconds": round(self.seconds, 2),
            "frames": self.frames,
            "acts": [
                {"act": e.act.value, "t_s": round(e.t_s, 2), "class": e.vehicle.cls.value, "plate": e.plate.text,
                 "reasons": dict(e.reasons), "flags": list(e.flags)}
                for e in self.acts
            ],
            "lines": {
                line: {"passed": {cls.value: n for cls, n in count.items()}, "plate_px": self.plate_px.get(line)}
                for line, count in self.passed.items()
            },
            "lamps": {
                head: {"changes": self.changes[head]} | {state.value: round(s, 1) for state, s in shown.items()}
                for head, shown in self.lamps.items()
            },
            "not_reported": [one.as_dict() | {"vi": sentence(one, "vi"), "en": sentence(one, "en")} for one in listed],
        }  # fmt: skip


class _Passers(WhyNot):
    """Also counts who drove over which line."""

    def __init__(self, scene: Scene, judging: Judging) -> None:
        super().__init__(scene)
        self._lines, self._rules, self._shared = scene.stop_lines, scene.rules, judging.shared
        self.passed: dict[str, Counter[VehicleClass]] = {line.id: Counter() for line in scene.stop_lines}

    def note(
        self,
        path: Trajectory,
        refusals: Sequence[tuple[ActCode, Refusal]],
        reported: Collection[str],
        lamps: Mapping[str, LampHistory],
    ) -> None:
        super().note(path, refusals, reported, lamps)
        for line in self._lines:
            run = path.lines[line.id]
            if crossing(path, run, self._rules, self._shared.crossing, self._shared.one_vehicle) is not None:
                self.passed[line.id][path.cls] += 1


class TrialError(GiaoLoError):
    """The video shows something else than the scene."""


def try_scene(
    scene_file: Path,
    clip: Path,
    *,
    seconds: float,
    size: str = "nano",
    go_on: Callable[[float], bool] = lambda seen_s: True,
) -> Trial:
    """Look at the first `seconds` of a video with a scene.

    `go_on`: asked after each picture with the seconds seen; no ends the look. Raises `GiaoLoError` where scene or video
    cannot be used, or the video is of another size than the scene was drawn on.
    """
    loaded = load_scene(scene_file)
    scene = loaded.scene
    check_file(str(clip))
    perception = open_perception(size=size)
    passers = _Passers(scene, perception.judging)
    pipeline = perception.pipeline(loaded, PictureWatch(scene, perception.judging.picture), passers)
    trial = Trial(passed=passers.passed, why_not=passers)
    trial.plate_px = {line.id: _plate_px(scene, line.id) for line in scene.stop_lines}
    trial.lamps = {head.id: {} for head in scene.signals}
    trial.changes = {head.id: 0 for head in scene.signals}
    last: dict[str, LampState] = {}
    source = VideoSource(clip, margins=perception.judging.video)
    source.start()
    try:
        for frame in source.frames():
            if frame.t_s >= seconds:
                break
            _same_size(frame, scene, clip)
            trial.acts += pipeline.process(frame)
            since_s = frame.t_s - trial.seconds
            trial.seconds, trial.frames = frame.t_s, trial.frames + 1
            for head, history in pipeline.signals.histories.items():
                state = history.at(frame.t_s)
                trial.lamps[head][state] = trial.lamps[head].get(state, 0.0) + since_s
                trial.changes[head] += last.get(head, state) != state
                last[head] = state
            if not go_on(frame.t_s):
                break
        trial.acts += pipeline.finish()
    finally:
        source.stop(timeout_s=5)
    return trial


def _same_size(frame: Frame, scene: Scene, clip: Path) -> None:
    shows, drawn = (frame.picture.width, frame.picture.height), (scene.picture.width, scene.picture.height)
    if shows == drawn:
        return
    sizes = {"shows": f"{shows[0]} x {shows[1]}", "drawn": f"{drawn[0]} x {drawn[1]}"}
    what, remedy = (words()["trial"][name] for name in ("other_size", "other_size_remedy"))
    raise TrialError(
        " / ".join(what[language].format(**sizes) for language in LANGUAGES),
        where=str(clip),
        remedy=" / ".join(remedy[language] for language in LANGUAGES),
    )


def _plate_px(scene: Scene, line_id: str) -> float | None:
    """How wide a motorcycle's plate is at the line."""
    if scene.ground is None:
        return None
    line = next(each for each in scene.stop_lines if each.id == line_id)
    scale = px_a_metre(line, GroundMap.of(scene.ground))
    return None if scale is None else scale * HERE.plate_width_m["motorcycle"]


def told(trial: Trial, language: Language) -> Iterator[str]:
    """The result in lines for people."""
    said = {name: text[language] for name, text in words()["trial"].items()}
    classes = {name: text[language] for name, text in words()["classes"].items()}
    yield said["heading"].format(seconds=round(trial.seconds), frames=trial.frames)
    yield said["acts"].format(n=len(trial.acts)) if trial.acts else said["no_act"]
    for event in sorted(trial.acts, key=lambda e: e.t_s):
        plate = event.plate.text or said["unread"]
        yield f"  {clock(event.t_s)}  {act_word(event.act, language)}, {classes[event.vehicle.cls.value]}, {plate}"
    for line, count in trial.passed.items():
        kinds = ", ".join(f"{classes[cls.value]} {n}" for cls, n in count.most_common()) or said["nobody"]
        yield said["line"].format(line=line, n=sum(count.values()), kinds=kinds)
        px = trial.plate_px.get(line)
        if px is None:
            yield said["plate_unknown"]
        else:
            verdict = said["plate_enough"] if px >= LEAST_PLATE_PX else said["plate_small"]
            yield said["plate"].format(px=round(px), least=round(LEAST_PLATE_PX), verdict=verdict)
    for head, shown in trial.lamps.items():
        states = ", ".join(f"{lamp(state, language)} {round(s)} s" for state, s in shown.items())
        yield said["head"].format(head=head, states=states or said["nobody"], n=trial.changes[head])
        if not {LampState.RED, LampState.GREEN} <= shown.keys():
            yield said["lamp_missing"]
    if trial.why_not is not None:
        yield from listing(trial.why_not, language)
