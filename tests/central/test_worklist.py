"""The desk's lists: true counts, pages that leave nobody out, and no work that grows with all that was ever stored."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import event, select, text

from central.cases.lifecycle import Status
from central.cases.stages import ISSUED, OPEN, OVER, TO_ISSUE, UNDER_WAY
from central.centre import Centre
from central.desk import actions, worklist
from central.desk.unit import recount_figures, unit_view
from central.desk.worklist import Cursor, QueueFilter, queue_page, total
from central.notices import issuing
from central.registry import TableRegistry
from central.second_reader import SecondReader
from central.store.case_tables import CaseCountRow, CaseRow, DecidedCountRow, NoticeRow, RejectedCountRow, SentCountRow
from central.store.packet_tables import NodeRow
from central.units.tree import EVERYWHERE
from central.web import queries
from countries.here import HERE
from evidence.acts import ActCode
from tests.central.build import (
    BINH,
    HOA,
    LAN,
    NODE,
    NOW,
    TRUONG,
    case_of,
    claimed,
    confirmed,
    issued,
    make_centre,
    prepared,
)
from tests.central.web_people import Person, Web, make_web
from tools.bench.desk_fill import fill

MANY = 20_000
"""Enough that a database which looks through a whole table is seen in its plan."""


def counts_kept(centre: Centre) -> Counter[tuple[str, str, str]]:
    with centre.db.read() as session:
        rows = session.scalars(select(CaseCountRow))
        return Counter({(r.status, r.act, r.place): r.n for r in rows if r.n})


def counts_real(centre: Centre) -> Counter[tuple[str, str, str]]:
    with centre.db.read() as session:
        return Counter((s, a, p) for s, a, p in session.execute(select(CaseRow.status, CaseRow.act, CaseRow.place)))


# --- counts --------------------------------------------------------------------------------------------------------


def test_the_counts_are_true_through_the_whole_life_of_cases(centre: Centre) -> None:
    steps: list[Callable[[], object]] = [
        lambda: case_of(centre),
        lambda: claimed(centre, place="Ngã tư khác"),
        lambda: confirmed(centre, act=ActCode.WRONG_WAY),
        lambda: prepared(centre),
        lambda: issued(centre),
    ]
    for step in steps:
        step()
        assert counts_kept(centre) == counts_real(centre)
    case_id = prepared(centre)
    with centre.db.write() as session:
        actions.return_to_queue(session, case_id, HOA, "xem lại đèn", now=centre.clock())
    assert counts_kept(centre) == counts_real(centre)
    with centre.db.read() as session:  # what is rolled back was not counted
        actions.claim(session, case_id, LAN, now=centre.clock(), lease=centre.claim_lease)
    assert counts_kept(centre) == counts_real(centre)
    with centre.db.read() as session:
        assert sum(worklist.status_counts(session, scope=EVERYWHERE).values()) == sum(counts_real(centre).values())


def test_two_officers_who_move_cases_in_opposite_directions_do_not_stop_each_other(
    centre_url: str, tmp_path: Path
) -> None:
    import threading

    centre = make_centre(tmp_path / "centre", url=centre_url)
    there, back = case_of(centre), claimed(centre, BINH)
    faults: list[BaseException] = []

    def go(case_id: str, officer: Any) -> None:
        try:
            for _ in range(20):
                for act in (actions.release, actions.claim) if officer is BINH else (actions.claim, actions.release):
                    more = {"lease": centre.claim_lease} if act is actions.claim else {}
                    with centre.db.write() as session:
                        act(session, case_id, officer, now=centre.clock(), **more)
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=go, args=a) for a in ((there, LAN), (back, BINH))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert faults == []
    assert counts_kept(centre) == counts_real(centre)
    centre.db.dispose()


# --- pages ---------------------------------------------------------------------------------------------------------


def filled(folder: Path, n: int, url: str = "") -> Web:
    web = make_web(folder / "centre", **({"url": url} if url else {}))
    fill(web.centre.db, n, node=NODE, now=NOW)
    return web


FILTERS = {
    "what waits, oldest first": QueueFilter(),
    "all, newest first": QueueFilter(status=tuple(Status), newest_first=True),
    "one act": QueueFilter(status=tuple(Status), act=ActCode.RED_LIGHT, newest_first=True),
    "late, by the day the term began": QueueFilter(overdue_only=True),
    "a part of a plate": QueueFilter(status=tuple(Status), plate="36A1"),
}


@pytest.mark.parametrize("name", list(FILTERS))
def test_pages_forward_and_back_show_each_case_once_and_say_how_many_there_are(name: str, tmp_path: Path) -> None:
    web = filled(tmp_path, 400)
    filters = replace(FILTERS[name], limit=7)
    with web.centre.db.read() as session:
        real = session.scalars(select(CaseRow)).all()
        wanted = {
            c.id for c in real
            if c.status in {s.value for s in filters.status}
            and (filters.act is None or c.act == filters.act)
            and (not filters.overdue_only or c.detected_at < NOW - timedelta(days=10, hours=10))
            and filters.plate in (c.plate or "")
        }  # fmt: skip
        forward, cursor = [], None
        while True:
            shown = queue_page(session, replace(filters, after=cursor), now=NOW)
            assert shown.total.n == len(wanted)
            forward.append([i.id for i in shown.items])
            if shown.later is None:
                break
            cursor = shown.later
        assert Counter(i for page in forward for i in page) == Counter(dict.fromkeys(wanted, 1))
        assert all(len(page) == 7 for page in forward[:-1])
        back = [forward[-1]]
        while shown.earlier is not None:
            shown = queue_page(session, replace(filters, before=shown.earlier), now=NOW)
            back.append([i.id for i in shown.items])
        assert back[::-1] == forward
    web.centre.db.dispose()


@pytest.mark.parametrize("cursor", ["", "x", "20261123T030000.000000Z", "20261123T030000.000000Z_", "_5", "9" * 400])
def test_a_page_that_an_address_makes_up_is_the_first(cursor: str) -> None:
    assert Cursor.parse(cursor) is None


def test_the_screen_says_how_many_cases_fit_and_leads_to_all_of_them(tmp_path: Path) -> None:
    web = filled(tmp_path, 120)
    lan = web.person(LAN)
    n = 120
    address, seen = "/desk?state=all", set()
    while address:
        html = lan.get(address).text
        assert f"tổng cộng {n}<" in html
        found = re.findall(r'<tr class="row" data-id="([^"]+)"', html)
        assert 0 < len(found) <= 50
        assert not seen & set(found)
        seen |= set(found)
        later = re.search(r'href="(/desk\?[^"]+)" rel="next"', html)
        address = later[1].replace("&amp;", "&") if later else ""
    assert len(seen) == n
    web.centre.db.dispose()


# --- polls ---------------------------------------------------------------------------------------------------------


def rows_address(person: Person, address: str = "/desk") -> str:
    found = re.search(r'data-url="([^"]+)"', person.get(address).text)
    assert found
    return found[1].replace("&amp;", "&")


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    made = make_web(tmp_path / "centre")
    yield made
    made.centre.db.dispose()


def test_an_unchanged_poll_is_answered_without_its_lines_and_any_change_is_told(web: Web) -> None:
    first = case_of(web.centre)
    lan = web.person(LAN)
    address = rows_address(lan)
    tag = lan.get(address).headers["etag"]

    def changed() -> bool:
        nonlocal tag
        answer = lan.get(address, headers={"If-None-Match": tag})
        assert (answer.status_code == 304) == (answer.content == b"")
        tag = answer.headers["etag"]
        return answer.status_code == 200

    def statement(session: Any) -> None:
        queries.contest(session, sent, "Không phải xe tôi", now=NOW)

    assert not changed()
    assert not changed()
    second = claimed(web.centre, BINH)
    assert changed(), "a new case, held by somebody"
    assert not changed()
    with web.centre.db.write() as session:
        actions.release(session, second, BINH, now=NOW)
    assert changed(), "the holder gave it back"
    with web.centre.db.write() as session:
        actions.claim(session, second, BINH, now=NOW, lease=timedelta(minutes=15))
        actions.correct_plate(session, second, BINH, "36A-999.99", now=NOW)
    assert changed(), "another plate"
    web.clock.forward(minutes=16)
    assert changed(), "the lease is over, without anybody doing anything"
    sent, _ = issued(web.centre)
    changed()
    with web.centre.db.write() as session:
        statement(session)
    assert changed(), "the number in the menu"
    web.clock.forward(hours=24)
    lan = web.person(LAN)  # the session of yesterday is over
    assert changed(), "a day less until the deadline"
    lan.post("/lang", at="/desk", to="en")
    assert changed(), "another language"
    with web.centre.db.write() as session:
        session.execute(text("UPDATE packets SET chain_state = 'gap'"))
    assert changed(), "a flag of the chain"
    assert first


def test_new_cases_are_told_although_they_stand_behind_the_last_line_of_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("central.web.queue.PAGE", 5)
    web = filled(tmp_path, 600)
    lan = web.person(LAN)
    address = rows_address(lan)
    assert 'data-fresh="0"' in lan.get(address).text
    for _ in range(3):
        case_of(web.centre, at=NOW - timedelta(minutes=1), sequence=10_000 + _, previous=f"{_:064x}")
    told = lan.get(address).text
    assert 'data-fresh="3"' in told
    with web.centre.db.read() as session:
        assert f'data-queue="{total(session, QueueFilter(), now=NOW).n}"' in told
    web.centre.db.dispose()


# --- statements of owners ------------------------------------------------------------------------------------------


def test_the_number_of_statements_falls_when_somebody_opens_the_case(web: Web) -> None:
    case_id, _ = issued(web.centre)
    with web.centre.db.write() as session:
        queries.contest(session, case_id, "Xe đã bán", now=NOW)
    hoa = web.person(HOA)
    badge = lambda: re.search(r'data-count="contests"( hidden)?>(\d+)<', hoa.get("/desk/contests").text).groups()  # type: ignore[union-attr]  # noqa: E731
    assert badge() == (None, "1")
    assert "chưa xem" in hoa.get("/desk/contests").text
    hoa.get(f"/desk/approve/{case_id}")
    assert badge() == (" hidden", "0")
    assert '<span class="tag doubt">chưa xem' not in hoa.get("/desk/contests").text
    assert "Xe đã bán" in hoa.get("/desk/contests").text


# --- the unit's figures --------------------------------------------------------------------------------------------


def test_the_units_figures_count_what_they_say(web: Web) -> None:
    sent, _ = issued(web.centre)
    issued(web.centre)  # never sent
    with web.centre.db.write() as session:
        issuing.publish(session, sent, HOA, register=TableRegistry(), now=NOW)

    def figures() -> Any:
        with web.centre.db.read() as session:
            return unit_view(session, web.clock.now, scope=EVERYWHERE)

    assert (figures().issued, figures().long_sent, figures().overdue) == (2, 0, 0)
    web.clock.forward(days=11)
    assert figures().overdue == 1, "issued but not sent: its term runs on"
    web.clock.forward(days=11)
    assert figures().long_sent == 1, "of two issued notices one was sent"
    page = web.person(TRUONG).get("/desk/unit").text
    assert "chưa đến giải quyết" not in page, "nobody keeps a book of who came"
    late = web.person(TRUONG).get("/desk?state=overdue").text
    assert "tổng cộng 1<" in late


def figures_kept(centre: Centre) -> list[set[tuple[Any, ...]]]:
    """All that the triggers keep by day."""
    with centre.db.read() as session:
        decided = session.scalars(select(DecidedCountRow).where(DecidedCountRow.decided > 0))
        return [
            {(r.day, r.place, r.act, r.decided, r.rejected) for r in decided},
            {(r.day, r.reason, r.n) for r in session.scalars(select(RejectedCountRow)) if r.n},
            {(r.day, r.n) for r in session.scalars(select(SentCountRow)) if r.n},
        ]


def test_the_units_figures_are_kept_through_the_whole_life_of_cases(centre: Centre) -> None:
    def check(decided: int, rejected: int, sent: int) -> None:
        kept = figures_kept(centre)
        assert sum(row[3] for row in kept[0]) == decided
        assert sum(row[2] for row in kept[1]) == sum(row[4] for row in kept[0]) == rejected
        assert sum(row[1] for row in kept[2]) == sent
        with centre.db.write() as session:
            recount_figures(session)
        assert figures_kept(centre) == kept, "counted anew they are the same"

    check(0, 0, 0)
    returned = confirmed(centre)
    check(1, 0, 0)
    with centre.db.write() as session:
        actions.return_to_queue(session, returned, TRUONG, "nhìn lại biển số", now=NOW)
    check(0, 0, 0)
    case_id = claimed(centre)
    with centre.db.write() as session:
        actions.reject(session, case_id, LAN, "lamp_unclear", "", now=NOW)
    check(1, 1, 0)
    sent, _ = issued(centre)
    check(2, 1, 0)
    with centre.db.write() as session:
        issuing.publish(session, sent, HOA, register=TableRegistry(), now=NOW)
    check(2, 1, 1)
    with centre.db.read() as session:
        view = unit_view(session, NOW + timedelta(minutes=1), scope=EVERYWHERE)
        assert view.reasons == (("lamp_unclear", 1),)
        assert [(r.decided, r.rejected) for r in view.rates] == [(2, 1)]


@pytest.mark.parametrize("hour", [0, 6, 12, 18, 23])
def test_the_units_figures_are_those_of_the_rows_at_any_hour(hour: int, small: tuple[Web, Person]) -> None:
    """Kept by whole days, shown for thirty days to the second."""
    web, _ = small
    now = web.clock.now.replace(hour=hour, minute=31) - timedelta(days=2)
    since = now - timedelta(days=30)
    with web.centre.db.read() as session:
        view = unit_view(session, now, scope=EVERYWHERE)
        closed = select(CaseRow).where(CaseRow.status.not_in([s.value for s in OPEN]), CaseRow.detected_at >= since)
        rows = list(session.scalars(closed))
        sent = list(session.scalars(select(NoticeRow.published_at).where(NoticeRow.published_at.is_not(None))))
    decided = Counter((r.place, r.act_suspected) for r in rows)
    rejected = Counter((r.place, r.act_suspected) for r in rows if r.status == "rejected")
    assert {(r.place, r.act): (r.decided, r.rejected) for r in view.rates} == {
        key: (n, rejected[key]) for key, n in decided.items()
    }
    assert dict(view.reasons) == Counter(r.rejected_reason for r in rows if r.status == "rejected")
    limit = HERE.terms.first_sending_in_time(now)
    assert view.long_sent == sum(at < limit for at in sent if at is not None) > 0


# --- what the database does ----------------------------------------------------------------------------------------


@contextmanager
def statements_of(centre: Centre) -> Iterator[list[tuple[str, Any]]]:
    """Every statement that the centre sends, with its values."""
    seen: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, values: Any, _context: Any, many: bool) -> None:
        if not many:
            seen.append((statement, values))

    event.listen(centre.db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(centre.db.engine, "before_cursor_execute", note)


ASKED = {
    "/desk": 700,
    "/desk/queue-rows?since=19990": 300,
    "/desk?state=mine": 300,
    "/desk?state=overdue": 700,
    "/desk?state=approve": 300,
    "/desk?state=issued": 300,
    "/desk?state=rejected": 300,
    "/desk?state=all": 300,
    "/desk?state=all&act=red_light": 300,
    f"/desk?state=all&place={quote('Ngã tư số 7, phường Hạc Thành, tỉnh Thanh Hóa')}": 600,
    "/desk/contests": 300,
    "/desk/approve": 900,  # and the other cases of each plate that is shown, with their packets' chain
    "/desk/due": 500,
    "/desk/unit": 700,
}
"""Page and the most rows that its statements may look at together: what is shown and what waits, not what is stored."""


@pytest.fixture(scope="module")
def large(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Web, Person]]:
    import psycopg

    with psycopg.connect(f"{postgres_server}/postgres", autocommit=True) as connection:
        connection.execute("CREATE DATABASE large_desk")
    web = filled(tmp_path_factory.mktemp("large"), MANY, f"{postgres_server}/large_desk")
    yield web, web.person(TRUONG)
    web.centre.db.dispose()


GROWS = ("cases", "case_events", "packets", "notices")
"""Tables in which every case that ever was has its rows; the counts have a row an act, place and state."""


def nodes_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes_of(inner)


def looked_at(node: dict[str, Any]) -> float:
    if "Plans" in node and node["Node Type"] != "Bitmap Heap Scan":
        return 0
    removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return float((node["Actual Rows"] + removed) * node["Actual Loops"])


@pytest.mark.postgres
@pytest.mark.parametrize("address", list(ASKED))
def test_no_page_of_the_desk_looks_through_a_whole_table(address: str, large: tuple[Web, Person]) -> None:
    web, head = large
    with statements_of(web.centre) as seen:
        assert head.get(address).status_code == 200
    asked = [(s, v) for s, v in seen if s.lstrip().upper().startswith("SELECT")]
    # the page of the unit, four of them for its devices, three for notices taken back, one for the tree of units, one
    # for who signs, one for test acts
    assert 3 <= len(asked) <= 28, [s for s, _ in asked]
    rows = 0.0
    with web.centre.db.engine.connect() as connection:
        for statement, values in asked:
            explained = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", values).scalar()
            plan = (json.loads(explained) if isinstance(explained, str) else explained)[0]["Plan"]
            for node in nodes_of(plan):
                scanned = node.get("Relation Name", "")
                whole = node["Node Type"] == "Seq Scan" and scanned in GROWS
                assert not whole, f"{address} reads all of {scanned}: {statement}"
                rows += looked_at(node) if scanned in GROWS else 0
    assert rows <= ASKED[address], f"{address} looks at {rows:.0f} rows"


@pytest.mark.postgres
def test_a_part_of_a_plate_is_found_by_trigrams(large: tuple[Web, Person]) -> None:
    web, head = large
    with statements_of(web.centre) as seen:
        assert head.get("/desk?state=all&plate=36A4711").status_code == 200
    searched = [(s, v) for s, v in seen if "LIKE" in s]
    assert searched
    with web.centre.db.engine.connect() as connection:
        # at this size a look through all is as cheap; what counts is that there is another way
        connection.exec_driver_sql("SET enable_seqscan = off")
        for statement, values in searched:
            plan = "\n".join(r[0] for r in connection.exec_driver_sql(f"EXPLAIN {statement}", values))
            assert "ix_cases_plate_part" in plan or "Index Scan" in plan, plan


@pytest.mark.postgres
def test_a_list_loads_no_manifest(large: tuple[Web, Person]) -> None:
    web, head = large
    for address in ("/desk", "/desk/queue-rows", "/desk/approve"):
        with statements_of(web.centre) as seen:
            head.get(address)
        assert not [s for s, _ in seen if "manifest" in s], address


@pytest.mark.postgres
def test_the_second_reader_at_rest_asks_an_index(large: tuple[Web, Person]) -> None:
    web, _ = large
    with statements_of(web.centre) as seen:
        assert SecondReader(web.centre).step(None) is False
    [(statement, values)] = seen
    with web.centre.db.engine.connect() as connection:
        plan = "\n".join(r[0] for r in connection.exec_driver_sql(f"EXPLAIN {statement}", values))
    assert "ix_cases_second_pending" in plan


LISTS = {
    "/desk": "ix_cases_open",
    "/desk/queue-rows": "ix_cases_open",
    "/desk?state=mine": "ix_cases_held",
    "/desk?state=approve": "ix_cases_to_issue",
    "/desk?state=to_send": "ix_cases_to_send",
    "/desk?state=issued": "ix_cases_issued",
    "/desk?state=rejected": "ix_cases_rejected",
    "/desk?state=all": "ix_cases_newest",
    "/desk?state=all&act=red_light": "ix_cases_act",
    "/desk/approve": "ix_cases_to_issue",
    "/desk/contests": "ix_case_events_contest",
}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Web, Person]]:
    web = filled(tmp_path_factory.mktemp("small"), 2000)
    yield web, web.person(TRUONG)
    web.centre.db.dispose()


@pytest.mark.parametrize("address", list(LISTS))
def test_sqlite_reads_each_list_in_its_order_too(address: str, small: tuple[Web, Person]) -> None:
    web, head = small
    with statements_of(web.centre) as seen:
        assert head.get(address).status_code == 200
    plans = []
    with web.centre.db.engine.connect() as connection:
        for statement, values in seen:
            if statement.startswith("SELECT"):
                plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
                assert not [p for p in plan if re.fullmatch(r"SCAN (cases|case_events|packets|notices)", p)], statement
                plans.append(plan)
    ordered = [p for p in plans if any(LISTS[address] in line for line in p)]
    assert ordered, plans
    assert not [p for p in ordered if "USE TEMP B-TREE FOR ORDER BY" in p]


def test_groups_of_states_are_those_of_the_indexes(centre: Centre) -> None:
    assert {s.value for s in (*OPEN, *TO_ISSUE, *ISSUED, *UNDER_WAY, *OVER)} == {s.value for s in Status}
    with centre.db.read() as session:
        assert session.scalar(select(NodeRow.id)) == NODE
