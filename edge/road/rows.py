"""The table of one track: what was measured of it, a row an observation, and what of that says yes or no."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.road.columns import BOX, CONTACT, HELD, JUNCTION, TIME, Kind, Thing
from edge.road.hidden_wheels import HiddenWheels
from edge.road.measuring import SceneGeometry
from edge.road.trajectory import LaneRun, LineRun, StripeRun
from edge.tracks.track import Observation

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
_FIRST_ROWS = 64


class Places:
    """Where the layout of a scene keeps what, looked up once: numbers by their column in the table, what says yes or no
    by its row in `Rows.truths`. `truths` `[B]`: the columns of these in the table."""

    def __init__(self, geometry: SceneGeometry) -> None:
        at, span = geometry.columns.at, geometry.columns.span
        self._rows: dict[int, int] = {}
        self.t_s = at(TIME)["t_s"]
        self.box, self.contact = span(BOX), span(CONTACT)
        self.lines = {line.id: self._placed(at(Thing("line", line.id))) for line in geometry.lines}
        self.stripes = {
            m.id: [self._placed(at(Thing("stripe", m.id, part))) for part in range(len(drawn))]
            for m, drawn in geometry.markings
        }
        self.lanes = {lane.id: self._placed(at(Thing("lane", lane.id))) for lane, _ in geometry.lanes}
        self.exit_columns = {name: at(Thing("exit", name))["inside"] for name in geometry.exits}
        self.area_columns = {name: at(Thing("area", name))["inside"] for name in geometry.areas}

        def inside(kind: Kind, names: Iterable[str]) -> dict[str, int]:
            return {name: self._truth(at(Thing(kind, name))["inside"]) for name in names}

        self.approaches = inside("approach", geometry.approaches)
        self.exits, self.areas = inside("exit", geometry.exits), inside("area", geometry.areas)
        self.held, self.junction = self._truth(at(HELD)["by_another"]), self._truth(at(JUNCTION)["inside"])
        self.truths = np.array(list(self._rows), np.intp)

    def _truth(self, column: int) -> int:
        return self._rows.setdefault(column, len(self._rows))

    def _placed(self, at: Mapping[str, int]) -> Mapping[str, int]:
        """What says yes or no of a thing by its row among the truths."""
        return {name: self._truth(column) if name in ("within", "inside") else column for name, column in at.items()}


@dataclass
class Rows:
    """What was measured of one track: a table with one row an observation, grown by doubling."""

    places: Places
    wheels: HiddenWheels
    observations: list[Observation] = field(default_factory=list)
    exits: set[str] = field(default_factory=set)
    buffer: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    yes: Bools = field(default_factory=lambda: np.zeros((0, 0), np.bool_))
    first: int = 0
    settled: dict[Any, Any] = field(default_factory=dict)
    """See `Trajectory.settled`."""
    forgotten: bool = False
    """See `Trajectory.forgotten`."""
    began_in: frozenset[str] = frozenset()
    """See `Trajectory.began_in`."""

    @property
    def table(self) -> Floats:
        return self.buffer[self.first : self.first + len(self.observations)]

    @property
    def truths(self) -> Bools:
        """`[B, N]`: every rule asks them at every look, so that they are told apart from the numbers as a row comes."""
        return self.yes[:, self.first : self.first + len(self.observations)]

    def before(self, t_s: float, way_s: float) -> Floats:
        """The contact `[2]` of `way_s` before a time, or the first; NaN without any."""
        table = self.table
        if not len(table):
            return np.full(2, np.nan)
        times = table[:, self.places.t_s]
        at = max(0, int(np.searchsorted(times, t_s - way_s, side="right")) - 1)
        contact: Floats = table[at, self.places.contact]
        return contact

    def append(self, o: Observation, row: Floats) -> None:
        end = self.first + len(self.observations)
        if end >= len(self.buffer):
            table, truths = self.table.copy(), self.truths.copy()
            self.buffer = np.zeros((max(_FIRST_ROWS, 2 * len(table)), len(row)))
            self.yes = np.zeros((len(self.places.truths), len(self.buffer)), np.bool_)
            self.first, end = 0, len(table)
            if end:
                self.buffer[:end], self.yes[:, :end] = table, truths
        self.buffer[end] = row
        self.yes[:, end] = row[self.places.truths] > 0
        self.observations.append(o)

    def forget_before(self, frame: int) -> None:
        drop = next((i for i, o in enumerate(self.observations) if o.frame >= frame), len(self.observations))
        if drop:
            if not self.forgotten:
                truths = self.truths
                self.began_in = frozenset(name for name, at in self.places.areas.items() if truths[at, 0])
            del self.observations[:drop]
            self.first += drop
            self.forgotten = True
            oldest_s = self.observations[0].t_s if self.observations else np.inf
            self.settled = {key: found for key, found in self.settled.items() if key[1] >= oldest_s}


def line_run(table: Floats, truths: Bools, at: Mapping[str, int]) -> LineRun:
    return LineRun(
        rear_px=table[at["rear_px"]],
        front_px=table[at["front_px"]],
        within=truths[at["within"]],
        farthest_px=table[at["farthest_px"]],
        nearest_px=table[at["nearest_px"]],
        rear_m=table[at["rear_m"]],
        farthest_m=table[at["farthest_m"]],
        nearest_m=table[at["nearest_m"]],
    )


def stripe_run(table: Floats, truths: Bools, at: Mapping[str, int]) -> StripeRun:
    return StripeRun(least=table[at["least"]], positive=table[at["positive"]], within=truths[at["within"]])


def lane_run(table: Floats, truths: Bools, at: Mapping[str, int]) -> LaneRun:
    return LaneRun(inside=truths[at["inside"]], progress_px=table[at["progress_px"]])
