"""Asking cameras by ONVIF: what they tell is read, and what they do wrong costs a line and some seconds, never more."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from base64 import b64decode, b64encode
from datetime import timedelta
from pathlib import Path

import pytest

from edge.onvif.device import Device, ask_all
from edge.onvif.envelope import Login, digest
from edge.onvif.link import Limits
from edge.onvif.markup import read_xml
from edge.onvif.media import profiles_1
from edge.onvif.places import Place
from tests.edge.onvif_answers import MAIN, SUB, but
from tests.edge.onvif_camera import OnvifCamera

PASSWORD = "geheim-wort"
LOGIN = Login("giaolo", PASSWORD)
LONG = 20.0
"""Seconds for what comes at once: only a machine that stands still takes as long."""


def asked(camera: OnvifCamera, login: Login | None = LOGIN, **limits: float) -> Device:
    (device,) = ask_all([Device(Place("127.0.0.1", camera.port), login is not None)], login, limits=Limits(**limits))  # type: ignore[arg-type]
    return device


def test_the_digest_is_that_of_the_standards_own_example() -> None:
    """ONVIF Application Programmer's Guide, 6.1.1.3."""
    nonce = b64decode("LKqI6G/AikKCQrN0zqZFlg==")
    assert digest(nonce, "2010-09-16T07:50:45Z", "userpassword") == "tuOSpGlFlIXsozq4HFNeeGeFLEI="


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


@pytest.mark.parametrize(("way", "tries"), [("", 1), ("Digest", 1), ("both", 2)])
def test_a_wrong_password_is_tried_once_a_way_for_cameras_lock_an_account(way: str, tries: int) -> None:
    with OnvifCamera(password="another", by_http=way) as camera:
        device = asked(camera)
    assert [each.kind for each in device.troubles] == ["login"]
    assert camera.refused_logins == tries
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


class ShortAfter:
    """Limits that are generous until so many questions were asked: what hangs is cut off, on a busy machine too."""

    connect_s, device_s, most_bytes = LONG, LONG, 2**20

    def __init__(self, camera: OnvifCamera, questions: int) -> None:
        self._camera, self._questions = camera, questions

    @property
    def call_s(self) -> float:
        return 0.2 if len(self._camera.asked) >= self._questions else LONG


@pytest.mark.parametrize("what", ["hangs", "drips"])
def test_a_camera_that_hangs_or_drips_is_left_after_the_time_for_a_question(what: str) -> None:
    with OnvifCamera(**{what: frozenset({"GetProfiles"})}) as camera:  # type: ignore[arg-type]
        device = Device(Place("127.0.0.1", camera.port), True)
        ask_all([device], LOGIN, limits=ShortAfter(camera, 3))  # type: ignore[arg-type]
    assert [(each.kind, each.about) for each in device.troubles] == [("silent", "profiles")]
    assert device.information.model == "Eye 4", "what was told before stays"


def test_all_questions_together_have_a_limit_too() -> None:
    with OnvifCamera(hangs=frozenset({"GetSystemDateAndTime"})) as camera:
        device = asked(camera, call_s=LONG, device_s=0.2)
    assert [(each.kind, each.about) for each in device.troubles] == [("silent", "all")]


def test_one_camera_that_hangs_holds_up_no_other() -> None:
    def answered(name: str) -> None:
        """The slow one answers when the other has told everything: never, if that had to wait for it."""
        if name == "GetStreamUri":
            slow.released.set()

    with OnvifCamera(hangs=frozenset({"GetServices"})) as slow, OnvifCamera(heard=answered) as fine:
        both = [Device(Place("127.0.0.1", one.port), True) for one in (slow, fine)]
        ask_all(both, LOGIN, limits=Limits(call_s=LONG))
    assert [(len(each.profiles), each.troubles) for each in both] == [(2, []), (2, [])]


@pytest.mark.parametrize("overs", ["UDP", "RtspUnicast"])
def test_a_camera_that_knows_one_transport_only_gives_its_address_for_that(overs: str) -> None:
    with OnvifCamera(overs=frozenset({overs}), media=(1,) if overs == "UDP" else (2,)) as camera:
        device = asked(camera)
    assert (device.troubles, [bool(each.url) for each in device.profiles]) == ([], [True, True])


@pytest.mark.parametrize(
    ("rates", "fps", "kbps", "gop"),
    [
        ("<F>25</F>", None, None, None),
        ("<FrameRateLimit>25</FrameRateLimit><EncodingInterval>2</EncodingInterval>", 12.5, None, None),
        ("<FrameRateLimit>0</FrameRateLimit><BitrateLimit>-1</BitrateLimit>", None, None, None),
        ("<FrameRateLimit>nan</FrameRateLimit><BitrateLimit>1e300</BitrateLimit>", None, None, None),
        (
            "<FrameRateLimit>25</FrameRateLimit></RateControl><MPEG4><GovLength>50</GovLength></MPEG4><RateControl>",
            25,
            None,
            50,
        ),
    ],
)
def test_what_a_camera_leaves_open_or_says_absurdly_is_unknown(
    rates: str, fps: float | None, kbps: int | None, gop: int | None
) -> None:
    encoder = f"<VideoEncoderConfiguration><RateControl>{rates}</RateControl></VideoEncoderConfiguration>"
    told = f"<a><Profiles token='1'>{encoder}</Profiles><Profiles/></a>"
    (profile,) = profiles_1(read_xml(told.encode()))
    assert (profile.fps, profile.kbps, profile.gop) == (fps, kbps, gop)
    assert (profile.codec, profile.width, profile.height, profile.shown) == ("", 0, 0, "1")


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
