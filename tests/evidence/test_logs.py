"""Log lines: dated with their zone, one an event whatever strangers send, bounded."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import logs
from common.logs import LineLimit, plain

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d [A-Z]+ [\w.]+ ")


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    stream = io.StringIO()
    logs.set_up(stream=stream)
    yield stream
    root.handlers[:], root.level = before[0], before[1]


def test_every_line_has_its_time_with_the_zone(written: io.StringIO) -> None:
    logging.getLogger("central.intake.mqtt").warning("hello %s", "there")
    assert LINE.match(written.getvalue())
    assert written.getvalue().endswith("WARNING central.intake.mqtt hello there\n")


@pytest.mark.parametrize(
    "sent",
    ["giaolo/v1/x\n2026-11-25T10:00:00.000+07:00 INFO central.intake.ingest receipt node=n packet=p status=stored",
     "a\r\nb", "\x1b[2J\x1b[31mred", "\u2028next", "\x85next", "\u202egpj.exe", "\0"],
)  # fmt: skip
def test_nobody_writes_a_line_of_his_own(written: io.StringIO, sent: str) -> None:
    logging.getLogger("central.intake.mqtt").error("message dropped topic=%s", sent)
    lines = written.getvalue().splitlines()
    assert len(lines) == 1
    assert "message dropped" in lines[0]
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u202e]", lines[0])


@given(st.text())
def test_any_text_is_one_line(text: str) -> None:
    said = plain(text)
    assert len(said.splitlines()) <= 1
    said.encode()


def test_letters_of_ours_stay_as_they_are() -> None:
    assert plain("Ngã tư Lê Lợi – Trần Phú, 36A-123.45") == "Ngã tư Lê Lợi – Trần Phú, 36A-123.45"


def test_a_traceback_is_indented_and_what_it_quotes_cannot_start_a_line(written: io.StringIO) -> None:
    try:
        raise ValueError("bad\n2026-11-25T10:00:00.000+07:00 INFO central.intake.ingest receipt status=stored")
    except ValueError:
        logging.getLogger("central.web").exception("unexpected")
    first, *others = written.getvalue().splitlines()
    assert LINE.match(first)
    assert others
    assert all(line.startswith("    | ") for line in others)


def test_a_flood_of_one_kind_is_bounded_counted_and_hides_no_other_line(written: io.StringIO) -> None:
    flood, other = logging.getLogger("asyncio"), logging.getLogger("central.intake.ingest")
    for n in range(20_000):
        flood.error("socket.accept() out of system resource %d", n)
    other.warning("disk is nearly full")
    lines = written.getvalue().splitlines()
    assert len(lines) < 1000
    assert "disk is nearly full" in lines[-1]


def test_what_was_left_out_is_told_with_the_next_line() -> None:
    now = [0.0]
    limit = LineLimit(burst=2, every_s=10.0, clock=lambda: now[0])

    def record() -> logging.LogRecord:
        return logging.LogRecord("x", logging.ERROR, "file.py", 7, "fault %s", ("a",), None)

    assert [limit.filter(record()) for _ in range(5)] == [True, True, False, False, False]
    now[0] = 10.0
    after = record()
    assert limit.filter(after)
    assert after.getMessage() == "fault a (and 3 like it not written)"
