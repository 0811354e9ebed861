"""Keeping and deleting: what is due goes, with a signed record before its bytes; all else stays, and says why."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from central.audit.stored import audit
from central.cases import log as case_log
from central.cases.documents import documents
from central.cases.facts import Facts
from central.cases.lifecycle import ENDED, Action, Status
from central.cases.log import CaseDeleted
from central.centre import Centre
from central.cli import central as command
from central.desk import actions
from central.desk.false_issue import Share, false_issue
from central.desk.unit import recount_figures
from central.intake.gate import Gate
from central.ledger.proofs import find_packet, prove
from central.ledger.signing import Ledger
from central.notices import issuing, proceedings, tally
from central.owners.lookup import case_by_code
from central.retention import again, files, records, running
from central.retention.files import unsettled
from central.retention.keeper import Keeper
from central.retention.plan import Stored, Why, ended_before, judge
from central.retention.proving import prove_deletion
from central.retention.records import delete_case
from central.retention.running import Done, apply, lines
from central.store.alarms import open_alarms
from central.store.case_tables import CaseRow, DecidedCountRow, NoticeRow
from central.store.keeping_tables import DeletionRow
from central.store.packet_tables import PacketFileRow, PacketRow, QuarantineRow
from central.store.people_tables import LookupRow, ThrottleRow
from central.units.tree import EVERYWHERE
from countries.here import HERE
from countries.keeping import KeepRule
from evidence.acts import ActCode
from evidence.container import open_packet
from evidence.deletion import read_deletion_proof
from evidence.errors import GiaoLoError
from tests.central.build import (
    HOA,
    LAN,
    NODE,
    NOW,
    OFFICE,
    TRUONG,
    HandClock,
    case_of,
    claimed,
    issued,
    make_centre,
    packet,
)
from tests.central.web_people import Web, make_web
from tools.command.verify import verify

LONG_AFTER = NOW + timedelta(days=4500)
"""Every term of the rules is over."""

# --- judging (pure) ------------------------------------------------------------------------------------------------

YEAR = KeepRule("closed", 1, "years", "unit", "x")
DAY = date(2026, 1, 31)
JUDGED: dict[str, tuple[Status, Facts, tuple[KeepRule, ...], date, Why]] = {
    "the last day of its term is a day of keeping": (Status.CLOSED, Facts(), (YEAR,), date(2027, 1, 31), Why.IN_TERM),
    "the day after, it goes": (Status.CLOSED, Facts(), (YEAR,), date(2027, 2, 1), Why.DUE),
    "a case that runs never goes": (Status.PUBLISHED, Facts(), (YEAR,), date(2050, 1, 1), Why.RUNNING),
    "a state that no rule names never goes": (Status.WITHDRAWN, Facts(), (YEAR,), date(2050, 1, 1), Why.NO_RULE),
    "what is held stays, its review day long past": (
        Status.CLOSED, Facts(held=date(2026, 3, 1)), (YEAR,), date(2050, 1, 1), Why.HELD,
    ),
    "an owner has no answer yet": (Status.CLOSED, Facts(statement=DAY), (YEAR,), date(2050, 1, 1), Why.OPEN),
    "an owner was not told yet": (Status.CLOSED, Facts(to_tell=DAY), (YEAR,), date(2050, 1, 1), Why.OPEN),
    "a warning stands": (Status.CLOSED, Facts(warned=DAY), (YEAR,), date(2050, 1, 1), Why.OPEN),
    "a complaint is open": (Status.CLOSED, Facts(complaint=DAY), (YEAR,), date(2050, 1, 1), Why.OPEN),
}  # fmt: skip


@pytest.mark.parametrize("name", list(JUDGED))
def test_what_goes_and_why_the_rest_stays(name: str) -> None:
    status, facts, rules, today, why = JUDGED[name]
    assert judge(Stored(status, facts, DAY), rules, today).why is why


@given(
    status=st.sampled_from(list(Status)), last=st.dates(date(2025, 1, 1), date(2040, 1, 1)),
    later=st.integers(0, 6000), held=st.booleans(), open_=st.booleans(), missing=st.sets(st.integers(0, 6)),
)  # fmt: skip
def test_nothing_goes_but_what_ended_is_free_named_and_over(
    status: Status, last: date, later: int, held: bool, open_: bool, missing: set[int]
) -> None:
    today = last + timedelta(days=later)
    rules = [rule for n, rule in enumerate(HERE.keeping.rules(today)) if n not in missing]
    facts = Facts(held=last if held else None, complaint=last if open_ else None)
    verdict = judge(Stored(status, facts, last), rules, today)
    rule = next((r for r in rules if r.of == status.value), None)
    goes = status in ENDED and not held and not open_ and rule is not None and today > HERE.keeping.until(rule, last)
    assert verdict.due is goes
    if goes:  # and the search for old cases does not pass it by
        assert last < (ended_before(rules, today) or date.min)


def test_before_the_first_day_of_the_data_there_is_no_rule() -> None:
    assert HERE.keeping.rules(date(2024, 12, 31)) == ()
    assert ended_before([], DAY) is None


def test_every_ended_state_has_a_rule_with_its_reference() -> None:
    rules = {rule.of: rule for rule in HERE.keeping.rules(HERE.local_date(NOW))}
    assert {status.value for status in ENDED} <= set(rules)
    assert all(rule.reference and rule.length > 0 for rule in rules.values())


# --- cases at their end --------------------------------------------------------------------------------------------


@pytest.fixture
def clock() -> HandClock:
    return HandClock(NOW)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def kept(request: pytest.FixtureRequest, tmp_path: Path, clock: HandClock) -> Any:
    url = request.getfixturevalue("centre_url") if request.param == "postgresql" else ""
    made = make_centre(tmp_path / "centre", url=url, clock=clock)
    yield made
    made.db.dispose()


def take(
    centre: Centre, case_id: str, action: Action, note: str = "vì vụ kiện", officer: Any = TRUONG, **said: Any
) -> None:
    typed = {"on": HERE.local_date(centre.clock()).isoformat(), **said}
    proceedings.take(centre.db, case_id, officer, action, typed, note, desk=centre.notices, now=centre.clock())


def rejected(centre: Centre, **options: Any) -> str:
    case_id = claimed(centre, **options)
    with centre.db.write() as session:
        actions.reject(session, case_id, LAN, "lamp_unclear", "biển 36A-123.45 mờ", now=centre.clock())
    return case_id


def withdrawn(centre: Centre) -> tuple[str, str]:
    """A case whose notice was sent and withdrawn, and whose owner was told; and the code of its notice."""
    case_id, notice = issued(centre)
    with centre.db.write() as session:
        issuing.publish(session, case_id, HOA, register=centre.registry, now=centre.clock())
    take(centre, case_id, Action.WITHDRAW, "xe của ông Lê Văn Chủ bị làm giả biển", HOA, reason="cloned_plate")
    take(centre, case_id, Action.TELL_OWNER, "", LAN, how="post")
    return case_id, notice.code


def stored_files(centre: Centre, case_id: str) -> set[str]:
    """Every file that belongs to a case."""
    with centre.db.read() as session:
        row = session.get_one(CaseRow, case_id)
        found = {f.sha256 for f in row.packet.files}
        found |= {
            n.pdf_sha256 for n in session.scalars(select(NoticeRow).where(NoticeRow.case_id == case_id)) if n.pdf_sha256
        }
        for event in case_log.events(session, case_id):
            found |= {
                str(v) for k, v in event.after.items() if k in ("paper_sha256", "draft_sha256", "pdf_sha256") and v
            }
    return found


def faults(centre: Centre) -> tuple[str, ...]:
    with centre.db.read() as session:
        return audit(session, centre.key.public, centre=centre.config.centre_id, files=centre.store).faults


def run(centre: Centre) -> Done:
    return apply(centre, by="truong", now=centre.clock())


def decided(centre: Centre) -> set[tuple[Any, ...]]:
    with centre.db.read() as session:
        rows = session.scalars(select(DecidedCountRow).where(DecidedCountRow.decided > 0))
        return {(r.day, r.place, r.act, r.decided, r.rejected) for r in rows}


def everything_said(centre: Centre, case_id: str) -> str:
    """All that the rows of a case say."""
    with centre.db.read() as session:
        row = session.get_one(CaseRow, case_id)
        rows: list[Any] = [row, row.packet, *session.scalars(select(NoticeRow).where(NoticeRow.case_id == case_id))]
        rows += case_log.events(session, case_id)
        return " ".join(str(getattr(r, c.key)) for r in rows for c in r.__table__.columns)


def test_a_deleted_case_names_and_shows_nobody_and_its_digests_numbers_and_statistics_stand(
    kept: Centre, clock: HandClock
) -> None:
    case_id, code = withdrawn(kept)
    other = case_of(kept, plate="36A54321")
    blobs = stored_files(kept, case_id) - stored_files(kept, other)
    with kept.db.read() as session:
        before = {e.sequence: (e.hash, e.signature, e.at, e.action) for e in case_log.events(session, case_id)}
        digest = session.get_one(CaseRow, case_id).packet.digest
    assert "36A12345" in everything_said(kept, case_id)
    copy = kept.config.copies_dir / f"{min(blobs)}.webm"
    copy.parent.mkdir()
    copy.write_bytes(b"x")
    clock.now = LONG_AFTER
    done = run(kept)
    assert (done.cases, done.files) == (1, 1)
    said = everything_said(kept, case_id)
    for gone in ("36A12345", "Lê Văn Chủ", "làm giả biển"):
        assert gone not in said
    assert digest in said
    assert [sha for sha in blobs if kept.store.exists(sha)] == []
    assert not copy.exists()
    assert all(kept.store.exists(sha) for sha in stored_files(kept, other))
    with kept.db.read() as session:
        record = case_log.events(session, case_id)
        assert {e.sequence: (e.hash, e.signature, e.at, e.action) for e in record} == before
        assert false_issue(session, clock.now, scope=EVERYWHERE, months=200).whole == Share(1, 1)
    assert faults(kept) == ()
    figures = decided(kept)
    assert figures
    with kept.db.write() as session:  # counted anew from what is left, the figures are the same
        recount_figures(session)
        tally.recount(session)
    assert decided(kept) == figures
    with kept.db.read() as session:
        assert false_issue(session, clock.now, scope=EVERYWHERE, months=200).reasons == (
            ("withdrawn", "cloned_plate", 1),
        )
        assert case_by_code(session, code, "36A12345", office=kept.config.office, client="x", now=clock.now) is None


def test_what_was_there_and_when_and_why_it_went_is_proven_offline(
    kept: Centre, clock: HandClock, tmp_path: Path
) -> None:
    case_id = rejected(kept)
    with kept.db.write() as session:
        early = prove(session, session.get_one(CaseRow, case_id).packet, kept.key, centre="centre", now=NOW).to_bytes()
    clock.now = LONG_AFTER
    run(kept)
    with kept.db.write() as session:
        row = session.get_one(CaseRow, case_id)
        digest = row.packet.digest
        late = prove(session, find_packet(session, str(row.number)), kept.key, centre="centre", now=clock.now)
        stored = records.deletion_of(session, case_id)
        made = prove_deletion(session, kept, stored, now=clock.now)
    assert late.packet == digest, "the packet's own proof is still given out"
    assert made.deletion.case is not None
    assert made.deletion.case.packet.digest == digest
    file, key, old = tmp_path / "deletion.json", tmp_path / "centre.pub", tmp_path / "old.json"
    file.write_bytes(made.to_bytes())
    key.write_bytes(kept.key.public.pem())
    old.write_bytes(early)
    said = CliRunner().invoke(verify, [str(file), "--centre-key", str(key)])
    assert said.exit_code == 0, said.output
    for word in ("case 1,", "rejected, 1 years", "was deleted at 2039", "Điều 14"):
        assert word in said.output
    data = bytearray(file.read_bytes())
    for place in range(0, len(data) - 1, 7):
        flipped = bytearray(data)
        flipped[place] ^= 1
        with pytest.raises(GiaoLoError):
            read_deletion_proof(bytes(flipped), where="x").verify(kept.key.public)


def test_a_hold_of_the_head_keeps_a_case_until_it_is_lifted_whatever_its_review_day(
    kept: Centre, clock: HandClock
) -> None:
    case_id = rejected(kept)
    review = HERE.local_date(NOW + timedelta(days=90)).isoformat()
    with pytest.raises(GiaoLoError, match="may not"):
        take(kept, case_id, Action.HOLD, officer=HOA, review=review)
    take(kept, case_id, Action.HOLD, review=review)
    clock.now = LONG_AFTER
    assert run(kept).kept[Why.HELD] == 1
    with kept.db.read() as session:
        standing = proceedings.standing(
            session, session.get_one(CaseRow, case_id), TRUONG, calendar=kept.notices.calendar, now=clock.now
        )
    assert [term.code for term in standing.terms] == ["hold_review"], "it stands on the head's list"
    assert Action.LIFT_HOLD in standing.actions
    take(kept, case_id, Action.LIFT_HOLD, "vụ kiện đã xong")
    assert run(kept).kept[Why.IN_TERM] == 1, "its term counts from the last thing that happened to it"
    clock.forward(days=400)
    assert run(kept).cases == 1
    assert faults(kept) == ()


def test_a_hold_set_between_planning_and_deleting_counts(kept: Centre, clock: HandClock) -> None:
    case_id = rejected(kept)
    clock.now = LONG_AFTER
    with kept.db.read() as session:
        assert [line.verdict.why for line in lines(session, clock.now)] == [Why.DUE]
    take(kept, case_id, Action.HOLD, review=HERE.local_date(clock.now + timedelta(days=9)).isoformat())
    assert delete_case(kept, case_id, by="truong", now=clock.now).why is Why.HELD
    assert all(kept.store.exists(sha) for sha in stored_files(kept, case_id))


def test_a_case_whose_record_was_altered_is_not_deleted_but_told(kept: Centre, clock: HandClock) -> None:
    case_id = rejected(kept)
    with kept.db.write() as session:
        session.execute(text("UPDATE cases SET events_head = :h WHERE id = :c"), {"h": "0" * 64, "c": case_id})
    clock.now = LONG_AFTER
    assert run(kept).kept[Why.UNSOUND] == 1


def test_a_picture_that_another_act_has_too_stays_until_that_goes(kept: Centre, clock: HandClock) -> None:
    first, second = rejected(kept), case_of(kept)  # both with the same drawn pictures
    shared = stored_files(kept, first) & stored_files(kept, second)
    assert shared
    clock.now = LONG_AFTER
    assert run(kept).cases == 1
    assert all(kept.store.exists(sha) for sha in shared)
    assert faults(kept) == ()


def decided_together(centre: Centre) -> list[str]:
    """Two acts of one vehicle in one decision."""
    ids = []
    for act, hours in ((ActCode.RED_LIGHT, 2), (ActCode.SOLID_LINE, 4)):
        case_id, _ = issued(centre, act=act, at=NOW - timedelta(hours=hours))
        with centre.db.write() as session:
            issuing.publish(session, case_id, HOA, register=centre.registry, now=centre.clock())
        take(centre, case_id, Action.IDENTIFY, "", LAN, liable="owner", name="Lê Văn Chủ")
        take(centre, case_id, Action.MAKE_MINUTES, "", LAN, number="1/BB")
        ids.append(case_id)
    take(centre, ids[0], Action.WAIVE_HEARING, "", LAN)
    take(centre, ids[0], Action.DECIDE, "", HOA, fine=19_000_000, points=4, together=[{"case": 2, "fine": 500_000}])
    return ids


def test_a_decision_over_two_cases_stays_until_the_last_of_them_goes(kept: Centre, clock: HandClock) -> None:
    ids = decided_together(kept)
    with kept.db.read() as session:
        decision = case_log.events(session, ids[0])[-1].after["paper_sha256"]
    for case_id in ids:
        clock.forward(days=1)
        take(kept, case_id, Action.WITHDRAW, "biển giả", TRUONG, reason="cloned_plate")
        take(kept, case_id, Action.TELL_OWNER, "", LAN, how="post")
    take(kept, ids[1], Action.HOLD, review=HERE.local_date(LONG_AFTER).isoformat())
    clock.now = LONG_AFTER
    assert run(kept).cases == 1
    assert kept.store.exists(decision)
    assert faults(kept) == ()
    take(kept, ids[1], Action.LIFT_HOLD)
    clock.forward(days=900)
    assert run(kept).cases == 1
    assert not kept.store.exists(decision)


def test_what_is_left_of_a_decision_stays_as_long_as_the_case_it_holds_for(kept: Centre, clock: HandClock) -> None:
    ids = decided_together(kept)
    take(kept, ids[0], Action.WITHDRAW, "biển giả", TRUONG, reason="cloned_plate")
    take(kept, ids[0], Action.TELL_OWNER, "", LAN, how="post")
    with kept.db.read() as session:
        amendment = next(d for d in documents(case_log.events(session, ids[1])) if d.code == "amendment").sha256
    clock.now = LONG_AFTER
    assert run(kept).cases == 1
    assert kept.store.exists(amendment), "the other case was not sent what is left"
    assert faults(kept) == ()
    take(kept, ids[1], Action.WITHDRAW, "biển giả", TRUONG, reason="cloned_plate")
    take(kept, ids[1], Action.TELL_OWNER, "", LAN, how="post")
    clock.forward(days=3000)
    assert run(kept).cases == 1
    assert not kept.store.exists(amendment)


# --- the one door --------------------------------------------------------------------------------------------------


def refused(centre: Centre, statement: str, **values: Any) -> None:
    with pytest.raises(DBAPIError, match="append-only"), centre.db.write() as session:
        session.execute(text(statement), values)


def test_the_database_lets_nothing_through_but_by_a_recorded_deletion(kept: Centre, clock: HandClock) -> None:
    case_id, other = rejected(kept), rejected(kept, plate="36A54321")
    empty = "UPDATE case_events SET note = '', before = '{}', after = '{}' WHERE case_id = :c"
    refused(kept, empty, c=case_id)
    clock.now = LONG_AFTER
    delete_case(kept, case_id, by="truong", now=clock.now)
    refused(kept, empty, c=other)
    for change in ("hash = 'x'", "actor = 'x'", "note = 'more'", "after = '{\"status\": \"longer than before\"}'",
                   "action = 'view'", "sequence = 99"):  # fmt: skip
        refused(kept, f"UPDATE case_events SET {change} WHERE case_id = :c", c=case_id)
    refused(kept, "DELETE FROM case_events WHERE case_id = :c", c=case_id)
    refused(kept, "UPDATE deletions SET record = 'x'")
    refused(kept, "DELETE FROM deletions")


def test_nothing_is_done_to_a_deleted_case_any_more(kept: Centre, clock: HandClock) -> None:
    case_id = rejected(kept)
    clock.now = LONG_AFTER
    run(kept)
    for act in (
        lambda s: case_log.lock_case(s, case_id), lambda s: case_log.hold_case(s, case_id),
    ):  # fmt: skip
        with pytest.raises(CaseDeleted), kept.db.write() as session:
            act(session)
    with pytest.raises(CaseDeleted):
        take(kept, case_id, Action.REOPEN)


def test_a_box_that_sends_a_deleted_packet_again_is_told_that_it_is_settled_and_nothing_is_kept(
    kept: Centre, clock: HandClock
) -> None:
    data = packet()
    case_id = case_of(kept, data)
    with kept.db.write() as session:
        actions.claim(session, case_id, LAN, now=NOW, lease=kept.claim_lease)
        actions.reject(session, case_id, LAN, "lamp_unclear", "", now=NOW)
    clock.now = LONG_AFTER
    run(kept)
    manifest = open_packet(data).manifest
    outcome = Gate.of(kept).accept(NODE, manifest.packet_id, data)
    assert (outcome.status, outcome.digest) == ("duplicate", manifest.digest)
    assert not any(kept.store.exists(f.sha256) for f in manifest.files)


# --- killed anywhere -----------------------------------------------------------------------------------------------

STEPS: dict[str, tuple[Any, str]] = {
    "before the record": (records, "_of_case"),
    "while the log is written": (records.merkle, "append"),
    "while the rows lose what they said": (records, "_scrub"),
    "after the commit, before the file beside the database": (Ledger, "keep_deletion"),
    "before the checkpoint": (running.merkle, "checkpoint"),
    "before any file": (running, "settle"),
    "between two files": (files, "_named"),
    "before it is noted how far it is": (files, "_note"),
}


class Killed(BaseException):
    """As good as kill -9 at this place: nothing that follows runs."""


@pytest.mark.parametrize("after", [1, 3])
@pytest.mark.parametrize("name", list(STEPS))
def test_killed_at_any_step_it_is_whole_or_recorded_and_finished_by_the_next_run(
    name: str, after: int, kept: Centre, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, what = STEPS[name]
    cases = [rejected(kept), withdrawn(kept)[0]]
    named = {case: stored_files(kept, case) for case in cases}
    clock.now = LONG_AFTER
    real: Callable[..., Any] = getattr(where, what)
    left = after

    def killed(*arguments: Any, **more: Any) -> Any:
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed
        return real(*arguments, **more)

    with monkeypatch.context() as patched:
        patched.setattr(where, what, killed)
        with pytest.raises(Killed) if _reached(name, after) else nullcontext():
            run(kept)
    with kept.db.read() as session:
        for case in cases:
            recorded = session.scalar(select(DeletionRow).where(DeletionRow.case_id == case))
            row = session.get_one(CaseRow, case)
            assert (recorded is not None) == (row.deleted_at is not None) == (row.packet.manifest == "")
            if recorded is None:  # whole
                assert all(kept.store.exists(sha) for sha in named[case])
    Keeper(kept).begin()  # the next start
    run(kept)
    assert not any(kept.store.exists(sha) for shas in named.values() for sha in shas)
    assert unsettled(kept) == 0
    assert faults(kept) == ()
    filed = [line for line in again.signed_lines(kept, kept.ledger.deletions_file) if line is not None]
    assert len({line.deletion.digest for line in filed}) == 2


def _reached(name: str, after: int) -> bool:
    """Whether the step is done so often in a run of two cases."""
    most = {"before the checkpoint": 1, "before any file": 1}
    return after <= most.get(name, 2) or name == "between two files"


# --- backups -------------------------------------------------------------------------------------------------------


def test_a_database_put_back_to_an_older_day_loses_again_what_was_deleted_and_says_so(
    tmp_path: Path, clock: HandClock
) -> None:
    centre = make_centre(tmp_path / "centre", clock=clock)
    case_id = rejected(centre)
    with centre.db.write() as session:
        session.add(LookupRow(at=NOW, client="1.2.3.4", plate="36A12345", colour="white", kind="car", shown=1))
    database = centre.config.data_dir / "centre.sqlite3"
    with sqlite3.connect(database) as connection:
        connection.execute(f"VACUUM INTO '{tmp_path}/backup.sqlite3'")
    clock.now = LONG_AFTER
    assert run(centre).rows == 1
    centre.db.dispose()
    for name in ("", "-wal", "-shm"):
        Path(f"{database}{name}").unlink(missing_ok=True)
    (tmp_path / "backup.sqlite3").rename(database)
    centre = make_centre(tmp_path / "centre", clock=clock)
    assert "36A12345" in everything_said(centre, case_id), "it came back"
    Keeper(centre).begin()
    assert "36A12345" not in everything_said(centre, case_id)
    with centre.db.read() as session:
        assert session.scalars(select(LookupRow)).all() == []
        assert "deleted_came_back" in {alarm.kind for alarm in open_alarms(session)}
    assert [f for f in faults(centre) if "log up to entry" not in f and "entries of the log are missing" not in f] == []
    assert again.compare(centre) == again.Compared(0, 0, 0)
    centre.db.dispose()


def test_a_data_folder_put_back_loses_the_files_again(box: Centre, clock: HandClock) -> None:
    centre = replace(box, clock=clock)
    case_id = rejected(centre)
    contents = {sha: centre.store.read(sha) for sha in stored_files(centre, case_id)}
    clock.now = LONG_AFTER
    run(centre)
    for data in contents.values():
        centre.store.put(data)
    (centre.config.data_dir / "retention" / "reached.json").unlink()  # as old as the folder
    Keeper(centre).begin()
    assert not any(centre.store.exists(sha) for sha in contents)


def test_a_kept_copy_of_the_file_tells_a_centre_that_was_put_back_as_a_whole(tmp_path: Path, clock: HandClock) -> None:
    data = packet()
    first = make_centre(tmp_path / "one", clock=clock)
    case_of(first, data)
    with first.db.write() as session:
        case_id = session.scalars(select(CaseRow.id)).one()
        actions.claim(session, case_id, LAN, now=NOW, lease=first.claim_lease)
        actions.reject(session, case_id, LAN, "lamp_unclear", "", now=NOW)
    clock.now = LONG_AFTER
    run(first)
    copy = first.ledger.deletions_file.read_bytes()
    # the other one has never heard of it; its box sends the packet again
    two = make_centre(tmp_path / "two", clock=clock)
    two.db.info["ledger"] = Ledger(first.key, two.config.centre_id, two.config.ledger_dir, first.keys)
    other = replace(two, key=first.key)
    file = tmp_path / "kept.jsonl"
    file.write_bytes(copy + b"torn by a power c")
    assert again.apply_again(other, again.signed_lines(other, file)).again == 1
    manifest = open_packet(data).manifest
    assert Gate.of(other).accept(NODE, manifest.packet_id, data).status == "duplicate"
    with other.db.read() as session:
        assert session.scalars(select(PacketRow)).all() == []
    for centre in (first, other):
        centre.db.dispose()


# --- what is no case -----------------------------------------------------------------------------------------------


def test_questions_failed_signings_in_and_quarantine_go_by_age_with_a_record(kept: Centre, clock: HandClock) -> None:
    Gate.of(kept).accept(NODE, "3f0e3b9c-0000-4000-8000-000000000000", b"rubbish")
    with kept.db.write() as session:
        for days in (0, 300):
            at = NOW + timedelta(days=days)
            session.add(LookupRow(at=at, client="1.2.3.4", plate="36A12345", colour="white", kind="car", shown=0))
            session.add(ThrottleRow(key=f"name:{days}", failures=1, window_from=at, locked_until=None))
        locked = NOW + timedelta(days=4000)
        session.add(ThrottleRow(key="locked", failures=9, window_from=NOW, locked_until=locked))
        held = session.scalars(select(QuarantineRow.path)).one()
    assert held is not None
    file = kept.config.quarantine_dir / held
    clock.now = NOW + timedelta(days=380)
    assert run(kept).rows == 1 + 2 + 1
    assert not file.exists()
    with kept.db.read() as session:
        assert [row.at for row in session.scalars(select(LookupRow))] == [NOW + timedelta(days=300)]
        assert list(session.scalars(select(ThrottleRow.key))) == ["locked"]
        kinds = {row.kind: json.loads(row.record)["rows"] for row in session.scalars(select(DeletionRow))}
    assert kinds == {"look_ups": 1, "throttles": 2, "quarantine": 1}
    assert faults(kept) == ()
    assert run(kept).rows == 0


# --- any lives -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_in_any_lives_nothing_held_or_within_its_term_goes_and_all_that_is_due_does(
    seed: int, kept: Centre, clock: HandClock
) -> None:
    chance = random.Random(seed)
    held: set[str] = set()
    ended: dict[str, datetime] = {}
    for n in range(8):
        clock.forward(days=chance.randint(0, 200))
        kind = chance.choice(["waiting", "rejected", "withdrawn"])
        at = clock.now - timedelta(hours=2)
        if kind == "waiting":
            case_of(kept, at=at, sequence=n + 2, previous=f"{n:064x}")
            continue
        case_id = rejected(kept, at=at) if kind == "rejected" else withdrawn_at(kept, at)
        ended[case_id] = clock.now
        if chance.random() < 0.3:
            take(kept, case_id, Action.HOLD, review=HERE.local_date(clock.now + timedelta(days=30)).isoformat())
            held.add(case_id)
    named = {case: stored_files(kept, case) for case in ended}
    for _ in range(5):
        clock.forward(days=chance.randint(50, 400))
        run(kept)
        rules = {rule.of: rule for rule in HERE.keeping.rules(HERE.local_date(clock.now))}
        with kept.db.read() as session:
            for case_id, at in ended.items():
                row = session.get_one(CaseRow, case_id)
                last = HERE.keeping.until(rules[row.status], HERE.local_date(at))  # type: ignore[index]
                assert (row.deleted_at is not None) == (case_id not in held and HERE.local_date(clock.now) > last)
            living = {
                sha for (sha,) in session.execute(
                    select(PacketFileRow.sha256).join(PacketRow).where(PacketRow.deleted_at.is_(None))
                )
            }  # fmt: skip
            gone = {c for c in ended if session.get_one(CaseRow, c).deleted_at is not None}
        assert all(kept.store.exists(sha) for sha in living)
        assert not any(kept.store.exists(sha) for case in gone for sha in named[case] - living)
        assert faults(kept) == ()


def withdrawn_at(centre: Centre, at: datetime) -> str:
    case_id, _ = issued(centre, at=at)
    with centre.db.write() as session:
        issuing.publish(session, case_id, HOA, register=centre.registry, now=centre.clock())
    take(centre, case_id, Action.WITHDRAW, "nhầm", HOA, reason="wrong_plate")
    take(centre, case_id, Action.TELL_OWNER, "", LAN, how="post")
    return case_id


# --- switching on, command -----------------------------------------------------------------------------------------


def test_a_running_centre_deletes_only_where_it_is_switched_on_and_in_its_hour(
    tmp_path: Path, clock: HandClock
) -> None:
    off = make_centre(tmp_path / "off", clock=clock)
    rejected(off)
    clock.now = LONG_AFTER.replace(hour=19, minute=10)  # ten past two in the morning, by the country's clock
    assert Keeper(off).step() is None
    settings = off.config.model_copy(update={"retention": off.config.retention.model_copy(update={"enabled": True})})
    on = Keeper(replace(off, config=settings))
    clock.forward(hours=3)
    assert on.step() is None
    clock.forward(hours=21)
    done = on.step()
    assert done is not None
    assert done.cases == 1
    off.db.dispose()


def test_the_command_is_a_dry_run_unless_it_is_told_otherwise(tmp_path: Path) -> None:
    folder = tmp_path / "centre"
    clock = HandClock(NOW - timedelta(days=400))
    centre = make_centre(folder, clock=clock)
    case_id = rejected(centre, at=clock.now - timedelta(hours=2))
    with centre.db.write() as session:
        from central.users import create_user

        create_user(session, "truong", "Mật khẩu rất dài 1", role=TRUONG.role, full_name="T", now=NOW)
    file = tmp_path / "central.yaml"
    value = {"schema_version": 1, "data_dir": str(folder), "office": OFFICE}
    file.write_text(yaml.safe_dump(value), encoding="utf-8")

    def give(*arguments: str) -> str:
        said = CliRunner().invoke(command, ["retention", *arguments, "--config", str(file)])
        assert said.exit_code == 0, said.output
        return said.output

    assert "case 1  rejected  due" in give("plan")
    assert "dry run: 1 cases" in give("apply")
    assert centre.store.exists(min(stored_files(centre, case_id)))
    assert "1 cases and 0 other rows deleted" in give("apply", "--yes", "--by", "truong")
    assert "1 deletions" in give("list")
    out = tmp_path / "x.json"
    give("proof", "1", "--out", str(out))
    read_deletion_proof(out.read_bytes(), where="x").verify(centre.key.public)
    said = CliRunner().invoke(command, ["proof", "1", "--out", str(tmp_path / "p.json"), "--config", str(file)])
    assert "was deleted at" in said.output
    assert CliRunner().invoke(command, ["retention", "apply", "--yes", "--config", str(file)]).exit_code == 1
    centre.db.dispose()


# --- pages ---------------------------------------------------------------------------------------------------------


def test_the_desk_shows_a_hold_and_of_a_deleted_case_what_there_was_and_why_it_went(tmp_path: Path) -> None:
    web = make_web(tmp_path / "web")
    case_id = rejected(web.centre)
    head = web.person(TRUONG)
    review = HERE.local_date(web.clock.now + timedelta(days=30))
    answer = head.post(
        f"/desk/cases/{case_id}/steps/hold", at=f"/desk/cases/{case_id}/steps", review=review.isoformat(),
        on=HERE.local_date(web.clock.now).isoformat(), note="Tòa yêu cầu",
    )  # fmt: skip
    assert "Đã ghi" in answer.text or answer.status_code in (200, 303)
    page = head.get(f"/desk/cases/{case_id}").text
    assert f"xem lại ngày {review:%d/%m/%Y}" in page
    assert "Tòa yêu cầu" in page
    take(web.centre, case_id, Action.LIFT_HOLD)
    digest = open_packet_digest(web, case_id)
    web.clock.now = LONG_AFTER
    run(web.centre)
    head = web.person(TRUONG)
    gone = head.get(f"/desk/cases/{case_id}")
    assert gone.status_code == 410
    for said in ("đã được xóa lúc", "Điều 14", digest, "1 năm", "Phạm Văn Trưởng"):
        assert said in gone.text, said
    for address in ("thumb.jpg", "vehicle.jpg", "clip-copy.webm", "files/still_on.jpg", "steps"):
        assert head.get(f"/desk/cases/{case_id}/{address}").status_code in (404, 410), address
    listed = head.get("/desk?state=rejected").text
    assert "đã xóa" in listed
    assert f"/desk/cases/{case_id}/thumb.jpg" not in listed
    with web.centre.db.read() as session:
        assert "evidence_unsound" not in {alarm.kind for alarm in open_alarms(session)}, "what was deleted is not lost"
    web.centre.db.dispose()


def open_packet_digest(web: Web, case_id: str) -> str:
    with web.centre.db.read() as session:
        return session.get_one(CaseRow, case_id).packet.digest
