"""Files go by what the records of deletions name: blobs, looking copies, packets held in quarantine.

Each data folder works through the records in the order of the log and notes how far it is. So a run that was killed
goes on where it was, another process of the same centre takes the files out of its own folder, and a folder that was
put back from a backup loses again what was deleted meanwhile. Nothing that something living still names is removed.
"""

from __future__ import annotations

import json
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.centre import Centre
from central.store.blobs import write_durably
from central.store.case_tables import CaseRow, NoticeRow
from central.store.keeping_tables import DeletionRow
from central.store.packet_tables import PacketFileRow, PacketRow, QuarantineRow
from common.durable import DurableFolders, sync_folder
from evidence.deletion import Deletion, read_deletion

_AT_ONCE = 500


def settle(centre: Centre) -> int:
    """Remove the files of every deletion that this data folder has not yet worked through; how many records.

    Raises `OSError`, `StoreError`: what could not be removed is tried again the next time.
    """
    done = 0
    while True:
        after = _reached(centre)
        with centre.db.read() as session:
            row = DeletionRow
            query = select(row.log_index, row.digest, row.record).where(row.log_index > after)
            rows = session.execute(query.order_by(row.log_index).limit(_AT_ONCE)).all()
        if not rows:
            break
        for index, digest, record in rows:
            _remove(centre, read_deletion(record.encode(), where=f"deletions, log entry {index}"))
            _note(centre, index, digest)
            done += 1
    if done and centre.db.dialect == "sqlite":
        # what rows said before lies in the journal until it is written back; not within a transaction
        connection = centre.db.engine.raw_connection()
        try:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()
    return done


def unsettled(centre: Centre) -> int:
    """How many records this data folder still has to work through."""
    with centre.db.read() as session:
        query = select(DeletionRow.log_index).where(DeletionRow.log_index > _reached(centre))
        return len(session.scalars(query).all())


def _remove(centre: Centre, said: Deletion) -> None:
    for gone in said.gone:
        if gone.what == "held":
            _remove_held(centre, gone.name)
            continue
        # nobody takes evidence in between the question and the answer
        with centre.store.removing(), centre.db.read() as session:
            if not _named(session, gone.sha256):
                centre.store.remove(gone.sha256)
                (centre.config.copies_dir / f"{gone.sha256}.webm").unlink(missing_ok=True)


def _named(session: Session, sha256: str) -> bool:
    """Whether a packet or a notice that is there names the blob: two acts may share a picture, all share a scene."""
    files = (
        select(PacketFileRow.packet_id)
        .join(PacketRow, PacketRow.id == PacketFileRow.packet_id)
        .where(PacketFileRow.sha256 == sha256, PacketRow.deleted_at.is_(None))
    )
    papers = (
        select(NoticeRow.id)
        .join(CaseRow, CaseRow.id == NoticeRow.case_id)
        .where(NoticeRow.pdf_sha256 == sha256, CaseRow.deleted_at.is_(None))
    )
    return any(session.execute(query.limit(1)).first() is not None for query in (files, papers))


def _remove_held(centre: Centre, name: str) -> None:
    folder = centre.config.quarantine_dir.resolve()
    file = (folder / name).resolve()
    if not file.is_relative_to(folder):
        return
    with centre.db.read() as session:
        if session.scalar(select(QuarantineRow.id).where(QuarantineRow.path == name).limit(1)) is not None:
            return  # it came again
    if file.exists():
        file.unlink()
        sync_folder(file.parent)


def _reached_file(centre: Centre) -> Path:
    return centre.config.data_dir / "retention" / "reached.json"


def _reached(centre: Centre) -> int:
    """The log entry up to which files are gone here; -1 at first.

    All again as well where the note cannot be read, and where the database has another deletion at that entry or none:
    then it was put back to an older state, and entries are given out anew.
    """
    try:
        note = json.loads(_reached_file(centre).read_bytes())
        index, digest = int(note["log_index"]), str(note["digest"])
    except (OSError, ValueError, KeyError, TypeError):
        return -1
    with centre.db.read() as session:
        there = session.scalar(select(DeletionRow.digest).where(DeletionRow.log_index == index))
    return index if there == digest else -1


def _note(centre: Centre, index: int, digest: str) -> None:
    file = _reached_file(centre)
    said = json.dumps({"log_index": index, "digest": digest}).encode()
    write_durably(file, said, temporary=file.parent / "tmp", folders=DurableFolders())
