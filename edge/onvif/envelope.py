"""SOAP 1.2 as ONVIF speaks it: a question signed with WS-UsernameToken, an answer or a fault taken apart. Pure."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha1
from xml.sax.saxutils import escape

from edge.onvif.faults import Kind, OnvifError
from edge.onvif.markup import Element, read_xml

SOAP = "http://www.w3.org/2003/05/soap-envelope"
DEVICE = "http://www.onvif.org/ver10/device/wsdl"
MEDIA1 = "http://www.onvif.org/ver10/media/wsdl"
MEDIA2 = "http://www.onvif.org/ver20/media/wsdl"
SCHEMA = "http://www.onvif.org/ver10/schema"
_SECURITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_UTILITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_TOKEN = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0"
_BASE64 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
_KINDS: tuple[tuple[frozenset[str], Kind], ...] = (
    (frozenset({"MessageExpired"}), "clock"),
    (frozenset({"NotAuthorized", "FailedAuthentication", "FailedCheck", "InvalidSecurityToken", "InvalidSecurity",
                "SenderNotAuthorized", "Unauthorized"}), "login"),
    (frozenset({"ActionNotSupported", "NotSupported", "OptionalActionNotImplemented", "UnknownAction"}), "unsupported"),
)  # fmt: skip
"""Subcodes of faults: ONVIF Core Specification, "Security", and WS-Security 1.1, section 12."""


@dataclass(frozen=True)
class Login:
    """User and password of a camera. The password is in no `repr`."""

    username: str
    password: str = field(repr=False)


def digest(nonce: bytes, created: str, password: str) -> str:
    """WS-UsernameToken Profile 1.0: Base64 of SHA-1 over nonce, time and password."""
    return b64encode(sha1(nonce + created.encode() + password.encode()).digest()).decode()


def question(body: str, *, login: Login | None = None, created: datetime | None = None, nonce: bytes = b"") -> bytes:
    """An envelope around `body`; with `login` signed at the moment `created`, which is the camera's own time."""
    header = ""
    if login is not None:
        assert created is not None
        when = created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        header = (
            f'<s:Header><Security s:mustUnderstand="1" xmlns="{_SECURITY}"><UsernameToken>'
            f"<Username>{escape(login.username)}</Username>"
            f'<Password Type="{_TOKEN}#PasswordDigest">{digest(nonce, when, login.password)}</Password>'
            f'<Nonce EncodingType="{_BASE64}">{b64encode(nonce).decode()}</Nonce>'
            f'<Created xmlns="{_UTILITY}">{when}</Created>'
            "</UsernameToken></Security></s:Header>"
        )
    inside = f"{header}<s:Body>{body}</s:Body>"
    return f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{SOAP}">{inside}</s:Envelope>'.encode()


def answer(data: bytes, wanted: str) -> Element:
    """The element `wanted` of an answer. Raises `OnvifError`: the fault that it is, or "rubbish"."""
    top = read_xml(data)
    body = top.first("Body")
    if top.name != "Envelope" or body is None:
        raise OnvifError("rubbish", f"no SOAP but <{top.name}>")
    fault = body.first("Fault")
    if fault is not None:
        raise _fault(fault)
    found = body.first(wanted)
    if found is None:
        inside = body.children[0].name if body.children else "nothing"
        raise OnvifError("rubbish", f"<{inside}> where {wanted} was asked for")
    return found


def _fault(fault: Element) -> OnvifError:
    """SOAP 1.2: Code and Subcodes, Reason. Some cameras answer by SOAP 1.1: faultcode, faultstring."""
    codes = {
        each.text.rpartition(":")[2] for each in fault.within() if each.name in ("Value", "faultcode") and each.text
    }
    reason = fault.value("Reason", "Text") or fault.value("faultstring")
    kind: Kind = next((kind for names, kind in _KINDS if codes & names), "refused")
    detail = ", ".join([*sorted(codes - {"Sender", "Receiver"}), *([reason] if reason else [])])
    return OnvifError(kind, detail)
