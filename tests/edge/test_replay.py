"""`giaolo edge replay`: real clips with their truth, and files that are no use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from edge.cli import edge
from evidence.container import verify_packet
from evidence.seal import VerifyKey
from tests.footage import FOOTAGE

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "zones" / "examples"


def replay(clip: Path, scene: Path, out: Path) -> Result:
    return CliRunner().invoke(edge, ["replay", str(clip), "--scene", str(scene), "--out", str(out)])


def footage(name: str) -> Path:
    return FOOTAGE / name


def acts_of(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "acts.jsonl").read_text(encoding="utf-8").splitlines()]


def overlap(a: list[float], b: list[float]) -> float:
    width = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    both = width * height
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


@pytest.mark.slow(30)
@pytest.mark.footage
@pytest.mark.parametrize("clip", ["hanoi_giang_vo", "bangkok", "saudi_pickup", "colorado_springs", "portland"])
def test_every_sure_runner_is_found_and_nobody_else(clip: str, tmp_path: Path) -> None:
    video = footage(f"red_light/{clip}.mp4")
    truth = json.loads(video.with_suffix(".json").read_text(encoding="utf-8"))
    result = replay(video, EXAMPLES / f"{clip}.yaml", tmp_path)
    assert result.exit_code == 0, result.output
    acts = acts_of(tmp_path)
    runs = [a for a in acts if a["act"] == "red_light"]
    sure = [v for v in truth["violators"] if v["confidence"] == "high"]
    for violator in sure:
        near = [a for a in runs if abs(a["t_s"] - violator["cross_time_s"]) <= 1.0]
        assert any(overlap(a["box"], violator["box"]) >= 0.3 for a in near), violator["id"]
    assert len(runs) == len(sure)
    assert all(a["lamp"] == "red" for a in runs)
    key = VerifyKey.load(tmp_path / "node.key.pub")
    for act in acts:
        verify_packet((tmp_path / act["packet"]).read_bytes(), key)


@pytest.mark.footage
@pytest.mark.parametrize(
    ("clip", "act", "boxes"),
    [
        ("white_van_left", "solid_line", [(10, 48)]),
        ("yellow_van_right", "solid_line", [(36, 70)]),
        ("white_car_right", "solid_line", [(60, 104)]),
        ("extreme_vehicle_left_violation", "wrong_way", []),
    ],
)
def test_the_straddlers_of_the_ring_road_are_found_and_nobody_drives_the_wrong_way_of_a_two_way_road(
    clip: str, act: str, boxes: list[tuple[int, int]], tmp_path: Path
) -> None:
    result = replay(footage(f"lane_line/nepal/{clip}.mp4"), EXAMPLES / "nepal.yaml", tmp_path)
    assert result.exit_code == 0, result.output
    frames = [a["frame"] for a in acts_of(tmp_path) if a["act"] == act]
    assert len(frames) == len(boxes)
    for (first, last), frame in zip(boxes, sorted(frames), strict=True):
        assert first - 2 <= frame <= last + 2


@pytest.mark.footage
def test_where_a_road_is_said_to_be_one_way_who_drives_against_it_is_found(tmp_path: Path) -> None:
    """The ring road's clip again, its halves taken for one-way carriageways."""
    scene = yaml.safe_load((EXAMPLES / "nepal.yaml").read_text(encoding="utf-8"))
    source = {"place": "supposed, for this test"}
    scene["roads"] = [{"id": "half", "kind": "divided", "by": "one_way_carriageway", "source": source}]
    for lane in scene["lanes"]:
        lane["road"] = "half"
    (tmp_path / "one_way.yaml").write_text(yaml.safe_dump(scene | {"acts": ["wrong_way"]}), encoding="utf-8")
    clip = footage("lane_line/nepal/extreme_vehicle_left_violation.mp4")
    result = replay(clip, tmp_path / "one_way.yaml", tmp_path / "out")
    assert result.exit_code == 0, result.output
    frames = sorted(a["frame"] for a in acts_of(tmp_path / "out"))
    assert len(frames) == 2
    assert all(first - 2 <= f <= last + 2 for f, (first, last) in zip(frames, [(18, 70), (60, 100)], strict=True))


@pytest.mark.footage
@pytest.mark.parametrize(
    "clip", ["calgary_highway_720p.mp4", "highway_320x240.avi", "highway_mit.mp4", "intel_car_detection.mp4"]
)
def test_ordinary_traffic_has_no_acts(clip: str, tmp_path: Path) -> None:
    video = footage(f"ordinary/{clip}")
    result = replay(video, EXAMPLES / f"{video.stem}.yaml", tmp_path)
    assert result.exit_code == 0, result.output
    assert acts_of(tmp_path) == []


def test_an_empty_file_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    result = replay(tmp_path / "empty.mp4", EXAMPLES / "bangkok.yaml", tmp_path / "out")
    assert result.exit_code == 1
    assert "empty (0 bytes)" in result.output
    assert "Traceback" not in result.output


def test_a_scene_with_a_crossed_polygon_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"x")
    text = (EXAMPLES / "bangkok.yaml").read_text(encoding="utf-8")
    crossed = text.replace(
        "[[33, 185], [103, 177], [125, 287], [2, 287]]", "[[33, 185], [125, 287], [103, 177], [2, 287]]"
    )
    assert crossed != text
    (tmp_path / "scene.yaml").write_text(crossed, encoding="utf-8")
    result = replay(tmp_path / "clip.mp4", tmp_path / "scene.yaml", tmp_path / "out")
    assert result.exit_code == 1
    assert "scene.yaml" in result.output
    assert "lane1" in result.output or "lanes" in result.output


@pytest.mark.footage
def test_a_truncated_clip_gives_what_it_holds_and_says_so(tmp_path: Path) -> None:
    whole = footage("ordinary/highway_320x240.avi").read_bytes()
    (tmp_path / "cut.avi").write_bytes(whole[: len(whole) // 8])  # the whole of it is played above
    result = replay(tmp_path / "cut.avi", EXAMPLES / "highway_320x240.yaml", tmp_path / "out")
    assert "Traceback" not in result.output
    assert (tmp_path / "out" / "acts.jsonl").exists() or result.exit_code == 1


@pytest.mark.footage
def test_a_scene_for_another_picture_size_is_one_clear_error(tmp_path: Path) -> None:
    result = replay(footage("red_light/bangkok.mp4"), EXAMPLES / "portland.yaml", tmp_path / "out")
    assert result.exit_code == 1
    assert "352 x 288" in result.output
    assert "1280 x 720" in result.output
