"""The page's server: what it answers, to whom, and that it costs the box next to nothing.

On this machine anybody may look, as with the metrics; beyond it a token is asked for. A page of another site that is
open in the same browser gets nothing: it cannot send the header that every call needs, nor pretend to be our host.
"""

from __future__ import annotations

import base64
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import cv2
from fastapi import Depends, FastAPI, Header, HTTPException, Request
from fastapi.responses import FileResponse, JSONResponse, Response

from common.patient_http import Gate, Patience, PatientServer
from countries.here import HERE
from edge.config import PageConfig
from edge.explain.why_not import WhyNot
from edge.explain.words import LANGUAGES, act, sentence, title, words
from edge.health import NodeState
from edge.page import plain
from edge.page.live import ActTold, LiveView
from edge.page.recording import Recorder, Recording, RecordingError
from edge.page.shapes import shapes
from edge.types import Frame
from edge.video.ring import PacketRing
from evidence.errors import GiaoLoError
from zones.advice import LEAST_PLATE_PX
from zones.schema import Scene

log = logging.getLogger(__name__)
STATIC = Path(__file__).with_name("static")
_PAGES = {"": "page.html"} | {file.name: file.name for file in STATIC.iterdir() if file.suffix in {".js", ".css"}}
_MOST_CLIENTS, _MOST_EACH = 32, 16
_LISTED = 60
_NEXT_PICTURE_S = 2.0
_PATIENCE = Patience(headers_s=5.0, body_s=5.0, unread_s=15.0)
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class PageError(GiaoLoError):
    """The page cannot be served."""


@dataclass(frozen=True)
class CameraOnPage:
    """One camera as the page sees it; `why_not` and `ring` are None before it was opened."""

    id: str
    place: str
    scene: Scene
    live: LiveView
    why_not: WhyNot | None
    ring: PacketRing | None


@dataclass(frozen=True)
class Box:
    """What the page shows. Both are asked anew with each call: cameras come and go."""

    node: str
    state: Callable[[], NodeState]
    cameras: Callable[[], Mapping[str, CameraOnPage]]
    recorder: Recorder


def create_app(box: Box, *, token: str = "", hosts: frozenset[str] | None = None) -> FastAPI:
    """`token`: asked for with each call; "": none. `hosts`: names under which a browser may ask for us; None: any."""
    app = FastAPI(title="Giao Lộ", docs_url=None, redoc_url=None, openapi_url=None)

    @app.middleware("http")
    async def guarded(request: Request, call: Callable[[Request], Awaitable[Response]]) -> Response:
        if hosts is not None and request.url.hostname not in hosts:
            answer: Response = JSONResponse({"what": "unknown host"}, status_code=421)
        else:
            answer = await call(request)
        answer.headers.update(_HEADERS)
        return answer

    def keyed(x_giaolo: Annotated[str | None, Header()] = None) -> None:
        if x_giaolo is None or (token and not secrets.compare_digest(x_giaolo.encode(), token.encode())):
            raise HTTPException(403, "open the page with #TOKEN at the end of its address" if token else "no header")

    def camera(name: str) -> CameraOnPage:
        found = box.cameras().get(name)
        if found is None:
            raise HTTPException(404, "no such camera")
        return found

    guard = [Depends(keyed)]

    @app.exception_handler(RecordingError)
    async def told(_: Request, error: RecordingError) -> JSONResponse:
        return JSONResponse({"what": error.what, "remedy": error.remedy, "why": plain.why_no_film(error.kind)}, 409)

    @app.get("/", include_in_schema=False)
    def index() -> Response:
        return static("")

    @app.get("/{page}", include_in_schema=False)
    def static(page: str) -> Response:
        if page not in _PAGES:
            raise HTTPException(404)
        return FileResponse(STATIC / _PAGES[page])

    @app.get("/api/state", dependencies=guard)
    def state() -> dict[str, Any]:
        now, shown = box.state(), box.cameras()
        health = {camera.id: camera for camera in now.cameras}
        return {
            "node": box.node,
            "box": [line.as_dict() for line in plain.of_box(now)],
            "details": plain.details(now),
            "recording": _told(box.recorder.now),
            "cameras": [
                {
                    "id": each.id,
                    "place": each.place,
                    "lines": [line.as_dict() for line in plain.of_camera(health[each.id])],
                    "acts": [_act(told) for told in each.live.acts],
                }
                for each in shown.values()
                if each.id in health
            ],
        }

    @app.get("/api/scene/{name}", dependencies=guard)
    def scene(name: str) -> dict[str, Any]:
        shown = camera(name)
        picture = shown.scene.picture
        return {
            "width": picture.width,
            "height": picture.height,
            "least_plate_px": LEAST_PLATE_PX,
            "shapes": shapes(shown.scene),
            "classes": words()["classes"],
            "lamps": words()["lamps"],
        }

    @app.get("/api/live/{name}", dependencies=guard)
    def live(name: str) -> dict[str, Any]:
        shown = camera(name)
        picture = shown.live.picture()
        if picture is None:
            return {"frame": None}
        seen = picture.seen
        return {
            "frame": seen.frame,
            "at": _clock(picture.frame.wall_at),
            "image": base64.b64encode(picture.jpeg).decode(),
            "vehicles": [
                {"track": v.track, "cls": v.cls.value, "box": v.box, "way": v.way, "plate_px": v.plate_px}
                for v in seen.vehicles
            ],
            "lamps": {head: state.value for head, state in seen.lamps.items()},
        }

    @app.get("/api/why/{name}", dependencies=guard)
    def why(name: str) -> dict[str, Any]:
        shown = camera(name)
        found = shown.why_not
        listed = found.listed[-_LISTED:] if found is not None else ()
        now = shown.live.full()

        def time_of(t_s: float) -> str:
            return _clock(now.wall_at - timedelta(seconds=now.t_s - t_s)) if now is not None else ""

        return {
            "total": found.total if found is not None else 0,
            "vehicles": [
                {language: sentence(one, language, time_of(one.t_s)) for language in LANGUAGES}
                | {"group": {language: title(one, language) for language in LANGUAGES}}
                for one in reversed(listed)
            ],
        }

    @app.get("/api/snapshot/{name}", dependencies=guard)
    def snapshot(name: str) -> Response:
        shown = camera(name)
        frame = _awaited(shown.live.full)
        if frame is None:
            raise HTTPException(503, "no picture yet: ask again in a second")
        data = cv2.imencode(".png", frame.image)[1].tobytes()
        file = f"{shown.id}-{HERE.local(frame.wall_at):%Y%m%d-%H%M%S}.png"
        return Response(data, media_type="image/png", headers=_as_file(file))

    @app.post("/api/record/{name}", dependencies=guard)
    def record(name: str) -> dict[str, Any]:
        shown = camera(name)
        if shown.ring is None:
            raise RecordingError("not_opened", "the camera was not opened yet", remedy="see its state")
        return _told(box.recorder.start(shown.id, shown.ring))

    @app.get("/api/recording/{file}", dependencies=guard)
    def recording(file: str) -> Response:
        path = box.recorder.path(file)
        if path is None:
            raise HTTPException(404)
        return FileResponse(path, media_type="video/mp4", headers=_as_file(file))

    return app


def _clock(at: datetime) -> str:
    return HERE.local(at).strftime("%H:%M:%S")


def _told(now: Recording) -> dict[str, Any]:
    return vars(now) | {"why": plain.why_no_film(*now.faults)}


def _awaited(ask: Callable[[], Frame | None]) -> Frame | None:
    """The camera leaves a picture behind only from the first question on: the next is a moment away."""
    deadline_s = time.monotonic() + _NEXT_PICTURE_S
    while (frame := ask()) is None and time.monotonic() < deadline_s:
        time.sleep(0.05)
    return frame


def _act(told: ActTold) -> dict[str, Any]:
    return {
        "at": _clock(told.at),
        "cls": told.cls.value,
        "plate_read": told.plate_read,
        "flags": len(told.flags),
        **{language: act(told.act, language) for language in LANGUAGES},
    }


def _as_file(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


class PageServer:
    """Serves the page from a thread of its own. `start` raises `PageError`; `close` may be called at any time."""

    def __init__(self, settings: PageConfig, box: Box, *, patience: Patience = _PATIENCE) -> None:
        self._settings, self._box, self._patience = settings, box, patience
        self._server: PatientServer | None = None

    def start(self) -> None:
        settings = self._settings
        hosts = frozenset({"127.0.0.1", "localhost", "::1"}) if settings.this_machine_only else None
        app = create_app(self._box, token=settings.token(), hosts=hosts)
        server = PatientServer(app, "page", Gate(_MOST_CLIENTS, _MOST_EACH), self._patience)
        try:
            server.start(settings.host, settings.port)
        except OSError as error:
            where = f"{settings.host}:{settings.port}"
            raise PageError(
                f"cannot listen: {error.strerror}", where=where, remedy="choose another page.port"
            ) from error
        self._server = server

    def close(self) -> None:
        self._box.recorder.close()
        if self._server is not None:
            self._server.close()
            self._server = None
