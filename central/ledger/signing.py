"""What the centre signs of its own record, and what of it lies outside the database.

Whoever may write to the database can compute every hash in it again. He has not the centre's key: each event of a case
and the end of each record are signed, and beside the database, in files, stand the newest checkpoint of the log and the
record's end of each notice when it was issued. Rewriting one without the other is found by `giaolo central audit`.

Not found: somebody who also takes the key file and these files, and what was lost since the last checkpoint when the
database is put back to an older state. The boxes' receipts do not witness the log yet.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from central.store.alarms import raise_alarm
from central.store.blobs import write_durably
from central.store.case_tables import CaseEventRow
from central.store.db import Database
from common.durable import DurableFolders
from evidence.canonical import canonical_json
from evidence.case_record import statement
from evidence.centre_keys import CentreKeys
from evidence.errors import GiaoLoError, PacketError
from evidence.log_proof import Checkpoint, read_checkpoint
from evidence.seal import SigningKey

log = logging.getLogger(__name__)
SINCE_FILE = "signed-since.json"


class LedgerError(GiaoLoError):
    """A file of the ledger is not what the centre wrote."""


@dataclass(frozen=True)
class Mark:
    """A signed line: `case`'s record had `count` events, the last with the hash `head`."""

    case: str
    count: int
    head: str
    signature: str


@dataclass(frozen=True)
class Ledger:
    """Signs with the centre's key and keeps `folder`. One for each process; `Database.ledger` hands it to sessions."""

    key: SigningKey
    centre: str
    folder: Path
    keys: CentreKeys
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _folders: DurableFolders = field(default_factory=DurableFolders, repr=False)

    @property
    def checkpoint_file(self) -> Path:
        return self.folder / "newest-checkpoint.json"

    @property
    def marks_file(self) -> Path:
        return self.folder / "issued.jsonl"

    @property
    def since_file(self) -> Path:
        return self.folder / SINCE_FILE

    @property
    def key_changes_file(self) -> Path:
        return key_changes_file(self.folder)

    @property
    def deletions_file(self) -> Path:
        return self.folder / "deletions.jsonl"

    def remember_deletion(self, session: Session, line: bytes) -> None:
        """Once the transaction is committed, write the signed record down beside the database."""
        self._after_commit(session, lambda: self.keep_deletion(line))

    def keep_deletion(self, line: bytes) -> None:
        self._append(self.deletions_file, line)

    # --- records of cases ----------------------------------------------------------------------------------------

    def sign_event(self, case: str, count: int, head: str) -> str:
        return self.key.sign(statement("event", self.centre, case, count, head))

    def sign_end(self, case: str, count: int, head: str) -> str:
        """That `head` is the last event: another statement than the event's own, which stays true for ever."""
        return self.key.sign(statement("end", self.centre, case, count, head))

    def check_event(self, key: CentreKeys, case: str, count: int, head: str, signature: str) -> None:
        """Raise `PacketError` unless one of the keys signed the event."""
        key.verify(signature, statement("event", self.centre, case, count, head), where=case)

    def check_end(self, key: CentreKeys, case: str, count: int, head: str, signature: str) -> None:
        key.verify(signature, statement("end", self.centre, case, count, head), where=case)

    def remember(self, session: Session, case: str, count: int, head: str) -> None:
        """Once the transaction is committed, write down where the record of an issued case stands."""
        line = {"case": case, "count": count, "head": head,
                "signature": self.key.sign(statement("issued", self.centre, case, count, head))}  # fmt: skip
        self._after_commit(session, lambda: self._append(self.marks_file, canonical_json(line) + b"\n"))

    def marks(self) -> Iterator[Mark | str]:
        """Every line of the file of issued cases; in place of one that cannot be read, what is wrong with it."""
        try:
            lines = self.marks_file.read_bytes().splitlines()
        except FileNotFoundError:
            return
        except OSError as error:
            yield f"cannot be read: {error.strerror}"
            return
        for number, line in enumerate(lines, start=1):
            try:
                mark = Mark(**json.loads(line))
                said = statement("issued", self.centre, mark.case, mark.count, mark.head)
                self.keys.verify(mark.signature, said, where=f"line {number}")
            except (ValueError, TypeError, AttributeError, PacketError):
                yield f"line {number} was not written by this centre"
            else:
                yield mark

    def begin(self, database: Database) -> None:
        """On the first start with this software, write down from which event on all are signed. Raises `LedgerError`.

        It is written once and never again: whoever removes signatures later cannot make them look old.
        """
        if self.since_file.exists():
            return
        with database.read() as session:
            last = session.scalar(select(func.max(CaseEventRow.id))) or 0
        said = {"schema": "giaolo.signed-since/1", "centre": self.centre, "event": last}
        signed = {**said, "signature": self.key.sign(canonical_json(said))}
        self._write(self.since_file, canonical_json(signed) + b"\n")

    def unsigned_until(self) -> int:
        """The last event id that needs no signature, as it is older than signing. Raises `LedgerError`."""
        try:
            said = json.loads(self.since_file.read_bytes())
            signature = str(said.pop("signature"))
            self.keys.verify(signature, canonical_json(said), where=str(self.since_file))
            return int(said["event"])
        except (OSError, ValueError, TypeError, AttributeError, KeyError, PacketError) as error:
            raise LedgerError(
                "is missing or was not written by this centre", where=str(self.since_file), remedy="restore it"
            ) from error

    # --- the log -------------------------------------------------------------------------------------------------

    def follow(self, session: Session, newest: Checkpoint, root_of_first: Callable[[int], str]) -> None:
        """Keep `newest` outside the database if it goes on from the one kept there; else leave that and raise an alarm.

        `root_of_first(n)`: root of the first n entries of the log as it is now.
        """
        try:
            kept = self.newest()
        except LedgerError as error:
            kept, fault = None, str(error)
        else:
            fault = ""
        if kept is not None and kept.size > newest.size:
            fault = f"the log has {newest.size} entries, {kept.size} were signed: it was cut or put back in time"
        elif kept is not None and root_of_first(kept.size) != kept.root:
            fault = f"the first {kept.size} entries of the log are not those that were signed"
        if fault:
            text = f"{fault}; see `giaolo central audit`, and {self.checkpoint_file} for what was signed"
            raise_alarm(session, "log_rewound", None, None, text, newest.at)
        elif kept is None or kept.size < newest.size:
            self._after_commit(session, lambda: self._write(self.checkpoint_file, newest.to_bytes()))

    def newest(self) -> Checkpoint | None:
        """The checkpoint kept outside the database; None before the first. Raises `LedgerError`."""
        try:
            kept = read_checkpoint(self.checkpoint_file.read_bytes(), where=str(self.checkpoint_file))
            if kept.centre != self.centre:
                raise PacketError(f"is of centre {kept.centre[:64]}")
            kept.verify(self.keys)
        except FileNotFoundError:
            return None
        except (OSError, PacketError) as error:
            raise LedgerError(
                "was not written by this centre with its key", where=str(self.checkpoint_file), remedy="restore it"
            ) from error
        return kept

    # --- files ---------------------------------------------------------------------------------------------------

    def _after_commit(self, session: Session, write: Callable[[], None]) -> None:
        def committed(_: Session) -> None:
            try:
                write()
            except (OSError, GiaoLoError) as error:
                # the database has it; what is missing here is only the second place
                log.error("ledger cannot be written: %s", error)

        # a transaction that is rolled back must not leave its line for the next one: sessions live for one block
        event.listen(session, "after_commit", committed, once=True)

    def _write(self, file: Path, said: bytes) -> None:
        with self._lock:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_durably(file, said, temporary=self.folder / "tmp", folders=self._folders)

    def _append(self, file: Path, line: bytes) -> None:
        with self._lock:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                size = os.fstat(descriptor).st_size
                torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"  # by a power cut
                os.write(descriptor, b"\n" * torn + line)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def key_changes_file(folder: Path) -> Path:
    """Which keys the centre had (`evidence.centre_keys`)."""
    return folder / "key-changes.json"


def ledger_of(session: Session) -> Ledger | None:
    """The ledger of the centre that opened this session; None for a bare database."""
    found: Ledger | None = session.info.get("ledger")
    return found
