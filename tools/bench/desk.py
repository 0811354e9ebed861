"""`giaolo bench desk`: what the pages of the desk cost with many cases stored, measured where the server answers."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import click
from sqlalchemy import select

from central.cases.lifecycle import Status
from central.centre import Centre, open_centre, utc_now
from central.config import parse_config
from central.desk import actions
from central.desk.worklist import status_counts
from central.store.case_tables import CaseRow
from central.units.tree import EVERYWHERE
from central.users import open_session
from central.web.app import create_app
from central.web.site import FORM_COOKIE, Site
from evidence.acts import ActCode
from tools.bench.browser import Answer, Browser
from tools.bench.desk_decisions import Decision, decisions
from tools.bench.desk_stock import HEAD, OTHER, stock
from tools.bench.own_postgres import own_postgres
from tools.demo.site import DEMO_OFFICE

LIMIT_MS = 50.0
"""Of the queue and of its poll, median of the server's time: ten windows, each polling every 4 s, are 1/8 of a core."""
WARM_UP = 3


@dataclass(frozen=True)
class Call:
    """A page as somebody asks for it. `before` runs ahead of each call and is not measured."""

    name: str
    path: str
    query: str = ""
    status: int = 200
    form: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    before: Callable[[], None] | None = None
    limit_ms: float | None = None


@dataclass(frozen=True)
class Measured:
    """Milliseconds of a call; CPU of the web's process (median), and of the database's processes (mean) if known."""

    name: str
    median_ms: float
    max_ms: float
    cpu_ms: float
    database_cpu_ms: float | None
    kib: float
    limit_ms: float | None


@click.command()
@click.option(
    "--cases", "n", type=click.IntRange(200, 10_000_000), default=100_000, show_default=True, help="Số vụ. / Cases."
)
@click.option("--calls", type=click.IntRange(1, 10_000), default=20, show_default=True, help="Số lần. / Calls a page.")
@click.option(
    "--database", "url", default="",
    help="URL cơ sở dữ liệu trống; mặc định PostgreSQL riêng. / An empty database; by default a PostgreSQL of our own.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="JSON")
def desk(n: int, calls: int, url: str, as_json: bool) -> None:
    """Trang của cán bộ. / The desk's pages with many cases: the server's milliseconds a page, beside their limits."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="giaolo-bench-")))
        cpu_s: Callable[[], float | None] = lambda: None  # noqa: E731
        if not url:
            server = stack.enter_context(own_postgres())
            url, cpu_s = server.database("bench"), server.cpu_s
        centre = stack.enter_context(_centre(folder, url))
        began = time.perf_counter()
        case_id, to_decide = stock(centre, n, calls + WARM_UP)
        filled_s = time.perf_counter() - began
        measured = asyncio.run(_measure(centre, case_id, calls, cpu_s))
        with centre.db.read() as session:
            counts = status_counts(session, scope=EVERYWHERE)
        decided = asyncio.run(_decided(centre, to_decide))
        result = {
            "database": centre.db.dialect,
            "cases": sum(counts.values()),
            "open": counts[Status.NEW] + counts[Status.IN_REVIEW],
            "calls": calls,
            "filled_s": round(filled_s, 1),
            "load": round(os.getloadavg()[0], 1),
            "cores": os.cpu_count(),
            "pages": [{k: round(v, 2) if isinstance(v, float) else v for k, v in vars(m).items()} for m in measured],
            "decisions": [vars(d) for d in decided],
        }
    if as_json:
        click.echo(json.dumps(result))
        return
    click.echo(
        f"{result['database']}: {result['cases']} cases, {result['open']} open, filled in {filled_s:.0f} s;"
        f" {calls} calls a page; load {result['load']} on {result['cores']} cores"
    )
    click.echo(
        f"{'page':34s} {'median ms':>9s} {'max ms':>9s} {'CPU web':>9s} {'CPU db':>9s} {'KiB':>7s} {'limit':>7s}"
    )
    for m in measured:
        database = f"{m.database_cpu_ms:9.1f}" if m.database_cpu_ms is not None else f"{'-':>9s}"
        line = f"{m.name:34s} {m.median_ms:9.1f} {m.max_ms:9.1f} {m.cpu_ms:9.1f} {database} {m.kib:7.1f}"
        if m.limit_ms is not None:
            line += f" {m.limit_ms:7.1f}  {'ok' if m.median_ms <= m.limit_ms else 'NOT MET'}"
        click.echo(line)
    click.echo(
        f"{'decision':34s} {'median ms':>9s} {'locked':>9s} {'CPU web':>9s} {'drawing':>9s} {'':7s} {'limit':>7s}"
    )
    for d in decided:
        verdict = "ok" if d.good else f"NOT MET, {d.inside} drawings in a transaction" if d.inside else "NOT MET"
        line = f"{d.name:34s} {d.median_ms:9.1f} {d.locked_ms:9.1f} {d.cpu_ms:9.1f} {d.drawn_ms:9.1f}"
        click.echo(f"{line} {'':7s} {d.limit_ms:7.1f}  {verdict}")


@contextlib.contextmanager
def _centre(folder: Path, url: str) -> Iterator[Centre]:
    config = parse_config(
        {"schema_version": 1, "data_dir": "centre", "database_url": url, "second_reader": False, "office": DEMO_OFFICE},
        base=folder,
        where="bench",
    )
    centre = open_centre(config)
    try:
        with centre.db.read() as session:
            if session.scalar(select(CaseRow.id).limit(1)):
                raise click.ClickException("the database holds cases: made-up ones do not belong beside them")
        yield centre
    finally:
        centre.db.dispose()


async def _measure(centre: Centre, case_id: str, calls: int, cpu_s: Callable[[], float | None]) -> list[Measured]:
    app = create_app(centre)
    site: Site = app.state.site
    with centre.db.write() as session:
        signed = open_session(session, HEAD, now=utc_now(), lifetime=timedelta(hours=12))
    officer = Browser(app, {site.session_cookie: signed.token or ""})
    owner = Browser(app, {site.cookie_name(FORM_COOKIE): "bench"})
    measured = []
    async for who, call in _calls(centre, case_id, officer, owner, site):
        for _ in range(WARM_UP):
            await _once(who, call)
        spent, cpu, before = [], [], cpu_s()
        for _ in range(calls):
            took, used, answer = await _once(who, call)
            spent.append(took)
            cpu.append(used)
        after = cpu_s()
        database = 1000 * (after - before) / calls if after is not None and before is not None else None
        measured.append(
            Measured(
                call.name, 1000 * statistics.median(spent), 1000 * max(spent), 1000 * statistics.median(cpu), database,
                len(answer.body) / 1024, call.limit_ms,
            )
        )  # fmt: skip
    return measured


async def _decided(centre: Centre, cases: list[str]) -> list[Decision]:
    """The first ones load what drawing needs, and are left out."""
    app = create_app(centre)
    site: Site = app.state.site
    asks = []
    for person in (OTHER, HEAD):
        with centre.db.write() as session:
            signed = open_session(session, person, now=utc_now(), lifetime=timedelta(hours=12))
        asks.append(Browser(app, {site.session_cookie: signed.token or ""}).ask)
    await decisions(centre, cases[:WARM_UP], *asks)
    return await decisions(centre, cases[WARM_UP:], *asks)


async def _once(who: Browser, call: Call) -> tuple[float, float, Answer]:
    """Seconds, CPU seconds of this process, answer."""
    if call.before is not None:
        call.before()
    began, used = time.perf_counter(), time.process_time()
    answer = await who.ask(call.path, call.query, form=call.form, **call.headers)
    took, used = time.perf_counter() - began, time.process_time() - used
    if answer.status != call.status:
        raise click.ClickException(f"{call.name}: answered with {answer.status} instead of {call.status}")
    return took, used, answer


async def _calls(
    centre: Centre, case_id: str, officer: Browser, owner: Browser, site: Site
) -> AsyncIterator[tuple[Browser, Call]]:
    with centre.db.read() as session:
        place = session.scalars(select(CaseRow.place).where(CaseRow.number == 1)).one()
        told = session.scalars(
            select(CaseRow.plate).where(CaseRow.status == Status.PUBLISHED.value, CaseRow.plate.is_not(None)).limit(1)
        ).one()
        assert told is not None
        first = session.scalars(
            select(CaseRow.id).where(CaseRow.status == Status.NEW.value)
            .order_by(CaseRow.occurred_at, CaseRow.number).limit(1)
        ).one()  # fmt: skip
    yield officer, Call("queue", "/desk", limit_ms=LIMIT_MS)
    found = re.search(r'data-url="([^"?]+)\?([^"]+)"', (await officer.ask("/desk")).body.decode())
    if found is None:
        raise click.ClickException("the queue does not say what to poll")
    path, query = found[1], found[2].replace("&amp;", "&")
    tag = (await officer.ask(path, query)).headers["etag"]
    yield officer, Call("poll, unchanged", path, query, status=304, headers={"if_none_match": tag}, limit_ms=LIMIT_MS)
    turn = _Turn(centre, first)
    yield officer, Call("poll, changed", path, query, before=turn, limit_ms=LIMIT_MS)
    act, part = f"act={ActCode.RED_LIGHT.value}", f"plate={told[:5]}"
    yield officer, Call("queue by act", "/desk", act)
    yield officer, Call("queue by place", "/desk", f"place={quote(place)}")
    yield officer, Call("queue by a part of a plate", "/desk", part)
    yield officer, Call("all by a part of a plate", "/desk", f"state=all&{part}")
    yield officer, Call("all by a whole plate", "/desk", f"state=all&plate={told}")
    for state in ("all", "overdue", "issued"):
        yield officer, Call(state, "/desk", f"state={state}")
    yield officer, Call("unit", "/desk/unit")
    yield officer, Call("contests", "/desk/contests")
    yield officer, Call("approve", "/desk/approve")
    yield officer, Call("one case", f"/desk/cases/{case_id}")
    asked = {"plate": told, "colour": "white", "kind": "car", "csrf": site.form_token("bench")}
    yield owner, Call("owner's look-up", "/look-up", form=asked)


@dataclass
class _Turn:
    """Somebody takes the queue's first case, or gives it back: a line of every window has changed."""

    centre: Centre
    case_id: str
    held: bool = False

    def __call__(self) -> None:
        with self.centre.db.write() as session:
            if self.held:
                actions.release(session, self.case_id, OTHER, now=utc_now())
            else:
                actions.claim(session, self.case_id, OTHER, now=utc_now(), lease=self.centre.claim_lease)
        self.held = not self.held
