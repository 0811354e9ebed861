"""Right turns that are lawful while the round lamp is red: by a green arrow, or by a blue plate."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner

from evidence.acts import ActCode, LampState
from tools.command.cli import cli
from tools.evaluate.acts import score
from tools.evaluate.cli import load_acts, load_truth
from tools.simulate.detector_noise import LEVELS
from tools.simulate.junction import ARROW, MAIN
from tools.simulate.turns import Kind, turns, turns_scene
from tools.simulate.watching import Verdict, watch
from tools.simulate.world import Run
from zones.check import check
from zones.load import load_scene
from zones.schema import ALL_MOVEMENTS

KINDS: tuple[Kind, ...] = ("arrow", "plate")
RUNS = {(ActCode.RED_LIGHT, "runs-1"), (ActCode.RED_LIGHT, "runs-2")}
STANDS = (ActCode.STOPPED_PAST_LINE, "past-1")
CLIPS = Path(__file__).parents[2] / "tools" / "clips"


@cache
def run_of(kind: Kind) -> Run:
    return turns(kind)


@cache
def verdict_of(kind: Kind, level: str) -> Verdict:
    return watch(run_of(kind), fps=12.5, noise=LEVELS[level], scene=turns_scene(kind, source="controller"))


@pytest.mark.parametrize("kind", KINDS)
def test_who_goes_straight_on_red_does_the_act_and_who_turns_right_does_none(kind: Kind) -> None:
    run = run_of(kind)
    assert RUNS <= {(a.act, a.vehicle) for a in run.acts if a.sure} <= {*RUNS, STANDS}
    assert STANDS in {(a.act, a.vehicle) for a in run.acts}
    assert len(run.acts) == 3
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
    assert next(head.movements for head in scene.signals if head.id == MAIN) == list(ALL_MOVEMENTS)
    assert [sign.number for sign in scene.signs] == ([] if kind == "arrow" else ["S.phu-re-phai"])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("level", ["none", "light", "default"])
def test_the_node_accuses_who_goes_straight_and_nobody_who_turns_right(kind: Kind, level: str) -> None:
    verdict = verdict_of(kind, level)
    told = {(true.act, true.vehicle) for true, _ in verdict.found}
    assert told >= RUNS
    assert verdict.false == []
    if level == "none":
        assert verdict.missed == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_drawn_clip_is_small_and_is_of_this_run_and_scene(kind: Kind) -> None:
    clip = CLIPS / f"right-{kind}.mp4"
    assert clip.stat().st_size <= 3_000_000
    assert load_scene(clip.with_suffix(".yaml")).scene == turns_scene(kind)
    truth = json.loads(clip.with_suffix(".json").read_text(encoding="utf-8"))
    sure = {(a["act"], a["id"].rpartition("-")[0]) for a in truth["acts"] if a["confidence"] == "high"}
    assert sure == {(a.act.value, a.vehicle) for a in run_of(kind).acts if a.sure}
    assert set(truth["lamps"]) == ({MAIN, ARROW} if kind == "arrow" else {MAIN})


@pytest.mark.slow(25)
@pytest.mark.parametrize("kind", KINDS)
def test_in_the_drawn_clip_every_act_is_found_and_nobody_else_accused(kind: Kind, tmp_path: Path) -> None:
    clip = CLIPS / f"right-{kind}.mp4"
    scene = str(clip.with_suffix(".yaml"))
    result = CliRunner().invoke(cli, ["edge", "replay", str(clip), "--scene", scene, "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    judged = score(load_truth(clip.with_suffix(".json"), None), load_acts(tmp_path / "acts.jsonl"))
    assert [(t.id, t.act) for t in judged.missed] == []
    assert [(f.reported.act, f.reported.t_s, f.why) for f in judged.false] == []
