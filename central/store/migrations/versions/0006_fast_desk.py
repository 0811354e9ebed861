"""The desk with a million cases: an index for each list, counts kept by triggers, statements nobody has read.

The triggers take two rows of `case_counts` in the order of their keys, so that two officers who move cases in opposite
directions never wait for each other. SQLite's batch mode copies a table without its triggers: a later migration that
rebuilds `cases` there has to make them again.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_WHERE = {
    "ix_cases_open": "status IN ('new', 'in_review')",
    "ix_cases_to_issue": "status IN ('confirmed', 'notice_prepared')",
    "ix_cases_issued": "status IN ('issued', 'published')",
    "ix_cases_to_send": "status = 'issued'",
    "ix_cases_rejected": "status = 'rejected'",
    "ix_cases_held": "status = 'in_review'",
    "ix_cases_unsent": "status IN ('new', 'in_review', 'confirmed', 'notice_prepared', 'issued')",
    "ix_cases_second_pending": "second_state = 'pending'",
    "ix_cases_contested": "contests_unread > 0",
    "ix_case_events_contest": "action = 'contest'",
}


def upgrade() -> None:
    whole = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("cases", sa.Column("contests_unread", whole, nullable=False, server_default="0"))
    op.execute(
        "UPDATE cases SET contests_unread = (SELECT count(*) FROM case_events c WHERE c.case_id = cases.id"
        " AND c.action = 'contest' AND c.sequence > COALESCE((SELECT max(v.sequence) FROM case_events v"
        " WHERE v.case_id = cases.id AND v.action = 'view' AND v.actor NOT LIKE 'owner:%'), 0))"
        " WHERE id IN (SELECT case_id FROM case_events WHERE action = 'contest')"
    )
    _indexes()
    op.create_table(
        "case_counts",
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("act", sa.String(length=30), nullable=False),
        sa.Column("place", sa.String(length=300), nullable=False),
        sa.Column("n", whole, nullable=False),
        sa.PrimaryKeyConstraint("status", "act", "place", name=op.f("pk_case_counts")),
    )
    op.execute(
        "INSERT INTO case_counts (status, act, place, n) SELECT status, act, place, count(*) FROM cases"
        " GROUP BY status, act, place"
    )
    if op.get_bind().dialect.name == "postgresql":
        _count_on_postgresql()
        _search_on_postgresql()
    else:
        _count_on_sqlite()


def _indexes() -> None:
    op.drop_index("ix_cases_queue", table_name="cases")
    for name, table, columns in (
        ("ix_cases_newest", "cases", ["occurred_at", "number"]),
        ("ix_cases_act", "cases", ["act", "occurred_at", "number"]),
        ("ix_cases_place", "cases", ["place", "occurred_at", "number"]),
        ("ix_cases_detected", "cases", ["detected_at"]),
        ("ix_cases_open", "cases", ["occurred_at", "number"]),
        ("ix_cases_to_issue", "cases", ["occurred_at", "number"]),
        ("ix_cases_issued", "cases", ["occurred_at", "number"]),
        ("ix_cases_to_send", "cases", ["occurred_at", "number"]),
        ("ix_cases_rejected", "cases", ["occurred_at", "number"]),
        ("ix_cases_held", "cases", ["claimed_by", "occurred_at", "number"]),
        ("ix_cases_unsent", "cases", ["detected_at", "number"]),
        ("ix_cases_second_pending", "cases", ["number"]),
        ("ix_cases_contested", "cases", ["number"]),
        ("ix_case_events_contest", "case_events", ["at", "id"]),
        ("ix_notices_published_at", "notices", ["published_at"]),
    ):
        where = sa.text(_WHERE[name]) if name in _WHERE else None
        op.create_index(name, table, columns, unique=False, postgresql_where=where, sqlite_where=where)


def _count_on_postgresql() -> None:
    op.execute(
        """
        CREATE FUNCTION cases_counted() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE change record;
        BEGIN
          FOR change IN
            SELECT * FROM (
              SELECT OLD.status AS status, OLD.act AS act, OLD.place AS place, -1 AS n WHERE TG_OP <> 'INSERT'
              UNION ALL SELECT NEW.status, NEW.act, NEW.place, 1 WHERE TG_OP <> 'DELETE'
            ) AS moved ORDER BY place, act, status
          LOOP
            INSERT INTO case_counts (status, act, place, n)
            VALUES (change.status, change.act, change.place, change.n)
            ON CONFLICT (status, act, place) DO UPDATE SET n = case_counts.n + excluded.n;
          END LOOP;
          RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER cases_counted AFTER INSERT OR DELETE ON cases FOR EACH ROW EXECUTE FUNCTION cases_counted()"
    )
    op.execute(
        "CREATE TRIGGER cases_counted_again AFTER UPDATE OF status, act, place ON cases FOR EACH ROW"
        " WHEN ((OLD.status, OLD.act, OLD.place) IS DISTINCT FROM (NEW.status, NEW.act, NEW.place))"
        " EXECUTE FUNCTION cases_counted()"
    )


def _count_on_sqlite() -> None:
    more, less = (
        f"INSERT INTO case_counts (status, act, place, n) VALUES ({row}.status, {row}.act, {row}.place, {n})"
        f" ON CONFLICT (status, act, place) DO UPDATE SET n = n + ({n});"
        for row, n in (("NEW", 1), ("OLD", -1))
    )
    op.execute(f"CREATE TRIGGER cases_counted AFTER INSERT ON cases BEGIN {more} END")
    op.execute(f"CREATE TRIGGER cases_uncounted AFTER DELETE ON cases BEGIN {less} END")
    op.execute(
        "CREATE TRIGGER cases_counted_again AFTER UPDATE OF status, act, place ON cases"
        " WHEN OLD.status <> NEW.status OR OLD.act <> NEW.act OR OLD.place <> NEW.place"
        f" BEGIN {less} {more} END"
    )


def _search_on_postgresql() -> None:
    """A part of a plate is found by trigrams, where the server has them and we may use them; else by looking on."""
    op.execute(
        """
        DO $$ BEGIN
          CREATE EXTENSION IF NOT EXISTS pg_trgm;
          CREATE INDEX ix_cases_plate_part ON cases USING gin (plate gin_trgm_ops);
        EXCEPTION WHEN OTHERS THEN
          RAISE NOTICE 'no trigram index for plates: %', SQLERRM;
        END $$
        """
    )


def downgrade() -> None:
    raise NotImplementedError("evidence is never dropped by a migration: restore a backup")
