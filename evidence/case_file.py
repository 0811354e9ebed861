"""One case in one file, for a court or another unit: packet, record, keys, proof, papers, and an index that is sealed.

The archive is a ZIP of the fixed form (`evidence.fixed_zip`). Whoever has it and the centre's public key checks it
offline with this folder alone. The format and the numbered steps are published in docs/case-file-v1.md; comments name
the step. A stage is what people are told of: some steps that stand and fall together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO, Literal, get_args

from evidence.canonical import sha256_hex
from evidence.case_index import INDEX, ONE_EACH, SEAL, Index, IndexSeal, KeyEntry, read_model
from evidence.case_record import MAX_RECORD_BYTES, CaseRecord, read_record
from evidence.case_statements import MAX_STATEMENTS_BYTES, CaseStatements, read_statements
from evidence.container import MAX_CONTAINER_BYTES, OpenedPacket, open_packet
from evidence.errors import ForeignError, KeyFileError, PacketError
from evidence.fixed_zip import Entry, content, pieces, read
from evidence.log_proof import MAX_PROOF_BYTES, Checkpoint, read_proof
from evidence.packet import Manifest, utc_text
from evidence.seal import VerifyKey

_BYTES = {
    "index": 1024 * 1024, "seal": 4096, "key": 4096, "proof": MAX_PROOF_BYTES, "record": MAX_RECORD_BYTES,
    "packet": MAX_CONTAINER_BYTES, "statements": MAX_STATEMENTS_BYTES,
}  # fmt: skip
"""What is read as a whole may not be larger than this."""

Stage = Literal[
    "archive", "index", "files", "keys", "sealer", "packet", "originals", "record", "proof", "documents", "statements"
]
STAGES: tuple[Stage, ...] = get_args(Stage)


class CaseFileError(ForeignError):
    """The file of a case is not what the centre handed out."""


@dataclass(frozen=True)
class CaseFile:
    """A case file that holds. `trusted`: its seal is of a key that the reader had; else only that it agrees in itself.

    `sealer`: the key of the seal, which the file brings with it. `statements`: what people had said of the signals when
    it was handed out; None: a file of version 1, which does not tell.
    """

    index: Index
    sealer: VerifyKey
    trusted: bool
    manifest: Manifest
    record: CaseRecord
    checkpoint: Checkpoint
    entries: tuple[Entry, ...]
    statements: CaseStatements | None


@dataclass(frozen=True)
class Trust:
    """What the reader had before he had the file: the centre's key, or the SHA-256 of its 32 bytes (`fingerprint`)."""

    key: VerifyKey | None = None
    fingerprint: str = ""

    @property
    def given(self) -> bool:
        return self.key is not None or self.fingerprint != ""

    def check(self, sealer: VerifyKey) -> None:
        """Raise `CaseFileError` unless it is the key that was expected."""
        # case-file-v1 step 12: the key in hand, or the one whose fingerprint is in hand
        wanted = self.key.fingerprint if self.key is not None else self.fingerprint
        if sealer.fingerprint != wanted:
            raise CaseFileError(
                f"was sealed with the key {sealer.fingerprint}, not with {wanted}",
                where=SEAL,
                remedy="compare with the key that the unit has made known, letter by letter",
            )


def check_case_file(
    source: BinaryIO, trust: Trust, *, passed: Callable[[Stage], None] = lambda _: None, older: Checkpoint | None = None
) -> CaseFile:
    """The whole check, offline; `passed` is called after each stage. Raises `ForeignError` at the first fault.

    Without `trust` everything is checked against the keys in the file itself, the stage `sealer` is not passed, and
    what comes back is not `trusted`. A file of version 1 has no stage `statements`. `older`: a checkpoint of the
    centre's log that was kept from before.
    """
    size = source.seek(0, 2)
    opened = _Opened(source, {e.name: e for e in read(source, size)})
    passed("archive")
    index, seal = _index(opened)
    passed("index")
    _check_files(opened, index)
    passed("files")
    keys = _keys(opened, index)
    passed("keys")
    sealer = _sealer(opened, index, seal, keys, trust)
    if trust.given:
        passed("sealer")
    packet = _packet(opened, index, keys)
    passed("packet")
    _check_originals(index, packet)
    passed("originals")
    record = _record(opened, index, keys)
    passed("record")
    checkpoint = _proof(opened, index, keys, older)
    passed("proof")
    _check_documents(index, record)
    passed("documents")
    statements = None
    if index.tells_statements:
        statements = _statements(opened, index, keys, packet.manifest, record, checkpoint)
        passed("statements")
    entries = tuple(opened.entries.values())
    return CaseFile(index, sealer, trust.given, packet.manifest, record, checkpoint, entries, statements)


@dataclass(frozen=True)
class _Opened:
    source: BinaryIO
    entries: Mapping[str, Entry]

    def bytes_of(self, name: str, limit: int) -> bytes:
        entry = self.entries[name]
        if entry.size > limit:
            raise PacketError(f"has {entry.size} bytes, the limit is {limit}", where=name)
        return content(self.source, entry)

    def sha256_of(self, name: str) -> str:
        hasher = hashlib.sha256()
        for piece in pieces(self.source, self.entries[name]):
            hasher.update(piece)
        return hasher.hexdigest()


@dataclass(frozen=True)
class _Keys:
    node: Mapping[str, tuple[KeyEntry, VerifyKey]] = field(default_factory=dict)
    centre: Mapping[str, tuple[KeyEntry, VerifyKey]] = field(default_factory=dict)


def _index(opened: _Opened) -> tuple[Index, IndexSeal]:
    # case-file-v1 step 5: what it starts with
    if list(opened.entries)[:2] != [INDEX, SEAL]:
        raise CaseFileError("does not start with index.json and seal.json", remedy="is this the file of a case?")
    # case-file-v1 step 6: the index
    said = opened.bytes_of(INDEX, _BYTES["index"])
    index = read_model(Index, said, INDEX)
    # case-file-v1 step 7: the seal's form
    seal = read_model(IndexSeal, opened.bytes_of(SEAL, _BYTES["seal"]), SEAL)
    # case-file-v1 step 8: the seal is of this index
    if seal.index_sha256 != sha256_hex(said):
        raise CaseFileError("names another index", where=SEAL)
    return index, seal


def _check_files(opened: _Opened, index: Index) -> None:
    # case-file-v1 step 9: exactly the files of the index, in its order, with their sizes and digests
    if list(opened.entries)[2:] != [f.name for f in index.files]:
        there, listed = set(opened.entries) - {INDEX, SEAL}, {f.name for f in index.files}
        odd = sorted(there ^ listed)
        what = "is in the archive but not in the index" if odd and odd[0] in there else "is missing in the archive"
        raise CaseFileError(what if odd else "lists its files in another order", where=odd[0] if odd else INDEX)
    for entry in index.files:
        if opened.entries[entry.name].size != entry.size or opened.sha256_of(entry.name) != entry.sha256:
            raise CaseFileError("content does not match its SHA-256 in the index: altered", where=entry.name)
    # case-file-v1 step 10: what a case file has to hold
    for role in (*ONE_EACH, *(("statements",) if index.tells_statements else ())):
        if len(index.named(role)) != 1:
            raise CaseFileError(f"names {len(index.named(role))} files as {role}, where one has to be", where=INDEX)
    if index.named("statements") and not index.tells_statements:
        raise CaseFileError("names a file as statements, where none may be", where=INDEX)
    if sorted(k.file for k in index.keys) != sorted(f.name for f in index.named("key")):
        raise CaseFileError("names keys without their files, or files of keys without their owners", where=INDEX)


def _keys(opened: _Opened, index: Index) -> _Keys:
    found: dict[str, dict[str, tuple[KeyEntry, VerifyKey]]] = {"node": {}, "centre": {}}
    for entry in index.keys:
        # case-file-v1 step 11: each key is the one that it is called
        try:
            key = VerifyKey.from_pem(opened.bytes_of(entry.file, _BYTES["key"]), where=entry.file)
        except KeyFileError as error:
            raise CaseFileError("is no public key (PEM, Ed25519)", where=entry.file) from error
        if key.key_id != entry.key_id:
            raise CaseFileError(f"is key {key.key_id}, the index calls it {entry.key_id}", where=entry.file)
        if entry.id != (index.packet.node if entry.of == "node" else index.centre):
            raise CaseFileError(f"is the key of another {entry.of}: {entry.id}", where=entry.file)
        found[entry.of][entry.key_id] = (entry, key)
    return _Keys(found["node"], found["centre"])


def _sealer(opened: _Opened, index: Index, seal: IndexSeal, keys: _Keys, trust: Trust) -> VerifyKey:
    if seal.key_id not in keys.centre:
        raise CaseFileError(f"was sealed with key {seal.key_id}, which is none of this centre", where=SEAL)
    key = keys.centre[seal.key_id][1]
    if trust.given:
        trust.check(key)
    # case-file-v1 step 13: the signature
    key.verify(seal.signature, opened.bytes_of(INDEX, _BYTES["index"]), where=SEAL)
    return key


def _packet(opened: _Opened, index: Index, keys: _Keys) -> OpenedPacket:
    # case-file-v1 step 14: packet-v1 steps 1-10
    packet = open_packet(opened.bytes_of(index.one("packet").name, _BYTES["packet"]))
    manifest = packet.manifest
    # case-file-v1 step 15: it is the packet that the index names
    if (manifest.node.id, manifest.packet_id, manifest.digest) != (
        index.packet.node, index.packet.id, index.packet.digest,
    ):  # fmt: skip
        raise CaseFileError("is another packet than the one that the index names", where=index.one("packet").name)
    # case-file-v1 step 16: packet-v1 steps 11-12, with the node's key as the centre had registered it
    held = keys.node.get(packet.seal.key_id)
    if held is None:
        raise CaseFileError(f"was sealed with key {packet.seal.key_id}, which is not here", where="packet")
    entry, key = held
    packet.verify_seal(key)
    if entry.until is not None and manifest.created_at >= datetime.fromisoformat(entry.until):
        raise CaseFileError(
            f"was made at {utc_text(manifest.created_at)}, its key had ended at {entry.until}", where="packet"
        )
    return packet


def _check_originals(index: Index, packet: OpenedPacket) -> None:
    # case-file-v1 step 17: what lies beside the packet to be looked at is what the packet holds
    known = {f.name: f.sha256 for f in packet.manifest.files}
    for entry in index.named("original"):
        if known.get(entry.name.rpartition("/")[2]) != entry.sha256:
            raise CaseFileError("is not the file of that name in the packet", where=entry.name)


def _record(opened: _Opened, index: Index, keys: _Keys) -> CaseRecord:
    name = index.one("record").name
    record = read_record(opened.bytes_of(name, _BYTES["record"]), where=name)
    # case-file-v1 step 19: of this centre and case, as long as the index says
    if (record.centre, record.case, len(record.events)) != (index.centre, index.case, index.events):
        raise CaseFileError("is the record of another case, or of another length, than the index says", where=name)
    record.check_chain()
    record.check_signatures([key for _, key in keys.centre.values()])
    # case-file-v1 step 24: it begins with this packet; older records do not name its digest
    first = record.events[0]
    if first.action != "create" or first.after.get("digest", index.packet.digest) != index.packet.digest:
        raise CaseFileError("does not begin with this packet", where=name)
    return record


def _proof(opened: _Opened, index: Index, keys: _Keys, older: Checkpoint | None) -> Checkpoint:
    name = index.one("proof").name
    proof = read_proof(opened.bytes_of(name, _BYTES["proof"]), where=name)
    held = keys.centre.get(proof.checkpoint.key_id)
    if held is None or proof.checkpoint.centre != index.centre:
        raise CaseFileError("its checkpoint is not of this centre", where=name)
    # case-file-v1 step 25: packet-v1 steps 21-24
    checkpoint = proof.verify(index.packet.digest, held[1])
    if older is not None:
        # case-file-v1 step 26: packet-v1 steps 25-26
        proof.verify(index.packet.digest, held[1], older=older)
    return checkpoint


def _check_documents(index: Index, record: CaseRecord) -> None:
    # case-file-v1 step 27: each paper is one that the record names
    for entry in index.named("document"):
        if not record.names(entry.sha256):
            raise CaseFileError("is no paper that the record of the case names", where=entry.name)


def _statements(
    opened: _Opened, index: Index, keys: _Keys, manifest: Manifest, record: CaseRecord, checkpoint: Checkpoint
) -> CaseStatements:
    name = index.one("statements").name
    statements = read_statements(opened.bytes_of(name, _BYTES["statements"]), where=name)
    statements.check_signatures(index.centre, list(keys.centre.values()))
    statements.check_log(checkpoint)
    statements.check_case(manifest, record)
    return statements
