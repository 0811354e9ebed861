"""A unit lives through some cases' whole lives in minutes; `giaolo bench lives` does so with many more, in towns."""

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
from tools.bench.lives_costs import Costs, Spent
from tools.bench.lives_outcome import Outcome, summed
from tools.bench.lives_steps import LOOKS, without_a_door
from tools.bench.lives_town import Town
from tools.bench.lives_towns import live_all, towns_of
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
    assert found["audited"] == 20
    assert found["step"]["n"] == sum(cost["n"] for name, cost in found["steps"].items() if ":" not in name)


def outcome(lives: int, *, fault: str = "", **late: int) -> Outcome:
    costs = Costs()
    for _ in range(lives):
        costs.timed("attend", lambda: None)
    return Outcome(
        database="sqlite", lives=lives, days=lives * 10, states={"closed": lives}, told=1, behind=0, stuck=0,
        terms={code: {"met": lives, "late": n, "latest": n} for code, n in late.items()}, mistakes=2, audited=lives,
        refused={"pay: field": 1}, no_door=[], faults=[fault] if fault else [], fault_count=bool(fault), wall_s=1.0,
        cpu_s=1.0, database_cpu_s=None, costs=costs,
    )  # fmt: skip


def test_many_lives_are_lived_in_towns_and_one_that_was_cut_off_goes_on_with_those_left(tmp_path: Path) -> None:
    towns = towns_of(7, 3, years=1.0, seed=5, database="", papers=False)
    assert [(t.lives, t.seed) for t in towns] == [(3, 5), (2, 6), (2, 7)]
    lived: list[int] = []

    def live(_folder: Path, n: int, *, seed: int, **_more: object) -> Outcome:
        if seed == 7 and len(lived) < 3:
            lived.append(seed)
            raise KeyboardInterrupt
        lived.append(seed)
        return outcome(n, pay=n)

    kept, told = tmp_path / "kept.jsonl", list[str]()
    with pytest.raises(KeyboardInterrupt):
        live_all(towns, live, processes=1, kept=kept, tell=told.append)
    found = live_all(towns, live, processes=1, kept=kept, tell=told.append)
    assert lived == [5, 6, 7, 7], "those that were lived are not lived again"
    assert (found.lives, found.towns, found.days, found.states) == (7, 3, 30, {"closed": 7})
    assert found.terms == {"pay": {"met": 7, "late": 7, "latest": 3}}
    assert found.costs.step.n == 7
    assert found.good
    assert "3 of 3 towns" in told[-1]


def test_a_fault_in_one_town_is_a_fault_of_all() -> None:
    found = summed([outcome(3), outcome(2, fault="case 7: nobody waits for it")])
    assert not found.good
    assert found.faults == ["case 7: nobody waits for it"]


def test_one_database_holds_one_town(tmp_path: Path) -> None:
    args = ["bench", "lives", "--lives", "20", "--town", "10", "--database", f"sqlite:///{tmp_path}/l.sqlite"]
    result = CliRunner().invoke(cli, args)
    assert result.exit_code == 1
    assert "one database holds one town" in result.output


def test_times_are_summed_in_classes_that_are_true_to_five_percent() -> None:
    spent = Spent()
    for n in range(1, 1001):
        spent.add(n / 1000)
    assert spent.mean_ms == pytest.approx(500.5)
    assert spent.quantile_ms(0.95) == pytest.approx(950, rel=0.05)
    assert Spent.of(spent.plain()) == spent


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
