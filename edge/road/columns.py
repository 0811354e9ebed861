"""The layout of the table of measurements: which column holds what. Writer and reader ask it by name.

A scene's drawn things decide the columns; one layout is made of them, for measuring and for reading alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zones.schema import Scene

Floats = NDArray[np.float64]
Kind = Literal["seen", "line", "stripe", "lane", "junction", "approach", "exit", "area"]


class Thing(NamedTuple):
    """What a group of columns is about: something drawn in the scene, by its id, or the observation itself (`seen`).

    `part`: which stripe of a double line.
    """

    kind: Kind
    id: str = ""
    part: int = 0


TIME, BOX, CONTACT, HELD = (Thing("seen", name) for name in ("time", "box", "contact", "held"))
JUNCTION = Thing("junction")
_SEEN: Mapping[Thing, Sequence[str]] = {
    TIME: ("t_s",), BOX: ("x1", "y1", "x2", "y2"), CONTACT: ("x", "y"), HELD: ("by_another",),
}  # fmt: skip
_LINE = ("rear_px", "front_px", "within", "farthest_px", "nearest_px", "rear_m", "farthest_m", "nearest_m")
_STRIPE = ("least", "positive", "within")
_LANE = ("inside", "progress_px")
_AREA = ("inside",)


class Columns:
    """Things with their quantities, each of which has a column. `len` is the width of a table.

    Raises `ValueError` if a thing comes twice.
    """

    def __init__(self, groups: Iterable[tuple[Thing, Sequence[str]]]) -> None:
        self.groups = tuple((thing, tuple(names)) for thing, names in groups)
        self._at: dict[Thing, dict[str, int]] = {}
        width = 0
        for thing, names in self.groups:
            if thing in self._at or len(set(names)) < len(names):
                raise ValueError(f"{thing} twice in one table")
            self._at[thing] = {name: width + i for i, name in enumerate(names)}
            width += len(names)
        self._width = width

    @classmethod
    def of(cls, scene: Scene, stripes: Mapping[str, int]) -> Columns:
        """Those of a scene. `stripes`: how many each marking that is measured has."""
        groups = [*_SEEN.items()]
        groups += [(Thing("line", line.id), _LINE) for line in scene.stop_lines]
        groups += [(Thing("stripe", id, part), _STRIPE) for id, count in stripes.items() for part in range(count)]
        groups += [(Thing("lane", lane.id), _LANE) for lane in scene.lanes]
        groups += [(JUNCTION, _AREA)]
        groups += [(Thing("approach", approach.id), _AREA) for approach in scene.approaches]
        groups += [(Thing("exit", out.id), _AREA) for out in scene.exits]
        groups += [(Thing("area", area.id), _AREA) for area in scene.areas]
        return cls(groups)

    def __len__(self) -> int:
        return self._width

    def at(self, thing: Thing) -> Mapping[str, int]:
        """The columns of a thing by quantity. Raises `KeyError` for one that is not in the table."""
        return self._at[thing]

    def span(self, thing: Thing) -> slice:
        """All columns of a thing, in the order of its quantities."""
        at = self._at[thing].values()
        return slice(min(at), max(at) + 1)


class Sheet:
    """Rows to be filled by name: `table` is `[N, len(columns)]`, NaN where nothing was put."""

    def __init__(self, columns: Columns, rows: int) -> None:
        self._columns = columns
        self.table: Floats = np.full((rows, len(columns)), np.nan)

    def put(self, thing: Thing, **values: NDArray[np.float64] | NDArray[np.bool_]) -> None:
        """Quantities of a thing, `[N]` each; truth is written as 1 and 0. Raises `KeyError` for an unknown name."""
        at = self._columns.at(thing)
        for name, column in values.items():
            self.table[:, at[name]] = column
