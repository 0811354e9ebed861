"""Numbers that judge: each with its unit, the reason for its value and where that comes from.

A rule or a stage keeps its numbers in one frozen dataclass, each field made by `margin`; it is handed to the function
that uses it, never read from a module. What judged an act is named in its packet by `digest`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

from evidence.canonical import canonical_json, sha256_hex
from evidence.errors import GiaoLoError

T = TypeVar("T")


class MarginsError(GiaoLoError):
    """A configuration names a margin that does not exist, or a value that cannot be."""


@dataclass(frozen=True)
class Margin:
    """One number as a person reads it. `source`: who says so (a measurement of ours, a paper, a law, geometry)."""

    name: str
    value: float
    unit: str
    why: str
    source: str


def margin(value: float, unit: str, why: str, *, source: str, least: float = 0.0, most: float = float("inf")) -> Any:
    """A field of a margins dataclass. `least` and `most`: what a configuration may set it to."""
    return field(default=value, metadata={"unit": unit, "why": why, "source": source, "least": least, "most": most})


def figure(unit: str, why: str, *, source: str, least: float = 0.0, most: float = float("inf")) -> Any:
    """A field of a table whose rows each give their own value: as `margin`, without one for all."""
    return field(metadata={"unit": unit, "why": why, "source": source, "least": least, "most": most})


def explained(margins: object) -> Iterator[Margin]:
    """Every number of a margins dataclass, in the order in which it is written."""
    for each in fields(margins):  # type: ignore[arg-type]
        told = each.metadata
        yield Margin(each.name, getattr(margins, each.name), told["unit"], told["why"], told["source"])


def changed(margins: T, values: Mapping[str, float], *, where: str) -> T:
    """`margins` with some of its numbers set by a configuration. Raises `MarginsError`, naming `where`."""
    known = {each.name: each.metadata for each in fields(margins)}  # type: ignore[arg-type]
    counted = {each.name for each in fields(margins) if each.type in ("int", int)}  # type: ignore[arg-type]
    numbers: dict[str, float] = {}
    for name, value in values.items():
        if name not in known:
            raise MarginsError(f"no such margin: {name}", where=where, remedy=f"one of {', '.join(sorted(known))}")
        least, most = known[name]["least"], known[name]["most"]
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise MarginsError(f"{name} is {value!r}", where=where, remedy=f"a number of {least:g} to {most:g}")
        if name in counted and not whole:
            raise MarginsError(f"{name} is {value!r}", where=where, remedy="a whole number: it counts something")
        numbers[name] = int(value) if name in counted else float(value)
    return replace(margins, **numbers)  # type: ignore[type-var]


def digest(stages: Mapping[str, object]) -> str:
    """SHA-256 over the canonical JSON of all numbers, by stage and name: the same numbers, the same digest.

    2 and 2.0 are one number, so all are written as the second.
    """
    told = {stage: {m.name: float(m.value) for m in explained(margins)} for stage, margins in stages.items()}
    return sha256_hex(canonical_json(told))
