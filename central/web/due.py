"""What falls due: by day, of whose list, of which units and officer. The choice stands in the address."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby
from typing import Annotated, Any, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from central.cases.lifecycle import Officer, Role
from central.desk.falling_due import NEAR_DAYS, Behind, DueList, Kind, falling_due
from central.store.people_tables import UserRow
from central.units.filtering import within
from central.units.letterheads import Letterheads, letterheads_of
from central.units.tree import Scope
from central.web.access import ReviewerDep, SiteDep
from central.web.frame import frame
from central.web.site import Site, page, texts_of
from countries.here import HERE

router = APIRouter()
PAGE = 50
"""Lines of a page, as of the queue."""
STRIP_DAYS = 7
"""Days from today that stand at the head with how many fall due on each."""
ROLES = (Role.OFFICER.value, Role.APPROVER.value, Role.HEAD.value, "all")
_ON_CASES = tuple(role for role in ROLES if role != "all")


@dataclass(frozen=True)
class Chosen:
    """`whose`: a role's list, or `all`. `unit`: with those below it; empty: all that are open. `after`: of a page."""

    whose: str = ""
    unit: str = ""
    officer: str = ""
    kind: str = "work"
    after: str = ""

    def url(self, **changed: object) -> str:
        """The address of this page with other choices; without `after` its first page."""
        said = {**vars(self), "after": "", **changed}
        return f"/desk/due?{urlencode({k: v for k, v in said.items() if v and (k, v) != ('kind', 'work')})}"


def chosen(whose: str = "", unit: str = "", officer: str = "", kind: str = "work", after: str = "") -> Chosen:
    return Chosen(
        whose if whose in ROLES else "", unit[:40], officer[:64], kind if kind in get_args(Kind) else "work", after[:80]
    )


ChosenDep = Annotated[Chosen, Depends(chosen)]


@router.get("/desk/due")
def due(request: Request, site: SiteDep, officer: ReviewerDep, kept: ChosenDep) -> Response:
    """What falls due, of one's own role unless another is asked for."""
    with site.centre.db.read() as session:
        kept, heads, values = _read(session, site, officer, kept)
        scope = values.pop("scope")
        other = "end" if kept.kind == "work" else "work"
        beside = _list(session, site, scope, replace(kept, kind=other, after=""), limit=1)
        values |= frame(session, officer, "due")
        people = _people(session, officer.scope)
    units = [(depth, u.code, heads.name(u.code)) for depth, u in heads.tree.walk() if officer.scope.has(u.code)]
    values |= {"roles": ROLES, "units": units, "people": people, "beside": beside, "other": other}
    return page(request, "due.html", here=kept.url(), **values)


@router.get("/desk/due-rows")
def due_rows(request: Request, site: SiteDep, officer: ReviewerDep, kept: ChosenDep) -> Response:
    """The list alone, fetched now and then while it is watched; 304 when nothing in it has changed."""
    with site.centre.db.read() as session:
        kept, _, values = _read(session, site, officer, kept)
        names = frame(session, officer, "due")["names"]
    seen = repr((officer, texts_of(request).language, kept, values["found"], values["today"], sorted(names.items())))
    tag = f'"{hashlib.sha256(seen.encode()).hexdigest()[:32]}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"ETag": tag})
    answer = page(request, "due_rows.html", names=names, **values)
    answer.headers["ETag"] = tag
    return answer


def _read(session: Session, site: Site, officer: Officer, kept: Chosen) -> tuple[Chosen, Letterheads, dict[str, Any]]:
    """The choice as far as it is open to this person, and what the list is made of."""
    today = HERE.local_date(site.centre.clock())
    heads = letterheads_of(session, site.centre.config.office, today)
    scope, unit = officer.scope, ""
    if kept.unit and scope.has(kept.unit) and kept.unit in heads.tree.units:
        below, unit = heads.tree.below(kept.unit), kept.unit
        scope = Scope(frozenset(code for code in below if scope.has(code)), everything=below >= heads.tree.units.keys())
    kept = replace(kept, unit=unit, whose=kept.whose or officer.role.value)
    found = _list(session, site, scope, kept)
    counts = dict(found.days)
    strip = [(day, counts.get(day, 0)) for day in (today + timedelta(days=n) for n in range(STRIP_DAYS))]
    values = {
        "found": found, "chosen": kept, "today": today, "per_day": counts, "scope": scope, "strip": strip,
        "groups": [(day, list(lines)) for day, lines in groupby(found.lines, key=lambda line: line.due)],
        "beyond": sum(n for day, n in found.days if day >= today + timedelta(days=STRIP_DAYS)),
        "behind": {day: str(Behind(day)) for day, _ in strip} | {"beyond": str(Behind(_after(strip)))},
        "unit_names": {code: heads.name(code) for code in heads.tree.units} if len(heads.tree.units) > 1 else {},
    }  # fmt: skip
    return kept, heads, values


def _after(strip: list[tuple[date, int]]) -> date:
    return strip[-1][0] + timedelta(days=1)


def _list(session: Session, site: Site, scope: Scope, kept: Chosen, *, limit: int = PAGE) -> DueList:
    now = site.centre.clock()
    today = HERE.local_date(now)
    return falling_due(
        session, Role(kept.whose) if kept.whose in _ON_CASES else None, today=today,
        near=today + timedelta(days=NEAR_DAYS), now=now, scope=scope, kind=kept.kind,  # type: ignore[arg-type]
        officer=kept.officer, after=Behind.parse(kept.after) if kept.after else None, limit=limit,
    )  # fmt: skip


def _people(session: Session, scope: Scope) -> list[tuple[str, str]]:
    """Accounts of these units that work on cases, by name."""
    mine = (UserRow.active, UserRow.role.in_(_ON_CASES), *within(UserRow.unit_code, scope))
    rows = session.execute(select(UserRow.username, UserRow.full_name).where(*mine).order_by(UserRow.full_name))
    return [(username, name or username) for username, name in rows]
