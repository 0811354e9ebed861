"""How long things are kept, chosen by a day: `retention.yaml` beside this file, each rule with its reference."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from countries.keeping import KeepRule, Kept
from countries.vn.deadlines import months_after
from countries.vn.law.figures import FOLDER, Dated

_FILE = "retention.yaml"


class _Entry(Dated):
    of: Kept
    length: int = Field(ge=1)
    count: Literal["days", "months", "years"]
    by: Literal["law", "unit"]
    reference: str = Field(min_length=1)


class _Book(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    schema_version: Literal[1]
    rules: list[_Entry]


def rules(day: date) -> tuple[KeepRule, ...]:
    """Those in force on a day; before the first day of the data there are none, and nothing goes."""
    return tuple(KeepRule(e.of, e.length, e.count, e.by, e.reference) for e in _read() if e.holds(day))


def until(rule: KeepRule, since: date) -> date:
    """Last day, inclusive: so many days, months or years after `since`, which is not counted."""
    if rule.count == "months":
        return months_after(since, rule.length)
    if rule.count == "years":
        return months_after(since, 12 * rule.length)
    return since + timedelta(days=rule.length)


@cache
def _read() -> tuple[_Entry, ...]:
    text = (resources.files(FOLDER) / _FILE).read_text(encoding="utf-8")
    return tuple(_Book.model_validate(yaml.safe_load(text)).rules)
