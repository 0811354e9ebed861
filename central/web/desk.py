"""Pages of the desk that only show: queue, one case, unit, what owners wrote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy.orm import Session

from central import typed_plate
from central.cases import REJECT_REASONS, CaseView, case_view, claim, queue, status_counts
from central.desk import QueueFilter
from central.law import KIND_VI
from central.lifecycle import UNSENT, Action, Officer, Status
from central.users import full_names
from central.web import caseview, queries
from central.web.access import HeadDep, ReviewerDep, SiteDep
from central.web.clip import ClipFacts, inspect
from central.web.errors import problem_of
from central.web.site import Site, page, texts_of
from central.web.stills import moment_texts, read_scene, still_views
from central.web.timeline import timeline
from evidence.acts import ActCode
from evidence.errors import GiaoLoError
from evidence.plate import parse, understand

router = APIRouter()

STATES: dict[str, tuple[Status, ...]] = {
    "open": queries.OPEN,
    "mine": (Status.IN_REVIEW,),
    "overdue": UNSENT,
    "approve": queries.TO_ISSUE,
    "to_send": (Status.ISSUED,),
    "issued": queries.ISSUED,
    "rejected": (Status.REJECTED,),
    "all": tuple(Status),
}
SHOWN = 200
_KEYS = "123456789"
_HELP = (
    ("queue", (("J", "down"), ("K", "up"), ("Enter", "open"), ("F", "filter"))),
    (
        "case",
        (
            ("C", "confirm"), ("P", "correct"), ("R", "reject"), ("L", "release"), ("Q", "back"), ("O", "overlay"),
            ("1 – 4", "enlarge"), ("I", "issue"),
        ),
    ),
    ("clip", (("A", "act"), ("Space", "play"), ("S", "slow"), (", .", "step"))),
)  # fmt: skip


@dataclass(frozen=True)
class Chosen:
    """The filters of the queue as they stand in its address."""

    act: str = ""
    place: str = ""
    state: str = "open"
    plate: str = ""

    @property
    def active(self) -> bool:
        return self != Chosen()

    def filter(self, username: str) -> QueueFilter:
        return QueueFilter(
            status=STATES[self.state],
            act=ActCode(self.act) if self.act else None,
            place=self.place,
            plate=self.plate,
            holder=username if self.state == "mine" else None,
            overdue_only=self.state == "overdue",
            newest_first=self.state in ("issued", "rejected", "all"),
            limit=SHOWN,
        )


def frame(session: Session, officer: Officer, tab: str) -> dict[str, Any]:
    """Navigation and counts of every desk page."""
    totals = status_counts(session)
    tabs = [("queue", "/desk"), ("approve", "/desk/approve"), ("contests", "/desk/contests")]
    if officer.role != "officer":
        tabs.append(("unit", "/desk/unit"))
    counts = {
        "queue": sum(totals[s] for s in queries.OPEN),
        "approve": sum(totals[s] for s in queries.TO_ISSUE),
        "contests": queries.contest_count(session),
    }
    names = full_names(session)
    return {"tab": tab, "tabs": tabs, "counts": counts, "names": names, "help_keys": _HELP, "totals": totals}


def _queue_values(request: Request, session: Session, site: Site, officer: Officer, chosen: Chosen) -> dict[str, Any]:
    values = frame(session, officer, "queue")
    totals = values["totals"]
    rows = queue(session, chosen.filter(officer.username), now=site.centre.clock())
    values["totals"] = {k: sum(totals[s] for s in v) for k, v in STATES.items() if k not in ("mine", "overdue")}
    query = urlencode({k: v for k, v in vars(chosen).items() if v})
    return values | {
        "rows": rows,
        "total": values["totals"].get(chosen.state, len(rows)) if Chosen(state=chosen.state) == chosen else len(rows),
        "chosen": chosen,
        "acts": [a.value for a in ActCode],
        "places": queries.places(session),
        "states": list(STATES),
        "rows_url": f"/desk/queue-rows?{query}",
        "plate_problem": plate_problem(request, chosen.plate),
    }


def _chosen(act: str, place: str, state: str, plate: str) -> Chosen:
    """Unknown values in the address fall back to "all"."""
    acts = {a.value for a in ActCode}
    return Chosen(act if act in acts else "", place[:300], state if state in STATES else "open", plate.strip()[:14])


@router.get("/desk")
def show_queue(
    request: Request, site: SiteDep, officer: ReviewerDep, act: str = "", place: str = "", state: str = "open",
    plate: str = "", done: str = "", number: int = 0,
) -> Response:  # fmt: skip
    with site.centre.db.read() as session:
        values = _queue_values(request, session, site, officer, _chosen(act, place, state, plate))
    return page(request, "queue.html", done=said(request, done, number, "case.queue_empty"), **values)


@router.get("/desk/queue-rows")
def queue_rows(
    request: Request, site: SiteDep, officer: ReviewerDep, act: str = "", place: str = "", state: str = "open",
    plate: str = "",
) -> Response:  # fmt: skip
    """The table alone, fetched every few seconds while the queue is watched."""
    with site.centre.db.read() as session:
        values = _queue_values(request, session, site, officer, _chosen(act, place, state, plate))
    return page(request, "queue_rows.html", **values)


@router.get("/desk/cases/{case_id}")
def show_case(
    request: Request, site: SiteDep, officer: ReviewerDep, case_id: str, done: str = "", number: int = 0
) -> Response:
    """Opening a case takes it, unless someone holds it or it is decided."""
    centre = site.centre
    now = centre.clock()
    with centre.db.write() as session:
        view = case_view(session, case_id, officer, registry=centre.registry, now=now)
        if Action.CLAIM in view.actions and view.item.holder != officer.username:
            claim(session, case_id, officer, now=now, lease=centre.claim_lease)
            view = case_view(session, case_id, officer, registry=centre.registry, now=now, record=False)
    return render_case(request, site, officer, view, done=said(request, done, number, "case.next_done"))


def render_case(
    request: Request, site: Site, officer: Officer, view: CaseView, *, status: int = 200, **more: Any
) -> Response:
    t, centre = texts_of(request), site.centre
    with centre.db.read() as session:
        values = frame(session, officer, "queue")
        checked = queries.check_packet(session, view, centre.store)
        contests = queries.contests(session, view.item.id)
    manifest = view.manifest
    scene_file, clip_file = view.file("scene"), view.file("clip")
    scene = read_scene(blob(site, scene_file.sha256)) if scene_file else None
    stills = still_views(manifest, scene)
    facts: ClipFacts | None = None
    if clip_file is not None and (data := blob(site, clip_file.sha256)) is not None:
        facts = inspect(data, clip_file.name)
    values |= {
        "v": view,
        "m": manifest,
        "mine": view.item.holder == officer.username,
        "stills": stills,
        "moment_of": moment_texts(manifest.act.code),
        "line": timeline(manifest, stills),
        "clip": caseview.clip_view(view.item.id, manifest, facts),
        "map": caseview.track_map(manifest, stills, scene),
        "scene": scene,
        "crop": view.file("plate_crop") or view.file("vehicle_crop"),
        "reasons": caseview.reason_lines(manifest.act.reasons, t),
        "flags": caseview.flag_lines(view, t),
        "checks": caseview.check_lines(view, checked, t),
        "n_best": caseview.n_best(view),
        "history": caseview.history(view.events, values["names"], t),
        "same_plate": view.earlier_same_plate,
        "contests": contests,
        "acts": [a.value for a in ActCode],
        "kinds": list(KIND_VI),
        "reject_reasons": reject_texts(request),
        "reject_choices": reject_choices(request),
    }
    return page(request, "case.html", status=status, here=f"/desk/cases/{view.item.id}", **(values | more))


def blob(site: Site, sha256: str) -> bytes | None:
    """The bytes, or None when the store has lost or altered them: the screen says so, and still opens."""
    try:
        return site.centre.store.read(sha256)
    except GiaoLoError:
        return None


def reject_texts(request: Request) -> dict[str, str]:
    t = texts_of(request)
    return {code: t.or_else(f"reject.{code}", vi) for code, (vi, _en) in REJECT_REASONS.items()}


def reject_choices(request: Request) -> list[tuple[str, str, str]]:
    """Key, code and words: digits for the first nine, 0 for another reason, a dash for what is left."""
    words = reject_texts(request)
    ordered = [c for c in words if c != "other"]
    keyed = [(_KEYS[n] if n < len(_KEYS) else "-", code, words[code]) for n, code in enumerate(ordered)]
    return [*keyed, ("0", "other", words["other"])]


def said(request: Request, done: str, number: int, key: str) -> str | None:
    """What was just recorded, from the address we redirected to; unknown words say nothing."""
    t = texts_of(request)
    return t(key, what=t(f"done.{done}"), ref=t("case.ref", n=number)) if t.has(f"done.{done}") else None


@router.get("/desk/plate")
def check_plate(request: Request, officer: ReviewerDep, text: str = "", kind: str = "", colour: str = "") -> Response:
    """Live grammar check while an officer types."""
    t = texts_of(request)
    if problem := plate_problem(request, text[:32], part=False):
        return JSONResponse({"ok": False, "text": f"{problem['what']} {problem['todo']}"})
    parsed = parse(text[:32], vehicle_class=kind or None, colour=colour or None)
    if not parsed.known:
        return JSONResponse({"ok": False, "text": t("plate.grammar_bad") if text.strip() else ""})
    said_ = f"{parsed.formatted} · {t(f'plate_kind.{parsed.kind}')}"
    if parsed.province_name:
        said_ += f" · {parsed.province_name}"
    return JSONResponse({"ok": True, "text": said_, "formatted": parsed.formatted})


def plate_problem(request: Request, typed: str, *, part: bool = True) -> dict[str, str] | None:
    """What was lost of a plate that an officer types. `part`: of a part of one, as the queue's filter takes."""
    found = understand(typed)
    if found.whole or (part and found.problem == "digit"):
        return None
    return problem_of(request, typed_plate.refusal(found, typed))


@router.get("/desk/unit")
def show_unit(request: Request, site: SiteDep, officer: HeadDep) -> Response:
    with site.centre.db.read() as session:
        values = frame(session, officer, "unit") | {"u": queries.unit_view(session, site.centre.clock())}
        return page(request, "unit.html", reject_reasons=reject_texts(request), **values)


@router.get("/desk/contests")
def show_contests(request: Request, site: SiteDep, officer: ReviewerDep) -> Response:
    with site.centre.db.read() as session:
        return page(request, "contests.html", rows=queries.contests(session), **frame(session, officer, "contests"))
