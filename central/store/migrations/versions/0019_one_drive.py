"""Acts of one drive: which track a case is of, and which cases are one vehicle's (`central.cases.drives`).

The cases of before are asked once the centre runs: tracks stand in manifests, and reading a million takes minutes.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    whole = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("cases", sa.Column("track", whole, nullable=True))
    op.add_column("cases", sa.Column("drive", whole, nullable=True))
    op.create_index("ix_cases_track", "cases", ["node_id", "camera_id", "track", "occurred_at"])
    for name, column, where in (
        ("ix_cases_drive", ["drive", "number"], "drive IS NOT NULL"),
        ("ix_cases_unasked", ["number"], "track IS NULL AND deleted_at IS NULL"),
    ):
        op.create_index(name, "cases", column, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def downgrade() -> None:
    raise NotImplementedError("evidence is never dropped by a migration: restore a backup")
