"""The scripted minute in which ten kinds of act happen: its truth, and what the node makes of it."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from evidence.acts import ActCode
from tools.render.clip import truth
from tools.simulate.detector_noise import LEVELS
from tools.simulate.shown_street import ACTS, shown_scene, shown_street
from tools.simulate.watching import Verdict, watch
from tools.simulate.world import Run
from zones.check import check
from zones.load import load_scene

CLIP = Path(__file__).parents[2] / "tools" / "clips" / "ten-acts.mp4"


@pytest.fixture(scope="module")
def run() -> Run:
    return shown_street()


@pytest.fixture(scope="module")
def verdict(run: Run) -> Verdict:
    return watch(run, fps=12.5, noise=LEVELS["light"], scene=shown_scene(run.camera, source="controller"))


def test_ten_kinds_of_act_happen_among_those_who_drive_lawfully(run: Run) -> None:
    assert all(act.sure for act in run.acts)
    assert len(run.acts) == len({act.act for act in run.acts}) == 10
    assert {act.act for act in run.acts} == set(ACTS) - {ActCode.WRONG_LANE}
    assert len({v.id for m in run.moments for v in m.vehicles} - {a.vehicle for a in run.acts}) >= 20
    assert run.moments[-1].t_s > 60.0


def test_the_node_finds_each_of_them_and_accuses_nobody_else(verdict: Verdict) -> None:
    assert verdict.missed == []
    assert verdict.false == []
    assert len(verdict.found) == 10


def test_the_drawn_clip_is_small_and_is_of_this_run_and_scene(run: Run) -> None:
    """What the box finds in it is judged with the whole demo (`test_wheel.py`)."""
    assert CLIP.stat().st_size <= 8_000_000
    assert load_scene(CLIP.with_suffix(".yaml")).scene == shown_scene(run.camera)
    told = json.loads(CLIP.with_suffix(".json").read_text(encoding="utf-8"))
    assert told["frames"] == len(run.moments)
    assert told["acts"] == json.loads(json.dumps(truth(run, CLIP.name)["acts"]))


def test_nothing_is_wrong_with_its_scene(run: Run) -> None:
    assert [fault for fault in check(shown_scene(run.camera)) if fault.severity == "error"] == []


@pytest.mark.parametrize("name", ["turns-round", "turns-left", "right-from-left-lane"])
def test_nobody_takes_a_bend_faster_than_people_do(name: str, run: Run) -> None:
    way = [v for m in run.moments for v in m.vehicles if v.id == name]
    pulls = [
        (a.speed_m_s + b.speed_m_s) / 2 * abs(math.remainder(b.heading_rad - a.heading_rad, math.tau)) / 0.8
        for a, b in zip(way[:-10], way[10:], strict=True)
    ]
    assert 0.5 < max(pulls) < 4.0
