"""The centre's signature on each event of a case and on the end of each record; older ones stay without."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("case_events", sa.Column("signature", sa.String(length=88), nullable=True))
    op.add_column("cases", sa.Column("events_signature", sa.String(length=88), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("evidence is never dropped by a migration: restore a backup")
