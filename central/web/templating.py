"""The template environment of a language, which knows how numbers and times are written."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from central.words import formats
from countries.here import HERE
from countries.law import Language

TEMPLATES = Path(__file__).parent / "templates"


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
        "clock": formats.clock,
        "clock_short": formats.clock_short,
        "clock_exact": formats.clock_exact,
        "day": formats.day,
        "plain_day": formats.plain_day,
        "short_day": formats.short_day,
        "stamp": formats.stamp,
        "whole": lambda value: formats.decimal(value, 0, language),
        "decimal": partial(_digits, formats.decimal, language),
        "signed": partial(_digits, formats.signed, language),
        "percent": lambda value: formats.percent(value, language),
        "share": lambda value: formats.share(value, language),
        "money": lambda value: formats.money(value, language),
        "bytes": lambda value: formats.size(value, language),
    }
    made.globals["zone"] = HERE.zone.key
    return made
