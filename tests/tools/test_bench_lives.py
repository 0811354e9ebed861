"""A unit lives through some cases' whole lives in minutes; `giaolo bench lives` does so with many more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import delete

from central.cases.lifecycle import Action
from central.cases.said import SAID
from central.cases.steps import MOVES
from central.store.case_tables import TermRow
from tools.bench import lives as bench
from tools.bench.lives import live
from tools.bench.lives_steps import LOOKS, without_a_door
from tools.bench.lives_town import Town
from tools.command.cli import cli


@pytest.mark.postgres
@pytest.mark.slow(60)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_every_life_ends_with_no_term_unseen_and_all_counts_true(
    database: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = request.getfixturevalue("postgres_url") if database == "postgresql" else f"sqlite:///{tmp_path}/l.sqlite"
    result = CliRunner().invoke(
        cli, ["bench", "lives", "--lives", "20", "--years", "0.1", "--seed", "5", "--database", url, "--json"]
    )
    assert result.exit_code == 0, result.output
    found = json.loads(result.output)
    assert (found["database"], found["faults"], found["stuck"]) == (database, [], 0)
    assert sum(found["states"].values()) == 20
    assert set(found["states"]) <= {"rejected", "withdrawn", "expired", "closed"}
    assert found["terms"]["notify"]["met"] > 10
    assert found["steps"]["publish"]["n"] > 10


def test_a_term_that_is_lost_from_the_list_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The watch is worth something only if it sees what it watches for."""
    take = Town.take

    def forgetful(town: Town, action: Action, case_id: str, *args: object, **said: object) -> str | None:
        refused = take(town, action, case_id, *args, **said)  # type: ignore[arg-type]
        if action is Action.PUBLISH:
            with town.centre.db.write() as session:
                session.execute(delete(TermRow).where(TermRow.case_id == case_id))
        return refused

    monkeypatch.setattr(Town, "take", forgetful)
    monkeypatch.setattr(bench, "AFTER_YEARS", 0.1)
    found = live(tmp_path, 3, years=0.05, seed=1)
    assert any("on lists" in fault for fault in found.faults)
    assert not found.good


def test_every_step_of_the_table_is_taken_through_a_door() -> None:
    """A step that nobody can take has no page; one with a form needs no line in the bench."""
    assert set(without_a_door()) == {Action.AGREE_INSTALMENTS} - set(SAID)
    assert set(MOVES) >= LOOKS
