"""Notices issued by mistake are counted, by camera, act, reason and month, and how sure a share of few is, is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from central.cases.lifecycle import Action, Officer
from central.centre import Centre
from central.cli import central as command
from central.desk.false_issue import NONE, Camera, FalseIssue, Share, false_issue, first_month
from central.notices import issuing, proceedings, tally
from central.store.case_tables import NoticeCountRow
from central.store.migrate import upgrade
from central.units.tree import EVERYWHERE
from countries.here import HERE
from evidence.acts import ActCode
from tests.central.build import BINH, HOA, LAN, NOW, OFFICE, TRUONG, issued
from tests.central.web_people import Web, make_web


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    made = make_web(tmp_path / "centre")
    yield made
    made.centre.db.dispose()


# --- shares --------------------------------------------------------------------------------------------------------

INTERVALS = {
    "none of ten: anything up to a quarter is possible": (0, 10, 0.0, 0.2775),
    "one of ten": (1, 10, 0.0179, 0.4042),
    "three of twelve": (3, 12, 0.0889, 0.5323),
    "all of three": (3, 3, 0.4385, 1.0),
    "many: the interval is narrow": (12, 4120, 0.0017, 0.0051),
    "nothing issued: nothing is known": (0, 0, 0.0, 1.0),
}


@pytest.mark.parametrize("name", list(INTERVALS))
def test_how_sure_a_share_is(name: str) -> None:
    wrong, whole, low, high = INTERVALS[name]
    share = Share(whole, wrong)
    assert (share.low, share.high) == pytest.approx((low, high), abs=6e-5)


@given(whole=st.integers(0, 10**6), part=st.floats(0, 1))
def test_a_share_lies_in_its_interval(whole: int, part: float) -> None:
    share = Share(whole, round(whole * part))
    assert 0 <= share.low <= share.rate + 1e-12
    assert share.rate <= share.high + 1e-12 <= 1 + 2e-12


STANDS_OUT = {
    "one of one is no proof": (Share(1, 1), Share(400, 2), False),
    "one of a hundred after none of 400 may be chance": (Share(100, 1), Share(400, 0), False),
    "six of a hundred after none of 400 is none": (Share(100, 6), Share(400, 0), True),
    "lower never stands out": (Share(400, 0), Share(100, 6), False),
    "nothing to compare with": (Share(100, 50), NONE, False),
}


@pytest.mark.parametrize("name", list(STANDS_OUT))
def test_what_stands_out(name: str) -> None:
    share, others, out = STANDS_OUT[name]
    assert share.above(others) is out


def test_a_year_is_twelve_months_with_the_running_one() -> None:
    assert first_month(NOW, 12) == date(2025, 12, 1)
    assert first_month(NOW, 1) == date(2026, 11, 1)


# --- counting ------------------------------------------------------------------------------------------------------


def take_back(centre: Centre, case_id: str, action: Action, officer: Officer = HOA, **said: Any) -> None:
    typed = {"on": HERE.local_date(centre.clock()).isoformat(), **said}
    proceedings.take(
        centre.db, case_id, officer, action, typed, "đơn của chủ xe", desk=centre.notices, now=centre.clock()
    )


def publish(centre: Centre, case_id: str) -> None:
    with centre.db.write() as session:
        issuing.publish(session, case_id, HOA, register=centre.registry, now=centre.clock())


def figures(centre: Centre) -> FalseIssue:
    with centre.db.read() as session:
        return false_issue(session, centre.clock(), scope=EVERYWHERE)


def kept(centre: Centre) -> set[tuple[Any, ...]]:
    with centre.db.read() as session:
        rows = session.scalars(select(NoticeCountRow))
        return {(r.month, r.node_id, r.camera_id, r.act, r.outcome, r.reason, r.n) for r in rows}


def some_lives(centre: Centre) -> None:
    """Four notices of one act and one of another: one withdrawn, one corrected and issued anew, the others in force."""
    withdrawn, _ = issued(centre)
    publish(centre, withdrawn)
    corrected, _ = issued(centre)
    publish(centre, corrected)
    issued(centre)
    issued(centre, act=ActCode.WRONG_WAY)
    take_back(centre, withdrawn, Action.WITHDRAW, reason="evidence_unsound")
    take_back(centre, corrected, Action.CORRECT, mistake="wrong_plate")


def test_a_notice_taken_back_is_counted_once_with_its_reason_among_those_issued(centre: Centre) -> None:
    some_lives(centre)
    found = figures(centre)
    assert found.whole == Share(4, 2)
    assert found.reasons == (("corrected", "wrong_plate", 1), ("withdrawn", "evidence_unsound", 1))
    assert [(str(x.name), x.share) for x in found.cameras] == [("giao-lo-1/cam-1", Share(4, 2))]
    assert {x.name: x.share for x in found.acts} == {"red_light": Share(3, 2), "wrong_way": Share(1, 0)}
    assert found.pairs[0].name == (Camera("giao-lo-1", "cam-1"), "red_light")
    assert [(x.name, x.share) for x in found.months] == [(date(2026, 11, 1), Share(4, 2))]


def test_what_was_never_issued_or_is_undone_is_no_false_issue(centre: Centre) -> None:
    case_id, _ = issued(centre)
    publish(centre, case_id)
    take_back(centre, case_id, Action.ATTEND, LAN, name="Lê Văn Chủ")
    take_back(centre, case_id, Action.UNDO, LAN)
    assert figures(centre).whole == Share(1, 0)


def test_counted_anew_from_the_records_the_counts_are_the_same(centre: Centre) -> None:
    some_lives(centre)
    before = kept(centre)
    with centre.db.write() as session:
        tally.recount(session)
    assert kept(centre) == before


def test_an_upgrade_counts_what_was_issued_and_taken_back_before(centre: Centre) -> None:
    some_lives(centre)
    before = kept(centre)
    with centre.db.write() as session:
        session.execute(text("DROP TABLE notice_counts"))
        session.execute(text("UPDATE alembic_version SET version_num = '0012'"))
    upgrade(centre.db, to="0013")
    assert kept(centre) == before


def test_the_month_is_that_of_the_countrys_calendar(web: Web) -> None:
    web.clock.now = web.clock.now.replace(month=11, day=30, hour=17, minute=30)  # 00:30 on 1 December in Vietnam
    issued(web.centre, at=web.clock.now - timedelta(hours=2))
    assert [line.name for line in figures(web.centre).months] == [date(2026, 12, 1)]


# --- what is shown -------------------------------------------------------------------------------------------------


def put(centre: Centre, month: date, camera: str, act: str, whole: int, **wrong: int) -> None:
    key = {"month": month, "node_id": "giao-lo-1", "camera_id": camera, "act": act}
    with centre.db.write() as session:
        session.add(NoticeCountRow(**key, outcome=tally.ISSUED, reason="", n=whole))
        for reason, n in wrong.items():
            session.add(NoticeCountRow(**key, outcome=tally.WITHDRAWN, reason=reason, n=n))


def test_a_rise_and_a_bad_camera_stand_out_and_small_numbers_do_not(web: Web) -> None:
    for month in range(6, 11):
        put(web.centre, date(2026, month, 1), "cam-1", "red_light", 400, wrong_plate=1)
    put(web.centre, date(2026, 11, 1), "cam-1", "red_light", 380, wrong_plate=1)
    put(web.centre, date(2026, 11, 1), "cam-2", "wrong_way", 60, evidence_unsound=9)
    put(web.centre, date(2026, 11, 1), "cam-3", "red_light", 2, stolen=1)
    found = figures(web.centre)
    assert [line.name for line in found.rising] == [date(2026, 11, 1)]
    assert {str(x.name): x.higher for x in found.cameras} == {
        "giao-lo-1/cam-2": True, "giao-lo-1/cam-3": False, "giao-lo-1/cam-1": False,
    }  # fmt: skip
    page = web.person(TRUONG).get("/desk/unit").text
    for said in ("Tháng 11/2026 tăng rõ", "9 trong 60", "1 trong 2", "9,5% – 91%", "cao hơn phần còn lại",
                 "Thu hồi: Chứng cứ không bảo đảm"):  # fmt: skip
        assert said in page, said


def test_the_page_names_no_officer_beside_what_was_taken_back(web: Web) -> None:
    some_lives(web.centre)
    page = web.person(TRUONG).get("/desk/unit").text
    part = page[page.index('id="false-issue"') : page.index("</section>", page.index("Thống kê theo camera"))]
    for officer in (LAN, BINH, HOA):
        assert officer.full_name not in part
        assert f">{officer.username}<" not in part


def test_the_command_prints_the_same_figures(tmp_path: Path, web: Web) -> None:
    some_lives(web.centre)
    file = tmp_path / "central.yaml"
    file.write_text(
        yaml.safe_dump({"schema_version": 1, "data_dir": str(web.centre.config.data_dir), "office": OFFICE}),
        encoding="utf-8",
    )
    for options in ([], ["--json"]):
        said = CliRunner().invoke(command, ["false-issues", "--config", str(file), "--months", "120", *options])
        assert said.exit_code == 0, said.output
        if options:
            assert json.loads(said.output)["all"] | {"rate": 0.5} == json.loads(said.output)["all"]
        else:
            assert "2 of 4 taken back, 50.00%" in said.output
