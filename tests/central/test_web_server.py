"""Clients that take their time, and many of them, cost the web a little and the evidence nothing."""

from __future__ import annotations

import http.client
import logging
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from central.app import App
from central.centre import Centre
from central.config import Web
from central.intake.ingest import Ingest
from central.web import server as web_server
from central.web.app import create_app
from central.web.server import BACKLOG, RESERVED_FILES, connections_for
from common.patient_http import Gate, Patience
from evidence.container import open_packet
from tests import waiting
from tests.central.build import NODE, NodeChain, make_centre

# Opens that many sockets with half a request each and says so; holds them until its standard input ends.
HOLDER = """
import resource, socket, sys
port, wanted = int(sys.argv[1]), int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_NOFILE, (wanted + 100, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
held = []
for _ in range(wanted):
    one = socket.socket()
    one.setblocking(False)
    try:
        one.connect(("127.0.0.1", port))
    except BlockingIOError:
        pass
    held.append(one)
while any(held) and sys.stdin:
    for one in held:
        try:
            one.send(b"GET / HTTP/1.1\\r\\nHost: x\\r\\nX-A: ")
        except OSError:
            pass
    print("held", flush=True)
    if not sys.stdin.readline():
        break
"""


def eventually(check: Callable[[], bool], what: str) -> None:
    waiting.eventually(check, 60, what, every_s=0.05)


@pytest.fixture
def few_files(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A process that may open 1024 files, as Debian starts one, and may not raise that."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
    monkeypatch.setattr(web_server, "raise_open_files", lambda: 1024, raising=False)
    yield 1024
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_1100_half_requests_do_not_stop_ingest_and_fill_no_log(
    tmp_path: Path, few_files: int, caplog: pytest.LogCaptureFixture
) -> None:
    centre = make_centre(tmp_path, web={"port": 0}, broker={"port": 1})
    ingest, chain = Ingest.of(centre), NodeChain()
    with caplog.at_level(logging.WARNING), App(centre.config, centre=centre) as app:
        port = int(app.web_url.rpartition(":")[2])
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(port), "1100"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        try:
            assert holder.stdin is not None
            assert holder.stdout is not None
            for _ in range(5):
                assert holder.stdout.readline() == "held\n"
                data = chain.next()
                assert ingest.gate.accept(NODE, open_packet(data).manifest.packet_id, data).status == "stored"
                holder.stdin.write("again\n")
                holder.stdin.flush()
            # somebody at another address is served all the time
            other = http.client.HTTPConnection("127.0.0.1", port, timeout=60, source_address=("127.0.0.2", 0))
            other.request("GET", "/healthz")
            assert other.getresponse().status == 200
            other.close()
        finally:
            holder.stdin.close()  # type: ignore[union-attr]
            holder.wait(30)
    accept_faults = [r for r in caplog.records if "accept" in r.getMessage() or "Too many open files" in r.getMessage()]
    assert accept_faults == []


def test_the_open_files_left_for_ingest_are_counted_before_the_webs() -> None:
    assert connections_for(500, 65_536) == 500
    at_1024 = connections_for(500, 1024)
    assert at_1024 + RESERVED_FILES + 4 * BACKLOG <= 1024
    assert connections_for(500, 64) == 16


def test_a_gate_is_full_in_all_and_for_each_and_has_room_again() -> None:
    gate = Gate(6, 3, proxies={"10.0.0.1"})
    assert [gate.enter("a") for _ in range(4)] == [True, True, True, False]
    assert [gate.enter("10.0.0.1") for _ in range(4)] == [True, True, True, False]
    gate.leave("a")
    assert [gate.enter("b"), gate.enter("b")] == [True, False]


@pytest.fixture
def impatient(tmp_path: Path) -> Iterator[int]:
    """The port of a web that waits a second for anything."""
    centre = make_centre(tmp_path)
    yield from serve(centre, Patience(headers_s=1.0, body_s=1.0, unread_s=1.0))


def serve(centre: Centre, patience: Patience) -> Iterator[int]:
    server = web_server.web_server(create_app(centre), Web(port=0), patience=patience)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    eventually(lambda: bool(server.started), "web starts")
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join(20)
    centre.db.dispose()


@pytest.mark.parametrize(
    "said",
    [b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ",
     b"POST /look-up HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\ncsrf=",
     b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /he"],
    ids=["nothing", "half a head", "half a body", "half a second request"],
)  # fmt: skip
def test_who_does_not_finish_a_request_is_cut_off(impatient: int, said: bytes) -> None:
    with socket.create_connection(("127.0.0.1", impatient)) as client:
        client.settimeout(120)  # the end comes, however slow the machine is
        client.sendall(said)
        try:
            while client.recv(65536):
                pass
        except ConnectionResetError:
            pass


def test_a_slow_drip_does_not_count_as_progress(impatient: int) -> None:
    with socket.create_connection(("127.0.0.1", impatient)) as client:
        client.settimeout(0.2)
        end = time.monotonic() + 120
        while True:
            assert time.monotonic() < end, "still connected"
            try:
                client.sendall(b"X")
                if client.recv(1) == b"":
                    break
            except TimeoutError:
                continue
            except (ConnectionResetError, BrokenPipeError):
                break


def test_a_request_in_good_time_is_answered_and_the_connection_used_again(impatient: int) -> None:
    client = http.client.HTTPConnection("127.0.0.1", impatient, timeout=60)
    for _ in range(3):
        client.request("GET", "/healthz")
        answer = client.getresponse()
        assert (answer.status, bool(answer.read())) == (200, True)
    client.close()
