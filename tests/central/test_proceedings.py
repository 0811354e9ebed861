"""Steps after the notice: recorded with what was said, papers drawn, the look-up telling how a case stands."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import event, select

from central.audit.stored import audit
from central.casefile.gathering import gather
from central.cases import log as case_log
from central.cases.lifecycle import UNSENT, Action, Officer, Refused, Role, Status
from central.centre import Centre
from central.desk import actions
from central.desk.falling_due import falling_due
from central.desk.unit import unit_view
from central.desk.worklist import QueueFilter, total
from central.notices import drafting, issuing, proceedings
from central.notices.issuing import IssuedNotice
from central.owners.lookup import OwnerCase, TakenBack, case_by_code, owner_lookup
from central.store.case_tables import CaseRow, TermRow
from central.units.tree import EVERYWHERE
from central.web import queries
from countries.here import HERE
from evidence.acts import ActCode
from tests.central.build import HOA, LAN, NOW, TRUONG, HandClock, claimed, issued, seen

TODAY = HERE.local_date(NOW).isoformat()


def take(
    centre: Centre, clock: HandClock, case_id: str, officer: Officer, action: Action, note: str = "", **said: Any
) -> Status:
    today = HERE.local_date(clock.now).isoformat()
    return proceedings.take(
        centre.db, case_id, officer, action, {"on": today, **said}, note, desk=centre.notices, now=clock.now
    )


@pytest.fixture
def clock() -> HandClock:
    return HandClock(NOW)


@pytest.fixture
def sent(centre: Centre, clock: HandClock) -> tuple[str, str]:
    """A case whose notice was sent, and the code on its notice."""
    case_id, notice = issued(centre)
    with centre.db.write() as session:
        issuing.publish(session, case_id, HOA, register=centre.registry, now=clock.now)
    return case_id, notice.code


def shown(centre: Centre, case_id: str) -> list[str]:
    with centre.db.write() as session:
        row = session.get_one(CaseRow, case_id)
        found = owner_lookup(
            session, row.plate or "", row.plate_colour, row.kind, office=centre.config.office, client="x", now=NOW
        )
    return [case.status_vi for case in found]


WHOLE_LIFE: list[tuple[Officer, Action, dict[str, Any], str, str]] = [
    (LAN, Action.ATTEND, {"name": "Lê Văn Chủ"}, "attended", "Chưa xử phạt"),
    (LAN, Action.IDENTIFY, {"liable": "owner", "name": "Lê Văn Chủ"}, "identified", "Chưa xử phạt"),
    (LAN, Action.MAKE_MINUTES, {"number": "12/BB-VPHC"}, "minutes_made", "Chưa xử phạt"),
    (LAN, Action.WAIVE_HEARING, {}, "minutes_made", "Chưa xử phạt"),
    (HOA, Action.DECIDE, {"number": "7/QĐ-XPHC", "fine": 19_000_000, "points": 4}, "decided", "Đã xử phạt"),
    (HOA, Action.SEND_DECISION, {"how": "by_hand"}, "decision_sent", "Đã xử phạt"),
    (LAN, Action.RECEIVE_DECISION, {}, "decision_sent", "Đã xử phạt"),
    (LAN, Action.PAY, {"amount": 9_000_000, "receipt": "BL-1"}, "decision_sent", "Đã xử phạt"),
    (LAN, Action.PAY, {"amount": 10_000_000, "receipt": "BL-2"}, "paid", "Đã giải quyết"),
    (LAN, Action.CLOSE, {}, "closed", "Đã giải quyết"),
]


def test_a_case_goes_its_whole_way_and_the_look_up_says_where_it_is(
    centre: Centre, clock: HandClock, sent: tuple[str, str]
) -> None:
    case_id, _ = sent
    assert shown(centre, case_id) == ["Chưa xử phạt"]
    for officer, action, said, status, told in WHOLE_LIFE:
        clock.now += timedelta(days=1)
        assert take(centre, clock, case_id, officer, action, **said) == status
        assert shown(centre, case_id) == [told]
    with centre.db.read() as session:
        row = session.get_one(CaseRow, case_id)
        case_log.verify_log(row, case_log.events(session, case_id))
        here = proceedings.standing(session, row, TRUONG, calendar=centre.notices.calendar, now=clock.now)
        assert not audit(session, centre.key.public, centre=centre.config.centre_id).faults
    assert not here.terms
    assert listed(centre, case_id) == set()
    assert here.state.facts.paid == here.state.facts.fine == 19_000_000


def test_a_withdrawn_notice_is_gone_from_the_look_up_and_its_owner_is_told_by_a_paper(
    centre: Centre, clock: HandClock, sent: tuple[str, str]
) -> None:
    case_id, code = sent
    clock.now += timedelta(days=5)
    reason = "Biển số bị làm giả: xe trong ảnh là xe khác."
    assert take(centre, clock, case_id, HOA, Action.WITHDRAW, reason, reason="cloned_plate") is Status.WITHDRAWN
    assert shown(centre, case_id) == []
    with centre.db.write() as session:
        row = session.get_one(CaseRow, case_id)
        found = case_by_code(session, code, row.plate or "", office=centre.config.office, client="x", now=clock.now)
        assert isinstance(found, OwnerCase)
        assert found.public.status_vi == "Thông báo đã được thu hồi"
        event = next(e for e in case_log.events(session, case_id) if e.action == "withdraw")
        here = proceedings.standing(session, row, LAN, calendar=centre.notices.calendar, now=clock.now)
    assert event.note == reason
    assert event.after["reason"] == "cloned_plate"
    assert event.after["paper_number"].startswith("02/")
    assert centre.store.read(event.after["paper_sha256"]).startswith(b"%PDF")
    assert [t.code for t in here.terms] == ["tell_owner"]
    assert take(centre, clock, case_id, LAN, Action.TELL_OWNER, how="post", reference="RR123") is Status.WITHDRAWN
    with centre.db.read() as session:
        row = session.get_one(CaseRow, case_id)
        assert not proceedings.standing(session, row, LAN, calendar=centre.notices.calendar, now=clock.now).terms


def listed(centre: Centre, case_id: str) -> set[str]:
    with centre.db.read() as session:
        return set(session.scalars(select(TermRow.code).where(TermRow.case_id == case_id)))


def test_with_every_step_the_terms_that_run_stand_on_the_list(
    centre: Centre, clock: HandClock, sent: tuple[str, str]
) -> None:
    case_id, _ = sent
    assert listed(centre, case_id) == {"answer", "statute"}
    with centre.db.write() as session:
        queries.contest(session, case_id, "Xe đã bán", now=clock.now)
    assert listed(centre, case_id) == {"answer", "statute", "statement_answer"}
    clock.now += timedelta(days=30)
    with centre.db.read() as session:
        today = HERE.local_date(clock.now)
        found = falling_due(session, Role.APPROVER, today=today, near=today, now=clock.now, scope=EVERYWHERE)
    assert [(line.code, line.left < 0) for line in found.lines] == [("statement_answer", True), ("answer", True)]
    assert (found.over, found.more) == (2, 0)
    take(centre, clock, case_id, HOA, Action.REFUSE_STATEMENT, "Giấy bán xe ghi ngày sau vi phạm.")
    assert listed(centre, case_id) == {"answer", "statute"}
    take(centre, clock, case_id, HOA, Action.WITHDRAW, "Sai", reason="other")
    assert listed(centre, case_id) == {"tell_owner"}
    take(centre, clock, case_id, LAN, Action.TELL_OWNER, how="by_hand")
    assert listed(centre, case_id) == set()


def test_a_step_entered_by_mistake_is_undone_and_both_stay_in_the_record(
    centre: Centre, clock: HandClock, sent: tuple[str, str]
) -> None:
    case_id, _ = sent
    clock.now += timedelta(days=1)
    take(centre, clock, case_id, LAN, Action.ATTEND, name="Nhầm hồ sơ")
    assert take(centre, clock, case_id, LAN, Action.UNDO, "ghi nhầm hồ sơ") is Status.PUBLISHED
    with centre.db.read() as session:
        row = session.get_one(CaseRow, case_id)
        assert row.status == "published"
        assert [e.action for e in case_log.events(session, case_id)][-2:] == ["attend", "undo"]
        here = proceedings.standing(session, row, LAN, calendar=centre.notices.calendar, now=clock.now)
    assert here.state.facts.attended is None
    with pytest.raises(Refused, match="cannot be undone"):
        take(centre, clock, case_id, LAN, Action.UNDO, "nữa")


def until_minutes(centre: Centre, clock: HandClock, case_id: str, liable: str = "owner") -> None:
    clock.now += timedelta(days=1)
    take(centre, clock, case_id, LAN, Action.IDENTIFY, liable=liable, name="Lê Văn Chủ")
    take(centre, clock, case_id, LAN, Action.MAKE_MINUTES, number="1/BB")
    take(centre, clock, case_id, LAN, Action.WAIVE_HEARING)


REFUSED = [
    pytest.param(Action.ATTEND, {"on": "2026-12-31"}, "", "future", "on", id="a day that is yet to come"),
    pytest.param(Action.ATTEND, {"on": "2026-11-01"}, "", "before_last", "on", id="before the notice was sent"),
    pytest.param(Action.ATTEND, {"on": "hôm qua"}, "", "field", "on", id="no day"),
    pytest.param(Action.IDENTIFY, {"name": "A", "liable": "somebody"}, "", "field", "liable", id="nobody of the list"),
    pytest.param(Action.IDENTIFY, {"liable": "owner"}, "", "field", "name", id="nobody by name"),
    pytest.param(Action.WITHDRAW, {"reason": "other"}, "  ", "note", "note", id="withdrawn without a word"),
    pytest.param(Action.WITHDRAW, {"reason": "because"}, "x", "field", "reason", id="a reason that is none"),
    pytest.param(Action.WARN, {"to": "inspection"}, "", "too_early", "", id="a warning within the twenty days"),
]


@pytest.mark.parametrize(("action", "said", "note", "code", "where"), REFUSED)
def test_what_cannot_be_is_refused_by_name_and_changes_nothing(
    centre: Centre, clock: HandClock, sent: tuple[str, str], action: Action, said: dict[str, Any], note: str, code: str,
    where: str,
) -> None:  # fmt: skip
    case_id, _ = sent
    clock.now += timedelta(days=2)
    with centre.db.read() as session:
        before = len(case_log.events(session, case_id))
    with pytest.raises(Refused) as refused:
        take(centre, clock, case_id, HOA, action, note, **said)
    assert (refused.value.code, refused.value.where) == (code, where)
    with centre.db.read() as session:
        assert len(case_log.events(session, case_id)) == before


@pytest.mark.parametrize(
    ("liable", "fine", "points", "code"),
    [
        pytest.param("owner", 17_999_999, 4, "fine_band", id="under the band"),
        pytest.param("owner", 20_000_001, 4, "fine_band", id="over the band"),
        pytest.param("owner", 19_000_000, 5, "points_most", id="more points than the act takes"),
        pytest.param("owner_not_shown", 19_000_000, 4, "points_most", id="points of an owner who did not drive"),
        pytest.param("organisation", 19_000_000, 0, "fine_band", id="an organisation pays twice as much"),
        pytest.param("organisation", 38_000_000, 0, None, id="and no points"),
        pytest.param("driver", 18_000_000, 4, None, id="the lower end of the band"),
    ],
)
def test_a_decision_keeps_to_the_band_and_the_points_of_whoever_answers(
    centre: Centre, clock: HandClock, sent: tuple[str, str], liable: str, fine: int, points: int, code: str | None
) -> None:
    case_id, _ = sent
    until_minutes(centre, clock, case_id, liable)
    refused = None
    try:
        take(centre, clock, case_id, HOA, Action.DECIDE, number="1/QĐ", fine=fine, points=points)
    except Refused as error:
        refused = error.code
    assert refused == code


@pytest.mark.parametrize(
    ("came", "code"),
    [
        pytest.param(5, None, id="on the last day, entered on the next"),
        pytest.param(6, "hearing_late", id="a day too late"),
    ],
)
def test_a_request_to_be_heard_counts_by_the_day_on_which_it_came(
    centre: Centre, clock: HandClock, sent: tuple[str, str], came: int, code: str | None
) -> None:
    case_id, _ = sent
    clock.now += timedelta(days=1)
    take(centre, clock, case_id, LAN, Action.IDENTIFY, liable="owner", name="Lê Văn Chủ")
    take(centre, clock, case_id, LAN, Action.MAKE_MINUTES, number="1/BB")
    day = centre.notices.calendar.working_days_after(HERE.local_date(clock.now), came)
    clock.now += timedelta(days=8)  # six working days
    assert centre.notices.calendar.working_days_after(HERE.local_date(clock.now) - timedelta(days=8), 6) == (
        HERE.local_date(clock.now)
    )
    refused = None
    try:
        take(centre, clock, case_id, LAN, Action.ASK_HEARING, manner="written", on=day.isoformat())
    except Refused as error:
        refused = error.code
    assert refused == code


@pytest.mark.parametrize(
    ("decides", "days"),
    [pytest.param(False, 15, id="nobody decided"), pytest.param(True, 370, id="nobody enforced it")],
)
def test_whatever_ended_a_case_its_owner_is_not_told_of_another_term(
    centre: Centre, clock: HandClock, sent: tuple[str, str], decides: bool, days: int
) -> None:
    case_id, code = sent
    until_minutes(centre, clock, case_id)
    if decides:
        take(centre, clock, case_id, HOA, Action.DECIDE, number="1/QĐ", fine=19_000_000, points=4)
    clock.now += timedelta(days=days)
    assert take(centre, clock, case_id, HOA, Action.EXPIRE) is Status.EXPIRED
    with centre.db.write() as session:
        found = case_by_code(session, code, "36A12345", office=centre.config.office, client="x", now=clock.now)
    assert isinstance(found, OwnerCase)
    assert found.public.status_vi == "Đã hết thời hiệu, thời hạn xử lý"


def test_more_than_is_owed_is_not_taken(centre: Centre, clock: HandClock, sent: tuple[str, str]) -> None:
    case_id, _ = sent
    until_minutes(centre, clock, case_id)
    take(centre, clock, case_id, HOA, Action.DECIDE, number="1/QĐ", fine=19_000_000, points=4)
    with pytest.raises(Refused) as refused:
        take(centre, clock, case_id, LAN, Action.PAY, amount=19_000_001, receipt="BL-1")
    assert refused.value.code == "overpaid"


def parts(*pairs: tuple[int, str]) -> list[dict[str, Any]]:
    return [{"amount": amount, "due": due} for amount, due in pairs]


AGREED: dict[str, Any] = {
    "number": "4/QĐ", "requested": "2026-11-24", "confirmed_by": "UBND phường Hạc Thành",
    "instalments": parts((8_000_000, "2026-12-10"), (6_000_000, "2027-01-20"), (5_000_000, "2027-03-10")),
}  # fmt: skip


def test_a_fine_is_paid_in_parts_and_the_case_closes_as_any_other(
    centre: Centre, clock: HandClock, sent: tuple[str, str]
) -> None:
    case_id, _ = sent
    until_minutes(centre, clock, case_id)
    take(centre, clock, case_id, HOA, Action.DECIDE, number="1/QĐ", fine=19_000_000, points=4)
    take(centre, clock, case_id, HOA, Action.SEND_DECISION, how="by_hand")
    assert take(centre, clock, case_id, HOA, Action.AGREE_INSTALMENTS, **AGREED) is Status.DECISION_SENT
    with centre.db.read() as session:
        due = session.get_one(TermRow, (case_id, "pay")).due
        event = case_log.events(session, case_id)[-1]
    assert due.isoformat() == "2026-12-10"
    assert (event.after["number"], event.after["confirmed_by"]) == ("4/QĐ", "UBND phường Hạc Thành")
    clock.now += timedelta(days=60)  # the first part is late
    with centre.db.read() as session:
        today = HERE.local_date(clock.now)
        found = falling_due(session, Role.APPROVER, today=today, near=today, now=clock.now, scope=EVERYWHERE)
    assert [line.code for line in found.lines if line.left < 0] == ["pay"]
    for amount, status in ((8_000_000, "decision_sent"), (10_999_999, "decision_sent"), (1, "paid")):
        assert take(centre, clock, case_id, LAN, Action.PAY, amount=amount, receipt="BL") == status
    assert take(centre, clock, case_id, LAN, Action.CLOSE) is Status.CLOSED
    assert listed(centre, case_id) == set()


def test_a_schedule_typed_wrong_is_taken_back_and_agreed_anew(
    centre: Centre, clock: HandClock, sent: tuple[str, str]
) -> None:
    case_id, _ = sent
    until_minutes(centre, clock, case_id)
    take(centre, clock, case_id, HOA, Action.DECIDE, number="1/QĐ", fine=19_000_000, points=4)
    take(centre, clock, case_id, HOA, Action.SEND_DECISION, how="by_hand")
    for changed, code in (
        ({"instalments": parts((19_000_000, "2026-12-10"))}, "parts_number"),
        ({"requested": "2026-12-24"}, "parts_request"),
        ({"instalments": parts((8_000_000, "2026-12-10"), (0, "2026-12-11"))}, "field"),
        ({"confirmed_by": " "}, "field"),
    ):
        with pytest.raises(Refused) as refused:
            take(centre, clock, case_id, HOA, Action.AGREE_INSTALMENTS, **{**AGREED, **changed})
        assert refused.value.code == code
    take(centre, clock, case_id, HOA, Action.AGREE_INSTALMENTS, **AGREED)
    with pytest.raises(Refused, match="being paid"):
        take(centre, clock, case_id, HOA, Action.AGREE_INSTALMENTS, **AGREED)
    take(centre, clock, case_id, HOA, Action.UNDO, "nhầm ngày")
    again = {**AGREED, "instalments": parts((9_000_000, "2026-12-11"), (10_000_000, "2027-03-10"))}
    take(centre, clock, case_id, HOA, Action.AGREE_INSTALMENTS, **again)
    with centre.db.read() as session:
        assert session.get_one(TermRow, (case_id, "pay")).due.isoformat() == "2026-12-11"


def test_a_step_on_what_was_not_seen_is_refused(centre: Centre, clock: HandClock, sent: tuple[str, str]) -> None:
    case_id, _ = sent
    with pytest.raises(Refused) as refused:
        proceedings.take(
            centre.db, case_id, LAN, Action.ATTEND, {"on": TODAY}, desk=centre.notices, now=clock.now, seen=1
        )
    assert refused.value.code == "changed"


def test_withdrawals_and_notices_share_one_book_without_gaps(centre: Centre, clock: HandClock) -> None:
    numbers = []
    for _ in range(3):
        case_id, _ = issued(centre)
        take(centre, clock, case_id, HOA, Action.WITHDRAW, "sai", reason="other")
        with centre.db.read() as session:
            event = next(e for e in case_log.events(session, case_id) if e.action == "withdraw")
            numbers.append(event.after["paper_number"].split("/")[0])
    assert numbers == ["02", "04", "06"]


@pytest.fixture
def corrected(centre: Centre, clock: HandClock, sent: tuple[str, str]) -> tuple[str, str]:
    """A case that began anew for another plate five days after its notice was sent, and the code on that notice."""
    case_id, code = sent
    clock.now += timedelta(days=5)
    reason = "Chữ số cuối là 6, máy đọc 5."
    assert take(centre, clock, case_id, HOA, Action.CORRECT, reason, mistake="wrong_plate") is Status.NEW
    return case_id, code


def reissue(centre: Centre, clock: HandClock, case_id: str, plate: str) -> IssuedNotice:
    """Confirmed by one, issued by another, for `plate`."""
    with centre.db.write() as session:
        actions.claim(session, case_id, LAN, now=clock.now, lease=centre.claim_lease)
        act = ActCode(session.get_one(CaseRow, case_id).act)
        actions.confirm(session, case_id, LAN, plate=plate, colour="white", act=act, now=clock.now)
    drafting.prepare_notice(centre.db, case_id, LAN, desk=centre.notices, now=clock.now)
    notice = issuing.issue(centre.db, case_id, HOA, seen=seen(centre, case_id), desk=centre.notices, now=clock.now)
    with centre.db.write() as session:
        issuing.publish(session, case_id, HOA, register=centre.registry, now=clock.now)
    return notice


def opened(centre: Centre, clock: HandClock, code: str, plate: str) -> OwnerCase | TakenBack | None:
    with centre.db.write() as session:
        return case_by_code(session, code, plate, office=centre.config.office, client="x", now=clock.now)


def test_whoever_got_the_notice_by_mistake_is_told_and_learns_nothing_of_the_right_one(
    centre: Centre, clock: HandClock, corrected: tuple[str, str]
) -> None:
    case_id, code = corrected
    with centre.db.read() as session:
        row = session.get_one(CaseRow, case_id)
        wrong, old_number = row.plate or "", row.replaced_notices[0].content["number_text"]
        event = next(e for e in case_log.events(session, case_id) if e.action == "correct")
    text = "".join(
        p.extract_text() for p in PdfReader(io.BytesIO(centre.store.read(event.after["paper_sha256"]))).pages
    )
    assert "đính chính" in text.lower()
    assert str(old_number).split("/")[0] in text
    assert "biển số phương tiện" in text
    assert listed(centre, case_id) == {"notify", "statute", "tell_owner"}
    assert opened(centre, clock, code, wrong) == TakenBack(str(old_number))
    clock.now += timedelta(days=2)
    right = "36A12346"
    notice = reissue(centre, clock, case_id, right)
    assert notice.number_text != old_number
    # the code of each notice opens what is its holder's: the right one the case, the wrong one a sentence
    found = opened(centre, clock, notice.code, right)
    assert isinstance(found, OwnerCase)
    assert found.public.plate == HERE.plates.format_plate(right)
    assert opened(centre, clock, code, wrong) == TakenBack(str(old_number))
    assert opened(centre, clock, code, right) is None
    assert opened(centre, clock, notice.code, wrong) is None


def test_a_corrected_case_has_terms_of_its_own_and_its_record_holds_both_notices(
    centre: Centre, clock: HandClock, corrected: tuple[str, str], tmp_path: Path
) -> None:
    case_id, _ = corrected
    with centre.db.read() as session:
        row = session.get_one(CaseRow, case_id)
        assert (row.status, row.confirmed_by, row.notice) == ("new", None, None)
        here = proceedings.standing(session, row, LAN, calendar=centre.notices.calendar, now=clock.now)
        due = {t.code: (t.since, t.due) for t in here.terms}
        assert due["notify"] == (clock.now.date(), clock.now.date() + timedelta(days=10))
    take(centre, clock, case_id, LAN, Action.TELL_OWNER, how="post", reference="RR9")
    reissue(centre, clock, case_id, "36A12346")
    assert listed(centre, case_id) == {"answer", "statute"}
    with centre.db.read() as session:
        row = session.get_one(CaseRow, case_id)
        assert [n.replaced_at is None for n in (*row.replaced_notices, row.notice)] == [False, True]
        assert not audit(session, centre.key.public, centre=centre.config.centre_id).faults
        papers = gather(session, case_id, centre=centre.config.centre_id).papers
    assert [p.name for p in papers if p.what in ("notice", "correction")] == [
        "documents/notice-replaced-1.pdf", "documents/notice.pdf", papers[2].name
    ]  # fmt: skip
    with centre.db.write() as session:  # past the program
        session.get_one(CaseRow, case_id).replaced_notices[0].issued_by = "ai-do"
    with centre.db.read() as session:
        found = audit(session, centre.key.public, centre=centre.config.centre_id).faults
    assert ["issued_by of its notice is ai-do" in str(fault) for fault in found] == [True]


def test_a_notice_that_was_never_sent_is_corrected_without_a_paper(centre: Centre, clock: HandClock) -> None:
    case_id, _ = issued(centre)
    take(centre, clock, case_id, HOA, Action.CORRECT, "Sai chủ xe", mistake="wrong_owner")
    with centre.db.read() as session:
        event = next(e for e in case_log.events(session, case_id) if e.action == "correct")
    assert "paper" not in event.after
    assert listed(centre, case_id) == {"notify", "statute"}
    with centre.db.write() as session:
        actions.claim(session, case_id, LAN, now=clock.now, lease=centre.claim_lease)
        actions.reject(session, case_id, LAN, "not_violation", now=clock.now)
    assert listed(centre, case_id) == set()


def test_a_corrected_case_is_late_by_its_new_term_alone(
    centre: Centre, clock: HandClock, corrected: tuple[str, str]
) -> None:
    """Corrected on the fifth day: its ten days run from there, not from the act's detection."""
    for days, late, soon in ((7, 0, 0), (8, 0, 1), (10, 0, 1), (11, 1, 0)):
        now = NOW + timedelta(days=5 + days)
        with centre.db.read() as session:
            found, figures = (
                total(session, QueueFilter(status=UNSENT, overdue_only=True), now=now),
                unit_view(session, now, scope=EVERYWHERE),
            )
        assert (found.n, figures.overdue, figures.due_soon) == (late, late, soon), f"{days} days after the correction"


@pytest.mark.parametrize("ends", [Action.REJECT, Action.ISSUE])
def test_a_case_that_was_looked_at_again_has_no_term_left_when_it_ends(centre: Centre, ends: Action) -> None:
    case_id = claimed(centre)
    with centre.db.write() as session:
        actions.reject(session, case_id, LAN, "not_violation", now=NOW)
    assert listed(centre, case_id) == set()
    proceedings.take(centre.db, case_id, TRUONG, Action.REOPEN, {"on": TODAY}, "xem lại", desk=centre.notices, now=NOW)
    assert listed(centre, case_id) == {"notify", "statute"}
    with centre.db.write() as session:
        actions.claim(session, case_id, LAN, now=NOW, lease=centre.claim_lease)
        if ends is Action.REJECT:
            actions.reject(session, case_id, LAN, "not_violation", now=NOW)
            wanted = set()
        else:
            actions.confirm(session, case_id, LAN, plate="36A-123.45", act=ActCode.RED_LIGHT, now=NOW)
            wanted = {("notify", "approver"), ("statute", "approver")}
    with centre.db.read() as session:
        found = session.execute(select(TermRow.code, TermRow.whose).where(TermRow.case_id == case_id))
        assert {(code, whose) for code, whose in found} == wanted, "and stands on the list of whoever is next"


@pytest.mark.parametrize(
    ("action", "said"),
    [(Action.REFUSE_STATEMENT, {}), (Action.WITHDRAW, {"reason": "sold"})],
    ids=["refused", "upheld"],
)
def test_a_statement_that_was_answered_is_not_counted_as_unread(
    centre: Centre, clock: HandClock, sent: tuple[str, str], action: Action, said: dict[str, Any]
) -> None:
    case_id, _ = sent
    with centre.db.write() as session:
        queries.contest(session, case_id, "Xe đã bán", now=clock.now)
        assert queries.unread_contests(session, EVERYWHERE) == 1
    take(centre, clock, case_id, HOA, action, "Đã xem giấy tờ.", **said)
    with centre.db.read() as session:
        assert queries.unread_contests(session, EVERYWHERE) == 0


def test_somebody_who_looks_while_a_paper_is_drawn_stops_no_step_and_stands_in_the_record(
    centre: Centre, clock: HandClock, sent: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record that was read before the lock is not believed once it has grown."""
    case_id, _ = sent
    for action, said in ((Action.ATTEND, {}), (Action.IDENTIFY, {"liable": "owner", "name": "Lê Văn Chủ"})):
        take(centre, clock, case_id, LAN, action, **said)
    draw = proceedings.pdf_of

    def looked_at(paper: Any) -> bytes:
        with centre.db.write() as session:
            row = case_log.hold_case(session, case_id)
            case_log.append(session, row, Action.VIEW, actor=TRUONG.username, at=clock.now)
        return draw(paper)

    monkeypatch.setattr(proceedings, "pdf_of", looked_at)
    assert take(centre, clock, case_id, LAN, Action.MAKE_MINUTES) is Status.MINUTES_MADE
    with centre.db.read() as session:
        record = case_log.events(session, case_id)
        case_log.verify_log(session.get_one(CaseRow, case_id), record)
        assert [e.action for e in record[-2:]] == ["view", "make_minutes"]
    assert listed(centre, case_id) == {"decision", "hearing", "statute"}


def test_somebody_who_changes_the_case_while_a_paper_is_drawn_stops_the_step(
    centre: Centre, clock: HandClock, sent: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    case_id, _ = sent
    for action, said in ((Action.ATTEND, {}), (Action.IDENTIFY, {"liable": "owner", "name": "Lê Văn Chủ"})):
        take(centre, clock, case_id, LAN, action, **said)

    def held(_paper: Any) -> bytes:  # a step without a paper of its own
        review = (HERE.local_date(clock.now) + timedelta(days=30)).isoformat()
        take(centre, clock, case_id, TRUONG, Action.HOLD, "vì vụ kiện", review=review)
        return b"%PDF"

    monkeypatch.setattr(proceedings, "pdf_of", held)
    with pytest.raises(Refused) as refused:
        take(centre, clock, case_id, LAN, Action.MAKE_MINUTES)
    assert refused.value.code == "changed"
    with centre.db.read() as session:
        assert case_log.events(session, case_id)[-1].action == "hold"


def test_a_step_reads_its_case_once_and_what_it_asks_of_the_database_does_not_grow_with_the_record(
    centre: Centre, clock: HandClock, sent: tuple[str, str]
) -> None:
    case_id, _ = sent
    asked: list[str] = []
    event.listen(centre.db.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    counts = {}
    for officer, action, said, _, _ in WHOLE_LIFE:
        clock.now += timedelta(days=1)
        asked.clear()
        take(centre, clock, case_id, officer, action, **said)
        counts[action] = len(asked)
        assert sum("FROM case_events" in statement for statement in asked) == 1, action
    assert counts[Action.ATTEND] == counts[Action.RECEIVE_DECISION] <= 10
    assert max(counts.values()) <= 20, "a step with a paper asks for its letterhead and its number too"
