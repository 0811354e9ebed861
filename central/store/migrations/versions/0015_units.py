"""Units: a tree of them, and whose every camera, account, case, notice and term is.

What there was is the root's. A million cases are not rewritten: a column with a constant default is taken at once, and
the counts are few. What takes its time is one more index a list; on SQLite the notices are copied once, because it
drops no constraint otherwise.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_UNIT = "unit_code"
_LISTS = {
    "ix_cases_unit": None,
    "ix_cases_unit_open": "status IN ('new', 'in_review')",
    "ix_cases_unit_to_issue": "status IN ('confirmed', 'notice_prepared')",
    "ix_cases_unit_issued": "status IN ('issued', 'published')",
    "ix_cases_unit_rejected": "status = 'rejected'",
    "ix_cases_unit_under_way": (
        "status IN ('attended', 'identified', 'minutes_made', 'decided', 'decision_sent', 'paid', 'transferred')"
    ),
    "ix_cases_unit_over": "status IN ('rejected', 'withdrawn', 'expired', 'closed')",
}
_COUNTS = {
    "case_counts": ("status VARCHAR(16)", "act VARCHAR(30)", "place VARCHAR(300)"),
    "decided_counts": ("day DATE", "place VARCHAR(300)", "act VARCHAR(30)"),
    "rejected_counts": ("day DATE", "reason VARCHAR(30)"),
    "sent_counts": ("day DATE",),
}
_FIGURES = {"decided_counts": ("decided", "rejected")}


def upgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    _drop_triggers(postgresql)
    _tables()
    for table in ("users", "cases", "case_terms", "notices"):
        op.add_column(table, sa.Column(_UNIT, sa.String(length=40), nullable=False, server_default="root"))
    with op.batch_alter_table("notices") as batch:
        batch.add_column(sa.Column("book", sa.String(length=40), nullable=False, server_default="root"))
        batch.drop_constraint("uq_notices_year_number", type_="unique")
        batch.create_unique_constraint("uq_notices_book_year_number", ["book", "year", "number"])
    for name, where in _LISTS.items():
        condition = sa.text(where) if where else None
        op.create_index(
            name, "cases", [_UNIT, "occurred_at", "number"], sqlite_where=condition, postgresql_where=condition
        )
    op.create_index("ix_case_terms_unit", "case_terms", [_UNIT, "due", "case_id"])
    _counts_by_unit()
    if postgresql:
        _count_on_postgresql()
    else:
        _count_on_sqlite()


def _tables() -> None:
    whole = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "units",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("parent", sa.String(length=40), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["parent"], ["units.code"], name=op.f("fk_units_parent")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_units")),
    )
    op.execute("INSERT INTO units (code, name, kind) VALUES ('root', '', 'root')")
    op.create_table(
        "camera_units",
        sa.Column("node_id", sa.String(length=64), nullable=False),
        sa.Column("camera_id", sa.String(length=64), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column(_UNIT, sa.String(length=40), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint([_UNIT], ["units.code"], name=op.f("fk_camera_units_unit_code")),
        sa.PrimaryKeyConstraint("node_id", "camera_id", "since", name=op.f("pk_camera_units")),
    )
    op.create_table(
        "case_moves",
        sa.Column("id", whole, nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("number", whole, nullable=False),
        sa.Column("from_unit", sa.String(length=40), nullable=False),
        sa.Column("to_unit", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_moves_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_moves")),
    )
    op.create_index("ix_case_moves_from", "case_moves", ["from_unit", "at"])
    op.create_index("ix_case_moves_to", "case_moves", ["to_unit", "at"])
    op.create_index("ix_case_moves_at", "case_moves", ["at"])


def _counts_by_unit() -> None:
    """The counts again, with the unit in their key."""
    for table, keys in _COUNTS.items():
        names = [key.split()[0] for key in keys]
        figures = _FIGURES.get(table, ("n",))
        said = ", ".join((*names, *figures))
        op.execute(f"CREATE TEMPORARY TABLE kept AS SELECT {said} FROM {table}")
        op.execute(f"DROP TABLE {table}")
        whole = "BIGINT" if op.get_bind().dialect.name == "postgresql" else "INTEGER"
        columns = [f"{key} NOT NULL" for key in keys]
        columns += [f"{_UNIT} VARCHAR(40) DEFAULT 'root' NOT NULL", *(f"{name} {whole} NOT NULL" for name in figures)]
        columns.append(f"CONSTRAINT pk_{table} PRIMARY KEY ({', '.join(names)}, {_UNIT})")
        op.execute(f"CREATE TABLE {table} ({', '.join(columns)})")
        op.execute(f"INSERT INTO {table} ({said}) SELECT {said} FROM kept")
        op.execute("DROP TABLE kept")


def _drop_triggers(postgresql: bool) -> None:
    """Those of the counts: they are made again with the unit."""
    again = {
        "cases": ("cases_counted", "cases_counted_again", "cases_decided", "cases_undecided", "cases_decided_again"),
        "notices": ("notices_sent",),
    }
    if not postgresql:
        again["cases"] += ("cases_uncounted",)
        again["notices"] += ("notices_unsent", "notices_sent_again")
    for table, names in again.items():
        for name in names:
            op.execute(f"DROP TRIGGER {name} ON {table}" if postgresql else f"DROP TRIGGER {name}")


def _count_on_postgresql() -> None:
    day = "CAST({} AT TIME ZONE 'UTC' AS date)"
    detected = {row: day.format(f"{row}.detected_at") for row in ("OLD", "NEW")}
    published = {row: day.format(f"{row}.published_at") for row in ("OLD", "NEW")}
    decided = "{}.status NOT IN ('new', 'in_review')"
    op.execute(
        """
        CREATE OR REPLACE FUNCTION cases_counted() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE change record;
        BEGIN
          FOR change IN
            SELECT * FROM (
              SELECT OLD.status AS status, OLD.act AS act, OLD.place AS place, OLD.unit_code AS unit_code, -1 AS n
                WHERE TG_OP <> 'INSERT'
              UNION ALL SELECT NEW.status, NEW.act, NEW.place, NEW.unit_code, 1 WHERE TG_OP <> 'DELETE'
            ) AS moved ORDER BY place, act, status, unit_code
          LOOP
            INSERT INTO case_counts (status, act, place, unit_code, n)
            VALUES (change.status, change.act, change.place, change.unit_code, change.n)
            ON CONFLICT (status, act, place, unit_code) DO UPDATE SET n = case_counts.n + excluded.n;
          END LOOP;
          RETURN NULL;
        END $$
        """
    )
    op.execute(
        f"""
        CREATE OR REPLACE FUNCTION cases_decided() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE change record;
        BEGIN
          FOR change IN
            SELECT day, place, act, unit_code, sum(decided) AS decided, sum(rejected) AS rejected FROM (
              SELECT {detected["OLD"]} AS day, OLD.place AS place, OLD.act_suspected AS act,
                OLD.unit_code AS unit_code, -1 AS decided, -CAST(OLD.status = 'rejected' AS int) AS rejected
                WHERE TG_OP <> 'INSERT' AND {decided.format("OLD")}
              UNION ALL SELECT {detected["NEW"]}, NEW.place, NEW.act_suspected, NEW.unit_code,
                1, CAST(NEW.status = 'rejected' AS int)
                WHERE TG_OP <> 'DELETE' AND {decided.format("NEW")}
            ) AS moved GROUP BY day, place, act, unit_code ORDER BY day, place, act, unit_code
          LOOP
            IF change.decided <> 0 OR change.rejected <> 0 THEN
              INSERT INTO decided_counts (day, place, act, unit_code, decided, rejected)
              VALUES (change.day, change.place, change.act, change.unit_code, change.decided, change.rejected)
              ON CONFLICT (day, place, act, unit_code) DO UPDATE SET
                decided = decided_counts.decided + excluded.decided,
                rejected = decided_counts.rejected + excluded.rejected;
            END IF;
          END LOOP;
          FOR change IN
            SELECT day, reason, unit_code, sum(n) AS n FROM (
              SELECT {detected["OLD"]} AS day, coalesce(OLD.rejected_reason, '') AS reason,
                OLD.unit_code AS unit_code, -1 AS n
                WHERE TG_OP <> 'INSERT' AND OLD.status = 'rejected'
              UNION ALL SELECT {detected["NEW"]}, coalesce(NEW.rejected_reason, ''), NEW.unit_code, 1
                WHERE TG_OP <> 'DELETE' AND NEW.status = 'rejected'
            ) AS moved GROUP BY day, reason, unit_code ORDER BY day, reason, unit_code
          LOOP
            IF change.n <> 0 THEN
              INSERT INTO rejected_counts (day, reason, unit_code, n)
              VALUES (change.day, change.reason, change.unit_code, change.n)
              ON CONFLICT (day, reason, unit_code) DO UPDATE SET n = rejected_counts.n + excluded.n;
            END IF;
          END LOOP;
          RETURN NULL;
        END $$
        """
    )
    op.execute(
        f"""
        CREATE OR REPLACE FUNCTION notices_sent() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE change record;
        BEGIN
          FOR change IN
            SELECT day, unit_code, sum(n) AS n FROM (
              SELECT {published["OLD"]} AS day, OLD.unit_code AS unit_code, -1 AS n
                WHERE TG_OP <> 'INSERT' AND OLD.published_at IS NOT NULL
              UNION ALL SELECT {published["NEW"]}, NEW.unit_code, 1
                WHERE TG_OP <> 'DELETE' AND NEW.published_at IS NOT NULL
            ) AS moved GROUP BY day, unit_code ORDER BY day, unit_code
          LOOP
            IF change.n <> 0 THEN
              INSERT INTO sent_counts (day, unit_code, n) VALUES (change.day, change.unit_code, change.n)
              ON CONFLICT (day, unit_code) DO UPDATE SET n = sent_counts.n + excluded.n;
            END IF;
          END LOOP;
          RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER cases_counted AFTER INSERT OR DELETE ON cases FOR EACH ROW EXECUTE FUNCTION cases_counted()"
    )
    _again("cases_counted", "status, act, place, unit_code")
    for name, happened, row in (("cases_decided", "INSERT", "NEW"), ("cases_undecided", "DELETE", "OLD")):
        op.execute(
            f"CREATE TRIGGER {name} AFTER {happened} ON cases FOR EACH ROW WHEN ({decided.format(row)})"
            " EXECUTE FUNCTION cases_decided()"
        )
    _again("cases_decided", "status, rejected_reason, place, act_suspected, detected_at, unit_code")
    op.execute(
        "CREATE TRIGGER notices_sent AFTER INSERT OR UPDATE OF published_at, unit_code OR DELETE ON notices"
        " FOR EACH ROW EXECUTE FUNCTION notices_sent()"
    )


def _again(counted: str, columns: str) -> None:
    old, new = (", ".join(f"{row}.{name}" for name in columns.split(", ")) for row in ("OLD", "NEW"))
    op.execute(
        f"CREATE TRIGGER {counted}_again AFTER UPDATE OF {columns} ON cases FOR EACH ROW"
        f" WHEN (({old}) IS DISTINCT FROM ({new})) EXECUTE FUNCTION {counted}()"
    )


def _count_on_sqlite() -> None:
    more, less = (
        "INSERT INTO case_counts (status, act, place, unit_code, n)"
        f" VALUES ({row}.status, {row}.act, {row}.place, {row}.unit_code, {n})"
        f" ON CONFLICT (status, act, place, unit_code) DO UPDATE SET n = n + ({n});"
        for row, n in (("NEW", 1), ("OLD", -1))
    )
    op.execute(f"CREATE TRIGGER cases_counted AFTER INSERT ON cases BEGIN {more} END")
    op.execute(f"CREATE TRIGGER cases_uncounted AFTER DELETE ON cases BEGIN {less} END")
    op.execute(
        "CREATE TRIGGER cases_counted_again AFTER UPDATE OF status, act, place, unit_code ON cases"
        " WHEN OLD.status <> NEW.status OR OLD.act <> NEW.act OR OLD.place <> NEW.place"
        f" OR OLD.unit_code <> NEW.unit_code BEGIN {less} {more} END"
    )

    def decided(row: str, sign: int) -> str:
        return (
            "INSERT INTO decided_counts (day, place, act, unit_code, decided, rejected) SELECT"
            f" substr({row}.detected_at, 1, 10), {row}.place, {row}.act_suspected, {row}.unit_code, {sign},"
            f" {sign} * ({row}.status = 'rejected') WHERE {row}.status NOT IN ('new', 'in_review')"
            " ON CONFLICT (day, place, act, unit_code) DO UPDATE SET decided = decided + excluded.decided,"
            " rejected = rejected + excluded.rejected;"
            " INSERT INTO rejected_counts (day, reason, unit_code, n) SELECT"
            f" substr({row}.detected_at, 1, 10), coalesce({row}.rejected_reason, ''), {row}.unit_code, {sign}"
            f" WHERE {row}.status = 'rejected'"
            " ON CONFLICT (day, reason, unit_code) DO UPDATE SET n = n + excluded.n;"
        )

    def sent(row: str, sign: int) -> str:
        return (
            "INSERT INTO sent_counts (day, unit_code, n) SELECT"
            f" substr({row}.published_at, 1, 10), {row}.unit_code, {sign} WHERE {row}.published_at IS NOT NULL"
            " ON CONFLICT (day, unit_code) DO UPDATE SET n = n + excluded.n;"
        )

    watched = "status, rejected_reason, place, act_suspected, detected_at, unit_code"
    for table, name, columns, count, when in (
        ("cases", "decided", watched, decided, "{row}.status NOT IN ('new', 'in_review')"),
        ("notices", "sent", "published_at, unit_code", sent, "{row}.published_at IS NOT NULL"),
    ):
        more, less = count("NEW", 1), count("OLD", -1)
        coming, going = when.format(row="NEW"), when.format(row="OLD")
        op.execute(f"CREATE TRIGGER {table}_{name} AFTER INSERT ON {table} WHEN {coming} BEGIN {more} END")
        op.execute(f"CREATE TRIGGER {table}_un{name} AFTER DELETE ON {table} WHEN {going} BEGIN {less} END")
        op.execute(f"CREATE TRIGGER {table}_{name}_again AFTER UPDATE OF {columns} ON {table} BEGIN {less} {more} END")


def downgrade() -> None:
    raise NotImplementedError("evidence is never dropped by a migration: restore a backup")
