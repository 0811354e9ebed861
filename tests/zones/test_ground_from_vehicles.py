"""The road plane from vehicles that drive by, against the true plane of simulated cameras and of the drawn clip."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.survey import sightings_of, survey
from edge.tracks.track import Observation, Track
from evidence.acts import VehicleClass
from tests.zones.test_ground_estimate import BOTH_LANES, TO_WALK, error_m, seen
from tools.command.cli import cli
from tools.simulate.junction import CAMERAS
from tools.simulate.world import Camera
from zones.geometry import GroundMap
from zones.ground_estimate import GroundUnknown, estimate_ground
from zones.load import load_scene
from zones.schema import Picture
from zones.vehicle_sizes import LEAST_VEHICLES, Sighting

CLIPS = Path(__file__).parents[2] / "tools" / "clips"
ROAD_M = 17.0
"""Length of the road over which errors are taken (`error_m`)."""
FLEET = {
    VehicleClass.MOTORCYCLE: ((0.72, 1.62, 1.9), (0.12, 0.06, 0.06), 0.2),
    VehicleClass.CAR: ((1.8, 1.55, 4.4), (0.05, 0.08, 0.07), 0.5),
    VehicleClass.TRUCK: ((2.2, 2.6, 7.0), (0.1, 0.2, 0.25), 0.9),
}
"""Metres of width, height and length, how they vary, and the roof's share of the length: near to what the estimate
takes, and not the same."""


def traffic(camera: Camera, vehicles: int, seed: int, *, across: float = 0.2, noise_px: float = 2.0) -> list[Sighting]:
    """Boxes of vehicles that drive away from the camera, and of a share that crosses the road."""
    rng = np.random.default_rng(seed)
    found = []
    for track in range(vehicles):
        cls = list(FLEET)[int(rng.choice(3, p=[0.6, 0.35, 0.05]))]
        mean, varies, roof = FLEET[cls]
        size = np.array(mean) * np.exp(rng.normal(0, varies))
        if rng.random() < across:
            way = np.array([rng.choice([-1.0, 1.0]), 0.0])
            start = np.array([4 - 10 * way[0], rng.uniform(-6, 0)])
        else:
            way, start = np.array([0.0, 1.0]), np.array([rng.uniform(0.5, 7), -30.0])
        for step in range(4):
            place = start + way * (2 + 6 * step)
            box, ahead = (np.array(outline(camera, place + way * by, way, size, roof)) for by in (0.0, 1.5))
            if not np.all(np.isfinite(box)) or box.min() < 2 or box[2] > camera.width or box[3] > camera.height:
                continue
            towards = (float(ahead[0] + ahead[2]) / 2, float(ahead[3]))
            found.append(Sighting(track, cls, tuple(box + rng.normal(0, noise_px, 4)), towards))
    return found


def outline(camera: Camera, place, way, size, roof) -> tuple[float, ...]:
    """Box in the picture of a vehicle on the road."""
    width, height, length = size
    side = np.array([way[1], -way[0]])
    corners = np.array([
        [*(place + a * length * (roof if c else 1.0) * way + b * width * side), c * height]
        for a in (-0.5, 0.5) for b in (-0.5, 0.5) for c in (0, 1)
    ])  # fmt: skip
    pixels = camera.project(corners)[:, :2]
    return (*pixels.min(axis=0), *pixels.max(axis=0))


def picture_of(camera: Camera) -> Picture:
    return Picture(width=camera.width, height=camera.height)


@pytest.mark.parametrize("view", list(CAMERAS))
def test_vehicles_of_a_minute_lay_the_plane_and_more_of_them_lessen_its_doubt(view):
    camera = CAMERAS[view]()
    few, many = (estimate_ground(picture_of(camera), (), traffic(camera, n, seed=1)) for n in (10, 80))
    print(f"{view}: {error_m(camera, many):.2f} m, along {few.along:.1%} -> {many.along:.1%}")
    assert many.along < few.along < 0.3
    assert many.across < 0.06
    for found in (few, many):
        assert error_m(camera, found) < 3 * max(found.along, found.across) * ROAD_M


def test_marked_edges_and_vehicles_together_are_surer_than_either():
    camera = CAMERAS["wide"]()
    picture, gaps, sightings = picture_of(camera), seen(camera, [BOTH_LANES, TO_WALK], 1.0), traffic(camera, 40, seed=2)
    edges, vehicles = estimate_ground(picture, gaps), estimate_ground(picture, (), sightings)
    both = estimate_ground(picture, gaps, sightings)
    assert both.along < min(edges.along, vehicles.along) + 0.001
    assert error_m(camera, both) < 0.3


def test_a_lane_alone_gets_its_length_from_vehicles():
    camera = CAMERAS["wide"]()
    picture, lane = picture_of(camera), seen(camera, [BOTH_LANES], 1.0)
    alone, helped = estimate_ground(picture, lane), estimate_ground(picture, lane, traffic(camera, 40, seed=3))
    print(f"lane alone: along {alone.along:.0%}, with vehicles {helped.along:.1%}")
    assert helped.along < alone.along / 2


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10_000), view=st.sampled_from(list(CAMERAS)), vehicles=st.integers(12, 40))
def test_whatever_traffic_the_error_lies_within_what_is_told(seed, view, vehicles):
    camera = CAMERAS[view]()
    try:
        found = estimate_ground(picture_of(camera), (), traffic(camera, vehicles, seed))
    except GroundUnknown:
        return  # nothing is told
    assert error_m(camera, found) < 3 * max(found.along, found.across) * ROAD_M


def test_too_few_vehicles_lay_nothing_and_it_says_how_many_more():
    camera = CAMERAS["wide"]()
    some = [one for one in traffic(camera, 40, seed=1) if one.track < LEAST_VEHICLES - 2]
    with pytest.raises(GroundUnknown, match=f"{LEAST_VEHICLES} are needed"):
        estimate_ground(picture_of(camera), (), some)


def test_sizes_that_no_flat_road_explains_are_refused_or_told_as_unsure():
    """As of a film whose camera turns: each vehicle is of any size anywhere."""
    camera, rng = CAMERAS["wide"](), np.random.default_rng(5)
    boxes = rng.uniform((50, 300, 40, 40), (1400, 700, 400, 400), (60, 4))
    wild = [
        Sighting(i, VehicleClass.CAR, (x, y, x + w, y + h), (x + w / 2 + 30, y + h))
        for i, (x, y, w, h) in enumerate(boxes)
    ]  # fmt: skip
    with contextlib.suppress(GroundUnknown):
        assert estimate_ground(picture_of(camera), (), wild).unsure


def track_of(boxes, cls: int = 1, covered: float = 0.0) -> Track:
    seen_at = [Observation(i, i / 10, tuple(map(float, box)), 0.9, covered) for i, box in enumerate(boxes)]
    votes = np.zeros(5)
    votes[cls] = 1.0
    return Track(1, "confirmed", seen_at, votes)


DRIVES_BY = [(100 + 20 * i, 200, 200 + 20 * i, 280) for i in range(20)]


@pytest.mark.parametrize(
    ("why", "boxes", "covered", "beside", "given_some"),
    [
        ("drives by, seen whole", DRIVES_BY, 0.0, None, True),
        ("stands", [(100, 200, 200, 280)] * 20, 0.0, None, False),
        ("its wheels are hidden", DRIVES_BY, 0.3, None, False),
        ("cut off below", [(100 + 20 * i, 650, 200 + 20 * i, 719) for i in range(20)], 0.0, None, False),
        ("another before it", DRIVES_BY, 0.0, (0, 220, 800, 400), False),
        ("too small", [(100 + 5 * i, 200, 120 + 5 * i, 215) for i in range(20)], 0.0, None, False),
    ],
)  # fmt: skip
def test_only_what_drives_by_and_is_seen_whole_is_measured(why, boxes, covered, beside, given_some):
    around = {i: [box, *([beside] if beside else [])] for i, box in enumerate(boxes)}
    found = sightings_of(track_of(boxes, covered=covered), Picture(width=1280, height=720), around)
    assert bool(found) == given_some, why
    assert len(found) <= 4


def test_the_drawn_clip_lays_its_own_plane_from_its_traffic(tmp_path):
    scene = load_scene(CLIPS / "demo.yaml").scene
    picture, sightings = survey(CLIPS / "demo.mp4", seconds=16)
    assert (picture.width, picture.height) == (scene.picture.width, scene.picture.height)
    found = estimate_ground(picture, (), sightings)
    true, got = GroundMap.of(scene.ground), GroundMap.of(found.ground)
    points = np.array([(x, y) for x in np.linspace(0.2, 0.8, 7) for y in np.linspace(0.35, 0.95, 7)])
    points *= (picture.width, picture.height)
    for step, doubt in (((30.0, 0.0), found.across), ((0.0, -15.0), found.along)):
        ratio = np.median(
            np.hypot(*(got.to_metres(points + step) - got.to_metres(points)).T)
            / np.hypot(*(true.to_metres(points + step) - true.to_metres(points)).T)
        )
        print(f"a metre is {ratio:.2f} m, told within {doubt:.1%}")
        assert abs(np.log(ratio)) < 2 * doubt
    assert found.across < 0.1


def test_the_command_tells_the_plane_and_its_doubt_in_both_languages_and_writes_nothing(tmp_path):
    scene = tmp_path / "scene.yaml"
    scene.write_bytes((CLIPS / "demo.yaml").read_bytes())
    before = scene.read_bytes()
    camera = CAMERAS["wide"]()

    class Eyes:
        def surveyor(self, video, *, seconds, go_on):
            return Picture(width=1920, height=1080), traffic(camera, 40, seed=1)

    told = CliRunner().invoke(cli.get_command(None, "zones"), ["ground", str(scene), "--video", str(scene)], obj=Eyes())
    assert told.exit_code == 0, told.output
    for word in ("40 xe", "40 vehicles", "ground:"):
        assert word in told.output
    assert scene.read_bytes() == before


def test_a_video_of_another_size_is_told_in_both_languages(tmp_path):
    class Eyes:
        def surveyor(self, video, *, seconds, go_on):
            return Picture(width=640, height=480), []

    arguments = ["ground", str(CLIPS / "demo.yaml"), "--video", str(CLIPS / "demo.yaml")]
    told = CliRunner().invoke(cli.get_command(None, "zones"), arguments, obj=Eyes())
    assert told.exit_code != 0
    for size in ("640 x 480", "1920 x 1080"):
        assert size in str(told.exception)
