"""What the centre gives out of a deletion: its record, its place in the log, and the place of the packet that was."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.centre import Centre
from central.ledger import merkle
from central.ledger.proofs import prove
from central.store.keeping_tables import DeletionRow
from central.store.packet_tables import PacketRow
from evidence.deletion import DeletionProof, read_deletion
from evidence.log_proof import LogProof, SignedCheckpoint


def prove_deletion(session: Session, centre: Centre, row: DeletionRow, *, now: datetime) -> DeletionProof:
    """Checked as its reader will check it. Raises `LogError`, `PacketError`: the log was altered.

    Needs a session that writes, as the newest checkpoint may have to be signed.
    """
    said = read_deletion(row.record.encode(), where=f"deletion {row.id}")
    name = centre.config.centre_id
    newest = merkle.checkpoint(session, centre.key, centre=name, now=now)
    proof = LogProof(
        packet=row.digest,
        index=row.log_index,
        inclusion=[h.hex() for h in merkle.prove_inclusion(session, row.log_index, newest.size)],
        checkpoint=SignedCheckpoint.of(newest),
        consistency=None,
    )
    packet = (
        session.scalar(select(PacketRow).where(PacketRow.digest == row.packet_digest)) if row.packet_digest else None
    )
    packet_proof = None if packet is None else prove(session, packet, centre.key, centre=name, now=now)
    made = DeletionProof(deletion=said, signature=row.signature, proof=proof, packet_proof=packet_proof)
    made.verify(centre.keys)
    return made
