"""Deleting at the end of a term: its records, which are only added, and the one door through which a record of a case
loses what was said in it.

Events of a case stay append-only. The one change that the database now lets through is of a case whose deletion stands
in `deletions`: words may go, hashes, signatures, order, times and actions stay as they were, and an owner's address
behind `owner:` may go from the actor.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_ENDED = sa.text("status IN ('rejected', 'withdrawn', 'expired', 'closed') AND deleted_at IS NULL")
_STAYS = ("id", "case_id", "sequence", "at", "action", "previous", "hash", "signature")


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    whole = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("cases", sa.Column("deleted_at", instant, nullable=True))
    op.add_column("packets", sa.Column("deleted_at", instant, nullable=True))
    op.create_table(
        "deletions",
        sa.Column("id", whole, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=True),
        sa.Column("packet_digest", sa.String(length=64), nullable=True),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.String(length=88), nullable=False),
        sa.Column("log_index", whole, nullable=False),
        sa.Column("at", instant, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_deletions_case_id_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deletions")),
        sa.UniqueConstraint("case_id", name=op.f("uq_deletions_case_id")),
        sa.UniqueConstraint("packet_digest", name=op.f("uq_deletions_packet_digest")),
        sa.UniqueConstraint("digest", name=op.f("uq_deletions_digest")),
        sa.UniqueConstraint("log_index", name=op.f("uq_deletions_log_index")),
    )
    op.create_index(
        "ix_cases_to_delete", "cases", ["occurred_at", "number"], sqlite_where=_ENDED, postgresql_where=_ENDED
    )
    op.create_index("ix_notices_pdf_sha256", "notices", ["pdf_sha256"])
    op.create_index("ix_lookups_at", "lookups", ["at"])
    if op.get_bind().dialect.name == "postgresql":
        _on_postgresql()
    else:
        _on_sqlite()


def _on_postgresql() -> None:
    same = " AND ".join(f"NEW.{name} IS NOT DISTINCT FROM OLD.{name}" for name in _STAYS)
    op.execute(
        f"""
        CREATE OR REPLACE FUNCTION case_events_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF TG_OP = 'UPDATE' THEN
            IF {same} AND NEW.note = ''
              AND length(CAST(NEW.before AS text)) <= length(CAST(OLD.before AS text))
              AND length(CAST(NEW.after AS text)) <= length(CAST(OLD.after AS text))
              AND (NEW.actor = OLD.actor OR (OLD.actor LIKE 'owner:%' AND NEW.actor = 'owner:'))
              AND EXISTS (SELECT 1 FROM deletions WHERE deletions.case_id = OLD.case_id)
            THEN RETURN NEW; END IF;
          END IF;
          RAISE EXCEPTION 'case_events is append-only';
        END $$
        """
    )
    op.execute(
        "CREATE FUNCTION deletions_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'deletions is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER deletions_append_only BEFORE UPDATE OR DELETE ON deletions "
        "FOR EACH ROW EXECUTE FUNCTION deletions_append_only()"
    )


def _on_sqlite() -> None:
    same = " AND ".join(f"NEW.{name} IS OLD.{name}" for name in _STAYS)
    op.execute("DROP TRIGGER case_events_no_update")
    op.execute(
        f"CREATE TRIGGER case_events_no_update BEFORE UPDATE ON case_events WHEN NOT ({same} AND NEW.note = ''"
        " AND length(NEW.before) <= length(OLD.before) AND length(NEW.after) <= length(OLD.after)"
        " AND (NEW.actor = OLD.actor OR (OLD.actor LIKE 'owner:%' AND NEW.actor = 'owner:'))"
        " AND EXISTS (SELECT 1 FROM deletions WHERE deletions.case_id = OLD.case_id))"
        " BEGIN SELECT RAISE(ABORT, 'case_events is append-only'); END"
    )
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER deletions_no_{verb.lower()} BEFORE {verb} ON deletions "
            "BEGIN SELECT RAISE(ABORT, 'deletions is append-only'); END"
        )


def downgrade() -> None:
    raise NotImplementedError("evidence is never dropped by a migration: restore a backup")
