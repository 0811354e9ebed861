"""Whose plate it is: that of the vehicle in the middle of the view, not of its neighbour."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.plate.in_view import PlateReadMargins
from edge.plate.reading import PlateMargins, read_plate
from edge.plate.views import PlateViewMargins, TrackViews, View, ViewBook
from evidence.acts import VehicleClass
from models.plates import Corners, LineReading, PlateBox
from models.plates import PlateReading as RawReading

OWN, NEIGHBOUR = (90.0, 180.0, 130.0, 210.0), (0.0, 150.0, 36.0, 176.0)
BADGE = (90.0, 20.0, 130.0, 50.0)


class Perception:
    """Finds what it was told to, and reads OWN as one plate and everything else as another."""

    def __init__(self, *found: tuple[tuple[float, float, float, float], float]) -> None:
        self.found = [PlateBox(box, score) for box, score in found]

    def find(self, crop_bgr: NDArray[np.uint8]) -> list[PlateBox]:
        return sorted(self.found, key=lambda f: -f.score)

    def read(self, plate_bgr: NDArray[np.uint8], corners: Corners | None = None) -> Sequence[RawReading]:
        text = "36B1" if int(plate_bgr.max()) == 255 else "29C1"
        return [RawReading((line(text), line("23456")))] * 2


def line(text: str) -> LineReading:
    return LineReading(text, (0.99,) * len(text), tuple(((c, 0.99),) for c in text))


def view(frame: int) -> View:
    image = np.zeros((300, 220, 3), np.uint8)
    image[180:210, 90:130] = 255
    return View(frame, frame / 10, image, (500, 300), 1.0)


@pytest.mark.parametrize(
    ("found", "text"),
    [
        ([(OWN, 0.8)], "36B123456"),
        ([(OWN, 0.5), (NEIGHBOUR, 0.9)], "36B123456"),
        ([(OWN, 0.6), (BADGE, 0.9)], "36B123456"),
        ([(NEIGHBOUR, 0.9)], None),
    ],
    ids=["alone", "a clearer plate at the edge", "something high up", "nothing but the edge"],
)
def test_the_plate_in_the_middle_counts(
    found: list[tuple[tuple[float, float, float, float], float]], text: str | None
) -> None:
    evidence = read_plate([view(i) for i in range(4)], Perception(*found), VehicleClass.MOTORCYCLE)
    assert evidence.plate.text == text
    assert all(r.box[0] >= 500 for r in evidence.plate.readings)


def test_the_reader_gets_the_corners_in_the_picture_that_it_reads() -> None:
    class Cornered(Perception):
        got: Corners | None = None
        shape: tuple[int, ...] = ()

        def find(self, crop_bgr: NDArray[np.uint8]) -> list[PlateBox]:
            return [PlateBox(OWN, 0.9, ((91.0, 181.0), (130.0, 182.0), (129.0, 210.0), (90.0, 209.0)))]

        def read(self, plate_bgr: NDArray[np.uint8], corners: Corners | None = None) -> Sequence[RawReading]:
            self.got, self.shape = corners, plate_bgr.shape
            return super().read(plate_bgr, corners)

    eyes = Cornered()
    read_plate([view(0)], eyes, VehicleClass.MOTORCYCLE)
    assert eyes.got is not None
    marked = np.array(eyes.got) - np.array(eyes.got).min(0)
    assert marked.tolist() == [[1, 0], [40, 1], [39, 29], [0, 28]]
    assert (np.array(eyes.got).min(0) > 0).all()  # a margin is left around the plate
    assert (np.array(eyes.got).max(0) < [eyes.shape[1], eyes.shape[0]]).all()


class Passing(Perception):
    """The plate moves from one box to the next, view by view, and is always read the same."""

    def find(self, crop_bgr: NDArray[np.uint8]) -> list[PlateBox]:
        return [self.found.pop(0)] if self.found else []

    def read(self, plate_bgr: NDArray[np.uint8], corners: Corners | None = None) -> Sequence[RawReading]:
        return [RawReading((line("36B1"), line("23456")), reader) for reader in ("one", "two")]


def beside(middle_x: float, width: float = 40.0) -> tuple[float, float, float, float]:
    return middle_x - width / 2, 180.0, middle_x + width / 2, 210.0


@pytest.mark.parametrize(
    ("boxes", "text", "flags"),
    [
        ([beside(110)], "36B123456", ()),
        ([beside(170)], "36B123456", ()),
        ([beside(180)] * 4, None, ("plate_unread", "plate_at_the_side")),
        ([beside(40)] * 4, None, ("plate_unread", "plate_at_the_side")),
        ([beside(180), beside(180), beside(150)], "36B123456", ()),
        ([beside(110, 33.5)] * 5, None, ("plate_unread", "plate_too_small")),
        ([beside(110, 34.0)], "36B123456", ()),
    ],
    ids=["in the middle", "aside, within 60 %", "beyond it to the right", "to the left", "a second view",
         "below 34 px whatever it says", "34 px"],
)  # fmt: skip
def test_a_plate_far_aside_or_too_small_is_not_taken(
    boxes: list[tuple[float, float, float, float]], text: str | None, flags: tuple[str, ...]
) -> None:
    views = [view(i) for i in range(len(boxes))]
    evidence = read_plate(views, Passing(*((box, 0.9) for box in boxes)), VehicleClass.MOTORCYCLE)
    assert (evidence.plate.text, evidence.flags) == (text, flags)
    assert evidence.crop is not None


def test_a_plate_of_another_kind_than_the_vehicle_is_told() -> None:
    views = [view(0)]
    wide = [View(v.frame, v.t_s, np.zeros((150, 220, 3), np.uint8), v.origin, v.worth) for v in views]
    tall = [View(v.frame, v.t_s, np.zeros((400, 220, 3), np.uint8), v.origin, v.worth) for v in views]
    box = (90.0, 100.0, 130.0, 120.0)
    in_front = read_plate(wide, Passing((box, 0.9)), VehicleClass.CAR)
    assert in_front.plate.text is None  # a motorcycle before a car: the box has a car's shape
    ridden = read_plate(tall, Passing((box, 0.9)), VehicleClass.CAR)
    assert (ridden.plate.text, ridden.flags) == ("36B123456", ("plate_of_other_class",))


def test_a_colour_in_which_no_such_plate_comes_was_seen_wrongly() -> None:
    blue = [View(0, 0.0, np.full((300, 220, 3), (180, 60, 20), np.uint8), (500, 300), 1.0)]
    evidence = read_plate(blue, Passing((beside(110), 0.9)), VehicleClass.MOTORCYCLE)
    assert (evidence.plate.text, evidence.plate.colour) == ("36B123456", "blue")

    class TwoLetters(Passing):
        def read(self, plate_bgr: NDArray[np.uint8], corners: Corners | None = None) -> Sequence[RawReading]:
            return [RawReading((line("36AA"), line("23456")), reader) for reader in ("one", "two")]

    evidence = read_plate(blue, TwoLetters((beside(110), 0.9)), VehicleClass.MOTORCYCLE)
    assert (evidence.plate.text, evidence.plate.colour) == ("36AA23456", "unknown")


def test_the_margins_that_are_handed_in_are_those_that_judge() -> None:
    views = [view(i) for i in range(4)]
    wide = PlateMargins(read=PlateReadMargins(least_width_px=41.0))  # OWN is 40 px wide
    assert read_plate(views, Perception((OWN, 0.8)), VehicleClass.MOTORCYCLE, wide).flags == (
        "plate_unread", "plate_too_small",
    )  # fmt: skip
    book = ViewBook(PlateViewMargins(kept=1))
    for index in range(5):
        book.offer(1, index, index / 2, (10, 10, 100 + index, 100), view(index).image)
    assert len(book.of(1, 0.0).own) == 1


class Told(Perception):
    """Reads one plate after the other, view by view, as it is told to; `-` is a view of which nothing is read."""

    def __init__(self, *texts: str) -> None:
        super().__init__((OWN, 0.9))
        self.texts = list(texts)

    def read(self, plate_bgr: NDArray[np.uint8], corners: Corners | None = None) -> Sequence[RawReading]:
        upper, _, lower = self.texts.pop(0).partition(" ")
        return [RawReading((line(upper), line(lower)), reader) for reader in ("one", "two")] if lower else []


@pytest.mark.parametrize(
    ("own", "before", "text", "likeliest", "flags"),
    [
        (["36B1 23456"] * 2, [], "36B123456", "36B123456", ()),
        (["36B1 23456", "29C1 65432"], ["36B1 23456"] * 2, "36B123456", "36B123456", ()),
        (["-", "-"], ["29C1 65432"] * 2, None, "29C165432", ("plate_unread", "plate_perhaps_anothers")),
        ([], ["29C1 65432"] * 2, None, "29C165432", ("plate_unread", "plate_perhaps_anothers")),
        ([], [], None, None, ("plate_not_found",)),
    ],
    ids=["read in its own views: the others are not looked at", "its own views disagree, those of before choose",
         "none in its own views", "no own view", "no view at all"],
)  # fmt: skip
def test_views_of_before_a_track_may_have_changed_over_name_no_plate_by_themselves(
    own: list[str], before: list[str], text: str | None, likeliest: str | None, flags: tuple[str, ...]
) -> None:
    views, older = [view(i) for i, _ in enumerate(own)], [view(50 + i) for i, _ in enumerate(before)]
    eyes = Told(*own, *before)
    evidence = read_plate(views, eyes, VehicleClass.MOTORCYCLE, perhaps=older)
    assert (evidence.plate.text, evidence.flags) == (text, flags)
    assert next((candidate.text for candidate in evidence.plate.n_best), None) == likeliest
    assert (evidence.crop is not None) == bool(own), "nobody is shown what may be another's"


@given(
    looks=st.lists(st.tuples(st.booleans(), st.integers(0, 60)), min_size=1, max_size=60),
    asked=st.floats(0, 20),
    kept=st.integers(1, 4),
)
def test_only_views_between_which_and_the_act_nothing_went_astray_are_its_own(
    looks: list[tuple[bool, int]], asked: float, kept: int
) -> None:
    book, image = ViewBook(PlateViewMargins(kept=kept)), view(0).image
    for index, (astray, grown) in enumerate(looks):
        book.offer(7, index, index / 3, (10, 10, 100 + grown, 100), image, astray=astray and index > 0)
    went_astray = [index / 3 for index, (astray, _) in enumerate(looks) if astray and index > 0]
    found = book.of(7, asked)
    for is_own, views in ((True, found.own), (False, found.perhaps)):
        for each in views:
            first, last = sorted((each.t_s, asked))
            assert is_own != any(first < t_s <= last for t_s in went_astray)
    assert len(found.own) + len(found.perhaps) <= 2 * kept
    if asked >= (len(looks) - 1) / 3:
        assert found.own, "the vehicle that is there now was seen at least once"
    book.forget(7)
    assert book.of(7, asked) == TrackViews()
