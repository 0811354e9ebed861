"""Which keys of the centre a box believes: the one in its configuration, and those that follow it by signed changes.

Changes come over the broker and are kept. Nobody has to be believed for that: a change counts when a key that is
believed already has signed it. A new key in `centre_public_key`, put there by hand, begins anew: what the former one
signed is not followed from it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from edge.delivery.outbox_store import write_durably
from evidence.centre_keys import CentreKeys, KeyChange, read_changes, write_changes
from evidence.errors import PacketError
from evidence.receipt import Receipt, read_receipt
from evidence.seal import VerifyKey

log = logging.getLogger(__name__)
KEPT_AS = "centre-keys.json"
"""The file of the changes, in the data folder of a box."""


def utc_now() -> datetime:
    return datetime.now(UTC)


class CentreTrust:
    """`pinned`: of the configuration; None: nothing is believed. `file`: where changes are kept; None: nowhere."""

    def __init__(
        self, pinned: VerifyKey | None, file: Path | None = None, *, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._file, self._now = file, now
        self.keys = None if pinned is None else CentreKeys.around(pinned, self._kept())

    def receipt(self, payload: bytes) -> Receipt:
        """Raises `PacketError` unless a key that is believed now signed it."""
        if self.keys is None:
            raise PacketError("there is no key to verify it with", where="receipt")
        newest, *former = self.keys.believed(self._now())
        for key in former:
            try:
                return read_receipt(payload, key)
            except PacketError:
                continue
        return read_receipt(payload, newest)

    def check(self, signature: str, message: bytes, *, where: str) -> None:
        """Raises `PacketError` unless a key that is believed now signed it."""
        believed = () if self.keys is None else self.keys.believed(self._now())
        fault = PacketError("there is no key to verify it with", where=where)
        for key in believed:
            try:
                return key.verify(signature, message, where=where)
            except PacketError as error:
                fault = error
        raise fault

    def take(self, payload: bytes) -> bool:
        """Follow changes that lead on from what is believed. Raises `PacketError` for what is none; `OSError`."""
        if self.keys is None:
            return False
        keys = self.keys.followed_by(read_changes(payload, where="keys"))
        if keys == self.keys:
            return False
        if self._file is not None:
            write_durably(self._file, write_changes(keys.changes))
        self.keys = keys
        log.warning(
            "the centre has a new key key=%s, the former one is believed until %s", keys.key_id, keys.changes[-1].until
        )
        return True

    def _kept(self) -> tuple[KeyChange, ...]:
        if self._file is None:
            return ()
        try:
            return read_changes(self._file.read_bytes(), where=str(self._file))
        except FileNotFoundError:
            return ()
        except (OSError, PacketError) as error:
            log.error("changes of the centre's key cannot be read, they come again: %s", error)
            return ()
