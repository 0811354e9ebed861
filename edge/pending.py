"""Findings that wait: what a vehicle does next may take one back, so each is judged once more before it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edge.road.trajectory import Trajectory
from edge.rules.finding import Finding
from edge.rules.refusal import Refusal
from edge.rules.rule import Rule
from edge.rules.shared import SharedMargins
from edge.signals.history import LampHistory
from edge.tracks.track import Track
from evidence.acts import ActCode
from zones.schema import Scene

_Key = tuple[int, ActCode, str]
"""Track, act, and the line or lane: of the same thing a track is accused once."""


@dataclass
class _Waiting:
    """A finding and when it was first made."""

    track: Track
    rule: Rule[Any]
    first_s: float


class PendingFindings:
    """What the rules found on one camera's tracks and has not been told yet.

    Parameters
    ----------
    rules: those of the acts that the scene looks for, with the margins in force.
    measure: the trajectory of a track as far as it is known now; None as long as it cannot be judged.
    """

    def __init__(
        self,
        rules: Sequence[Rule[Any]],
        scene: Scene,
        shared: SharedMargins,
        measure: Callable[[Track], Trajectory | None],
    ) -> None:
        self._rules, self._scene, self._shared, self._measure = tuple(rules), scene, shared, measure
        self._waiting: dict[_Key, _Waiting] = {}
        self._told: set[_Key] = set()
        self._refused: dict[int, dict[tuple[ActCode, str], Refusal]] = {}
        self._set_aside: dict[int, dict[tuple[ActCode, str], Refusal]] = {}

    def judge(self, track: Track, lamps: Mapping[str, LampHistory], now_s: float) -> Trajectory | None:
        """Ask every rule about a track and note what is new. Returns the trajectory that was judged, if there is "
        "one."""
        path = self._measure(track)
        if path is None:
            return None
        for rule in self._rules:
            for finding in self._asked(rule, path, lamps):
                key = (track.id, rule.act, finding.what)
                if key not in self._told and key not in self._waiting:
                    self._waiting[key] = _Waiting(track, rule, now_s)
        return path

    def ripe(
        self, gone: set[int], lamps: Mapping[str, LampHistory], now_s: float
    ) -> Iterator[tuple[Finding, Trajectory]]:
        """Findings whose time has come, or whose track is `gone`, judged once more on all that is known by now."""
        for key, waiting in list(self._waiting.items()):
            if waiting.track.id not in gone and now_s - waiting.first_s < waiting.rule.margins.settle_s:
                continue
            del self._waiting[key]
            path = self._measure(waiting.track)
            if path is None:
                continue
            final = [f for f in self._asked(waiting.rule, path, lamps) if f.what == key[2]]
            if not final:
                continue  # taken back by what the vehicle did next; it may be found again
            self._told.add(key)
            self._set_aside.get(waiting.track.id, {}).pop((key[1], key[2]), None)
            yield final[0], path

    def may_tell_again(self, track_id: int, finding: Finding) -> None:
        """It did not stand yet: what comes of it is told when it does."""
        self._told.discard((track_id, finding.act, finding.what))

    def set_aside(self, track_id: int, finding: Finding, guard: str, t_s: float) -> None:
        """A finding that was ripe is not told after all."""
        aside = self._set_aside.setdefault(track_id, {})
        aside[finding.act, finding.what] = Refusal(guard, t_s, what=finding.what)

    def told(self, track_id: int) -> set[str]:
        """Where acts of a track were told: lines, markings, lanes, areas."""
        aside = self._set_aside.get(track_id, {})
        return {what for track, act, what in self._told if track == track_id and (act, what) not in aside}

    def refused(self, track_id: int) -> list[tuple[ActCode, Refusal]]:
        """The last refusal of each rule about each thing, of what was not told of a track."""
        mine = self._refused.get(track_id, {})
        found = [(act, r) for (act, what), r in mine.items() if (track_id, act, what) not in self._told]
        return [*found, *((act, r) for (act, _), r in self._set_aside.get(track_id, {}).items())]

    def forget(self, track_id: int) -> None:
        """The track has ended and was decided."""
        self._told = {key for key in self._told if key[0] != track_id}
        self._refused.pop(track_id, None)
        self._set_aside.pop(track_id, None)

    def _asked(self, rule: Rule[Any], path: Trajectory, lamps: Mapping[str, LampHistory]) -> list[Finding]:
        found = []
        for answer in rule.judge(path, self._scene, lamps, rule.margins, self._shared):
            if isinstance(answer, Finding):
                found.append(answer)
            else:
                self._refused.setdefault(path.track_id, {})[rule.act, answer.what] = answer
        return found
