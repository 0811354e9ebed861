"""Whose name a paper bears and in whose book it is numbered: without a gap, none twice, right through a year's end."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, text

from central.cases import log as case_log
from central.cases.documents import documents
from central.cases.lifecycle import Action, Officer, Refused
from central.centre import Centre
from central.devices.book import enter
from central.devices.records import DeviceId
from central.notices import drafting, issuing, proceedings
from central.notices.numbering import NOTICE, NumberTaken, take_number
from central.owners.lookup import owner_lookup
from central.store.case_tables import CaseRow, NoticeRow, NumberBookRow
from central.store.db import Database, last_in_book
from central.store.migrate import upgrade
from central.units.book import change, give_camera
from central.units.csv_file import LETTERHEAD_COLUMNS, import_letterheads
from central.units.letterheads import Letterhead, enter_letterhead, letterheads_of
from central.units.tree import EVERYWHERE, ROOT, Unit, UnitError
from common.settings import ConfigError
from countries.here import HERE
from tests.central.build import (
    CAMERA,
    HOA,
    LAN,
    NODE,
    NOW,
    OFFICE,
    HandClock,
    make_centre,
    papers_for,
    prepared,
    seen,
)
from tests.central.test_notice import CONTENT
from tests.countries import papers_drawn as drawn
from tests.countries.papers_drawn import words

TEAM = Letterhead("Đ1", "Thanh Hóa", "ĐỘI TRƯỞNG", "Thiếu tá Ngô Văn Đội", address="Số 3 Đại lộ Lê Lợi", phone="0237 1")
COMMUNE = Letterhead(
    "CAX", "Hà Trung", "KT. TRƯỞNG CÔNG AN XÃ\nPHÓ TRƯỞNG CÔNG AN XÃ", "Trung tá Lê Văn Xã",
    parent="CÔNG AN TỈNH THANH HÓA", in_text="Công an xã Hà Trung, Công an tỉnh Thanh Hóa",
)  # fmt: skip
UNITS = [
    Unit("doi-1", "Đội Cảnh sát giao thông số 1", "team", ROOT),
    Unit("tram-1", "Trạm Dốc Xây", "station", "doi-1"),
    Unit("xa-1", "Công an xã Hà Trung", "commune", ROOT),
    Unit("doi-2", "Đội số 2", "team", ROOT),
]
"""The station writes under its team, `doi-2` under the root: they have no letterhead."""
CAMERAS = {ROOT: CAMERA, "doi-1": "cam-2", "tram-1": "cam-3", "xa-1": "cam-4", "doi-2": "cam-5"}
LAST_MINUTE = datetime(2026, 12, 31, 16, 59, tzinfo=UTC)
"""23:59 in Vietnam: a minute later the new books begin, seven hours before UTC's year ends."""


def with_units(centre: Centre) -> None:
    with centre.db.write() as session:
        change(session, UNITS)
        for unit, camera in CAMERAS.items():
            if unit != ROOT:
                give_camera(session, NODE, camera, unit, since=date(2026, 1, 1), now=NOW)
                enter(session, papers_for(DeviceId(NODE, camera)), by="truong", now=NOW - timedelta(days=700))
        for unit, head in (("doi-1", TEAM), ("xa-1", COMMUNE)):
            enter_letterhead(session, unit, head, centre.config.office)


@pytest.fixture
def clock() -> HandClock:
    return HandClock(NOW)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def province(request: pytest.FixtureRequest, tmp_path: Path, clock: HandClock) -> Iterator[Centre]:
    url = request.getfixturevalue("centre_url") if request.param == "postgresql" else ""
    made = make_centre(tmp_path / "centre", url=url, clock=clock)
    with_units(made)
    yield made
    made.db.dispose()


@pytest.fixture
def small(tmp_path: Path, clock: HandClock) -> Iterator[Centre]:
    made = make_centre(tmp_path / "centre", clock=clock)
    with_units(made)
    yield made
    made.db.dispose()


def of(officer: Officer, unit: str) -> Officer:
    return replace(officer, unit=unit, scope=EVERYWHERE)


def drafted(centre: Centre, unit: str, n: int) -> str:
    plate = f"36A{n:05d}"
    return prepared(
        centre, of(LAN, unit), plate=plate, typed=plate, camera=CAMERAS[unit], sequence=n,
        previous=f"{n:064x}" if n > 1 else None, at=centre.clock() - timedelta(hours=2, minutes=n),
    )  # fmt: skip


def issue(centre: Centre, case_id: str, at: datetime | None = None) -> NoticeRow:
    with centre.db.read() as session:
        unit = session.get_one(CaseRow, case_id).unit_code
    now = at or centre.clock()
    issuing.issue(centre.db, case_id, of(HOA, unit), desk=centre.notices, now=now, seen=seen(centre, case_id))
    return notice_of(centre, case_id)


def notice_of(centre: Centre, case_id: str) -> NoticeRow:
    with centre.db.read() as session:
        row = session.scalar(select(NoticeRow).where(NoticeRow.case_id == case_id))
        assert row is not None
        return row


def test_a_paper_bears_the_name_and_the_letters_of_the_unit_that_writes_it(small: Centre) -> None:
    said = {}
    for n, unit in enumerate(CAMERAS, start=1):
        row = issue(small, drafted(small, unit, n))
        said[unit] = (row.book, row.content["parent"], row.content["unit"], row.content["number_text"], row.unit_code)
    team = ("PHÒNG CẢNH SÁT GIAO THÔNG", "ĐỘI CẢNH SÁT GIAO THÔNG SỐ 1")
    above = (OFFICE["parent"], OFFICE["unit"]["name"])
    assert said == {
        ROOT: (ROOT, *above, "01/TB-PC08", ROOT),
        "doi-1": ("doi-1", *team, "01/TB-Đ1", "doi-1"),
        "tram-1": ("doi-1", *team, "02/TB-Đ1", "tram-1"),
        "xa-1": ("xa-1", "CÔNG AN TỈNH THANH HÓA", "CÔNG AN XÃ HÀ TRUNG", "01/TB-CAX", "xa-1"),
        "doi-2": (ROOT, *above, "02/TB-PC08", "doi-2"),
    }


def test_the_notice_says_where_to_come_and_its_owner_is_told_the_same(small: Centre) -> None:
    row = issue(small, drafted(small, "doi-1", 1))
    page = words(small.store.read(row.pdf_sha256 or ""), 0)
    for part in (
        "PHÒNG CẢNH SÁT GIAO THÔNG ĐỘI CẢNH SÁT GIAO THÔNG SỐ 1", "Số: 01/TB-Đ1", "ĐỘI TRƯỞNG", "Thiếu tá Ngô Văn Đội",
        "Đội Cảnh sát giao thông số 1, Phòng Cảnh sát giao thông, Công an tỉnh Thanh Hóa (địa chỉ: Số 3 Đại lộ Lê Lợi)",
    ):  # fmt: skip
        assert part in page
    with small.db.write() as session:
        office = small.config.office
        (found,) = owner_lookup(session, "36A00001", "white", "car", office=office, client="x", now=NOW)
    place = found.resolving_units[0]
    assert (place.name.split(",")[0], place.phone) == ("Đội Cảnh sát giao thông số 1", "0237 1")


def test_each_step_is_numbered_in_the_book_of_the_unit_that_has_the_case_then(small: Centre, clock: HandClock) -> None:
    mine, theirs = (drafted(small, unit, n) for n, unit in ((1, "doi-1"), (2, "xa-1")))
    for case_id in (mine, theirs):
        issue(small, case_id)
        with small.db.write() as session:
            issuing.publish(session, case_id, of(HOA, ROOT), register=small.registry, now=clock.now)
    take(small, mine, Action.HAND_OVER, "thuộc địa bàn xã", unit="xa-1")
    for case_id in (mine, theirs):
        take(small, case_id, Action.WITHDRAW, "Xe khác.", reason="cloned_plate")
    assert [papers(small, case_id) for case_id in (mine, theirs)] == [["02/TB-CAX"], ["03/TB-CAX"]], (
        "the notice was of the team, what takes it back is of whoever has the case"
    )
    assert notice_of(small, mine).content["number_text"] == "01/TB-Đ1"


def take(centre: Centre, case_id: str, action: Action, note: str, at: datetime | None = None, **said: Any) -> None:
    now = at or centre.clock()
    typed = {"on": HERE.local_date(now).isoformat(), **said}
    proceedings.take(centre.db, case_id, of(HOA, ROOT), action, typed, note, desk=centre.notices, now=now)


def papers(centre: Centre, case_id: str) -> list[str]:
    with centre.db.read() as session:
        return [d.number for d in documents(case_log.events(session, case_id))]


def test_parallel_issues_and_withdrawals_over_a_years_end_leave_no_gap(province: Centre, clock: HandClock) -> None:
    """Real papers, in two processes' worth of threads: half are dated on the last minute, half on the first."""
    clock.now = LAST_MINUTE
    made = [(unit, drafted(province, unit, n)) for n, unit in enumerate((ROOT, "doi-1", "xa-1") * 2, start=1)]
    after = LAST_MINUTE + timedelta(minutes=1)

    def live(case: tuple[int, tuple[str, str]]) -> tuple[str, str, list[str]]:
        n, (_, case_id) = case
        at = after if n % 2 else LAST_MINUTE
        row = issue(province, case_id, at)
        take(province, case_id, Action.WITHDRAW, "Xe khác.", at=after, reason="cloned_plate")
        return row.book, str(row.year), [str(row.content["number_text"]), *papers(province, case_id)]

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(live, enumerate(made)))
    assert {year for _, year, _ in found} == {"2026", "2027"}
    books: dict[tuple[str, str], list[int]] = defaultdict(list)
    for book, year, (notice, withdrawal) in found:
        books[book, year].append(int(notice.split("/")[0]))
        books[book, "2027"].append(int(withdrawal.split("/")[0]))
    assert {key: sorted(numbers) for key, numbers in books.items()} == {
        key: list(range(1, len(numbers) + 1)) for key, numbers in books.items()
    }
    with province.db.read() as session:
        kept = {(r.unit_code, str(r.year)): r.value for r in session.scalars(select(NumberBookRow))}
    assert kept == {key: len(numbers) for key, numbers in books.items()}


@pytest.mark.parametrize(
    ("parent", "unit", "ends"),
    [
        ("CÔNG AN TỈNH THANH HÓA", "PHÒNG CẢNH SÁT GIAO THÔNG", "GIAO THÔNG"),
        ("PHÒNG CẢNH SÁT GIAO THÔNG", "ĐỘI CẢNH SÁT GIAO THÔNG SỐ 1", "SỐ 1"),
        ("PHÒNG CẢNH SÁT GIAO THÔNG", "ĐỘI TUẦN TRA, KIỂM SOÁT GIAO THÔNG ĐƯỜNG BỘ SỐ 12", "SỐ 12"),
        ("CÔNG AN TỈNH THANH HÓA", "CÔNG AN XÃ THIẾT ỐNG VÀ CÁC THÔN BẢN VÙNG CAO HUYỆN BÁ THƯỚC CŨ", "THƯỚC CŨ"),
    ],
)
def test_a_head_of_any_length_stands_beside_the_states_and_its_last_word_is_not_alone(
    parent: str, unit: str, ends: str
) -> None:
    office = drawn.OFFICE.model_copy(update={"parent": parent, "unit": unit})
    notice = HERE.notice().render(CONTENT.model_copy(update={"parent": parent, "unit": unit}))
    paper = HERE.papers().render(drawn.withdrawal(office=office))
    for pdf in (notice, paper):
        assert f"{parent} {unit}" in re.sub(r"CỘNG HÒA.*?phúc ", "", words(pdf, 0))
        assert len(drawn.reader(pdf).pages) == 1, "the head leaves room for the rest"
        lines = [" ".join(line.split()) for line in drawn.reader(pdf).pages[0].extract_text().splitlines()]
        assert any(line.endswith(ends) for line in lines), lines[:8]
        assert ends.split()[-1] not in lines


@dataclass(frozen=True)
class Taking:
    """One paper: which unit's, of which series, how many minutes from the year's end, and whether it fails at last."""

    unit: str
    series: str
    minute: int
    fails: bool


_TAKING = st.builds(
    Taking, st.sampled_from([ROOT, "doi-1", "xa-1"]), st.sampled_from([NOTICE, "decision"]),
    st.integers(-600, 600), st.booleans(),
)  # fmt: skip


@given(plan=st.lists(_TAKING, min_size=1, max_size=24), seed=st.integers(0, 2**16))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_parallel_numbers_are_one_to_n_in_every_book(province: Centre, plan: list[Taking], seed: int) -> None:
    with province.db.write() as session:
        session.execute(delete(NumberBookRow))
    given_: dict[tuple[str, str, int], list[int]] = defaultdict(list)

    def work(takings: list[Taking]) -> None:
        for each in takings:
            year = HERE.local_date(LAST_MINUTE + timedelta(minutes=each.minute)).year
            while True:
                with province.db.read() as session:
                    drawn = last_in_book(session, each.unit, each.series, year) + 1
                try:
                    with province.db.write() as session:
                        take_number(session, each.unit, each.series, year, drawn=drawn)
                        if each.fails:
                            raise RuntimeError  # what comes behind it in the transaction
                        given_[each.unit, each.series, year].append(drawn)
                except NumberTaken:
                    continue
                except RuntimeError:
                    pass
                break

    random.Random(seed).shuffle(plan)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, (plan[n::3] for n in range(3))))
    assert {key: sorted(numbers) for key, numbers in given_.items()} == {
        key: list(range(1, len(numbers) + 1)) for key, numbers in given_.items()
    }
    assert sum(map(len, given_.values())) == sum(not each.fails for each in plan)


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_the_one_book_of_before_goes_on_as_the_roots(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("postgres_url") if engine == "postgresql" else f"sqlite:///{tmp_path / 'old.sqlite3'}"
    database = Database(url)
    upgrade(database, to="0015")
    with database.write() as session:
        for name, value in (("case", 9), ("log", 7), ("notice-2025", 41), ("notice-2026", 5), ("decision-2026", 2)):
            session.execute(text("INSERT INTO counters (name, value) VALUES (:n, :v)"), {"n": name, "v": value})
    upgrade(database)
    with database.read() as session:
        books = {(r.unit_code, r.series, r.year): r.value for r in session.scalars(select(NumberBookRow))}
        left = {str(row[0]): int(row[1]) for row in session.execute(text("SELECT name, value FROM counters"))}
    assert books == {(ROOT, NOTICE, 2025): 41, (ROOT, NOTICE, 2026): 5, (ROOT, "decision", 2026): 2}
    assert left == {"case": 9, "log": 7}
    database.dispose()


def test_a_draft_with_another_units_name_is_not_issued(small: Centre) -> None:
    case_id = drafted(small, "doi-2", 1)
    with small.db.write() as session:
        head = replace(TEAM, abbreviation="Đ2")
        enter_letterhead(session, "doi-2", head, small.config.office)
    with pytest.raises(Refused) as refused:
        issue(small, case_id)
    assert refused.value.code == "draft_unit"
    drafting.prepare_notice(small.db, case_id, of(HOA, "doi-2"), desk=small.notices, now=small.clock())
    assert issue(small, case_id).content["number_text"] == "01/TB-Đ2"


def test_a_unit_that_has_ended_writes_no_more(small: Centre) -> None:
    yesterday = HERE.local_date(NOW) - timedelta(days=1)
    with small.db.write() as session:
        change(session, [Unit("doi-1", "Đội số 1", "team", ROOT, None, yesterday)])
    assert issue(small, drafted(small, "doi-1", 1)).content["number_text"] == "01/TB-PC08"


@pytest.mark.parametrize(
    ("unit", "changed", "said"),
    [
        ("doi-2", {"abbreviation": "PC08"}, "of root"),
        ("doi-2", {"abbreviation": "cax"}, "of xa-1"),
        ("doi-2", {"abbreviation": "Đ/2"}, "cannot stand behind"),
        ("doi-2", {"town": " "}, "town is missing"),
        ("doi-2", {"address": "x" * 501}, "longer than 500"),
        ("doi-1", {"abbreviation": "ĐM"}, "behind numbers already"),
        (ROOT, {"abbreviation": "GỐC"}, "in the configuration"),
        ("doi-9", {"abbreviation": "Đ9"}, "no such unit"),
    ],
)
def test_letters_behind_a_number_are_one_units_for_ever(
    small: Centre, unit: str, changed: dict[str, str], said: str
) -> None:
    issue(small, drafted(small, "doi-1", 1))
    with pytest.raises(UnitError, match=said), small.db.write() as session:
        enter_letterhead(session, unit, replace(TEAM, **{"abbreviation": "Đ2", **changed}), small.config.office)


def test_a_configuration_that_takes_a_units_letters_is_refused(small: Centre, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Đ1"):
        make_centre(tmp_path / "centre", office={"number_suffix": "Đ1"})


def test_letterheads_are_entered_from_a_file_all_or_none(small: Centre, tmp_path: Path) -> None:
    file = tmp_path / "heads.csv"
    line = "doi-2,Đ2,Thanh Hóa,KT. ĐỘI TRƯỞNG | PHÓ ĐỘI TRƯỞNG,Đại úy Hà,,,,,,,,\n"
    file.write_text(f"{','.join(LETTERHEAD_COLUMNS)}\n{line}doi-1,Đ2,Thanh Hóa,A,B,,,,,,,,\n", encoding="utf-8")
    with pytest.raises(UnitError, match="stands behind the numbers"), small.db.write() as session:
        import_letterheads(session, file, small.config.office, now=NOW)
    file.write_text(f"{','.join(LETTERHEAD_COLUMNS)}\n{line}", encoding="utf-8")
    with small.db.write() as session:
        assert import_letterheads(session, file, small.config.office, now=NOW) == 1
    with small.db.read() as session:
        office = letterheads_of(session, small.config.office, HERE.local_date(NOW)).writer("doi-2").office
    assert office.signer_title == "KT. ĐỘI TRƯỞNG\nPHÓ ĐỘI TRƯỞNG"
