"""What each kind of step, page and list costs, summed up over a run, in a few numbers however long it is."""

from __future__ import annotations

import math
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")
_WIDTH = math.log(1.05)
"""Of a class of times: quantiles are true to 5 %."""
LOOKS = ("page: ", "list: ", "night: ")
"""What people, and the watch, look at: no step."""


@dataclass
class Spent:
    """Seconds: their sum, and how many fell into each class of length."""

    sum_s: float = 0.0
    classes: Counter[int] = field(default_factory=Counter)

    def add(self, seconds: float) -> None:
        self.sum_s += seconds
        self.classes[round(math.log(max(seconds, 1e-6)) / _WIDTH)] += 1

    def add_all(self, other: Spent) -> None:
        self.sum_s += other.sum_s
        self.classes.update(other.classes)

    @property
    def n(self) -> int:
        return self.classes.total()

    @property
    def mean_ms(self) -> float:
        return round(1000 * self.sum_s / self.n, 2) if self.n else 0.0

    def quantile_ms(self, share: float) -> float:
        left = share * self.n
        for place in sorted(self.classes):
            left -= self.classes[place]
            if left <= 0:
                return round(1000 * math.exp(place * _WIDTH), 2)
        return 0.0

    def plain(self) -> dict[str, Any]:
        return {"sum_s": self.sum_s, "classes": {str(place): n for place, n in self.classes.items()}}

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Spent:
        return cls(plain["sum_s"], Counter({int(place): n for place, n in plain["classes"].items()}))


@dataclass
class Cost:
    """By the clock, and of this process."""

    wall: Spent = field(default_factory=Spent)
    cpu: Spent = field(default_factory=Spent)

    def figures(self) -> dict[str, float]:
        """n, mean and 95 % quantile of milliseconds."""
        return {
            "n": self.wall.n, "wall_ms": self.wall.mean_ms, "cpu_ms": self.cpu.mean_ms,
            "wall_p95_ms": self.wall.quantile_ms(0.95), "cpu_p95_ms": self.cpu.quantile_ms(0.95),
        }  # fmt: skip


@dataclass
class Costs:
    """By name: that of a step, or one of `LOOKS`."""

    of: defaultdict[str, Cost] = field(default_factory=lambda: defaultdict(Cost))

    def timed(self, name: str, door: Callable[[], T]) -> T:
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            return door()
        finally:
            cost = self.of[name]
            cost.wall.add(time.perf_counter() - wall)
            cost.cpu.add(time.process_time() - cpu)

    def add_all(self, other: Costs) -> None:
        for name, cost in other.of.items():
            self.of[name].wall.add_all(cost.wall)
            self.of[name].cpu.add_all(cost.cpu)

    @property
    def step(self) -> Spent:
        """CPU of all steps together."""
        found = Spent()
        for name, cost in self.of.items():
            if not name.startswith(LOOKS):
                found.add_all(cost.cpu)
        return found

    def plain(self) -> dict[str, Any]:
        return {name: {"wall": c.wall.plain(), "cpu": c.cpu.plain()} for name, c in sorted(self.of.items())}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Costs:
        found = cls()
        for name, cost in plain.items():
            found.of[name] = Cost(Spent.of(cost["wall"]), Spent.of(cost["cpu"]))
        return found
