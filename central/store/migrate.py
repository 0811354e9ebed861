"""Bring a database up to date with Alembic, from the program: nobody runs a tool by hand."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from importlib import resources

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from central.store.db import Database, DatabaseAway, DatabaseError

# Two processes that start at once must not both migrate: PostgreSQL advisory lock, any fixed number.
_LOCK = 0x6769616F


def upgrade(
    database: Database, *, to: str = "head", before: Callable[[], AbstractContextManager[object]] = nullcontext
) -> None:
    """Apply what is missing, up to `to`. Raises `DatabaseError`, also for a database newer than this software.

    `before`: entered while something is applied; it may refuse by raising. `DatabaseAway` when the server does not
    answer: after a power cut it may start later than the centre.
    """
    config = _config()
    try:
        with database.engine.execution_options(giaolo_begin="IMMEDIATE").begin() as connection:
            if database.dialect == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            current = MigrationContext.configure(connection).get_current_revision()
            newest, known = _revisions()
            if to == "head" and current == newest:
                return
            if current is not None and current not in known:
                raise DatabaseError(
                    f"database is at revision {current}, which this software does not know",
                    where=database.engine.url.render_as_string(),
                    remedy="run the newer software that made it, or restore a backup",
                )
            config.attributes["connection"] = connection
            with before():
                command.upgrade(config, to)
    except DBAPIError as error:
        said = str(error.orig).strip() or "no reason given"
        away = database.dialect == "postgresql" and isinstance(error, OperationalError)
        raise (DatabaseAway if away else DatabaseError)(
            f"cannot be opened: {said.splitlines()[0]}",
            where=database.engine.url.render_as_string(),
            remedy="is the server running, and are name, password and rights good?",
        ) from error


@cache
def _revisions() -> tuple[str | None, frozenset[str]]:
    """The newest, and all."""
    script = ScriptDirectory.from_config(_config())
    return script.get_current_head(), frozenset(r.revision for r in script.walk_revisions())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(resources.files("central.store") / "migrations"))
    return config
