"""From blocks to a PDF: Typst sets them by `paper.typ`, tagged (PDF/UA-1), with the fonts beside it and no others.

Everything said is handed over as data, so that nothing of it can be markup. What could still break a page is taken out
here: characters that the typeface has not, letters and marks that turn the direction of a line, stacks of accents,
and words so long that they would run over the margin.
"""

from __future__ import annotations

import json
import re
import struct
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any

import typst

FOLDER = "countries.vn.forms.papers"
FONTS = "countries.vn.forms.fonts"
_FONT = "LiberationSerif-Regular.ttf"

UNKNOWN = "□"
"""Stands for a character that cannot be drawn."""
LONGEST_WORD = 18
"""Letters of a word that is not broken: 18 of the widest fill half a page in 13 pt, and no Vietnamese word has more."""
LONGEST_IN_BOOK = 8
"""Of a word in the narrow columns of a book, set in 9 pt."""
_BREAK = "\u200b"
_TURNING = frozenset({"R", "AL", "AN"})

Block = Mapping[str, Any]


def one_line(value: str) -> str:
    """A value as it stands inside a sentence: composed letters, no line of its own."""
    return " ".join(unicodedata.normalize("NFC", value).split())


def drawable(text: str, longest: int = LONGEST_WORD) -> str:
    """The text with only what can be drawn, each word broken after so many letters. Newlines stay."""
    kept = "".join(_drawn(char) for char in unicodedata.normalize("NFC", text))
    return re.sub(rf"[^\s{_BREAK}]{{{longest}}}(?=[^\s{_BREAK}])", lambda long: long[0] + _BREAK, kept)


def _drawn(char: str) -> str:
    if char == "\n":
        return char
    if char.isspace():
        return " " if char != "\xa0" else char
    category = unicodedata.category(char)
    if category in ("Cc", "Cf") or category.startswith("M"):
        return ""
    if unicodedata.bidirectional(char) in _TURNING or ord(char) not in _letters():
        return UNKNOWN
    return char


def compiled(
    blocks: Sequence[Block], *, title: str, author: str, made_at: datetime, draft: str = "", size: str = "a4",
    landscape: bool = False,
) -> bytes:  # fmt: skip
    """The PDF. The same arguments give the same bytes. `draft`: a mark behind every page. `size`: of the paper."""
    said = {
        "title": title,
        "author": author,
        "draft": draft,
        "size": size,
        "landscape": landscape,
        "blocks": list(blocks),
    }
    folder = resources.files(FOLDER)
    return bytes(
        typst.compile(
            str(folder / "paper.typ"),
            font_paths=[str(resources.files(FONTS))],
            ignore_system_fonts=True,
            format="pdf",
            pdf_standards="ua-1",
            timestamp=int(made_at.timestamp()),
            sys_inputs={"paper": json.dumps(_cleaned(said))},
        )
    )


def _cleaned(tree: Any) -> Any:
    if isinstance(tree, str):
        return drawable(tree)
    if isinstance(tree, Mapping):
        return {key: _cleaned(value) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [_cleaned(each) for each in tree]
    return tree


@cache
def _letters() -> frozenset[int]:
    """Code points that the typeface draws: its table `cmap`, format 4 (OpenType 1.9, Windows Unicode BMP)."""
    font = (resources.files(FONTS) / _FONT).read_bytes()
    tables = {font[at : at + 4]: struct.unpack(">II", font[at + 8 : at + 16]) for at in _records(font)}
    start, length = tables[b"cmap"]
    cmap = font[start : start + length]
    (count,) = struct.unpack(">H", cmap[2:4])
    for record in range(count):
        platform, encoding, offset = struct.unpack(">HHI", cmap[4 + 8 * record : 12 + 8 * record])
        if (platform, encoding) == (3, 1):
            return _format_4(cmap[offset:])
    raise ValueError(f"{_FONT} has no table of Unicode letters")


def _records(font: bytes) -> range:
    (count,) = struct.unpack(">H", font[4:6])
    return range(12, 12 + 16 * count, 16)


def _format_4(table: bytes) -> frozenset[int]:
    (twice,) = struct.unpack(">H", table[6:8])
    numbers = struct.unpack(f">{(len(table) - 14) // 2}H", table[14 : 14 + (len(table) - 14) // 2 * 2])
    count = twice // 2
    ends, starts = numbers[:count], numbers[count + 1 : 2 * count + 1]
    deltas, offsets = numbers[2 * count + 1 : 3 * count + 1], numbers[3 * count + 1 : 4 * count + 1]
    drawn: set[int] = set()
    for i, (first, last, delta, offset) in enumerate(zip(starts, ends, deltas, offsets, strict=True)):
        for code in range(first, min(last, 0xFFFE) + 1):
            # an offset counts bytes from its own place in the list of offsets
            at = 3 * count + 1 + i + offset // 2 + code - first
            glyph = (code + delta) % 0x10000 if offset == 0 else numbers[at] and (numbers[at] + delta) % 0x10000
            if glyph:
                drawn.add(code)
    return frozenset(drawn)
