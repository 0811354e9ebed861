"""Test acts at the centre: verified and answered like acts, seen by nothing that deals with acts, missed when away."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from central.audit.stored import audit
from central.centre import Centre
from central.desk.items import item
from central.desk.unit import unit_view
from central.desk.worklist import status_counts
from central.intake.committing import Outcome
from central.intake.gate import Gate
from central.intake.ingest import CATCH_UP, Ingest
from central.intake.nodes import add_node
from central.intake.test_acts import MANY, MISSING, MOST_A_DAY
from central.store.alarms import acknowledge, open_alarms
from central.store.blobs import StoreFull
from central.store.case_tables import CaseEventRow, CaseRow, DecidedCountRow
from central.store.packet_tables import PacketFileRow, PacketRow
from central.store.packets import container_of
from central.store.test_act_tables import EVERY, TestActRow
from central.units.tree import EVERYWHERE
from evidence.canonical import sha256_hex
from evidence.container import pack
from evidence.marked import TestManifest, TestStatement
from evidence.packet import Camera, Chain, Clock, FileEntry, Node, SceneRef
from evidence.receipt import read_receipt
from evidence.wire import CameraHealth, Health, Offer, TestHealth, decode_chunk, encode_chunk
from tests.central.build import CAMERA, NODE, NODE_KEY, NOW, TRUONG, HandClock, NodeChain, case_of, picture
from tests.central.test_audit import without_guards
from tests.central.web_people import Web, make_web

HOUR = timedelta(hours=1)


def made(
    *, sequence: int = 1, previous: str | None = None, at: datetime = NOW, camera: str = CAMERA,
    files: dict[str, bytes] | None = None, **test: Any,
) -> tuple[TestManifest, bytes]:  # fmt: skip
    """A test act that a box made at `at`, and its container."""
    shades = {"before": 90, "on": 120, "after": 150}
    contents = {f"still_{m}.jpg": picture(shade=s) for m, s in shades.items()} if files is None else files
    manifest = TestManifest(
        packet_id=str(uuid.uuid4()), created_at=at,
        node=Node(id=NODE, software="giaolo 0.2.0", key_id=NODE_KEY.public.key_id),
        camera=Camera(id=camera, place="Ngã tư", unit="", width=640, height=360, fps=25),
        chain=Chain(sequence=sequence, previous=previous), clock=Clock(source="ntp", synchronised=True),
        scene=SceneRef(id="s", version=1, digest="0" * 64), models={},
        test=TestStatement(**{"asked": "daily", "occurred_at": at, "frame": 1, "t_s": 4.0, "doubts": [], **test}),
        files=[FileEntry(name=n, role=n.partition(".")[0], media_type="image/jpeg", size=len(d), sha256=sha256_hex(d))  # type: ignore[arg-type]
               for n, d in contents.items()],
    )  # fmt: skip
    return manifest, pack(manifest, contents, NODE_KEY)


def accept(centre: Centre, packet: tuple[TestManifest, bytes]) -> Outcome:
    return Gate.of(centre).accept(NODE, packet[0].packet_id, packet[1])


def say(centre: Centre, *cameras: str, daily: bool | None = True) -> None:
    """A heartbeat of the box; `daily` None: software that knows of no test acts."""
    test = None if daily is None else TestHealth(daily=daily, state="none_yet")
    told = [CameraHealth(id=name, state="running", test=test) for name in cameras]
    Ingest.of(centre).health(NODE, Health(node=NODE, status="running", at="x", cameras=told))


def alarms(centre: Centre) -> list[tuple[str, str]]:
    with centre.db.read() as session:
        return sorted((row.kind, row.text.split(":")[0]) for row in open_alarms(session))


def faults(centre: Centre) -> list[str]:
    with centre.db.read() as session:
        return list(audit(session, centre.keys, centre=centre.config.centre_id, files=centre.store).faults)


def forward(centre: Centre, **delta: float) -> None:
    assert isinstance(centre.clock, HandClock)
    centre.clock.forward(**delta)


@pytest.fixture
def watched(box: Centre) -> Callable[..., list[tuple[str, str]]]:
    """A centre that runs: some time goes by, and it looks who is missing."""
    ingest = Ingest.of(box)
    forward(box, seconds=CATCH_UP.total_seconds())

    def later(**delta: float) -> list[tuple[str, str]]:
        forward(box, **delta)
        ingest.maintain()
        return alarms(box)

    return later


# --- never a case -----------------------------------------------------------------------------------------------------


def test_it_is_received_as_an_act_is_and_nothing_that_deals_with_acts_sees_it(centre: Centre) -> None:
    packet = made(doubts=["picture_moved"])
    offer = Offer(
        packet_id=packet[0].packet_id, size=len(packet[1]), container_sha256=sha256_hex(packet[1]), chunk_bytes=8192
    )  # fmt: skip
    ingest = Ingest.of(centre)
    assert [reply.kind for reply in ingest.offer(NODE, offer)] == ["want"]
    chunks = [decode_chunk(encode_chunk(offer, packet[1], i), where="chunk") for i in range(offer.chunks)]
    (receipt,) = [reply for chunk in chunks for reply in ingest.chunk(NODE, chunk)]
    said = read_receipt(receipt.payload, centre.key.public)
    assert (said.status, said.packet_digest, said.delivered) == ("stored", packet[0].digest, True)
    with centre.db.read() as session:
        counted = {
            table.__tablename__: session.scalar(select(func.count()).select_from(table))
            for table in (PacketRow, TestActRow, PacketFileRow, CaseRow, CaseEventRow, DecidedCountRow)
        }
        assert counted == {
            "packets": 1, "test_acts": 1, "packet_files": 0, "cases": 0, "case_events": 0, "decided_counts": 0
        }  # fmt: skip
        assert set(status_counts(session, scope=EVERYWHERE).values()) <= {0}
        unit = unit_view(session, centre.clock(), scope=EVERYWHERE)
        assert (unit.waiting, unit.confirmed, unit.issued, unit.rates) == (0, 0, 0, ())
    assert faults(centre) == []


def test_acts_before_and_after_it_have_their_cases_and_one_unbroken_chain(box: Centre) -> None:
    chain = NodeChain()
    first = case_of(box, chain.next())
    test, data = made(sequence=2, previous=chain.previous)
    assert accept(box, (test, data)).status == "stored"
    chain.sequence, chain.previous = 2, test.digest
    second = case_of(box, chain.next())
    with box.db.read() as session:
        states = session.execute(select(PacketRow.sequence, PacketRow.chain_state).order_by(PacketRow.sequence)).all()
        numbers = [session.get_one(CaseRow, case).number for case in (first, second)]
        assert [item(session.get_one(CaseRow, first), box.clock()).number] == [1]
    assert [tuple(state) for state in states] == [(1, "ok"), (2, "ok"), (3, "ok")]
    assert numbers == [1, 2], "it took no number of a case"
    assert faults(box) == []
    with box.db.read() as session, pytest.raises(Exception, match="is a test act: its pictures were not kept"):
        container_of(session, box.store, test.packet_id)


def test_of_its_pictures_nothing_stays_and_what_lies_there_already_is_not_touched(box: Centre) -> None:
    same = {f"still_{m}.jpg": picture(shade=77) for m in ("before", "on", "after")}
    chain = NodeChain()
    case_of(box, chain.next(files=same))
    before = sorted(p for p in box.config.blob_dir.rglob("*") if p.is_file())
    other = {**same, "still_on.jpg": picture(shade=78)}
    for number, files in enumerate((same, other), start=2):
        test, data = made(sequence=number, previous=chain.previous, files=files)
        chain.previous = test.digest
        assert accept(box, (test, data)).status == "stored"
    assert sorted(p for p in box.config.blob_dir.rglob("*") if p.is_file()) == before
    assert faults(box) == []


def test_it_is_verified_as_an_act_is(box: Centre) -> None:
    small = made(files={"still_on.jpg": picture(32, 20)})
    assert "is a picture of" in accept(box, small).reason
    ahead = made(at=NOW + timedelta(days=2))
    assert "cannot be: here it is" in accept(box, ahead).reason
    manifest, data = made()
    assert "was offered as" in Gate.of(box).accept(NODE, str(uuid.uuid4()), data).reason
    assert "was sent by node" in Gate.of(box).accept("giao-lo-9", manifest.packet_id, data).reason
    with box.db.read() as session:
        assert session.scalar(select(func.count()).select_from(TestActRow)) == 0


def test_one_that_is_sent_again_is_answered_and_tells_nothing_new(box: Centre) -> None:
    say(box, CAMERA)
    packet = made()
    assert accept(box, packet).status == "stored"
    forward(box, hours=30)
    assert accept(box, packet).status == "duplicate"
    with box.db.read() as session:
        (line,) = unit_view(session, box.clock(), scope=EVERYWHERE).nodes
    assert (line.tests[CAMERA].made_at, line.tests[CAMERA].missing) == (NOW, True), "a copy is no new test"


def test_where_there_is_no_room_for_evidence_a_test_act_gets_no_receipt_either(
    box: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(box.store, "reserve_bytes", 2**60)
    with pytest.raises(StoreFull):
        accept(box, made())
    with box.db.read() as session:
        assert session.scalar(select(func.count()).select_from(PacketRow)) == 0


# --- missed -----------------------------------------------------------------------------------------------------------


def test_a_camera_that_should_have_sent_one_is_told_after_a_day_and_it_ends_by_itself(
    box: Centre, watched: Callable[..., list[tuple[str, str]]]
) -> None:
    say(box, CAMERA, "cam-2")
    assert watched(hours=25) == []
    accept(box, made(at=box.clock()))
    assert watched(hours=2) == [(MISSING, "cam-2")], "the day counts from when it was first expected"
    assert watched(hours=25) == [(MISSING, CAMERA), (MISSING, "cam-2")]
    assert watched(hours=1) == [(MISSING, CAMERA), (MISSING, "cam-2")], "told once"
    test = made(sequence=2, previous="1" * 64, at=box.clock(), camera="cam-2")
    accept(box, test)
    assert [a for a in alarms(box) if a[0] == MISSING] == [(MISSING, CAMERA)], "ended when it came"


def test_who_has_seen_it_is_not_told_again_until_it_is_missed_again(
    box: Centre, watched: Callable[..., list[tuple[str, str]]]
) -> None:
    say(box, CAMERA)
    assert watched(hours=27) == [(MISSING, CAMERA)]
    with box.db.write() as session:
        (row,) = open_alarms(session)
        acknowledge(session, row.id, by="head", now=box.clock())
    assert watched(hours=5) == []
    accept(box, made(at=box.clock()))
    assert watched(hours=27) == [(MISSING, CAMERA)]


def test_one_that_arrives_late_counts_from_when_it_was_made(
    box: Centre, watched: Callable[..., list[tuple[str, str]]]
) -> None:
    say(box, CAMERA)
    old = made(at=box.clock())
    assert watched(hours=53) == [(MISSING, CAMERA)]
    accept(box, old)
    assert watched(minutes=1) == [(MISSING, CAMERA)], "that it went two days ago says nothing of today"
    forward(box, hours=1)
    accept(box, made(sequence=2, previous=old[0].digest, at=box.clock() - 20 * HOUR))
    assert watched(minutes=1) == []
    with box.db.read() as session:
        (line,) = unit_view(session, box.clock(), scope=EVERYWHERE).nodes
    assert line.tests[CAMERA].took_s == pytest.approx(20 * 3600)
    accept(box, made(sequence=3, previous="1" * 64, at=box.clock() - 30 * HOUR))
    with box.db.read() as session:
        (line,) = unit_view(session, box.clock(), scope=EVERYWHERE).nodes
    assert line.tests[CAMERA].took_s == pytest.approx(20 * 3600), "an older one that comes later is not the newest"


def test_a_clock_that_runs_ahead_does_not_put_the_alarm_off(
    box: Centre, watched: Callable[..., list[tuple[str, str]]]
) -> None:
    say(box, CAMERA)
    accept(box, made(at=box.clock() + 23 * HOUR))
    assert watched(hours=27) == [(MISSING, CAMERA)]


@pytest.mark.parametrize(
    ("heartbeat", "told"),
    [
        ({"daily": True}, True),
        ({"daily": False}, False),
        ({"daily": None}, False),
    ],
)
def test_it_is_expected_of_those_whose_box_makes_them(
    box: Centre, watched: Callable[..., list[tuple[str, str]]], heartbeat: dict[str, Any], told: bool
) -> None:
    say(box, CAMERA, **heartbeat)
    assert watched(hours=27) == ([(MISSING, CAMERA)] if told else [])
    say(box, CAMERA, daily=False)
    assert alarms(box) == [], "switched off: nobody waits any more"


def test_a_box_that_is_gone_or_has_lost_its_cameras_is_missed_all_the_same_and_one_that_is_switched_off_is_not(
    box: Centre, watched: Callable[..., list[tuple[str, str]]]
) -> None:
    say(box, CAMERA)
    say(box)  # safe mode: no camera runs
    Ingest.of(box).health(NODE, Health(node=NODE, status="lost", at="x"))
    assert watched(hours=27) == [(MISSING, CAMERA)]
    with box.db.write() as session:
        acknowledge(session, open_alarms(session)[0].id, by="head", now=box.clock())
        add_node(session, NODE, NODE_KEY.public, enabled=False, now=box.clock())
    accepted = watched(hours=48)
    assert accepted == []


def test_a_centre_that_was_away_itself_first_takes_what_waits(box: Centre) -> None:
    say(box, CAMERA)
    forward(box, hours=48)
    ingest = Ingest.of(box)  # it starts now
    ingest.maintain()
    assert alarms(box) == []
    forward(box, seconds=CATCH_UP.total_seconds())
    ingest.maintain()
    assert alarms(box) == [(MISSING, CAMERA)]
    assert timedelta(hours=24) + CATCH_UP < EVERY


def test_the_units_page_says_of_each_camera_when_its_last_went_how_long_it_took_and_that_one_is_missing(
    web: Web,
) -> None:
    head, centre = web.person(TRUONG), web.centre
    say(centre, CAMERA, "cam-2", "cam-3")
    accept(centre, made(doubts=["picture_moved", "clock_unsure", "of_a_newer_box"], at=NOW - timedelta(seconds=4)))
    accept(centre, made(camera="cam-2", asked="asked", sequence=2, previous="1" * 64, at=NOW - HOUR))
    page = head.get("/desk/unit").text
    assert "gói thử hằng ngày 09:59 23/11/2026, tới sau 4 giây" in page
    assert "gói thử theo yêu cầu 09:00 23/11/2026, tới sau 3.600 giây" in page
    assert "camera xê dịch" in page
    assert "of_a_newer_box" in page
    assert "thiếu gói thử hằng ngày" not in page
    web.clock.forward(hours=27)
    page = web.person(TRUONG).get("/desk/unit").text
    assert page.count("thiếu gói thử hằng ngày") == 3
    assert page.count("chưa có gói thử nào tới") == 1
    ingest = Ingest.of(centre)
    web.clock.forward(seconds=CATCH_UP.total_seconds())
    ingest.maintain()
    page = web.person(TRUONG).get("/desk/unit").text
    assert "<strong>giao-lo-1/cam-2</strong>: Camera không gửi gói thử" in page, "the alarm says of which"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    made_ = make_web(tmp_path)
    yield made_
    made_.centre.db.dispose()


# --- a box that lies --------------------------------------------------------------------------------------------------


def test_far_more_than_one_a_day_is_told_and_those_of_days_without_a_link_are_not(box: Centre) -> None:
    previous, one = None, {"still_on.jpg": picture()}
    for day in range(MOST_A_DAY + 2):  # so many days the box was cut off
        test = made(sequence=day + 1, previous=previous, at=NOW - timedelta(days=20 - day), files=one)
        previous = test[0].digest
        accept(box, test)
    assert alarms(box) == []
    for more in range(MOST_A_DAY + 1):
        at = NOW - timedelta(days=19 - MOST_A_DAY - 1) + timedelta(minutes=more)
        test = made(sequence=30 + more, previous=previous, at=at, asked="asked", files=one)
        previous = test[0].digest
        accept(box, test)
    assert (MANY, CAMERA) in alarms(box)
    with box.db.read() as session:
        assert any(f"{2 * MOST_A_DAY + 3} test acts" in row.text for row in open_alarms(session))


@pytest.mark.parametrize("what", ["an act that is called a test", "a test that lost its row", "a case that is gone"])
def test_whatever_is_rewritten_past_the_program_the_audit_finds(box: Centre, what: str) -> None:
    chain = NodeChain()
    case_id = case_of(box, chain.next())
    test, data = made(sequence=2, previous=chain.previous)
    accept(box, (test, data))
    assert faults(box) == []
    with box.db.write() as session:
        without_guards(session)
        packet = session.get_one(CaseRow, case_id).packet_id
        if what == "a test that lost its row":
            session.execute(text("delete from test_acts"))
        else:
            session.execute(text("pragma defer_foreign_keys = on"))
            if what == "an act that is called a test":
                session.execute(update(TestActRow).values(packet_id=packet))
            else:
                session.execute(text("delete from case_events"))
                session.execute(text("delete from cases"))
    found = " ".join(faults(box))
    assert {"an act that is called a test": "is a test act, and a case is there",
            "a test that lost its row": "what is kept of it says of a test act that it is none",
            "a case that is gone": f"packet {packet}: its case was removed"}[what] in found  # fmt: skip
