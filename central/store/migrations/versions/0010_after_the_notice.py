"""Lists of the cases that are under way after their notice, and of those that have ended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_LISTS = {
    "ix_cases_under_way": (
        "status IN ('attended', 'identified', 'minutes_made', 'decided', 'decision_sent', 'paid', 'transferred')"
    ),
    "ix_cases_over": "status IN ('rejected', 'withdrawn', 'expired', 'closed')",
}


def upgrade() -> None:
    for name, where in _LISTS.items():
        condition = sa.text(where)
        op.create_index(name, "cases", ["occurred_at", "number"], sqlite_where=condition, postgresql_where=condition)


def downgrade() -> None:
    raise NotImplementedError("evidence is never dropped by a migration: restore a backup")
