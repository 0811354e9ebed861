"""How tall things on the road look: the scene's four points against a camera that is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.simulate.world import Camera
from zones.schema import Scene
from zones.upright import Uprights

RECTANGLE = ((-3.0, 0.0), (3.0, 0.0), (3.0, 12.0), (-3.0, 12.0))


def seen_by(camera: Camera, *, mirrored: bool = False) -> Uprights | None:
    pixels = camera.project(np.array([(x, y, 0.0) for x, y in RECTANGLE]))[:, :2]
    scene = {
        "schema_version": 1,
        "id": "x",
        "picture": {"width": camera.width, "height": camera.height},
        "ground": {
            "pixels": pixels.tolist(),
            "metres": [(-x if mirrored else x, y) for x, y in RECTANGLE],
        },
    }
    return Uprights.of(Scene.model_validate(scene))


def place(camera: Camera, x: float, y: float, z: float) -> tuple[float, float]:
    u, v, _ = camera.project(np.array([(x, y, z)]))[0]
    return float(u), float(v)


cameras = st.builds(
    lambda height, back, aside, fov: Camera((aside, -back, height), (0.0, 8.0, 0.0), fov, 1920, 1080),
    st.floats(4.0, 12.0),
    st.floats(12.0, 30.0),
    st.floats(-4.0, 4.0),
    st.floats(25.0, 70.0),
)


@given(cameras, st.floats(0.5, 3.5), st.floats(-2.0, 10.0), st.booleans())
def test_heights_and_feet_of_poles_are_those_of_the_camera(
    camera: Camera, height_m: float, y: float, mirrored: bool
) -> None:
    uprights = seen_by(camera, mirrored=mirrored)
    assert uprights is not None
    assert uprights.focal_px == pytest.approx(camera.focal_px, rel=0.01)
    column, foot = place(camera, 0.0, y, 0.0)
    _, head = place(camera, 0.0, y, height_m)
    assert uprights.height(column, foot, head, 0.0) == pytest.approx(height_m, rel=0.02)
    assert uprights.head(column, foot, height_m, 0.0) == pytest.approx(head, abs=2.0)
    assert uprights.foot(column, head, height_m, 0.0) == pytest.approx(foot, abs=2.0)
    depth_m = float(camera.project(np.array([(0.0, y, 0.0)]))[0, 2])
    assert uprights.depth(column, foot) == pytest.approx(depth_m, rel=0.01)


@given(cameras, st.floats(0.5, 3.5), st.floats(0.0, 6.0), st.floats(-2.0, 10.0))
def test_foot_and_height_are_each_others_inverse(camera: Camera, height_m: float, deep_m: float, y: float) -> None:
    uprights = seen_by(camera)
    assert uprights is not None
    column, foot = place(camera, 0.5, y, 0.0)
    head = uprights.head(column, foot, height_m, deep_m)
    assert uprights.height(column, foot, head, deep_m) == pytest.approx(height_m, rel=1e-6)
    assert uprights.foot(column, head, height_m, deep_m) == pytest.approx(foot, abs=1e-3)


def test_a_longer_body_reaches_higher_in_the_picture() -> None:
    camera = Camera((0.0, -20.0, 7.0), (0.0, 8.0, 0.0), 40.0, 1920, 1080)
    uprights = seen_by(camera)
    assert uprights is not None
    column, foot = place(camera, 0.0, 2.0, 0.0)
    _, far_end = place(camera, 0.0, 5.0, 1.5)
    assert uprights.head(column, foot, 1.5, 3.0) == pytest.approx(far_end, abs=3.0)


@pytest.mark.parametrize(
    ("why", "ground"),
    [
        ("no ground plane", None),
        (
            "points seen from straight above",
            {
                "pixels": [(500, 800), (900, 800), (900, 300), (500, 300)],
                "metres": [(0, 0), (8, 0), (8, 10), (0, 10)],
            },
        ),
        (
            "metres that no camera could have seen so",
            {
                "pixels": [(100, 800), (1800, 800), (1000, 300), (900, 300)],
                "metres": [(0, 0), (80, 0), (80, 2), (0, 2)],
            },
        ),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_points_that_tell_no_camera_give_none(why: str, ground: dict[str, object] | None) -> None:
    scene = {"schema_version": 1, "id": "x", "picture": {"width": 1920, "height": 1080}, "ground": ground}
    assert Uprights.of(Scene.model_validate(scene)) is None
