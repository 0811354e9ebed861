"""Asking cameras by ONVIF: what they tell is read, and what they do wrong costs a line and some seconds, never more."""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import sys
import time
import uuid
from base64 import b64decode, b64encode
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.onvif.device import Device, ask_all
from edge.onvif.discovery import GROUP, DiscoveryError, matches, networks, probe
from edge.onvif.envelope import Login, digest
from edge.onvif.faults import OnvifError
from edge.onvif.link import Limits
from edge.onvif.markup import read_xml
from edge.onvif.places import Place, entry_of
from tests.edge.onvif_answers import MAIN, SUB, but, envelope
from tests.edge.onvif_camera import OnvifCamera
from tests.edge.onvif_responder import Responder

PASSWORD = "geheim-wort"
LOGIN = Login("giaolo", PASSWORD)
LONG = 20.0
"""Seconds for what comes at once: only a machine that stands still takes as long."""


def asked(camera: OnvifCamera, login: Login | None = LOGIN, **limits: float) -> Device:
    (device,) = ask_all([Device(Place("127.0.0.1", camera.port), login is not None)], login, limits=Limits(**limits))  # type: ignore[arg-type]
    return device


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


def test_the_digest_is_that_of_the_standards_own_example() -> None:
    """ONVIF Application Programmer's Guide, 6.1.1.3."""
    nonce = b64decode("LKqI6G/AikKCQrN0zqZFlg==")
    assert digest(nonce, "2010-09-16T07:50:45Z", "userpassword") == "tuOSpGlFlIXsozq4HFNeeGeFLEI="


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
    with Responder(raw=Responder("http://127.0.0.1/").answer(f"uuid:{uuid.uuid4()}")) as stranger:
        assert probe(host="127.0.0.1", port=stranger.port, wait_s=0.2).answered == ()
        assert stranger.heard > 0
    with Responder(raw=b"\x00not xml") as broken:
        heard = probe(host="127.0.0.1", port=broken.port, wait_s=0.2)
    assert (heard.answered, heard.unreadable) == ((), ("127.0.0.1",))


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


def test_a_camera_tells_what_it_is_and_what_it_sends_of_either_version_of_the_service() -> None:
    streams = (but(MAIN, codec="H265"), SUB)
    with OnvifCamera(streams=streams) as new, OnvifCamera(streams=streams, media=(1,)) as old:
        second, first = asked(new), asked(old)
    for device in (second, first):
        told = device.information
        assert (told.maker, told.model, told.firmware, told.serial) == ("ACME", "Eye 4", "V5.7.3", "K12345678")
        assert device.troubles == []
    assert [each.codec for each in second.profiles] == ["hevc", "h264"]
    assert [each.codec for each in first.profiles] == ["h264"], "Media1 has no name for H.265"
    main = second.profiles[0]
    assert (main.width, main.height, main.fps, main.kbps, main.gop, main.key_interval_s) == (
        1920,
        1080,
        25,
        4096,
        50,
        2,
    )
    assert second.profiles[1].url == first.profiles[0].url == "rtsp://127.0.0.1:554/Streaming/Channels/102"
    assert (second.service, first.service) == ("media2", "media1")


@pytest.mark.parametrize("refusal", ["ActionNotSupported", "InvalidArgVal"])
def test_where_media2_does_not_answer_media1_is_asked_and_nothing_is_told_of_it(refusal: str) -> None:
    with OnvifCamera(refuses={"GetProfiles2": refusal}) as camera:
        device = asked(camera)
    assert (device.service, len(device.profiles), device.troubles) == ("media1", 2, [])


def test_a_camera_of_before_get_services_is_asked_for_its_capabilities() -> None:
    with OnvifCamera(refuses={"GetServices": "ActionNotSupported"}) as camera:
        device = asked(camera)
    assert (device.service, len(device.profiles), device.troubles) == ("media1", 2, [])


@pytest.mark.parametrize("hours", [-3, 0, 24 * 365 * 20])
def test_a_camera_is_asked_at_its_own_time_however_far_off_that_is(hours: int) -> None:
    with OnvifCamera(off=timedelta(hours=hours)) as camera:
        device = asked(camera)
    assert (device.troubles, len(device.profiles), camera.refused_logins) == ([], 2, 0)
    assert device.clock is not None
    assert device.clock.offset_s == pytest.approx(hours * 3600, abs=60)


def test_a_camera_that_tells_its_time_to_who_may_sign_is_asked_again() -> None:
    with OnvifCamera(time_for="login") as camera:
        device = asked(camera)
    assert device.clock is not None
    assert (device.troubles, camera.refused_logins) == ([], 0)


def test_http_digest_is_answered_where_a_camera_asks_for_that() -> None:
    with OnvifCamera(by_http="Digest", open_to=frozenset()) as camera:
        device = asked(camera)
    assert (device.troubles, len(device.profiles), camera.refused_logins) == ([], 2, 0)


@pytest.mark.parametrize("way", ["", "Digest"])
def test_a_wrong_password_is_tried_once_for_cameras_lock_an_account(way: str) -> None:
    with OnvifCamera(password="another", by_http=way) as camera:
        device = asked(camera)
    assert [each.kind for each in device.troubles] == ["login"]
    assert camera.refused_logins == 1
    assert "GetProfiles" not in camera.asked


def test_the_password_is_in_nothing_that_goes_out() -> None:
    for way in ("", "Digest", "Basic"):
        with OnvifCamera(by_http=way) as camera:
            asked(camera)
        sent = "".join(camera.bodies)
        assert camera.bodies
        assert PASSWORD not in sent
        assert b64encode(PASSWORD.encode()).decode() not in sent
        assert b64encode(f"giaolo:{PASSWORD}".encode()).decode() not in sent


def test_no_other_host_is_asked_whatever_a_camera_tells() -> None:
    with OnvifCamera() as victim, OnvifCamera(inner=victim.at.replace("127.0.0.1", "127.0.0.2")) as camera:
        device = asked(camera)
    assert victim.asked == []
    assert device.inner_host == "127.0.0.2"
    assert [each.url for each in device.profiles] == [
        "rtsp://127.0.0.1:554/Streaming/Channels/101", "rtsp://127.0.0.1:554/Streaming/Channels/102"
    ]  # fmt: skip


@pytest.mark.parametrize("what", ["hangs", "drips"])
def test_a_camera_that_hangs_or_drips_is_left_after_the_time_for_a_question(what: str) -> None:
    with OnvifCamera(**{what: frozenset({"GetProfiles"})}) as camera:  # type: ignore[arg-type]
        began_s = time.monotonic()
        device = asked(camera, call_s=0.3)
        assert time.monotonic() - began_s < LONG
    assert [(each.kind, each.about) for each in device.troubles] == [("silent", "profiles")]
    assert device.information.model == "Eye 4", "what was told before stays"


def test_all_questions_together_have_a_limit_too() -> None:
    with OnvifCamera(hangs=frozenset({"GetSystemDateAndTime"})) as camera:
        device = asked(camera, call_s=LONG, device_s=0.2)
    assert [(each.kind, each.about) for each in device.troubles] == [("silent", "all")]


def test_one_camera_that_hangs_holds_up_no_other() -> None:
    with OnvifCamera(hangs=frozenset({"GetServices"})) as bad, OnvifCamera() as fine:
        found = ask_all(
            [Device(Place("127.0.0.1", one.port), True) for one in (bad, fine)], LOGIN, limits=Limits(call_s=0.5)
        )
    assert [len(each.profiles) for each in found] == [0, 2]


ANOTHER_CLIENT = """
import asyncio, json, sys
from onvif import ONVIFCamera

async def ask(port, password):
    camera = ONVIFCamera("127.0.0.1", port, "giaolo", password)
    await camera.update_xaddrs()
    told = await (await camera.create_devicemgmt_service()).GetDeviceInformation()
    media = await camera.create_media_service()
    out = [[told.Manufacturer, told.Model, told.FirmwareVersion, told.SerialNumber]]
    for each in await media.GetProfiles():
        setup = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}
        uri = (await media.GetStreamUri({"StreamSetup": setup, "ProfileToken": each.token})).Uri
        video = each.VideoEncoderConfiguration
        out.append([each.token, each.Name, video.Resolution.Width, video.RateControl.FrameRateLimit,
                    video.RateControl.BitrateLimit, video.H264.GovLength, uri])
    await camera.close()
    print(json.dumps(out))

asyncio.run(ask(int(sys.argv[1]), sys.argv[2]))
"""


def test_another_client_signs_in_at_the_tests_camera_and_reads_of_it_what_we_read(tmp_path: Path) -> None:
    """Its questions and answers are bound to ONVIF's schema. In a process of its own: its import sets up logs."""
    with OnvifCamera(media=(1,)) as camera:
        ours = asked(camera)
        theirs = subprocess.run(
            [sys.executable, "-c", ANOTHER_CLIENT, str(camera.port), PASSWORD],
            env=os.environ | {"XDG_CACHE_HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        )
    told = ours.information
    assert json.loads(theirs.stdout) == [
        [told.maker, told.model, told.firmware, told.serial],
        *([each.token, each.name, each.width, each.fps, each.kbps, each.gop, each.url] for each in ours.profiles),
    ]
    assert camera.refused_logins == 0
