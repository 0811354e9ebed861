"""Right turns that are lawful while the round lamp is red: by a green arrow, or by a blue plate."""

from __future__ import annotations

from functools import cache

import pytest

from evidence.acts import ActCode, LampState
from tools.simulate.judge import Verdict, judge
from tools.simulate.junction import ARROW, MAIN
from tools.simulate.spoil import LEVELS
from tools.simulate.turns import Kind, turns, turns_scene
from tools.simulate.world import Run
from zones.check import check

KINDS: tuple[Kind, ...] = ("arrow", "plate")


@cache
def run_of(kind: Kind) -> Run:
    return turns(kind)


@cache
def verdict_of(kind: Kind, level: str) -> Verdict:
    return judge(run_of(kind), fps=12.5, spoiling=LEVELS[level], scene=turns_scene(kind, source="controller"))


@pytest.mark.parametrize("kind", KINDS)
def test_who_goes_straight_on_red_does_the_act_and_who_turns_right_does_none(kind: Kind) -> None:
    run = run_of(kind)
    sure = {(a.act, a.vehicle) for a in run.acts if a.sure}
    assert sure == {(ActCode.RED_LIGHT, "runs-1"), (ActCode.RED_LIGHT, "runs-2")}
    assert {name for name, why in run.innocents.items() if why.startswith("right turn")} == {
        f"right-{n}" for n in (1, 2, 3, 4)
    }
    assert run.moments[-1].heads[MAIN].lamp == LampState.RED
    assert (ARROW in {post.id for post in run.ground.posts}) == (kind == "arrow")


@pytest.mark.parametrize("kind", KINDS)
def test_the_scene_has_no_lane_and_no_fault(kind: Kind) -> None:
    scene = turns_scene(kind)
    assert scene.lanes == []
    assert [f for f in check(scene) if f.severity == "error"] == []
    assert next(head.movements for head in scene.signals if head.id == MAIN) == (
        ["straight", "left", "right", "u_turn"] if kind == "arrow" else ["straight", "left", "u_turn"]
    )
