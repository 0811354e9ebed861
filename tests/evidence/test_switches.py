"""Switches: in whatever order statements come the same holds, what is over concerns nothing, nothing forged is read."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from evidence.errors import PacketError
from evidence.packet import utc_text
from evidence.seal import SigningKey
from evidence.switches import (
    AROUND,
    AROUND_UNSURE,
    LONGEST,
    REMEMBERED,
    SignedSwitch,
    Switch,
    merged,
    read_switches,
    sign_switches,
)

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
KEY = SigningKey.generate()
IDS = [str(uuid.UUID(int=n)) for n in range(1, 4)]


def switch(since_s: float = 0, until_s: float = 3600, said_s: float = 0, **changes: Any) -> Switch:
    """Times in seconds from `AT`."""
    values: dict[str, Any] = {
        "centre": "centre", "id": IDS[0], "kind": "officer_directs", "node": "node-1", "camera": "cam-1",
        "since": utc_text(AT + timedelta(seconds=since_s)), "until": utc_text(AT + timedelta(seconds=until_s)),
        "by": "lan", "why": "ùn tắc", "at": utc_text(AT + timedelta(seconds=said_s)),
    }  # fmt: skip
    return Switch(**{**values, **changes})


def signed(one: Switch) -> SignedSwitch:
    return SignedSwitch(switch=one, signature=KEY.sign(one.statement()))


SAID = st.builds(
    lambda id_, until_s, said_s, kind: signed(switch(0, until_s, said_s, id=id_, kind=kind)),
    st.sampled_from(IDS), st.integers(0, 86400), st.integers(0, 3),
    st.sampled_from(["officer_directs", "signal_out_of_order"]),
)  # fmt: skip


@given(st.lists(st.lists(SAID, max_size=3), max_size=4), st.randoms(use_true_random=False))
def test_lists_may_come_late_twice_and_in_any_order_and_the_same_holds(
    lists: list[list[SignedSwitch]], dice: Any
) -> None:
    def after(order: list[list[SignedSwitch]]) -> dict[str, SignedSwitch]:
        held: dict[str, SignedSwitch] = {}
        for each in order:
            held = merged(held, each, now=AT)
        return held

    shuffled = [*lists, *lists]
    dice.shuffle(shuffled)
    held = after(lists)
    assert after(shuffled) == held
    for id_, kept in held.items():
        ours = [each.switch.at for those in lists for each in those if each.switch.id == id_]
        assert kept.switch.at == max(ours)  # an old list that somebody sends again changes nothing


@given(
    since_s=st.integers(-86400, 86400), lasts_s=st.integers(0, 86400), first_s=st.integers(-200_000, 200_000),
    seen_s=st.integers(0, 600), unsure=st.booleans(),
)  # fmt: skip
def test_an_act_is_concerned_exactly_if_its_time_with_the_margin_meets_that_of_the_switch(
    since_s: int, lasts_s: int, first_s: int, seen_s: int, unsure: bool
) -> None:
    one = switch(since_s, since_s + lasts_s)
    first, last = AT + timedelta(seconds=first_s), AT + timedelta(seconds=first_s + seen_s)
    found = one.concerns(node="node-1", camera="cam-1", line=None, first=first, last=last, unsure=unsure)
    around = (AROUND_UNSURE if unsure else AROUND).total_seconds()
    meets = first_s < since_s + lasts_s + around and first_s + seen_s >= since_s - around
    assert found == (lasts_s > 0 and meets)


@pytest.mark.parametrize(
    ("place", "act", "concerned", "why"),
    [
        ({"camera": None}, {"camera": "cam-2"}, True, "all cameras of the box"),
        ({}, {"camera": "cam-2"}, False, "another camera"),
        ({}, {"node": "node-2"}, False, "another box"),
        ({"line": "vach-1"}, {"line": "vach-1"}, True, "its line"),
        ({"line": "vach-1"}, {"line": "vach-2"}, False, "another line"),
        ({"line": "vach-1"}, {"line": None}, True, "an act that names no line may be about any"),
    ],
)
def test_a_switch_holds_at_its_place(place: dict[str, Any], act: dict[str, Any], concerned: bool, why: str) -> None:
    seen = {"node": "node-1", "camera": "cam-1", "line": None, "first": AT, "last": AT, **act}
    assert switch(**place).concerns(**seen) == concerned, why


def test_what_is_long_over_is_forgotten_and_what_goes_on_is_not() -> None:
    held = merged({}, [signed(switch(id=IDS[0])), signed(switch(0, 86400, id=IDS[1]))], now=AT)
    assert sorted(held) == IDS[:2]
    later = AT + timedelta(hours=1) + REMEMBERED
    assert sorted(merged(held, [], now=later)) == [IDS[1]]


@pytest.mark.parametrize(
    "wrong",
    [
        {"until": utc_text(AT - timedelta(seconds=1))},
        {"until": utc_text(AT + LONGEST + timedelta(seconds=1))},
        {"camera": None, "line": "vach-1"},
        {"kind": "holiday"},
        {"why": ""},
    ],
)
def test_what_cannot_be_is_no_switch(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        switch(**wrong)


def test_a_list_is_read_again_as_it_was_signed_and_no_byte_can_be_another() -> None:
    data = sign_switches([switch()], KEY)
    (read,) = read_switches(data, where="test")
    assert read.switch == switch()
    KEY.public.verify(read.signature, read.switch.statement(), where="test")
    for place in range(len(data) - 1):
        assert not believed(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]), place


def believed(data: bytes) -> bool:
    """Whether another statement than the one that was signed would be taken."""
    try:
        (read,) = read_switches(data, where="test")
        KEY.public.verify(read.signature, read.switch.statement(), where="test")
    except PacketError:
        return False
    return read.switch != switch()


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b"[]]", b" []", b"[" + b"1," * 200_000 + b"1]"])
def test_rubbish_is_no_list(data: bytes) -> None:
    with pytest.raises(PacketError):
        read_switches(data, where="test")
