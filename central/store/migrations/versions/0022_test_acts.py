"""Test acts: which packets are none of an act, and since when a camera is expected to send one a day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "test_acts",
        sa.Column("packet_id", sa.String(length=36), nullable=False),
        sa.Column("node_id", sa.String(length=64), nullable=False),
        sa.Column("camera_id", sa.String(length=64), nullable=False),
        sa.Column("made_at", instant, nullable=False),
        sa.Column("received_at", instant, nullable=False),
        sa.PrimaryKeyConstraint("packet_id", name=op.f("pk_test_acts")),
        sa.ForeignKeyConstraint(["packet_id"], ["packets.id"], name=op.f("fk_test_acts_packet_id_packets")),
    )
    op.create_index("ix_test_acts_camera", "test_acts", ["node_id", "camera_id", "received_at"])
    op.create_table(
        "tested_cameras",
        sa.Column("node_id", sa.String(length=64), nullable=False),
        sa.Column("camera_id", sa.String(length=64), nullable=False),
        sa.Column("since", instant, nullable=True),
        sa.Column("missing_told", sa.Boolean(), nullable=False),
        sa.Column("made_at", instant, nullable=True),
        sa.Column("received_at", instant, nullable=True),
        sa.Column("asked", sa.String(length=10), nullable=False),
        sa.Column("doubts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("node_id", "camera_id", name=op.f("pk_tested_cameras")),
    )


def downgrade() -> None:
    raise NotImplementedError("evidence is never dropped by a migration: restore a backup")
