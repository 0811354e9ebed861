"""Lengths of the terms that a case runs through, chosen by a day: `terms.yaml` beside this file."""

from __future__ import annotations

from datetime import date
from functools import cache
from importlib import resources
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from countries.law import LawError
from countries.terms import Count, Span
from countries.vn.law.figures import FOLDER, Dated

_FILE = "terms.yaml"


class _Entry(Dated):
    key: str = Field(min_length=1)
    length: int = Field(ge=1)
    count: Count
    runs_for: Literal["owner", "authority"]
    by: Literal["law", "unit"]
    reference: str = Field(min_length=1)


class _Book(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    schema_version: Literal[1]
    terms: list[_Entry]


def span(key: str, day: date) -> Span:
    """How long the term `key` is that begins on `day`; before its first day the first one. Raises `LawError`."""
    dated = _by_key().get(key)
    if not dated:
        raise LawError(f"there is no term {key}", where=_FILE, remedy="add it with its reference")
    found = next((each for each in dated if each.holds(day)), dated[0])
    return Span(found.key, found.length, found.count, found.runs_for, found.by, found.reference)


def all_keys() -> frozenset[str]:
    return frozenset(_by_key())


@cache
def _by_key() -> dict[str, tuple[_Entry, ...]]:
    text = (resources.files(FOLDER) / _FILE).read_text(encoding="utf-8")
    found: dict[str, tuple[_Entry, ...]] = {}
    for each in _Book.model_validate(yaml.safe_load(text)).terms:
        found[each.key] = (*found.get(each.key, ()), each)
    return {key: tuple(sorted(dated, key=lambda each: each.from_)) for key, dated in found.items()}
