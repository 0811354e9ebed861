"""`giaolo edge find-cameras`: faults with their remedy, streams chosen by what a box needs, no secret shown."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.cli import edge
from edge.config import parse_config
from edge.doctor.cameras import Survey, find, told
from edge.doctor.streams import Choice, StreamMargins, choose, road_m
from edge.doctor.told import Told
from edge.health import LEAST_SEEN_FPS, MOST_KEY_INTERVAL_S
from edge.onvif.discovery import Heard
from edge.onvif.envelope import Login
from edge.onvif.link import Limits
from edge.onvif.media import Profile
from tests.edge.onvif_answers import MAIN, SUB, Stream, but, envelope
from tests.edge.onvif_camera import OnvifCamera
from tests.edge.onvif_responder import Responder
from zones.advice import LEAST_PLATE_PX

PASSWORD = "geheim-wort"
M = StreamMargins()


@pytest.fixture
def login(tmp_path: Path) -> list[str]:
    file = tmp_path / "camera.password"
    file.write_text(PASSWORD + "\n")
    return ["--username", "giaolo", "--password-file", str(file)]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(edge, ["find-cameras", *(str(each) for each in arguments)])


def lines_of(survey: Survey) -> list[Told]:
    """Each in one line; what must be done says so in both languages."""
    found = [line for line in told(survey, "giaolo", Path("camera.password")) if isinstance(line, Told)]
    for line in found:
        assert line.line.isprintable()
        assert line.level == "good" or (line.do_vi and line.do_en), line.line
    return found


def whole(survey: Survey) -> str:
    return "\n".join(each if isinstance(each, str) else each.line for each in told(survey, "giaolo", Path("x")))


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]><x>&b;</x>'
FAULTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "a wrong password": ({"password": "another"}, "fault", "user or password are wrong"),
    "a wrong password by HTTP": ({"password": "another", "by_http": "Digest"}, "fault", "user or password are wrong"),
    "a clock that it does not tell": (
        {"time_for": "nobody", "off": timedelta(hours=3)}, "fault", "or its clock is (it does not tell its time)"
    ),
    "a clock, by its name": (
        {"time_for": "nobody", "off": timedelta(hours=3), "expired": True}, "fault", "the signature for its time"
    ),
    "a clock that is off": ({"off": timedelta(hours=3)}, "warning", "clock is about +10"),
    "a clock that was set by hand": ({"manual": True}, "warning", "off the box's (Manual)"),
    "the password itself": ({"by_http": "Basic"}, "fault", "wants the password itself"),
    "no media service": ({"media": ()}, "fault", "has no media service"),
    "no profile": ({"streams": ()}, "fault", "has no stream of pictures"),
    "no answer": ({"hangs": frozenset({"GetSystemDateAndTime"})}, "fault", "does not answer in time"),
    "a web page": ({"raw": {"GetSystemDateAndTime": b"<html><p>Welcome</html>"}}, "fault", "cannot be read"),
    "entities": ({"raw": {"GetDeviceInformation": BOMB}, "open_to": frozenset({"GetDeviceInformation"})}, "fault",
                 "cannot be read (XML with a document type"),
    "another answer": ({"raw": {"GetServices": envelope("<x/>")}}, "fault", "<x> where GetServicesResponse"),
    "too much": ({"raw": {"GetDeviceInformation": b"<x>" + b"a" * 3_000_000}}, "fault", "more than is read (> 2 MiB)"),
    "a detour": ({"location": "https://192.0.2.9/"}, "fault", "sends us to another address (https://192.0.2.9/)"),
    "another host": ({"inner": "10.0.0.5"}, "warning", "names another address of itself (10.0.0.5)"),
    "no name": ({"refuses": {"GetDeviceInformation": "Action"}}, "warning", "does not tell its maker and model"),
    "no address": ({"refuses": {"GetStreamUri": "InvalidArgVal"}}, "warning", "gives no address of a stream"),
    "no rights": ({"refuses": {"GetProfiles": "OperationProhibited"}}, "fault", "does not answer the question"),
    "anybody may look": (
        {"open_to": frozenset({"GetServices", "GetDeviceInformation", "GetProfiles", "GetStreamUri"})}, "",
        "without a password",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_one_line_with_where_and_what_to_do(name: str) -> None:
    changes, level, words = FAULTS[name]
    login = Login("giaolo", PASSWORD) if level else None
    with OnvifCamera(**changes) as camera:
        survey = find([camera.at], login=login, limits=Limits(call_s=0.5 if "hangs" in changes else 20.0))
        lines = lines_of(survey)
    found = [line for line in lines if words in line.en]
    assert len(found) == 1, [line.en for line in lines]
    assert found[0].level == (level or "warning")
    assert camera.at in found[0].vi
    assert camera.at in found[0].en
    assert PASSWORD not in whole(survey)


def test_nobody_there_nobody_answering_and_no_address_are_told(login: list[str]) -> None:
    with OnvifCamera() as camera:
        gone = camera.at
    away = run("--at", gone, *login)
    assert (away.exit_code, "takes no connection (Connection refused)" in away.output) == (1, True)
    assert "8899" in away.output
    nobody = lines_of(Survey((), (), Heard((), unreadable=("192.0.2.9",)), M))
    assert [(line.level, line.en) for line in nobody] == [
        ("fault", "no camera answers in the network"),
        ("warning", "192.0.2.9: answers the probe with what cannot be read"),
    ]
    assert "is no address" in run("--at", "rtsp://192.0.2.7/s1", *login).output
    assert "no network interface eth77" in run("--interface", "eth77", *login).output
    assert "needs a --username" in run("--at", gone, "--password-file", "x").output
    assert "holds no password" in run("--at", gone, "--username", "x", "--password-file", "/nowhere").output


def test_a_camera_is_found_at_its_port_by_asking_its_address_alone() -> None:
    with OnvifCamera() as camera, Responder(f"http://10.0.0.5:{camera.port}/onvif/device_service") as one:
        survey = find(["127.0.0.1"], login=Login("giaolo", PASSWORD), port=one.port, wait_s=20, alone_s=20)
    assert [device.place.shown for device in survey.devices] == [camera.at]
    assert survey.devices[0].inner_host == "10.0.0.5"


def test_what_is_pasted_is_a_configuration_that_the_box_takes(login: list[str], tmp_path: Path) -> None:
    with OnvifCamera() as camera:
        result = run("--at", camera.at, *login)
    assert result.exit_code == 0, result.output
    lines = result.output.partition("# node.yaml:\n")[2].partition("# thử")[0]
    assert "# substream: rtsp://127.0.0.1:554/Streaming/Channels/102" in lines
    data = {"schema_version": 1, "node_id": "n", "key_file": "k", "centre_public_key": "c"} | yaml.safe_load(lines)
    (made,) = parse_config(data, tmp_path / "node.yaml").cameras
    assert made.url == "rtsp://127.0.0.1:554/Streaming/Channels/101"
    assert made.address() == f"rtsp://giaolo:{PASSWORD}@127.0.0.1:554/Streaming/Channels/101"
    assert f"giaolo edge test-camera {made.url} --username giaolo --password-file {login[3]}" in result.output


def test_for_programs_both_addresses_and_every_reason_are_json(login: list[str]) -> None:
    with OnvifCamera(streams=(but(MAIN, codec="H265", gop=100), SUB)) as camera:
        result = run("--at", camera.at, "--json", *login)
    (device,) = json.loads(result.output)["cameras"]
    (choice,) = device["choices"]
    assert choice["evidence_url"].endswith("/101")
    assert choice["seeing_url"].endswith("/102")
    assert choice["judged"][0]["poor"] == [{"lack": "key", "value": 4.0, "limit": MOST_KEY_INTERVAL_S}]
    assert (device["maker"], device["media_service"], device["profiles"][0]["codec"]) == ("ACME", "media2", "hevc")
    assert PASSWORD not in result.output


@pytest.mark.parametrize(
    "path",
    [
        f"/user=giaolo_password={PASSWORD}_channel=1",
        f"/live?x={PASSWORD}",
        f"/live?{b64encode(f'giaolo:{PASSWORD}'.encode()).decode()}",
    ],
)
def test_an_address_that_holds_the_password_is_never_shown_and_that_is_told(path: str, login: list[str]) -> None:
    with OnvifCamera(streams=(but(MAIN, path=path),)) as camera:
        outputs = [run("--at", camera.at, *login, *more).output for more in ((), ("--json",))]
    for output in outputs:
        assert PASSWORD not in output
        assert b64encode(f"giaolo:{PASSWORD}".encode()).decode() not in output
        assert "its address holds a password and is not printed" in output
    assert "node.yaml" not in outputs[0]


def test_a_camera_cannot_write_on_the_technicians_screen(login: list[str]) -> None:
    nasty = but(MAIN, name="main\n[tốt] fine \u202e\x85 http://a:b@c/")
    with OnvifCamera(streams=(nasty,)) as camera:
        result = run("--at", camera.at, *login)
    assert all(line.isprintable() for line in result.output.splitlines())
    assert "a:b@" not in result.output


SD, VGA, UHD = ({"width": w, "height": h} for w, h in ((352, 288), (640, 480), (3840, 2160)))
CHOICES: list[tuple[str, tuple[Stream, ...], str, str, set[str]]] = [
    ("a usual camera", (MAIN, SUB), MAIN.token, SUB.token, set()),
    ("in whatever order", (SUB, MAIN), MAIN.token, SUB.token, set()),
    ("H.264 before larger MJPEG", (but(MAIN, codec="JPEG", **UHD, token="j"), MAIN), MAIN.token, "", set()),
    ("MJPEG where there is nothing else", (but(MAIN, codec="JPEG"),), MAIN.token, "", {"mjpeg"}),
    ("H.265 with more pixels", (but(MAIN, codec="H265", **UHD, token="h"), MAIN), "h", MAIN.token, set()),
    ("of the same size H.264", (but(MAIN, codec="H265", token="h"), MAIN), MAIN.token, "", set()),
    ("key frames too rare", (but(MAIN, gop=500), but(MAIN, token="b", width=1280, height=720)), "b", "", set()),
    ("key frames rarer than advised", (but(MAIN, gop=100), SUB), MAIN.token, SUB.token, {"key"}),
    ("too few pictures", (but(MAIN, fps=6), but(MAIN, token="b", width=1280, height=720)), "b", "", set()),
    ("few pictures", (but(MAIN, fps=10, gop=20), SUB), MAIN.token, SUB.token, {"fps"}),
    ("one lane", (but(MAIN, width=960, height=540), SUB), MAIN.token, SUB.token, {"width"}),
    ("less than a lane", (but(MAIN, **SD),), "", "", set()),
    ("a codec that no clip takes", (but(MAIN, codec="AV1"),), "", "", set()),
    ("more than the memory of a clip", (but(MAIN, kbps=20000), SUB), MAIN.token, SUB.token, {"ring"}),
    ("a second stream too small", (MAIN, but(SUB, **SD)), MAIN.token, "", set()),
    ("a second stream of another shape", (MAIN, but(SUB, **VGA)), MAIN.token, "", set()),
    ("a second stream too slow", (MAIN, but(SUB, fps=5)), MAIN.token, "", set()),
    ("the smallest of two", (MAIN, but(MAIN, token="b", width=1280, height=720), SUB), MAIN.token, SUB.token, set()),
]  # fmt: skip


@pytest.mark.parametrize(("name", "streams", "evidence", "seeing", "poor"), CHOICES, ids=[each[0] for each in CHOICES])
def test_the_stream_for_evidence_is_chosen_by_what_a_box_needs(
    name: str, streams: tuple[Stream, ...], evidence: str, seeing: str, poor: set[str]
) -> None:
    with OnvifCamera(streams=streams, media=(2,)) as camera:
        survey = find([camera.at], login=Login("giaolo", PASSWORD))
        lines = lines_of(survey)
    ((choice,),) = survey.choices
    assert ("" if choice.evidence is None else choice.evidence.profile.token) == evidence
    assert ("" if choice.seeing is None else choice.seeing.token) == seeing
    assert {each.lack for each in choice.evidence.poor} == poor if choice.evidence else not poor
    assert any(line.level == "fault" for line in lines) == (not evidence)
    assert (choice.ring_mib is not None) == ("ring" in poor)


def test_each_lens_has_a_choice_of_its_own() -> None:
    other = [but(each, token=f"{each.token}b", source="VideoSource_2", path=each.path + "2") for each in (MAIN, SUB)]
    with OnvifCamera(streams=(MAIN, SUB, *other)) as camera:
        survey = find([camera.at], login=Login("giaolo", PASSWORD))
    assert [choice.source for choice in survey.choices[0]] == ["VideoSource_1", "VideoSource_2"]
    assert whole(survey).count("- id: cam-127-0-0-1-") == 2


def test_the_limits_are_those_of_a_running_box_and_of_a_scene() -> None:
    assert (M.least_fps, M.most_key_interval_s, M.plate_px) == (LEAST_SEEN_FPS, MOST_KEY_INTERVAL_S, LEAST_PLATE_PX)
    assert road_m(1920, M) == pytest.approx(10.7, abs=0.05), "0.19 m of plate in 34 px"


PROFILES = st.lists(
    st.builds(
        Profile,
        token=st.uuids().map(str), name=st.just("p"), source=st.sampled_from(["1", "2"]),
        codec=st.sampled_from(["h264", "hevc", "mjpeg", "mpeg4", ""]),
        width=st.sampled_from([0, 352, 640, 704, 1280, 1920, 3840]),
        height=st.sampled_from([0, 288, 360, 576, 720, 1080, 2160]),
        fps=st.none() | st.floats(0.1, 60), kbps=st.none() | st.integers(1, 40000), gop=st.none() | st.integers(1, 600),
        url=st.sampled_from(["", "rtsp://192.0.2.7/s"]), secret=st.booleans(),
    ),
    max_size=6,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(PROFILES, st.randoms())
def test_whatever_a_camera_offers_nothing_unfit_is_advised_and_the_order_decides_nothing(
    profiles: list[Profile], random: Any
) -> None:
    def chosen(choices: list[Choice]) -> dict[str, tuple[Profile | None, Profile | None]]:
        return {c.source: (c.evidence.profile if c.evidence else None, c.seeing) for c in choices}

    choices = choose(profiles, M)
    for choice in choices:
        if choice.evidence is None:
            assert choice.seeing is None
            assert all(each.unfit for each in choice.judged), "a fit one was left"
            continue
        evidence = choice.evidence.profile
        assert evidence.url
        assert evidence.source == choice.source
        assert not choice.evidence.unfit
        assert evidence.fps is None or evidence.fps >= LEAST_SEEN_FPS
        assert evidence.key_interval_s is None or evidence.key_interval_s <= MOST_KEY_INTERVAL_S
        if choice.seeing is not None:
            assert choice.seeing.url
            assert choice.seeing.source == choice.source
            assert choice.seeing.width * choice.seeing.height < evidence.width * evidence.height
    shuffled = list(profiles)
    random.shuffle(shuffled)
    assert chosen(choose(shuffled, M)) == chosen(choices)
