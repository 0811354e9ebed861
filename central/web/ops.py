"""For those who watch: /healthz and /metrics for machines, the acknowledgement of alarms for people."""

from __future__ import annotations

import ipaddress
import logging
import time
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Counter, Histogram, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from central.cases.lifecycle import Officer
from central.desk.unit import ALARMS_READ, alarm_of
from central.desk.worklist import status_counts
from central.store.alarms import acknowledge
from central.units.tree import EVERYWHERE
from central.web.access import FORM, HeadDep, SiteDep
from central.web.faults import WebError
from central.web.site import Site

router = APIRouter()
log = logging.getLogger(__name__)

REQUESTS = Counter("giaolo_web_requests_total", "Answers of the web by route and status", ["route", "status"])
SECONDS = Histogram("giaolo_web_request_seconds", "Time to answer", ["route"], buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10))


# RFC 1918, RFC 4193, loopback, link-local. Python's `is_private` has more: all that is not routed in the world.
_OURS = [
    ipaddress.ip_network(text)
    for text in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "::1/128",
                 "fc00::/7", "fe80::/10")
]  # fmt: skip
# Whoever comes with one of these came through a proxy, and the proxy's address says nothing about him.
_PROXY_HEADERS = {
    "forwarded", "via", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "x-original-forwarded-for", "true-client-ip",
    "cf-connecting-ip", "fastly-client-ip",
}  # fmt: skip


class Metrics:
    """Counts answers by route pattern, so that no plate or case becomes a label."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = time.perf_counter()
        status = 500

        async def counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, counted)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            REQUESTS.labels(route, str(status)).inc()
            SECONDS.labels(route).observe(time.perf_counter() - start)


@router.post("/desk/alarms/{alarm_id}/seen", dependencies=FORM)
def alarm_seen(site: SiteDep, officer: HeadDep, alarm_id: int) -> Response:
    """Whoever sees the page of the unit says that an alarm was looked at; who and when is kept with it."""
    return _seen(site, officer, [alarm_id])


@router.post("/desk/alarms/seen", dependencies=FORM)
def alarms_seen(
    site: SiteDep, officer: HeadDep, alarm: Annotated[list[int], Form(min_length=1, max_length=ALARMS_READ)]
) -> Response:
    """The same of several that say the same: all that were on the page, and none that came since."""
    return _seen(site, officer, alarm)


def _seen(site: Site, officer: Officer, alarm_ids: Sequence[int]) -> Response:
    now = site.centre.clock()
    with site.centre.db.write() as session:
        if not all(alarm_of(session, each, officer.scope, now) for each in alarm_ids):
            raise WebError("not_found", 404)
        for each in alarm_ids:
            acknowledge(session, each, by=officer.username, now=now)
    log.info("alarms seen ids=%s name=%s", ",".join(map(str, alarm_ids)), officer.username)
    return RedirectResponse("/desk/unit?done=seen#alarms", 303)


@router.get("/healthz")
def healthz(site: SiteDep) -> Response:
    """200 while the database answers; says so where papers of devices are not required."""
    try:
        with site.centre.db.read() as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return JSONResponse({"status": "database does not answer"}, 503)
    if not site.centre.config.devices.required:
        return JSONResponse({"status": "ok", "warning": "notices are issued without the papers of their devices"})
    return JSONResponse({"status": "ok"})


@router.get("/metrics")
def metrics(request: Request, site: SiteDep) -> Response:
    """Prometheus text: counts only, no plates, no names. Not for the public: only direct callers of our network."""
    passed_on = any(name in _PROXY_HEADERS or name.startswith("x-forwarded-") for name in request.headers)
    if passed_on or not _near(request.client.host if request.client else ""):
        raise WebError("not_found", 404)
    with site.centre.db.read() as session:
        counts = status_counts(session, scope=EVERYWHERE)
    lines = ["# HELP giaolo_cases Cases by status", "# TYPE giaolo_cases gauge"]
    lines += [f'giaolo_cases{{status="{status.value}"}} {n}' for status, n in counts.items()]
    return Response(generate_latest(REGISTRY) + ("\n".join(lines) + "\n").encode(), media_type=CONTENT_TYPE_LATEST)


def _near(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return any(address in network for network in _OURS if network.version == address.version)
