"""Figures of the law, chosen by a day: `figures.yaml` beside this file, each with its unit and its reference."""

from __future__ import annotations

from datetime import date
from functools import cache
from importlib import resources
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from countries.law import LawError

FOLDER = "countries.vn.law"
_FILE = "figures.yaml"


class Dated(BaseModel):
    """What holds from one day to another, both inclusive; `to` None: still in force."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    from_: date = Field(alias="from")
    to: date | None

    def holds(self, day: date) -> bool:
        return self.from_ <= day and (self.to is None or day <= self.to)


class Figure(Dated):
    """One number of the law. `reference`: where it stands."""

    key: str = Field(min_length=1)
    value: int | float
    unit: str = Field(min_length=1)
    reference: str = Field(min_length=1)


class _Book(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    schema_version: Literal[1]
    figures: list[Figure]


def all_figures() -> tuple[Figure, ...]:
    return tuple(figure for dated in _by_key().values() for figure in dated)


def figure(key: str, day: date) -> Figure:
    """The figure in force on a day; before its first day the first one. Raises `LawError` for one that is not there."""
    dated = _by_key().get(key)
    if not dated:
        raise LawError(f"there is no figure {key}", where=_FILE, remedy="add it with its reference")
    return next((each for each in dated if each.holds(day)), dated[0])


def whole(key: str, day: date) -> int:
    """A figure that counts days, years, times or đồng."""
    return int(figure(key, day).value)


@cache
def _by_key() -> dict[str, tuple[Figure, ...]]:
    text = (resources.files(FOLDER) / _FILE).read_text(encoding="utf-8")
    found: dict[str, tuple[Figure, ...]] = {}
    for each in _Book.model_validate(yaml.safe_load(text)).figures:
        found[each.key] = (*found.get(each.key, ()), each)
    return {key: tuple(sorted(dated, key=lambda each: each.from_)) for key, dated in found.items()}
