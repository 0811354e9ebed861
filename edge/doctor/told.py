"""One thing that was tried, in a line: well or not, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from zones.faults import both

Level = Literal["good", "warning", "fault"]
_MARKS: dict[Level, tuple[str, str]] = {
    "good": ("tốt", "good"),
    "warning": ("lưu ý", "note"),
    "fault": ("LỖI", "FAULT"),
}


@dataclass(frozen=True)
class Told:
    """`vi`, `en`: what was found; `do_vi`, `do_en`: what to do about it, "" where nothing is to be done."""

    level: Level
    vi: str
    en: str
    do_vi: str = ""
    do_en: str = ""

    @property
    def line(self) -> str:
        """Both languages, Vietnamese first; never more than one line."""
        mark = both(*_MARKS[self.level])
        remedy = f" -> {both(self.do_vi, self.do_en)}" if self.do_vi else ""
        return " ".join(f"[{mark}] {both(self.vi, self.en)}{remedy}".split())


def good(vi: str, en: str) -> Told:
    return Told("good", vi, en)


def note(vi: str, en: str, do_vi: str, do_en: str) -> Told:
    return Told("warning", vi, en, do_vi, do_en)


def fault(vi: str, en: str, do_vi: str, do_en: str) -> Told:
    return Told("fault", vi, en, do_vi, do_en)
