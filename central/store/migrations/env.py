"""Alembic environment: the connection is handed in by `central.store.migrate`."""

from alembic import context

from central.store.base import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transactional_ddl=False,
)
context.run_migrations()
