"""Which vehicles passed a line, came into an area or stood there and were not reported, and what refused.

It is made of what the rules answered (`edge.rules.refusal`), and of what refuses after them: signs out of hours, acts
told before, a picture that carries none. It judges nothing and is asked by nobody who does.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from edge.road.trajectory import Trajectory
from edge.rules.refusal import Refusal
from edge.signals.history import LampHistory
from edge.types import ActEvent
from evidence.acts import ActCode, LampState, VehicleClass
from zones.schema import Scene

ThingKind = Literal["stop_line", "marking", "lane", "area"]
Box = tuple[float, float, float, float]
Group = tuple[ActCode, str, str]
"""Act, line or area, guard."""

AFTER_THE_RULES = ("sign_not_in_force", "told_before", "picture_held", "main_stream_differs", "traffic_held")


@dataclass(frozen=True)
class NotReported:
    """One vehicle at one line, marking, lane or area. `t_s`: when it passed or began to stand, stream time; `box`:
    where it was then. `lamps`: what the heads showed then, those of the line if it is a line. `refusals`: in the
    order of the list of acts."""

    track: int
    cls: VehicleClass
    kind: ThingKind
    what: str
    t_s: float
    box: Box
    refusals: tuple[tuple[ActCode, Refusal], ...]
    lamps: Mapping[str, LampState]

    def as_dict(self) -> dict[str, Any]:
        """For a JSON line; a number that is none (a way beyond the horizon) is left out."""
        told = [
            {"act": act.value} | {k: _plain(v) for k, v in asdict(each).items() if k != "what"}
            for act, each in self.refusals
        ]
        return {
            "track": self.track,
            "class": self.cls.value,
            "thing": self.kind,
            "what": self.what,
            "t_s": round(self.t_s, 3),
            "box": list(self.box),
            "refused": told,
            "lamps": {head: state.value for head, state in self.lamps.items()},
        }


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 3) if math.isfinite(value) else None
    return value


class WhyNot:
    """The vehicles of one camera that were not reported, as their tracks end.

    Parameters
    ----------
    keep: so many of the newest are kept; older ones are only counted.
    """

    def __init__(self, scene: Scene, *, keep: int = 200) -> None:
        self._scene, self._keep = scene, keep
        self._kinds: dict[str, ThingKind] = {line.id: "stop_line" for line in scene.stop_lines}
        self._kinds |= {marking.id: "marking" for marking in scene.markings if marking.id not in self._kinds}
        self._kinds |= {lane.id: "lane" for lane in scene.lanes if lane.id not in self._kinds}
        self._heads = {
            line.id: [head.id for head in scene.signals if line.id in head.governs] for line in scene.stop_lines
        }
        self._counts: Counter[Group] = Counter()
        self.listed: tuple[NotReported, ...] = ()
        """The newest, oldest first: replaced as a whole, so that another thread may read it."""
        self.total = 0
        """How many there were, listed or not."""

    @property
    def groups(self) -> list[tuple[Group, int]]:
        """How often each guard refused an act at a line or area, most often first."""
        return self._counts.copy().most_common()

    def note(
        self,
        path: Trajectory,
        refusals: Sequence[tuple[ActCode, Refusal]],
        reported: Collection[str],
        lamps: Mapping[str, LampHistory],
    ) -> None:
        """A track has ended. `refusals`: the last answer of each rule about each thing; `reported`: at
        which of them an act of its was told: there it is not listed."""
        at_things: dict[str, list[tuple[ActCode, Refusal]]] = {}
        in_order = list(ActCode)
        for act, refusal in sorted(refusals, key=lambda each: in_order.index(each[0])):
            at_things.setdefault(refusal.what, []).append((act, refusal))
        for what, told in at_things.items():
            if what in reported:
                continue
            t_s = min(refusal.t_s for _, refusal in told)
            at = int(np.searchsorted(path.t_s, t_s).clip(0, len(path.t_s) - 1))
            x1, y1, x2, y2 = (round(float(v), 1) for v in path.observations[at].box)  # as it was seen
            self._add(
                NotReported(
                    path.track_id, path.cls, self._kinds.get(what, "area"), what, t_s, (x1, y1, x2, y2), tuple(told),
                    self._lamps(what, t_s, lamps),
                )
            )  # fmt: skip

    def held(self, event: ActEvent, lamps: Mapping[str, LampHistory], guard: str = "picture_held") -> None:
        """An act was found and not told for the picture's sake, or for another that holds all acts."""
        what = str(next((event.reasons[kind] for kind in ("stop_line", "marking", "lane", "area")
                         if kind in event.reasons), ""))  # fmt: skip
        refusal = Refusal(guard, event.t_s, what=what)
        self._add(
            NotReported(
                event.track_id, event.vehicle.cls, self._kinds.get(what, "area"), what, event.t_s, event.vehicle.box,
                ((event.act, refusal),), self._lamps(what, event.t_s, lamps),
            )
        )  # fmt: skip

    def _add(self, one: NotReported) -> None:
        self.total += 1
        self._counts.update((act, one.what, refusal.guard) for act, refusal in one.refusals)
        self.listed = (*self.listed, one)[-self._keep :]

    def _lamps(self, what: str, t_s: float, lamps: Mapping[str, LampHistory]) -> dict[str, LampState]:
        return {head: lamps[head].at(t_s) for head in self._heads.get(what, lamps) if head in lamps}
