"""Whose page shows which case: every route of the desk, walked by each role of each unit.

The routes are those of the application itself: a page that is added is walked as well, and one that forgets whose a
case is fails here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import select

from central.cases import siblings
from central.cases.doubts import identity_doubts
from central.cases.lifecycle import Officer, Refused, Role, Status
from central.centre import Centre
from central.desk import actions, worklist
from central.desk.views import case_view
from central.desk.worklist import QueueFilter, queue_page
from central.devices.book import enter
from central.devices.records import DeviceId
from central.intake.nodes import add_node
from central.notices.facts import plate_text
from central.store.alarms import raise_alarm
from central.store.case_tables import CaseEventRow, CaseRow, NoticeRow
from central.store.packet_tables import AlarmRow
from central.store.positions import set_position
from central.units.book import change, give_camera, tree_of
from central.units.tree import ROOT, Scope, Unit
from central.users import create_user
from central.web import queries
from central.web.access import reviewer
from evidence.acts import ActCode
from tests.central.build import NODE_KEY, NOW, PAPERS_AT, NodeChain, case_of, papers_for
from tests.central.web_people import PASSWORD, Person, Web, make_web

UNITS = [
    Unit("doi-1", "Đội CSGT số 1", "team", ROOT), Unit("tram-1", "Trạm Bỉm Sơn", "station", "doi-1"),
    Unit("xa-1", "Công an xã Hà Trung", "commune", ROOT),
]  # fmt: skip
OWNERS = (ROOT, "doi-1", "tram-1", "xa-1")
ROLES = (Role.OFFICER, Role.APPROVER, Role.HEAD, Role.ADMIN)
OPENS = {
    # account (unit, role): the units whose cases it opens
    **{(unit, role): {unit} for unit in OWNERS for role in (Role.OFFICER, Role.APPROVER)},
    (ROOT, Role.HEAD): set(OWNERS),
    ("doi-1", Role.HEAD): {"doi-1", "tram-1"},
    ("tram-1", Role.HEAD): {"tram-1"},
    ("xa-1", Role.HEAD): {"xa-1"},
    **{(unit, Role.ADMIN): set() for unit in OWNERS},
}
"""The access matrix. It stands here once more, beside `test_units.py`, for what the pages show."""
STAGES = ("confirmed", "issued")


@dataclass
class Case:
    """A case and all that must not be seen of it by others."""

    id: str
    number: int
    unit: str
    stage: str
    secrets: tuple[str, ...]


@dataclass
class Town:
    """Four units, each with a camera at a place of its own and a case in each stage; and somebody of each role."""

    web: Web
    cases: list[Case]
    people: dict[tuple[str, Role], Person]
    alarms: dict[str, int]


def node_of(unit: str) -> str:
    return f"nut-{unit}"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    web = make_web(tmp_path_factory.mktemp("town") / "centre")
    centre = web.centre
    with centre.db.write() as session:
        change(session, UNITS)
        for unit in OWNERS:
            add_node(session, node_of(unit), NODE_KEY.public, now=NOW)
            devices = (DeviceId(node_of(unit)), DeviceId(node_of(unit), "cam-1"))
            enter(session, papers_for(*devices), by="truong", now=PAPERS_AT)
            if unit != ROOT:
                give_camera(session, node_of(unit), "cam-1", unit, since=date(2026, 1, 1), now=NOW)
    chains = {unit: NodeChain(node=node_of(unit)) for unit in OWNERS}
    cases = [make_case(centre, unit, stage, chains[unit]) for unit in OWNERS for stage in STAGES]
    people, alarms = {}, {}
    with centre.db.write() as session:
        for unit in OWNERS:
            raise_alarm(session, "chain_fork", node_of(unit), None, f"secret-alarm-{unit}", NOW)
            for role in ROLES:
                create_user(session, f"{unit}-{role.value}", PASSWORD, role=role, full_name="Người", now=NOW, unit=unit)
        alarms = {str(row.node_id): row.id for row in session.scalars(select(AlarmRow))}
    for unit in OWNERS:
        for role in ROLES:
            visitor = web.visitor()
            answer = visitor.post(
                "/desk/sign-in", at="/desk/sign-in", username=f"{unit}-{role.value}", password=PASSWORD
            )
            assert answer.status_code == 200
            people[unit, role] = visitor
    yield Town(web, cases, people, alarms)
    centre.db.dispose()


def make_case(centre: Centre, unit: str, stage: str, chain: NodeChain) -> Case:
    n = OWNERS.index(unit) * 10 + STAGES.index(stage)
    place, plate = f"Ngã tư bí mật {unit} {stage}", f"36A{50000 + n}"
    head = person_of(centre, unit, Role.HEAD)
    case_id = case_of(centre, chain.next(plate=plate, place=place, at=NOW - timedelta(hours=2, minutes=n)))
    with centre.db.write() as session:
        actions.claim(session, case_id, head, now=NOW, lease=centre.claim_lease)
        actions.confirm(session, case_id, head, plate=plate, act=ActCode.RED_LIGHT, now=NOW)
    number = f"{n}/TB-BÍ MẬT"
    if stage == "issued":  # as issuing leaves it; how a notice is drawn is tested elsewhere and takes its time
        pdf = centre.store.put(f"%PDF {n}".encode())
        with centre.db.write() as session:
            row = session.get_one(CaseRow, case_id)
            row.status = Status.PUBLISHED.value
            session.add(
                NoticeRow(
                    case_id=case_id, year=2026, number=n, content={"number_text": number}, pdf_sha256=pdf,
                    prepared_by="x", prepared_at=NOW, issued_by="y", issued_at=NOW, published_at=NOW, unit_code=unit,
                )
            )  # fmt: skip
            session.flush()
            queries.contest(session, case_id, f"Lời khai bí mật {unit}", now=NOW)
    with centre.db.read() as session:
        row = session.get_one(CaseRow, case_id)
        secrets = (case_id, place, plate, plate_text(row), number, f"Lời khai bí mật {unit}")
        return Case(case_id, row.number, unit, stage, secrets)


def person_of(centre: Centre, unit: str, role: Role) -> Officer:
    with centre.db.read() as session:
        scope = tree_of(session).scope(unit, below=role in (Role.HEAD, Role.ADMIN))
    return Officer(f"{unit}-x", role, "", unit, scope)


def routes(web: Web, method: str) -> list[str]:
    return sorted(
        route.path for route in every_route(web.app.routes)
        if method in route.methods and route.path.startswith("/desk")
    )  # fmt: skip


def every_route(found: Iterable[Any]) -> Iterator[APIRoute]:
    """Those of the routers too that the application includes."""
    for route in found:
        if isinstance(route, APIRoute):
            yield route
        elif (inner := getattr(route, "original_router", None)) is not None:
            yield from every_route(inner.routes)


FILLED = {
    "name": "still_on.jpg", "sequence": "1", "action": "attend", "node": node_of("doi-1"), "camera": "cam-1",
    "record_id": "1", "alarm_id": "1", "unit": "doi-1",
    "number": "1",
}  # fmt: skip


TYPED = re.compile(r'(?:href|action|data-url|value)="[^"]*(?:plate|place)=[^"]*"|value="[^"]*"')
"""What stands in a page because the reader himself asked for it."""


def address(path: str, case_id: str) -> str:
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: {**FILLED, "case_id": case_id}[found[1]], path)


@pytest.mark.parametrize(("unit", "role"), list(OPENS))
def test_a_page_of_a_case_is_there_for_whom_it_is_open_and_for_nobody_else(unit: str, role: Role, town: Town) -> None:
    """404 and not 403: of another unit's case nobody learns more than of one that there is not."""
    person = town.people[unit, role]
    pages = [path for path in routes(town.web, "GET") if "{case_id}" in path]
    assert len(pages) >= 9
    first = next((c for c in town.cases if c.unit not in OPENS[unit, role] and c.stage == "issued"), None)
    for case in town.cases:
        if case.unit in OPENS[unit, role] and case.stage == "confirmed":
            continue
        if case.unit in OPENS[unit, role]:
            answer = person.get(f"/desk/cases/{case.id}")
            assert answer.status_code == 200
            assert case.secrets[1] in answer.text
            continue
        nothing = {}
        for path in pages if case is first else pages[:2]:  # an issued one has everything
            answer = person.get(address(path, case.id))
            assert answer.status_code == (403 if role is Role.ADMIN else 404), path
            assert not [s for s in case.secrets[1:] if s in answer.text], path
            nothing[path] = answer
        for path in pages[:2]:  # and it looks the same as that of no case at all
            of_none = person.get(address(path, "0" * 8)).text
            assert re.sub(r'value="[^"]*"', "", nothing[path].text.replace(case.id, "0" * 8)) == re.sub(
                r'value="[^"]*"', "", of_none
            ), path


@pytest.mark.parametrize(("unit", "role"), list(OPENS))
def test_nothing_is_done_to_a_case_of_another_unit(unit: str, role: Role, town: Town) -> None:
    person = town.people[unit, role]
    token = person.token("/desk")
    forms = [path for path in routes(town.web, "POST") if "{case_id}" in path]
    assert len(forms) >= 12
    foreign = [c for c in town.cases if c.unit not in OPENS[unit, role] and c.stage == "issued"][:1]

    def events() -> int:
        with town.web.centre.db.read() as session:
            return len(session.scalars(select(CaseEventRow.id).where(CaseEventRow.case_id.in_(ids))).all())

    ids = [case.id for case in foreign]
    before = events()
    typed = {
        "csrf": token, "plate": "36A-123.45", "act": "red_light", "reason": "other", "note": "x", "seen": "1",
        "on": "2026-11-23",
    }  # fmt: skip
    for path in forms:
        for case in foreign:
            answer = person.client.post(address(path, case.id), data=typed)
            assert answer.status_code == (403 if role is Role.ADMIN else 404), path
            assert not [s for s in case.secrets[1:] if s in answer.text], path
    assert events() == before, "and not even a view of it is in its record"


@pytest.mark.parametrize(("unit", "role"), list(OPENS))
def test_no_list_and_no_figure_shows_a_case_of_another_unit(unit: str, role: Role, town: Town) -> None:
    person = town.people[unit, role]
    pages = [path for path in routes(town.web, "GET") if "{" not in path and "sign-in" not in path]
    asked = [*pages, *(f"/desk?state={state}" for state in ("all", "overdue", "approve", "issued"))]
    asked += ["/desk?state=all&plate=36A5", "/desk?state=all&act=red_light", "/desk/due?whose=all"]
    for case in [c for c in town.cases if c.unit not in OPENS[unit, role]][:1]:
        asked += [f"/desk?state=all&place={case.secrets[1]}", f"/desk?state=all&plate={case.secrets[2]}"]
    shown: dict[str, set[str]] = {}
    for path in asked:
        text = TYPED.sub("", person.get(path).text)
        for case in town.cases:
            found = [s for s in (case.id, case.secrets[3], case.secrets[5]) if s in text]
            if found and case.unit not in OPENS[unit, role] and not path.endswith(case.secrets[2]):
                pytest.fail(f"{path} shows {found} of {case.unit}")
            if found:
                shown.setdefault(path, set()).add(case.unit)
    if role is not Role.ADMIN:
        assert shown["/desk?state=all"] == OPENS[unit, role], "and all of one's own are there"
        assert shown["/desk/due?whose=all"] == OPENS[unit, role]
        assert shown["/desk/contests"] == OPENS[unit, role]
        assert shown["/desk/approve"] == OPENS[unit, role]


@pytest.mark.parametrize(("unit", "role"), [key for key in OPENS if key[1] is not Role.OFFICER])
def test_the_page_of_the_unit_tells_of_its_own_boxes_and_figures(unit: str, role: Role, town: Town) -> None:
    person = town.people[unit, role]
    text = person.get("/desk/unit").text
    below = {ROOT: set(OWNERS), "doi-1": {"doi-1", "tram-1"}}.get(unit, {unit})
    units = below if role in (Role.HEAD, Role.ADMIN) else {unit}
    places = {of for of in OWNERS if f"Ngã tư bí mật {of} " in text}
    assert places == units
    # the root looks after all boxes
    boxes = set(OWNERS) if unit == ROOT else units
    assert {of for of in OWNERS if f"secret-alarm-{of}" in text} == boxes
    for of in OWNERS:
        mine = of in units
        assert (person.get(f"/desk/devices/{node_of(of)}/cam-1").status_code == 200) is mine
        assert (person.get(f"/desk/devices/{node_of(of)}").status_code == 200) is (of in boxes)
        if of not in boxes:
            token = person.token("/desk/unit")
            answer = person.client.post(f"/desk/alarms/{town.alarms[node_of(of)]}/seen", data={"csrf": token})
            assert answer.status_code == 404


def test_every_page_of_a_case_asks_whose_it_is(town: Town) -> None:
    """The walk would find one that does not; this says which rule it broke."""

    def calls(dependant: Any) -> set[Any]:
        return {dependant.call, *(call for inner in dependant.dependencies for call in calls(inner))}

    of_cases = [route for route in every_route(town.web.app.routes) if "{case_id}" in route.path]
    assert len(of_cases) >= 20
    for route in of_cases:
        assert reviewer in calls(route.dependant), f"{route.path} takes no ReviewerDep"


# --- the same plate at two units -------------------------------------------------------------------------------------


def two_units(centre: Centre) -> tuple[str, str]:
    """One plate at two units at nearly the same time, and a copy of it of another kind at the second."""
    with centre.db.write() as session:
        change(session, UNITS)
        give_camera(session, "giao-lo-1", "cam-1", "doi-1", since=date(2026, 1, 1), now=NOW)
        give_camera(session, "giao-lo-1", "cam-2", "xa-1", since=date(2026, 1, 1), now=NOW)
        set_position(session, "giao-lo-1", "cam-1", 19.80, 105.78, now=NOW)
        set_position(session, "giao-lo-1", "cam-2", 20.30, 105.98, now=NOW)
    chain, at = NodeChain(), NOW - timedelta(hours=2)
    mine = case_of(centre, chain.next(at=at, sure=0.999))
    late = at + timedelta(minutes=2)
    other = case_of(centre, chain.next(at=late, camera="cam-2", place="Ngã ba bí mật", sure=0.999))
    return mine, other


def test_of_a_plate_at_another_unit_only_that_it_is_there_is_told(centre: Centre) -> None:
    mine, other = two_units(centre)
    lan = person_of(centre, "doi-1", Role.OFFICER)
    head = person_of(centre, ROOT, Role.HEAD)
    with centre.db.write() as session:
        view = case_view(session, mine, lan, registry=centre.registry, now=NOW, record=False)
        above = case_view(session, mine, head, registry=centre.registry, now=NOW, record=False)
        number = session.get_one(CaseRow, other).number
        assert (view.siblings, view.elsewhere) == ((), 1)
        assert ([s.item.id for s in above.siblings], above.elsewhere) == ([other], 0)
        (doubt,) = view.holding
        assert doubt.startswith(f"too_fast:{siblings.ELSEWHERE}"), "it is held all the same"
        assert str(number) not in doubt.partition(":")[2][:1]
        told = [e for e in view.events if e.action == "sibling"]
        assert [e.after["case"] for e in told] == [""]
        assert [e.after["doubts"] for e in told] == [[doubt]], "the record says it as the page does"
        assert identity_doubts(session, session.get_one(CaseRow, mine), centre.registry) == view.holding


def test_the_page_says_it_in_words_without_a_detail(tmp_path: Any) -> None:
    web = make_web(tmp_path / "centre")
    mine, other = two_units(web.centre)
    with web.centre.db.write() as session:
        create_user(session, "doi", PASSWORD, role=Role.OFFICER, full_name="Đội", now=NOW, unit="doi-1")
    visitor = web.visitor()
    visitor.post("/desk/sign-in", at="/desk/sign-in", username="doi", password=PASSWORD)
    text = visitor.get(f"/desk/cases/{mine}").text
    assert "Đơn vị khác cũng có hồ sơ của biển số này: 1" in text
    assert "không thể là cùng một xe" in text
    assert other not in text
    assert "bí mật" not in text
    web.centre.db.dispose()


# --- between looking and writing -------------------------------------------------------------------------------------


def test_a_case_that_left_while_its_page_was_open_takes_no_step(centre: Centre) -> None:
    """The page was his; the step asks again inside its transaction."""
    mine, _ = two_units(centre)
    lan = person_of(centre, "doi-1", Role.OFFICER)
    with centre.db.write() as session:
        actions.claim(session, mine, lan, now=NOW, lease=centre.claim_lease)
        session.get_one(CaseRow, mine).unit_code = "xa-1"
    with pytest.raises(Refused) as refused, centre.db.write() as session:
        actions.release(session, mine, lan, now=NOW)
    assert refused.value.code == "other_unit"


# --- lists of several units ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("merged", [16, 1])
@pytest.mark.parametrize("newest_first", [True, False])
def test_a_list_of_some_units_is_the_whole_list_without_the_others(
    merged: int, newest_first: bool, centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read unit by unit or together, page by page, forward and back: the same cases in the same order."""
    monkeypatch.setattr(worklist, "MERGED", merged)
    with centre.db.write() as session:
        change(session, UNITS)
    for n in range(14):
        case_of(centre, sequence=n + 1, previous=f"{n:064x}" if n else None, at=NOW - timedelta(hours=2, minutes=n % 5))
    with centre.db.write() as session:
        for n, row in enumerate(session.scalars(select(CaseRow).order_by(CaseRow.number))):
            row.unit_code = OWNERS[n % 4]
    scope = Scope(frozenset({"doi-1", "tram-1", "xa-1"}))
    filters = QueueFilter(status=tuple(Status), newest_first=newest_first, limit=100)
    small = QueueFilter(status=tuple(Status), newest_first=newest_first, limit=4, scope=scope)
    with centre.db.read() as session:
        every = [i.id for i in queue_page(session, filters, now=NOW).items]
        expected = [i for i in every if session.get_one(CaseRow, i).unit_code != ROOT]
        first = queue_page(session, small, now=NOW)
        second = queue_page(session, replace(small, after=first.later), now=NOW)
        third = queue_page(session, replace(small, after=second.later), now=NOW)
        back = queue_page(session, replace(small, before=second.earlier), now=NOW)
    assert [i.id for page in (first, second, third) for i in page.items] == expected
    assert [i.id for i in back.items] == expected[:4]
    assert first.total.n == len(expected) == 10
    assert third.later is None
