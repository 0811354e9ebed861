"""The box's eyes and rules for whoever draws a scene: the scene editor must not know the box, so it is given this."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path


def look(scene: Path, video: Path, *, seconds: float, go_on: Callable[[float], bool]) -> Mapping[str, Sequence[str]]:
    """What `giaolo edge try` tells, in lines by language (`zones.trying.Tryer`)."""
    from edge.explain.words import LANGUAGES  # the networks' code, loaded when somebody tries
    from edge.trial import told, try_scene

    trial = try_scene(scene, video, seconds=seconds, go_on=go_on)
    return {language: list(told(trial, language)) for language in LANGUAGES}
