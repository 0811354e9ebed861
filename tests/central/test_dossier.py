"""Was this device lawful at the act? A table of dated lives, and what no later record may change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central.devices.dossier import (
    CODES,
    SOON_DAYS,
    Standing,
    answer,
    ends_soon,
    standing,
    standing_on,
    state_on,
    stretches,
)
from central.devices.records import CHECKED, TAKING_BACK, DeviceId, Record, RecordKind
from countries.devices import PaperNeed
from countries.here import HERE
from countries.vn.deadlines import VIETNAM

CAMERA, BOX = DeviceId("giao-lo-1", "cam-1"), DeviceId("giao-lo-1")
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
_ids = iter(range(1, 1_000_000))


def record(
    kind: str, first: str = "2026-01-05", last: str | None = None, *, device: DeviceId = CAMERA, serial: str = "A",
    of: Record | None = None, entered: datetime = LONG_AGO, dated: str = "",
) -> Record:  # fmt: skip
    return Record(
        id=next(_ids), device=device, kind=RecordKind(kind), number="1", dated=date.fromisoformat(dated or first),
        signed_by="X", valid_from=date.fromisoformat(first), valid_to=date.fromisoformat(last) if last else None,
        model="M", serial=serial, note="", takes_back=of.id if of else None, document_sha256=None, entered_by="truong",
        entered_at=entered,
    )  # fmt: skip


def local(day: str, at: str = "12:00") -> datetime:
    return datetime.combine(date.fromisoformat(day), time.fromisoformat(at), VIETNAM)


PROFILE, DECISION, TEST = record("profile"), record("decision", serial=""), record("test")
SHORT = record("decision", "2026-01-05", "2026-06-30", serial="")
CERTIFICATE = record("inspection", "2026-01-05", "2026-12-31")
NEWER = record("decision", "2026-06-01", "2026-09-30", serial="")
OTHER_CAMERA = DeviceId("giao-lo-1", "cam-2")


@pytest.mark.parametrize(
    ("why", "records", "at", "codes"),
    [
        ("all there", [PROFILE, DECISION, TEST], local("2026-03-01"), ""),
        ("nothing is known", [], local("2026-03-01"), "device_unknown no_decision no_inspection"),
        ("no decision", [PROFILE, TEST], local("2026-03-01"), "no_decision"),
        ("no inspection of any kind", [PROFILE, DECISION], local("2026-03-01"), "no_inspection"),
        ("the last second of the last day is good", [PROFILE, SHORT, TEST], local("2026-06-30", "23:59:59"), ""),
        ("local midnight after it is not", [PROFILE, SHORT, TEST], local("2026-07-01", "00:00"), "decision_expired"),
        ("the day is the country's, not UTC's", [PROFILE, SHORT, TEST], datetime(2026, 6, 30, 17, tzinfo=UTC),
         "decision_expired"),
        ("the first second of the first day is good", [PROFILE, DECISION, TEST], local("2026-01-05", "00:00"), ""),
        ("an act on the day before", [PROFILE, DECISION, TEST], local("2026-01-04", "23:59:59"),
         "device_not_yet decision_not_yet inspection_not_yet"),
        ("a decision that came after the act", [PROFILE, record("decision", "2026-03-02"), TEST], local("2026-03-01"),
         "decision_not_yet"),
        ("the certificate has ended", [PROFILE, DECISION, CERTIFICATE], local("2027-01-01"), "inspection_expired"),
        ("a test goes on where a certificate ended", [PROFILE, DECISION, CERTIFICATE, TEST], local("2027-01-01"), ""),
        ("replaced, both seem to hold", [PROFILE, DECISION, NEWER, TEST], local("2026-07-01"), ""),
        ("a newer decision for a shorter time ends the older one", [PROFILE, DECISION, NEWER, TEST],
         local("2026-10-01"), "decision_expired"),
        ("before the newer one begins the older one holds", [PROFILE, SHORT, NEWER, TEST], local("2026-05-31"), ""),
        ("a newer one entered by mistake replaces nothing",
         [PROFILE, DECISION, NEWER, record("mistaken", of=NEWER), TEST], local("2026-10-01"), ""),
        ("revoked: the day before", [PROFILE, DECISION, TEST, record("revoked", "2026-04-01", of=DECISION)],
         local("2026-03-31"), ""),
        ("revoked: the day itself", [PROFILE, DECISION, TEST, record("revoked", "2026-04-01", of=DECISION)],
         local("2026-04-01"), "decision_revoked"),
        ("revoked before it began: the older one goes on",
         [PROFILE, DECISION, NEWER, TEST, record("revoked", "2026-06-01", of=NEWER)], local("2026-10-01"), ""),
        ("a revoked one does not bring back what it replaced",
         [PROFILE, DECISION, NEWER, TEST, record("revoked", "2026-07-01", of=NEWER)], local("2026-07-01"),
         "decision_revoked"),
        ("another device stands there now, without a test of its own",
         [PROFILE, DECISION, TEST, record("profile", "2026-05-01", serial="B")], local("2026-05-01"), "no_inspection"),
        ("the device before it had one", [PROFILE, DECISION, TEST, record("profile", "2026-05-01", serial="B")],
         local("2026-04-30"), ""),
        ("a decision without a serial number speaks of whichever stands there",
         [record("profile", serial="B"), record("decision", serial=""), record("test", serial="B")],
         local("2026-03-01"), ""),
        ("taken down", [record("profile", "2026-01-05", "2026-02-28"), DECISION, TEST], local("2026-03-01"),
         "device_expired"),
        ("papers of the other camera of the box are not ours",
         [PROFILE, *(replace(r, device=OTHER_CAMERA) for r in (PROFILE, DECISION, TEST))], local("2026-03-01"),
         "no_decision no_inspection"),
    ],
)  # fmt: skip
def test_how_a_device_stood(why: str, records: list[Record], at: datetime, codes: str) -> None:
    found = standing(CAMERA, records, at, known_at=NOW)
    assert " ".join(lack.code for lack in found.lacks) == codes, why
    assert found.lawful is (codes == "")


def test_a_lack_says_the_day_and_the_law() -> None:
    (lack,) = standing(CAMERA, [PROFILE, SHORT, TEST], local("2026-07-09"), known_at=NOW).lacks
    assert lack.values == {"device": "giao-lo-1/cam-1", "day": "09/07/2026", "when": "30/06/2026"}
    assert "61/2026/NĐ-CP Điều 12.2" in lack.reference
    (old,) = standing(CAMERA, [PROFILE, TEST], local("2026-03-09"), known_at=NOW).lacks
    assert "135/2021/NĐ-CP Điều 12.2" in old.reference


def test_what_counted_is_named_the_device_first() -> None:
    counted = standing(CAMERA, [TEST, DECISION, NEWER, PROFILE], local("2026-07-01"), known_at=NOW).counted
    assert counted == (PROFILE, NEWER, TEST)


def test_two_cameras_of_one_box_and_the_box_are_asked_each_for_itself() -> None:
    records = [replace(r, device=d) for d in (CAMERA, BOX) for r in (PROFILE, DECISION, TEST)]
    stood = {str(d): standing(d, records, NOW, known_at=NOW).lawful for d in (CAMERA, OTHER_CAMERA, BOX)}
    assert stood == {"giao-lo-1/cam-1": True, "giao-lo-1/cam-2": False, "giao-lo-1": True}


@pytest.mark.parametrize(
    ("days", "told"),
    [(0, True), (1, True), (SOON_DAYS, True), (SOON_DAYS + 1, False), (400, False)],
)
def test_the_head_is_told_in_time(days: int, told: bool) -> None:
    last = HERE.local_date(NOW) + timedelta(days=days)
    soon = ends_soon(CAMERA, [PROFILE, record("decision", "2026-01-05", last.isoformat()), TEST], NOW)
    assert (soon is not None) is told
    if soon:
        assert (soon.last, [lack.code for lack in soon.lacks]) == (last, ["decision_expired"])


def test_a_paper_that_follows_is_no_end() -> None:
    ending = record("decision", "2026-01-05", "2026-11-30")
    assert ends_soon(CAMERA, [PROFILE, ending, record("decision", "2026-12-01"), TEST], NOW) is None
    gap = ends_soon(CAMERA, [PROFILE, ending, record("decision", "2026-12-02"), TEST], NOW)
    assert gap is not None
    assert gap.last == date(2026, 11, 30)


def test_who_is_not_lawful_today_ends_nothing() -> None:
    assert ends_soon(CAMERA, [PROFILE, TEST], NOW) is None


def test_both_are_told_when_a_paper_for_that_time_came_later() -> None:
    late = record("decision", "2026-01-05", entered=NOW - timedelta(days=1))
    act = local("2026-03-01")
    found = answer(CAMERA, [PROFILE, TEST, late], act, then=act, now=NOW)
    assert found.differs
    assert found.now.lawful
    assert [lack.code for lack in found.then.lacks] == ["no_decision"]


@pytest.mark.parametrize(
    ("state", "of", "records"),
    [
        ("in_force", DECISION, [PROFILE, DECISION, TEST]),
        ("expired", SHORT, [PROFILE, SHORT]),
        ("replaced", DECISION, [PROFILE, DECISION, replace(NEWER, valid_to=None)]),
        ("not_yet", (ahead := record("decision", "2026-12-24", dated="2026-11-01")), [PROFILE, ahead]),
        ("revoked", DECISION, [PROFILE, DECISION, record("revoked", "2026-04-01", of=DECISION)]),
        ("mistaken", DECISION, [PROFILE, DECISION, record("mistaken", of=DECISION)]),
        ("other_device", TEST, [PROFILE, TEST, record("profile", "2026-05-01", serial="B")]),
    ],
)
def test_what_became_of_a_paper(state: str, of: Record, records: list[Record]) -> None:
    assert state_on(of, records, HERE.local_date(NOW), known_at=NOW) == state


class Calm:
    """A country that never changes what it asks for."""

    def needs(self, sort: str, day: date) -> tuple[PaperNeed, ...]:
        return (PaperNeed("decision", ("decision",), "x"), PaperNeed("inspection", ("inspection", "test"), "y"))

    def changes(self) -> tuple[date, ...]:
        return ()


DAYS = st.integers(0, 60).map(lambda n: date(2026, 3, 1) + timedelta(days=n))


@st.composite
def lives(draw: st.DrawFn) -> list[Record]:
    """Records of one camera, in the order in which they were entered, an hour apart."""
    made: list[Record] = []
    for number in range(1, draw(st.integers(0, 9)) + 1):
        kinds = [k for k in RecordKind if made or k not in TAKING_BACK]
        kind = draw(st.sampled_from(kinds))
        first = draw(DAYS)
        last = draw(st.none() | st.integers(0, 40).map(lambda n, first=first: first + timedelta(days=n)))
        back = draw(st.sampled_from(made)) if kind in TAKING_BACK else None
        made.append(
            Record(
                number,
                CAMERA,
                kind,
                str(number),
                first,
                "X",
                first,
                None if back else last,
                "M",
                draw(st.sampled_from(["A", "B"] if kind in (*CHECKED, RecordKind.PROFILE) else [""])),
                "",
                back.id if back else None,
                None,
                "t",
                LONG_AGO + timedelta(hours=number),
            )
        )
    return made


@settings(max_examples=150)
@given(lives(), st.integers(0, 9), DAYS)
def test_what_was_known_then_is_never_changed_by_what_is_entered_later(life: list[Record], cut: int, day: date) -> None:
    then = LONG_AGO + timedelta(hours=cut)
    known = [r for r in life if r.entered_at <= then]
    assert standing_on(CAMERA, life, day, known_at=then) == standing_on(CAMERA, known, day, known_at=then)


@settings(max_examples=150)
@given(lives(), DAYS)
def test_a_record_that_says_nothing_of_a_day_changes_nothing_about_it(life: list[Record], day: date) -> None:
    """What begins later, of another device, or is entered later by whoever looks at that time: the answer stays."""
    later = [
        replace(r, id=r.id + 100, valid_from=day + timedelta(days=1), dated=day, valid_to=None, takes_back=None)
        for r in life
        if r.kind not in TAKING_BACK
    ]
    others = [replace(r, id=r.id + 200, device=OTHER_CAMERA) for r in life]
    before = standing_on(CAMERA, life, day, known_at=NOW)
    after = standing_on(CAMERA, [*life, *later, *others], day, known_at=NOW)
    assert (before.lawful, before.counted) == (after.lawful, after.counted)


@settings(max_examples=150)
@given(lives(), DAYS)
def test_lawful_is_exactly_having_all_that_is_asked_for(life: list[Record], day: date) -> None:
    found = standing_on(CAMERA, life, day, known_at=NOW, asked=Calm())
    assert found.lawful is (len(found.counted) == 3)
    for counted in found.counted:
        assert counted.valid_from <= day
        assert counted.valid_to is None or day <= counted.valid_to
    assert {lack.code for lack in found.lacks} <= {code for group in CODES.values() for code in group.values()}


@settings(max_examples=100)
@given(lives())
def test_over_a_stretch_nothing_begins_or_ends(life: list[Record]) -> None:
    first, last = date(2026, 2, 20), date(2026, 6, 30)
    found = stretches(CAMERA, life, first, last, known_at=NOW, asked=Calm())
    days = [(last - first).days + 1, sum((end - begin).days + 1 for begin, end, _ in found)]
    assert days[0] == days[1]

    def sense(stood: Standing) -> tuple[object, ...]:
        return tuple((lack.code, lack.when) for lack in stood.lacks), stood.counted

    for begin, end, stood in found:
        for day in (begin, end):
            assert sense(standing_on(CAMERA, life, day, known_at=NOW, asked=Calm())) == sense(stood)
