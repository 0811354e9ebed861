"""Pictures of simulated traffic: what is drawn stands where the truth says, and plates can be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from edge.signals.pixels import HeadReader
from evidence.acts import LampState, VehicleClass
from tools.command.cli import cli
from tools.simulate.world import Camera, HeadState, Moment, Run, VehicleSpec, VehicleState
from zones.load import load_scene

pytest.importorskip("moderngl", reason="the extra `render` is not installed")

CAMERA = Camera((3.2, -44.5, 6.8), (3.2, -21.1, 0.0), 34.0, 960, 540)
SPECS = {
    "m": VehicleSpec("m", VehicleClass.MOTORCYCLE, "scooter", 1.87, 0.70, 1.62, (200, 30, 30), "36B123456", riders=2),
    "c": VehicleSpec("c", VehicleClass.CAR, "sedan", 4.45, 1.76, 1.46, (240, 240, 240), "36A12345"),
    "b": VehicleSpec("b", VehicleClass.BUS, "bus", 9.0, 2.4, 3.05, (40, 110, 60), "36B54321", plate_colour="yellow"),
}


@pytest.fixture(scope="module")
def studio() -> Any:
    from tools.render.scene import Studio
    from tools.simulate.junction import ground

    try:
        return Studio(Run(1, 0.08, ground(), CAMERA, SPECS, []))
    except Exception as error:  # no EGL on this machine
        pytest.skip(f"OpenGL without a screen does not work here: {error}")


def moment(*vehicles: VehicleState, lamp: LampState = LampState.RED) -> Moment:
    return Moment(0.0, vehicles, {"S-main": HeadState(lamp, 9), "S-right": HeadState(LampState.GREEN)})


def test_the_picture_is_taken_by_the_camera_of_the_truth() -> None:
    from tools.render.scene import _projection

    points = np.random.default_rng(1).uniform([-8, -40, 0], [9, 10, 3], (50, 3))
    clip = np.concatenate([points, np.ones((50, 1))], axis=1) @ _projection(CAMERA).T
    x = (clip[:, 0] / clip[:, 3] + 1) / 2 * CAMERA.width
    y = (1 - clip[:, 1] / clip[:, 3]) / 2 * CAMERA.height
    np.testing.assert_allclose(np.stack([x, y], axis=1), CAMERA.project(points)[:, :2], atol=1e-6)


@pytest.mark.parametrize("name", ["m", "c", "b"])
def test_a_vehicle_is_drawn_where_the_truth_has_it(studio: Any, name: str) -> None:
    from tools.simulate.seen import look

    here = VehicleState(name, 2.0, -27.0, np.pi / 2, 0.0)
    empty, full = studio.draw(moment()).astype(int), studio.draw(moment(here)).astype(int)
    changed = np.abs(full - empty).max(axis=2) > 60
    ys, xs = np.nonzero(changed)
    x1, y1, x2, y2 = look(CAMERA, SPECS, [here])[0].box
    inside = (xs >= x1 - 6) & (xs <= x2 + 6) & (ys >= y1 - 6) & (ys <= y2 + 6)
    assert inside.mean() > 0.6  # the rest is its shadow
    assert changed[int(y1) : int(y2), int(x1) : int(x2)].mean() > 0.35


def test_lamps_are_read_as_they_are_set(studio: Any) -> None:
    from edge.signals.pixels import HeadReader
    from tools.simulate.junction import demo_scene

    head = next(h for h in demo_scene(CAMERA).signals if h.id == "S-main")
    for lamp in (LampState.RED, LampState.YELLOW, LampState.GREEN):
        assert HeadReader(head).read(studio.draw(moment(lamp=lamp))).state == lamp


@pytest.mark.parametrize(
    ("plate", "cls", "lines"), [("36B123456", "motorcycle", 2), ("36A12345", "car", 1), ("36A12345", "car", 2)]
)
def test_drawn_plates_can_be_read(plate: str, cls: str, lines: int) -> None:
    from models.line_reader import load_plate_reader
    from tools.render.plates import draw

    picture = draw(plate, cls, "white", lines)[..., ::-1]
    shape = {("motorcycle", 2): (190, 140), ("car", 1): (520, 110), ("car", 2): (330, 165)}[cls, lines]
    small = cv2.resize(picture, (shape[0] // 2, shape[1] // 2), interpolation=cv2.INTER_AREA)
    framed = cv2.copyMakeBorder(small, 6, 6, 6, 6, cv2.BORDER_CONSTANT, value=(60, 60, 60))
    assert load_plate_reader().read(framed).text == plate


def test_one_command_makes_a_clip_with_its_scene_and_truth(
    studio: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("libsumo", reason="the extra `simulate` is not installed")
    from tools.simulate.junction import CAMERAS, close_camera

    # fewer pixels of road and picture: what is told here is the same in a quarter of the time
    monkeypatch.setattr("tools.render.ground.PER_M", 16)
    monkeypatch.setitem(CAMERAS, "close", lambda: close_camera(960, 540))
    clip = tmp_path / "night.mp4"
    arguments = ["simulate", "--seed", "3", "--from", "2", "--seconds", "1", "--crowd", "shown", "--camera", "close",
                 "--weather", "night", "--render", str(clip)]  # fmt: skip
    made = CliRunner().invoke(cli, arguments)
    assert made.exit_code == 0, made.output
    video = cv2.VideoCapture(str(clip))
    assert (video.get(cv2.CAP_PROP_FRAME_COUNT), video.get(cv2.CAP_PROP_FRAME_WIDTH)) == (13, 960)
    good, picture = video.read()
    assert good
    scene = load_scene(clip.with_suffix(".yaml")).scene
    truth = json.loads(clip.with_suffix(".json").read_text(encoding="utf-8"))
    assert truth["frames"] == 13
    assert [scene.picture.width, scene.picture.height] == truth["resolution"]
    head = next(h for h in scene.signals if h.id == "S-main")
    assert HeadReader(head).read(picture).state in (LampState.RED, LampState.YELLOW, LampState.GREEN)


def test_a_run_that_goes_nowhere_is_refused() -> None:
    made = CliRunner().invoke(cli, ["simulate", "--seconds", "1"])
    assert made.exit_code == 2
    assert "--out" in made.output


def test_realism_without_truth_says_what_is_missing(tmp_path: Path) -> None:
    filmed = tmp_path / "filmed.mp4"
    filmed.write_bytes(b"")
    made = CliRunner().invoke(cli, ["evaluate", "realism", str(filmed)])
    assert made.exit_code == 1
    assert "filmed.json" in made.output or "COCO" in made.output


def test_every_weather_looks_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.render.ground.PER_M", 16)  # fine paint is not what light and water are told by
    from tools.render.scene import Studio
    from tools.render.weather import WEATHER, photograph
    from tools.simulate.junction import ground

    pictures = {}
    for name, weather in WEATHER.items():
        try:
            picture = Studio(Run(1, 0.08, ground(), CAMERA, SPECS, []), weather=name).draw(
                moment(VehicleState("c", 2.0, -27.0, np.pi / 2, 5.0))
            )
        except Exception as error:  # no EGL on this machine
            pytest.skip(f"OpenGL without a screen does not work here: {error}")
        pictures[name] = photograph(picture, weather, np.random.default_rng(1)).astype(int)
    light = {name: float(picture.mean()) for name, picture in pictures.items()}
    assert light["day"] > light["dusk"] > light["night"]
    wet, dry = (np.median(pictures[name][300:420, 560:640]) for name in ("rain", "day"))
    assert wet < dry
    grey = np.full((200, 200, 3), 100, np.uint8)
    streaked, clear = (
        photograph(grey, WEATHER[name], np.random.default_rng(1)).astype(int) for name in ("rain", "day")
    )
    assert np.percentile(streaked - np.median(streaked), 99.5) > 2 * np.percentile(clear - np.median(clear), 99.5)
