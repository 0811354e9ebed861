"""What an officer does to a case. After a decision the next case opens."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, Any, cast

from fastapi import APIRouter, Form, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from central.cases.lifecycle import Officer, Refused
from central.cases.log import state_of
from central.desk import actions, views
from central.desk.actions import RejectReason
from central.notices import drafting
from central.store.case_tables import CaseRow
from central.web import queries
from central.web.access import FORM, ReviewerDep, SiteDep
from central.web.desk import render_case
from central.web.errors import problem_of, wants_json
from central.web.faults import WebError
from central.web.queue import Chosen, ChosenDep, following
from central.web.site import Site, texts_of
from central.words import formats
from countries.here import HERE
from countries.law import VehicleKind
from evidence.acts import ActCode
from evidence.errors import GiaoLoError
from evidence.plate_colours import PlateColour

log = logging.getLogger(__name__)
router = APIRouter(dependencies=FORM)

Colour = Annotated[str, Form()]
MAX_NOTE_CHARS = 1000


@router.post("/desk/cases/{case_id}/claim")
def claim(request: Request, site: SiteDep, officer: ReviewerDep, case_id: str, kept: ChosenDep) -> Response:
    def act(session: Session) -> None:
        actions.claim(session, case_id, officer, now=site.centre.clock(), lease=site.centre.claim_lease)

    return _do(request, site, officer, case_id, kept, act) or RedirectResponse(f"/desk/cases/{case_id}{kept.keep}", 303)


@router.post("/desk/cases/{case_id}/lease")
def lease(request: Request, site: SiteDep, officer: ReviewerDep, case_id: str, kept: ChosenDep) -> Response:
    """Keeps a case that is open on a screen; refused once somebody else has it."""
    centre, t = site.centre, texts_of(request)
    now = centre.clock()
    with centre.db.write() as session:
        actions.claim(session, case_id, officer, now=now, lease=centre.claim_lease)
    return JSONResponse({"text": t("case.mine", until=formats.clock_short(now + centre.claim_lease))})


@router.post("/desk/cases/{case_id}/release")
def release(request: Request, site: SiteDep, officer: ReviewerDep, case_id: str, kept: ChosenDep) -> Response:
    def act(session: Session) -> None:
        actions.release(session, case_id, officer, now=site.centre.clock())

    return _do(request, site, officer, case_id, kept, act) or _told(site, officer, case_id, kept, "/desk", "release")


@router.post("/desk/cases/{case_id}/plate")
def correct_plate(
    request: Request, site: SiteDep, officer: ReviewerDep, case_id: str, kept: ChosenDep,
    plate: Annotated[str, Form(max_length=32)], colour: Colour = "", kind: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    def act(session: Session) -> None:
        actions.correct_plate(
            session, case_id, officer, plate, colour=_colour(colour), kind=_kind(kind), now=site.centre.clock()
        )

    typed = {"dialog": "correct", "plate": plate, "colour": colour, "kind": kind}
    return _do(request, site, officer, case_id, kept, act, typed) or _told(
        site, officer, case_id, kept, f"/desk/cases/{case_id}", "plate"
    )


@router.post("/desk/cases/{case_id}/confirm")
def confirm(
    request: Request, site: SiteDep, officer: ReviewerDep, case_id: str, kept: ChosenDep,
    plate: Annotated[str, Form(max_length=32)], act: Annotated[str, Form()], colour: Colour = "",
    kind: Annotated[str, Form()] = "", note: Annotated[str, Form()] = "",
    seen: Annotated[int, Form()] = -1,
) -> Response:  # fmt: skip
    """`seen`: the version of the case on the officer's page; another one, or none, is refused."""
    if act not in [a.value for a in ActCode]:
        raise WebError("input", 422, where="act")
    now = site.centre.clock()

    def decide(session: Session) -> None:
        actions.confirm(
            session, case_id, officer, plate=plate, act=ActCode(act), note=_note(note), colour=_colour(colour),
            kind=_kind(kind), seen=seen, now=now,
        )  # fmt: skip

    typed = {"dialog": "confirm", "act": act, "colour": colour, "kind": kind, "note": _lines(note)}
    refused = _do(request, site, officer, case_id, kept, decide, typed)
    return refused or _next(site, officer, case_id, kept, _first_draft(site, officer, case_id))


@router.post("/desk/cases/{case_id}/reject")
def reject(
    request: Request, site: SiteDep, officer: ReviewerDep, case_id: str, kept: ChosenDep,
    reason: Annotated[str, Form()], note: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    def act(session: Session) -> None:
        actions.reject(session, case_id, officer, cast(RejectReason, reason), _note(note), now=site.centre.clock())

    typed = {"dialog": "reject", "reason": reason, "note": _lines(note)}
    return _do(request, site, officer, case_id, kept, act, typed) or _next(site, officer, case_id, kept, "reject")


def _first_draft(site: Site, officer: Officer, case_id: str) -> str:
    """Draft at once, so that the second person finds it ready. Returns which words tell the officer how it went.

    The case is confirmed already and waits for the second person all the same, whatever goes wrong here.
    """
    with site.centre.db.read() as session:
        way = state_of(session.get_one(CaseRow, case_id)).own_way
    if way is not None:
        return f"confirm_{way.code}"
    try:
        drafting.prepare_notice(site.centre.db, case_id, officer, desk=site.centre.notices, now=site.centre.clock())
    except GiaoLoError as error:
        log.warning("no draft after confirmation case=%s %s", case_id, error)
        return "confirm_no_draft"
    except Exception:
        log.exception("no draft after confirmation case=%s", case_id)
        return "confirm_no_draft"
    return "confirm"


def _do(
    request: Request, site: Site, officer: Officer, case_id: str, kept: Chosen, act: Callable[[Session], Any],
    typed: dict[str, str] | None = None,
) -> Response | None:  # fmt: skip
    """Run one change in its transaction; a refusal comes back as the case, with the reason and all that was typed.

    A lease that ran out meanwhile is taken again where nobody else has the case: what was typed can then be sent.
    """
    try:
        with site.centre.db.write() as session:
            act(session)
    except Refused as refused:
        if wants_json(request):
            raise
        now = site.centre.clock()
        if refused.code == "not_held" and typed:
            with suppress(Refused), site.centre.db.write() as session:
                actions.claim(session, case_id, officer, now=now, lease=site.centre.claim_lease)
        with site.centre.db.read() as session:
            view = views.case_view(session, case_id, officer, registry=site.centre.registry, now=now, record=False)
        status = 403 if refused.code in ("role", "same_person") else 409
        problem = problem_of(request, refused)
        return render_case(request, site, officer, view, kept, status=status, problem=problem, draft=typed)
    return None


def _next(site: Site, officer: Officer, case_id: str, kept: Chosen, done: str) -> Response:
    """The next case under the same filter, or the list with it when there is none."""
    with site.centre.db.read() as session:
        next_id = following(session, officer, kept, site, case_id)
    return _told(site, officer, case_id, kept, f"/desk/cases/{next_id}" if next_id else "/desk", done)


def _told(site: Site, officer: Officer, case_id: str, kept: Chosen, where: str, done: str) -> Response:
    """To `where`, which says what was recorded."""
    with site.centre.db.read() as session:
        number = queries.number_of(session, case_id, officer.scope)
    return RedirectResponse(f"{where}{kept.with_(done=done, number=number)}", 303)


def _lines(text: str) -> str:
    """As it was typed: a browser sends each new line as two characters."""
    return text.replace("\r\n", "\n")


def _note(text: str) -> str:
    """Raises `Refused` (`note_long`)."""
    plain = _lines(text).strip()
    if len(plain) > MAX_NOTE_CHARS:
        raise Refused("note_long", f"more than {MAX_NOTE_CHARS} characters", where="note", remedy="say it shorter")
    return plain


def _colour(value: str) -> PlateColour | None:
    if value and value not in (*HERE.plates.COLOURS, "unknown"):
        raise WebError("input", 422, where="colour")
    return value or None


def _kind(value: str) -> VehicleKind | None:
    if value and value not in HERE.law.KINDS:
        raise WebError("input", 422, where="kind")
    return value or None
