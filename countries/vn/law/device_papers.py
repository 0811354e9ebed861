"""Papers of a device, chosen by a day: `device_papers.yaml` beside this file, each with its reference."""

from __future__ import annotations

from datetime import date
from functools import cache
from importlib import resources
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from countries.devices import DeviceSort, NeedKey, PaperKind, PaperNeed
from countries.vn.law.figures import FOLDER, Dated

_FILE = "device_papers.yaml"


class _Need(Dated):
    key: NeedKey
    of: tuple[DeviceSort, ...] = Field(min_length=1)
    any_of: tuple[PaperKind, ...] = Field(min_length=1)
    reference: str = Field(min_length=1)


class _Book(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    schema_version: Literal[1]
    needs: list[_Need]


def needs(sort: DeviceSort, day: date) -> tuple[PaperNeed, ...]:
    """What a device of that sort needed on a day; before the first day of the data what is asked for from then on."""
    asked = [need for need in _read() if sort in need.of]
    judged = max(day, min(need.from_ for need in asked))
    return tuple(PaperNeed(need.key, need.any_of, need.reference) for need in asked if need.holds(judged))


def changes() -> tuple[date, ...]:
    """The days from which something else is asked for, in order."""
    return tuple(sorted({need.from_ for need in _read()}))


@cache
def _read() -> tuple[_Need, ...]:
    text = (resources.files(FOLDER) / _FILE).read_text(encoding="utf-8")
    return tuple(_Book.model_validate(yaml.safe_load(text)).needs)
