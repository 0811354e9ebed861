"""Where the wheels are, when somebody hides them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from edge.road.hidden_wheels import Foot
from edge.road.vehicles import BUILDS
from edge.tracks.tracking import Observation
from evidence.acts import VehicleClass

Box = tuple[float, float, float, float]
WAITING: Box = (100.0, 200.0, 180.0, 400.0)


def foot_of(boxes: Sequence[Box]) -> float:
    """The lower edge that counts after all of `boxes`, seen ten times a second."""
    foot = Foot()
    last = 0.0
    for index, box in enumerate(boxes):
        last = foot.of(Observation(index, index / 10, box, 0.9), BUILDS[VehicleClass.MOTORCYCLE]).foot
    return last


def away(step: int) -> Box:
    """Drives away: everything shrinks towards the vanishing point (140, 0)."""
    scale = 0.96**step
    return (140 - 40 * scale, 200 * scale, 140 + 40 * scale, 400 * scale)


ROWS: list[tuple[str, list[Box], float, float]] = [
    ("nobody in the way", [WAITING] * 20, 400.0, 1.0),
    ("the next one stops behind it", [WAITING] * 10 + [(100, 200, 180, 310)] * 20, 400.0, 1.0),
    ("he comes slowly", [WAITING] * 5 + [(100, 200, 180, 400 - 4 * i) for i in range(25)], 400.0, 15.0),
    ("a hidden upper edge too", [WAITING] * 10 + [(100, 230, 180, 320)] * 5, 400.0, 1.0),
    ("a box that trembles", [(100, 200 + i % 3, 180, 400 - i % 5) for i in range(30)], 400.0, 6.0),
    ("drives away in full view", [away(i) for i in range(20)], 400 * 0.96**19, 1e-6),
    (
        "waits with hidden wheels, then drives out of hiding",
        [WAITING] * 10 + [(100, 200, 180, 310)] * 5 + [away(i) for i in range(20)],
        400 * 0.96**19,
        1e-6,
    ),
    (
        "rolls on with hidden wheels",
        [WAITING] * 10 + [(b[0], b[1], b[2], b[3] - 0.5 * (b[3] - b[1])) for b in (away(i) for i in range(6))],
        400 * 0.96**5,
        30.0,
    ),
    (
        "shifts aside in the queue with hidden wheels",
        [WAITING] * 10 + [(100 - 15 * i, 200, 180 - 15 * i, 310) for i in range(1, 5)] + [(40, 200, 120, 300)] * 20,
        400.0,
        1.0,
    ),
    (
        "a car that turns shows its flank",
        [(100, 200, 260, 400)] * 5 + [(50 - 40 * i, 205, 225 - 35 * i, 345) for i in range(4)],
        345.0,
        1e-6,
    ),
    (
        "another one's box for once, while the wheels are hidden",
        [WAITING] * 10 + [(100, 200, 180, 310)] * 5 + [(60, 140, 130, 330)] + [(100, 200, 180, 310)] * 10,
        400.0,
        1.0,
    ),
    ("a real leap, seen twice", [WAITING] * 10 + [(60, 140, 130, 330)] * 3, 330.0, 1e-6),
    ("drives out at the upper edge of the picture", [(100, 0, 180, 300 - 15 * i) for i in range(15)], 90.0, 1e-6),
    ("comes towards the camera", [away(20 - i) for i in range(20)], 400 * 0.96, 1e-6),
]


@pytest.mark.parametrize(("why", "boxes", "expected", "within"), ROWS, ids=[r[0] for r in ROWS])
def test_the_wheels_are_where_they_would_be_seen(why: str, boxes: list[Box], expected: float, within: float) -> None:
    assert foot_of(boxes) == pytest.approx(expected, abs=within)
