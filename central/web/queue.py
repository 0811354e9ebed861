"""The queue: a page of cases under a filter that stands in the address and goes with the officer through the cases."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from central.cases import typed_plate
from central.cases.lifecycle import UNSENT, Officer, Role, Status
from central.cases.stages import ISSUED, OPEN, OVER, TO_ISSUE, UNDER_WAY
from central.desk.worklist import (
    Cursor,
    Page,
    QueueFilter,
    arrived_since,
    counts_by,
    newest_number,
    next_free,
    places,
    queue_page,
    status_counts,
)
from central.store.case_tables import CaseCountRow
from central.web import queries
from central.web.access import OfficerDep, ReviewerDep, SiteDep
from central.web.errors import problem_of
from central.web.frame import badges, frame, said
from central.web.site import Site, page, texts_of
from countries.here import HERE
from evidence.acts import ActCode

router = APIRouter()

STATES: dict[str, tuple[Status, ...]] = {
    "open": OPEN,
    "mine": (Status.IN_REVIEW,),
    "overdue": UNSENT,
    "approve": TO_ISSUE,
    "to_send": (Status.ISSUED,),
    "issued": ISSUED,
    "under_way": UNDER_WAY,
    "over": OVER,
    "rejected": (Status.REJECTED,),
    "all": tuple(Status),
}
PAGE = 50
"""Lines of a page: a screen shows 9, and a poll sends all of them again when one has changed."""


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

    @property
    def keep(self) -> str:
        """The filter as the end of an address: empty, or `?act=…`."""
        said_ = {k: v for k, v in vars(self).items() if v and v != getattr(Chosen(), k)}
        return f"?{urlencode(said_)}" if said_ else ""

    def with_(self, **more: object) -> str:
        """The same with more in it, as the end of an address."""
        return f"{self.keep}&{urlencode(more)}" if self.keep else f"?{urlencode(more)}"

    def filter(self, officer: Officer) -> QueueFilter:
        return QueueFilter(
            status=STATES[self.state],
            act=ActCode(self.act) if self.act else None,
            place=self.place,
            plate=self.plate,
            holder=officer.username if self.state == "mine" else None,
            scope=officer.scope,
            overdue_only=self.state == "overdue",
            newest_first=self.state in ("issued", "rejected", "all"),
            limit=PAGE,
        )


def chosen(act: str = "", place: str = "", state: str = "open", plate: str = "") -> Chosen:
    """The filter that an address names; unknown values in it fall back to "all"."""
    acts = {a.value for a in ActCode}
    return Chosen(act if act in acts else "", place[:300], state if state in STATES else "open", plate.strip()[:14])


ChosenDep = Annotated[Chosen, Depends(chosen)]


def plate_problem(request: Request, typed: str, *, part: bool = True) -> dict[str, str] | None:
    """What was lost of a plate that an officer types. `part`: of a part of one, as the queue's filter takes."""
    found = HERE.plates.understand(typed)
    if found.whole or (part and found.problem == "digit"):
        return None
    return problem_of(request, typed_plate.refusal(found, typed))


def following(session: Session, officer: Officer, kept: Chosen, site: Site, after: str) -> str | None:
    """The next case to decide under the filter that the officer works with."""
    filters = kept.filter(officer)
    waiting = tuple(s for s in filters.status if s in OPEN) or OPEN
    return next_free(session, replace(filters, status=waiting), officer.username, now=site.centre.clock(), after=after)


@router.get("/desk")
def show_queue(
    request: Request, site: SiteDep, officer: OfficerDep, kept: ChosenDep, after: str = "", before: str = "",
    done: str = "", number: int = 0,
) -> Response:  # fmt: skip
    """Where everybody lands; an administrator, who sees no evidence, goes on to the page of the unit."""
    if officer.role is Role.ADMIN:
        return RedirectResponse("/desk/unit", 303)
    with site.centre.db.read() as session:
        values = frame(session, officer, "queue")
        filters, shown = _page(session, site, officer, kept, after, before)
        totals, newest = values["totals"], newest_number(session)
        by_act = counts_by(session, CaseCountRow.act, replace(filters, act=None))
        by_place = counts_by(session, CaseCountRow.place, replace(filters, place=""))
        every_place = places(session, scope=officer.scope)
    poll = {k: v for k, v in (("after", after), ("before", before)) if v} | {"since": newest}
    values |= _lines(request, kept, shown) | {
        "totals": {k: sum(totals[s] for s in v) for k, v in STATES.items() if k not in ("mine", "overdue")},
        "by_act": by_act if filters.counted else {},
        "by_place": by_place if filters.counted else {},
        "acts": [a.value for a in ActCode],
        "places": every_place,
        "states": list(STATES),
        "rows_url": f"/desk/queue-rows{kept.with_(**poll)}",
    }
    return page(request, "queue.html", done=said(request, done, number, "case.queue_empty"), **values)


@router.get("/desk/queue-rows")
def queue_rows(
    request: Request, site: SiteDep, officer: ReviewerDep, kept: ChosenDep, after: str = "", before: str = "",
    since: int = 0,
) -> Response:  # fmt: skip
    """The table alone, fetched every few seconds while the queue is watched; 304 when nothing in it has changed."""
    with site.centre.db.read() as session:
        filters, shown = _page(session, site, officer, kept, after, before)
        counts = badges(status_counts(session, scope=officer.scope), queries.unread_contests(session, officer.scope))
        fresh = arrived_since(session, filters, since, now=site.centre.clock()) if since > 0 else 0
        names = queries.names_of(session, {i.holder for i in shown.items if i.holder})
    # everything that the lines are made of: what is shown can change only if this does
    seen = repr((officer, texts_of(request).language, kept, shown, counts, fresh, sorted(names.items())))
    tag = f'"{hashlib.sha256(seen.encode()).hexdigest()[:32]}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"ETag": tag})
    answer = page(
        request, "queue_rows.html", names=names, told={**counts, "fresh": fresh}, **_lines(request, kept, shown)
    )
    answer.headers["ETag"] = tag
    return answer


def _page(
    session: Session, site: Site, officer: Officer, kept: Chosen, after: str, before: str
) -> tuple[QueueFilter, Page]:
    filters = kept.filter(officer)
    cursors = {"after": Cursor.parse(after)} if after else {"before": Cursor.parse(before)} if before else {}
    return filters, queue_page(session, replace(filters, **cursors), now=site.centre.clock())  # type: ignore[arg-type]


def _lines(request: Request, kept: Chosen, shown: Page) -> dict[str, Any]:
    return {
        "rows": shown.items,
        "total": shown.total,
        "chosen": kept,
        "plate_problem": plate_problem(request, kept.plate),
        "keep": kept.keep,
        "earlier_url": f"/desk{kept.with_(before=shown.earlier)}" if shown.earlier else "",
        "later_url": f"/desk{kept.with_(after=shown.later)}" if shown.later else "",
    }
