"""A case after its notice: what is known, which terms run, and a form for each step that this person may take now."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from central.cases import instalments
from central.cases import log as case_log
from central.cases.behaviours import behaviours
from central.cases.documents import documents
from central.cases.facts import Facts
from central.cases.file_views import record_file_view
from central.cases.late import late
from central.cases.lifecycle import Action, CaseState, Officer, Refused, Status
from central.cases.said import MOST_PARTS, NEEDS_NOTE, SAID, DecidedToo, Said, points_of
from central.cases.telling import history
from central.desk.items import item
from central.notices import proceedings, together
from central.notices.moving import moves
from central.notices.proceedings import Standing
from central.notices.reading import law_of
from central.notices.step_papers import STEP_PAPERS
from central.store.case_tables import CaseEventRow, CaseRow
from central.units.book import tree_of
from central.web.access import FORM, ReviewerDep, SiteDep
from central.web.errors import problem_of
from central.web.faults import WebError
from central.web.frame import frame
from central.web.site import Site, page, texts_of
from central.words import formats
from countries.calendar import WorkCalendar
from countries.here import HERE
from countries.law import PointsOnce
from evidence.errors import GiaoLoError

router = APIRouter()
MAX_NOTE_CHARS = 2000
_TAKES_BACK = frozenset({Action.WITHDRAW, Action.CORRECT, Action.UNDO, Action.EXPIRE})


FieldKind = Literal["date", "number", "text", "choice", "parts", "cases"]


@dataclass(frozen=True)
class Field:
    """One input of a step's form. `choices`: codes to choose from; words: `field_value.<code>`. `parts`: rows of an
    amount and a day each, `amount_1`, `due_1`. `cases`: a tick, a fine, why it is so and the version seen for each,
    `with_41`, `fine_41`, `mitigating_41`, `aggravating_41`, `seen_41`."""

    name: str
    kind: FieldKind
    required: bool
    choices: tuple[str, ...] = ()


def fields_of(said: type[Said]) -> tuple[Field, ...]:
    """The inputs that a step's value asks for, in its own order."""
    found = []
    for name, info in said.model_fields.items():
        kind, choices = _input(info.annotation)
        found.append(Field(name, kind, info.is_required(), choices))
    return tuple(found)


def _input(annotation: Any) -> tuple[FieldKind, tuple[str, ...]]:
    if get_origin(annotation) is tuple:
        return ("cases" if get_args(annotation)[0] is DecidedToo else "parts"), ()
    if get_origin(annotation) in (Union, types.UnionType):
        annotation = get_args(annotation)[0]
    if get_origin(annotation) is Literal:
        return "choice", tuple(str(each) for each in get_args(annotation))
    if annotation is date:
        return "date", ()
    return ("number", ()) if annotation is int else ("text", ())


def typed_of(said: type[Said], form: Mapping[str, Any]) -> dict[str, Any]:
    """What was typed into the form of a step; empty inputs and rows are left out."""
    typed: dict[str, Any] = {}
    for field in fields_of(said):
        if field.kind == "parts":
            rows = [{"due": str(form.get(f"due_{n}", "")), "amount": str(form.get(f"amount_{n}", ""))}
                    for n in range(1, MOST_PARTS + 1)]  # fmt: skip
            typed[field.name] = [row for row in rows if any(value.strip() for value in row.values())]
        elif field.kind == "cases":
            ticked = [name.removeprefix("with_") for name in form if name.startswith("with_")]
            typed[field.name] = [
                {"case": n, "seen": str(form.get(f"seen_{n}", "")) or None}
                | {name: str(form.get(f"{name}_{n}", "")) for name in ("fine", "mitigating", "aggravating")}
                for n in ticked
            ]
        elif str(form.get(field.name, "")).strip():
            typed[field.name] = str(form[field.name])
    return typed


@router.get("/desk/moves")
def moved(request: Request, site: SiteDep, officer: ReviewerDep, done: str = "") -> Response:
    """What went from or to one's own units: both see that it did, and only the one that has it opens it."""
    t = texts_of(request)
    with site.centre.db.read() as session:
        found, tree = moves(session, officer.scope), tree_of(session)
        values = frame(session, officer, "moves")
    names = {unit.code: unit.name or site.centre.config.office.unit.name for unit in tree.units.values()}
    said = t("moves.done") if done == Action.HAND_OVER.value else None
    return page(request, "moves.html", here="/desk/moves", done=said, found=found, units=names, **values)


@router.get("/desk/cases/{case_id}/steps")
def show(
    request: Request, site: SiteDep, officer: ReviewerDep, case_id: str, done: str = "", step: str = ""
) -> Response:
    """`step`: the one whose form is open."""
    return _show(request, site, officer, case_id, done=done, typed={"step": step})


async def _form(request: Request) -> FormData:
    return await request.form()


@router.post("/desk/cases/{case_id}/steps/{action}", dependencies=FORM)
def take(
    request: Request, site: SiteDep, officer: ReviewerDep, case_id: str, action: str,
    form: Annotated[FormData, Depends(_form)],
) -> Response:  # fmt: skip
    """The fields of the form are those of the step's value; `note` and `seen` stand beside them."""
    step, typed, note = _said(action, form)
    seen = str(form.get("seen", ""))
    centre = site.centre
    try:
        proceedings.take(
            centre.db, case_id, officer, step, typed, note, desk=centre.notices, now=centre.clock(),
            seen=int(seen) if seen.isdigit() else -1,
        )  # fmt: skip
    except Refused as refused:
        shown = {name: str(value) for name, value in form.items() if name not in ("csrf", "seen")}
        return _show(request, site, officer, case_id, refused=refused, typed={**shown, "note": note, "step": action})
    if step is Action.HAND_OVER:
        return RedirectResponse(f"/desk/moves?done={action}", 303)  # the case may be open to him no more
    return RedirectResponse(f"/desk/cases/{case_id}/steps?done={action}", 303)


def _said(action: str, form: FormData) -> tuple[Action, dict[str, Any], str]:
    """The step, the fields of its value as they were typed, and the note."""
    if action not in {a.value for a in SAID}:
        raise WebError("not_found", 404)
    step = Action(action)
    return step, typed_of(SAID[step], form), str(form.get("note", ""))[:MAX_NOTE_CHARS]


@router.post("/desk/cases/{case_id}/steps/{action}/draft", dependencies=FORM)
def draft(
    request: Request, site: SiteDep, officer: ReviewerDep, case_id: str, action: str,
    form: Annotated[FormData, Depends(_form)],
) -> Response:  # fmt: skip
    """The paper that the step would make, as a draft without a number: nothing is entered."""
    step, typed, note = _said(action, form)
    centre = site.centre
    try:
        found = proceedings.draft(
            centre.db, case_id, officer, step, typed, note, desk=centre.notices, now=centre.clock()
        )
    except Refused as refused:
        return _show(request, site, officer, case_id, refused=refused, typed={**typed, "note": note, "step": action})
    return Response(found[0], media_type="application/pdf", headers={"Content-Disposition": "inline"})


@router.get("/desk/cases/{case_id}/papers/{name}.pdf")
def paper(site: SiteDep, officer: ReviewerDep, case_id: str, name: str) -> Response:
    """The paper of a step, as it was made; looking at it is in the record. One that holds no more comes as a copy with
    marks across it: what is kept stays as it was."""
    centre = site.centre
    with centre.db.read() as session:
        found = {d.name: (d.sha256, d.holds) for d in documents(case_log.events(session, case_id))}
        row = session.get(CaseRow, case_id)
        replaced = row.replaced_notices if row else []
        found |= {
            _replaced(n): (notice.pdf_sha256, "taken_back") for n, notice in enumerate(replaced, 1) if notice.pdf_sha256
        }
    if name not in found:
        raise WebError("no_file", 404)
    sha256, holds = found[name]
    pdf, how = centre.store.read(sha256), "shown"
    if holds in ("undone", "taken_back"):
        pdf, how = HERE.papers().struck(pdf, holds), "copy"
    record_file_view(
        centre.db, case_id, officer.username, name=f"{name}.pdf", sha256=sha256, how=how, now=centre.clock()
    )
    return Response(pdf, media_type="application/pdf", headers={"Content-Disposition": "inline"})


def _replaced(count: int) -> str:
    return f"notice-replaced-{count}"


@dataclass(frozen=True)
class Paper:
    """A paper as the page lists it. `code`: `paper.<code>`; `holds`: `papers.<holds>` unless it does."""

    path: str
    code: str
    number: str
    holds: str


def _papers(row: CaseRow, record: Sequence[CaseEventRow]) -> list[Paper]:
    """Every paper of the case: its notices, then those of its steps."""
    at = f"/desk/cases/{row.id}/papers"
    found = [
        Paper(f"{at}/{_replaced(n)}.pdf", "notice", str(old.content.get("number_text", "")), "taken_back")
        for n, old in enumerate(row.replaced_notices, 1)
    ]
    if row.notice is not None and row.notice.issued_at is not None:
        holds = "taken_back" if row.status == Status.WITHDRAWN.value else "holds"
        number = str(row.notice.content.get("number_text", ""))
        found.append(Paper(f"/desk/approve/{row.id}/notice.pdf", "notice", number, holds))
    return [*found, *(Paper(f"{at}/{d.name}.pdf", d.code, d.number, d.holds) for d in documents(record))]


def _show(
    request: Request, site: Site, officer: Officer, case_id: str, *, refused: GiaoLoError | None = None, done: str = "",
    typed: Mapping[str, Any] | None = None,
) -> Response:  # fmt: skip
    centre, t = site.centre, texts_of(request)
    now = centre.clock()
    with centre.db.write() as session:
        row = case_log.hold_case(session, case_id)
        if refused is None:
            case_log.append(session, row, Action.VIEW, actor=officer.username, at=now)
        here = proceedings.standing(session, row, officer, calendar=centre.notices.calendar, now=now)
        record = case_log.events(session, case_id)
        values = frame(session, officer, "queue")
        shown = item(row, now)
        linked = [
            item(other, now)
            for other in together.linked(session, here.state.facts)
            if officer.scope.has(other.unit_code)
        ]
        others, once = _others(session, row, here, officer, centre.notices.calendar, now)
        units = [u for _, u in tree_of(session).walk() if u.works_on(HERE.local_date(now)) and u.code != row.unit_code]
        seen = case_log.version_of(record)
        papers = _papers(row, record)
        place = centre.notices.writer(session, row.unit_code, now).office.resolving_units()[0]
    today = HERE.local_date(now)
    values |= {
        "i": shown,
        "case_id": case_id,
        "terms": [{"term": term, "over": term.is_over(today), "left": (term.due - today).days,
                   "span": HERE.terms.span(term.key, term.since) if term.key not in _OF_ACT else None}
                  for term in here.terms],
        "facts": _facts(here),
        "schedule": _schedule(here, centre.notices.calendar, today),
        "fine": here.state.facts.fine,
        "points_with": here.state.facts.points_with,
        "linked": linked,
        "together": len(here.state.facts.together),
        "late": (found := late(here.state.facts, today, centre.notices.calendar)),
        "late_share": formats.decimal(float(found.rule.per_cent), 2, t.language) if found else "",
        "decision_fine": here.state.facts.decision_fine,
        "others": others,
        "sees_all": officer.scope.everything,
        "once": once,
        "limits": instalments.limits(here.state.facts, centre.notices.calendar),
        "steps": [
            _step(a, here.state) for a in SAID if a in here.actions and (units or a is not Action.HAND_OVER)
        ],
        "units": [(unit.code, unit.name or centre.config.office.unit.name) for unit in units],
        "undo_until": here.state.undo_until,
        "papers": papers,
        "prefill": {"place": ", ".join(part for part in (place.name, place.address) if part)},
        "history": history([e for e in record if e.action != Action.VIEW.value], values["names"], t),
        "seen": seen,
        "today": today,
        "typed": {"step": "", "note": "", **(typed or {})},
    }  # fmt: skip
    problem = problem_of(request, refused) if refused is not None else None
    status = 200 if refused is None else 403 if getattr(refused, "code", "") in ("role", "same_person") else 409
    said = t("case.done", what=t(f"step.{done}"), ref=t("case.ref", n=shown.number)) if t.has(f"step.{done}") else None
    return page(
        request, "proceedings.html", status=status, done=said, problem=problem, here=f"/desk/cases/{case_id}/steps",
        **values,
    )  # fmt: skip


_OF_ACT = frozenset({"notify", "statute", "hold_review"})
"""Terms of `Deadlines`, and the day a person named: they have no span of their own."""


def _step(action: Action, state: CaseState) -> dict[str, Any]:
    """A step as the page offers it: an office that cannot be warned is not offered to be."""
    fields = fields_of(SAID[action])
    if action is Action.WARN:
        fields = tuple(replace(each, choices=state.to_warn) if each.name == "to" else each for each in fields)
    return {
        "action": action.value,
        "fields": fields,
        "note": action in NEEDS_NOTE,
        "takes_back": action in _TAKES_BACK,
        "paper": _may_make(action, state.facts),
        "typed": action in STEP_PAPERS and STEP_PAPERS[action].typed,
    }


def _may_make(action: Action, facts: Facts) -> tuple[str, ...]:
    """Papers that the step makes in this case: a decision is amended where it is about other acts too."""
    codes = STEP_PAPERS[action].codes if action in STEP_PAPERS else ()
    return codes if facts.together or action is not Action.WITHDRAW else codes[:1]


def _others(
    session: Session, row: CaseRow, here: Standing, officer: Officer, calendar: WorkCalendar, now: datetime
) -> tuple[list[dict[str, Any]], PointsOnce | None]:
    """Cases that may be decided together with this one, and what their acts would take off the licence at once."""
    if Action.DECIDE not in here.actions:
        return [], None
    found = together.waiting(session, row, here.state.facts, officer, calendar, now)
    if not found:
        return [], None
    points = [points_of(law_of(row, here.state), here.state), *(points_of(w.law, w.state) for w in found)]
    driven = [w.row for w in found if row.drive is not None and w.row.drive == row.drive]
    same = behaviours(session, row, driven)
    lines = [{"item": item(w.row, now), "law": w.law, "points": points_of(w.law, w.state), "seen": w.seen,
              "refused": w.refused, "driven": w.row in driven, "behaviour": same.get(w.row.id)}
             for w in sorted(found, key=lambda w: w.row not in driven)]  # fmt: skip
    return lines, HERE.law.points_once(points, HERE.local_date(now))


def _schedule(here: Standing, calendar: WorkCalendar, today: date) -> list[dict[str, Any]]:
    """The parts of a fine: its last day as the term counts it, and what of it is paid."""
    return [
        {"due": (due := HERE.terms.named_day(part.due, calendar)), "amount": part.amount, "paid": paid,
         "late": paid < part.amount and today > due}
        for part, paid in here.state.facts.covered
    ]  # fmt: skip


def _facts(here: Standing) -> list[tuple[str, Any]]:
    """What is known, in the order in which it happens; empty facts are left out."""
    facts = here.state.facts
    names = (
        "sent", "attended", "identified", "liable", "minutes", "hearing", "hearing_longer", "hearing_asked", "heard",
        "decided", "fine", "points", "decision_sent", "decision_received", "amended", "postponement_asked",
        "postponed_until", "relief_asked", "relieved", "paid", "warned", "transferred", "statement", "complaint",
        "to_tell", "corrected", "held",
    )  # fmt: skip
    return [(name, value) for name in names if (value := getattr(facts, name))]
