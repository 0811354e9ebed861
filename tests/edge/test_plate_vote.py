"""The vote over plate readings."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.margins import explained
from countries.vn.plate_forms import PROVINCES
from countries.vn.plates import parse
from edge.plate.bearer import Hanging
from edge.plate.in_view import PlateReadMargins
from edge.plate.layout import UNMEASURED, Layout, PlateLayoutMargins
from edge.plate.spelling import PlateSpellingMargins, PlateVote, spellings
from edge.plate.views import PlateViewMargins
from edge.plate.vote import PlateVoteMargins, count, decide
from evidence.acts import VehicleClass
from evidence.plate_colours import PlateColour

CAR, MOTORCYCLE = VehicleClass.CAR, VehicleClass.MOTORCYCLE
ONE, TWO = "one", "two"
DOTTED, ROOM_LEFT, CENTRED = Layout(True, True), Layout(False, False, False), Layout(True, False, True)
DIGIT_GONE = Layout(False, True)


def plate_vote(
    text: str, *, sure: float = 0.97, weight: float = 0.9, lines: tuple[int, ...] = (), **doubts: str
) -> PlateVote:
    """A reading of `text`; `doubts`: p4="8" says that position 4 may be an 8 with the rest of the probability."""
    characters = []
    for index, char in enumerate(text):
        other = doubts.get(f"p{index}")
        characters.append([(char, sure), (other, 1 - sure)] if other else [(char, sure)])
    return PlateVote(characters, lines or (len(text),), weight)


def test_agreeing_readings_win() -> None:
    outcome = count([plate_vote("36A12345")] * 3, cls=CAR)
    assert outcome.text == "36A12345"
    assert outcome.kind == "car"
    assert outcome.confidence > 0.6


def test_the_majority_beats_one_misreading() -> None:
    outcome = count([plate_vote("36A12345"), plate_vote("36A12345"), plate_vote("36A12845")], cls=CAR)
    assert outcome.n_best[0].text == "36A12345"
    assert outcome.n_best[1].text == "36A12845"


def test_two_readings_that_contradict_leave_the_plate_unknown() -> None:
    outcome = count([plate_vote("36A12345"), plate_vote("36A12845")], cls=CAR)
    assert outcome.text is None
    assert {c.text for c in outcome.n_best[:2]} == {"36A12345", "36A12845"}


@pytest.mark.parametrize("weight", [0.0, 0.1, 0.3])
def test_one_poor_reading_never_wins(weight: float) -> None:
    assert count([plate_vote("36A12345", weight=weight)], cls=CAR).text is None


def test_nothing_read_is_unknown() -> None:
    outcome = count([], cls=CAR)
    assert (outcome.text, outcome.confidence, outcome.n_best) == (None, 0.0, [])


@pytest.mark.parametrize(
    ("read", "meant", "cls", "lines"),
    [
        ("3GA12345", "36A12345", CAR, (8,)),
        ("36A1234S", "36A12345", CAR, (8,)),
        ("368123456", "36B123456", MOTORCYCLE, (4, 5)),
        ("29HI12345", "29H112345", MOTORCYCLE, (4, 5)),
        ("Z9H112345", "29H112345", MOTORCYCLE, (4, 5)),
    ],
)
def test_look_alikes_are_put_right_by_their_place(
    read: str, meant: str, cls: VehicleClass, lines: tuple[int, ...]
) -> None:
    assert count([plate_vote(read, lines=lines)] * 3, cls=cls).n_best[0].text == meant


@pytest.mark.parametrize("text", ["36A146238", "36B812345", "36S773241", "36H243391"])
def test_a_digit_after_the_series_letter_is_not_taken_for_a_second_letter(text: str) -> None:
    outcome = count([plate_vote(text, lines=(4, 5))] * 4, cls=MOTORCYCLE)
    assert outcome.text == text
    assert all(c.probability < 0.1 * outcome.confidence for c in outcome.n_best[1:])


@given(st.text("0123456789ABCDEFGHKLMNPSTUVXYZ", min_size=6, max_size=9))
def test_the_spellings_of_one_reading_share_one_probability(text: str) -> None:
    for cls in (None, "motorcycle", "car"):
        assert sum(p for _, p in spellings(plate_vote(text), cls)) <= 1.0 + 1e-9


def test_the_readers_own_doubt_decides_between_letters() -> None:
    sure_z = PlateVote(
        [[("3", 1.0)], [("6", 1.0)], [("Z", 0.55), ("7", 0.45)], *[[(c, 1.0)] for c in "12345"]], (8,), 0.9
    )
    assert count([sure_z] * 3, cls=CAR).n_best[0].text == "36Z12345"


def test_what_no_plate_looks_like_is_unknown() -> None:
    assert count([plate_vote("HELLO"), plate_vote("123")], cls=CAR).text is None


def test_an_exact_tie_is_not_decided() -> None:
    half = PlateVote([*[[(c, 1.0)] for c in "36A1234"], [("3", 0.5), ("8", 0.5)]], (8,), 1.0)
    assert count([half] * 5, cls=CAR).text is None


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(st.text("0123456789ABCDEFGHKLMNPSTUVXYZ", max_size=10), st.floats(0, 1), st.floats(0.01, 1)),
        max_size=5,
    ),
    st.sampled_from(list(VehicleClass)),
)
def test_whatever_is_read_the_outcome_is_a_plate_or_unknown(
    readings: list[tuple[str, float, float]], cls: VehicleClass
) -> None:
    outcome = count([plate_vote(t, sure=p, weight=w) for t, w, p in readings], cls=cls)
    if outcome.text is not None:
        assert parse(outcome.text).known
    assert sum(c.probability for c in outcome.n_best) <= 1.001
    assert [c.probability for c in outcome.n_best] == sorted((c.probability for c in outcome.n_best), reverse=True)


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(sorted(PROVINCES)), st.sampled_from("ABCDEFGHKLMNPSTUVXYZ"), st.integers(1, 99999))
def test_a_clear_reading_of_a_car_plate_is_spelled_as_it_is(province: str, series: str, number: int) -> None:
    text = f"{province}{series}{number:05d}"
    best, probability = spellings(plate_vote(text, sure=1.0), "car")[0]
    assert best == text
    assert probability > 0.9


def test_a_red_plate_is_spelled_as_the_military_ones_are() -> None:
    readings = [plate_vote("KV6938", lines=(2, 4)), plate_vote("KV6938", lines=(6,))]
    on_red = count(readings, cls=CAR, colour="red")
    assert (on_red.text, on_red.kind) == ("KV6938", "military")
    for other in ("white", "unknown"):
        assert count(readings, cls=CAR, colour=other).text is None  # there a civil plate was misread


def said(
    text: str, reader: str, layout: Layout = UNMEASURED, *, own: bool = True, weight: float = 0.5,
    shape: float | None = None,
) -> PlateVote:  # fmt: skip
    """A reading by one of the readers; two lines of a motorcycle's, four characters above, else one line."""
    lines = (4, len(text) - 4) if text[3:4].isdigit() and len(text) == 9 else (len(text),)
    return PlateVote([[(c, 0.99)] for c in text], lines, weight, reader, layout, own, Hanging(len(lines), shape=shape))


def test_two_readers_that_agree_on_a_whole_plate_decide() -> None:
    outcome = decide([said("36A12345", ONE, weight=0.2), said("36A12345", TWO, weight=0.2)], cls=CAR)
    assert (outcome.text, outcome.kind) == ("36A12345", "car")
    assert outcome.confidence >= PlateVoteMargins().agreed


def test_one_reader_that_says_it_twice_does_not_agree_with_itself() -> None:
    assert decide([said("36A12345", ONE, weight=0.2)] * 2, cls=CAR).text is None


@pytest.mark.parametrize("colour", ["white", "blue", "red", "unknown"])
@pytest.mark.parametrize("cls", list(VehicleClass))
def test_class_and_colour_never_take_away_what_both_readers_say(cls: VehicleClass, colour: PlateColour) -> None:
    both = [said("36Z123456", ONE), said("36Z123456", TWO)]
    assert decide(both, cls=cls, colour=colour).text == "36Z123456"


def test_a_plate_that_the_vehicle_bears_comes_before_one_that_it_does_not() -> None:
    both = [
        said(text, reader, weight=w) for text, w in (("59X123456", 0.9), ("36A11122", 0.5)) for reader in (ONE, TWO)
    ]
    assert decide(both, cls=CAR).text == "36A11122"


@pytest.mark.parametrize(
    ("cls", "text", "shape", "taken"),
    [
        (CAR, "59X123456", 1.2, False),  # a motorcycle in front of a car
        (CAR, "59X123456", 0.5, True),  # a motorcycle taken for a car
        (MOTORCYCLE, "36A02345", 0.5, False),  # a car behind a motorcycle
        (MOTORCYCLE, "36A02345", 1.1, True),  # a car's front taken for a motorcycle
        (MOTORCYCLE, "59X123456", 1.2, True),
    ],
)
def test_the_shape_of_the_box_says_whose_plate_of_another_class_it_is(
    cls: VehicleClass, text: str, shape: float, taken: bool
) -> None:
    outcome = decide([said(text, ONE, shape=shape), said(text, TWO, shape=shape)], cls=cls)
    assert outcome.text == (text if taken else None)


def test_two_plates_on_which_both_readers_agree_leave_it_open() -> None:
    both = [said(text, reader) for text in ("36A12345", "36A12845") for reader in (ONE, TWO)]
    assert decide(both, cls=CAR).text is None


@pytest.mark.parametrize(
    ("readings", "text"),
    [
        ([said("36A1234", ONE, DIGIT_GONE), said("36A1234", TWO)], None),
        ([said("36A1234", ONE, ROOM_LEFT), said("36A1234", TWO)], None),
        ([said("36A12345", ONE, DOTTED), said("36A1234", ONE), said("36A1234", TWO)], None),
        ([said("36A1234", TWO, weight=0.9)] * 5, None),
        ([said("36A1234", ONE), said("36A1234", TWO)], "36A1234"),
        ([said("36A1234", ONE, CENTRED, weight=0.9)] * 5, "36A1234"),
        ([said("36A1234", ONE, DIGIT_GONE), said("36A12345", ONE, DOTTED), said("36A12345", TWO)], "36A12345"),
    ],
    ids=["a dot without its digit", "room for a fifth", "a dot in another view", "no proof of four", "both say four",
         "four in the middle of the plate", "the fifth is seen in another view"],
)  # fmt: skip
def test_a_number_of_four_digits_needs_its_own_proof(readings: list[PlateVote], text: str | None) -> None:
    assert decide(readings, cls=CAR).text == text


def test_a_motorcycles_plate_without_its_last_digit_is_no_older_plate() -> None:
    gone = PlateVote([[(c, 0.9)] for c in "36H11234"], (4, 4), 0.9, ONE, DIGIT_GONE)
    alone = PlateVote([[(c, 0.9)] for c in "36H11234"], (4, 4), 0.9, TWO)
    for cls in (MOTORCYCLE, CAR):
        assert decide([gone, alone] * 3, cls=cls).text is None


def test_a_plate_at_the_side_counts_only_where_it_was_read_nearer_the_middle() -> None:
    aside = [said("36A12345", reader, own=False) for reader in (ONE, TWO)]
    assert decide(aside * 4, cls=CAR).text is None
    assert decide(aside * 4, cls=CAR).n_best[0].text == "36A12345"
    assert decide([*aside, said("36A12345", ONE)], cls=CAR).text == "36A12345"


@pytest.mark.parametrize("read", ["0H6688", "OH6688", "II1234", "WW1234", "1M1234"])
def test_letters_that_no_unit_has_are_never_read_as_a_military_plate(read: str) -> None:
    outcome = decide([said(read, ONE, weight=0.99), said(read, TWO, weight=0.99)] * 4, cls=CAR, colour="red")
    assert outcome.text is None


def test_a_red_plate_on_which_both_agree_is_read_and_a_white_one_is_not() -> None:
    both = [said("QH6688", ONE), said("QH6688", TWO)]
    assert decide(both, cls=CAR, colour="red").text == "QH6688"
    assert decide(both, cls=CAR, colour="white").text is None


def test_a_plate_on_one_line_is_no_motorcycles_old_one() -> None:
    tall, wide = (
        [said("36A12345", ONE, DOTTED, shape=shape), said("36A12345", TWO, shape=shape)] for shape in (0.5, 1.2)
    )
    assert decide(tall, cls=MOTORCYCLE).text is None
    assert decide(wide, cls=MOTORCYCLE).kind == "car"


def test_the_margins_that_are_handed_in_are_those_that_judge() -> None:
    once = [plate_vote("36A12345", sure=0.99)]
    assert count(once, cls=CAR).text == "36A12345"
    assert count(once, cls=CAR, margins=PlateVoteMargins(win=0.8)).text is None
    assert decide(once, cls=CAR, margins=PlateVoteMargins(nothing=3.0)).text is None
    misread = plate_vote("3OA12345")  # an O where only digits stand
    assert (
        spellings(misread, "car", margins=PlateSpellingMargins(forbidden=0.1))[0][1] < spellings(misread, "car")[0][1]
    )


@pytest.mark.parametrize(
    "margins",
    [PlateViewMargins(), PlateReadMargins(), PlateLayoutMargins(), PlateSpellingMargins(), PlateVoteMargins()],
    ids=lambda m: type(m).__name__,
)
def test_every_number_of_the_plates_says_its_unit_reason_and_source(margins: object) -> None:
    assert all(m.unit and m.why and m.source for m in explained(margins))
