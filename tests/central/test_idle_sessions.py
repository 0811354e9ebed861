"""Who leaves the desk is signed out after a while; who works is not, and what was typed is not lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from central.store.people_tables import SessionRow
from central.words.texts import texts
from tests.central.build import LAN, case_of
from tests.central.web_people import Web, make_web

ASKED_BY_THE_PAGE = {"X-Requested-With": "fetch"}
WHILE_IN_USE = {**ASKED_BY_THE_PAGE, "X-In-Use": "1"}


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    made = make_web(tmp_path / "centre", web={"idle_minutes": 20, "session_hours": 2})
    yield made
    made.centre.db.dispose()


@pytest.mark.parametrize(
    ("every_minutes", "times", "headers", "in_"),
    [
        (19, 1, {}, True),
        (20, 1, {}, False),
        (19, 6, {}, True),
        (19, 7, {}, False),
        (1, 20, ASKED_BY_THE_PAGE, False),
        (1, 21, WHILE_IN_USE, True),
    ],
    ids=["shortly before", "idle", "at work all the time", "the longest time", "an open list that nobody looks at",
         "typing in a page that asks by itself"],
)  # fmt: skip
def test_a_session_ends_when_its_person_is_not_there(
    web: Web, every_minutes: int, times: int, headers: dict[str, str], in_: bool
) -> None:
    lan = web.person(LAN)
    for _ in range(times - 1):
        web.clock.forward(minutes=every_minutes)
        assert lan.get("/desk/queue-rows", headers=headers).status_code == 200
    web.clock.forward(minutes=every_minutes)
    answer = lan.get("/desk")
    assert answer.url.path == ("/desk" if in_ else "/desk/sign-in")
    assert (texts("vi")("signin.expired", idle="20", hours="2") in answer.text) is not in_


def test_a_page_that_asks_by_itself_is_told_in_words(web: Web) -> None:
    case_id = case_of(web.centre)
    lan = web.person(LAN)
    lan.post(f"/desk/cases/{case_id}/claim", at=f"/desk/cases/{case_id}")
    token = lan.token(f"/desk/cases/{case_id}")
    web.clock.forward(minutes=21)
    headers = {**ASKED_BY_THE_PAGE, "X-CSRF-Token": token, "Accept": "application/json"}
    answer = lan.client.post(f"/desk/cases/{case_id}/lease", headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"]["what"] == texts("vi")("signin.expired", idle="20", hours="2")


def test_what_was_typed_when_the_session_ended_is_shown_again_after_the_sign_in(web: Web) -> None:
    case_id = case_of(web.centre)
    lan = web.person(LAN)
    lan.post(f"/desk/cases/{case_id}/claim", at=f"/desk/cases/{case_id}")
    token = lan.token(f"/desk/cases/{case_id}")
    web.clock.forward(minutes=21)
    typed: dict[str, Any] = {"csrf": token, "reason": "not_clear", "note": "đã gõ rất lâu"}
    answer = lan.client.post(f"/desk/cases/{case_id}/reject", data=typed)
    assert answer.status_code == 401
    assert texts("vi")("signin.expired_kept", idle="20", hours="2") in answer.text
    assert "đã gõ rất lâu" in answer.text


def test_a_page_costs_no_write_within_a_minute(web: Web) -> None:
    def seen() -> Any:
        with web.centre.db.read() as session:
            return session.scalars(select(SessionRow.seen_at)).one()

    lan = web.person(LAN)
    began = seen()
    for seconds, moved in ((30, False), (29, False), (1, True)):
        web.clock.forward(seconds=seconds)
        lan.get("/desk")
        assert (seen() != began) is moved
