"""The files of cameras and boxes: all devices, one with its history, and the form that adds a record."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from central.cases.lifecycle import Officer, Refused, Role
from central.desk.devices import device_board
from central.devices.book import enter, records_of
from central.devices.dossier import CODES, Lack, Standing, ends_soon, standing, state_on, taken_back
from central.devices.entering import FIELDS, read
from central.devices.records import TAKING_BACK, DeviceId, Record, RecordKind
from central.notices.papers import CasePapers
from central.units.book import cameras_of
from central.web.access import FORM, HeadDep, SiteDep
from central.web.errors import problem_of
from central.web.faults import WebError
from central.web.frame import frame
from central.web.media import attachment
from central.web.site import Site, page, texts_of
from central.words.formats import plain_day
from central.words.texts import Texts
from countries.here import HERE

router = APIRouter()
log = logging.getLogger(__name__)

WRITERS = (Role.HEAD, Role.ADMIN)
"""Whoever issues notices all day is not the one who says that his camera is in order."""


@router.get("/desk/devices")
def all_devices(request: Request, site: SiteDep, officer: HeadDep) -> Response:
    with site.centre.db.read() as session:
        board = device_board(session, site.centre.clock(), scope=officer.scope)
        required = site.centre.config.devices.required
        return page(request, "devices.html", board=board, papers_required=required, **frame(session, officer, "unit"))


@router.get("/desk/devices/records/{record_id}/paper.pdf")
def scanned_paper(site: SiteDep, officer: HeadDep, record_id: int, node: str) -> Response:
    """The scan that was attached to a record of `node`."""
    with site.centre.db.read() as session:
        record = next((r for r in records_of(session, node) if r.id == record_id), None)
        if record is None or record.document_sha256 is None or not _seen(session, record.device, officer, site):
            raise WebError("no_file", 404)
        sha256 = record.document_sha256
    pdf = site.centre.store.read(sha256)
    return Response(pdf, media_type="application/pdf", headers=attachment(f"giay-to-{record_id}.pdf"))


def device_of(site: SiteDep, officer: HeadDep, node: str, camera: str = "") -> DeviceId:
    """The device that an address names, if it is one of the officer's units. Raises `WebError` 404."""
    found = DeviceId.parse(f"{node}/{camera}" if camera else node)
    if found is None:
        raise WebError("not_found", 404)
    with site.centre.db.read() as session:
        if not _seen(session, found, officer, site):
            raise WebError("not_found", 404)
    return found


def _seen(session: Session, device: DeviceId, officer: Officer, site: Site) -> bool:
    if officer.scope.everything:
        return True
    today = HERE.local_date(site.centre.clock())
    return cameras_of(session).seen(device.node, device.camera, officer.scope, today)


DeviceDep = Annotated[DeviceId, Depends(device_of)]


@router.get("/desk/devices/{node}")
@router.get("/desk/devices/{node}/{camera}")
def one_device(request: Request, site: SiteDep, officer: HeadDep, device: DeviceDep, done: str = "") -> Response:
    return _show(request, site, officer, device, done=done)


def typed(
    kind: Annotated[str, Form(max_length=20)] = "", number: Annotated[str, Form(max_length=200)] = "",
    dated: Annotated[str, Form(max_length=20)] = "", signed_by: Annotated[str, Form(max_length=300)] = "",
    valid_from: Annotated[str, Form(max_length=20)] = "", valid_to: Annotated[str, Form(max_length=20)] = "",
    model: Annotated[str, Form(max_length=300)] = "", serial: Annotated[str, Form(max_length=200)] = "",
    note: Annotated[str, Form(max_length=2000)] = "", takes_back: Annotated[str, Form(max_length=20)] = "",
) -> dict[str, str]:  # fmt: skip
    """What stands in the form."""
    given = (kind, number, dated, signed_by, valid_from, valid_to, model, serial, note, takes_back)
    return dict(zip(FIELDS, given, strict=True))


TypedDep = Annotated[dict[str, str], Depends(typed)]


@router.post("/desk/devices/{node}", dependencies=FORM)
@router.post("/desk/devices/{node}/{camera}", dependencies=FORM)
def add_record(request: Request, site: SiteDep, officer: HeadDep, device: DeviceDep, given: TypedDep) -> Response:
    """Add a record to the file of a device; what was typed stands in the form again when it is refused."""
    if officer.role not in WRITERS:
        raise WebError("forbidden", 403)
    now = site.centre.clock()
    try:
        entry = read(device, given, today=HERE.local_date(now))
        with site.centre.db.write() as session:
            (record,) = enter(session, [entry], by=officer.username, now=now)
    except Refused as refused:
        return _show(request, site, officer, device, refused=refused, given=given)
    log.info("device record id=%d device=%s kind=%s name=%s", record.id, device, record.kind, officer.username)
    return RedirectResponse(f"/desk/devices/{device}?done={record.kind.value}", 303)


def _show(
    request: Request, site: Site, officer: Officer, device: DeviceId, *, done: str = "",
    refused: Refused | None = None, given: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    t, now = texts_of(request), site.centre.clock()
    today = HERE.local_date(now)
    with site.centre.db.read() as session:
        records = [r for r in records_of(session, device.node) if r.device == device]
        values = frame(session, officer, "unit")
    back, stood = taken_back(records), standing(device, records, now, known_at=now)
    history = [
        {
            "r": r,
            "state": "" if r.kind in TAKING_BACK else state_on(r, records, today, known_at=now),
            "back": back.get(r.id),
            "open": r.kind not in TAKING_BACK and r.id not in back,
        }
        for r in reversed(records)
    ]
    values |= {
        "device": device,
        "standing": stood,
        "soon": ends_soon(device, records, now),
        "history": history,
        "needs": HERE.devices.needs(device.sort, today),
        "kinds": [k.value for k in RecordKind if k not in TAKING_BACK],
        "may_write": officer.role in WRITERS,
        "given": dict.fromkeys(FIELDS, "") | dict(given or {}),
    }
    said = t("device.done", what=t(f"record.{done}")) if t.has(f"record.{done}") else None
    problem = problem_of(request, refused) if refused is not None else None
    status = 200 if refused is None else 409
    return page(
        request, "device.html", status=status, done=said, problem=problem, here=f"/desk/devices/{device}", **values
    )


def _lacking(stood: Standing) -> str:
    """The kind of paper that is entered next: what is lacking first."""
    kinds = {"device": RecordKind.PROFILE, "decision": RecordKind.DECISION, "inspection": RecordKind.TEST}
    codes = {code: kinds[what] for what, group in CODES.items() for code in group.values()}
    return codes[stood.lacks[0].code].value if stood.lacks else RecordKind.DECISION.value


@dataclass(frozen=True)
class PaperLine:
    """A device on the page of a case: what it lacked, what counts, and what else has to be said."""

    name: str
    url: str
    bad: tuple[str, ...]
    papers: tuple[str, ...]
    told: tuple[str, ...]


def paper_lines(papers: CasePapers, t: Texts, *, issued: bool) -> list[PaperLine]:
    """Camera and box of a case in words. Of an issued one, what was known at its issue is told where it differs."""
    lines = []
    for found, today in zip(papers.answers, papers.today, strict=True):
        device, told = found.now.device, []
        if issued and found.differs:
            told.append(t("device.at_issue", what=_in_words(found.then.lacks, t) or t("device.lawful")))
            told += [_paper(r, t) for r in found.then.counted if r not in found.now.counted]
        elif not issued and found.now.counted and found.differs:
            told.append(t("device.entered_after"))
        if not issued and found.now.lawful and today.lacks:
            told.append(t("device.today_lacks", what=_in_words(today.lacks, t)))
        lines.append(
            PaperLine(
                str(device),
                f"/desk/devices/{device}",
                tuple(t(f"lack.{lack.code}", **lack.values) for lack in found.now.lacks),
                tuple(_paper(r, t) for r in found.now.counted),
                tuple(told),
            )
        )
    return lines


def _in_words(lacks: tuple[Lack, ...], t: Texts) -> str:
    return "; ".join(t(f"lack.{lack.code}", **lack.values) for lack in lacks)


def _paper(record: Record, t: Texts) -> str:
    if record.kind is RecordKind.PROFILE:
        return t("device.is", model=record.model, serial=record.serial)
    until = t("device.paper_until", day=plain_day(record.valid_to)) if record.valid_to else ""
    said = t("device.paper", what=t(f"record.{record.kind}"), number=record.number, day=plain_day(record.dated))
    return f"{said}{until}"
