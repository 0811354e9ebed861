"""Where the time goes: parts of a program that name what they are at, and somebody who may be counting.

A part is given a `Stopwatch` and does its work in `with stopwatch.stage("tracking"):`. Outside a measurement that is
`UNTIMED`, which does nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Protocol


class Stopwatch(Protocol):
    """Somebody who may be counting."""

    def stage(self, name: str) -> AbstractContextManager[None]:
        """What is done inside is told as `name`; a stage within a stage counts as the inner one alone."""
        ...


class _Untimed:
    def __init__(self) -> None:
        self._nothing = nullcontext()

    def stage(self, name: str) -> AbstractContextManager[None]:
        return self._nothing


UNTIMED: Stopwatch = _Untimed()
"""Counts nothing."""


@dataclass
class Spent:
    """On one stage by all threads, stages within it left out. `cpu_s`: of the threads that were in it."""

    calls: int = 0
    wall_s: float = 0.0
    cpu_s: float = 0.0


class StageWatch:
    """Adds up wall and CPU time by stage; any number of threads may be in stages at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spent: dict[str, Spent] = {}
        self._open = threading.local()

    @property
    def spent(self) -> Mapping[str, Spent]:
        """By stage, those that are still going on left out."""
        with self._lock:
            return {name: Spent(s.calls, s.wall_s, s.cpu_s) for name, s in self._spent.items()}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        stack: list[list[float]] = self._open.__dict__.setdefault("stack", [])
        inner = [0.0, 0.0]
        stack.append(inner)
        wall_s, cpu_s = time.perf_counter(), time.thread_time()
        try:
            yield
        finally:
            wall_s, cpu_s = time.perf_counter() - wall_s, time.thread_time() - cpu_s
            stack.pop()
            if stack:
                stack[-1][0] += wall_s
                stack[-1][1] += cpu_s
            with self._lock:
                spent = self._spent.setdefault(name, Spent())
                spent.calls += 1
                spent.wall_s += wall_s - inner[0]
                spent.cpu_s += cpu_s - inner[1]
