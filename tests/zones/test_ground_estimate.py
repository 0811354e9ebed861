"""The road plane proposed from marked edges, against the true plane of the simulated junction."""

from __future__ import annotations

import numpy as np
import pytest

from tools.simulate.junction import CAMERAS, CROSSWALK, STOP_LINE
from tools.simulate.world import Camera
from zones.geometry import GroundMap
from zones.ground_estimate import GroundEstimate, GroundUnknown, KnownGap, estimate_ground
from zones.schema import Picture

LANE = ("along", ((0.0, -30.0), (0.0, -19.5)), ((3.5, -30.0), (3.5, -19.5)), 3.5)
BOTH_LANES = ("along", ((0.0, -30.0), (0.0, -19.5)), ((7.5, -29.0), (7.5, -19.5)), 7.5)
WALK = ("across", ((1.0, -CROSSWALK[1]), (7.5, -CROSSWALK[1])), ((1.0, -CROSSWALK[0]), (7.5, -CROSSWALK[0])), 3.5)
TO_WALK = ("across", ((0.5, -STOP_LINE), (7.5, -STOP_LINE)), ((1.0, -CROSSWALK[0]), (7.5, -CROSSWALK[0])), 5.5)


def seen(camera: Camera, marks: list, noise_px: float, seed: int = 0) -> list[KnownGap]:
    """What a technician clicks, `noise_px` off."""
    rng = np.random.default_rng(seed)
    gaps = []
    for way, first, second, metres in marks:
        flat = np.array([(x, y, 0.0) for x, y in (*first, *second)])
        a, b, c, d = camera.project(flat)[:, :2] + rng.normal(0, noise_px, (4, 2))
        gaps.append(KnownGap(way, (tuple(a), tuple(b)), (tuple(c), tuple(d)), metres))
    return gaps


def error_m(camera: Camera, found: GroundEstimate) -> float:
    """Worst distance in metres between proposal and truth over the road from the near lanes to past the crosswalk,
    both laid with their middle onto each other (where a scene has its origin is its own affair)."""
    road = np.array([(x, y, 0.0) for x in np.linspace(0.3, 7.5, 8) for y in np.linspace(-29.0, -12.0, 18)])
    pixels = camera.project(road)[:, :2]
    inside = np.all((pixels > 0) & (pixels < (camera.width, camera.height)), axis=1)
    got, true = GroundMap.of(found.ground).to_metres(pixels[inside]), road[inside, :2]
    off = (got - got.mean(axis=0)) - (true - true.mean(axis=0))
    return float(np.hypot(*off.T).max())


@pytest.mark.parametrize("view", list(CAMERAS))
@pytest.mark.parametrize(
    ("why", "marks", "noise_px", "worst_m", "worst_doubt"),
    [
        ("exact clicks find the true plane", [LANE, WALK], 0.0, 0.05, 0.05),
        ("lane and crosswalk, clicked as people click", [LANE, WALK], 1.0, 0.3, 0.05),
        ("both lanes and line to crosswalk are longer, so better", [BOTH_LANES, TO_WALK], 1.0, 0.3, 0.03),
        ("all that there is", [LANE, BOTH_LANES, WALK, TO_WALK], 1.0, 0.3, 0.03),
    ],
)
def test_the_proposal_lies_near_the_true_plane(view, why, marks, noise_px, worst_m, worst_doubt):
    camera = CAMERAS[view]()
    picture = Picture(width=camera.width, height=camera.height)
    found = [estimate_ground(picture, seen(camera, marks, noise_px, seed)) for seed in range(3)]
    worst = max(error_m(camera, one) for one in found)
    doubt = max(max(one.across, one.along) for one in found)
    print(
        f"{view}, {why}: worst {worst:.2f} m, doubt across {found[0].across:.1%}, along {found[0].along:.1%}, "
        f"camera {found[0].height_m:.1f} m high"
    )
    assert worst < worst_m
    assert doubt < worst_doubt


@pytest.mark.parametrize("view", list(CAMERAS))
def test_a_lane_alone_leaves_the_length_in_doubt_and_says_so(view):
    camera = CAMERAS[view]()
    picture = Picture(width=camera.width, height=camera.height)
    alone = estimate_ground(picture, seen(camera, [LANE], 1.0))
    with_walk = estimate_ground(picture, seen(camera, [LANE, WALK], 1.0))
    print(
        f"{view}: a lane alone {error_m(camera, alone):.1f} m, along {alone.along:.0%}; {with_walk.along:.1%} with it"
    )
    assert alone.along > 0.15
    assert alone.along > 3 * with_walk.along
    assert error_m(camera, alone) < 3 * alone.along * 17  # the road looked at is 17 m long


def test_the_proposed_corners_are_a_rectangle_within_the_picture():
    camera = CAMERAS["wide"]()
    ground = estimate_ground(Picture(width=1920, height=1080), seen(camera, [LANE, WALK], 1.0)).ground
    assert all(0 <= x <= 1920 and 0 <= y <= 1080 for x, y in ground.pixels)
    (a, b, c, d) = ground.metres
    assert (a, b[1], c, d[0]) == ((0, 0), 0, (b[0], d[1]), 0)


@pytest.mark.parametrize(
    ("why", "marks"),
    [
        ("nothing along the road", [WALK]),
        ("two lengths of the same gap", [LANE, (*BOTH_LANES[:3], 3.5), WALK]),
    ],
)
def test_marks_that_tell_nothing_or_contradict_each_other_are_refused(why, marks):
    camera = CAMERAS["wide"]()
    with pytest.raises(GroundUnknown):
        estimate_ground(Picture(width=1920, height=1080), seen(camera, marks, 0.5))
