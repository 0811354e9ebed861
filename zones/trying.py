"""What the box would see in recorded video, for the scene editor: acts with the scene as drawn, and vehicles by whose
sizes the ground is laid.

Who can look (the box's eyes and rules) is not known here: whoever starts the editor gives it in as `Eyes`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from evidence.errors import GiaoLoError
from zones.background import Background, BusyError, GoOn
from zones.faults import both
from zones.ground_estimate import GroundEstimate, KnownGap, estimate_ground
from zones.schema import Picture
from zones.vehicle_sizes import Sighting

__all__ = ["BusyError", "Eyes", "Surveying", "Trying"]

SECONDS = 60.0
"""So much of the video is looked at: a cycle of most signals, and as long as a person waits for it."""
Survey = tuple[Picture, Sequence[Sighting]]


class Tryer(Protocol):
    """Looks at the first `seconds` of a video with a scene's file and answers what came of it, in lines by language.
    Raises `GiaoLoError` where scene or video cannot be used."""

    def __call__(self, scene: Path, video: Path, *, seconds: float, go_on: GoOn) -> Mapping[str, Sequence[str]]: ...


class Surveyor(Protocol):
    """Looks at the first `seconds` of a video: the size of its picture, and the vehicles that drove by. Raises
    `GiaoLoError` for a video that cannot be used."""

    def __call__(self, video: Path, *, seconds: float, go_on: GoOn) -> Survey: ...


class Eyes(Protocol):
    """The box's, as far as an editor needs them."""

    @property
    def tryer(self) -> Tryer: ...

    @property
    def surveyor(self) -> Surveyor: ...


class Trying:
    """Runs with the scene as drawn, one at a time."""

    def __init__(self, tryer: Tryer, video: Path, *, seconds: float = SECONDS) -> None:
        self.video, self.seconds = video, seconds
        self._tryer = tryer
        self._run = Background[Mapping[str, Sequence[str]]]("trial of a scene", seconds=seconds)

    def start(self, scene: str) -> None:
        """Begin with a scene's YAML. Raises `BusyError` while one goes on."""

        def look(go_on: GoOn) -> Mapping[str, Sequence[str]]:
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder, "scene.yaml")
                file.write_text(scene, encoding="utf-8")
                return dict(self._tryer(file, self.video, seconds=self.seconds, go_on=go_on))

        self._run.start(look)

    def stop(self) -> None:
        """What was seen up to then is the result."""
        self._run.stop()

    def told(self) -> dict[str, Any]:
        """For the page."""
        return self._run.told() | {
            "lines": {language: list(lines) for language, lines in (self._run.result or {}).items()},
        }


class Surveying:
    """Vehicles of the video, looked at once; grounds are proposed by them as often as somebody asks."""

    def __init__(self, surveyor: Surveyor, video: Path, *, seconds: float = SECONDS) -> None:
        self._surveyor, self._video, self._seconds = surveyor, video, seconds
        self._run = Background[Survey]("survey of vehicles", seconds=seconds)

    def start(self) -> None:
        """Begin, if it was not looked at yet. Raises `BusyError` while it goes on."""
        if self._run.result is None:
            self._run.start(lambda go_on: self._surveyor(self._video, seconds=self._seconds, go_on=go_on))

    def stop(self) -> None:
        """What was seen up to then is the result."""
        self._run.stop()

    def told(self) -> dict[str, Any]:
        """For the page."""
        seen = self._run.result[1] if self._run.result else ()
        return self._run.told() | {"vehicles": len({one.track for one in seen})}

    def proposed(self, picture: Picture, gaps: Sequence[KnownGap]) -> GroundEstimate:
        """By vehicles and marked edges. Raises `GroundUnknown`, and `SurveyError` before anything was seen or where the
        video is of another size than the scene."""
        if self._run.result is None:
            what = both("chưa xem đoạn phim nào", "the video was not looked at yet")
            raise SurveyError(what, remedy=both("bấm xem xe cộ trước", "have it looked at first"))
        shown, sightings = self._run.result
        same_size(shown, picture)
        return estimate_ground(picture, gaps, sightings)


class SurveyError(GiaoLoError):
    """Nothing can be said by this video."""


def same_size(shown: Picture, drawn: Picture) -> None:
    """Raises `SurveyError` where a video shows other pictures than a scene is drawn on."""
    if (shown.width, shown.height) != (drawn.width, drawn.height):
        video, scene = f"{shown.width} x {shown.height}", f"{drawn.width} x {drawn.height}"
        what = both(f"đoạn phim cỡ {video}, cảnh vẽ cho {scene}", f"the video is {video}, the scene is for {scene}")
        raise SurveyError(what, remedy=both("dùng phim của chính camera đó", "take video of this very camera"))
