"""WS-Discovery: who answers a probe in the networks of this machine, or at one address (the version of April 2005,
which ONVIF takes)."""

from __future__ import annotations

import selectors
import socket
import struct
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from edge.onvif.envelope import SOAP
from edge.onvif.faults import OnvifError, line_of
from edge.onvif.markup import Element, read_xml
from evidence.errors import GiaoLoError

GROUP, PORT = "239.255.255.250", 3702
WAIT_S = 3.0
"""Devices answer within half a second (APP_MAX_DELAY of the standard), slow ones within two."""
MOST_ANSWERS = 512
_SENT_AGAIN = 2
"""Datagrams get lost: each probe goes out so often, spread over the first half of the wait."""
_ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
_DISCOVERY = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
_TYPES = (
    ("http://www.onvif.org/ver10/network/wsdl", "NetworkVideoTransmitter"),
    ("http://www.onvif.org/ver10/device/wsdl", "Device"),
)
"""Cameras of before 2014 know the first only, some recorders the second only."""
_MOST_BYTES = 65535


class DiscoveryError(GiaoLoError):
    """The probe cannot go out."""


@dataclass(frozen=True)
class Answered:
    """Who answered. `sender`: the address that it came from; `told`: its own addresses of its entry; `name`,
    `hardware`: from its scopes, "" where it tells none."""

    sender: str
    told: tuple[str, ...]
    name: str = ""
    hardware: str = ""


@dataclass(frozen=True)
class Heard:
    """`unreadable`: senders of what was no answer."""

    answered: tuple[Answered, ...]
    unreadable: tuple[str, ...] = ()


def networks(only: str | None = None) -> list[str]:
    """The interfaces that a probe goes out by. Raises `DiscoveryError` where `only` names none."""
    known = [name for _, name in socket.if_nameindex()]
    if only is None:
        return [name for name in known if name != "lo"]
    if only not in known:
        raise DiscoveryError(f"no network interface {only}", remedy=f"one of {', '.join(known)}")
    return [only]


def probe(
    interfaces: Sequence[str] = (),
    *,
    host: str | None = None,
    port: int = PORT,
    wait_s: float = WAIT_S,
    enough: int = MOST_ANSWERS,
) -> Heard:
    """Ask by multicast out of each interface, or at `host` alone; who answered within `wait_s`, by their addresses.

    Raises
    ------
    DiscoveryError: no interface takes a probe.
    """
    ids = [str(uuid.uuid4()) for _ in _TYPES]
    probes = [_probe(message, *kind) for message, kind in zip(ids, _TYPES, strict=True)]
    sockets = [_open(name) for name in interfaces] if host is None else [_open(None)]
    try:
        return _exchange(sockets, probes, ids, (host or GROUP, port), wait_s, enough)
    finally:
        for each in sockets:
            each.close()


def _exchange(
    sockets: Sequence[socket.socket],
    probes: Sequence[bytes],
    ids: Sequence[str],
    target: tuple[str, int],
    wait_s: float,
    enough: int,
) -> Heard:
    found: dict[tuple[str, tuple[str, ...]], Answered] = {}
    unreadable: dict[str, None] = {}
    begin_s = time.monotonic()
    sent, heard = 0, 0
    with selectors.DefaultSelector() as ready:
        for each in sockets:
            ready.register(each, selectors.EVENT_READ)
        while (left_s := begin_s + wait_s - time.monotonic()) > 0 and len(found) < enough and heard < 4 * MOST_ANSWERS:
            next_s = begin_s + sent * wait_s / (2 * _SENT_AGAIN) if sent < _SENT_AGAIN else begin_s + wait_s
            if sent < _SENT_AGAIN and time.monotonic() >= next_s:
                taken = [_send(each, data, target) for each in sockets for data in probes]
                if not any(taken) and target[0] == GROUP:
                    raise DiscoveryError(
                        "no network takes the probe (multicast)", remedy="see cable and address of this box"
                    )
                sent += 1
                continue
            for key, _ in ready.select(min(left_s, max(0.0, next_s - time.monotonic()))):
                assert isinstance(key.fileobj, socket.socket)
                try:
                    data, (sender, *_) = key.fileobj.recvfrom(_MOST_BYTES)
                except OSError:
                    # "refused" of the address that was asked alone: nobody is there
                    continue
                heard += 1
                try:
                    for one in matches(data, sender, ids):
                        found.setdefault((one.sender, one.told), one)
                except OnvifError:
                    unreadable.setdefault(sender)
    known = {one.sender for one in found.values()}
    return Heard(
        tuple(sorted(found.values(), key=lambda one: (_by_number(one.sender), one.told)))[:MOST_ANSWERS],
        tuple(sorted((each for each in unreadable if each not in known), key=_by_number))[:MOST_ANSWERS],
    )


def matches(data: bytes, sender: str, ids: Sequence[str]) -> list[Answered]:
    """The devices of a ProbeMatches that answers one of ours. Raises `OnvifError` ("rubbish")."""
    top = read_xml(data)
    to = top.value("Header", "RelatesTo")
    if top.name != "Envelope":
        raise OnvifError("rubbish", f"no SOAP but <{top.name}>")
    # some write uuid: before it, some urn:uuid:
    if not any(to.endswith(message) for message in ids):
        return []
    body = top.first("Body", "ProbeMatches")
    return [] if body is None else [_match(each, sender) for each in body.every("ProbeMatch")]


def _match(told: Element, sender: str) -> Answered:
    scopes: dict[str, str] = {}
    for scope in told.value("Scopes").split():
        kind, _, value = scope.rpartition("/")
        scopes.setdefault(kind.rpartition("/")[2].lower(), line_of(unquote(value)))
    return Answered(sender, tuple(told.value("XAddrs").split())[:8], scopes.get("name", ""), scopes.get("hardware", ""))


def _probe(message: str, namespace: str, kind: str) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{SOAP}" xmlns:a="{_ADDRESSING}" '
        f'xmlns:d="{_DISCOVERY}"><s:Header><a:MessageID>uuid:{message}</a:MessageID>'
        f"<a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To><a:Action>{_DISCOVERY}/Probe</a:Action></s:Header>"
        f'<s:Body><d:Probe><d:Types xmlns:n="{namespace}">n:{kind}</d:Types></d:Probe></s:Body></s:Envelope>'
    ).encode()


def _open(interface: str | None) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    if interface is not None:
        # struct ip_mreqn: the interface is named by its number, whatever addresses it has
        chosen = struct.pack("4s4si", bytes(4), bytes(4), socket.if_nametoindex(interface))
        made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, chosen)
        # of this network only: a router would carry it on with more
        made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
    return made


def _send(through: socket.socket, data: bytes, target: tuple[str, int]) -> bool:
    """Whether it went out: an interface without cable or address takes nothing."""
    try:
        through.sendto(data, target)
    except OSError:
        return False
    return True


def _by_number(address: str) -> tuple[int, bytes]:
    try:
        return 0, socket.inet_aton(address)
    except OSError:
        return 1, address.encode()
