"""For each act, whether a scene can state it, and which fact is missing. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.acts import ActCode
from zones.faults import Fault, both
from zones.needs import NEEDS
from zones.schema import Scene


@dataclass(frozen=True)
class Statable:
    """`wanted`: the scene looks for it. `lacks`: what is missing, each in both languages; empty: it can be stated."""

    act: ActCode
    wanted: bool
    lacks: tuple[Fault, ...]


def statable(scene: Scene) -> list[Statable]:
    """All acts, in their order."""
    return [Statable(act, act in scene.acts, tuple(_lacks(scene, act))) for act in NEEDS]


def _lacks(scene: Scene, act: ActCode) -> list[Fault]:
    needs = NEEDS[act]
    if not needs.drawn(scene):
        what = both(f"thiếu {needs.to_draw.vi}", f"there is not {needs.to_draw.en}")
        return [Fault("", what, both("vẽ và ghi vào sơ đồ", "draw it and write it in the scene"), "warning")]
    return [*needs.fact(scene), *needs.measured(scene)]
