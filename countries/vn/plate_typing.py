"""What a person typed as a plate. No letter is ever dropped: it is kept, or the text is no plate and it is said why.

Vietnamese keyboards are the common accident: Telex makes `Â` of `AA` and `Á` of `AS`, VNI makes `Á` of `A1`, and both
`Đ` of a D. One mark may stand for several plates (36-AS 123.45 or 36-A1 123.45), so marks are never undone in silence:
the text is refused and every plate that the keys may have meant is suggested. `MĐ` and `TĐ` are printed with the bar
and are taken as they stand. Letters of other scripts that look the same in print (Cyrillic, Greek, full-width,
circled, bold) become the Latin ones; what looks like none is refused.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import product

from countries.plates import Lost, Typed
from countries.vn.plate_forms import parse_plain

PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
_SEPARATORS = frozenset("-.,:;/·•∙⋅‧・。−'\"()[]{}«»“”‘’‹›")
"""What may stand between characters and means nothing. `_ * ? # …` may stand for a character that is not known."""
_DROPPED_KINDS = ("Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Pd")
_VARIATION = frozenset("\ufe0e\ufe0f\u20e3")
"""How a digit is drawn (keycaps), not which one it is."""

# Capitals of other scripts drawn as the Latin ones are, and small letters that look like the same letter as their
# capital does. Greek small nu (a v whose capital is an N) and the like are left out: nobody knows which was meant.
_TWINS = dict(
    zip("АВСЕНІЈКМОРԚЅТԜХҮаеіјкмоӏрԛѕԝхү", "ABCEHIJKMOPQSTWXYAEIJKMOIPQSWXY", strict=True)
) | dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαικορχ", "ABEZHIKMNOPTYXAIKOPX", strict=True))  # fmt: skip
_TWINS |= {"Ð": "Đ", "ð": "Đ", "Ɖ": "Đ", "đ": "Đ", "Đ": "Đ"}
_BOXED = re.compile(r"(?:NEGATIVE )?(?:CIRCLED|SQUARED) LATIN CAPITAL LETTER ([A-Z])")

_BAR = "Đ"
# By the marks of a letter: what Telex wants behind the letter for it, then VNI.
_SHAPES = {"\u0302": ("*", "6"), "\u0306": ("W", "8"), "\u031b": ("W", "7")}
_TONES = {"\u0301": ("S", "1"), "\u0300": ("F", "2"), "\u0309": ("R", "3"), "\u0303": ("X", "4"), "\u0323": ("J", "5")}
_ON_NO_PLATE = frozenset("IJOW")
_MOST_MARKS = 3
"""A text with more marked letters is a word, no plate."""
_MISSING_DIGIT = re.compile(r"\d[.,·•](?:\d|(?<!\d{3}.)\d\d)\W*$|[.,·•]{2}")
"""The dot stands between three digits and two: in `123.4` and `12.34` one is missing, or the dot is not the plate's."""
MOST_SUGGESTIONS = 4


def understand(typed: str) -> Typed:
    """What was typed as a plate, whole or part of one; its form is for `countries.vn.plates.parse`."""
    kept = _kept(typed)
    # composed, so that it is understood the same way when it comes back
    text = unicodedata.normalize("NFKC", "".join(c for c in kept if c != " "))
    if all(c in PLAIN for c in text):
        if _MISSING_DIGIT.search(unicodedata.normalize("NFKC", typed)):
            shorter = parse_plain(text)
            return Typed(text, "digit", (), (shorter.formatted,) if shorter.known else ())
        return Typed(text)
    strange = [place for place, char in enumerate(kept) if char not in PLAIN and char != " "]
    unclear = [place for place in strange if not _printed(kept, place)]
    if not unclear:
        return Typed(text.replace(_BAR, "D"))
    options = [_keys(char) if place in strange else (char,) for place, char in enumerate(kept)]
    suggestions, meant = _suggestions(options, strange)
    lost = [_lost(kept[place], options[place], meant.get(place, set())) for place in unclear]
    return Typed(text, "letter", tuple(dict.fromkeys(lost)), suggestions)


def _lost(char: str, keys: tuple[str, ...], meant: set[str]) -> Lost:
    if keys == (char,):
        return Lost(char)
    likely = [key for key in keys if key in meant] or [key for key in keys if not set(key) & _ON_NO_PLATE]
    return Lost(char, tuple(likely), marked=True)


def normalise(text: str) -> str:
    """Upper case, separators left out, the bar of MĐ and TĐ too. A-Z and 0-9 only, unless a letter would be lost:
    then that letter stays as it is, and the text is no plate (`understand` says what to do)."""
    if text.isascii() and text.isalnum():
        return text.upper()
    return understand(text).text


def plausible(text: str) -> bool:
    """Whether a person may have meant a plate: 4 to 12 characters with three digits, of a listed form or not."""
    found = understand(text)
    return found.whole and 4 <= len(found.text) <= 12 and sum(c.isdigit() for c in found.text) >= 3


def _kept(typed: str) -> list[str]:
    """Characters that count, in upper case, each one composed; a space for each run of separators between them."""
    kept: list[str] = []
    for char in unicodedata.normalize("NFKC", typed.replace("…", "⋯")):  # which NFKC would make into three dots
        if char in _VARIATION:
            continue
        if char in _SEPARATORS or unicodedata.category(char) in _DROPPED_KINDS:
            if kept and kept[-1] != " ":
                kept.append(" ")
            continue
        kept.append(_upright(char))
    return kept


def _upright(char: str) -> str:
    """The Latin capital or digit that a character shows; itself where it shows none."""
    if char.isascii():
        return char.upper()
    if char in _TWINS:
        return _TWINS[char]
    if unicodedata.category(char) == "Nd":
        return str(unicodedata.decimal(char))
    if boxed := _BOXED.fullmatch(unicodedata.name(char, "")):
        return boxed[1]
    # only marked letters have a capital that shows the same: a small Greek nu looks like a v
    return char.upper() if _keys(char.upper()) != (char.upper(),) else char


def _keys(char: str) -> tuple[str, ...]:
    """What may have been typed for one marked letter: as Telex does it, then as VNI does; itself where it has none."""
    if char == _BAR:
        return "DD", "D", "D9"
    parts = unicodedata.normalize("NFD", char)
    base, marks = parts[:1], parts[1:]
    if not marks or base not in "AEIOUY" or any(m not in _SHAPES and m not in _TONES for m in marks):
        return (char,)
    telex = vni = base
    for mark in marks:
        more = _SHAPES.get(mark) or _TONES[mark]
        telex += base if more[0] == "*" else more[0]
        vni += more[1]
    return telex, vni


def _printed(kept: list[str], place: int) -> bool:
    """Whether a Đ is that of MĐ or TĐ. In `29TĐ1234` VNI may have eaten a 9 (29TD-912.34): that one is not."""
    if kept[place] != _BAR or place == 0 or kept[place - 1] not in "MT":
        return False
    text = "".join(kept).replace(" ", "").replace(_BAR, "D")
    if not parse_plain(text).known:
        return False
    at = len("".join(kept[:place]).replace(" ", "")) + 1
    apart = place + 1 < len(kept) and kept[place + 1] == " "
    return apart or not parse_plain(f"{text[:at]}9{text[at:]}").known


def _suggestions(options: list[tuple[str, ...]], strange: list[int]) -> tuple[tuple[str, ...], dict[int, set[str]]]:
    """Plates among all that may have been typed, and which keys they came from, by place."""
    meant: dict[int, set[str]] = {}
    found: dict[str, None] = {}
    if len(strange) > _MOST_MARKS:
        return (), meant
    for chosen in product(*options):
        parsed = parse_plain("".join(chosen).replace(" ", ""))
        if parsed.known:
            found.setdefault(parsed.formatted)
            for place in strange:
                meant.setdefault(place, set()).add(chosen[place])
    return tuple(found)[:MOST_SUGGESTIONS], meant
