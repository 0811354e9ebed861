"""Evidence files for the desk: originals as sealed, with ranges for video; thumbnails and looking copies."""

from __future__ import annotations

import logging
import threading
from urllib.parse import quote

import av
from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from central.casefile.handing_out import hand_out
from central.cases.file_views import record_file_view
from central.pictures.clip import playable_copy
from central.pictures.privacy import PictureError, thumbnail
from central.pictures.stills import still_views
from central.web import queries
from central.web.access import FORM, ReviewerDep, SiteDep
from central.web.faults import WebError
from central.web.verified import handed_out, ranged_response, verified_response

router = APIRouter()
log = logging.getLogger(__name__)

# Types that a browser shows; anything else of a packet is only ever downloaded.
_SHOWN = {"image/jpeg", "image/png", "video/mp4", "video/webm"}
_KEPT = {"Cache-Control": "private, max-age=900"}
VEHICLE_PX = (480, 270)
"""Two beside each other fill half a desk screen."""
_copying = threading.Lock()


def attachment(name: str) -> dict[str, str]:
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}


@router.get("/desk/cases/{case_id}/files/{name}")
def original(
    request: Request, site: SiteDep, officer: ReviewerDep, case_id: str, name: str, download: str = ""
) -> Response:
    """A file of the case's packet, byte for byte, hashed before it is sent; the view is in the case's record."""
    centre = site.centre
    with centre.db.read() as session:
        row = queries.file_of(session, case_id, name)
    if row is None:
        raise WebError("no_file", 404, where=name[:64])
    shown = row.media_type in _SHOWN and not download
    headers = _KEPT | ({"Content-Disposition": "inline"} if shown else attachment(f"{case_id[:8]}-{row.name}"))
    media_type = row.media_type if row.media_type in _SHOWN else "application/octet-stream"
    answer = verified_response(centre.store, row.sha256, asked=request.headers, media_type=media_type, headers=headers)
    record_file_view(
        centre.db, case_id, officer.username, name=row.name, sha256=row.sha256,
        how="shown" if shown else "download", now=centre.clock(),
    )  # fmt: skip
    return answer


@router.get("/desk/cases/{case_id}/thumb.jpg")
def thumb(site: SiteDep, officer: ReviewerDep, case_id: str) -> Response:
    """A small picture of the vehicle at the line, for the queue."""
    with site.centre.db.read() as session:
        manifest, files = queries.packet_of(session, case_id)
    views = still_views(manifest, None)
    chosen = next((v for v in views if v.moment == "on"), views[0] if views else None)
    if chosen is None:
        raise WebError("no_file", 404)
    try:
        picture = thumbnail(site.centre.store.read(files[chosen.file]), chosen.box)
    except PictureError as error:
        raise WebError("no_file", 404) from error
    return Response(picture, media_type="image/jpeg", headers=_KEPT)


@router.get("/desk/cases/{case_id}/vehicle.jpg")
def vehicle(site: SiteDep, officer: ReviewerDep, case_id: str) -> Response:
    """The vehicle at the act, cut from the still that shows it there, for comparing it with another case's.

    The view is in the record of the case whose picture it is.
    """
    centre = site.centre
    with centre.db.read() as session:
        manifest, files = queries.packet_of(session, case_id)
    views = still_views(manifest, None)
    chosen = next((v for v in views if v.moment == "on"), views[0] if views else None)
    if chosen is None:
        raise WebError("no_file", 404)
    try:
        picture = thumbnail(
            centre.store.read(files[chosen.file]), chosen.box, width=VEHICLE_PX[0], height=VEHICLE_PX[1]
        )
    except PictureError as error:
        raise WebError("no_file", 404) from error
    record_file_view(
        centre.db, case_id, officer.username, name=chosen.file, sha256=files[chosen.file], how="copy",
        now=centre.clock(),
    )  # fmt: skip
    return Response(picture, media_type="image/jpeg", headers=_KEPT)


@router.get("/desk/cases/{case_id}/clip-copy.webm")
def clip_copy(request: Request, site: SiteDep, officer: ReviewerDep, case_id: str) -> Response:
    """A copy for looking at, made on first use, when browsers cannot play the original."""
    with site.centre.db.read() as session:
        manifest, files = queries.packet_of(session, case_id)
    entry = manifest.file("clip")
    if entry is None:
        raise WebError("no_file", 404)
    centre = site.centre
    # the original is read, and so verified, each time: a copy must not outlive the soundness of what it shows
    clip = centre.store.read(files[entry.name])
    with _copying:
        copy = site.copies.find(entry.sha256)
        if copy is None:
            try:
                copy = site.copies.keep(entry.sha256, playable_copy(clip))
            except (av.FFmpegError, OSError) as error:
                raise HTTPException(404) from error
    record_file_view(
        centre.db, case_id, officer.username, name=entry.name, sha256=entry.sha256, how="copy", now=centre.clock()
    )
    return ranged_response(copy, asked=request.headers, media_type="video/webm", headers=_KEPT)


@router.post("/desk/cases/{case_id}/case-file", dependencies=FORM)
def case_file(site: SiteDep, officer: ReviewerDep, case_id: str) -> Response:
    """The case as one file for a court, made and checked for this answer; that it was handed out is in the record."""
    made = hand_out(site.centre, case_id, officer)
    log.info("case file handed out case=%d name=%s sha256=%s", made.number, officer.username, made.sha256)
    return handed_out(made.file, made.size, media_type="application/zip", headers=attachment(made.name))
