"""Running means that acts can be seen, not that a thread is alive."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from prometheus_client import generate_latest

from edge.delivery.packet_table import Counts
from edge.health import CameraState, NodeState
from edge.metrics import Metrics
from edge.video.source_status import SourceStatus
from edge.watch.report import PictureReport
from evidence.wire import HeadHealth, HeadStateName, Health, SubstreamHealth, SubstreamState, decode, encode

RUNNING = SourceStatus("running", "", 1000, 0, 0, 0, 25.0, 0.04, "", key_interval_s=2.0)


STEADY = SubstreamHealth(state="steady", offset_s=-0.41, residual_s=0.03, wandered_s=0.04)


def node(camera: CameraState) -> NodeState:
    return NodeState(
        node="n", cameras=[camera], outbox=Counts(pending=0, refused=0, delivered=0), disk_free_bytes=10**12,
        reserve_bytes=0, broker_connected=True, problems=[], uplink_errors=[], warnings=[],
    )  # fmt: skip


CASES = [
    # what it shows, of the source, of the camera -> status, state, words
    ("all is well", {}, {"seen_fps": 12.5}, "running", "running", ""),
    ("five looks of 25 frames, the rest dropped", {"dropped_share": 0.8}, {"seen_fps": 5.0}, "degraded", "running",
     "5.0 of 25.0"),
    ("more than half dropped", {"dropped_share": 0.6}, {"seen_fps": 10.0}, "degraded", "running", "60 % dropped"),
    ("few frames because few were asked for", {}, {"seen_fps": 5.0}, "running", "running", ""),
    ("a camera that sends few", {"fps": 6.0}, {"seen_fps": 6.0}, "running", "running", ""),
    ("a key frame every 20 s", {"key_interval_s": 20.0}, {"seen_fps": 12.5}, "degraded", "running", "every 20 s"),
    ("another size", {}, {"wrong_size": "wrong picture size: 1 x 2"}, "degraded", "wrong_size", ""),
    ("a stream is over, its pictures still looked at", {"state": "ended"}, {"judging": True}, "running", "running", ""),
    ("a stream that is over and judged", {"state": "ended"}, {}, "running", "ended", ""),
    ("a picture in its place", {}, {"picture": PictureReport("in_place")}, "running", "running", ""),
    ("a picture swung by wind", {}, {"picture": PictureReport("shaking")}, "running", "running", ""),
    ("a camera that was knocked", {}, {"picture": PictureReport("moved", off_px=12.0, acts_held=2)}, "degraded",
     "running", "by 12 px; 2 act(s) held"),
    ("a camera that was turned away", {}, {"picture": PictureReport("other_view")}, "degraded", "running",
     "something else"),
    ("a picture that nobody recognises", {}, {"picture": PictureReport("unsure")}, "degraded", "running", "flagged"),
    ("a named reference that is not there", {}, {"reference_fault": "camera cam-1: not there"}, "degraded", "running",
     "not there"),
    ("two streams that stand as they stood", {}, {"substream": STEADY}, "running", "running", ""),
    ("two streams that are being measured", {}, {"substream": SubstreamHealth(state="measuring")}, "running", "running",
     ""),
    ("two streams whose times move apart", {}, {"substream": STEADY.model_copy(update={"state": "wanders"})},
     "degraded", "running", "by 0.04 s in ten minutes, +-0.03 s) -> set a constant frame rate"),
    ("another size, then no stream", {"state": "stalled"}, {"wrong_size": "wrong"}, "degraded", "stalled", ""),
]  # fmt: skip


@pytest.mark.parametrize(("what", "source", "camera", "status", "state", "words"), CASES, ids=[c[0] for c in CASES])
def test_what_health_says_of_a_camera(
    what: str, source: dict[str, object], camera: dict[str, object], status: str, state: str, words: str
) -> None:
    told = CameraState("cam-1", replace(RUNNING, **source), **camera)  # type: ignore[arg-type]
    health = node(told).health()
    assert (health.status, health.cameras[0].state) == (status, state)
    assert (words in " ".join(health.errors)) if words else not health.errors
    assert decode(Health, encode(health), where="test") == health


def test_steps_cuts_and_looks_are_metrics() -> None:
    source = replace(RUNNING, time_steps=3, restamped=7, clock_steps=1, cuts=2)
    text = generate_latest(
        Metrics(lambda: node(CameraState("cam-1", source, seen_fps=12.5, judged_age_s=0.1))).registry
    ).decode()
    for name, value in (
        ("source_time_steps_total", 3), ("source_restamped_total", 7), ("source_clock_steps_total", 1),
        ("source_cuts_total", 2), ("seen_fps", 12.5), ("judged_age_seconds", 0.1), ("key_interval_seconds", 2),
    ):  # fmt: skip
        line = f'giaolo_{name}{{camera="cam-1"}} {value}'
        assert line in text, line


def test_states_of_a_picture_are_metrics() -> None:
    camera = CameraState("cam-1", RUNNING, picture=PictureReport("moved", off_px=12.0, acts_held=2))
    text = generate_latest(Metrics(lambda: node(camera)).registry).decode()
    for line in (
        'giaolo_picture_good{camera="cam-1",state="moved"} 0.0',
        'giaolo_picture_off_pixels{camera="cam-1"} 12.0',
        'giaolo_acts_held_total{camera="cam-1"} 2.0',
    ):
        assert line in text, line


@pytest.mark.parametrize("state", get_args(SubstreamState))
def test_how_two_streams_stand_is_a_metric_and_a_camera_of_one_has_none(state: str) -> None:
    camera = CameraState("cam-1", RUNNING, substream=STEADY.model_copy(update={"state": state}))
    text = generate_latest(Metrics(lambda: node(camera)).registry).decode()
    good = float(state in ("measuring", "steady"))
    for line in (
        f'giaolo_substream_good{{camera="cam-1",state="{state}"}} {good}',
        'giaolo_substream_offset_seconds{camera="cam-1"} -0.41',
        'giaolo_substream_residual_seconds{camera="cam-1"} 0.03',
        'giaolo_substream_wandered_seconds{camera="cam-1"} 0.04',
    ):
        assert line in text, line
    assert bool(camera.warnings) != bool(good)
    assert (
        "giaolo_substream_good{"
        not in generate_latest(Metrics(lambda: node(CameraState("cam-1", RUNNING))).registry).decode()
    )


@pytest.mark.parametrize("state", [name for name in get_args(HeadStateName) if name not in ("good", "watching")])
def test_what_is_wrong_with_a_signal_head_is_told_and_is_a_gauge(state: str) -> None:
    camera = CameraState("cam-1", RUNNING, heads=(HeadHealth(id="main", state=state, yellow_s=2.4),))
    health = node(camera).health()
    assert health.status == "degraded"
    assert any("signal main" in error and "->" in error for error in health.errors)
    assert decode(Health, encode(health), where="test").cameras[0].heads[0].yellow_s == 2.4
    text = generate_latest(Metrics(lambda: node(camera)).registry).decode()
    assert f'giaolo_signal_head_good{{camera="cam-1",head="main",state="{state}"}} 0.0' in text
    assert 'giaolo_yellow_seconds{camera="cam-1",head="main"} 2.4' in text


def test_a_good_head_and_a_box_that_says_nothing_of_heads_are_no_fault() -> None:
    camera = CameraState("cam-1", RUNNING, seen_fps=12.5, heads=(HeadHealth(id="main", state="good"),))
    health = node(camera).health()
    assert health.status == "running"
    old = json.loads(encode(health))
    del old["cameras"][0]["heads"]
    assert decode(Health, json.dumps(old).encode(), where="test").cameras[0].heads == []


def test_no_error_of_a_node_shows_a_secret(tmp_path: Path) -> None:
    state = replace(
        node(CameraState("cam-1", replace(RUNNING, error="rtsp://a:HUNTER2@cam/x refused"))),
        problems=["rtsp://cam/user=a&password=HUNTER2 is wrong"],
        uplink_errors=["broker mqtts://box:HUNTER2@mqtt.example.vn:8883 refuses"],
        warnings=["metrics of http://u:HUNTER2@127.0.0.1"],
    )
    assert b"HUNTER2" not in encode(state.health())
