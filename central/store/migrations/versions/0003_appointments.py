"""When the owner of a notice is asked to come: counted when the next one gets an hour."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notices", sa.Column("appear_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_notices_appear_at"), "notices", ["appear_at"])


def downgrade() -> None:
    raise NotImplementedError("evidence is never dropped by a migration: restore a backup")
