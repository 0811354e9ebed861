"""A case is handed over to another unit: only that one acts from then on, and both see that it went."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from central.audit.records import record_faults
from central.cases import log as case_log
from central.cases.lifecycle import Action, Officer, Refused, Role, Status
from central.centre import Centre
from central.desk.worklist import QueueFilter, queue
from central.notices import drafting, proceedings
from central.notices.moving import moves
from central.store.case_tables import CaseRow, TermRow
from central.units.book import change, tree_of
from central.units.tree import ROOT, Unit
from central.users import create_user
from central.web import queries
from countries.here import HERE
from evidence.packet import Manifest
from tests.central.build import HOA, LAN, NOW, claimed, issued, prepared
from tests.central.web_people import PASSWORD, make_web

TODAY = HERE.local_date(NOW).isoformat()


def with_units(centre: Centre) -> None:
    yesterday = HERE.local_date(NOW) - timedelta(days=1)
    with centre.db.write() as session:
        change(session, [Unit("doi-1", "Đội số 1", "team", ROOT), Unit("xa-1", "Công an xã", "commune", ROOT),
                         Unit("cu", "Đội cũ", "team", ROOT, None, yesterday)])  # fmt: skip


def somebody(centre: Centre, unit: str, role: Role = Role.APPROVER) -> Officer:
    with centre.db.read() as session:
        return Officer(f"{unit}-{role}", role, "", unit, tree_of(session).scope(unit, below=role is Role.HEAD))


def hand_over(centre: Centre, case_id: str, officer: Officer, unit: str, **changed: Any) -> Status:
    return proceedings.take(
        centre.db, case_id, officer, Action.HAND_OVER, {"on": TODAY, "unit": unit},
        changed.get("note", "thuộc địa bàn của đội"), desk=centre.notices, now=NOW,
    )  # fmt: skip


def row_of(centre: Centre, case_id: str) -> CaseRow:
    with centre.db.read() as session:
        row = session.get_one(CaseRow, case_id)
        _ = row.notice, row.packet.manifest, row.replaced_notices
        return row


def listed(centre: Centre, officer: Officer) -> list[str]:
    with centre.db.read() as session:
        return [i.id for i in queue(session, QueueFilter(status=tuple(Status), scope=officer.scope), now=NOW)]


def test_a_case_is_the_others_from_then_on_and_both_see_that_it_went(centre: Centre) -> None:
    with_units(centre)
    root, team = somebody(centre, ROOT), somebody(centre, "doi-1")
    case_id = claimed(centre, root)
    third = somebody(centre, "xa-1")
    assert hand_over(centre, case_id, root, "doi-1") is Status.NEW, "nobody of the team holds it"
    row = row_of(centre, case_id)
    assert (row.unit_code, row.status, row.claimed_by) == ("doi-1", "new", None)
    assert [listed(centre, who) for who in (root, team, third)] == [[], [case_id], []]
    with centre.db.read() as session:
        seen = {who.unit: list(moves(session, who.scope)) for who in (root, team, third)}
        assert [(m.number, m.from_unit, m.to_unit, m.by) for m in seen[ROOT]] == [
            (row.number, ROOT, "doi-1", root.username)
        ]
        assert [(m.open, m.case_id) for m in seen[ROOT]] == [(False, "")], "and nothing leads to it"
        assert [(m.open, m.case_id) for m in seen["doi-1"]] == [(True, case_id)]
        assert seen["xa-1"] == []
        events = case_log.events(session, case_id)
        assert (events[-1].action, events[-1].after["unit_code"], events[-1].after["from_unit"]) == (
            "hand_over", "doi-1", ROOT
        )  # fmt: skip
        case = session.get_one(CaseRow, case_id)
        assert record_faults(case, events, Manifest.from_bytes(case.packet.manifest.encode()), None) == []
        case.unit_code = "xa-1"
        assert "unit_code is xa-1, its record says doi-1" in record_faults(
            case, events, Manifest.from_bytes(case.packet.manifest.encode()), None
        ), "moved past the program it is found"
    with pytest.raises(Refused) as refused:
        hand_over(centre, case_id, root, "xa-1")
    assert refused.value.code == "other_unit"
    assert hand_over(centre, case_id, team, ROOT, note="không thuộc địa bàn") is Status.NEW, "it goes back the same way"
    assert listed(centre, root) == [case_id]


def test_terms_go_with_the_case_and_a_draft_stays_behind(centre: Centre) -> None:
    with_units(centre)
    draft, (sent, _) = prepared(centre), issued(centre)
    with pytest.raises(Refused) as refused:
        hand_over(centre, sent, HOA, "doi-1")
    assert refused.value.code == "status", "an issued notice is sent first by the unit that printed it"
    root, team = somebody(centre, ROOT), somebody(centre, "doi-1")
    with centre.db.write() as session:
        row = session.get_one(CaseRow, sent)
        case_log.lock_case(session, sent)
        row.status = Status.PUBLISHED.value
        case_log.append(session, row, Action.PUBLISH, actor="hoa", at=NOW, after={"status": "published"})
    assert hand_over(centre, sent, root, "doi-1") is Status.PUBLISHED
    with centre.db.read() as session:
        terms = session.scalars(select(TermRow).where(TermRow.case_id == sent)).all()
        assert {t.unit_code for t in terms} == {"doi-1"}
        assert {t.code for t in terms} == {"answer", "statute"}
        notice = session.get_one(CaseRow, sent).notice
        assert notice is not None
        assert notice.unit_code == ROOT, "the notice is that of the unit that sent it"
    assert hand_over(centre, draft, root, "doi-1") is Status.CONFIRMED
    assert row_of(centre, draft).notice is None
    with centre.db.read() as session:
        assert session.scalars(select(TermRow).where(TermRow.case_id == draft)).all() == [], "the queue is its list"
    drafting.prepare_notice(centre.db, draft, team, desk=centre.notices, now=NOW)
    assert row_of(centre, draft).status == "notice_prepared"


@pytest.mark.parametrize(
    ("who", "unit", "note", "code"),
    [
        (LAN, "doi-1", "x", "role"),
        (HOA, ROOT, "x", "same_unit"),
        (HOA, "khong-co", "x", "unit_gone"),
        (HOA, "cu", "x", "unit_gone"),
        (HOA, "", "x", "field"),
        (HOA, "doi-1", "  ", "note"),
    ],
)
def test_what_is_refused(who: Officer, unit: str, note: str, code: str, box: Centre) -> None:
    with_units(box)
    case_id = claimed(box, HOA)
    with pytest.raises(Refused) as refused:
        hand_over(box, case_id, who, unit, note=note)
    assert refused.value.code == code
    assert row_of(box, case_id).unit_code == ROOT


def test_in_the_browser_the_form_names_the_units_and_the_page_of_moves_tells_both(tmp_path: Path) -> None:
    web = make_web(tmp_path / "centre")
    case_id = claimed(web.centre, HOA)
    number = row_of(web.centre, case_id).number
    alone = web.person(HOA)
    assert "step-hand_over" not in alone.get(f"/desk/cases/{case_id}/steps").text, "one unit hands nothing over"
    assert "/desk/moves" not in alone.get("/desk").text
    with_units(web.centre)
    with web.centre.db.write() as session:
        create_user(session, "doi", PASSWORD, role=Role.OFFICER, full_name="Đội", now=NOW, unit="doi-1")
    steps = f"/desk/cases/{case_id}/steps"
    shown = alone.get(steps).text
    assert '<option value="doi-1">Đội số 1</option>' in shown
    assert "Đội cũ" not in shown
    done = alone.post(f"{steps}/hand_over", at=steps, on=TODAY, unit="doi-1", note="thuộc địa bàn")
    assert done.status_code == 200
    assert "Đã chuyển hồ sơ" in done.text
    assert f"{number}" in done.text
    assert case_id not in done.text
    assert alone.get(f"/desk/cases/{case_id}").status_code == 404
    team = web.visitor()
    team.post("/desk/sign-in", at="/desk/sign-in", username="doi", password=PASSWORD)
    assert f"/desk/cases/{case_id}" in team.get("/desk/moves").text
    opened = team.get(f"/desk/cases/{case_id}")
    assert opened.status_code == 200
    assert "chuyển hồ sơ cho đơn vị: Đội số 1" in opened.text
    with web.centre.db.read() as session:
        assert queries.number_of(session, case_id, somebody(web.centre, "xa-1").scope) == 0
    web.centre.db.dispose()
