"""Who changed what of a unit: records that are only added."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    whole = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "unit_events",
        sa.Column("id", whole, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("unit_code", sa.String(length=40), nullable=False),
        sa.Column("what", sa.String(length=12), nullable=False),
        sa.Column("subject", sa.String(length=130), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_events")),
    )
    op.create_index("ix_unit_events_unit", "unit_events", ["unit_code", "id"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION unit_events_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'unit_events is append-only'; END $$"
        )
        op.execute(
            "CREATE TRIGGER unit_events_append_only BEFORE UPDATE OR DELETE ON unit_events "
            "FOR EACH ROW EXECUTE FUNCTION unit_events_append_only()"
        )
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER unit_events_no_{verb.lower()} BEFORE {verb} ON unit_events "
            "BEGIN SELECT RAISE(ABORT, 'unit_events is append-only'); END"
        )


def downgrade() -> None:
    raise NotImplementedError("evidence is never dropped by a migration: restore a backup")
