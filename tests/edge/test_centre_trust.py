"""A box takes a new key of its centre over, keeps it, and believes nobody who only says so."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge.delivery.centre_trust import CentreTrust
from evidence.centre_keys import change_key, write_changes
from evidence.errors import PacketError
from evidence.receipt import Receipt, sign_receipt
from evidence.seal import SigningKey, VerifyKey

AT = datetime(2026, 11, 26, 8, tzinfo=UTC)
OLD, NEW, THIRD, THIEF = (SigningKey.generate() for _ in range(4))
FIRST = change_key("centre", OLD, NEW, at=AT, until=AT + timedelta(days=30))
SECOND = change_key("centre", NEW, THIRD, at=AT + timedelta(days=5), until=AT + timedelta(days=35))
STOLEN = change_key("centre", OLD, THIEF, at=AT, until=AT + timedelta(days=30))


def receipt(key: SigningKey) -> bytes:
    said = Receipt(
        node="node-1", packet_id=str(uuid.uuid4()), packet_digest=None, container_sha256="0" * 64, status="stored",
        centre="centre", at=AT,
    )  # fmt: skip
    return sign_receipt(said, key).to_bytes()


class Box:
    def __init__(self, folder: Path) -> None:
        self.file, self.now = folder / "centre-keys.json", AT

    def trust(self, pinned: SigningKey | None) -> CentreTrust:
        """As after a start, with what lies on the disk."""
        key: VerifyKey | None = None if pinned is None else pinned.public
        return CentreTrust(key, self.file, now=lambda: self.now)

    def believes(self, pinned: SigningKey) -> list[str]:
        said = []
        for name, key in (("old", OLD), ("new", NEW), ("third", THIRD), ("thief", THIEF)):
            try:
                self.trust(pinned).receipt(receipt(key))
            except PacketError:
                continue
            said.append(name)
        return said


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_before_a_change_only_the_key_of_the_configuration_counts(box: Box) -> None:
    assert box.believes(OLD) == ["old"]
    with pytest.raises(PacketError, match="no key"):
        box.trust(None).receipt(receipt(OLD))


def test_a_signed_change_is_taken_over_kept_and_both_are_believed_for_a_time(box: Box) -> None:
    assert box.trust(OLD).take(write_changes([FIRST]))
    assert not box.trust(OLD).take(write_changes([FIRST]))  # told again
    assert box.believes(OLD) == ["old", "new"]
    box.now = AT + timedelta(days=30)
    assert box.believes(OLD) == ["new"]


def test_a_box_that_was_away_for_two_changes_follows_both(box: Box) -> None:
    assert box.trust(OLD).take(write_changes([FIRST, SECOND]))
    assert box.believes(OLD) == ["old", "new", "third"]


def test_changes_of_others_lead_nowhere(box: Box) -> None:
    for theirs in (
        change_key("centre", THIEF, NEW, at=AT, until=AT),
        change_key("centre", OLD.public, THIEF, at=AT, until=AT + timedelta(days=30)),
    ):
        assert not box.trust(OLD).take(write_changes([theirs]))
    with pytest.raises(PacketError):
        box.trust(OLD).take(b"[]]")
    assert box.believes(OLD) == ["old"]
    assert not box.file.exists()


def test_after_a_theft_the_key_that_is_put_there_by_hand_counts_and_the_thief_is_not_followed(box: Box) -> None:
    assert box.trust(OLD).take(write_changes([STOLEN]))  # a thief with the key is the centre, until somebody comes
    assert "thief" in box.believes(OLD)
    assert box.believes(THIRD) == ["third"]
    assert not box.trust(THIRD).take(write_changes([STOLEN]))


def test_a_file_that_rotted_is_told_and_the_changes_come_again(box: Box, caplog: pytest.LogCaptureFixture) -> None:
    box.file.write_bytes(b"rubbish")
    assert box.believes(OLD) == ["old"]
    assert "cannot be read" in caplog.text
    assert box.trust(OLD).take(write_changes([FIRST]))
    assert box.believes(OLD) == ["old", "new"]
