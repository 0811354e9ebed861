"""No secret of an address is ever shown, whatever form the address has."""

from __future__ import annotations

import logging
import string
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.logs import LineFormatter
from evidence import addresses
from evidence.addresses import hide, remember, shown_address, with_login
from evidence.errors import GiaoLoError

SHOWN = [
    # what it is, address, what is shown
    ("as the standard has it", "rtsp://admin:HUNTER2@192.0.2.1:554/stream1", "rtsp://***@192.0.2.1:554/stream1"),
    ("user alone", "rtsp://HUNTER2@cam.example.vn/live", "rtsp://***@cam.example.vn/live"),
    ("a lone @", "rtsp://@cam.example.vn/live", "rtsp://***@cam.example.vn/live"),
    ("in the path", "rtsp://192.0.2.1:554/user=admin&password=HUNTER2&channel=1&stream=0.sdp",
     "rtsp://192.0.2.1:554/user=***&password=***&channel=***&stream=***"),
    ("in the path, by _", "rtsp://192.0.2.1/user=admin_password=HUNTER2_channel=1_stream=0.sdp?real_stream",
     "rtsp://192.0.2.1/user=***?***"),
    ("in the query", "rtsp://192.0.2.1/cam?user=admin&pwd=HUNTER2", "rtsp://192.0.2.1/cam?user=***&pwd=***"),
    ("a query without a name", "http://192.0.2.1/snap?HUNTER2", "http://192.0.2.1/snap?***"),
    ("unencoded /", "rtsp://admin:HUNT/ER2@127.0.0.1:21399/x", "rtsp://***@127.0.0.1:21399/x"),
    ("unencoded / after digits", "rtsp://admin:12/HUNTER2@127.0.0.1/x", "rtsp://***@127.0.0.1/x"),
    ("unencoded @", "rtsp://admin:HUN@TER2@127.0.0.1:21399/x", "rtsp://***@127.0.0.1:21399/x"),
    ("unencoded ? and #", "rtsp://admin:HUN?T#ER2@127.0.0.1/x", "rtsp://***@127.0.0.1/x"),
    ("unencoded / and a host by name", "rtsp://admin:HUNT/ER2@cam/x", "rtsp://***"),
    ("an @ in a value", "rtsp://cam/user=admin&password=HUN@TER2", "rtsp://***"),
    ("percent-encoded", "rtsp://admin:HUNT%2FER2@cam/x", "rtsp://***@cam/x"),
    ("an encoded query", "rtsp://cam/user%3Dadmin%26password%3DHUNTER2", "rtsp://cam/user=***"),
    ("encoded twice", "rtsp://cam/password%253DHUNTER2", "rtsp://cam/password=***"),
    ("IPv6", "rtsp://admin:HUNTER2@[2001:db8::1]:554/x", "rtsp://***@[2001:db8::1]:554/x"),
    ("user:password as a word of the path", "rtsp://cam/admin:HUNTER2/ch1", "rtsp://cam/***/ch1"),
    ("password as a word of the path", "rtsp://cam/live/pwd/HUNTER2/1", "rtsp://cam/live/pwd/***/***"),
    ("one slash, as a path has it", "rtsp:/admin:HUNTER2@127.0.0.1/x", "rtsp://***@127.0.0.1/x"),
    ("a database", "postgresql+psycopg://giaolo:HUNTER2@db/giaolo", "postgresql+psycopg://***@db/giaolo"),
    ("a broker", "mqtts://box:HUNTER2@mqtt.example.vn:8883", "mqtts://***@mqtt.example.vn:8883"),
    ("no scheme", "admin:HUNTER2@192.0.2.1/stream1", "***@192.0.2.1/stream1"),
    ("no secret at all", "rtsp://192.0.2.1:554/Streaming/Channels/101", "rtsp://192.0.2.1:554/Streaming/Channels/101"),
    ("a file", "/srv/clips/nga-tu.mp4", "/srv/clips/nga-tu.mp4"),
]  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_is_known_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process remembers the addresses it met; other tests of the same run have met some."""
    monkeypatch.setattr(addresses, "_known", {})


@pytest.mark.parametrize(("what", "address", "shown"), SHOWN, ids=[s[0] for s in SHOWN])
def test_what_is_shown_of_an_address(what: str, address: str, shown: str) -> None:
    assert shown_address(address) == shown


@pytest.mark.parametrize(("what", "address", "shown"), [s for s in SHOWN if "://" in s[1]], ids=lambda v: str(v)[:30])
def test_an_address_within_a_text_is_shown_the_same(what: str, address: str, shown: str) -> None:
    assert hide(f"[Errno 111] refused: '{address}'; again") == f"[Errno 111] refused: '{shown}'; again"


SECRET = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=5, max_size=12).map(
    lambda s: f"Q9{s}7Z"
)
HOSTS = st.sampled_from(["127.0.0.1", "127.0.0.1:554", "[2001:db8::1]:8554", "cam.example.vn", "cam-1:554"])
FORMS = [
    "rtsp://{user}:{secret}@{host}/stream1",
    "rtsp://{secret}@{host}/stream1",
    "rtsp://{secret}:@{host}",
    "rtsp://{host}/user={user}&password={secret}&channel=1",
    "rtsp://{host}/user={user}_password={secret}_channel=1.sdp",
    "rtsp://{host}/live?user={user}&pwd={secret}",
    "http://{host}/video?{secret}",
    "rtsp://{host}/live/password/{secret}/1",
    "rtsp://{host}/{user}:{secret}/ch1",
    "mqtts://{user}:{secret}@{host}",
    "postgresql://{user}:{secret}@{host}/db?password={secret}",
]


def fragments(secret: str) -> set[str]:
    """Every four characters in a row of it: no part may be seen."""
    return {secret[i : i + 4] for i in range(len(secret) - 3)}


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(SECRET, st.sampled_from(FORMS), HOSTS, st.integers(0, 2))
def test_no_part_of_any_secret_is_shown_in_any_form(secret: str, form: str, host: str, encoded: int) -> None:
    told = secret
    for _ in range(encoded):
        told = quote(told, safe="")
    address = form.format(user="admin", secret=told, host=host)
    innocent = form.format(user="admin", secret="", host=host)
    shown = shown_address(address)
    assert not [f for f in fragments(secret) | fragments(told) if f in shown and f not in innocent]
    remember(address)
    record = logging.LogRecord("edge", logging.ERROR, "x.py", 1, "cannot open %s", (address,), None)
    line = LineFormatter().format(record).partition("ERROR")[2]  # without the time
    for text in (hide(f"cannot open {address!r}"), line,
                 str(GiaoLoError("lost", where=address)), GiaoLoError("lost", where=address).where):  # fmt: skip
        rest = text.replace(shown, "")
        assert not [f for f in fragments(secret) if f in rest and f not in innocent + "edge cannot open lost"], text


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(st.text(string.printable, max_size=40), SECRET)
def test_login_put_in_by_the_box_is_encoded(user: str, secret: str) -> None:
    address = with_login("rtsp://cam:554/stream1", user, secret)
    assert address.startswith("rtsp://")
    assert address.endswith("@cam:554/stream1")
    assert address.count("@") == 1
    assert shown_address(address) == "rtsp://***@cam:554/stream1"
