"""Evidence files for the desk: originals as sealed, with ranges for video; thumbnails and looking copies."""

from __future__ import annotations

import threading
from urllib.parse import quote

import av
from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response
from starlette.exceptions import HTTPException

from central.store import FileStore
from central.web import queries
from central.web.access import ReviewerDep, SiteDep
from central.web.clip import playable_copy
from central.web.errors import WebError
from central.web.privacy import PictureError, thumbnail
from central.web.stills import still_views

router = APIRouter()

# Types that a browser shows; anything else of a packet is only ever downloaded.
_SHOWN = {"image/jpeg", "image/png", "video/mp4", "video/webm"}
_KEPT = {"Cache-Control": "private, max-age=900"}
_copying = threading.Lock()


def attachment(name: str) -> dict[str, str]:
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}


@router.get("/desk/cases/{case_id}/files/{name}")
def original(
    request: Request, site: SiteDep, officer: ReviewerDep, case_id: str, name: str, download: str = ""
) -> Response:
    """A file of the case's packet, byte for byte."""
    with site.centre.db.read() as session:
        row = queries.file_of(session, case_id, name)
    if row is None or not site.centre.store.exists(row.sha256):
        raise WebError("no_file", 404, where=name[:64])
    shown = row.media_type in _SHOWN and not download
    headers = _KEPT | {"ETag": f'"{row.sha256}"'}
    headers |= {"Content-Disposition": "inline"} if shown else attachment(f"{case_id[:8]}-{row.name}")
    media_type = row.media_type if row.media_type in _SHOWN else "application/octet-stream"
    if isinstance(site.centre.store, FileStore):
        return FileResponse(site.centre.store.path(row.sha256), media_type=media_type, headers=headers)
    return Response(site.centre.store.read(row.sha256), media_type=media_type, headers=headers)


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


@router.get("/desk/cases/{case_id}/clip-copy.webm")
def clip_copy(site: SiteDep, officer: ReviewerDep, case_id: str) -> Response:
    """A copy for looking at, made on first use, when browsers cannot play the original."""
    with site.centre.db.read() as session:
        manifest, files = queries.packet_of(session, case_id)
    entry = manifest.file("clip")
    if entry is None:
        raise WebError("no_file", 404)
    target = site.clips / f"{entry.sha256}.webm"
    with _copying:
        if not target.exists():
            try:
                playable_copy(site.centre.store.read(files[entry.name]), target)
            except (av.FFmpegError, OSError) as error:
                raise HTTPException(404) from error
    return FileResponse(target, media_type="video/webm", headers=_KEPT)
