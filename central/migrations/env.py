"""Alembic environment: the connection is handed in by `central.migrate`."""

from alembic import context

from central.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transactional_ddl=False,
)
context.run_migrations()
