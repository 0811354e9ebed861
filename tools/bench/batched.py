"""Many small transactions in a few large ones: for years that are lived in minutes, never for a desk that runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from central.store.db import Database

_STEP = "step"


class Batched(Database):
    """A database whose `write` is a savepoint and whose commits come when `commit` is called.

    What is refused is rolled back as ever. Without it each step waits for the disk, which tells of the disk alone.
    """

    def __init__(self, of: Database) -> None:
        self.url, self.engine, self._writing, self.info = of.url, of.engine, of._writing, of.info
        self._open: Connection | None = None

    def _connection(self) -> Connection:
        if self._open is None:
            self._open = self._writing.connect()
            self._open.begin()
        return self._open

    def commit(self) -> None:
        if self._open is not None:
            self._open.get_transaction().commit()  # type: ignore[union-attr]  # begun with the connection
            self._open.close()
            self._open = None

    @contextmanager
    def read(self) -> Iterator[Session]:
        """What it looks at is seen at once; it changes nothing, so nothing is rolled back and no savepoint is paid."""
        with Session(
            self._connection(), expire_on_commit=False, autoflush=False, info=self.info,
            join_transaction_mode="rollback_only",
        ) as session:  # fmt: skip
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        connection = self._connection()
        connection.exec_driver_sql(f"SAVEPOINT {_STEP}")
        try:
            # a savepoint that SQLAlchemy makes has a new name each time, and each name is compiled anew
            with Session(
                connection, expire_on_commit=False, info=self.info, join_transaction_mode="rollback_only"
            ) as session:  # fmt: skip
                yield session
                session.commit()
        except BaseException:
            connection.exec_driver_sql(f"ROLLBACK TO SAVEPOINT {_STEP}")
            raise
        finally:
            connection.exec_driver_sql(f"RELEASE SAVEPOINT {_STEP}")
