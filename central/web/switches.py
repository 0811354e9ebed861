"""The page of the switches: "an officer directs the traffic", "the signal is out of order", from when until when."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from central.cases.lifecycle import Officer, Refused
from central.desk.stop_lines import stop_lines
from central.desk.switching import board, end, places, say
from central.desk.traffic import ANSWERS, answer, questions
from central.devices.records import DeviceId
from central.web.access import FORM, ReviewerDep, SiteDep
from central.web.errors import problem_of
from central.web.frame import frame
from central.web.site import Site, page, texts_of
from countries.here import HERE
from evidence.switches import SIGNAL_KINDS, Switch

router = APIRouter()
log = logging.getLogger(__name__)
_USUAL = timedelta(hours=1)
"""So long a switch holds where nobody names its end."""
_LOCAL = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True)
class Typed:
    """What stands in the form of a new switch. `drawn`: a stop line that was chosen, as `NODE/CAMERA/LINE`; `line`: one
    that was typed, of a camera whose lines are not known."""

    kind: str = ""
    place: str = ""
    line: str = ""
    drawn: str = ""
    since: str = ""
    until: str = ""
    why: str = ""


def typed(
    kind: Annotated[str, Form(max_length=40)] = "", place: Annotated[str, Form(max_length=130)] = "",
    line: Annotated[str, Form(max_length=80)] = "", drawn: Annotated[str, Form(max_length=200)] = "",
    since: Annotated[str, Form(max_length=30)] = "", until: Annotated[str, Form(max_length=30)] = "",
    why: Annotated[str, Form(max_length=1000)] = "",
) -> Typed:  # fmt: skip
    return Typed(kind, place.strip(), line.strip(), drawn.strip(), since.strip(), until.strip(), why)


TypedDep = Annotated[Typed, Depends(typed)]


@router.get("/desk/switches")
def all_switches(request: Request, site: SiteDep, officer: ReviewerDep, done: str = "") -> Response:
    return _show(request, site, officer, done=done)


@router.post("/desk/switches", dependencies=FORM)
def say_one(request: Request, site: SiteDep, officer: ReviewerDep, given: TypedDep) -> Response:
    """A new switch: the box is told, and what is known of that time already is flagged."""

    def write(session: Session, now: datetime) -> Switch:
        kind = next((k for k in SIGNAL_KINDS if k == given.kind), None)
        if kind is None:
            raise Refused("switch_kind", "is no kind of switch", where="kind", remedy="choose one")
        node, _, camera = given.place.partition("/")
        place = DeviceId(node, camera)
        since = _time(given.since, "since") or now
        until = _time(given.until, "until") or since + _USUAL
        drawn = stop_lines(session, site.centre.store, [place], now).get(place)
        return say(
            session, site.centre.ledger, officer, place, kind, line=_line(given), since=since, until=until,
            why=given.why, now=now, drawn=drawn,
        )  # fmt: skip

    return _do(request, site, officer, write, "said", given)


@router.post("/desk/switches/traffic", dependencies=FORM)
def answer_one(
    request: Request, site: SiteDep, officer: ReviewerDep, place: Annotated[str, Form(max_length=130)],
    held_at: Annotated[str, Form(max_length=40)], kind: Annotated[str, Form(max_length=40)] = "",
    why: Annotated[str, Form(max_length=1000)] = "",
) -> Response:  # fmt: skip
    """A box holds acts and asks: is it the traffic, or the camera?"""

    def write(session: Session, now: datetime) -> Switch:
        chosen = next((k for k in ANSWERS if k == kind), None)
        if chosen is None:
            raise Refused("switch_kind", "is no answer", where="kind", remedy="choose one")
        node, _, camera = place.partition("/")
        return answer(
            session, site.centre.ledger, officer, DeviceId(node, camera), chosen, held_at=held_at, why=why, now=now
        )

    return _do(request, site, officer, write, "answered", Typed())


@router.post("/desk/switches/{switch_id}", dependencies=FORM)
def end_one(
    request: Request, site: SiteDep, officer: ReviewerDep, switch_id: str, until: Annotated[str, Form()] = ""
) -> Response:
    """It ends now, or where a time is named, then."""

    def write(session: Session, now: datetime) -> Switch:
        return end(session, site.centre.ledger, officer, switch_id, _time(until, "until") or now, now=now)

    return _do(request, site, officer, write, "changed", Typed())


def _do(
    request: Request, site: Site, officer: Officer, write: Callable[[Session, datetime], Switch], done: str,
    given: Typed,
) -> Response:  # fmt: skip
    try:
        with site.centre.db.write() as session:
            switch = write(session, site.centre.clock())
    except Refused as refused:
        return _show(request, site, officer, refused=refused, given=given)
    log.info(
        "switch %s id=%s kind=%s place=%s/%s until=%s name=%s",
        done, switch.id, switch.kind, switch.node, switch.camera or "all", switch.until, officer.username,
    )  # fmt: skip
    return RedirectResponse(f"/desk/switches?done={done}", 303)


def _line(given: Typed) -> str | None:
    """The stop line that was chosen, or typed where none is. Raises `Refused`: `switch_no_line`."""
    if not given.drawn:
        return given.line or None
    place, _, line = given.drawn.rpartition("/")
    if place != given.place:  # without the page's program the lines of all cameras stand in one list
        raise Refused("switch_no_line", "is a stop line of another camera", where="line", remedy="choose another")
    return line


def _time(text: str, where: str) -> datetime | None:
    """As a form names it, by the country's clock; None where it is left empty."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=HERE.zone).astimezone(UTC)
    except ValueError as error:
        raise Refused("switch_time", f"{text!r} is no time", where=where, remedy="2026-01-31T08:30") from error


def _show(
    request: Request, site: Site, officer: Officer, *, refused: Refused | None = None, given: Typed | None = None,
    done: str = "",
) -> Response:  # fmt: skip
    t, now = texts_of(request), site.centre.clock()
    with site.centre.db.read() as session:
        values = frame(session, officer, "switches")
        lines, open_ = board(session, officer, now), places(session, officer, now)
        asked = questions(session, officer, now)
        drawn = stop_lines(session, site.centre.store, open_, now)
    local = now.astimezone(HERE.zone)
    form = {f.name: getattr(given or Typed(), f.name) for f in fields(Typed)}
    form["since"] = form["since"] or local.strftime(_LOCAL)
    form["until"] = form["until"] or (local + _USUAL).strftime(_LOCAL)
    problem = problem_of(request, refused) if refused is not None else None
    said = t(f"switches.done_{done}") if t.has(f"switches.done_{done}") else None
    return page(
        request, "switches.html", status=409 if refused else 200, done=said, problem=problem, here="/desk/switches",
        lines=lines, questions=asked, answers=ANSWERS, places=open_, kinds=SIGNAL_KINDS, form=form,
        drawn={place: drawn[place] for place in open_ if place in drawn}, **values,
    )  # fmt: skip
