"""Terms of cases after their notice, to be listed by day.

Cases whose notice was issued before get what an older version knew of: to be sent, to be answered, statute. The next
step of such a case writes all of its terms anew from its record.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import cache

import sqlalchemy as sa
from alembic import op

from countries.here import HERE

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_AT_ONCE = 1000
_SINCE, _DUE = sa.column("since", sa.Date()), sa.column("due", sa.Date())
_INSTANT = sa.DateTime(timezone=True)
_ISSUED = sa.text(
    "SELECT cases.id, cases.status, cases.occurred_at, cases.detected_at, notices.published_at FROM cases "
    "JOIN notices ON notices.case_id = cases.id WHERE cases.status IN ('issued', 'published')"
).columns(
    sa.column("id", sa.String()), sa.column("status", sa.String()), sa.column("occurred_at", _INSTANT),
    sa.column("detected_at", _INSTANT), sa.column("published_at", _INSTANT),
)  # fmt: skip


@cache
def _until(key: str, since: date) -> date:
    return HERE.terms.until(key, since)


def _terms(
    case_id: str, status: str, occurred_at: datetime, detected_at: datetime, published_at: datetime | None
) -> Iterator[dict[str, object]]:
    occurred, detected = _aware(occurred_at), _aware(detected_at)
    known = HERE.terms.deadlines(occurred_at=occurred, detected_at=detected)
    lines = [("statute", HERE.local_date(occurred), known.statute_until)]
    if status == "issued":
        lines.append(("notify", HERE.local_date(detected), known.notify_by))
    elif published_at is not None:
        sent = HERE.local_date(_aware(published_at))
        lines.append(("answer", sent, _until("answer", sent)))
    for code, since, due in lines:
        yield {"case_id": case_id, "code": code, "since": since, "due": due, "whose": "approver"}


def _aware(instant: datetime) -> datetime:
    """SQLite has no zones: what stands there is UTC."""
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def upgrade() -> None:
    op.create_table(
        "case_terms",
        sa.Column("case_id", sa.String(length=36), sa.ForeignKey("cases.id"), nullable=False),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("whose", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "code"),
    )
    op.create_index("ix_case_terms_due", "case_terms", ["due", "case_id"])
    connection = op.get_bind()
    found = connection.execute(_ISSUED).all()
    table = sa.table("case_terms", *(sa.column(name) for name in ("case_id", "code")), _SINCE, _DUE, sa.column("whose"))
    for start in range(0, len(found), _AT_ONCE):
        lines = [line for row in found[start : start + _AT_ONCE] for line in _terms(*row)]
        connection.execute(sa.insert(table), lines)


def downgrade() -> None:
    raise NotImplementedError("evidence is never dropped by a migration: restore a backup")
