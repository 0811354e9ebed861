"""What falls due by officer, and the ends of what may be done apart from the terms that a step meets.

Each term that runs is written once; a million take some ten seconds.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_TABLE = "case_terms"
_LISTS = {
    "ix_case_terms_due": ["kind", "due", "case_id", "code", "whose"],
    "ix_case_terms_unit": ["unit_code", "kind", "due", "case_id", "code", "whose"],
    "ix_case_terms_officer": ["officer", "kind", "due", "case_id", "code", "whose", "unit_code"],
}


def upgrade() -> None:
    op.add_column(_TABLE, sa.Column("kind", sa.String(length=4), nullable=False, server_default="work"))
    op.add_column(_TABLE, sa.Column("officer", sa.String(length=64), nullable=False, server_default=""))
    op.execute("UPDATE case_terms SET kind = 'end' WHERE code IN ('statute', 'enforce')")
    op.execute(
        "UPDATE case_terms SET officer = coalesce((SELECT coalesce(cases.confirmed_by, cases.claimed_by)"
        " FROM cases WHERE cases.id = case_terms.case_id), '')"
    )
    for name in ("ix_case_terms_due", "ix_case_terms_unit"):
        op.drop_index(name, table_name=_TABLE)
    for name, columns in _LISTS.items():
        op.create_index(name, _TABLE, columns)


def downgrade() -> None:
    raise NotImplementedError("evidence is never dropped by a migration: restore a backup")
