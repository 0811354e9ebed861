"""`giaolo bench desk`: what the pages of the desk cost with many cases stored, measured where the server answers."""

from __future__ import annotations

import asyncio
import contextlib
import io
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
from typing import Any
from urllib.parse import quote, urlencode

import click
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select, text

from central.cases.lifecycle import Officer, Role, Status
from central.centre import Centre, open_centre, utc_now
from central.config import parse_config
from central.desk import actions
from central.desk.worklist import status_counts
from central.intake.gate import Gate
from central.intake.nodes import add_node
from central.store.case_tables import CaseRow
from central.users import create_user, open_session
from central.web.app import create_app
from central.web.site import FORM_COOKIE, Site
from evidence.acts import ActCode
from evidence.packet import FileRole
from evidence.seal import SigningKey
from tools.bench.desk_fill import fill
from tools.bench.own_postgres import own_postgres
from tools.bench.packets import NODE, PacketMaker
from tools.demo.site import DEMO_OFFICE

LIMIT_MS = 50.0
"""Of the queue and of its poll, median of the server's time: ten windows, each polling every 4 s, are 1/8 of a core."""
WARM_UP = 3
_MANY_NODE = "bench-many"
_HEAD = Officer("bench-head", Role.HEAD, "Trung tá Nguyễn Văn Đo")
_OTHER = Officer("bench-other", Role.OFFICER, "Đại úy Trần Thị Đếm")
_STILL_PX = (1920, 1080)


@dataclass(frozen=True)
class Answer:
    """What the server said; header names in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Browser:
    """Asks the application itself, without a network between: what is timed is the server's work."""

    app: Any
    cookies: Mapping[str, str]
    peers: int = 0

    async def ask(self, path: str, query: str = "", *, form: Mapping[str, str] | None = None, **headers: str) -> Answer:
        body = urlencode(form).encode() if form is not None else b""
        sent = {"host": "127.0.0.1", "cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()), **headers}
        if form is not None:
            sent |= {"content-type": "application/x-www-form-urlencoded", "content-length": str(len(body))}
        # look-ups are rationed by address: each call comes from another one
        self.peers += 1
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http",
            "method": "POST" if form is not None else "GET", "path": path, "raw_path": path.encode(), "root_path": "",
            "query_string": query.encode(), "server": ("127.0.0.1", 80),
            "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in sent.items()],
            "client": (f"10.0.{self.peers // 250}.{self.peers % 250 + 1}", 50000),
        }  # fmt: skip
        said: list[Any] = []
        waiting = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Any:
            return waiting.pop() if waiting else await asyncio.Event().wait()

        async def send(message: Any) -> None:
            said.append(message)

        await self.app(scope, receive, send)
        start = said[0]
        return Answer(
            start["status"],
            {k.decode().lower(): v.decode() for k, v in start["headers"]},
            b"".join(m.get("body", b"") for m in said[1:]),
        )


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
        case_id = _stock(centre, n)
        filled_s = time.perf_counter() - began
        measured = asyncio.run(_measure(centre, case_id, calls, cpu_s))
        with centre.db.read() as session:
            counts = status_counts(session)
        result = {
            "database": centre.db.dialect,
            "cases": sum(counts.values()),
            "open": counts[Status.NEW] + counts[Status.IN_REVIEW],
            "calls": calls,
            "filled_s": round(filled_s, 1),
            "load": round(os.getloadavg()[0], 1),
            "cores": os.cpu_count(),
            "pages": [{k: round(v, 2) if isinstance(v, float) else v for k, v in vars(m).items()} for m in measured],
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


def _stock(centre: Centre, n: int) -> str:
    """`n` made-up cases, and one that came as a box sends it: its id. Only that one can be looked at."""
    key, now = SigningKey.generate(), utc_now()
    with centre.db.write() as session:
        for name, its in ((NODE, key), (_MANY_NODE, SigningKey.generate())):
            add_node(session, name, its.public, now=now)
        for person in (_HEAD, _OTHER):
            create_user(session, person.username, "đo bàn làm việc", role=person.role, full_name=person.full_name,
                        now=now)  # fmt: skip
    fill(centre.db, n, node=_MANY_NODE, now=now)
    if centre.db.dialect == "postgresql":  # as a server that runs for a while has done by itself
        with centre.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM"))
    roles: tuple[FileRole, ...] = ("still_before", "still_on", "still_after")
    stills = dict.fromkeys(roles, _jpeg())
    manifest, data = PacketMaker(key, clip=_clip(), stills=stills, size=_STILL_PX).next()
    outcome = Gate.of(centre).accept(NODE, manifest.packet_id, data)
    if outcome.status != "stored":
        raise click.ClickException(f"the centre did not take the packet: {outcome}")
    with centre.db.read() as session:
        return session.scalars(select(CaseRow.id).where(CaseRow.packet_id == manifest.packet_id)).one()


def _noise(seed: int) -> NDArray[np.uint8]:
    """A picture of the camera's size that packs as badly as a street."""
    import cv2

    coarse = np.random.default_rng(seed).integers(0, 255, (*(v // 8 for v in _STILL_PX[::-1]), 3), dtype=np.uint8)
    return cv2.resize(coarse, _STILL_PX).astype(np.uint8)


def _jpeg() -> bytes:
    import cv2

    return bytes(cv2.imencode(".jpg", _noise(1))[1])


def _clip() -> bytes:
    """A second of video: the page of a case opens it to say how long it is."""
    import av

    made = io.BytesIO()
    with av.open(made, "w", format="mp4") as out:
        stream = out.add_stream("mpeg4", rate=25, width=_STILL_PX[0], height=_STILL_PX[1], pix_fmt="yuv420p")
        for n in range(25):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(_noise(n), format="bgr24")))
        out.mux(stream.encode())
    return made.getvalue()


async def _measure(centre: Centre, case_id: str, calls: int, cpu_s: Callable[[], float | None]) -> list[Measured]:
    app = create_app(centre)
    site: Site = app.state.site
    with centre.db.write() as session:
        signed = open_session(session, _HEAD, now=utc_now(), lifetime=timedelta(hours=12))
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
                actions.release(session, self.case_id, _OTHER, now=utc_now())
            else:
                actions.claim(session, self.case_id, _OTHER, now=utc_now(), lease=self.centre.claim_lease)
        self.held = not self.held
