"""How numbers and times are written, and the template environment that knows it. Times are Vietnam's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import cache, partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from central.deadlines import VIETNAM
from central.web.i18n import Language

TEMPLATES = Path(__file__).parent / "templates"
_MINUS = "−"


def clock(at: datetime) -> str:
    return f"{at.astimezone(VIETNAM):%H:%M:%S}"


def clock_short(at: datetime) -> str:
    return f"{at.astimezone(VIETNAM):%H:%M}"


def clock_exact(at: datetime) -> str:
    local = at.astimezone(VIETNAM)
    return f"{local:%H:%M:%S}.{local.microsecond // 10000:02d}"


def day(at: datetime) -> str:
    return f"{at.astimezone(VIETNAM):%d/%m/%Y}"


def plain_day(at: date) -> str:
    return f"{at:%d/%m/%Y}"


def stamp(at: datetime) -> str:
    return f"{at.astimezone(VIETNAM):%H:%M %d/%m/%Y}"


def decimal(value: float, digits: int, language: Language) -> str:
    text = f"{value:,.{digits}f}"
    if language == "vi":
        text = text.translate(str.maketrans(",.", ".,"))
    return text.replace("-", _MINUS)


def signed(value: float, digits: int, language: Language) -> str:
    text = decimal(abs(value), digits, language)
    return text if float(f"{value:.{digits}f}") == 0 else (_MINUS if value < 0 else "+") + text


def percent(value: float, language: Language) -> str:
    return f"{decimal(value * 100, 0, language)}%"


def money(value: int, language: Language) -> str:
    return f"{decimal(value, 0, language)} đ"


def size(value: int, language: Language) -> str:
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if value >= scale:
            return f"{decimal(value / scale, 1, language)} {unit}"
    return f"{value} B"


def _digits(show: Callable[[float, int, Language], str], language: Language, value: float, digits: int = 1) -> str:
    """A number filter of one language, with one digit unless the template says otherwise."""
    return show(value, digits, language)


@cache
def environment(language: Language) -> Environment:
    """Everything is escaped; an undefined name is an error, never an empty place."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "clock": clock,
        "clock_short": clock_short,
        "clock_exact": clock_exact,
        "day": day,
        "plain_day": plain_day,
        "stamp": stamp,
        "whole": lambda value: decimal(value, 0, language),
        "decimal": partial(_digits, decimal, language),
        "signed": partial(_digits, signed, language),
        "percent": lambda value: percent(value, language),
        "money": lambda value: money(value, language),
        "bytes": lambda value: size(value, language),
    }
    return made
