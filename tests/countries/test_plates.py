"""The grammar of Vietnamese plates (TT 79/2024/TT-BCA): what is a plate, of which kind, and what stays unknown."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from countries.vn.plate_forms import PROVINCES, SECOND_LETTER, SERIES_11, SERIES_20, SPECIAL_SERIES
from countries.vn.plates import (
    allowed,
    format_plate,
    normalise,
    parse,
    plausible,
    position_alphabets,
    repair,
)
from countries.vn.plates import borne as bears


@pytest.mark.parametrize(
    ("typed", "kind", "formatted"),
    [
        ("36A-123.45", "car", "36A-123.45"),
        ("36a 12345", "car", "36A-123.45"),
        ("30A-1234", "car", "30A-1234"),
        ("36-AA 123.45", "motorcycle", "36-AA 123.45"),
        ("29-H1 123.45", "motorcycle_old", "29-H1 123.45"),
        ("20KT-226.22", "car_special", "20KT-226.22"),
        ("29LD-123.45", "car_special", "29LD-123.45"),
        ("36R-012.34", "car_special", "36R-012.34"),
        ("29-MĐ1 123.45", "motorcycle_old", "29-MĐ1 123.45"),
        ("51-MĐ 123.45", "car_special", "51MĐ-123.45"),
        ("80-441-NG-02", "foreign", "80-441-NG-02"),
        ("29-121-NN-101", "foreign", "29-121-NN-101"),
        ("29-TĐ 1234", "car_special", "29TĐ-1234"),
        ("T80-235.88", "temporary", "T80-235.88"),
        ("T80235888", "temporary", "T80-235.888"),
        ("TM-12-34", "military", "TM-12-34"),
    ],
)
def test_plates_of_the_circular_are_understood_and_written_officially(typed: str, kind: str, formatted: str) -> None:
    found = parse(typed)
    assert (found.kind, found.formatted) == (kind, formatted)


@pytest.mark.parametrize(
    ("typed", "formatted"),
    [("53R50201", "53-R5 0201"), ("53R512345", "53-R5 123.45"), ("50XA5535", "50-XA 5535"), ("51FB4779", "51-FB 4779")],
)
def test_motorcycles_of_before_2010_keep_their_plates(typed: str, formatted: str) -> None:
    found = parse(typed, vehicle_class="motorcycle")
    assert (found.kind, found.formatted) == ("motorcycle_old", formatted)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "nothing"),
        ("36A", "no number"),
        ("13A12345", "13 is no province"),
        ("42A12345", "nor is 42"),
        ("87A12345", "nor 87"),
        ("00A12345", "nor 00"),
        ("36I12345", "series I is not used"),
        ("36J12345", "nor J"),
        ("36O12345", "nor O"),
        ("36Q12345", "nor Q"),
        ("36W12345", "nor W"),
        ("36A00000", "numbers start at 000.01"),
        ("36A012345", "six digits"),
        ("36A12", "two digits"),
        ("36AI12345", "second letter I is not used"),
        ("A3612345", "letters first"),
        ("36A1234S", "a letter among the digits"),
        ("KHONGRO", "words"),
        ("II-12-34", "no unit's letters on a red plate"),
        ("WW-12-34", "nor these"),
        ("0H6688", "nor a digit among them"),
    ],
)
def test_what_is_no_plate_stays_unknown(text: str, why: str) -> None:
    found = parse(text)
    assert (found.kind, found.known, found.formatted) == ("unknown", False, normalise(text)), why


def test_the_provinces_are_the_81_codes_of_the_circular() -> None:
    assert len(PROVINCES) == 81
    assert not {"13", "42", "44", "45", "46", "87", "91", "96"} & set(PROVINCES)
    assert parse("36A12345").province_name == "Thanh Hóa"


@pytest.mark.parametrize("code", [f"{n:02}" for n in range(100)])
def test_a_code_is_known_to_the_grammar_exactly_when_it_has_a_province(code: str) -> None:
    assert parse(f"{code}A12345").known is (code in PROVINCES)


@pytest.mark.parametrize(
    ("text", "options", "kind", "formatted"),
    [
        ("29H11234", {}, "car", "29H-112.34"),
        ("29H11234", {"vehicle_class": "motorcycle"}, "motorcycle_old", "29-H1 1234"),
        ("29H11234", {"lines": ("29H1", "1234")}, "motorcycle_old", "29-H1 1234"),
        ("29H11234", {"lines": ("29H", "11234")}, "car", "29H-112.34"),
        ("29LD12345", {}, "car_special", "29LD-123.45"),
        ("29LD12345", {"vehicle_class": "motorcycle"}, "motorcycle", "29-LD 123.45"),
        ("36A12345", {"colour": "blue"}, "car", "36A-123.45"),
        ("36Z12345", {"colour": "blue"}, "unknown", "36Z12345"),
        ("36A112345", {"colour": "blue"}, "motorcycle_old", "36-A1 123.45"),
        ("36AA12345", {"colour": "blue"}, "unknown", "36AA12345"),
        ("36AA12345", {"colour": "yellow"}, "unknown", "36AA12345"),
        ("36A12345", {"colour": "yellow"}, "car", "36A-123.45"),
        ("36A12345", {"colour": "red"}, "unknown", "36A12345"),
        ("TM1234", {"colour": "red"}, "military", "TM-12-34"),
        ("TM1234", {"colour": "white"}, "unknown", "TM1234"),
        ("36A02345", {"vehicle_class": "motorcycle"}, "unknown", "36A02345"),
        ("36AA12345", {"vehicle_class": "truck"}, "unknown", "36AA12345"),
        ("36A12345", {"lines": ("99X", "99999")}, "car", "36A-123.45"),
    ],
)
def test_class_colour_and_lines_decide_between_readings(
    text: str, options: dict[str, object], kind: str, formatted: str
) -> None:
    found = parse(text, **options)  # type: ignore[arg-type]
    assert (found.kind, found.formatted) == (kind, formatted)


@pytest.mark.parametrize(
    ("plate", "kind", "borne", "why"),
    [
        ("36A-123.45", "car", True, "an ordinary plate"),
        ("36A-123.45", "special", True, "nothing says that no special vehicle bears it"),
        ("36A-1234", "motorcycle", False, "four wheels"),
        ("36CD-123.45", "special", True, "xe máy chuyên dùng"),
        ("36CD-123.45", "car", False, "another article of the decree, and no points"),
        ("36-CD 123.45", "motorcycle", True, "the letters are an ordinary series of motorcycles too"),
        ("36RM-123.45", "car", False, "a trailer"),
        ("36RM-123.45", "special", False, "a trailer"),
        ("36R-123.45", "car", False, "a trailer's old plate"),
        ("36-R1 2345", "motorcycle", True, "a motorcycle of before 2010"),
        ("20KT-226.22", "car", True, "an enterprise of the military"),
        ("36HC-123.45", "car", True, "four wheels, of limited scope"),
        ("36QQ1", "car", False, "no plate"),
    ],
)
def test_a_series_of_one_kind_of_vehicle_is_borne_by_no_other(plate: str, kind: str, borne: bool, why: str) -> None:
    assert bears(plate, kind) is borne, why


def test_a_text_with_two_meanings_says_so() -> None:
    found = parse("29H11234")
    assert found.ambiguous
    assert [a.formatted for a in found.alternatives] == ["29-H1 1234"]
    assert not parse("36A02345").ambiguous


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("36A-123.45", "36A12345"),
        (" 36a\t123 45\n", "36A12345"),
        ("29-MĐ1 234.56", "29MD123456"),
        ("29-mđ1 234.56", "29MD123456"),
        ("３６Ａ１２３４５", "36A12345"),
        ("36A·123•45", "36A12345"),
        ("36А12345", "36A12345"),  # a Cyrillic A looks the same
        ("36-Â 123.45", "36Â12345"),  # what would be lost stays, and the text is no plate
        ("\0\ud800", ""),
    ],
)
def test_normalising_keeps_letters_and_digits_only(typed: str, text: str) -> None:
    assert normalise(typed) == text


provinces = st.sampled_from(sorted(PROVINCES))
numbers = st.integers(1, 99999).map(lambda n: f"{n:05}")
short_numbers = st.integers(1, 9999).map(lambda n: f"{n:04}")
letters = st.sampled_from(SERIES_20)
plates = st.one_of(
    st.builds("{}{}{}".format, provinces, letters, st.one_of(numbers, short_numbers)),
    st.builds("{}{}{}{}".format, provinces, letters, st.sampled_from(SECOND_LETTER), numbers),
    st.builds("{}{}{}{}".format, provinces, letters, st.integers(1, 9), st.one_of(numbers, short_numbers)),
    st.builds("{}{}{}".format, provinces, st.sampled_from(SPECIAL_SERIES), st.one_of(numbers, short_numbers)),
    st.builds("{}{:03}{}{:02}".format, provinces, st.integers(1, 999), st.sampled_from(["NG", "QT", "CV", "NN"]),
              st.integers(1, 99)),
    st.builds("T{}{}".format, provinces, numbers),
)  # fmt: skip
classes = st.sampled_from([None, "car", "motorcycle", "bus", "truck"])
colours = st.sampled_from([None, "white", "yellow", "blue", "unknown"])


@given(plates, classes, colours)
def test_what_is_formatted_parses_to_the_same_plate(text: str, vehicle_class: str | None, colour: str | None) -> None:
    found = parse(text, vehicle_class=vehicle_class, colour=colour)
    again = parse(found.formatted, vehicle_class=vehicle_class, colour=colour)
    assert again == found
    assert normalise(found.formatted) == text
    assert format_plate(text, vehicle_class=vehicle_class, colour=colour) == found.formatted


@given(plates)
def test_a_plate_is_built_of_its_parts(text: str) -> None:
    found = parse(text)
    assert found.known
    assert found.text.endswith(found.number)
    assert found.series in found.text
    assert found.province in PROVINCES


@given(st.text(max_size=30))
def test_no_text_breaks_the_grammar(text: str) -> None:
    found = parse(text)
    assert found.text == normalise(text)
    assert normalise(found.formatted) == found.text
    repair(text)


@pytest.mark.parametrize(
    ("read", "options", "best"),
    [
        ("36A12345", {}, "36A12345"),
        ("36A1234S", {}, "36A12345"),
        ("3GA12345", {}, "36A12345"),
        ("36412345", {}, "36A12345"),
        ("36812345", {}, "36B12345"),
        ("Z9H1I2345", {"vehicle_class": "motorcycle"}, "29H112345"),
        ("T36I2345", {}, "T3612345"),
    ],
)
def test_look_alikes_are_exchanged_only_where_the_place_forbids_what_was_read(
    read: str, options: dict[str, str], best: str
) -> None:
    found = repair(read, **options)  # type: ignore[arg-type]
    assert found[0][0] == best
    assert all(read[place] == was and text[place] == now for text, changes in found for place, was, now in changes)


@pytest.mark.parametrize("read", ["", "XXXXXXXX", "36A1234", "SSSSSSSS", "36A12C45"])
def test_a_text_too_far_from_any_plate_is_not_repaired(read: str) -> None:
    assert all(changes == () for _, changes in repair(read))
    if not parse(read).known:
        assert repair(read) == []


@given(plates)
def test_a_plate_needs_no_repair(text: str) -> None:
    assume(parse(text).kind in ("car", "car_special", "motorcycle", "motorcycle_old"))
    assert repair(text)[0] == (text, ())


@given(plates, st.integers(0, 7), st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
def test_a_repair_is_a_plate_and_names_every_character_that_it_changed(text: str, place: int, char: str) -> None:
    read = text[:place] + char + text[place + 1 :]
    for candidate, changes in repair(read):
        assert parse(candidate).known
        assert 0 <= len(changes) <= 3
        rebuilt = list(read)
        for position, was, now in changes:
            assert rebuilt[position] == was
            rebuilt[position] = now
        assert "".join(rebuilt) == candidate


def test_positions_know_their_characters() -> None:
    assert allowed(2, 8, "car", lines=1) >= set(SERIES_20)
    assert allowed(2, 9, "motorcycle", lines=2) >= set(SERIES_20)
    assert not allowed(0, 8, "car") & set(SERIES_20)
    assert allowed(0, 3) == frozenset()
    assert position_alphabets(9, "motorcycle", lines=1) == []  # motorcycle plates have two lines
    assert position_alphabets(6, "car") == position_alphabets(6, "car", colour="white")
    assert len(position_alphabets(6, "car", colour="red")) == len(position_alphabets(6, "car")) + 1


@given(plates, classes)
def test_every_plate_fits_a_template_of_its_length(text: str, vehicle_class: str | None) -> None:
    found = parse(text, vehicle_class=vehicle_class)
    assume(found.kind in ("car", "car_special", "motorcycle", "motorcycle_old"))
    templates = position_alphabets(len(text), vehicle_class)
    assert any(all(c in place for c, place in zip(text, t, strict=True)) for t in templates)


def test_blue_plates_use_eleven_letters() -> None:
    assert {s for s in SERIES_20 if parse(f"36{s}12345", colour="blue").known} == set(SERIES_11)


@pytest.mark.parametrize(
    ("typed", "may_be"),
    [("36A-123.45", True), ("TM 12-34", True), ("XYZ 123", True), ("", False), ("36", False), ("bị che", False),
     ("biển số", False), ("36A-123.45 36A-123.45", False)],
)  # fmt: skip
def test_what_a_person_types_may_be_a_plate_of_a_form_that_is_not_listed(typed: str, may_be: bool) -> None:
    assert plausible(typed) is may_be
