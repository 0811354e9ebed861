"""Letterheads, and a book of numbers for each unit, series of papers and year.

There was one book for the whole centre, whose numbers stood among the counters as `notice-2026`: they are the root's,
which goes on where it was.
"""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_NAMES = ("town", "signer_title", "signer_name", "parent", "in_text", "decided_by", "heard_by", "executed_by",
          "complaints_to")  # fmt: skip
_BOOK = re.compile(r"([a-z_]{1,20})-([0-9]{4})")


def upgrade() -> None:
    whole = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "letterheads",
        sa.Column("unit_code", sa.String(length=40), nullable=False),
        sa.Column("abbreviation", sa.String(length=40), nullable=False),
        *(sa.Column(name, sa.String(length=300), nullable=False) for name in _NAMES),
        sa.Column("address", sa.String(length=500), nullable=False),
        sa.Column("phone", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["unit_code"], ["units.code"], name=op.f("fk_letterheads_unit_code")),
        sa.PrimaryKeyConstraint("unit_code", name=op.f("pk_letterheads")),
        sa.UniqueConstraint("abbreviation", name=op.f("uq_letterheads_abbreviation")),
    )
    op.create_table(
        "number_books",
        sa.Column("unit_code", sa.String(length=40), nullable=False),
        sa.Column("series", sa.String(length=20), nullable=False),
        sa.Column("year", whole, nullable=False),
        sa.Column("value", whole, nullable=False),
        sa.PrimaryKeyConstraint("unit_code", "series", "year", name=op.f("pk_number_books")),
    )
    _carry_over()


def _carry_over() -> None:
    bind = op.get_bind()
    counters = sa.table("counters", sa.column("name", sa.String), sa.column("value", sa.BigInteger))
    books = sa.table("number_books", *(sa.column(name) for name in ("unit_code", "series", "year", "value")))
    for name, value in bind.execute(sa.select(counters.c.name, counters.c.value)).all():
        if (found := _BOOK.fullmatch(name)) is None:
            continue
        said = {"unit_code": "root", "series": found[1], "year": int(found[2]), "value": value}
        bind.execute(books.insert().values(**said))
        bind.execute(counters.delete().where(counters.c.name == name))


def downgrade() -> None:
    raise NotImplementedError("evidence is never dropped by a migration: restore a backup")
