"""Hidden wheels told by the upper edge of the box, in a scene without a ground plane."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from common.margins import explained
from edge.road.hidden_wheels import GroundContact, Wheels
from edge.road.vehicles import BUILDS
from edge.road.wheels_by_height import HeightMargins
from edge.road.wheels_by_upper_edge import UpperEdgeMargins, WheelsByUpperEdge
from edge.tracks.track import Observation
from evidence.acts import VehicleClass

Box = tuple[float, float, float, float]
WAITING: Box = (100.0, 200.0, 180.0, 400.0)
HALF_HIDDEN: Box = (100.0, 200.0, 180.0, 310.0)
SEEN, HIDDEN, CUT_OFF, NOT_ITS_BOX = Wheels.SEEN, Wheels.HIDDEN, Wheels.CUT_OFF, Wheels.NOT_ITS_BOX


def contact_of(boxes: Sequence[Box], margins: UpperEdgeMargins | None = None) -> GroundContact:
    """The contact that counts after all of `boxes`, seen ten times a second."""
    model = WheelsByUpperEdge(margins or UpperEdgeMargins())
    observations = [Observation(index, index / 10, box, 0.9) for index, box in enumerate(boxes)]
    return [model.of(o, BUILDS[VehicleClass.MOTORCYCLE]) for o in observations][-1]


def away(step: int) -> Box:
    """Drives away: everything shrinks towards the vanishing point (140, 0)."""
    scale = 0.96**step
    return (140 - 40 * scale, 200 * scale, 140 + 40 * scale, 400 * scale)


def lower_half_hidden(box: Box) -> Box:
    return box[0], box[1], box[2], box[3] - 0.5 * (box[3] - box[1])


CASES: list[tuple[str, list[Box], Wheels, float, float]] = [
    ("nobody in the way: its box ends at its wheels", [WAITING] * 20, SEEN, 400.0, 1.0),
    ("the first box there is: nothing else to believe", [HALF_HIDDEN], SEEN, 310.0, 1e-6),
    ("the next one stops behind it: the upper edge stands, so do the wheels", [WAITING] * 10 + [HALF_HIDDEN] * 20,
     HIDDEN, 400.0, 1.0),
    ("the next one comes slowly: the lower edge rises bit by bit, the upper edge does not",
     [WAITING] * 5 + [(100, 200, 180, 400 - 4 * i) for i in range(25)], HIDDEN, 400.0, 15.0),
    ("hidden above and below: it cannot have come nearer with a higher lower edge",
     [WAITING] * 10 + [(100, 230, 180, 320)] * 5, HIDDEN, 400.0, 1.0),
    ("a box that trembles: what is less than a tenth is no hiding",
     [(100, 200 + i % 3, 180, 400 - i % 5) for i in range(30)], SEEN, 400.0, 6.0),
    ("a taller box: it was hidden a little from the first picture on, and is believed bit by bit",
     [(100, 200, 180, 390)] * 5 + [WAITING] * 20 + [HALF_HIDDEN], HIDDEN, 400.0, 1.0),
    ("drives away in full view: the upper edge rises", [away(i) for i in range(20)], SEEN, 400 * 0.96**19, 1e-6),
    ("drives away, seen from low down: the upper edge stays, both sides come in",
     [(100 + 2 * i, 200, 180 - 2 * i, 400 - 3 * i) for i in range(12)], SEEN, 400 - 33, 1e-6),
    ("one side comes in: hidden at the side, not smaller, and as tall as it was",
     [WAITING] * 10 + [(100 + 4 * i, 200, 180, 400 - 8 * i) for i in range(6)], HIDDEN, 386.0, 1.0),
    ("waits with hidden wheels, then drives out of hiding",
     [WAITING] * 10 + [HALF_HIDDEN] * 5 + [away(i) for i in range(20)], SEEN, 400 * 0.96**19, 1e-6),
    ("rolls on with hidden wheels: most of the height is kept",
     [WAITING] * 10 + [lower_half_hidden(away(i)) for i in range(6)], HIDDEN, 400 * 0.96**5, 30.0),
    ("shifts aside in the queue with hidden wheels: what is narrow does not lose height by turning",
     [WAITING] * 10 + [(100 - 15 * i, 200, 180 - 15 * i, 310) for i in range(1, 5)] + [(40, 200, 120, 300)] * 20,
     HIDDEN, 400.0, 1.0),
    ("a car that turns shows its flank, and its height tells nothing",
     [(100, 200, 260, 400)] * 5 + [(50 - 40 * i, 205, 225 - 35 * i, 345) for i in range(4)], SEEN, 345.0, 1e-6),
    ("another one's box: for this once it ends where it ends",
     [WAITING] * 10 + [HALF_HIDDEN] * 5 + [(60, 140, 130, 330)], NOT_ITS_BOX, 330.0, 1e-6),
    ("another one's box for once, while the wheels are hidden: nothing was learned of it",
     [WAITING] * 10 + [HALF_HIDDEN] * 5 + [(60, 140, 130, 330)] + [HALF_HIDDEN] * 10, HIDDEN, 400.0, 1.0),
    ("a real leap, seen twice, is the vehicle's own", [WAITING] * 10 + [(60, 140, 130, 330)] * 3, SEEN, 330.0, 1e-6),
    ("drives out at the upper edge of the picture: the edge that stands is the picture's",
     [(100, 0, 180, 300 - 15 * i) for i in range(15)], CUT_OFF, 90.0, 1e-6),
    ("comes towards the camera: both edges come down", [away(20 - i) for i in range(20)], SEEN, 400 * 0.96, 1e-6),
]  # fmt: skip


@pytest.mark.parametrize(("why", "boxes", "wheels", "row", "within"), CASES, ids=[case[0] for case in CASES])
def test_the_wheels_are_where_they_would_be_seen(
    why: str, boxes: list[Box], wheels: Wheels, row: float, within: float
) -> None:
    found = contact_of(boxes)
    assert found.row == pytest.approx(row, abs=within)
    assert found.wheels == wheels
    assert found.highest == boxes[-1][3], "they are never farther up than the box ends"
    assert found.lowest - found.row == pytest.approx(max(0.0, found.row - found.highest)), "nor surely where thought"


def test_each_number_can_be_set() -> None:
    """With another margin of what is hidden a box lower by 45 % is believed."""
    believing = UpperEdgeMargins(hidden_share=0.5)
    assert contact_of([WAITING] * 10 + [HALF_HIDDEN], believing).row == 310.0


@pytest.mark.parametrize("margins", [UpperEdgeMargins(), HeightMargins()])
def test_every_number_has_unit_reason_and_source(margins: object) -> None:
    assert all(m.unit and m.why and m.source for m in explained(margins))
