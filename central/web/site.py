"""What every page needs: the centre, the browser's session, the words, the form token, how a page is rendered."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import anyio
from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from central.centre import Centre
from central.pictures.copies import Copies
from central.pictures.for_owners import CopyCache
from central.users import SignedIn, current_session, note_activity
from central.web.faults import WebError
from central.web.menu import tabs_of
from central.web.ratelimit import TokenBuckets, client_address, client_key
from central.web.templating import environment
from central.words import texts as i18n

SESSION_COOKIE = "giaolo_session"
FORM_COOKIE = "giaolo_form"
LANG_COOKIE = "giaolo_lang"
PASS_COOKIE = "giaolo_pass"
PASS_SECONDS = 3600
YEAR_S = 365 * 86400


@dataclass(frozen=True)
class Site:
    """State of the web beside the centre: rate limits and the key of form tokens and evidence passes."""

    centre: Centre
    form_key: bytes
    lookups: TokenBuckets
    codes: TokenBuckets
    sign_ins: TokenBuckets
    copies: Copies
    hashing: anyio.CapacityLimiter
    """argon2 takes 64 MiB and four threads a password: two at a time leave the machine to the others."""
    pages: CopyCache
    """Pages of notices as pictures, in memory: the same few are opened again and again before they are issued."""

    @classmethod
    def of(cls, centre: Centre) -> Site:
        per_minute = centre.config.web.lookups_per_minute
        secret = centre.key.private.private_bytes_raw()
        return cls(
            centre=centre,
            # all web processes of one centre share its key file, so they accept each other's forms
            form_key=hmac.digest(secret, b"giaolo web forms", "sha256"),
            lookups=TokenBuckets(per_minute / 60, per_minute),
            codes=TokenBuckets(per_minute / 60, per_minute),
            sign_ins=TokenBuckets(0.5, 20),
            copies=Copies(centre.config.copies_dir, hmac.digest(secret, b"giaolo web copies", "sha256")),
            hashing=anyio.CapacityLimiter(2),
            pages=CopyCache(),
        )

    @property
    def session_cookie(self) -> str:
        return self.cookie_name(SESSION_COOKIE)

    def cookie_name(self, name: str) -> str:
        """Behind HTTPS the name itself forbids a cookie from a sister host, and one for a part of the site."""
        return f"__Host-{name}" if self.centre.config.web.secure_cookies else name

    def cookie(self, request: Request, name: str) -> str | None:
        return request.cookies.get(self.cookie_name(name))

    def set_cookie(self, response: Response, name: str, value: str, *, max_age_s: int | None) -> None:
        response.set_cookie(
            self.cookie_name(name),
            value,
            max_age=max_age_s,
            httponly=True,
            samesite="strict",
            secure=self.centre.config.web.secure_cookies,
        )

    def drop_cookie(self, response: Response, name: str) -> None:
        secure = self.centre.config.web.secure_cookies
        response.delete_cookie(self.cookie_name(name), httponly=True, samesite="strict", secure=secure)

    def address(self, request: Request) -> str:
        peer = request.client.host if request.client else None
        proxies = self.centre.config.web.trusted_proxies
        return client_key(client_address(peer, ",".join(request.headers.getlist("x-forwarded-for")), proxies))

    def limit(self, buckets: TokenBuckets, request: Request) -> None:
        """Raises `WebError` 429 with the seconds to wait."""
        if wait_s := self.wait_s(buckets, request):
            raise WebError("too_many", 429, values={"seconds": wait_s}, retry_after_s=wait_s)

    def wait_s(self, buckets: TokenBuckets, request: Request) -> int:
        """Whole seconds to wait, 0 when the request may go on: for pages that keep what was typed."""
        wait_s = buckets.take(self.address(request), time.monotonic())
        if not wait_s:
            return 0
        request.state.refused = "too_many"  # for the line in the log
        return int(wait_s) + 1

    def form_token(self, cookie: str) -> str:
        return hmac.new(self.form_key, b"form:" + cookie.encode(), hashlib.sha256).hexdigest()

    def evidence_pass(self, case_id: str, now: datetime) -> str:
        """Lets one browser see one case's evidence for an hour after the notice's code was given."""
        body = f"{case_id}|{int(now.timestamp()) + PASS_SECONDS}".encode()
        return urlsafe_b64encode(body + b"|" + self._pass_mac(body)).decode()

    def read_pass(self, value: str | None, now: datetime) -> str | None:
        """The case that a pass opens; None when it is forged, cut or over."""
        try:
            case_id, until, mac = urlsafe_b64decode((value or "").encode()).split(b"|", 2)
            if not hmac.compare_digest(mac, self._pass_mac(case_id + b"|" + until)) or int(until) <= now.timestamp():
                return None
            return case_id.decode()
        except (ValueError, UnicodeError):
            return None

    def _pass_mac(self, body: bytes) -> bytes:
        return hmac.new(self.form_key, b"pass:" + body, hashlib.sha256).hexdigest().encode()


def site_of(request: Request) -> Site:
    site: Site = request.app.state.site
    return site


def texts_of(request: Request) -> i18n.Texts:
    return i18n.texts(i18n.choose(site_of(request).cookie(request, LANG_COOKIE)))


def session_of(request: Request) -> SignedIn | None:
    """Who is signed in, looked up once a request."""
    if not hasattr(request.state, "signed_in"):
        site = site_of(request)
        token = request.cookies.get(site.session_cookie)
        request.state.signed_in = None
        if token:
            now, idle = site.centre.clock(), site.centre.session_idle
            with site.centre.db.read() as session:
                found = request.state.signed_in = current_session(session, token, now=now, idle=idle)
            if found is not None and _by_a_person(request):
                note_activity(site.centre.db, token, found, now=now)
    signed: SignedIn | None = request.state.signed_in
    return signed


def session_ended(request: Request, key: str = "signin.expired") -> str:
    """In words: that a session ended, and after how long sessions do."""
    web = site_of(request).centre.config.web
    return texts_of(request)(key, idle=f"{web.idle_minutes:g}", hours=f"{web.session_hours:g}")


def _by_a_person(request: Request) -> bool:
    """Not what a page asks by itself while nobody touches it: that must not keep a session alive.

    A page that asks says so, and whether keys or pointer were used since it last asked (`desk.js`).
    """
    return "x-requested-with" not in request.headers or "x-in-use" in request.headers


def require_form_token(request: Request, given: str) -> None:
    """Raises `WebError` 403 unless the form came from a page we gave to this browser."""
    signed = session_of(request)
    cookie = site_of(request).cookie(request, FORM_COOKIE) or ""
    expected = signed.csrf if signed else site_of(request).form_token(cookie) if cookie else ""
    if not expected or not hmac.compare_digest(expected.encode(), given.encode()):
        raise WebError("csrf", 403)
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise WebError("csrf", 403)


def safe_back(target: str, fallback: str) -> str:
    """A place on this site to return to; anything else becomes `fallback`."""
    plain = target.isprintable() and target.startswith("/") and not target.startswith("//") and "\\" not in target
    return quote(target, safe="/?=&%-._~") if plain else fallback


def page(request: Request, template: str, /, *, status: int = 200, public: bool = False, **values: Any) -> HTMLResponse:
    """Render a template in the browser's language, with a form token that fits its session."""
    site, texts = site_of(request), texts_of(request)
    signed = None if public else session_of(request)
    given = site.cookie(request, FORM_COOKIE)
    cookie = given or secrets.token_urlsafe(24)
    # a signed-in browser's forms carry the session's token on every page, the public ones too
    on_any = session_of(request)
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "") if request.method == "GET" else "/"
    office = site.centre.config.office
    context: dict[str, Any] = {
        "t": texts,
        "public": public,
        "lang": texts.language,
        "me": signed.officer if signed else None,
        "csrf": on_any.csrf if on_any else site.form_token(cookie),
        "here": values.pop("here", here),
        "unit": office.resolving_units()[0],
        "now": site.centre.clock(),
        "done": None,
        "problem": None,
        "kept": "",
        "tab": "",
        # the menu stands on every page of the desk, an error's too; counts only where they were asked for
        "tabs": tabs_of(signed.officer) if signed else (),
        "counts": {},
        "help_keys": (),
    }
    body = environment(texts.language).get_template(template).render(**(context | values))
    response = HTMLResponse(body, status)
    if not given:
        site.set_cookie(response, FORM_COOKIE, cookie, max_age_s=None)
    return response


def utc_timestamp(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
