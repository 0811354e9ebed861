"""How many notices were issued and taken back, by month (the country's calendar), camera, act and reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from countries.here import HERE

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_KEY = ("month", "node_id", "camera_id", "act", "outcome", "reason")
_ISSUED = sa.text(
    "SELECT notices.issued_at, cases.node_id, cases.camera_id, cases.act FROM notices"
    " JOIN cases ON cases.id = notices.case_id WHERE notices.issued_at IS NOT NULL"
).columns(
    sa.column("issued_at", _INSTANT), sa.column("node_id", sa.String()), sa.column("camera_id", sa.String()),
    sa.column("act", sa.String()),
)  # fmt: skip
# the newest notice that was issued before it was taken back, and that was not taken back before
_TAKEN_BACK = sa.text(
    "SELECT case_events.action, case_events.after, cases.node_id, cases.camera_id, cases.act,"
    " (SELECT max(notices.issued_at) FROM notices WHERE notices.case_id = cases.id"
    " AND notices.issued_at <= case_events.at"
    " AND (notices.replaced_at IS NULL OR notices.replaced_at >= case_events.at)) AS issued_at"
    " FROM case_events JOIN cases ON cases.id = case_events.case_id"
    " WHERE case_events.action IN ('withdraw', 'correct')"
).columns(
    sa.column("action", sa.String()), sa.column("after", sa.JSON()), sa.column("node_id", sa.String()),
    sa.column("camera_id", sa.String()), sa.column("act", sa.String()), sa.column("issued_at", _INSTANT),
)  # fmt: skip


def _month(at: datetime) -> date:
    """SQLite has no zones: what stands there is UTC."""
    return HERE.local_date(at if at.tzinfo else at.replace(tzinfo=UTC)).replace(day=1)


def _reason(after: Mapping[str, Any]) -> str:
    return str(after.get("reason") or after.get("mistake") or "other")


def upgrade() -> None:
    whole = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    table = op.create_table(
        "notice_counts",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("node_id", sa.String(length=64), nullable=False),
        sa.Column("camera_id", sa.String(length=64), nullable=False),
        sa.Column("act", sa.String(length=30), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=30), nullable=False),
        sa.Column("n", whole, nullable=False),
        sa.PrimaryKeyConstraint(*_KEY, name=op.f("pk_notice_counts")),
    )
    connection = op.get_bind()
    counted: Counter[tuple[Any, ...]] = Counter()
    for at, node, camera, act in connection.execute(_ISSUED):
        counted[_month(at), node, camera, act, "issued", ""] += 1
    for action, after, node, camera, act, at in connection.execute(_TAKEN_BACK):
        if at is not None:
            outcome = "withdrawn" if action == "withdraw" else "corrected"
            counted[_month(at), node, camera, act, outcome, _reason(after)] += 1
    if counted:
        op.bulk_insert(table, [dict(zip(_KEY, key, strict=True)) | {"n": n} for key, n in counted.items()])


def downgrade() -> None:
    raise NotImplementedError("evidence is never dropped by a migration: restore a backup")
