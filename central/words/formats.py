"""How numbers and times are written. Times are those of the country's clock."""

from __future__ import annotations

from datetime import date, datetime

from common.sizes import size_text
from countries.here import HERE
from countries.law import Language

_MINUS = "−"


def clock(at: datetime) -> str:
    return f"{at.astimezone(HERE.zone):%H:%M:%S}"


def clock_short(at: datetime) -> str:
    return f"{at.astimezone(HERE.zone):%H:%M}"


def clock_exact(at: datetime) -> str:
    local = at.astimezone(HERE.zone)
    return f"{local:%H:%M:%S}.{local.microsecond // 10000:02d}"


def day(at: datetime) -> str:
    return f"{at.astimezone(HERE.zone):%d/%m/%Y}"


def plain_day(at: date) -> str:
    return f"{at:%d/%m/%Y}"


def short_day(at: date) -> str:
    return f"{at:%d/%m}"


def stamp(at: datetime) -> str:
    return f"{at.astimezone(HERE.zone):%H:%M %d/%m/%Y}"


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


def share(value: float, language: Language) -> str:
    """A part of the whole that may be small: two digits count."""
    digits = 0 if value >= 0.1 or value == 0 else 1 if value >= 0.01 else 2
    return f"{decimal(value * 100, digits, language)}%"


def money(value: int, language: Language) -> str:
    return f"{decimal(value, 0, language)} {HERE.currency}"


def size(value: int, language: Language) -> str:
    return size_text(value, comma=language == "vi")
