"""`giaolo verify` of a deletion's proof: what was there, and when and by which rule it went."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from evidence.centre_keys import CentreKeys
from evidence.deletion import DeletionProof, read_deletion_proof
from evidence.errors import GiaoLoError
from evidence.log_proof import Checkpoint
from evidence.packet import utc_text
from evidence.seal import VerifyKey

_BEGINS = b'{"deletion":{'
"""The first name of a proof in canonical form."""


@dataclass(frozen=True)
class Verdict:
    """`fault` empty: all of it holds."""

    file: str
    fault: str
    proof: DeletionProof | None = None
    checkpoint: Checkpoint | None = None


def is_deletion(file: Path) -> bool:
    try:
        with file.open("rb") as found:
            return found.read(len(_BEGINS)) == _BEGINS
    except OSError:
        return False


def check(file: Path, key: VerifyKey | CentreKeys) -> Verdict:
    """Every check; the first fault is told. `key`: the centre's."""
    try:
        proof = read_deletion_proof(file.read_bytes(), where=str(file))
        return Verdict(str(file), "", proof, proof.verify(key))
    except GiaoLoError as error:
        return Verdict(str(file), str(error))
    except OSError as error:
        return Verdict(str(file), f"cannot be read: {error.strerror}")


def lines(verdict: Verdict) -> list[str]:
    """In words."""
    if verdict.proof is None or verdict.checkpoint is None:
        return [f"BAD    {verdict.file}: {verdict.fault}"]
    said, at = verdict.proof.deletion, verdict.checkpoint
    case, rule = said.case, said.rule
    what = f"case {case.number}, packet {case.packet.digest}" if case else f"{said.rows} rows of {said.kind}"
    found = [
        f"OK     {verdict.file}: {what} was deleted at {said.at} by {said.by}",
        f"       rule: {rule.of}, {rule.length} {rule.count} after {rule.since}, kept until {rule.until}",
        f"       {rule.reference}",
    ]
    if case and verdict.proof.packet_proof:
        received = f"received {case.packet.received_at}"
        found.append(f"       the packet was entry {case.packet.log_index + 1} of the log, {received}")
    found.append(
        f"       the deletion is entry {verdict.proof.proof.index + 1} of {at.size} in the log of {at.centre} at "
        f"{utc_text(at.at)}"
    )
    return found


def as_json(verdict: Verdict) -> str:
    """One object."""
    if verdict.proof is None:
        return json.dumps({"ok": False, "file": verdict.file, "fault": verdict.fault})
    said = verdict.proof.deletion.model_dump(mode="json", by_alias=True)
    return json.dumps({"ok": True, "file": verdict.file, "deletion": said, "entry": verdict.proof.proof.index + 1})
