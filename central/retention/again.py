"""A database that was put back to an older state has again what was deleted since: it is deleted again, and told.

The records stand a second time in a file beside the database (`ledger/deletions.jsonl`), each signed. At the start
both are held against each other: what the file has and the database has not is applied again and raises an alarm;
what the file misses, as a process was killed between the two, is added to it.

Not found: a backup in which database and data folder are both of an older day. Then only a copy of that file kept
elsewhere knows: `giaolo central retention again FILE`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from central.centre import Centre
from central.ledger import merkle
from central.retention import others
from central.retention.records import line_of, write
from central.store.alarms import raise_alarm
from central.store.keeping_tables import DeletionRow
from evidence.canonical import canonical_json
from evidence.deletion import Deletion, read_deletion
from evidence.errors import GiaoLoError, PacketError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Signed:
    """A record from the file, its signature checked."""

    deletion: Deletion
    signature: str


@dataclass(frozen=True)
class Compared:
    """`again`: applied again to this database; `added`: to the file; `unread`: lines that are none of ours."""

    again: int
    added: int
    unread: int


def signed_lines(centre: Centre, file: Path) -> Iterator[Signed | None]:
    """The records of a file; None for a line that this centre did not sign, or that a power cut tore."""
    try:
        with file.open("rb") as lines:
            for line in lines:
                yield _read(centre, line)
    except FileNotFoundError:
        return


def compare(centre: Centre) -> Compared:
    """Hold file and database against each other, as told above. Costs a count and one line where they agree."""
    file = centre.ledger.deletions_file
    count, last = _end_of(file)
    with centre.db.read() as session:
        stored = session.scalar(select(func.count()).select_from(DeletionRow)) or 0
        newest = session.scalar(select(DeletionRow.digest).order_by(DeletionRow.log_index.desc()).limit(1))
    read = _read(centre, last) if last else None
    if stored == count and newest == (read.deletion.digest if read else None):
        return Compared(0, 0, 0)
    return apply_again(centre, signed_lines(centre, file))


def apply_again(centre: Centre, records: Iterable[Signed | None]) -> Compared:
    """Apply those records that this database does not know, and add to our file what it misses."""
    again = unread = 0
    for signed in records:
        if signed is None:
            unread += 1
        else:
            again += _apply(centre, signed)
    if again:
        now = centre.clock()
        text = f"the database was put back to an older state: {again} deletions were applied again"
        with centre.db.write() as session:
            raise_alarm(session, "deleted_came_back", None, None, text, now)
            merkle.checkpoint(session, centre.key, centre=centre.config.centre_id, now=now)
    added = _complete(centre)
    if again or added or unread:
        log.warning("deletions compared again=%d added=%d unread=%d", again, added, unread)
    return Compared(again, added, unread)


def _complete(centre: Centre) -> int:
    """A process may have been killed between its commit and the line, or another process has made the deletion."""
    added = 0
    filed = {each.deletion.digest for each in signed_lines(centre, centre.ledger.deletions_file) if each is not None}
    with centre.db.read() as session:
        for row in session.scalars(select(DeletionRow).order_by(DeletionRow.log_index)):
            if row.digest not in filed:
                centre.ledger.keep_deletion(line_of(row))
                added += 1
    return added


def _apply(centre: Centre, signed: Signed) -> bool:
    """False when the database has it."""
    with centre.db.write() as session:
        known = session.scalar(select(DeletionRow.id).where(DeletionRow.digest == signed.deletion.digest))
        if known is not None:
            return False
        write(session, centre, signed.deletion, signature=signed.signature, remember=False)
        others.delete_again(session, signed.deletion)
        return True


def _read(centre: Centre, line: bytes) -> Signed | None:
    try:
        value = json.loads(line)
        said = read_deletion(canonical_json(value["deletion"]), where="deletions")
        signature = str(value["signature"])
        centre.keys.verify(signature, said.statement(), where="deletions")
        if said.centre != centre.config.centre_id:
            raise PacketError("is of another centre", where="deletions")
    except (ValueError, KeyError, TypeError, GiaoLoError):
        return None
    return Signed(said, signature)


def _end_of(file: Path) -> tuple[int, bytes]:
    """How many lines a file has, and its last one."""
    count, last = 0, b""
    try:
        with file.open("rb") as lines:
            for last in lines:  # noqa: B007  # the last one is what is wanted
                count += 1
    except FileNotFoundError:
        pass
    return count, last
