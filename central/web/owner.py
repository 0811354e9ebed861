"""The owner portal: look-up by plate, and with the notice's code the evidence of that case. Works without a script."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select

from central.cases import typed_plate
from central.cases.file_views import record_file_view
from central.cases.lifecycle import Action, Refused, Status
from central.cases.steps import MOVES
from central.owners.lookup import (
    OPENED,
    PublicCase,
    ResolvingUnit,
    TakenBack,
    case_by_code,
    owner_lookup,
    public_case,
    summons_of,
)
from central.pictures.captions import caption
from central.pictures.for_owners import legend, owner_still, scene_of
from central.pictures.stills import MOMENTS, still_views
from central.store.blobs import BlobUnsound
from central.store.case_tables import CaseRow
from central.units.letterheads import letterheads_of
from central.web import queries
from central.web.access import FORM, SiteDep
from central.web.errors import problem_of
from central.web.faults import WebError
from central.web.site import PASS_COOKIE, PASS_SECONDS, Site, page, texts_of
from central.words.texts import Texts
from countries.country import LookUpField
from countries.here import HERE
from evidence.acts import ActCode
from evidence.errors import GiaoLoError

log = logging.getLogger(__name__)
router = APIRouter()

_NOTHING = {"plate": "", "colour": "", "kind": "", "code": ""}


@router.get("/")
def form(request: Request, ended: str = "") -> Response:
    """`ended`: from the evidence, whose hour is over."""
    return _form(request, code_problem=_words_of(request, "pass_over") if ended else None)


@router.post("/look-up", dependencies=FORM)
def look_up(
    request: Request, site: SiteDep, plate: Annotated[str, Form(max_length=32)] = "",
    colour: Annotated[str, Form(max_length=10)] = "", kind: Annotated[str, Form(max_length=12)] = "",
) -> Response:  # fmt: skip
    """The same page for none and for unknown. What has no plate's form is asked about, never answered with "none": by
    its form alone, whether there are cases or not. So is a plate whose vehicle gets no notice: that it is none of this
    page's, and never "none"."""
    t, centre = texts_of(request), site.centre
    asked = {"plate": plate, "colour": colour, "kind": kind}
    if wait := site.wait_s(site.lookups, request):
        return _form(
            request, status=429, asked=asked, problem=_words_of(request, "too_many", seconds=wait), wait_s=wait
        )
    problem: dict[str, str] = {}
    text = ""
    if colour not in HERE.plates.COLOURS or kind not in HERE.law.KINDS:
        problem = {"what": t("owner.choose_bad"), "todo": t("owner.choose_bad_todo")}
    else:
        try:
            text = typed_plate.take(plate, listed=True)
        except Refused as refused:
            problem = problem_of(request, refused)
    if problem:
        field = "kind-motorcycle" if kind not in HERE.law.KINDS else "plate"
        if colour not in HERE.plates.COLOURS:
            field = "colour-white"
        return _form(request, status=422, asked=asked, problem=problem | {"field": field})
    now = centre.clock()
    with centre.db.write() as session:
        cases = owner_lookup(
            session, text, colour, kind, office=centre.config.office, client=site.address(request), now=now
        )
    shown = {
        "plate_text": HERE.plates.format_plate(text, vehicle_class=kind, colour=colour),
        "colour_text": t(f"owner.colour_{colour}").lower(),
        "kind_text": t(f"owner.kind_{kind}").lower(),
    }
    way = HERE.plates.no_notice(text, colour=colour, kind=kind)
    return page(
        request, "owner_result.html", public=True, asked=shown, cases=[_words(c, t) for c in cases],
        own_way=way.code if way else "",
    )  # fmt: skip


@router.post("/evidence", dependencies=FORM)
def open_evidence(
    request: Request, site: SiteDep, code: Annotated[str, Form(max_length=64)] = "",
    plate: Annotated[str, Form(max_length=32)] = "",
) -> Response:  # fmt: skip
    opened = _open(request, site, plate, code)
    if isinstance(opened, TakenBack):
        return page(request, "owner_taken_back.html", public=True, number=opened.notice_number, here="/")
    if isinstance(opened, _Fault):
        return _form(
            request, status=opened.status, code_asked={"plate": plate, "code": code}, code_problem=opened.words
        )
    response = RedirectResponse("/evidence", 303)
    _let_in(site, response, opened)
    return response


@dataclass(frozen=True)
class _Fault:
    """Why a code opened nothing."""

    status: int
    words: dict[str, str]


def _open(request: Request, site: Site, plate: str, code: str) -> str | TakenBack | _Fault:
    """The case that a plate and a code open."""
    centre = site.centre
    if wait := site.wait_s(site.codes, request):
        return _Fault(429, _words_of(request, "too_many", seconds=wait))
    if not (typed := HERE.plates.understand(plate)).whole:
        return _Fault(422, problem_of(request, typed_plate.refusal(typed, plate)) | {"field": "code-plate"})
    with centre.db.write() as session:
        found = case_by_code(
            session, code, plate, office=centre.config.office, client=site.address(request), now=centre.clock()
        )
    if found is None:
        return _Fault(404, _words_of(request, "code_bad") | {"field": "code"})
    return found if isinstance(found, TakenBack) else found.case_id


def _let_in(site: Site, response: Response, case_id: str) -> None:
    token = site.evidence_pass(case_id, site.centre.clock())
    site.set_cookie(response, PASS_COOKIE, token, max_age_s=PASS_SECONDS)


def _opened_before(request: Request, site: Site) -> str | None:
    """The case that this browser's pass opens. None when the pass is over, or may be of a notice that was taken back
    since: the case is another's by now."""
    now = site.centre.clock()
    case_id = site.read_pass(site.cookie(request, PASS_COOKIE), now)
    if case_id is None:
        return None
    with site.centre.db.read() as session:
        corrected_at = session.scalar(select(CaseRow.corrected_at).where(CaseRow.id == case_id))
    return None if corrected_at is not None and (now - corrected_at).total_seconds() < PASS_SECONDS else case_id


def _form(
    request: Request, *, status: int = 200, asked: dict[str, str] | None = None, problem: dict[str, str] | None = None,
    code_asked: dict[str, str] | None = None, code_problem: dict[str, str] | None = None, wait_s: int = 0,
) -> Response:  # fmt: skip
    """The first page, with all that was typed, and what was wrong on top of it."""
    response = page(
        request, "owner_form.html", status=status, public=True, asked=asked or _NOTHING, problem=problem,
        code_asked=code_asked or _NOTHING, code_problem=code_problem,
    )  # fmt: skip
    if wait_s:
        response.headers["Retry-After"] = str(wait_s)
    return response


def _words_of(request: Request, key: str, **values: object) -> dict[str, str]:
    t = texts_of(request)
    group = "error" if key == "too_many" else "owner"
    return {"what": t(f"{group}.{key}"), "todo": t(f"{group}.{key}_todo", **values)}


@router.get("/evidence")
def evidence(request: Request, site: SiteDep, sent: str = "") -> Response:
    return _evidence(request, site, sent_at=site.centre.clock() if sent else None)


@router.get("/evidence/{moment}.jpg")
def still(request: Request, site: SiteDep, moment: str) -> Response:
    """A copy in which only the vehicle and the lamps are sharp; `<moment>-near` is its close-up of the vehicle."""
    case_id = _opened_before(request, site)
    wanted, _, near = moment.partition("-")
    if case_id is None or wanted not in MOMENTS or near not in ("", "near"):
        raise WebError("no_file", 404)
    with site.centre.db.read() as session:
        manifest, files = queries.packet_of(session, case_id)
        act = ActCode(session.get_one(CaseRow, case_id).act)
    store, copies = site.centre.store, site.centre.notices.copies
    view = next((v for v in still_views(manifest, scene_of(manifest, files, store), act) if v.moment == wanted), None)
    if view is None:
        raise WebError("no_file", 404)
    try:
        frame, close_up = owner_still(view, files, store, copies)
    except BlobUnsound:
        raise  # nobody sees it, and somebody is told
    except GiaoLoError as error:
        log.warning("no copy for the owner case=%s file=%s %s", case_id, view.file, error)
        raise WebError("no_file", 404) from error
    copy = close_up if near else frame
    if copy is None:
        raise WebError("no_file", 404)
    record_file_view(
        site.centre.db, case_id, "owner:", name=view.file, sha256=files[view.file], how="copy",
        now=site.centre.clock(),
    )  # fmt: skip
    return Response(copy, media_type="image/jpeg")


@router.post("/evidence/contest", dependencies=FORM)
def contest(
    request: Request, site: SiteDep, text: Annotated[str, Form()] = "", code: Annotated[str, Form()] = "",
    plate: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """A statement. When the hour of the evidence is over the code is asked again, with the text kept."""
    now = site.centre.clock()
    case_id = _opened_before(request, site)
    response: Response = RedirectResponse("/evidence?sent=1", 303)
    if case_id is None:
        typed = {"plate": plate[:32], "code": code[:64]}
        if not code:
            return _statement(request, 403, text, typed, _words_of(request, "pass_over_text"))
        opened = _open(request, site, plate[:32], code[:64])
        if isinstance(opened, TakenBack):
            return page(request, "owner_taken_back.html", public=True, number=opened.notice_number, here="/")
        if isinstance(opened, _Fault):
            return _statement(request, opened.status, text, typed, opened.words)
        case_id = opened
        _let_in(site, response, case_id)
    elif wait := site.wait_s(site.codes, request):
        problem = _words_of(request, "too_many", seconds=wait)
        return _evidence(request, site, problem=problem, text=text, status=429)
    try:
        with site.centre.db.write() as session:
            queries.contest(session, case_id, text, now=now)
    except Refused as refused:
        problem = problem_of(request, refused) | {"field": "text"}
        shown = _evidence(request, site, problem=problem, text=text, status=409, case_id=case_id)
        _let_in(site, shown, case_id)
        return shown
    return response


def _statement(request: Request, status: int, text: str, typed: dict[str, str], problem: dict[str, str]) -> Response:
    """The statement alone, to be sent with the code."""
    return page(
        request, "owner_statement.html", status=status, public=True, text=text, code_asked=typed, problem=problem,
        here="/",
    )  # fmt: skip


def _evidence(
    request: Request, site: Site, *, sent_at: datetime | None = None, problem: dict[str, str] | None = None,
    text: str = "", status: int = 200, case_id: str | None = None,
) -> Response:  # fmt: skip
    centre = site.centre
    case_id = case_id or _opened_before(request, site)
    if case_id is None:
        return RedirectResponse("/?ended=1#have-code", 303)
    with centre.db.read() as session:
        row = session.get(CaseRow, case_id)
        if row is None or row.status not in OPENED:
            return RedirectResponse("/?ended=1#have-code", 303)
        shown = public_case(row, letterheads_of(session, centre.config.office, HERE.local_date(centre.clock())))
        manifest, files = queries.packet_of(session, case_id)
        waits = row.status in queries.ISSUED
        summons = summons_of(row, row.notice, centre.notices.calendar) if row.notice and waits else None
        taken_back = row.status == Status.WITHDRAWN.value
        may_write = Status(row.status) in MOVES[Action.CONTEST].start
    t = texts_of(request)
    views = still_views(manifest, scene_of(manifest, files, centre.store), shown.act)
    return page(
        request, "owner_evidence.html", status=status, public=True, c=_words(shown, t), summons=summons,
        stills=[(view, caption(view, shown.act, t, manifest.act.code)) for view in views], legend=legend(views, t),
        sent_at=sent_at, problem=problem, text=text, taken_back=taken_back, may_write=may_write,
        printed_here=t.language == HERE.language, here="/evidence",
    )  # fmt: skip


def _words(case: PublicCase, t: Texts) -> dict[str, Any]:
    """The fields that the country's law lists, in the reader's language, and no other."""
    vietnamese = t.language == "vi"
    units: tuple[ResolvingUnit, ...] = case.resolving_units
    shown: dict[LookUpField, Any] = {
        "vehicle": t(f"owner.kind_{case.kind}"),
        "plate": case.plate,
        "colour": t(f"owner.colour_{case.plate_colour}").lower() if case.plate_colour in HERE.plates.COLOURS else "",
        "occurred_at": case.occurred_at,
        "place": case.place,
        "act": case.act_vi if vietnamese else case.act_en,
        "detected_by": case.detecting_unit,
        "units": units,
        "status": case.status_vi if vietnamese else case.status_en,
    }
    # told only where the right exists
    heard = HERE.law.may_be_heard(case.act, case.kind, case.occurred_at)
    rights = t("owner.right_hearing" if heard else "owner.right_say")
    return {**{field: shown[field] for field in HERE.look_up}, "rights": rights}
