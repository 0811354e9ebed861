"""A scene on a still, and the commands a technician calls."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from tests.edge.media import make_video
from tests.footage import FOOTAGE
from tests.zones.scenes import GOOD, scene_data
from zones.cli import zones
from zones.draw import draw_scene, free_height
from zones.legend import COLOURS, facts_told, used
from zones.load import load_scene, scene_from_data
from zones.still import StillError, read_still, read_stills

EXAMPLES = sorted((Path(__file__).parents[2] / "zones" / "examples").glob("*.yaml"))


@pytest.fixture
def scene_file(tmp_path: Path) -> Path:
    path = tmp_path / "scene.yaml"
    path.write_text(yaml.safe_dump(GOOD, allow_unicode=True))
    return path


@pytest.fixture
def still(tmp_path: Path) -> Path:
    path = tmp_path / "still.png"
    cv2.imwrite(str(path), np.full((480, 640, 3), 90, np.uint8))
    return path


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    for i in range(10):
        writer.write(np.full((48, 64, 3), 20 * i, np.uint8))
    writer.release()
    return path


def near(picture: np.ndarray, rgb: tuple[int, int, int]) -> np.ndarray:
    return np.all(np.abs(picture[:, :, ::-1].astype(int) - rgb) < 12, axis=2)


def test_drawing_leaves_the_frame_alone_and_shows_line_lamps_and_legend():
    frame = np.full((480, 640, 3), 90, np.uint8)
    before = frame.copy()
    painted = draw_scene(frame, scene_from_data(GOOD))
    assert np.array_equal(frame, before)
    assert painted.shape[1] == 1280
    assert painted.shape[0] > 960
    line = near(painted, COLOURS["stop_line"])
    assert line[675:685, 200:500].sum() > 300
    for colour in ("red", "yellow", "green"):
        assert near(painted, COLOURS[colour])[190:370, 1190:1270].any(), colour


def test_a_still_of_another_size_is_drawn_to_scale():
    painted = draw_scene(np.full((960, 1280, 3), 90, np.uint8), scene_from_data(GOOD))
    assert near(painted, COLOURS["stop_line"])[675:685, 200:500].sum() > 300


def test_every_kind_of_thing_can_be_drawn():
    everything = scene_data(
        **{
            "markings": [
                {"id": "m1", "kind": "1.4", "points": [[310, 479], [310, 345]], "crossable_from": [200, 400]},
                {"id": "m2", "kind": "1.3", "points": [[1, 1], [9, 9]], "second": [[4, 1], [12, 9]], "active": False},
            ],
            "exclude": [{"id": "x", "polygon": [[0, 0], [50, 0], [50, 50]]}],
            "signals.0.box": None,
        }
    )
    assert draw_scene(np.zeros((480, 640, 3), np.uint8), scene_from_data(everything)).any()


FACTS = scene_data(
    signs=[
        {"id": "b1", "number": "P.123a", "governs": ["s1"], "source": {"place": "cột đèn"}, "at": [500, 60]},
        {"id": "b2", "number": "P.130", "governs": ["z1"], "source": {"order": "QĐ 12"}, "at": [505, 64]},
    ],
    areas=[
        {"id": "z1", "kind": "kerbside", "polygon": [[560, 345], [600, 345], [639, 440], [600, 440]]},
        {"id": "z2", "kind": "keep_clear", "polygon": [[200, 180], [400, 180], [420, 240], [180, 240]]},
    ],
)


def test_roads_signs_and_areas_are_drawn_and_told():
    scene = scene_from_data(FACTS)
    painted = draw_scene(np.full((480, 640, 3), 90, np.uint8), scene)
    assert near(painted, COLOURS["sign"])[100:140, 980:1020].any()
    assert near(painted, COLOURS["area"])[350:490, 350:850].sum() > 200
    assert {"sign", "area"} <= used(scene)
    assert not {"sign", "area", "exclude", "inactive"} & used(scene_from_data(GOOD))
    road, first, second = facts_told(scene)
    assert road == "Đường r1: một chiều; P.102; làn l1; biển P.102 tại cọc H3/120"
    assert first == "Biển P.123a b1: cho s1; cột đèn"
    assert second == "Biển P.130 b2: cho z1; QĐ 12"


@given(st.lists(st.tuples(st.floats(0, 500), st.floats(0, 380), st.floats(5, 120), st.floats(5, 20)), max_size=9))
def test_no_label_covers_another(labels):
    taken: list[tuple[float, float, float, float]] = []
    for x, y, wide, high in labels:
        top = free_height((x, y, wide, high), taken, 400)
        assert 0 <= top <= 400 - high
        assert all(x >= b[2] or x + wide <= b[0] or top >= b[3] or top + high <= b[1] for b in taken)
        taken.append((x, top, x + wide, top + high))


def test_a_still_from_a_video_is_the_frame_of_that_second(video):
    assert read_still(video, 0.5)[0, 0, 0] == pytest.approx(100, abs=4)
    with pytest.raises(StillError, match="không có hình ở giây 9 / the video has no frame at 9 s"):
        read_still(video, 9)


def test_several_stills_are_pictures_and_seconds_of_videos_of_one_size(still, video, tmp_path):
    small = tmp_path / "small.png"
    cv2.imwrite(str(small), np.full((48, 64, 3), 7, np.uint8))
    found = read_stills([small, video], [0.0, 0.5])
    assert [name for name, _ in found] == ["small.png", "clip.avi 0 s", "clip.avi 0.5 s"]
    assert found[2][1][0, 0, 0] == pytest.approx(100, abs=4)
    with pytest.raises(StillError, match="different sizes: 64 x 48, 640 x 480"):
        read_stills([still, small])


def test_of_a_video_without_seconds_some_stills_are_spread_so_that_nobody_looks_for_the_red_first(tmp_path, still):
    long = make_video(tmp_path / "minute.mp4", frames=75, fps=1, gop=4)
    assert [name for name, _ in read_stills([long])] == [f"minute.mp4 {at} s" for at in (0, 12, 24, 36, 48)]
    short = make_video(tmp_path / "short.mp4", frames=5)
    assert [name for name, _ in read_stills([short])] == ["short.mp4 0 s"]
    assert [name for name, _ in read_stills([still])] == ["still.png"]


@pytest.mark.parametrize(("content", "what"), [(None, "no such file"), (b"", "neither"), (b"text", "neither")])
def test_what_is_no_picture_is_told(tmp_path, content, what):
    path = tmp_path / "x.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StillError, match=what):
        read_still(path)


def test_check_says_fine_with_exit_0(scene_file):
    result = CliRunner().invoke(zones, ["check", str(scene_file)])
    assert result.exit_code == 0
    assert load_scene(scene_file).digest in result.output


def test_check_names_each_fault_on_a_line_and_exits_1(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text(yaml.safe_dump(scene_data(**{"signals.0.governs": [], "stop_lines.0.forward": [300, 340]})))
    result = CliRunner().invoke(zones, ["check", str(path)])
    assert result.exit_code == 1
    assert result.output.split(" -> ")[0] == (
        f"{path}: stop_lines[0].forward: điểm nằm trên vạch: vạch không có hướng"
        " / the point lies on the line, so the line has no direction"
    )
    told = "đèn 'h1' không điều khiển gì / head 'h1' governs nothing -> chọn trong: s1 / use one of: s1"
    assert f"{path}: signals[0].governs: {told}" in result.output.splitlines()


def test_check_answers_in_json(scene_file, tmp_path):
    fine = json.loads(CliRunner().invoke(zones, ["check", str(scene_file), "--json"]).output)
    assert (fine["ok"], fine["faults"]) == (True, [])
    missing = CliRunner().invoke(zones, ["check", str(tmp_path / "none.yaml"), "--json"])
    assert missing.exit_code == 1
    assert json.loads(missing.output)["faults"][0]["what"] == "không có tệp này / there is no such file"


def test_a_warning_is_told_but_does_not_fail(tmp_path):
    path = tmp_path / "warn.yaml"
    path.write_text(yaml.safe_dump(scene_data(acts=[])))
    result = CliRunner().invoke(zones, ["check", str(path)])
    assert result.exit_code == 0
    assert "acts: warning:" in result.output
    assert "no act is looked for" in result.output


def test_draw_writes_the_picture(scene_file, still, tmp_path):
    out = tmp_path / "drawn.png"
    result = CliRunner().invoke(zones, ["draw", str(scene_file), "--still", str(still), "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert cv2.imread(str(out)).shape[1] == 1280


@pytest.mark.parametrize(
    ("shows", "still_name", "out_name", "what"),
    [
        ("no still", "none.png", "o.png", "no such file"),
        ("no picture format", "still.png", "o.xyz", "no picture format"),
        ("no folder", "still.png", "no/o.png", "cannot be written"),
    ],
)
def test_draw_tells_what_it_cannot_do(scene_file, still, tmp_path, shows, still_name, out_name, what):
    args = ["draw", str(scene_file), "--still", str(tmp_path / still_name), "--out", str(tmp_path / out_name)]
    result = CliRunner().invoke(zones, args)
    assert result.exit_code == 1, shows
    assert what in result.output, shows


def test_schema_is_json():
    assert json.loads(CliRunner().invoke(zones, ["schema"]).output)["title"] == "Scene"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_each_example_can_be_used(path):
    assert load_scene(path).scene.id


@pytest.mark.footage
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_each_example_has_the_size_of_its_clip(path):
    stem = path.stem
    clips = [c for c in FOOTAGE.rglob("*.*") if c.suffix in {".mp4", ".avi"} and stem in {c.stem, c.parent.name}]
    assert clips
    picture = load_scene(path).scene.picture
    for clip in clips:
        assert read_still(clip).shape[:2] == (picture.height, picture.width), clip.name


@pytest.mark.parametrize("command", [["edit"], ["draw", "--out", "x.png"]])
def test_an_address_given_as_a_still_does_not_show_its_password(command, scene_file):
    address = "rtsp://admin:HUNTER2@127.0.0.1/live?pwd=HUNTER2"
    result = CliRunner().invoke(zones, [command[0], str(scene_file), "--still", address, *command[1:]])
    assert result.exit_code == 1
    assert "no such file" in result.output
    assert "HUNTER2" not in result.output


def test_a_scene_names_the_still_on_which_it_was_drawn_with_its_digest(scene_file: Path, still: Path) -> None:
    before = load_scene(scene_file)
    result = CliRunner().invoke(zones, ["reference", str(scene_file), "--still", str(still)])
    assert result.exit_code == 0, result.output
    named = load_scene(scene_file)
    reference = named.scene.picture.reference
    assert reference is not None
    data = (scene_file.parent / reference.file).read_bytes()
    assert hashlib.sha256(data).hexdigest() == reference.sha256
    assert named.digest != before.digest
    assert named.scene.stop_lines == before.scene.stop_lines


def test_a_still_of_another_size_is_no_reference(scene_file: Path, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "small.png"), np.full((48, 64, 3), 90, np.uint8))
    result = CliRunner().invoke(zones, ["reference", str(scene_file), "--still", str(tmp_path / "small.png")])
    assert result.exit_code == 1
    assert "64 x 48" in result.output
    assert load_scene(scene_file).scene.picture.reference is None
