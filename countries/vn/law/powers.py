"""Up to which fine, and which acts, each office may sanction, by the day on which it signs: `powers.yaml` beside it."""

from __future__ import annotations

from datetime import date
from functools import cache
from importlib import resources
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from countries.law import LawError, Power
from countries.vn.law.figures import FOLDER, Dated

_FILE = "powers.yaml"


class _Entry(Dated):
    post: str = Field(pattern=r"^[a-z_]+$")
    vi: str = Field(min_length=1)
    en: str = Field(min_length=1)
    most: int = Field(gt=0)
    unit: Literal["VND for a person"]
    reference: str = Field(min_length=1)
    acts: tuple[str, ...] = ()
    """The only clauses that it may sanction; empty: all."""
    acts_reference: str = ""


class _Book(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    schema_version: Literal[1]
    powers: list[_Entry]


def posts() -> tuple[str, ...]:
    """The offices that the law gives power to, the lowest first."""
    return tuple(dict.fromkeys(each.post for each in _entries()))


def power(post: str, day: date) -> Power:
    """What an office may sanction on the day on which it signs. Raises `LawError`: no such office, or no data yet."""
    for each in _entries():
        if each.post == post and each.holds(day):
            return Power(each.post, (each.vi, each.en), each.most, each.reference, each.acts, each.acts_reference)
    raise LawError(
        f"no law data for the power of {post} on {day:%d/%m/%Y}", where=_FILE,
        remedy=f"data starts on 15/08/2026; offices: {', '.join(posts())}",
    )  # fmt: skip


@cache
def _entries() -> tuple[_Entry, ...]:
    text = (resources.files(FOLDER) / _FILE).read_text(encoding="utf-8")
    return tuple(_Book.model_validate(yaml.safe_load(text)).powers)
