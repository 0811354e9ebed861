"""Packet ids count for one node only; keys end; gaps in a node's chain are found without reading the whole chain."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # ids were unique over all nodes until now
    op.add_column("packets", sa.Column("packet_id", sa.String(length=36), nullable=False, server_default=""))
    op.execute("UPDATE packets SET packet_id = id")
    op.create_index("ux_packets_node_packet", "packets", ["node_id", "packet_id"], unique=True)
    gap = sa.text("chain_state = 'gap'")
    op.create_index(
        "ix_packets_gaps", "packets", ["node_id", "sequence"], sqlite_where=gap, postgresql_where=gap, unique=False
    )
    # keys that were replaced before keys could end stay good: nobody knows when they ended
    op.add_column("node_keys", sa.Column("until", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("evidence is never dropped by a migration: restore a backup")
