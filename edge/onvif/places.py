"""Where a camera is reached, and what is made of the addresses that it tells."""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

DEVICE_PATH = "/onvif/device_service"
"""Where every ONVIF device has its entry (ONVIF Core Specification, "Device management")."""
_PORTS = {"http": 80, "https": 443, "rtsp": 554, "rtsps": 322}
_SECRET_KEY = re.compile(r"user|usr|login|account|pass|pwd|psw|pw|auth|token|secret|sign|credential|cookie", re.I)
_NAMED = re.compile(r"([A-Za-z][A-Za-z0-9_.-]*)=([^&;/?#]*)")
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+(%[A-Za-z0-9._-]+)?")
_MOST_ADDRESS = 1000
_SHORT = 4
"""Characters: so short a password is looked for as a whole word; a shorter one is anybody's channel number, and only
the names in an address tell of it."""


@dataclass(frozen=True)
class Place:
    """An entry that is reached: `scheme` http or https; `host` without brackets."""

    host: str
    port: int
    scheme: str = "http"
    path: str = DEVICE_PATH

    @property
    def shown(self) -> str:
        return f"{bracketed(self.host)}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.shown}{self.path}"


def bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def split_address(text: str) -> SplitResult | None:
    """An address of http, https, rtsp or rtsps that names a host; None where it is none."""
    if len(text) > _MOST_ADDRESS or not text.isprintable():
        return None
    try:
        parts = urlsplit(text.strip())
        named = parts.scheme in _PORTS and _HOST.fullmatch(parts.hostname or "") and parts.port != 0
    except ValueError:
        return None
    return parts if named else None


def place_of(text: str) -> tuple[Place, bool] | None:
    """What a person names: HOST, HOST:PORT, [IPV6]:PORT or an address of http or https. Whether the port was named.

    None where it is none of them, or holds a user.
    """
    text = text.strip()
    if "://" not in text:
        with contextlib.suppress(ValueError):
            text = f"[{ipaddress.IPv6Address(text)}]"
        text = f"http://{text}"
    parts = split_address(text)
    if parts is None or parts.hostname is None or "@" in parts.netloc or parts.scheme not in ("http", "https"):
        return None
    path = parts.path if parts.path not in ("", "/") else DEVICE_PATH
    port = parts.port or _PORTS[parts.scheme]
    return Place(parts.hostname, port, parts.scheme, path), parts.port is not None


def entry_of(told: tuple[str, ...], sender: str) -> tuple[Place, str]:
    """Where whoever answered a probe is asked: the host is the one that answered, whatever it told.

    Also the host that it told where that is another one, "" else: a camera behind an address translation tells its
    inner address, and one that tells a stranger's would have us ask there.
    """
    known = [parts for each in told if (parts := split_address(each)) is not None and parts.scheme in ("http", "https")]
    known.sort(key=lambda parts: (not same_host(parts.hostname, sender), parts.scheme != "http"))
    if not known:
        return Place(sender, 80), ""
    best = known[0]
    place = Place(sender, best.port or _PORTS[best.scheme], best.scheme, _path(best) or DEVICE_PATH)
    return place, "" if same_host(best.hostname, sender) else str(best.hostname)


def service_of(told: str, place: Place) -> tuple[Place, str] | None:
    """Where a service is asked that a camera told of: its path, on the host that was reached. None: no address.

    As `entry_of`. Of another host the port tells nothing either: it is that of the other side of the translation.
    """
    parts = split_address(told)
    if parts is None or parts.scheme not in ("http", "https"):
        return None
    path = _path(parts) or "/"
    if same_host(parts.hostname, place.host):
        return Place(place.host, parts.port or _PORTS[parts.scheme], parts.scheme, path), ""
    return Place(place.host, place.port, place.scheme, path), str(parts.hostname)


def stream_of(told: str, place: Place) -> tuple[str, str]:
    """A stream's address on the host that was reached, with neither user nor password before it; and the host that was
    told where it is another one. ("", "") where it is no address of RTSP."""
    parts = split_address(told)
    if parts is None or parts.scheme not in ("rtsp", "rtsps"):
        return "", ""
    port = "" if parts.port is None else f":{parts.port}"
    other = "" if same_host(parts.hostname, place.host) else str(parts.hostname)
    host = bracketed(place.host)
    return urlunsplit((parts.scheme, host + port, parts.path, parts.query, "")), other


def holds_secret(address: str, password: str) -> bool:
    """Whether an address may hold user or password: by the names in it, or as the password itself in some form."""
    told = address.partition("://")[2].partition("/")[2]
    pieces = re.split(r"[/?&;=#]", told)
    for decoded in (lambda text: text, unquote, lambda text: unquote(unquote(text))):
        behind = decoded(told)
        words = {decoded(piece) for piece in pieces} | set(re.split(r"[/?&;=#]", behind))
        if any(_SECRET_KEY.search(key) and value for key, value in _NAMED.findall(behind)):
            return True
        if any(_is_login(word) for word in words):
            return True
        if len(password) < _SHORT:
            continue
        if any(form in words or (len(form) > _SHORT and form in behind) for form in _forms(password)):
            return True
    return False


def _forms(password: str) -> tuple[str, ...]:
    md5 = hashlib.md5(password.encode()).hexdigest()
    return password, b64encode(password.encode()).decode().rstrip("="), md5, md5.upper()


def _is_login(word: str) -> bool:
    """`user:password`, as it is or in base64."""
    if re.fullmatch(r"[^:\s]+:[^:\s]+", word):
        return True
    if not re.fullmatch(r"[A-Za-z0-9+_-]{8,}={0,2}", word):
        return False
    try:
        plain = b64decode(word + "=" * (-len(word) % 4), altchars=b"-_" if "-" in word or "_" in word else None)
        return re.fullmatch(r"[ -~]+:[ -~]+", plain.decode("ascii")) is not None
    except ValueError:
        return False


def same_host(one: str | None, other: str) -> bool:
    """By address where both are, else by name."""
    if one is None:
        return False
    try:
        return ipaddress.ip_address(one.partition("%")[0]) == ipaddress.ip_address(other.partition("%")[0])
    except ValueError:
        return one.lower().rstrip(".") == other.lower().rstrip(".")


def _path(parts: SplitResult) -> str:
    return parts.path + (f"?{parts.query}" if parts.query else "")
