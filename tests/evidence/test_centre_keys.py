"""The centre changes its key: who trusted the old one follows, who trusts the new one looks back, nobody else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.centre_keys import CentreKeys, KeyChange, change_key, read_changes, write_changes
from evidence.errors import PacketError
from evidence.log_proof import Checkpoint
from evidence.seal import SigningKey

AT = datetime(2026, 11, 26, 8, tzinfo=UTC)
DAY = timedelta(days=1)
FIRST, SECOND, THIRD, THIEF = (SigningKey.generate() for _ in range(4))


def change(old: SigningKey, new: SigningKey, days: int = 0) -> KeyChange:
    return change_key("centre", old, new, at=AT + days * DAY, until=AT + (days + 30) * DAY)


BOTH = (change(FIRST, SECOND), change(SECOND, THIRD, 100))
LOST = change_key("centre", FIRST.public, SECOND, at=AT, until=AT)


@pytest.mark.parametrize(
    ("trusted", "changes", "all_of_them", "newest"),
    [
        (FIRST, BOTH, [THIRD, SECOND, FIRST], THIRD),
        (SECOND, BOTH, [THIRD, SECOND, FIRST], THIRD),
        (THIRD, BOTH, [THIRD, SECOND, FIRST], THIRD),
        (THIRD, BOTH[::-1], [THIRD, SECOND, FIRST], THIRD),
        (THIEF, BOTH, [THIEF], THIEF),
        (FIRST, (LOST,), [FIRST], FIRST),
        (SECOND, (LOST,), [SECOND, FIRST], SECOND),
        (SECOND, (change(FIRST, THIEF), LOST), [SECOND, FIRST], SECOND),
    ],
    ids=["forward", "both ways", "back", "in any order", "a stranger's key", "lost: not followed",
         "lost: looked back", "lost, and the thief's own change"],
)  # fmt: skip
def test_whom_somebody_believes_who_trusts_one_key(
    trusted: SigningKey, changes: tuple[KeyChange, ...], all_of_them: list[SigningKey], newest: SigningKey
) -> None:
    keys = CentreKeys.around(trusted.public, changes)
    assert list(keys.all) == [key.public for key in all_of_them]
    assert keys.newest == newest.public


def test_for_a_time_both_are_believed_and_then_the_new_one_alone() -> None:
    keys = CentreKeys.around(FIRST.public, BOTH[:1])
    assert keys.believed(AT + 29 * DAY) == (SECOND.public, FIRST.public)
    assert keys.believed(AT + 30 * DAY) == (SECOND.public,)
    assert CentreKeys.around(SECOND.public, (LOST,)).believed(AT) == (SECOND.public,)


@pytest.mark.parametrize(
    ("days", "key", "good"),
    [
        (-1, FIRST, True),
        (1, FIRST, True),
        (31, FIRST, False),
        (1, SECOND, True),
        (99, SECOND, True),
        (99, THIEF, False),
    ],
)
def test_a_checkpoint_is_judged_by_the_key_that_counted_then(days: int, key: SigningKey, good: bool) -> None:
    keys, at = CentreKeys.around(THIRD.public, BOTH), AT + days * DAY
    said = Checkpoint("centre", 1, "0" * 64, at, key.public.key_id, "")
    made = Checkpoint("centre", 1, "0" * 64, at, key.public.key_id, key.sign(said.statement()))
    if good:
        made.verify(keys)
    else:
        with pytest.raises(PacketError):
            made.verify(keys)


def test_a_list_of_changes_comes_back_as_it_was_written() -> None:
    assert read_changes(write_changes([*BOTH, LOST]), where="test") == (*BOTH, LOST)
    assert read_changes(write_changes([]), where="test") == ()


@pytest.mark.parametrize(
    "altered",
    [
        {"until": "2036-01-01T00:00:00.000Z"},
        {"new": THIEF.public.raw.hex()},
        {"old": THIEF.public.raw.hex()},
        {"centre": "other"},
        {"by_old": THIEF.sign(BOTH[0].statement())},
        {"by_new": THIEF.sign(BOTH[0].statement())},
        {"at": "2026-11-26T09:00:00.000Z"},
    ],
    ids=lambda altered: next(iter(altered)),
)
def test_nothing_of_a_change_can_be_altered(altered: dict[str, Any]) -> None:
    with pytest.raises(PacketError):
        read_changes(write_changes([BOTH[0].model_copy(update=altered)]), where="test")


@given(st.binary(max_size=300))
def test_whatever_the_bytes_are_the_answer_is_a_packet_error(noise: bytes) -> None:
    good = write_changes(BOTH)
    for data in (noise, good + noise, good[: len(noise)], noise + good):
        if data in (good, write_changes([]), b"[]"):
            continue
        with pytest.raises(PacketError):
            read_changes(data, where="test")
