"""The box's eyes and rules for whoever draws a scene: the scene editor must not know the box, so it is given this."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zones.trying import Survey


def look(scene: Path, video: Path, *, seconds: float, go_on: Callable[[float], bool]) -> Mapping[str, Sequence[str]]:
    """What `giaolo edge try` tells, in lines by language (`zones.trying.Tryer`)."""
    from edge.explain.words import LANGUAGES  # the networks' code, loaded when somebody tries
    from edge.trial import told, try_scene

    trial = try_scene(scene, video, seconds=seconds, go_on=go_on)
    return {language: list(told(trial, language)) for language in LANGUAGES}


def survey(video: Path, *, seconds: float, go_on: Callable[[float], bool]) -> Survey:
    """The vehicles that drive by in a video (`zones.trying.Surveyor`)."""
    from edge.survey import survey as surveyed  # as above

    return surveyed(video, seconds=seconds, go_on=go_on)


class Looker:
    """Both, as `zones` asks for them (`zones.trying.Eyes`)."""

    tryer = staticmethod(look)
    surveyor = staticmethod(survey)
