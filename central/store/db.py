"""Database access: engine and sessions from a URL. SQLite is the embedded default, PostgreSQL is configuration.

`with db.read() as session` for looking, `with db.write() as session` for changing: the latter commits at its end and
on SQLite takes the write lock at its start, so a transaction never fails halfway because another one wrote.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    Executable,
    bindparam,
    create_engine,
    event,
    insert,
    make_url,
    select,
    update,
)
from sqlalchemy.exc import ArgumentError, IntegrityError, NoSuchModuleError
from sqlalchemy.orm import Session

from central.store.base import table_of
from central.store.case_tables import CounterRow, NumberBookRow
from evidence.errors import GiaoLoError

BUSY_TIMEOUT_S = 30.0


def _counting(rows: type[CounterRow] | type[NumberBookRow]) -> Executable:
    """Count one of them up: `the_` and the name of each column of its key. Built once."""
    table = table_of(rows)
    one = update(table).where(*(column == bindparam(f"the_{column.name}") for column in table.primary_key))
    return one.values(value=table.c.value + 1).returning(table.c.value)


_COUNT = {rows: _counting(rows) for rows in (CounterRow, NumberBookRow)}

_LAST = select(NumberBookRow.value).where(
    *(getattr(NumberBookRow, name) == bindparam(f"the_{name}") for name in ("unit_code", "series", "year"))
)


class DatabaseError(GiaoLoError):
    """The database cannot be opened or is not one of ours."""


class DatabaseAway(DatabaseError):
    """The database server does not answer, or not yet."""


class Database:
    """One engine and the two ways to use it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = _engine(url)
        self._writing = self.engine.execution_options(giaolo_begin="IMMEDIATE")
        self.info: dict[str, Any] = {}
        """What every session carries in `Session.info`: an open centre puts its `ledger` here."""

    @property
    def dialect(self) -> str:
        return self.engine.dialect.name

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session to look; whatever it changed is rolled back."""
        with Session(self.engine, expire_on_commit=False, info=self.info) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session to change: commits at the end of the block, rolls back on an exception."""
        with Session(self._writing, expire_on_commit=False, info=self.info) as session, session.begin():
            yield session

    def dispose(self) -> None:
        self.engine.dispose()


def next_number(session: Session, name: str) -> int:
    """The next number of a gap-free series: taken with the caller's transaction, given back if it fails."""
    return _next(session, CounterRow, name=name)


def next_in_book(session: Session, unit: str, series: str, year: int) -> int:
    """The next number of a unit's book, as gap-free: who takes one waits until others kept theirs or gave it back."""
    return _next(session, NumberBookRow, unit_code=unit, series=series, year=year)


def last_in_book(session: Session, unit: str, series: str, year: int) -> int:
    """The last number that the book gave; 0 before the first."""
    return session.scalar(_LAST, {"the_unit_code": unit, "the_series": series, "the_year": year}) or 0


def _next(session: Session, table: type[CounterRow] | type[NumberBookRow], **key: str | int) -> int:
    asked = {f"the_{name}": value for name, value in key.items()}
    value = session.scalar(_COUNT[table], asked)
    if value is None:
        try:
            with session.begin_nested():
                session.execute(insert(table).values(**key, value=0))
        except IntegrityError:
            pass  # another worker started the series at the same time
        value = session.scalar(_COUNT[table], asked)
    assert value is not None
    return int(value)


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() not in ("sqlite", "postgresql"):
            raise DatabaseError(
                f"database {parsed.get_backend_name()} is not supported",
                where="database_url",
                remedy="use sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME",
            )
        if parsed.get_backend_name() == "sqlite":
            return _sqlite(parsed.render_as_string(hide_password=False), parsed.database)
        return _postgresql(parsed)
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise DatabaseError(
            f"cannot be used as a database address: {error}",
            where="database_url",
            remedy="use sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME (needs the extra `postgres`)",
        ) from error


def _postgresql(url: URL) -> Engine:
    from psycopg.types.string import StrDumper

    class WithoutNul(StrDumper):
        """PostgreSQL's text has no NUL: a form field or a packet with one must not become a failed transaction."""

        def dump(self, obj: str) -> Any:
            return super().dump(obj.replace("\0", "\N{REPLACEMENT CHARACTER}"))

    engine = create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=20)

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        connection.adapters.register_dumper(str, WithoutNul)

    return engine


def _sqlite(url: str, file: str | None) -> Engine:
    if file and file != ":memory:":
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S, "isolation_level": None})

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('giaolo_begin', 'DEFERRED')}")

    return engine
