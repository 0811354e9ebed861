"""What falls due by day, unit and officer: true counts, pages that lose nothing, and no look through a whole table."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, text

from central.cases.lifecycle import Action, Role
from central.centre import Centre
from central.desk.falling_due import NEAR_DAYS, Behind, DueList, falling_due
from central.notices import issuing, proceedings
from central.store.case_tables import CaseRow, TermRow
from central.store.packet_tables import PacketRow
from central.units.book import change
from central.units.tree import EVERYWHERE, ROOT, Scope, Unit
from central.users import set_unit
from countries.here import HERE
from tests.central.build import BINH, HOA, LAN, NOW, TRUONG, case_of, issued
from tests.central.test_worklist import looked_at, nodes_of, statements_of
from tests.central.web_people import Web, make_web

TODAY = HERE.local_date(NOW)
NEAR = TODAY + timedelta(days=NEAR_DAYS)
TEAMS = [f"doi-{n}" for n in range(40)]
MANY = 30_000
"""Terms of a made-up province: two of three are statutes that end in most of a year."""


def copies(session: Any, like: str, units: list[str]) -> list[str]:
    """A case for each unit, like one that there is; with what its tables ask for and no more."""
    case = {c.key: getattr(session.get_one(CaseRow, like), c.key) for c in CaseRow.__table__.columns}
    packet = {c.key: getattr(session.get_one(PacketRow, case["packet_id"]), c.key) for c in PacketRow.__table__.columns}
    first = case["number"] + 1
    ids = [str(uuid.UUID(int=first + n)) for n in range(len(units))]
    packets = [
        {**packet, "id": i, "packet_id": i, "sequence": first + n, "digest": f"{first + n:064x}",
         "container_sha256": f"{first + n:064x}", "log_index": first + n}
        for n, i in enumerate(ids)
    ]  # fmt: skip
    session.execute(insert(PacketRow), packets)
    session.execute(insert(CaseRow), [
        {**case, "id": i, "number": first + n, "packet_id": i, "unit_code": unit}
        for n, (i, unit) in enumerate(zip(ids, units, strict=True))
    ])  # fmt: skip
    return ids


def term(case: str, unit: str, due: date, **changed: Any) -> dict[str, Any]:
    return {
        "case_id": case, "code": "answer", "since": TODAY, "due": due, "whose": "approver", "unit_code": unit,
        "kind": "work", "officer": "lan", **changed,
    }  # fmt: skip


def listed(centre: Centre, scope: Scope = EVERYWHERE, role: Role | None = None, **asked: Any) -> DueList:
    with centre.db.read() as session:
        return falling_due(session, role, today=TODAY, near=NEAR, now=NOW, scope=scope, **asked)


@pytest.fixture
def units(centre: Centre) -> Centre:
    with centre.db.write() as session:
        change(session, [Unit(code, code, "team", ROOT) for code in TEAMS[:3]])
    return centre


_LINE = st.tuples(
    st.sampled_from([ROOT, *TEAMS[:3]]), st.integers(-40, 60), st.sampled_from(["work", "end"]),
    st.sampled_from(["officer", "approver", "head"]), st.sampled_from(["", "lan", "binh"]),
)  # fmt: skip


@given(
    lines=st.lists(_LINE, max_size=25),
    scope=st.sampled_from([
        EVERYWHERE, Scope(frozenset({"doi-1"})), Scope(frozenset({ROOT, "doi-0"})), Scope(frozenset()),
        Scope(frozenset({ROOT, *TEAMS})),
    ]),
    role=st.sampled_from([None, Role.OFFICER, Role.HEAD]), officer=st.sampled_from(["", "lan"]),
    kind=st.sampled_from(["work", "end", "all"]), limit=st.integers(1, 7),
)  # fmt: skip
@settings(
    max_examples=25,
    deadline=None,
    phases=(Phase.generate,),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_the_pages_together_are_what_is_due_once_each_and_the_counts_are_true(
    units: Centre, lines: list[Any], scope: Scope, role: Role | None, officer: str, kind: str, limit: int
) -> None:
    with units.db.write() as session:
        session.execute(delete(TermRow))
        known = list(session.scalars(select(CaseRow.id).order_by(CaseRow.number)))
    if not known:
        known = [case_of(units)]
    with units.db.write() as session:
        if len(known) < 25:
            known += copies(session, known[0], [ROOT] * 24)
        rows = [
            term(case, unit, TODAY + timedelta(days=days), kind=sort, whose=whose, officer=by,
                 code="statute" if sort == "end" else "answer")
            for case, (unit, days, sort, whose, by) in zip(known, lines, strict=False)
        ]  # fmt: skip
        if rows:
            session.execute(insert(TermRow), rows)
    asked = [
        r for r in rows
        if scope.has(r["unit_code"]) and (role is None or r["whose"] == role.value)
        and (not officer or r["officer"] == officer) and kind in (r["kind"], "all")
        and (r["kind"] == "work" or r["due"] <= NEAR)
    ]  # fmt: skip
    shown: list[tuple[date, str]] = []
    after: Behind | None = None
    for _ in range(len(rows) + 1):
        found = listed(units, scope, role, kind=kind, officer=officer, limit=limit, after=after)
        shown += [(line.due, line.item.id) for line in found.lines]
        assert found.total == len(asked)
        assert found.over == sum(r["due"] < TODAY for r in asked)
        after = Behind.parse(str(found.later)) if found.later else None
        if after is None:
            break
    assert shown == sorted((r["due"], r["case_id"]) for r in asked)


def test_statutes_stand_beside_the_work_and_not_before_it(box: Centre) -> None:
    case_id, _ = issued(box)
    with box.db.write() as session:
        issuing.publish(session, case_id, HOA, register=box.registry, now=NOW)
        session.execute(text("UPDATE case_terms SET due = :d WHERE kind = 'end'"), {"d": TODAY - timedelta(days=2)})
    assert [line.code for line in listed(box, kind="work").lines] == ["answer"]
    assert [line.code for line in listed(box, kind="end").lines] == ["statute"]
    assert [line.code for line in listed(box).lines] == ["statute", "answer"]


def test_a_term_names_its_unit_and_who_confirmed_the_case(box: Centre) -> None:
    issued(box)
    (first, *_) = listed(box).lines
    assert (first.unit, first.officer) == (ROOT, "lan")
    assert listed(box, officer="binh").lines == ()


@pytest.fixture
def web(tmp_path: Any) -> Web:
    made = make_web(tmp_path)
    with made.centre.db.write() as session:
        change(
            session, [Unit("doi-0", "Đội Cảnh sát giao thông số 0", "team", ROOT), Unit("doi-1", "Đội 1", "team", ROOT)]
        )
    return made


def test_the_page_is_by_day_unit_and_officer_within_what_is_open(web: Web) -> None:
    case_id, _ = issued(web.centre)
    with web.centre.db.write() as session:
        issuing.publish(session, case_id, HOA, register=web.centre.registry, now=NOW)
    web.person(LAN)
    head = web.person(TRUONG)
    page = head.get("/desk/due?whose=all").text
    assert "1 việc" in page
    assert "Thứ hai 14/12/2026" in page
    assert "Nguyễn Thị Lan" in page
    assert "Đội Cảnh sát giao thông số 0" in page
    proceedings.take(
        web.centre.db, case_id, HOA, Action.HAND_OVER, {"on": TODAY.isoformat(), "unit": "doi-0"}, "thuộc địa bàn",
        desk=web.centre.notices, now=web.clock.now,
    )  # fmt: skip
    at = f"/desk/cases/{case_id}/steps"
    there = {"&unit=doi-0", "&officer=lan", "&unit=root", "&unit=khong-co"}
    for chosen in (*there, "&unit=doi-1", "&officer=binh"):
        assert (at in head.get(f"/desk/due?whose=all{chosen}").text) is (chosen in there), chosen
    binh = replace(BINH, unit="doi-1")
    web.account(binh)
    with web.centre.db.write() as session:
        set_unit(session, binh.username, "doi-1", now=NOW)
    own = web.person(binh)
    assert at not in own.get("/desk/due?whose=all&unit=doi-0").text, "what is not open is not chosen"


def test_an_unchanged_list_costs_no_body(web: Web) -> None:
    case_id, _ = issued(web.centre)
    head = web.person(TRUONG)
    first = head.get("/desk/due-rows?whose=all")
    assert first.status_code == 200
    tag = {"If-None-Match": first.headers["etag"]}
    again = head.client.get("/desk/due-rows?whose=all", headers=tag)
    assert (again.status_code, again.content) == (304, b"")
    with web.centre.db.write() as session:
        issuing.publish(session, case_id, HOA, register=web.centre.registry, now=NOW)
    assert head.client.get("/desk/due-rows?whose=all", headers=tag).status_code == 200


# --- a province ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def province(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    import psycopg

    with psycopg.connect(f"{postgres_server}/postgres", autocommit=True) as connection:
        connection.execute("CREATE DATABASE large_due")
    web = make_web(tmp_path_factory.mktemp("due"), url=f"{postgres_server}/large_due")
    case_id = case_of(web.centre)
    with web.centre.db.write() as session:
        change(session, [Unit(code, code, "team", ROOT) for code in TEAMS])
        owned = [TEAMS[n % len(TEAMS)] for n in range(MANY // 3 * 2)]
        ids = copies(session, case_id, owned)
        far, third = TODAY + timedelta(days=200), MANY // 3
        rows = [
            term(i, u, far + timedelta(days=n % 90), code="statute", kind="end", officer=f"cb-{n % 120}")
            for n, (i, u) in enumerate(zip(ids, owned, strict=True))
        ]
        rows += [
            term(i, u, TODAY + timedelta(days=n % 45 - 5), officer=f"cb-{n % 120}")
            for n, (i, u) in enumerate(zip(ids[:third], owned[:third], strict=True))
        ]
        session.execute(insert(TermRow), rows)
    with web.centre.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
    yield web
    web.centre.db.dispose()


PAGES: dict[str, dict[str, Any]] = {
    "first": {}, "of a day": {"after": Behind(TODAY + timedelta(days=20))}, "of an officer": {"officer": "cb-7"},
    "ends": {"kind": "end"},
}  # fmt: skip
SCOPES = {
    "everything": (EVERYWHERE, MANY // 3),
    "one unit": (Scope(frozenset({"doi-7"})), MANY // 3 // 40),
    "four units": (Scope(frozenset(TEAMS[:4])), MANY // 3 // 10),
    "most units": (Scope(frozenset(TEAMS[:30])), MANY // 4),
}


@pytest.mark.postgres
@pytest.mark.parametrize("scope", list(SCOPES))
@pytest.mark.parametrize("page", list(PAGES))
def test_the_list_never_looks_through_a_table(province: Web, scope: str, page: str) -> None:
    """Counting reads what is due from an index alone; lines are those that are shown; far statutes are not touched."""
    seen_by, waiting = SCOPES[scope]
    with statements_of(province.centre) as seen:
        found = listed(province.centre, seen_by, **{"kind": "work", "limit": 50, **PAGES[page]})
    if page != "of an officer":
        assert found.total == (0 if page == "ends" else waiting), "far statutes are not among them"
    with province.centre.db.engine.connect() as connection:
        for statement, values in seen:
            explained = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", values).scalar()
            plan = (json.loads(explained) if isinstance(explained, str) else explained)[0]["Plan"]
            for node in nodes_of(plan):
                table = node.get("Relation Name", "")
                whole = node["Node Type"] == "Seq Scan" and table in ("case_terms", "cases")
                assert not whole, f"reads all of {table}: {statement}"
                if table in ("case_terms", "cases"):
                    assert looked_at(node) <= waiting + 200, statement
