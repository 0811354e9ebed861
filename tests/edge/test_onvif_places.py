"""Addresses that cameras tell: the host that was reached is kept, and what may hold a password is known for it."""

from __future__ import annotations

from base64 import b64encode
from hashlib import md5
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.onvif.places import Place, holds_secret, place_of, service_of, stream_of

PASSWORD = "geheim-wort"
HERE = Place("127.0.0.1", 80)


@pytest.mark.parametrize(
    ("told", "where", "other"),
    [
        ("http://127.0.0.1:8000/onvif/Media", "http://127.0.0.1:8000/onvif/Media", ""),
        ("http://10.0.0.5:8080/onvif/Media?x=1", "http://127.0.0.1:80/onvif/Media?x=1", "10.0.0.5"),
        ("http://evil@10.0.0.5/onvif/Media", "http://127.0.0.1:80/onvif/Media", "10.0.0.5"),
        ("http://[fe80::1]/onvif/Media", "http://127.0.0.1:80/onvif/Media", "fe80::1"),
        ("ftp://127.0.0.1/onvif/Media", None, None),
        ("http://127.0.0.1:99999/onvif/Media", None, None),
        ("", None, None),
    ],
)
def test_a_service_is_asked_by_its_path_at_the_host_that_was_reached(
    told: str, where: str | None, other: str | None
) -> None:
    found = service_of(told, HERE)
    assert (None if found is None else found[0].url, None if found is None else found[1]) == (where, other)


@pytest.mark.parametrize(
    ("told", "where", "other"),
    [
        ("rtsp://127.0.0.1:554/s1?channel=1&subtype=0", "rtsp://127.0.0.1:554/s1?channel=1&subtype=0", ""),
        ("rtsp://192.168.1.64/s1", "rtsp://127.0.0.1/s1", "192.168.1.64"),
        ("rtsp://admin:12345@192.168.1.64:8554/s1", "rtsp://127.0.0.1:8554/s1", "192.168.1.64"),
        ("http://127.0.0.1/s1", "", ""),
        ("rtsp:///s1", "", ""),
        ("rtsp://127.0.0.1/s1\x1b[2J", "", ""),
    ],
)
def test_a_stream_is_at_the_host_that_was_reached_with_nobodys_name_before_it(
    told: str, where: str, other: str
) -> None:
    assert stream_of(told, HERE) == (where, other)


def test_what_a_person_names_is_a_host_a_port_or_an_address() -> None:
    named = {text: None if (found := place_of(text)) is None else (found[0].url, found[1]) for text in (
        "192.0.2.7", "192.0.2.7:8000", "cam.local", "2001:db8::7", "[2001:db8::7]:81", "https://192.0.2.7/onvif/x",
        "giaolo:geheim@192.0.2.7", "rtsp://192.0.2.7/s1", "", "a b", "192.0.2.7:x",
    )}  # fmt: skip
    entry = "/onvif/device_service"
    assert named == {
        "192.0.2.7": (f"http://192.0.2.7:80{entry}", False),
        "192.0.2.7:8000": (f"http://192.0.2.7:8000{entry}", True),
        "cam.local": (f"http://cam.local:80{entry}", False),
        "2001:db8::7": (f"http://[2001:db8::7]:80{entry}", False),
        "[2001:db8::7]:81": (f"http://[2001:db8::7]:81{entry}", True),
        "https://192.0.2.7/onvif/x": ("https://192.0.2.7:443/onvif/x", False),
        "giaolo:geheim@192.0.2.7": None, "rtsp://192.0.2.7/s1": None, "": None, "a b": None, "192.0.2.7:x": None,
    }  # fmt: skip


@given(
    st.text(st.characters(codec="ascii", exclude_categories=["Cc", "Cs"]), min_size=4, max_size=20), st.integers(0, 6)
)
def test_an_address_with_the_password_in_any_form_is_known_for_it(password: str, form: int) -> None:
    once = quote(password, safe="")
    told = (
        f"/s/{once}",
        f"/s?p={once}",
        f"/user=admin_password={once}_channel=1",
        f"/s?pwd={once}&channel=1",
        f"/s?x={quote(once, safe='')}",
        f"/s?{b64encode(f'admin:{password}'.encode()).decode()}",
        f"/s?h={md5(password.encode()).hexdigest()}",
    )[form]
    assert holds_secret(f"rtsp://127.0.0.1{told}", password)


@pytest.mark.parametrize(
    "path",
    [
        "/Streaming/Channels/101?transportmode=unicast&profile=Profile_1",
        "/cam/realmonitor?channel=1&subtype=0&unicast=true&proto=Onvif",
        "/onvif-media/media.amp?profile=profile_1_h264&sessiontimeout=60&streamtype=unicast",
        "/media/video1", "/profile2/media.smp", "/rtsp_tunnel?p=0&line=1&inst=1&vcd=2", "/live/ch00_0",
    ],
)  # fmt: skip
def test_addresses_of_common_makers_hold_no_secret(path: str) -> None:
    assert not holds_secret(f"rtsp://192.0.2.7:554{path}", PASSWORD)
    assert not holds_secret(f"rtsp://192.0.2.7:554{path}", "1"), "a short password is in many words by chance"
