"""Finding cameras by a probe, and reading what strangers answer to it."""

from __future__ import annotations

import socket
import struct
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.onvif.discovery import GROUP, DiscoveryError, matches, networks, probe
from edge.onvif.faults import OnvifError
from edge.onvif.markup import read_xml
from edge.onvif.places import entry_of
from tests.edge.onvif_answers import envelope
from tests.edge.onvif_responder import Responder, probe_matches

LONG = 20.0
"""Seconds for what comes at once: only a machine that stands still takes as long."""


def multicast_here() -> bool:
    """Whether a datagram to the group comes back on the loopback: some containers have none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("", 0))
        one.settimeout(1.0)
        on = socket.if_nametoindex("lo")
        try:
            one.setsockopt(
                socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, struct.pack("4s4si", socket.inet_aton(GROUP), bytes(4), on)
            )
            one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, struct.pack("4s4si", bytes(4), bytes(4), on))
            one.sendto(b"?", (GROUP, one.getsockname()[1]))
            return one.recv(10) == b"?"
        except OSError:
            return False


@pytest.mark.parametrize("way", ["multicast", "alone"])
def test_who_answers_a_probe_is_found_with_what_it_says_of_itself(way: str) -> None:
    if way == "multicast" and not multicast_here():
        pytest.skip("no multicast on the loopback")
    scopes = "onvif://www.onvif.org/name/ACME%20Eye onvif://www.onvif.org/hardware/E4 onvif://www.onvif.org/Profile/T"
    with Responder("http://127.0.0.1:8080/onvif/device_service", scopes=scopes) as one:
        host = None if way == "multicast" else "127.0.0.1"
        heard = probe(networks("lo"), host=host, port=one.port, wait_s=LONG, enough=1)
    (found,) = heard.answered
    assert (found.told, found.name, found.hardware) == (
        ("http://127.0.0.1:8080/onvif/device_service",),
        "ACME Eye",
        "E4",
    )
    place, other = entry_of(found.told, "127.0.0.1")
    assert (place.url, other) == ("http://127.0.0.1:8080/onvif/device_service", "")


def test_an_answer_to_somebody_elses_probe_is_none_and_rubbish_is_told_by_its_sender() -> None:
    entry = "http://127.0.0.1/onvif/device_service"
    stranger = probe_matches(f"uuid:{uuid.uuid4()}", entry)
    for raw, unreadable in (
        (stranger, ()),
        (b"\x00not xml", ("127.0.0.2",)),
    ):
        with Responder(entry, raw=raw) as one:
            heard = probe(host="127.0.0.1", port=one.port, wait_s=LONG, enough=1)
        assert ([each.sender for each in heard.answered], heard.unreadable) == (["127.0.0.1"], unreadable)


def test_an_interface_that_is_none_is_told_with_those_there_are() -> None:
    with pytest.raises(DiscoveryError, match=r"no network interface eth77 -> one of .*lo"):
        networks("eth77")


BOMB = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><x>&b;</x>'
FETCH = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<html><p>Not found</html>", id="no XML"),
        pytest.param(b"\xff\xfe\x00\x01" * 20, id="bytes"),
        pytest.param(BOMB, id="entities in each other"),
        pytest.param(FETCH, id="an entity of a file"),
        pytest.param(b"<x>" * 100_000, id="deep"),
        pytest.param(b"<x>" + b"<y/>" * 60_000 + b"</x>", id="many"),
        pytest.param(b"<?xml version='1.0' encoding='klingon'?><x/>", id="no encoding"),
    ],
)
def test_xml_that_is_none_or_would_grow_is_refused_before_it_does(data: bytes) -> None:
    with pytest.raises(OnvifError, match="rubbish: "):
        read_xml(data)


@given(st.binary(max_size=300))
def test_whatever_comes_as_an_answer_is_read_or_refused(data: bytes) -> None:
    for each in (data, envelope("").replace(b"</s:Body>", data + b"</s:Body>")):
        error: OnvifError | None = None
        try:
            assert matches(each, "192.0.2.1", [str(uuid.uuid4())]) == []
        except OnvifError as refused:
            error = refused
        assert error is None or (error.kind == "rubbish" and str(error).isprintable())
