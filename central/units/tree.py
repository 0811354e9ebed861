"""The tree of units, and the part of it that somebody sees. Pure.

A centre begins with one unit, `ROOT`, which has all cameras, accounts and cases. Units are never removed, only ended:
their cases stay theirs until somebody hands them over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, get_args

from evidence.errors import GiaoLoError

ROOT = "root"
"""Code of the unit that every centre has."""
Kind = Literal["root", "department", "team", "station", "commune", "other"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""Words: `unit_kind.<code>`."""
LONGEST_CODE, LONGEST_NAME = 40, 200
_CODE = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")


class UnitError(GiaoLoError):
    """A unit cannot be so. `code`, where there is one, is stable for screens (words: `refused.<code>`)."""

    def __init__(self, what: str, *, where: str = "", remedy: str = "", code: str = "", **values: str) -> None:
        self.code, self.values = code, values
        super().__init__(what, where=where, remedy=remedy)


@dataclass(frozen=True)
class Unit:
    """`valid_from`, `valid_to`: first and last day on which it gets cameras, accounts and cases; None: no bound."""

    code: str
    name: str
    kind: Kind
    parent: str | None
    valid_from: date | None = None
    valid_to: date | None = None

    def works_on(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True)
class Scope:
    """The units whose cases somebody sees. `everything`: all that there are, so that lists need no condition."""

    units: frozenset[str]
    everything: bool = False

    def has(self, unit: str) -> bool:
        return self.everything or unit in self.units


ROOT_ALONE = Scope(frozenset({ROOT}))
EVERYWHERE = Scope(frozenset(), everything=True)
"""Of the centre itself: commands of the machine, ingest, figures for monitoring."""


@dataclass(frozen=True)
class Tree:
    """Units by code, checked: one root, every other hangs on one that there is, and none on itself."""

    units: Mapping[str, Unit]
    _children: Mapping[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check(self.units)
        children: dict[str, list[str]] = {}
        for unit in self.units.values():
            if unit.parent is not None:
                children.setdefault(unit.parent, []).append(unit.code)
        object.__setattr__(self, "_children", {code: tuple(sorted(below)) for code, below in children.items()})
        if len(self.below(ROOT)) != len(self.units):
            lost = sorted(set(self.units) - self.below(ROOT))[0]
            raise UnitError(
                "hangs on itself", where=lost, remedy="name a parent that leads to the root", code="unit_circle"
            )

    @classmethod
    def of(cls, units: Iterable[Unit]) -> Tree:
        """Raises `UnitError`."""
        return cls({unit.code: unit for unit in units})

    def below(self, code: str) -> frozenset[str]:
        """The unit and all that hang on it; a code that is not in the tree is alone."""
        found, waiting = {code}, [code]
        while waiting:
            new = [child for child in self._children.get(waiting.pop(), ()) if child not in found]
            found.update(new)
            waiting += new
        return frozenset(found)

    def line(self, code: str) -> tuple[str, ...]:
        """The unit, the one above it, and so on up to the root."""
        found, unit = [], self.units.get(code)
        while unit is not None:
            found.append(unit.code)
            unit = self.units.get(unit.parent) if unit.parent is not None else None
        return tuple(found) or (ROOT,)

    def scope(self, code: str, *, below: bool) -> Scope:
        """What is seen from a unit, with or without those below it."""
        seen = self.below(code) if below else frozenset({code})
        return Scope(seen, everything=seen >= self.units.keys())

    def walk(self) -> Iterable[tuple[int, Unit]]:
        """Every unit with its depth, each behind the one that it hangs on."""
        waiting = [(0, ROOT)]
        while waiting:
            depth, code = waiting.pop()
            yield depth, self.units[code]
            waiting += [(depth + 1, child) for child in reversed(self._children.get(code, ()))]

    def with_(self, changed: Iterable[Unit]) -> Tree:
        """The tree with these added or in place of what they were. Raises `UnitError`."""
        return Tree({**self.units, **{unit.code: unit for unit in changed}})


def _check(units: Mapping[str, Unit]) -> None:
    if ROOT not in units:
        raise UnitError("there is no root", where=ROOT, remedy="the unit above all others has this code")
    for code, unit in units.items():
        if not _CODE.fullmatch(code):
            raise UnitError(
                "is no code of a unit", where=code[:LONGEST_CODE], remedy="1-40 of a-z 0-9 . _ -", code="unit_code"
            )
        if unit.kind not in KINDS or (unit.kind == "root") != (code == ROOT):
            kinds = ", ".join(kind for kind in KINDS if kind != "root")
            raise UnitError(f"{unit.kind[:20]!r} is no kind of unit", where=code, remedy=f"one of {kinds}")
        if len(unit.name) > LONGEST_NAME or not unit.name.isprintable() or (code != ROOT and not unit.name.strip()):
            raise UnitError("has no name, or one that is too long", where=code, remedy="give its name, 200 characters",
                            code="unit_name")  # fmt: skip
        if unit.valid_from is not None and unit.valid_to is not None and unit.valid_to < unit.valid_from:
            raise UnitError("ends before it begins", where=code, remedy="correct its days", code="unit_days")
        if code == ROOT and (unit.parent is not None or unit.valid_to is not None):
            raise UnitError("hangs on another or ends", where=ROOT, remedy="the root does neither")
        if code != ROOT and unit.parent not in units:
            raise UnitError("hangs on no unit that there is", where=code, remedy="name its parent; enter that one too",
                            code="unit_parent")  # fmt: skip
