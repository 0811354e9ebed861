"""Whose a plate is that stands in a vehicle's crop: a motorcycle does not get the plate of the car right behind it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.judging import Judging
from edge.plate.bearer import Box, Neighbour
from edge.plate.reading import PlateEvidence, read_plate
from edge.plate.views import ViewBook
from edge.types import Image
from evidence.acts import VehicleClass
from models.plates import Corners, LineReading, PlateBox, PlateReading
from zones.geometry import GroundMap
from zones.schema import GroundPlane

CAR, MOTORCYCLE, BICYCLE, BUS = VehicleClass.CAR, VehicleClass.MOTORCYCLE, VehicleClass.BICYCLE, VehicleClass.BUS
CAR_PLATE, TWO_WHEELS_PLATE = ("36A12345",), ("36B1", "23456")
LONG, SHORT = (150.0, 110.0, 240.0, 130.0), (165.0, 100.0, 225.0, 130.0)
MIDDLE = (100.0, 0.0, 320.0, 200.0)  # a box as wide as a car's, the plate in its middle
ANOTHERS = ("plate_unread", "plate_of_another_vehicle")


class Plates:
    """One plate, found where it is told (pixels of the picture) and read by two readers alike."""

    def __init__(self, box: Box, lines: tuple[str, ...], origin: tuple[int, int]) -> None:
        (x, y), (x1, y1, x2, y2) = origin, box
        self.box, self.lines = (x1 - x, y1 - y, x2 - x, y2 - y), lines

    def find(self, crop_bgr: Image) -> list[PlateBox]:
        return [PlateBox(self.box, 0.9)]

    def read(self, plate_bgr: Image, corners: Corners | None = None) -> list[PlateReading]:
        lines = tuple(LineReading(t, (0.99,) * len(t), tuple(((c, 0.99),) for c in t)) for t in self.lines)
        return [PlateReading(lines, reader) for reader in ("one", "two")]


def read(
    cls: VehicleClass, plate: Box, lines: tuple[str, ...], *others: tuple[Box, VehicleClass], own: Box = MIDDLE,
    width_m: float | None = None,
) -> PlateEvidence:  # fmt: skip
    """What is made of a plate in the crop of a vehicle, beside which `others` drive."""
    book = ViewBook()
    book.offer(1, 0, 0.0, own, np.zeros((480, 640, 3), np.uint8), others=[Neighbour(*other) for other in others])
    views = [replace(view, width_m=width_m) for view in book.of(1, 0.0).own]
    return read_plate(views, Plates(plate, lines, views[0].origin), cls)


BEHIND = (90.0, 10.0, 290.0, 150.0)


@pytest.mark.parametrize(
    ("cls", "plate", "lines", "others", "own", "width_m", "flags"),
    [
        (MOTORCYCLE, SHORT, CAR_PLATE, [], MIDDLE, None, ("plate_of_other_class",)),
        (MOTORCYCLE, SHORT, CAR_PLATE, [(BEHIND, CAR)], MIDDLE, None, ANOTHERS),
        (MOTORCYCLE, SHORT, CAR_PLATE, [(BEHIND, BUS)], MIDDLE, None, ANOTHERS),
        (MOTORCYCLE, SHORT, CAR_PLATE, [((102, 2, 320, 200), CAR)], MIDDLE, None, ("plate_of_other_class",)),
        (MOTORCYCLE, SHORT, CAR_PLATE, [(BEHIND, MOTORCYCLE)], MIDDLE, None, ("plate_of_other_class",)),
        (MOTORCYCLE, SHORT, CAR_PLATE, [((290, 0, 500, 160), CAR)], MIDDLE, None, ("plate_of_other_class",)),
        (MOTORCYCLE, LONG, CAR_PLATE, [], MIDDLE, None, ANOTHERS),
        (MOTORCYCLE, SHORT, CAR_PLATE, [], MIDDLE, 1.2, ANOTHERS),
        (MOTORCYCLE, SHORT, CAR_PLATE, [], MIDDLE, 1.7, ("plate_of_other_class",)),
        (MOTORCYCLE, SHORT, CAR_PLATE, [], (140, 0, 250, 200), None, ANOTHERS),
        (BICYCLE, LONG, CAR_PLATE, [], MIDDLE, None, ANOTHERS),
        (BICYCLE, SHORT, CAR_PLATE, [(BEHIND, CAR)], MIDDLE, None, ANOTHERS),
        (CAR, LONG, CAR_PLATE, [(BEHIND, BUS)], MIDDLE, 1.2, ()),
        (CAR, SHORT, TWO_WHEELS_PLATE, [], MIDDLE, None, ANOTHERS),
        (CAR, SHORT, TWO_WHEELS_PLATE, [], (140, 0, 250, 200), None, ("plate_of_other_class",)),
        (CAR, SHORT, TWO_WHEELS_PLATE, [], (140, 0, 250, 200), 1.6, ANOTHERS),
        (CAR, SHORT, TWO_WHEELS_PLATE, [((150, 40, 240, 220), MOTORCYCLE)], (140, 0, 250, 200), None, ANOTHERS),
        (MOTORCYCLE, SHORT, TWO_WHEELS_PLATE, [(BEHIND, CAR)], MIDDLE, 1.2, ()),
        (MOTORCYCLE, (250, 110, 300, 135), TWO_WHEELS_PLATE, [((220, 0, 330, 190), MOTORCYCLE)], MIDDLE, None,
         ("plate_unread", "plate_at_the_side")),
    ],
    ids=["a car called a motorcycle", "a car behind", "a bus behind", "one car seen as two", "another motorcycle",
         "a car beside that does not hold it", "as wide in the box as on no car", "narrower on the road than a car",
         "as wide as a car", "a motorcycle's shape", "a bicycle has no car's plate", "a car behind a bicycle",
         "a car keeps its own", "a motorcycle before a car", "a motorcycle called a car", "wider than a motorcycle",
         "the motorcycle stands there", "a motorcycle's own", "better in the neighbour's box"],
)  # fmt: skip
def test_a_plate_that_cannot_be_this_vehicles_is_left_unread(
    cls: VehicleClass, plate: Box, lines: tuple[str, ...], others: list[tuple[Box, VehicleClass]], own: Box,
    width_m: float | None, flags: tuple[str, ...],
) -> None:  # fmt: skip
    evidence = read(cls, plate, lines, *others, own=own, width_m=width_m)
    told = "plate_unread" not in flags
    assert (evidence.plate.text, evidence.flags) == ("".join(lines) if told else None, flags)
    if flags == ANOTHERS:
        assert evidence.plate.n_best == []  # nobody is to choose it from a list
    assert evidence.crop is not None
    assert evidence.plate.readings  # what was seen stays in the packet


side = st.floats(20, 300)


@given(st.tuples(side, side, side, side), st.sampled_from([CAR, MOTORCYCLE, BUS]))
def test_whoever_drives_there_a_plate_is_only_ever_taken_away(other: tuple[float, ...], cls: VehicleClass) -> None:
    x, y, width, height = other
    beside = ((x, y, x + width, y + height), cls)
    for kind, lines in ((MOTORCYCLE, TWO_WHEELS_PLATE), (CAR, CAR_PLATE), (MOTORCYCLE, CAR_PLATE)):
        alone, there = read(kind, SHORT, lines), read(kind, SHORT, lines, beside)
        assert there.plate.text in (alone.plate.text, None)


def test_a_view_knows_who_stands_there_and_how_wide_its_box_is_on_the_road() -> None:
    ground = GroundMap.of(
        GroundPlane(pixels=[(0, 400), (640, 400), (640, 480), (0, 480)], metres=[(0, 8), (16, 8), (16, 0), (0, 0)])
    )
    book, picture = ViewBook(), np.zeros((480, 640, 3), np.uint8)
    near, far = Neighbour((150, 300, 260, 440), CAR), Neighbour((400, 300, 500, 440), CAR)
    own = Neighbour((100.0, 200.0, 180.0, 440.0), MOTORCYCLE)
    book.offer(1, 0, 0.0, own.box, picture, others=[own, near, far], ground=ground)
    (view,) = book.of(1, 0.0).own
    assert view.others == (near,)
    assert view.width_m == pytest.approx(2.0, abs=0.01)
    book.offer(2, 0, 0.0, own.box, picture)
    assert book.of(2, 0.0).own[0].width_m is None


def test_its_margins_are_a_stage_like_the_others() -> None:
    judging = Judging().changed({"plate_bearer": {"narrowest_four_m": 1.1}}, where="node.yaml: margins")
    assert judging.plates.bearer.narrowest_four_m == 1.1
