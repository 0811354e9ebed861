"""What a file of this folder says of its act, in one value at its end: `RULE = Rule(...)`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from edge.road.trajectory import Trajectory
from edge.rules.refusal import Answer
from edge.rules.shared import SharedMargins
from edge.signals.history import LampHistory
from evidence.acts import ActCode
from zones.schema import Scene


class ActMargins(Protocol):
    """The margins of one act. How long a finding waits before it is judged once more and told is one of them."""

    @property
    def settle_s(self) -> float: ...


M = TypeVar("M", bound=ActMargins)
M_contra = TypeVar("M_contra", bound=ActMargins, contravariant=True)


class Judge(Protocol[M_contra]):
    """A pure function from one trajectory, the scene and what the lamps showed to what it may have done.

    Where it did not, though it came by, the answer is the guard that refused (`Refusal`).
    """

    def __call__(
        self,
        path: Trajectory,
        scene: Scene,
        lamps: Mapping[str, LampHistory],
        margins: M_contra,
        shared: SharedMargins,
        /,
    ) -> list[Answer]: ...


@dataclass(frozen=True)
class OncePerPlace:
    """Findings with this flag are told once at a place: what stands there may be parked, and its track may break."""

    flag: str
    within_s: Callable[[Any], float]
    """From the act's margins to how long that holds."""


@dataclass(frozen=True)
class Rule(Generic[M]):
    """One act: what judges it, by which margins, and how it stands to other acts and to itself.

    `yields_to`: acts that take this one's place when the vehicle goes on to do them. `judge` takes its finding back
    then, so `settle_s` must leave them the time to show. `once_per_place`: see there.
    """

    act: ActCode
    judge: Judge[M]
    margins: M
    yields_to: tuple[ActCode, ...] = ()
    once_per_place: OncePerPlace | None = None
