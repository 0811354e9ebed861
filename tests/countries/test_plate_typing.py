"""What people type as a plate: no letter is lost in silence, and no plate becomes another one."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countries.vn.plate_forms import PROVINCES, SECOND_LETTER, SERIES_20, SPECIAL_SERIES
from countries.vn.plates import (
    format_plate,
    normalise,
    parse,
    plausible,
    understand,
)


@pytest.mark.parametrize(
    ("typed", "keys", "meant"),
    [
        ("36-Â 123.45", "Â → AA, A6?", ["36-AA 123.45", "36-A6 123.45"]),
        ("36-â 123.45", "Â → AA, A6?", ["36-AA 123.45", "36-A6 123.45"]),
        ("36-Á 123.45", "Á → AS, A1?", ["36-AS 123.45", "36-A1 123.45"]),
        ("36-Ã 123.45", "Ã → AX, A4?", ["36-AX 123.45", "36-A4 123.45"]),
        ("36-À 123.45", "À → AF, A2?", ["36-AF 123.45", "36-A2 123.45"]),
        ("36-Ê 123.45", "Ê → EE, E6?", ["36-EE 123.45", "36-E6 123.45"]),
        ("36-Ú 123.45", "Ú → US, U1?", ["36-US 123.45", "36-U1 123.45"]),
        ("36-Ỵ 123.45", "Ỵ → Y5?", ["36-Y5 123.45"]),
        ("36-Ư 123.45", "Ư → U7?", ["36-U7 123.45"]),
        ("36-Đ 123.45", "Đ → DD, D, D9?", ["36-DD 123.45", "36D-123.45", "36-D9 123.45"]),
        ("36-đ 123.45", "Đ → DD, D, D9?", ["36-DD 123.45", "36D-123.45", "36-D9 123.45"]),
        ("29TĐ1234", "Đ → D, D9?", ["29TĐ-1234", "29TĐ-912.34"]),
        ("36Ạ", "Ạ → A5?", []),
    ],
)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_what_a_vietnamese_keyboard_made_is_refused_with_the_plates_that_may_be_meant(
    typed: str, keys: str, meant: list[str], form: str
) -> None:
    found = understand(unicodedata.normalize(form, typed))  # type: ignore[arg-type]
    assert (found.problem, found.keyboard) == ("letter", True)
    assert [str(lost) for lost in found.lost] == [keys]
    assert list(found.suggestions) == meant
    assert not plausible(typed)
    assert not parse(typed).known
    assert all(understand(plate).whole for plate in meant)


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("51-MĐ 123.45", "51MD12345"),
        ("51MĐ-123.45", "51MD12345"),
        ("51Mđ 123.45", "51MD12345"),
        ("29-mđ1 123.45", "29MD112345"),
        ("29MĐ112345", "29MD112345"),
        ("29TĐ-123.45", "29TD12345"),
        ("29TÐ-123.45", "29TD12345"),  # the Icelandic letter looks the same
        ("36А-123.45", "36A12345"),
        ("36а-123.45", "36A12345"),
        ("36Α-123.45", "36A12345"),
        ("３６Ａ－１２３．４５", "36A12345"),
        ("㊱Ⓐ①②③④⑤", "36A12345"),
        ("36🅐-123.45", "36A12345"),
        ("𝟑𝟔𝐀-𝟏𝟐𝟑.𝟒𝟓", "36A12345"),
        ("٣٦A-١٢٣.٤٥", "36A12345"),
        ("3️⃣6️⃣A-123.45", "36A12345"),
        ("\u200e36A\u00a0123\u200b.45\ufeff", "36A12345"),
    ],
)
def test_what_looks_like_a_plate_is_that_plate(typed: str, text: str) -> None:
    assert understand(typed).whole
    assert normalise(typed) == text


@pytest.mark.parametrize(
    ("typed", "lost"),
    [
        ("36ν-123.45", "ν"),  # a v that is an N
        ("36Я-123.45", "Я"),
        ("36ß-123.45", "ß"),
        ("36Ł-123.45", "Ł"),
        ("36Ä-123.45", "Ä"),
        ("36A-1*3.45", "*"),
        ("36A-123.4_", "_"),
        ("36A-123.4?", "?"),
        ("36A-12…45", "⋯"),
        ("36🚗-123.45", "🚗"),
        ("ກຂ 1234", "ກ"),
    ],
)
def test_what_stands_on_no_plate_is_refused_by_name(typed: str, lost: str) -> None:
    found = understand(typed)
    assert (found.problem, found.keyboard) == ("letter", False)
    assert found.lost[0].char == lost
    assert not plausible(typed)


@pytest.mark.parametrize("typed", ["36A-123.4", "36A-12.34", "36a 123,4", "36A0.12", "29-H1 123.4.", "36A-12..45"])
def test_a_dot_in_the_wrong_place_is_a_missing_digit(typed: str) -> None:
    assert understand(typed).problem == "digit"
    assert not plausible(typed)


@pytest.mark.parametrize(
    "typed",
    ["36A-123.45", "36A.123.45", "36A 1234", "36A.1234", "29-H1.123.45", "T80-235.88", "T36-123.456", "80-441-NG-02"],
)
def test_dots_and_dashes_where_people_put_them_are_taken(typed: str) -> None:
    assert understand(typed).whole
    assert parse(typed).known


provinces = st.sampled_from(sorted(PROVINCES))
five = st.integers(1, 99999).map(lambda n: f"{n:05}")
four = st.integers(1, 9999).map(lambda n: f"{n:04}")
letters = st.sampled_from(SERIES_20)
plates = st.one_of(
    st.builds("{}{}{}".format, provinces, letters, five | four),
    st.builds("{}{}{}{}".format, provinces, letters, st.sampled_from(SECOND_LETTER), five | four),
    st.builds("{}{}{}{}".format, provinces, letters, st.integers(1, 9), five | four),
    st.builds("{}{}{}".format, provinces, st.sampled_from(SPECIAL_SERIES), five | four),
    st.builds("{}MD{}{}".format, provinces, st.integers(1, 9), five),
    st.builds("{}{:03}{}{:02}".format, provinces, st.integers(1, 999), st.sampled_from(["NG", "QT"]),
              st.integers(1, 99)),
    st.builds("T{}{}".format, provinces, five),
    st.builds("{}{}".format, st.sampled_from(["AA", "AD", "TM", "QH", "KA"]), four),
)  # fmt: skip

_TONES = {"S": "\u0301", "F": "\u0300", "R": "\u0309", "X": "\u0303", "J": "\u0323",
          "1": "\u0301", "2": "\u0300", "3": "\u0309", "4": "\u0303", "5": "\u0323"}  # fmt: skip
_TELEX_SHAPES = {"AA": "Â", "EE": "Ê", "OO": "Ô", "AW": "Ă", "OW": "Ơ", "UW": "Ư", "DD": "Đ"}
_VNI_SHAPES = {"A6": "Â", "E6": "Ê", "O6": "Ô", "A8": "Ă", "O7": "Ơ", "U7": "Ư", "D9": "Đ"}


def on_keyboard(plate: str, way: str) -> str:
    """What a Vietnamese keyboard makes of these keys: a tone lands on the last vowel of the word, a new one replaces
    the old one, a shape on the letter that takes it. Keys that take a mark back again (a key twice, 0) are left out:
    what they leave is plain letters, which nobody can tell from what was meant."""
    shapes, tones = (_TELEX_SHAPES, "SFRXJ") if way == "telex" else (_VNI_SHAPES, "12345")
    word: list[str] = []
    done = ""
    for key in plate:
        if not key.isalnum():
            done, word = done + "".join(word) + key, []
            continue
        shaped = next((i for i in reversed(range(len(word))) if word[i] + key in shapes), None)
        vowel = next(
            (i for i in reversed(range(len(word))) if unicodedata.normalize("NFD", word[i])[0] in "AEIOUY"), None
        )
        if shaped is not None:
            word[shaped] = shapes[word[shaped] + key]
        elif key in tones and vowel is not None:
            parts = unicodedata.normalize("NFD", word[vowel])
            kept = "".join(c for c in parts if c not in _TONES.values())
            word[vowel] = unicodedata.normalize("NFC", kept + _TONES[key])
        else:
            word.append(key)
    return done + "".join(word)


@settings(max_examples=600, deadline=None)
@given(plates, st.sampled_from(["telex", "vni"]), st.booleans(), st.booleans(), st.sampled_from(["NFC", "NFD"]))
def test_whatever_a_vietnamese_keyboard_makes_of_a_plate_it_is_that_plate_or_refused(
    plate: str, way: str, spelled: bool, small: bool, form: str
) -> None:
    keys = format_plate(plate).replace("Đ", "D") if spelled else plate
    typed = on_keyboard(keys, way)
    typed = unicodedata.normalize(form, typed.lower() if small else typed)  # type: ignore[arg-type]
    found = understand(typed)
    if found.whole:
        if spelled and "MD9" in keys and way == "vni":
            return  # printed MĐ9: the bar takes one 9, and MĐ 123.45 is a plate with the bar as printed
        assert found.text == plate
    else:
        assert not plausible(typed)
        assert not parse(typed).known


@given(plates)
def test_the_official_spelling_is_always_understood(plate: str) -> None:
    for cls in (None, "car", "motorcycle"):
        assert understand(format_plate(plate, vehicle_class=cls)).text == plate


@settings(max_examples=300)
@given(plates, st.integers(0, 8), st.characters(exclude_categories=["Cs"]))
def test_a_strange_character_in_a_plate_gives_that_very_plate_or_none(plate: str, place: int, char: str) -> None:
    """Put in place of a character, whatever it is never makes a shorter plate."""
    place = min(place, len(plate) - 1)
    typed = plate[:place] + char + plate[place + 1 :]
    found = understand(typed)
    if found.whole and len(found.text) < len(plate):
        assert unicodedata.category(char)[0] in "ZPC", "a letter, a digit or a sign was dropped"
