"""What the centre gives to a court or an inspector: the proof that a packet stands in the log that it signed.

Checked with `evidence.log_proof` and the centre's public key, offline: `giaolo verify PACKET --proof FILE`.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.ledger import merkle
from central.ledger.signing import ledger_of
from central.store.case_tables import CaseRow
from central.store.packet_tables import PacketRow
from evidence.errors import GiaoLoError
from evidence.log_proof import Checkpoint, Consistency, LogProof, SignedCheckpoint
from evidence.seal import SigningKey

_MOST_DIGITS = 15
"""Of a case's number: more than any has, less than a database integer can hold."""


class ProofError(GiaoLoError):
    """It is not clear, or not known, which packet is meant."""


def find_packet(session: Session, name: str) -> PacketRow:
    """The packet of a case (number or id), or the packet with that id or digest. Raises `ProofError`."""
    query = select(PacketRow)
    if name.isascii() and name.isdigit() and len(name) <= _MOST_DIGITS:
        query = query.join(CaseRow, CaseRow.packet_id == PacketRow.id).where(CaseRow.number == int(name))
    elif len(name) == 64:
        query = query.where(PacketRow.digest == name)
    else:
        of_case = select(CaseRow.packet_id).where(CaseRow.id == name)
        query = query.where((PacketRow.packet_id == name) | PacketRow.id.in_(of_case))
    found = session.scalars(query.limit(2)).all()
    if not found:
        raise ProofError(
            "is no case and no packet here",
            where=name[:80],
            remedy="give the number of a case, the id of a packet, or its digest",
        )
    if len(found) > 1:
        raise ProofError(
            "is the id of packets of several nodes", where=name, remedy="give the number of the case, or the digest"
        )
    return found[0]


def prove(
    session: Session, packet: PacketRow, key: SigningKey, *, centre: str, now: datetime, older: Checkpoint | None = None
) -> LogProof:
    """The packet's place in the log of now, signed; and that this log goes on from `older`, if given.

    What is given out was checked as its reader will check it. Raises `LogError`, `PacketError`: the log was altered, or
    `older` is not a checkpoint of it. Needs a session that writes, as the newest checkpoint may have to be signed.
    """
    newest = merkle.checkpoint(session, key, centre=centre, now=now)
    consistency = None
    if older is not None and 0 < older.size < newest.size:
        hashes = merkle.prove_consistency(session, older.size, newest.size)
        consistency = Consistency(from_size=older.size, hashes=[h.hex() for h in hashes])
    proof = LogProof(
        packet=packet.digest,
        index=packet.log_index,
        inclusion=[h.hex() for h in merkle.prove_inclusion(session, packet.log_index, newest.size)],
        checkpoint=SignedCheckpoint.of(newest),
        consistency=consistency,
    )
    ledger = ledger_of(session)
    proof.verify(packet.digest, key.public if ledger is None else ledger.keys, older=older)
    return proof
