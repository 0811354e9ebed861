"""`giaolo bench lives`: whole lives of cases over years, by a turned clock, through the doors that the pages use."""

from __future__ import annotations

import contextlib
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import click
import numpy as np

from central.centre import Centre, open_centre
from central.config import parse_config
from central.intake.nodes import add_node
from countries.here import HERE
from evidence.seal import SigningKey
from tools.bench.batched import Batched
from tools.bench.device_papers import enter_papers
from tools.bench.lives_packets import Arrivals
from tools.bench.lives_steps import Doors, without_a_door
from tools.bench.lives_town import Town
from tools.bench.lives_watch import FAULTS_SHOWN, Watch
from tools.bench.lives_years import Years
from tools.bench.own_postgres import own_postgres
from tools.bench.packets import NODE
from tools.demo.site import DEMO_OFFICE

BEGINS = date(2025, 1, 2)
"""The first working day of the decree that every act is judged by (NĐ 168/2024)."""
AFTER_YEARS = 3.5
"""The last act may wait a year for its statute, and a decision of then another for its enforcement, corrected once."""


@dataclass(frozen=True)
class Outcome:
    """What a run showed. `steps`: by name (n, mean and 95 % quantile of milliseconds, wall and CPU of this process)."""

    database: str
    lives: int
    days: int
    states: dict[str, int]
    terms: dict[str, dict[str, int]]
    told: int
    behind: int
    stuck: int
    mistakes: int
    refused: dict[str, int]
    no_door: list[str]
    faults: list[str]
    wall_s: float
    cpu_s: float
    database_cpu_s: float | None
    steps: dict[str, dict[str, float]]

    @property
    def good(self) -> bool:
        return not self.faults and not self.stuck


@click.command()
@click.option(
    "--lives", "n", type=click.IntRange(1, 10_000_000), default=2000, show_default=True, help="Số vụ. / Cases."
)
@click.option("--years", type=click.FloatRange(0.1, 20), default=3.0, show_default=True,
              help="Số năm vụ việc phát sinh. / Years in which they begin.")  # fmt: skip
@click.option("--seed", type=int, default=1, show_default=True, help="Hạt giống. / Seed.")
@click.option(
    "--database", "url", default="",
    help="URL cơ sở dữ liệu trống, hoặc `postgresql`: một PostgreSQL riêng; mặc định SQLite."
    " / An empty database, or `postgresql`: one of our own; SQLite by default.",
)  # fmt: skip
@click.option("--papers", is_flag=True, help="Vẽ mọi giấy tờ. / Draw every paper; else each kind once.")
@click.option("--json", "as_json", is_flag=True, help="JSON")
def lives(n: int, years: float, seed: int, url: str, papers: bool, as_json: bool) -> None:
    """Đời của nhiều vụ. / Whole lives of many cases under a turned clock: terms, ends, counts, what each step costs."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="giaolo-bench-")))
        cpu_s: Callable[[], float | None] = lambda: None  # noqa: E731
        if url == "postgresql":
            server = stack.enter_context(own_postgres())
            url, cpu_s = server.database("bench"), server.cpu_s
        tell = (lambda _: None) if as_json else (lambda line: click.echo(line, err=True))
        found = live(folder, n, years=years, seed=seed, url=url, papers=papers, tell=tell, database_cpu_s=cpu_s)
    click.echo(json.dumps(vars(found)) if as_json else "\n".join(_lines(found)))
    if not found.good:
        raise SystemExit(1)


def live(
    folder: Path, n: int, *, years: float, seed: int, url: str = "", papers: bool = False, tell: Any = lambda _: None,
    database_cpu_s: Any = lambda: None,
) -> Outcome:  # fmt: skip
    """Live `n` lives in a new centre under `folder`; `papers`: draw each one."""
    chance = random.Random(seed)
    key = SigningKey.generate()
    centre = _centre(folder, url, key)
    watch = Watch(centre)
    doors = Doors(centre, chance)
    town = Town(centre, doors, Arrivals(centre, key, chance), watch, chance, BEGINS)
    wall, cpu, before = time.perf_counter(), time.process_time(), database_cpu_s()
    assert isinstance(centre.db, Batched)
    try:
        with contextlib.nullcontext() if papers else _drawn_once():
            Years(town).live(n, round(years * 365), round(AFTER_YEARS * 365), tell)
        with centre.db.read() as session:
            states = watch.counts(session)
        after = database_cpu_s()
    finally:
        centre.db.commit()
        centre.db.dispose()
    left = watch.left_over()
    faults = watch.faults[:FAULTS_SHOWN]
    if len(watch.faults) > FAULTS_SHOWN:
        faults.append(f"and {len(watch.faults) - FAULTS_SHOWN} more")
    return Outcome(
        database=centre.db.dialect, lives=n, days=watch.nights, states=states,
        terms={code: vars(kept) for code, kept in sorted(watch.kept.items())}, told=watch.told, behind=watch.behind,
        stuck=len(left), mistakes=town.mistakes, refused=dict(town.refused.most_common()),
        no_door=[a.value for a in without_a_door()], faults=faults,
        wall_s=round(time.perf_counter() - wall, 1), cpu_s=round(time.process_time() - cpu, 1),
        database_cpu_s=round(after - before, 1) if after is not None else None,
        steps={name: _cost(cost.wall, cost.cpu) for name, cost in sorted(town.costs.items())},
    )  # fmt: skip


def _cost(wall: Any, cpu: Any) -> dict[str, float]:
    return {
        "n": len(wall),
        "wall_ms": round(1000 * float(np.mean(wall)), 2),
        "cpu_ms": round(1000 * float(np.mean(cpu)), 2),
        "wall_p95_ms": round(1000 * float(np.quantile(wall, 0.95)), 2),
        "cpu_p95_ms": round(1000 * float(np.quantile(cpu, 0.95)), 2),
    }  # fmt: skip


def _centre(folder: Path, url: str, key: SigningKey) -> Centre:
    office = {**DEMO_OFFICE, "appear_per_time": 1000}  # else the search for a free hour is what is measured
    config = parse_config(
        {"schema_version": 1, "data_dir": "centre", "database_url": url, "second_reader": False, "office": office},
        base=folder, where="bench",
    )  # fmt: skip
    begins = datetime.combine(BEGINS, datetime.min.time(), UTC)
    centre = open_centre(config, clock=lambda: begins)
    with centre.db.write() as session:
        add_node(session, NODE, key.public, now=begins)
        enter_papers(session, NODE, "cam-1", now=begins - timedelta(days=20))
    return replace(centre, db=Batched(centre.db))


@contextlib.contextmanager
def _drawn_once() -> Iterator[None]:
    """Each kind of paper is drawn the first time that it is needed, and the same one serves all: what drawing costs is
    said by `giaolo bench desk`."""
    form, papers = HERE.notice(), HERE.papers()
    drawn: dict[str, bytes] = {}

    def once(name: str, render: Any, *what: Any) -> bytes:
        if name not in drawn:
            drawn[name] = render(*what)
        return drawn[name]

    notice, paper = form.render, papers.render
    with (
        mock.patch.object(form, "render", lambda *what: once("notice", notice, *what)),
        mock.patch.object(papers, "render", lambda what: once(what.paper, paper, what)),
    ):
        yield


def _lines(found: Outcome) -> Iterator[str]:
    database = f", of the database's processes {found.database_cpu_s:.0f}" if found.database_cpu_s is not None else ""
    spent = f"{found.wall_s:.0f} s, CPU {found.cpu_s:.0f}{database}"
    yield f"{found.database}: {found.lives} lives in {found.days} days; {spent}"
    yield "end: " + ", ".join(f"{state} {n}" for state, n in found.states.items())
    yield f"{'term':20s} {'met':>9s} {'late':>9s} {'latest, days':>13s}"
    for code, kept in found.terms.items():
        yield f"{code:20s} {kept['met']:9d} {kept['late']:9d} {kept['latest']:13d}"
    yield f"over and on a list, term-nights: {found.told}; behind the lines that a page shows: {found.behind}"
    yield f"tried though no page offers it: {found.mistakes}, all refused" if not found.faults else "FAULTS"
    yield f"{'step':20s} {'n':>9s} {'wall ms':>9s} {'p95':>8s} {'CPU ms':>9s} {'p95':>8s}"
    for name, cost in found.steps.items():
        yield (
            f"{name:20s} {cost['n']:9.0f} {cost['wall_ms']:9.2f} {cost['wall_p95_ms']:8.2f} {cost['cpu_ms']:9.2f}"
            f" {cost['cpu_p95_ms']:8.2f}"
        )
    yield "refused: " + ", ".join(f"{what} {n}" for what, n in list(found.refused.items())[:12])
    if found.no_door:
        yield f"steps of the table without a page: {', '.join(found.no_door)}"
    yield f"{'lives that did not end':34s} {found.stuck:9d} {'limit':>7s} 0  {'ok' if not found.stuck else 'NOT MET'}"
    yield f"{'faults':34s} {len(found.faults):9d} {'limit':>7s} 0  {'ok' if not found.faults else 'NOT MET'}"
    yield from found.faults
