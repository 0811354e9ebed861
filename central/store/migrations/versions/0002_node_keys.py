"""Every key that a node ever had: packets stay verifiable after their node got a new one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "node_keys",
        sa.Column("node_id", sa.String(length=64), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["node_id"], ["nodes.id"], name=op.f("fk_node_keys_node_id")),
        sa.PrimaryKeyConstraint("node_id", "key_id", name=op.f("pk_node_keys")),
    )
    op.execute(
        "INSERT INTO node_keys (node_id, key_id, public_key, since) "
        "SELECT id, key_id, public_key, created_at FROM nodes"
    )


def downgrade() -> None:
    raise NotImplementedError("evidence is never dropped by a migration: restore a backup")
