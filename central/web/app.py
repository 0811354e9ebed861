"""The web application: officer desk under /desk, owner portal at /, /healthz and /metrics."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from central.centre import Centre
from central.web import (
    approve,
    auth,
    book,
    case_actions,
    desk,
    devices,
    due,
    errors,
    media,
    notice_files,
    ops,
    owner,
    proceedings,
    queue,
    switches,
    units,
)
from central.web.headers import BodyLimit, HeadIsGet, SecurityHeaders
from central.web.refusals import LogRefusals
from central.web.site import Site

STATIC = Path(__file__).parent / "static"
MAX_BODY_BYTES = 64 * 1024


def create_app(centre: Centre) -> FastAPI:
    """All routes over one centre. Its documentation pages are off: they load scripts from elsewhere."""
    app = FastAPI(title="Giao Lộ", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.site = Site.of(centre)
    for part in (
        auth,
        queue,
        desk,
        devices,
        case_actions,
        approve,
        notice_files,
        proceedings,
        due,
        units,
        switches,
        book,
        media,
        owner,
        ops,
    ):
        app.include_router(part.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    errors.install(app)
    app.add_middleware(BodyLimit, limit_bytes=MAX_BODY_BYTES)
    app.add_middleware(LogRefusals)
    app.add_middleware(HeadIsGet)
    app.add_middleware(ops.Metrics)
    app.add_middleware(SecurityHeaders, https=centre.config.web.secure_cookies)
    return app
