"""Addresses of cameras, brokers and databases, as they may be shown: secrets never leave the process.

A password stands in an address in more ways than the standard's one: `user=..&password=..` in path or query, an
unencoded `/` or `@` in it, percent-encoding, twice even. So nothing is searched for and cut out; only what is known to
be no secret is kept: scheme, host, port, and the words of the path that are no values. What can be read in two ways is
not shown at all.
"""

from __future__ import annotations

import ipaddress
import re
import threading
from urllib.parse import quote, unquote

HIDDEN = "***"
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/+[^\s\"'<>|]+")
_PARTS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):/+(?P<rest>.*)", re.DOTALL)
_HOST = re.compile(r"(\[[0-9A-Fa-f:.%]+\]|[A-Za-z0-9._-]+)?(:\d{1,5})?\Z")
_WORD = re.compile(r"[A-Za-z0-9._~-]+\Z")
_SECRET_KEYS = re.compile(
    r"user|usr|login|account|pass|pwd|psw|pw|auth|token|key|secret|sign|credential|cookie|sid", re.I
)
_KEYS = re.compile(
    r"user(name)?|usr(name)?|login(use|pas)?|account|pass(wd|word)?|pwd|psw|pw|auth|token|key|secret|channel|stream|"
    r"subtype|profile|resolution|unicast|multicast|proto|transport|transportmode|cam(era)?|id|action|codec|fps|sslmode",
    re.I,
)
"""Names that cameras and databases use. Any other may be the secret itself (`?dXNlcjpwYXNz=`)."""
_TRAILING = ".,;:!?)]}"
_MOST_KNOWN = 256
_lock = threading.Lock()
_known: dict[str, str] = {}


def shown_address(address: str) -> str:
    """`address` without its secrets: `rtsp://***@host:554/stream1?channel=***`."""
    parts = _PARTS.fullmatch(address)
    if parts is None:
        return _shown_name(address)
    scheme, rest = parts["scheme"], parts["rest"]
    if scheme.lower() == "file":
        return address
    cut = re.search(r"[/?#\\]", rest)
    authority, path = (rest[: cut.start()], rest[cut.start() :]) if cut else (rest, "")
    login = ""
    if "@" in _decoded(path):
        # an "@" of a password that was not encoded, or of a value: only a bare address is surely a host
        authority, path = _host_after_last_at(rest)
        login = f"{HIDDEN}@" if authority else ""
        if not authority:
            return f"{scheme}://{HIDDEN}"
    elif "@" in authority:
        authority, login = authority.rpartition("@")[2], f"{HIDDEN}@"
    if not _HOST.match(authority):
        return f"{scheme}://{HIDDEN}"
    return f"{scheme}://{login}{authority}{_shown_path(path)}"


def hide(text: str) -> str:
    """`text` with every address in it as `shown_address` has it, and every address remembered."""
    with _lock:
        known = sorted(_known.items(), key=lambda item: -len(item[0]))
    for secret, shown in known:
        if secret in text:
            text = text.replace(secret, shown)
    if ":/" not in text:
        return text
    return _ADDRESS.sub(_shown_match, text)


def remember(address: str) -> None:
    """From now on `hide` knows this address, whatever characters its password has (blanks, quotes)."""
    parts = _PARTS.fullmatch(address)
    if parts is None or parts["scheme"].lower() == "file":
        return
    shown = shown_address(address)
    forms = {address: shown, unquote(address): shown, repr(address)[1:-1]: shown}
    login, at, _ = parts["rest"].rpartition("@")
    if at:
        forms |= {login: HIDDEN, unquote(login): HIDDEN}
        for secret in (login.partition(":")[2], unquote(login.partition(":")[2])):
            if len(secret) > 4:  # shorter ones stand in too many words
                forms[secret] = HIDDEN
    with _lock:
        for secret, text in forms.items():
            if secret and secret != text:
                _known.pop(secret, None)
                _known[secret] = text
        while len(_known) > _MOST_KNOWN:
            del _known[next(iter(_known))]


def with_login(address: str, username: str, password: str) -> str:
    """`address` with user and password put in, percent-encoded. It must have none of its own."""
    parts = _PARTS.fullmatch(address)
    if parts is None:
        return address
    login = quote(username, safe="") + (f":{quote(password, safe='')}" if password else "")
    return f"{parts['scheme']}://{login}@{parts['rest']}"


def _shown_match(found: re.Match[str]) -> str:
    text = found[0]
    bare = text.rstrip(_TRAILING)
    return shown_address(bare) + text[len(bare) :]


def _decoded(text: str) -> str:
    for _ in range(4):
        plain = unquote(text)
        if plain == text:
            break
        text = plain
    return text


def _host_after_last_at(rest: str) -> tuple[str, str]:
    after = rest.rpartition("@")[2]
    cut = re.search(r"[/?#\\]", after)
    authority, path = (after[: cut.start()], after[cut.start() :]) if cut else (after, "")
    host = re.sub(r":\d{1,5}\Z", "", authority).strip("[]")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "", ""
    return authority, path


def _shown_path(path: str) -> str:
    """Words of the path as they are; values, and what follows a word that announces a secret, hidden."""
    out: list[str] = []
    hidden = query = False
    for mark, piece in re.findall(r"([/?&;#\\]*)([^/?&;#\\]*)", path):
        query = query or "?" in mark or "#" in mark or "&" in mark
        plain = _decoded(piece)
        key, equals, value = plain.partition("=")
        if not piece:
            shown = ""
        elif equals:
            shown = f"{key if _KEYS.fullmatch(key) else HIDDEN}={HIDDEN if value else ''}"
        elif hidden or query or not _WORD.match(plain):
            shown = HIDDEN
        else:
            shown = piece
        hidden = hidden or bool(piece and not equals and not query and _SECRET_KEYS.search(plain))
        out.append(mark + shown)
    return "".join(out)


def _shown_name(name: str) -> str:
    """A file's name; an address whose scheme was forgotten is one too."""
    before, at, after = name.rpartition("@")
    if at and ":" in before:
        return f"{HIDDEN}@{_shown_name(after)}"
    return re.sub(rf"((?:{_SECRET_KEYS.pattern})[A-Za-z_]*=)[^/&?;]*", rf"\1{HIDDEN}", name, flags=re.I)
