"""The page of the units: what each has and what waits there; who may change what, and that it stands in the record."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from central.cases.lifecycle import Role
from central.centre import Centre
from central.desk.unit_tree import unit_lines
from central.store.case_tables import TermRow
from central.store.people_tables import UserRow
from central.store.unit_tables import LetterheadRow, UnitEventRow, UnitRow
from central.units.book import change, give_camera
from central.units.changing import save_units
from central.units.tree import EVERYWHERE, ROOT, Scope, Unit
from central.users import create_user
from countries.here import HERE
from tests.central.build import CAMERA, NODE, NOW, case_of, issued
from tests.central.web_people import PASSWORD, Person, Web, make_web

TODAY = HERE.local_date(NOW)
HEAD = {"abbreviation": "Đ1", "town": "Thanh Hóa", "signer_title": "ĐỘI TRƯỞNG", "signer_name": "Thiếu tá Ngô Văn Đội"}


@pytest.fixture
def web(tmp_path: Path) -> Web:
    made = make_web(tmp_path)
    with made.centre.db.write() as session:
        change(session, [Unit("doi-1", "Đội số 1", "team", ROOT), Unit("tram-1", "Trạm Dốc Xây", "station", "doi-1"),
                         Unit("xa-1", "Công an xã Hà Trung", "commune", ROOT)])  # fmt: skip
    return made


def somebody(web: Web, name: str, role: Role, unit: str) -> Person:
    with web.centre.db.write() as session:
        create_user(session, name, PASSWORD, role=role, full_name=f"Người {name}", now=NOW, unit=unit)
    visitor = web.visitor()
    visitor.post("/desk/sign-in", at="/desk/sign-in", username=name, password=PASSWORD)
    return visitor


def recorded(web: Web) -> list[tuple[str, str, str, str]]:
    with web.centre.db.read() as session:
        rows = session.scalars(select(UnitEventRow).order_by(UnitEventRow.id))
        return [(r.actor, r.unit_code, r.what, r.subject) for r in rows]


def row(web: Web, table: Any, key: str) -> Any:
    with web.centre.db.read() as session:
        return session.get(table, key)


def test_each_unit_has_its_cameras_people_cases_and_what_is_overdue(centre: Centre) -> None:
    with centre.db.write() as session:
        change(session, [Unit("doi-1", "Đội số 1", "team", ROOT)])
        give_camera(session, NODE, CAMERA, "doi-1", since=TODAY - timedelta(days=300), now=NOW)
        create_user(session, "lan", PASSWORD, role=Role.OFFICER, full_name="Lan", now=NOW, unit="doi-1")
    late = case_of(centre, at=NOW - timedelta(days=30))
    case_id = case_of(centre, sequence=2, previous="0" * 64, at=NOW - timedelta(hours=3))
    with centre.db.write() as session:
        session.add(
            TermRow(case_id=case_id, code="minutes", since=TODAY, due=TODAY - timedelta(days=1), whose="officer",
                    unit_code="doi-1")
        )  # fmt: skip
        session.execute(
            text("UPDATE cases SET detected_at = :at WHERE id = :id"), {"at": NOW - timedelta(days=30), "id": late}
        )
    with centre.db.read() as session:
        root, team = unit_lines(session, centre.config.office, EVERYWHERE, NOW)
        alone = unit_lines(session, centre.config.office, Scope(frozenset({ROOT})), NOW)
    assert (root.open, root.unsent, root.overdue, root.cameras) == (0, 0, 0, ())
    assert (team.open, team.unsent, team.overdue) == (2, 1, 1)
    assert (team.cameras, [p.username for p in team.people], team.depth) == ((f"{NODE}/{CAMERA}",), ["lan"], 1)
    assert (root.letters, team.letters, team.writer) == ("PC08", "", centre.config.office.unit.name)
    assert [line.unit.code for line in alone] == [ROOT]


def test_who_keeps_accounts_adds_renames_and_closes_units_and_it_is_recorded(web: Web) -> None:
    admin = somebody(web, "quan-tri", Role.ADMIN, ROOT)
    made = admin.post("/desk/units", at="/desk/units", code="doi-2", name="Đội số 2", kind="team", parent=ROOT)
    assert "Đã thêm đơn vị" in made.text
    at = "/desk/units/doi-2"
    page = admin.post(at, at=at, name="Đội CSGT số 2", kind="team", parent=ROOT, last="30/11/2026")
    assert "Đã lưu đơn vị" in page.text
    assert "<s>Đội số 2</s>" in page.text, "the record of the page says what it was"
    unit = row(web, UnitRow, "doi-2")
    assert (unit.name, str(unit.valid_to)) == ("Đội CSGT số 2", "2026-11-30")
    page = admin.post(f"{at}/letterhead", at=at, **HEAD)
    assert "Đã lưu tên và số trên văn bản" in page.text
    assert row(web, LetterheadRow, "doi-2").abbreviation == "Đ1"
    assert recorded(web) == [
        ("quan-tri", "doi-2", "created", ""), ("quan-tri", "doi-2", "changed", ""),
        ("quan-tri", "doi-2", "letterhead", ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("at", "to", "typed", "said"),
    [
        ("/desk/units", "", {"code": "doi-1", "name": "x"}, "Đã có đơn vị mang mã này"),
        ("/desk/units", "", {"code": "Đội 3", "name": "x"}, "Mã đơn vị không đúng dạng"),
        ("/desk/units", "", {"code": "doi-3", "name": ""}, "Đơn vị chưa có tên"),
        ("/desk/units/doi-1", "", {"name": "x", "parent": "tram-1"}, "không thể trực thuộc chính nó"),
        ("/desk/units/doi-1", "", {"name": "x", "parent": ROOT, "last": "31/31/2026"}, "Ngày không đúng dạng"),
        ("/desk/units/doi-1", "", {"name": "x", "parent": ROOT, "first": "02/01/2026", "last": "01/01/2026"},
         "Ngày cuối ở trước ngày bắt đầu"),
        ("/desk/units/doi-1", "/letterhead", HEAD | {"abbreviation": "PC08"}, "đã là của đơn vị root"),
        ("/desk/units/doi-1", "/letterhead", HEAD | {"town": ""}, "Chưa ghi đủ"),
        ("/desk/units/doi-1", "/people", {"username": "khong-co", "to": "xa-1"}, "không còn ở đơn vị"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_words_and_nothing_is_changed(
    web: Web, at: str, to: str, typed: dict[str, str], said: str
) -> None:
    admin = somebody(web, "quan-tri", Role.ADMIN, ROOT)
    answer = admin.post(at + to, at=at, **{"kind": "team", **typed})
    assert answer.status_code == 409
    assert said in answer.text
    assert recorded(web) == []


def test_a_head_moves_people_of_his_own_units_and_both_units_keep_it(web: Web) -> None:
    somebody(web, "lan", Role.OFFICER, "doi-1")
    head = somebody(web, "truong", Role.HEAD, "doi-1")
    page = head.post("/desk/units/doi-1/people", at="/desk/units/doi-1", username="lan", to="tram-1")
    assert "Đã chuyển cán bộ" in page.text
    assert row(web, UserRow, "lan").unit_code == "tram-1"
    assert recorded(web) == [("truong", "doi-1", "left", "lan"), ("truong", "tram-1", "joined", "lan")]


@pytest.mark.parametrize(
    ("role", "unit", "at", "to", "typed", "status"),
    [
        (Role.OFFICER, ROOT, "/desk/units", "", {"code": "x", "name": "x"}, 403),
        (Role.APPROVER, ROOT, "/desk/units/doi-1", "/people", {"username": "lan", "to": "xa-1"}, 403),
        (Role.HEAD, ROOT, "/desk/units", "", {"code": "x", "name": "x"}, 403),
        (Role.HEAD, ROOT, "/desk/units/doi-1", "", {"name": "x"}, 403),
        (Role.HEAD, ROOT, "/desk/units/doi-1", "/letterhead", HEAD, 403),
        (Role.HEAD, ROOT, "/desk/units/root", "/people", {"username": "ai", "to": "xa-1"}, 403),  # himself
        (Role.HEAD, ROOT, "/desk/units/root", "/people", {"username": "sep", "to": "xa-1"}, 403),  # who keeps accounts
        (Role.HEAD, "doi-1", "/desk/units/doi-1", "/people", {"username": "lan", "to": "xa-1"}, 404),
        (Role.HEAD, "xa-1", "/desk/units/doi-1", "/people", {"username": "lan", "to": "xa-1"}, 404),
        (Role.ADMIN, "doi-1", "/desk/units/xa-1", "", {"name": "x"}, 404),
        (Role.ADMIN, "doi-1", "/desk/units/tram-1", "", {"name": "x", "parent": ROOT}, 404),
        (Role.ADMIN, "doi-1", "/desk/units", "", {"code": "x", "name": "x", "parent": "xa-1"}, 404),
        (Role.ADMIN, "doi-1", "/desk/units/khong-co", "", {"name": "x"}, 404),
    ],
)
def test_nobody_changes_what_is_not_open_to_him(
    web: Web, role: Role, unit: str, at: str, to: str, typed: dict[str, str], status: int
) -> None:
    somebody(web, "lan", Role.OFFICER, "doi-1")
    somebody(web, "sep", Role.ADMIN, ROOT)
    person = somebody(web, "ai", role, unit)
    answer = person.client.post(at + to, data={"csrf": person.token("/desk"), "kind": "team", **typed})
    assert answer.status_code == status
    assert recorded(web) == []


def test_heads_and_keepers_see_their_own_units_and_others_no_page(web: Web) -> None:
    head = somebody(web, "truong", Role.HEAD, "doi-1").get("/desk/units").text
    assert "Đội số 1" in head
    assert "Trạm Dốc Xây" in head
    assert "Công an xã" not in head
    assert 'id="add"' not in head
    admin = somebody(web, "quan-tri", Role.ADMIN, "doi-1")
    assert 'id="add"' in admin.get("/desk/units").text
    assert admin.get("/desk/units/xa-1").status_code == 404
    for role in (Role.OFFICER, Role.APPROVER):
        assert somebody(web, role.value, role, ROOT).get("/desk/units").status_code == 403


def test_the_page_is_in_english_too(web: Web) -> None:
    issued(web.centre)
    head = somebody(web, "truong", Role.HEAD, ROOT)
    head.client.cookies.set("giaolo_lang", "en")
    for path in ("/desk/units", "/desk/units/doi-1"):
        answer = head.get(path, headers={"Accept-Language": "en"})
        assert answer.status_code == 200
        assert "Open cases" in answer.text


def test_the_record_of_units_is_only_added_to(centre: Centre) -> None:
    with centre.db.write() as session:
        save_units(session, [Unit("doi-1", "Đội số 1", "team", ROOT)], by="quan-tri", now=NOW)
        save_units(session, [Unit("doi-1", "Đội số 1", "team", ROOT)], by="quan-tri", now=NOW)
    with centre.db.read() as session:
        (event,) = session.scalars(select(UnitEventRow))
    assert (event.what, event.before, event.after["name"]) == ("created", {}, "Đội số 1")
    for statement in ("DELETE FROM unit_events", "UPDATE unit_events SET actor = 'x'"):
        with pytest.raises(DatabaseError, match="append-only"), centre.db.write() as session:
            session.execute(text(statement))
