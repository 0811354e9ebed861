"""The clips that ship: what their truth says is seen, by day, at dusk and at night."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from edge.signals.heads import Signals
from edge.video.source import VideoSource
from evidence.acts import LampState
from tools.command.cli import cli
from tools.evaluate.acts import Score, score
from tools.evaluate.cli import load_acts, load_truth
from zones.facts import one_way
from zones.load import load_scene

CLIPS = Path(__file__).parents[2] / "tools" / "clips"
NAMES = ("demo", "dusk", "night")
REPLAYED = ("dusk", "night")
"""The demo's own clip is played and judged whole, from the box to the centre, in `test_wheel.py`."""


@cache
def truth(name: str) -> dict[str, Any]:
    return dict(json.loads((CLIPS / f"{name}.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Any:
    @cache
    def judge(name: str) -> Score:
        out = tmp_path_factory.mktemp(name)
        clip = CLIPS / f"{name}.mp4"
        replayed = CliRunner().invoke(
            cli, ["edge", "replay", str(clip), "--scene", str(clip.with_suffix(".yaml")), "--out", str(out)]
        )
        assert replayed.exit_code == 0, replayed.output
        return score(load_truth(clip.with_suffix(".json"), None), load_acts(out / "acts.jsonl"))

    return judge


@pytest.mark.parametrize("name", NAMES)
def test_a_clip_is_small_and_has_scene_and_truth(name: str) -> None:
    clip = CLIPS / f"{name}.mp4"
    assert clip.stat().st_size <= 15_000_000
    assert load_scene(clip.with_suffix(".yaml")).scene.picture.width == truth(name)["resolution"][0]
    assert truth(name)["lamps"]["S-main"]


def test_the_day_clip_shows_six_acts_of_four_kinds() -> None:
    sure = [a["act"] for a in truth("demo")["acts"] if a["confidence"] == "high"]
    assert len(sure) >= 6
    assert len(set(sure)) >= 4


@pytest.mark.parametrize("name", NAMES)
def test_on_the_two_way_road_of_the_clips_nobody_drives_the_wrong_way_of_a_one_way_road(name: str) -> None:
    scene = load_scene((CLIPS / name).with_suffix(".yaml")).scene
    assert scene.lanes
    assert not any(one_way(scene, lane) for lane in scene.lanes)
    assert "wrong_way" not in {a["act"] for a in truth(name)["acts"]}


@pytest.mark.slow(30)
@pytest.mark.parametrize("name", REPLAYED)
def test_every_act_of_a_clip_is_found_and_nobody_else_is_accused(name: str, judged: Any) -> None:
    result = judged(name)
    assert [(t.id, t.act) for t in result.missed] == []
    assert [(f.reported.act, f.reported.t_s) for f in result.false] == []


@pytest.mark.parametrize("name", REPLAYED)
def test_no_plate_of_a_clip_is_read_wrongly(name: str, judged: Any) -> None:
    assert judged(name).plates[1] == 0


@pytest.mark.parametrize("name", NAMES)
def test_lamps_are_read_as_they_were(name: str) -> None:
    """Never red for green or green for red; every change within three frames."""
    clip = CLIPS / f"{name}.mp4"
    signals = Signals(load_scene(clip.with_suffix(".yaml")).scene.signals)
    source = VideoSource(clip)
    source.start()
    times = []
    for frame in source.frames():
        signals.observe(frame.index, frame.t_s, frame.image)
        times.append(frame.t_s)
    for head, phases in truth(name)["lamps"].items():
        history = signals.histories[head]
        for t_s in times:
            begun, lit = [(s, lamp) for s, lamp in phases if s <= t_s + 1e-6][-1]
            seen = history.at(t_s)
            if t_s - begun > 0.25:
                assert seen == LampState(lit), (head, t_s)
            else:
                assert {seen, LampState(lit)} != {LampState.RED, LampState.GREEN}, (head, t_s)
