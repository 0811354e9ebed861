"""A case may have had a notice before the one in force: it was taken back, and the case began anew for another."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_IN_FORCE = sa.text("replaced_at IS NULL")


def upgrade() -> None:
    connection = op.get_bind()
    op.add_column("cases", sa.Column("corrected_at", sa.DateTime(timezone=True), nullable=True))
    # SQLite can drop a constraint only by copying the table, and the copy has no triggers (migration 0007)
    triggers: list[str] = []
    if connection.dialect.name == "sqlite":
        query = sa.text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'notices' ORDER BY name")
        triggers = list(connection.scalars(query))
    with op.batch_alter_table("notices") as batch:
        batch.add_column(sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True))
        batch.drop_constraint("uq_notices_case_id", type_="unique")
    for trigger in triggers:
        op.execute(trigger)
    op.create_index("ix_notices_case_id", "notices", ["case_id"])
    op.create_index(
        "uq_notices_in_force", "notices", ["case_id"], unique=True, postgresql_where=_IN_FORCE, sqlite_where=_IN_FORCE
    )


def downgrade() -> None:
    raise NotImplementedError("evidence is never dropped by a migration: restore a backup")
