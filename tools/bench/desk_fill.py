"""A centre with as many cases as a province has in a year, made up in bulk, for `giaolo bench desk` and tests of plans.

Rows are written past the services (COPY on PostgreSQL), so their logs do not verify: nothing here is evidence.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from central.desk.unit import recount_figures
from central.desk.worklist import recount
from central.notices import tally
from central.store.case_tables import CaseEventRow, CaseRow, CounterRow, NoticeRow, NumberBookRow
from central.store.db import Database
from central.store.packet_tables import PacketRow
from evidence.acts import ActCode

PLACES = 100
EVENTS_A_CASE = 4
# of 1000 cases: what waits at a unit that keeps up, the rest decided; as in the measurement of 2026-11-25
_STATES = (("new", 18), ("in_review", 2), ("confirmed", 2), ("notice_prepared", 3), ("issued", 5), ("published", 370),
           ("rejected", 600))  # fmt: skip
_CONTESTED_ONE_IN = 1000
_ROWS_AT_ONCE = 10_000
_WAITS = ("new", "in_review", "confirmed", "notice_prepared", "issued")
_DETECTED_AFTER, _SENT_AFTER = timedelta(seconds=8), timedelta(days=2)
_HASH = "0" * 64
_LOG_FROM = 1 << 40
"""Above the log numbers of packets that come in through the services."""
_PACKET = (
    "id packet_id node_id sequence previous digest container_sha256 size manifest seal chain_state occurred_at"
    " received_at log_index"
)
_CASE = (
    "id number packet_id node_id camera_id place unit act_suspected act occurred_at detected_at flags vehicle_class"
    " kind plate_machine plate_machine_confidence plate_colour_machine plate plate_colour status version events_head"
    " events_count contests_unread second_state rejected_reason"
)
_EVENT = "case_id sequence at actor action before after note previous hash"
_NOTICE = "case_id year number content prepared_by prepared_at issued_by issued_at published_at"
_MANIFEST = json.dumps({"made_up": "x" * 2000})


def fill(database: Database, cases: int, *, node: str, now: datetime, seed: int = 1) -> None:
    """Add `cases` cases of the last year, the open ones of its last days. `node` must be registered."""
    rng = np.random.default_rng(seed)
    with database.write() as session, _quickly(session):
        for first in range(1, cases + 1, _ROWS_AT_ONCE):
            _chunk(session, range(first, min(first + _ROWS_AT_ONCE, cases + 1)), node, now, rng)
    with database.write() as session:
        session.execute(insert(CounterRow).values(name="case", value=cases))
        for year in (now.year - 1, now.year, now.year + 1):  # notices that are issued later follow the made-up ones
            session.execute(insert(NumberBookRow).values(unit_code="root", series="notice", year=year, value=cases))
        recount(session)
        recount_figures(session)
        tally.recount(session)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


_FILLED = "packets", "cases", "case_events", "notices"
_INDEXES = """
SELECT i.indexname, i.indexdef FROM pg_indexes i JOIN pg_class c ON c.oid = to_regclass(quote_ident(i.indexname))
WHERE i.tablename = ANY(:tables) AND i.schemaname = current_schema()
AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = c.oid)
"""


@contextlib.contextmanager
def _quickly(session: Session) -> Iterator[None]:
    """A million rows in minutes: indexes are made at the end, and so is what triggers count or look up a row."""
    if session.get_bind().dialect.name != "postgresql":
        yield
        return
    if session.scalar(text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")):
        session.execute(text("SET LOCAL session_replication_role = replica"))  # checks no foreign keys either
    else:
        session.execute(text("ALTER TABLE cases DISABLE TRIGGER USER"))
    indexes = session.execute(text(_INDEXES), {"tables": list(_FILLED)}).all()
    for name, _ in indexes:
        session.execute(text(f'DROP INDEX "{name}"'))
    yield
    session.execute(text("SET LOCAL maintenance_work_mem = '256MB'"))
    for _, made_by in indexes:
        session.connection().exec_driver_sql(made_by)
    session.execute(text("ALTER TABLE cases ENABLE TRIGGER USER"))


def _chunk(session: Session, numbers: range, node: str, now: datetime, rng: np.random.Generator) -> None:
    names, weights = zip(*_STATES, strict=True)
    acts = [a.value for a in ActCode]
    size = len(numbers)
    states = rng.choice(len(names), size=size, p=np.array(weights) / sum(weights)).tolist()
    ages, places, kinds, plates = (
        rng.random(size).tolist(), rng.integers(1, PLACES + 1, size).tolist(),
        rng.integers(len(acts), size=size).tolist(), rng.integers(10_000, 99_999, size).tolist(),
    )  # fmt: skip
    packets: list[tuple[Any, ...]] = []
    cases: list[tuple[Any, ...]] = []
    events: list[tuple[Any, ...]] = []
    notices: list[tuple[Any, ...]] = []
    for number, state, age, place, kind, digits in zip(numbers, states, ages, places, kinds, plates, strict=True):
        status, act, plate = names[state], acts[kind], f"36A{digits}"
        at = now - timedelta(seconds=3600 + age * 86_400 * (12 if status in _WAITS else 365))
        case_id, packet_id, digest = f"{number:08x}-ca5e", f"{number:08x}-9ac2", f"{number:064x}"
        packet = (packet_id, packet_id, node, number, None, digest, digest, 1_000_000, _MANIFEST, "{}", "ok", at, at)
        packets.append((*packet, _LOG_FROM + number))
        contested = number % _CONTESTED_ONE_IN == 0
        cases.append(
            (
                case_id, number, packet_id, node, "cam-1", f"Ngã tư số {place}, phường Hạc Thành, tỉnh Thanh Hóa", "",
                act, act, at, at + _DETECTED_AFTER, ["plate_unsure"] if number % 3 == 0 else [], "car", "car", plate,
                0.9, "white", plate, "white", status, 1, _HASH, EVENTS_A_CASE, int(contested and status == "issued"),
                "done", "lamp_unclear" if status == "rejected" else None,
            )
        )  # fmt: skip
        for n in range(EVENTS_A_CASE):
            action = "contest" if contested and n == EVENTS_A_CASE - 1 else "view"
            events.append((case_id, n + 1, at, "bench", action, {}, {}, "", None, _HASH))
        if status in ("issued", "published"):
            sent = at + _SENT_AFTER
            notices.append(
                (case_id, sent.year, number, {}, "bench", sent, "bench", sent, sent if status == "published" else None)
            )
    _write(session, PacketRow, _PACKET, packets)
    _write(session, CaseRow, _CASE, cases)
    _write(session, CaseEventRow, _EVENT, events)
    _write(session, NoticeRow, _NOTICE, notices)


def _write(session: Session, table: type[Any], columns: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if not rows:
        return
    names = columns.split()
    if session.get_bind().dialect.name != "postgresql":
        session.execute(insert(table), [dict(zip(names, row, strict=True)) for row in rows])
        return
    cursor = session.connection().connection.cursor()
    with cursor.copy(f"COPY {table.__tablename__} ({', '.join(names)}) FROM STDIN") as copy:
        copy.write("".join(["\t".join([v if type(v) is str else _text(v) for v in row]) + "\n" for row in rows]))


def _text(value: Any) -> str:
    """A value as COPY takes it; our own texts have no tabs, line ends or backslashes."""
    if value is None:
        return "\\N"
    if isinstance(value, datetime):
        return value.isoformat()
    return json.dumps(value) if isinstance(value, dict | list) else repr(value)
