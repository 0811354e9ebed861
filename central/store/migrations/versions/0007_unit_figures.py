"""The figures of the unit's page, kept by day: decisions by place and act, rejections by reason, notices sent.

What is kept counts whole days (UTC) alone; the page adds the part of a day at the edge from the rows themselves, so it
shows what it showed before. A new case is counted by none of these: only decisions and sendings, which people make.
SQLite's batch mode copies a table without its triggers: a later migration that rebuilds `cases` or `notices` there has
to make them again.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_DECIDED = "{row}.status NOT IN ('new', 'in_review')"


def upgrade() -> None:
    whole = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "decided_counts",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("place", sa.String(length=300), nullable=False),
        sa.Column("act", sa.String(length=30), nullable=False),
        sa.Column("decided", whole, nullable=False),
        sa.Column("rejected", whole, nullable=False),
        sa.PrimaryKeyConstraint("day", "place", "act", name=op.f("pk_decided_counts")),
    )
    op.create_table(
        "rejected_counts",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=30), nullable=False),
        sa.Column("n", whole, nullable=False),
        sa.PrimaryKeyConstraint("day", "reason", name=op.f("pk_rejected_counts")),
    )
    op.create_table(
        "sent_counts",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("n", whole, nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_sent_counts")),
    )
    postgresql = op.get_bind().dialect.name == "postgresql"
    day = "CAST({} AT TIME ZONE 'UTC' AS date)" if postgresql else "substr({}, 1, 10)"
    detected, published = day.format("detected_at"), day.format("published_at")
    op.execute(
        f"INSERT INTO decided_counts (day, place, act, decided, rejected) SELECT {detected}, place, act_suspected,"
        f" count(*), sum(CASE WHEN status = 'rejected' THEN 1 ELSE 0 END) FROM cases"
        f" WHERE status NOT IN ('new', 'in_review') GROUP BY {detected}, place, act_suspected"
    )
    op.execute(
        f"INSERT INTO rejected_counts (day, reason, n) SELECT {detected}, coalesce(rejected_reason, ''), count(*)"
        f" FROM cases WHERE status = 'rejected' GROUP BY {detected}, coalesce(rejected_reason, '')"
    )
    op.execute(
        f"INSERT INTO sent_counts (day, n) SELECT {published}, count(*) FROM notices WHERE published_at IS NOT NULL"
        f" GROUP BY {published}"
    )
    if postgresql:
        _on_postgresql()
    else:
        _on_sqlite()


def _on_postgresql() -> None:
    op.execute(
        """
        CREATE FUNCTION cases_decided() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE change record;
        BEGIN
          FOR change IN
            SELECT day, place, act, sum(decided) AS decided, sum(rejected) AS rejected FROM (
              SELECT CAST(OLD.detected_at AT TIME ZONE 'UTC' AS date) AS day, OLD.place AS place,
                OLD.act_suspected AS act, -1 AS decided, -CAST(OLD.status = 'rejected' AS int) AS rejected
                WHERE TG_OP <> 'INSERT' AND OLD.status NOT IN ('new', 'in_review')
              UNION ALL SELECT CAST(NEW.detected_at AT TIME ZONE 'UTC' AS date), NEW.place,
                NEW.act_suspected, 1, CAST(NEW.status = 'rejected' AS int)
                WHERE TG_OP <> 'DELETE' AND NEW.status NOT IN ('new', 'in_review')
            ) AS moved GROUP BY day, place, act ORDER BY day, place, act
          LOOP
            IF change.decided <> 0 OR change.rejected <> 0 THEN
              INSERT INTO decided_counts (day, place, act, decided, rejected)
              VALUES (change.day, change.place, change.act, change.decided, change.rejected)
              ON CONFLICT (day, place, act) DO UPDATE SET decided = decided_counts.decided + excluded.decided,
                rejected = decided_counts.rejected + excluded.rejected;
            END IF;
          END LOOP;
          FOR change IN
            SELECT day, reason, sum(n) AS n FROM (
              SELECT CAST(OLD.detected_at AT TIME ZONE 'UTC' AS date) AS day,
                coalesce(OLD.rejected_reason, '') AS reason, -1 AS n
                WHERE TG_OP <> 'INSERT' AND OLD.status = 'rejected'
              UNION ALL SELECT CAST(NEW.detected_at AT TIME ZONE 'UTC' AS date), coalesce(NEW.rejected_reason, ''), 1
                WHERE TG_OP <> 'DELETE' AND NEW.status = 'rejected'
            ) AS moved GROUP BY day, reason ORDER BY day, reason
          LOOP
            IF change.n <> 0 THEN
              INSERT INTO rejected_counts (day, reason, n) VALUES (change.day, change.reason, change.n)
              ON CONFLICT (day, reason) DO UPDATE SET n = rejected_counts.n + excluded.n;
            END IF;
          END LOOP;
          RETURN NULL;
        END $$
        """
    )
    # a case that comes in is open: then nothing is called
    for name, event, row in (("cases_decided", "INSERT", "NEW"), ("cases_undecided", "DELETE", "OLD")):
        op.execute(
            f"CREATE TRIGGER {name} AFTER {event} ON cases FOR EACH ROW WHEN ({_DECIDED.format(row=row)})"
            " EXECUTE FUNCTION cases_decided()"
        )
    op.execute(
        "CREATE TRIGGER cases_decided_again AFTER UPDATE OF status, rejected_reason, place, act_suspected, detected_at"
        " ON cases FOR EACH ROW WHEN ((OLD.status, OLD.rejected_reason, OLD.place, OLD.act_suspected, OLD.detected_at)"
        " IS DISTINCT FROM (NEW.status, NEW.rejected_reason, NEW.place, NEW.act_suspected, NEW.detected_at))"
        " EXECUTE FUNCTION cases_decided()"
    )
    op.execute(
        """
        CREATE FUNCTION notices_sent() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE change record;
        BEGIN
          FOR change IN
            SELECT day, sum(n) AS n FROM (
              SELECT CAST(OLD.published_at AT TIME ZONE 'UTC' AS date) AS day, -1 AS n
                WHERE TG_OP <> 'INSERT' AND OLD.published_at IS NOT NULL
              UNION ALL SELECT CAST(NEW.published_at AT TIME ZONE 'UTC' AS date), 1
                WHERE TG_OP <> 'DELETE' AND NEW.published_at IS NOT NULL
            ) AS moved GROUP BY day ORDER BY day
          LOOP
            IF change.n <> 0 THEN
              INSERT INTO sent_counts (day, n) VALUES (change.day, change.n)
              ON CONFLICT (day) DO UPDATE SET n = sent_counts.n + excluded.n;
            END IF;
          END LOOP;
          RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER notices_sent AFTER INSERT OR UPDATE OF published_at OR DELETE ON notices FOR EACH ROW"
        " EXECUTE FUNCTION notices_sent()"
    )


def _on_sqlite() -> None:
    def decided(row: str, sign: int) -> str:
        return (
            "INSERT INTO decided_counts (day, place, act, decided, rejected) SELECT"
            f" substr({row}.detected_at, 1, 10), {row}.place, {row}.act_suspected, {sign},"
            f" {sign} * ({row}.status = 'rejected') WHERE {_DECIDED.format(row=row)}"
            " ON CONFLICT (day, place, act) DO UPDATE SET decided = decided + excluded.decided,"
            " rejected = rejected + excluded.rejected;"
            " INSERT INTO rejected_counts (day, reason, n) SELECT"
            f" substr({row}.detected_at, 1, 10), coalesce({row}.rejected_reason, ''), {sign}"
            f" WHERE {row}.status = 'rejected' ON CONFLICT (day, reason) DO UPDATE SET n = n + excluded.n;"
        )

    def sent(row: str, sign: int) -> str:
        return (
            f"INSERT INTO sent_counts (day, n) SELECT substr({row}.published_at, 1, 10), {sign}"
            f" WHERE {row}.published_at IS NOT NULL ON CONFLICT (day) DO UPDATE SET n = n + excluded.n;"
        )

    watched = "status, rejected_reason, place, act_suspected, detected_at"
    for table, name, columns, count, when in (
        ("cases", "decided", watched, decided, _DECIDED),
        ("notices", "sent", "published_at", sent, "{row}.published_at IS NOT NULL"),
    ):
        more, less = count("NEW", 1), count("OLD", -1)
        coming, going = when.format(row="NEW"), when.format(row="OLD")
        op.execute(f"CREATE TRIGGER {table}_{name} AFTER INSERT ON {table} WHEN {coming} BEGIN {more} END")
        op.execute(f"CREATE TRIGGER {table}_un{name} AFTER DELETE ON {table} WHEN {going} BEGIN {less} END")
        op.execute(f"CREATE TRIGGER {table}_{name}_again AFTER UPDATE OF {columns} ON {table} BEGIN {less} {more} END")


def downgrade() -> None:
    raise NotImplementedError("evidence is never dropped by a migration: restore a backup")
