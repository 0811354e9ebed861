"""Many lives in several towns: each has a database of its own, so that no run grows beyond what a machine holds, and
one that was cut off goes on with the towns that are left."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.bench.lives_outcome import Outcome, read, summed
from tools.bench.own_postgres import own_postgres

Live = Callable[..., Outcome]
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Town:
    """One run. `database`: "" for SQLite in a folder of its own, "postgresql" for a cluster of its own, else a URL."""

    number: int
    lives: int
    years: float
    seed: int
    database: str
    papers: bool

    @property
    def key(self) -> dict[str, Any]:
        """What it is known by in the file of those that were lived."""
        return vars(self) | {"schema": 1}


def towns_of(lives: int, at_most: int, *, years: float, seed: int, database: str, papers: bool) -> list[Town]:
    """As few as hold `at_most` lives each, of one size but for one; each has the dice of its own."""
    n = -(-lives // at_most)
    sizes = [lives // n + (i < lives % n) for i in range(n)]
    return [Town(i, size, years, seed + i, database, papers) for i, size in enumerate(sizes)]


def live_all(towns: list[Town], live: Live, *, processes: int, kept: Path | None, tell: Tell) -> Outcome:
    """Live them, `processes` at once. `kept`: a file that each is written to at its end, and that is read first."""
    known = _known(kept)
    found = [known[key] for town in towns if (key := _name(town)) in known]
    left = [town for town in towns if _name(town) not in known]
    if found:
        tell(f"{len(found)} of {len(towns)} towns were lived before")
    began = time.monotonic()
    for town, outcome in _lived(left, live, processes, tell if len(towns) == 1 or processes == 1 else None):
        found.append(outcome)
        if kept is not None:
            _keep(kept, town, outcome)
        if len(towns) > 1:
            all_of, took = summed(found), time.monotonic() - began
            tell(
                f"{len(found)} of {len(towns)} towns, {all_of.lives} lives, {all_of.costs.step.n} steps of"
                f" {all_of.costs.step.mean_ms:.1f} ms CPU, {all_of.fault_count} faults, {took:.0f} s"
            )
    return summed(found)


def _lived(towns: list[Town], live: Live, processes: int, tell: Tell | None) -> Iterator[tuple[Town, Outcome]]:
    if processes == 1:
        for town in towns:
            yield town, _live(town, live, tell)
        return
    with multiprocessing.get_context("spawn").Pool(processes, maxtasksperchild=1) as pool:
        yield from pool.imap_unordered(_Alone(live), towns)


@dataclass(frozen=True)
class _Alone:
    """A town lived in a process of its own."""

    live: Live

    def __call__(self, town: Town) -> tuple[Town, Outcome]:
        return town, _live(town, self.live, None)


def _live(town: Town, live: Live, tell: Tell | None) -> Outcome:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="giaolo-bench-")))
        url, cpu_s = town.database, None
        if url == "postgresql":
            server = stack.enter_context(own_postgres())
            url, cpu_s = server.database("bench"), server.cpu_s
        return live(
            folder, town.lives, years=town.years, seed=town.seed, url=url, papers=town.papers,
            tell=tell or (lambda _: None), database_cpu_s=cpu_s or (lambda: None),
        )  # fmt: skip


def _name(town: Town) -> str:
    return json.dumps(town.key, sort_keys=True)


def _known(kept: Path | None) -> dict[str, Outcome]:
    if kept is None or not kept.exists():
        return {}
    lines = [json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines() if line.endswith("}")]
    return {json.dumps(line["town"], sort_keys=True): read(line["outcome"]) for line in lines}


def _keep(kept: Path, town: Town, outcome: Outcome) -> None:
    with kept.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"town": town.key, "outcome": outcome.plain()}) + "\n")
        file.flush()
        os.fsync(file.fileno())
