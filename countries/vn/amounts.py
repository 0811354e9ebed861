"""Numbers and sums as a Vietnamese paper writes them: in figures with dots, and in words.

Words are those of standard spelling: "mốt" and "tư" after twenty, "lăm" after ten, "linh" for an empty place of tens;
each group of three below the highest is read in full ("một triệu không trăm linh năm nghìn").
"""

from __future__ import annotations

_DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_GROUPS = ("", " nghìn", " triệu")
_BILLION = 1_000_000_000
_CURRENCY = "đồng"


def figures(amount: int) -> str:
    """`19000000` -> `19.000.000 đồng`."""
    return f"{amount:,}".replace(",", ".") + f" {_CURRENCY}"


def sum_in_words(amount: int) -> str:
    """`19000000` -> `Mười chín triệu đồng`. Raises `ValueError` for a negative amount."""
    words = in_words(amount)
    return f"{words[0].upper()}{words[1:]} {_CURRENCY}"


def in_words(number: int) -> str:
    """A whole number from nought on. Raises `ValueError` for a negative one."""
    if number < 0:
        raise ValueError("a sum on paper is never negative")
    if number == 0:
        return _DIGITS[0]
    return _read(number, whole=False)


def _read(number: int, *, whole: bool) -> str:
    """`whole`: something stands before it, so that empty places are read too."""
    billions, rest = divmod(number, _BILLION)
    said: list[str] = []
    if billions:
        said.append(_read(billions, whole=whole) + " tỷ")
    for place in (2, 1, 0):
        group = rest // 1000**place % 1000
        if group:
            said.append(_group(group, whole=whole or bool(said)) + _GROUPS[place])
    return " ".join(said)


def _group(number: int, *, whole: bool) -> str:
    """Three places: hundreds, tens, ones."""
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    said = [f"{_DIGITS[hundreds]} trăm"] if hundreds or whole else []
    if tens > 1:
        said.append(f"{_DIGITS[tens]} mươi")
    elif tens == 1:
        said.append("mười")
    elif ones and said:
        said.append("linh")
    if ones:
        said.append(_ones(ones, tens))
    return " ".join(said)


def _ones(ones: int, tens: int) -> str:
    if ones == 5 and tens:
        return "lăm"
    if tens > 1 and ones in (1, 4):
        return "mốt" if ones == 1 else "tư"
    return _DIGITS[ones]
