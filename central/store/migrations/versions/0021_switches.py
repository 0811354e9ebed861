"""Timed switches, "an officer directs" and "signal out of order": statements that are only added, each in the log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    whole = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "switches",
        sa.Column("id", whole, nullable=False),
        sa.Column("switch_id", sa.String(length=36), nullable=False),
        sa.Column("node_id", sa.String(length=64), nullable=False),
        sa.Column("since", instant, nullable=False),
        sa.Column("until", instant, nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.String(length=88), nullable=False),
        sa.Column("log_index", whole, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_switches")),
        sa.UniqueConstraint("digest", name=op.f("uq_switches_digest")),
        sa.UniqueConstraint("log_index", name=op.f("uq_switches_log_index")),
    )
    op.create_index("ix_switches_node", "switches", ["node_id", "since"])
    op.create_index("ix_switches_switch", "switches", ["switch_id", "id"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION switches_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'switches is append-only'; END $$"
        )
        op.execute(
            "CREATE TRIGGER switches_append_only BEFORE UPDATE OR DELETE ON switches "
            "FOR EACH ROW EXECUTE FUNCTION switches_append_only()"
        )
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER switches_no_{verb.lower()} BEFORE {verb} ON switches "
            "BEGIN SELECT RAISE(ABORT, 'switches is append-only'); END"
        )


def downgrade() -> None:
    raise NotImplementedError("evidence is never dropped by a migration: restore a backup")
