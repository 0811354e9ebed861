"""The database: what Alembic makes is what the models say, on both engines; and it is never taken back."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from central.centre import Centre
from central.store.base import Base
from central.store.case_tables import CounterRow
from central.store.db import Database, DatabaseError, next_number
from central.store.migrate import upgrade
from central.store.packet_tables import NodeKeyRow


def test_the_migrations_make_exactly_the_tables_of_the_models(centre: Centre) -> None:
    def ours(name: str | None, kind: str, _parents: object) -> bool:
        # trigrams are used where the server has them, so the models cannot ask for their index
        return not (kind == "index" and name == "ix_cases_plate_part")

    with centre.db.engine.connect() as connection:
        options = {"compare_type": True, "render_as_batch": True, "include_name": ours}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


def test_names_of_tables_and_constraints_are_the_same_on_both(centre: Centre) -> None:
    found = inspect(centre.db.engine)
    assert set(found.get_table_names()) == {*Base.metadata.tables, "alembic_version"}
    assert {u["name"] for u in found.get_unique_constraints("notices")} == {
        "uq_notices_code_hash", "uq_notices_book_year_number",
    }  # fmt: skip


def test_an_upgrade_of_an_up_to_date_database_changes_nothing(centre: Centre) -> None:
    upgrade(centre.db)
    upgrade(centre.db)


def test_keys_of_nodes_registered_before_the_history_are_in_it(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/old.sqlite3")
    upgrade(database, to="0001")
    with database.write() as session:
        session.execute(
            text(
                "INSERT INTO nodes (id, public_key, key_id, enabled, created_at, status)"
                " VALUES ('n', 'PEM', 'k', 1, '2026-01-01 00:00:00', 'unknown')"
            )
        )
    upgrade(database)
    with database.read() as session:
        assert session.get_one(NodeKeyRow, ("n", "k")).public_key == "PEM"
    database.dispose()


def test_many_processes_may_start_at_once_on_one_database(postgres_url: str) -> None:
    faults: list[BaseException] = []

    def start() -> None:
        database = Database(postgres_url)
        try:
            upgrade(database)
        except BaseException as error:
            faults.append(error)
        finally:
            database.dispose()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []


def test_a_database_of_a_newer_software_is_left_alone(centre: Centre) -> None:
    with centre.db.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseError, match="revision 9999"):
        upgrade(centre.db)


def test_numbers_have_no_gaps_also_when_taken_at_once_and_given_back(centre: Centre) -> None:
    taken: list[int] = []

    def take(n: int) -> None:
        for attempt in range(5):
            with centre.db.write() as session:
                number = next_number(session, "test")
                if (n + attempt) % 3 == 0:
                    session.rollback()  # a failed transaction gives its number back
                    continue
            taken.append(number)

    threads = [threading.Thread(target=take, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(taken) == list(range(1, len(taken) + 1))


def test_a_session_to_look_changes_nothing(centre: Centre) -> None:
    with centre.db.read() as session:
        session.add(CounterRow(name="x", value=1))
        session.flush()
    with centre.db.read() as session:
        assert session.get(CounterRow, "x") is None


def test_a_packet_belongs_to_a_node(centre: Centre) -> None:
    statement = (
        "INSERT INTO packets (id, node_id, sequence, digest, container_sha256, size, manifest, seal, chain_state,"
        " occurred_at, received_at, log_index) VALUES ('x', 'nobody', 1, 'd', 'c', 1, 'm', 's', 'ok',"
        " '2026-01-01', '2026-01-01', 0)"
    )
    with pytest.raises(IntegrityError), centre.db.write() as session:
        session.execute(text(statement))


def test_an_instant_without_a_time_zone_is_refused(box: Centre) -> None:
    from datetime import datetime

    from central.store.packet_tables import AlarmRow

    with pytest.raises(Exception, match="time zone"), box.db.write() as session:
        session.add(AlarmRow(kind="x", text="x", at=datetime(2026, 1, 1)))
