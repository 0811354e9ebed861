"""`giaolo bench lives`: whole lives of cases over years, by a turned clock, through the doors that the pages use."""

from __future__ import annotations

import contextlib
import json
import random
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import click

from central.centre import Centre, open_centre
from central.config import parse_config
from central.intake.nodes import add_node
from countries.here import HERE
from evidence.seal import SigningKey
from tools.bench.batched import Batched
from tools.bench.device_papers import enter_papers
from tools.bench.lives_outcome import FAULTS_SHOWN, Outcome, lines
from tools.bench.lives_packets import Arrivals
from tools.bench.lives_steps import Doors, without_a_door
from tools.bench.lives_town import Town
from tools.bench.lives_towns import live_all, towns_of
from tools.bench.lives_watch import Watch
from tools.bench.lives_years import Years
from tools.bench.packets import NODE
from tools.demo.site import DEMO_OFFICE

BEGINS = date(2025, 1, 2)
"""The first working day of the decree that every act is judged by (NĐ 168/2024)."""
AFTER_YEARS = 3.5
"""The last act may wait a year for its statute, and a decision of then another for its enforcement, corrected once."""


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
@click.option("--town", "at_most", type=click.IntRange(1), default=10_000, show_default=True,
              help="Số vụ mỗi cơ sở dữ liệu. / Cases of one town, each with its own database.")  # fmt: skip
@click.option("--processes", type=click.IntRange(1, 256), default=1, show_default=True,
              help="Số tiến trình. / Towns that are lived at once.")  # fmt: skip
@click.option("--keep", "kept", type=click.Path(dir_okay=False, path_type=Path),
              help="Tệp kết quả để chạy tiếp. / File of the towns that were lived, to go on with.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="JSON")
def lives(
    n: int, years: float, seed: int, url: str, papers: bool, at_most: int, processes: int, kept: Path | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Đời của nhiều vụ. / Whole lives of many cases under a turned clock: terms, ends, counts, what each step costs."""
    towns = towns_of(n, at_most, years=years, seed=seed, database=url, papers=papers)
    if len(towns) > 1 and url not in ("", "postgresql"):
        raise click.ClickException(f"one database holds one town: {n} lives are {len(towns)} towns of {at_most}")
    tell = (lambda _: None) if as_json else (lambda line: click.echo(line, err=True))
    found = live_all(towns, live, processes=processes, kept=kept, tell=tell)
    click.echo(json.dumps(found.figures()) if as_json else "\n".join(lines(found)))
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
    doors = Doors(centre, chance)
    watch = Watch(centre, doors.costs)
    town = Town(centre, doors, Arrivals(centre, key, chance), watch, chance, BEGINS)
    wall, cpu, before = time.perf_counter(), time.process_time(), database_cpu_s()
    assert isinstance(centre.db, Batched)
    try:
        with contextlib.nullcontext() if papers else _drawn_once():
            Years(town).live(n, round(years * 365), round(AFTER_YEARS * 365), tell)
        with centre.db.write() as session:
            states = watch.counts(session)
        after = database_cpu_s()
    finally:
        centre.db.commit()
        centre.db.dispose()
    left = watch.left_over()
    return Outcome(
        database=centre.db.dialect, lives=n, days=watch.nights, states=states,
        terms={code: vars(kept) for code, kept in sorted(watch.kept.items())}, told=watch.told, behind=watch.behind,
        stuck=len(left), mistakes=town.mistakes, audited=watch.audited, refused=dict(town.refused.most_common()),
        no_door=[a.value for a in without_a_door()], faults=watch.faults[:FAULTS_SHOWN], fault_count=len(watch.faults),
        wall_s=round(time.perf_counter() - wall, 1), cpu_s=round(time.process_time() - cpu, 1),
        database_cpu_s=round(after - before, 1) if after is not None else None, costs=doors.costs,
    )  # fmt: skip


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
