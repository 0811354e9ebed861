"""What it costs to confirm a case and to issue its notice, through the same doors as the buttons: CPU of the process,
how much of it goes into pictures and paper, and whether these are made while a write transaction is open."""

from __future__ import annotations

import contextlib
import re
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from unittest import mock

import click
from sqlalchemy import select

from central.centre import Centre
from central.notices import basis
from central.pictures.for_owners import owner_pictures
from central.store.case_tables import CaseRow
from central.store.db import Database
from countries.here import HERE
from evidence.acts import ActCode

CPU_LIMIT_MS = 100.0
"""Of a decision, drawing left out: the queue's own limit of an eighth of a core for ten windows leaves no more."""


@dataclass(frozen=True)
class Decision:
    """Milliseconds, medians over the calls. `cpu_ms`: of this process without drawing; `drawn_ms`: pictures and paper;
    `locked_ms`: the longest time that a write transaction was open. `inside`: drawings made while one was."""

    name: str
    median_ms: float
    cpu_ms: float
    drawn_ms: float
    locked_ms: float
    inside: int
    limit_ms: float = CPU_LIMIT_MS

    @property
    def good(self) -> bool:
        return self.cpu_ms <= self.limit_ms and not self.inside


@dataclass
class Meter:
    """What one call spent, told by the parts that it goes through."""

    drawn_s: float = 0.0
    locked_s: float = 0.0
    inside: int = 0
    _open: int = field(default=0, repr=False)

    def drawing(self, make: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **named: Any) -> Any:
            began = time.thread_time()
            try:
                return make(*args, **named)
            finally:
                self.drawn_s += time.thread_time() - began
                self.inside += self._open

        return timed

    def writing(self, write: Callable[..., Any]) -> Callable[..., Any]:
        @contextlib.contextmanager
        def timed(database: Database) -> Iterator[Any]:
            began = time.perf_counter()
            with write(database) as session:
                self._open += 1
                try:
                    yield session
                finally:
                    self._open -= 1
            self.locked_s = max(self.locked_s, time.perf_counter() - began)

        return timed


@contextlib.contextmanager
def _metered() -> Iterator[Meter]:
    meter, form = Meter(), HERE.notice()
    with (
        mock.patch.object(form, "render", meter.drawing(form.render)),
        mock.patch.object(basis, "owner_pictures", meter.drawing(owner_pictures)),
        mock.patch.object(Database, "write", meter.writing(Database.write)),
    ):
        yield meter


Ask = Callable[..., Any]
"""`Browser.ask`: path, form -> an answer with `status` and `body`."""


async def decisions(centre: Centre, cases: list[str], confirmer: Ask, issuer: Ask) -> list[Decision]:
    """Each case is opened and confirmed by one, issued by the other; all must have a plate that was read."""
    found = []
    for name, how in (("confirm", _confirm), ("issue", _issue)):
        wall, cpu, drawn, locked, inside = [], [], [], [], 0
        for case_id in cases:
            ask = confirmer if name == "confirm" else issuer
            path, form = await how(centre, case_id, ask)
            with _metered() as meter:
                began, used = time.perf_counter(), time.process_time()
                answer = await ask(path, form=form)
                took, spent = time.perf_counter() - began, time.process_time() - used
            if answer.status != 303:
                raise click.ClickException(f"{name}: answered with {answer.status} instead of 303")
            wall.append(took)
            cpu.append(spent - meter.drawn_s)
            drawn.append(meter.drawn_s)
            locked.append(meter.locked_s)
            inside += meter.inside
        wall_ms, cpu_ms, drawn_ms = (round(1000 * statistics.median(v), 2) for v in (wall, cpu, drawn))
        found.append(Decision(name, wall_ms, cpu_ms, drawn_ms, round(1000 * max(locked), 2), inside))
    return found


async def _confirm(centre: Centre, case_id: str, ask: Ask) -> tuple[str, Mapping[str, Any]]:
    """Opening a case takes it."""
    page = f"/desk/cases/{case_id}"
    form = _hidden((await ask(page)).body.decode(), f"{page}/confirm")
    with centre.db.read() as session:
        row = session.scalars(select(CaseRow).where(CaseRow.id == case_id)).one()
    return f"{page}/confirm", {**form, "act": ActCode(row.act).value, "colour": "white", "kind": row.kind}


async def _issue(_centre: Centre, case_id: str, ask: Ask) -> tuple[str, Mapping[str, Any]]:
    page = f"/desk/approve/{case_id}"
    form = _hidden((await ask(page)).body.decode(), f"{page}/issue")
    return f"{page}/issue", {**form, "doubts_read": "yes", "without_owner": "yes"}


def _hidden(html: str, action: str) -> dict[str, list[str]]:
    """What the form of that action sends unseen: a name may come more than once."""
    form = re.search(rf'<form[^>]*action="{re.escape(action)}[^"]*".*?</form>', html, re.S)
    if form is None:
        raise click.ClickException(f"{action}: the page has no such form")
    sent: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[0]):
        sent.setdefault(name, []).append(unescape(value))
    return sent
