"""A plate with a character gone is no other vehicle's plate: the dot, the room beside the characters and holes tell."""

from __future__ import annotations

import pytest

from edge.plate.layout import Layout, layout_of
from models.plates import LineReading, PlateReading

PITCH = 0.1


def line(text: str, *, left: float = 0.1, gone: int | None = None, places: bool = True) -> LineReading:
    """A line whose characters stand `PITCH` apart from `left` on; `gone`: before that one another had its place."""
    at, found = left, []
    for index, char in enumerate(text):
        if index == gone:
            at += PITCH
        step = PITCH if char not in "-." else 0.4 * PITCH
        found.append(at + step / 2)
        at += step
    return LineReading(text, (0.98,) * len(text), tuple(((c, 0.98),) for c in text), tuple(found) if places else ())


@pytest.mark.parametrize(
    ("lines", "layout", "why"),
    [
        ([line("36A-123.45")], Layout(True, True), "five digits and their dot"),
        ([line("36A"), line("123.45")], Layout(True, True), "the same on two lines"),
        ([line("36A-1234.5")], Layout(True, True), "a dot read in the wrong place of five digits takes nothing away"),
        ([line("36A-123.4")], Layout(False, True), "the last digit gone"),
        ([line("36A"), line("123.4")], Layout(False, True), "the last digit gone, two lines"),
        ([line("36A-23.45")], Layout(False, True), "the first of five digits gone"),
        ([line("36-B1"), line("12.45")], Layout(False, True), "one in the middle gone"),
        ([line("36A-1234", left=0.13)], Layout(True, False, True), "four digits that fill the plate"),
        (
            [line("29-H1", left=0.28), line("1234", left=0.3)],
            Layout(True, False, True),
            "four digits in the middle of their line",
        ),
        (
            [line("52-Z7", left=0.38), line("1234", left=0.4)],
            Layout(True, False, True),
            "a crop that is loose on the left",
        ),
        (
            [line("29-H1", left=0.28), line("1234", left=0.22)],
            Layout(False, False, False),
            "room for a fifth at the end",
        ),
        (
            [line("29-H1", left=0.28), line("1234", left=0.4)],
            Layout(False, False, False),
            "room for a fifth at the beginning",
        ),
        (
            [line("29-H1", left=0.28), line("1245", left=0.25, gone=2)],
            Layout(False, False, True),
            "a hole among the digits",
        ),
        ([line("36A-1234", places=False)], Layout(), "a reader that does not say where"),
        ([line("TM-12-34", left=0.16)], Layout(True, False, True), "a military plate has two pairs"),
        ([], Layout(), "nothing read"),
    ],
)
def test_what_the_places_of_the_characters_say(lines: list[LineReading], layout: Layout, why: str) -> None:
    assert layout_of(PlateReading(tuple(lines))) == layout, why
