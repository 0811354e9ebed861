"""The units: what each has and what waits there; who keeps accounts changes them, and heads move their people."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from central.cases.lifecycle import Officer, Role
from central.desk.unit_tree import UnitLine, unit_lines
from central.store.people_tables import UserRow
from central.units.book import tree_of
from central.units.changing import changes_of, save_letterhead, save_units
from central.units.csv_file import LINE_END, day_of, lines_of
from central.units.letterheads import FIELDS, LONGEST, REQUIRED, Letterhead, letterhead_of
from central.units.tree import KINDS, ROOT, Kind, Unit, UnitError
from central.users import set_unit
from central.web.access import FORM, OfficerDep, SiteDep
from central.web.errors import problem_of
from central.web.faults import WebError
from central.web.frame import frame
from central.web.site import Site, page, texts_of
from central.words.formats import plain_day
from evidence.errors import GiaoLoError

router = APIRouter()
log = logging.getLogger(__name__)
_DONE = ("created", "changed", "letterhead", "moved")


def overseer(officer: OfficerDep) -> Officer:
    """A head, or who keeps accounts. Raises `WebError` 403."""
    if officer.role not in (Role.HEAD, Role.ADMIN):
        raise WebError("forbidden", 403)
    return officer


def keeper(officer: OfficerDep) -> Officer:
    """Who keeps accounts and units. Raises `WebError` 403."""
    if officer.role is not Role.ADMIN:
        raise WebError("forbidden", 403)
    return officer


OverseerDep = Annotated[Officer, Depends(overseer)]
KeeperDep = Annotated[Officer, Depends(keeper)]


@router.get("/desk/units")
def all_units(request: Request, site: SiteDep, officer: OverseerDep) -> Response:
    return _tree(request, site, officer)


def typed(
    code: Annotated[str, Form(max_length=60)] = "", name: Annotated[str, Form(max_length=300)] = "",
    kind: Annotated[str, Form(max_length=20)] = "other", parent: Annotated[str, Form(max_length=60)] = "",
    first: Annotated[str, Form(max_length=20)] = "", last: Annotated[str, Form(max_length=20)] = "",
) -> dict[str, str]:  # fmt: skip
    """What stands in the form of a unit."""
    given = {"code": code, "name": name, "kind": kind, "parent": parent, "first": first, "last": last}
    return {key: " ".join(value.split()) for key, value in given.items()}


TypedDep = Annotated[dict[str, str], Depends(typed)]


@router.post("/desk/units", dependencies=FORM)
def add_unit(request: Request, site: SiteDep, officer: KeeperDep, given: TypedDep) -> Response:
    """A new unit below one that is open to whoever adds it."""

    def write(session: Session) -> None:
        unit = _unit(given["code"], given)
        if unit.code in tree_of(session).units:
            raise UnitError("there is such a unit already", where=unit.code, remedy="other code", code="unit_taken")
        _save(session, site, officer, unit)

    if refused := _try(site, write):
        return _tree(request, site, officer, refused=refused, given=given)
    log.info("unit created code=%s name=%s", given["code"], officer.username)
    return RedirectResponse(f"/desk/units/{given['code']}?done=created", 303)


@router.get("/desk/units/{unit}")
def one_unit(request: Request, site: SiteDep, officer: OverseerDep, unit: str, done: str = "") -> Response:
    return _show(request, site, officer, unit, done=done)


@router.post("/desk/units/{unit}", dependencies=FORM)
def change_unit(request: Request, site: SiteDep, officer: KeeperDep, unit: str, given: TypedDep) -> Response:
    """Another name, kind, parent, or days: a unit is closed by its last day."""
    _open(site, officer, unit)
    if refused := _try(site, lambda session: _save(session, site, officer, _unit(unit, given))):
        return _show(request, site, officer, unit, refused=refused, given=given)
    log.info("unit changed code=%s name=%s", unit, officer.username)
    return RedirectResponse(f"/desk/units/{unit}?done=changed", 303)


def typed_head(
    abbreviation: Annotated[str, Form(max_length=400)] = "", town: Annotated[str, Form(max_length=400)] = "",
    signer_title: Annotated[str, Form(max_length=400)] = "", signer_name: Annotated[str, Form(max_length=400)] = "",
    parent: Annotated[str, Form(max_length=400)] = "", in_text: Annotated[str, Form(max_length=400)] = "",
    address: Annotated[str, Form(max_length=600)] = "", phone: Annotated[str, Form(max_length=400)] = "",
    decided_by: Annotated[str, Form(max_length=400)] = "", heard_by: Annotated[str, Form(max_length=400)] = "",
    executed_by: Annotated[str, Form(max_length=400)] = "", complaints_to: Annotated[str, Form(max_length=400)] = "",
) -> dict[str, str]:  # fmt: skip
    """What stands in the form of a letterhead, in the order of `FIELDS`."""
    given = (
        abbreviation, town, signer_title, signer_name, parent, in_text, address, phone, decided_by, heard_by,
        executed_by, complaints_to,
    )  # fmt: skip
    return {name: " ".join(value.split()) for name, value in zip(FIELDS, given, strict=True)}


HeadDep = Annotated[dict[str, str], Depends(typed_head)]


@router.post("/desk/units/{unit}/letterhead", dependencies=FORM)
def change_letterhead(request: Request, site: SiteDep, officer: KeeperDep, unit: str, head: HeadDep) -> Response:
    """Under what name the unit writes from now on."""
    _open(site, officer, unit)

    def write(session: Session) -> None:
        made = Letterhead(**{**head, "signer_title": lines_of(head["signer_title"])})
        office = site.centre.config.office
        save_letterhead(session, unit, made, office, by=officer.username, now=site.centre.clock())

    if refused := _try(site, write):
        return _show(request, site, officer, unit, refused=refused, head=head)
    log.info("letterhead entered code=%s name=%s", unit, officer.username)
    return RedirectResponse(f"/desk/units/{unit}?done=letterhead", 303)


@router.post("/desk/units/{unit}/people", dependencies=FORM)
def move_person(
    request: Request, site: SiteDep, officer: OverseerDep, unit: str,
    username: Annotated[str, Form(max_length=64)] = "", to: Annotated[str, Form(max_length=60)] = "",
) -> Response:  # fmt: skip
    """Somebody of this unit belongs to another of those that are open; the page that he opens next shows its cases."""
    _open(site, officer, unit)
    _open(site, officer, to)

    def write(session: Session) -> None:
        row = session.get(UserRow, username)
        if row is None or row.unit_code != unit:
            raise UnitError("there is no such account in this unit", where=username, code="unit_nobody")
        if username == officer.username or (row.role == Role.ADMIN.value and officer.role is not Role.ADMIN):
            raise WebError("forbidden", 403)
        set_unit(session, username, to, now=site.centre.clock(), by=officer.username)

    if refused := _try(site, write):
        return _show(request, site, officer, unit, refused=refused)
    log.info("account moved account=%s unit=%s name=%s", username, to, officer.username)
    return RedirectResponse(f"/desk/units/{unit}?done=moved", 303)


def _open(site: Site, officer: Officer, unit: str) -> None:
    """Raises `WebError` 404 for a unit that is not open to him, as for one that there is not."""
    with site.centre.db.read() as session:
        if not officer.scope.has(unit) or unit not in tree_of(session).units:
            raise WebError("not_found", 404)


def _try(site: Site, write: Callable[[Session], None]) -> UnitError | None:
    try:
        with site.centre.db.write() as session:
            write(session)
    except UnitError as refused:
        return refused
    return None


def _unit(code: str, given: Mapping[str, str]) -> Unit:
    """As it was typed. Raises `UnitError`."""
    root = code == ROOT
    kind = cast(Kind, "root" if root else given["kind"])
    parent = None if root else given["parent"] or ROOT
    return Unit(code, given["name"], kind, parent, day_of(given["first"]), day_of(given["last"]))


def _save(session: Session, site: Site, officer: Officer, unit: Unit) -> None:
    """Raises `UnitError`; and `WebError` where a unit would hang on one that is not open to whoever changes it."""
    own = tree_of(session).units.get(unit.code)
    if unit.parent is not None and not officer.scope.has(unit.parent) and (own is None or own.parent != unit.parent):
        raise WebError("not_found", 404)
    save_units(session, [unit], by=officer.username, now=site.centre.clock())


def _tree(
    request: Request, site: Site, officer: Officer, *, refused: GiaoLoError | None = None,
    given: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    with site.centre.db.read() as session:
        lines = unit_lines(session, site.centre.config.office, officer.scope, site.centre.clock())
        values = frame(session, officer, "units") | _around(request, officer, lines, "", refused)
    empty = {"code": "", "name": "", "kind": "team", "parent": "", "first": "", "last": ""}
    values["given"] = empty | dict(given or {})
    return page(request, "units.html", status=409 if refused else 200, here="/desk/units", **values)


def _show(
    request: Request, site: Site, officer: Officer, unit: str, *, done: str = "", refused: GiaoLoError | None = None,
    given: Mapping[str, str] | None = None, head: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    _open(site, officer, unit)
    with site.centre.db.read() as session:
        lines = unit_lines(session, site.centre.config.office, officer.scope, site.centre.clock())
        values = frame(session, officer, "units") | _around(request, officer, lines, done, refused)
        there, changes = letterhead_of(session, unit), changes_of(session, unit)
    line = next(line for line in lines if line.unit.code == unit)
    now = line.unit
    form = {
        "name": now.name, "kind": now.kind, "parent": now.parent or "",
        "first": plain_day(now.valid_from) if now.valid_from else "",
        "last": plain_day(now.valid_to) if now.valid_to else "",
    }  # fmt: skip
    said = {name: value.replace("\n", f" {LINE_END} ") for name, value in asdict(there).items()} if there else {}
    values |= {
        "line": line,
        "given": form | dict(given or {}),
        "head": dict.fromkeys(FIELDS, "") | said | dict(head or {}),
        "head_fields": [(name, LONGEST.get(name, 300), name in REQUIRED) for name in FIELDS],
        "changes": changes,
    }
    return page(request, "unit_page.html", status=409 if refused else 200, here=f"/desk/units/{unit}", **values)


def _around(
    request: Request, officer: Officer, lines: Sequence[UnitLine], done: str, refused: GiaoLoError | None
) -> dict[str, Any]:
    return {
        "lines": lines,
        "done": texts_of(request)(f"units.done_{done}") if done in _DONE else None,
        "problem": problem_of(request, refused) if refused is not None else None,
        "kinds": [kind for kind in KINDS if kind != "root"],
        "keeps": officer.role is Role.ADMIN,
        "unit_names": {line.unit.code: line.name for line in lines},
    }
