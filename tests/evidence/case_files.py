"""A case's file made by hand: small enough to flip every one of its bytes, with keys that the test has."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from evidence import fixed_zip
from evidence.canonical import sha256_hex
from evidence.case_index import INDEX, SEAL, FileEntry, Index, KeyEntry, PacketRef, sealed
from evidence.case_record import CaseRecord, Event, event_hash, statement
from evidence.case_statements import CaseStatements, LoggedSwitch
from evidence.container import open_packet
from evidence.log_proof import Checkpoint, LogProof, SignedCheckpoint, leaf_hash, node_hash
from evidence.packet import utc_text
from evidence.seal import SigningKey
from evidence.switches import Switch
from tests.evidence.build import FILES, KEY, container

CENTRE_KEY = SigningKey.generate()
CENTRE, CASE = "thanh-hoa", "0a1b2c3d-0000-4000-8000-0000000000ca"
AT = "2026-11-23T03:00:00.000Z"
NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
PAPER = b"%PDF-1.4 a notice"
SWITCH = "0a1b2c3d-0000-4000-8000-00000000005a"
ROLES = {"bao-cao.html": "report", "packet.glp": "packet", "record.json": "record", "proof.json": "proof",
         "statements.json": "statements"}  # fmt: skip


def record(
    events: list[dict[str, Any]] | None = None, *, key: SigningKey = CENTRE_KEY, unsigned: int = 0
) -> CaseRecord:
    """A record whose events follow each other; `unsigned` of them are older than signing."""
    told = events or [
        {"action": "create", "after": {"packet": "p", "digest": DIGEST}},
        {"action": "view", "actor": "lan"},
        {
            "action": "issue",
            "actor": "hoa",
            "after": {"pdf_sha256": sha256_hex(PAPER), "doubts": [f"officer_directs:{SWITCH}"]},
            "note": "đủ chứng cứ",
        },
    ]
    made: list[Event] = []
    for place, said in enumerate(told, start=1):
        whole: dict[str, Any] = {"actor": "node:giao-lo-1", "before": {}, "after": {}, "note": "", **said}
        previous = made[-1].hash if made else None
        digest = event_hash(case=CASE, sequence=place, at=AT, previous=previous, **whole)
        signature = key.sign(statement("event", CENTRE, CASE, place, digest)) if place > unsigned else None
        made.append(Event(sequence=place, at=AT, previous=previous, hash=digest, signature=signature, **whole))
    end = key.sign(statement("end", CENTRE, CASE, len(made), made[-1].hash)) if unsigned < len(made) else None
    return CaseRecord(centre=CENTRE, case=CASE, events=made, end=end)


def proof(key: SigningKey = CENTRE_KEY) -> bytes:
    """Of a log that holds the packet and the statement."""
    beside = leaf_hash(sha256_hex(said().statement()))
    root = node_hash(leaf_hash(DIGEST), beside).hex()
    bare = Checkpoint(CENTRE, 2, root, NOW, key.public.key_id, "")
    signed = Checkpoint(CENTRE, 2, root, NOW, bare.key_id, key.sign(bare.statement()))
    made = LogProof(packet=DIGEST, index=0, inclusion=[beside.hex()], checkpoint=SignedCheckpoint.of(signed))
    return made.to_bytes()


def said(**changes: Any) -> Switch:
    """An officer directed when the packet's act happened."""
    at = MANIFEST.act.occurred_at
    values: dict[str, Any] = {
        "centre": CENTRE, "id": SWITCH, "kind": "officer_directs", "node": MANIFEST.node.id,
        "camera": MANIFEST.camera.id, "since": utc_text(at - timedelta(minutes=5)),
        "until": utc_text(at + timedelta(minutes=5)), "by": "lan", "why": "ùn tắc", "at": AT,
    }  # fmt: skip
    return Switch(**{**values, **changes})


def statements(*switches: Switch, key: SigningKey = CENTRE_KEY) -> bytes:
    """The file of these statements; the log of `proof` holds `said()`."""
    return CaseStatements(
        switches=[
            LoggedSwitch(switch=s, signature=key.sign(s.statement()), index=1, inclusion=[leaf_hash(DIGEST).hex()])
            for s in switches
        ]
    ).to_bytes()


PACKET = container()
MANIFEST = open_packet(PACKET).manifest
DIGEST = MANIFEST.digest
CONTENTS: dict[str, bytes] = {
    "bao-cao.html": b"<p>b\xc3\xa1o c\xc3\xa1o</p>",
    "packet.glp": PACKET,
    "record.json": record().to_bytes(),
    "proof.json": proof(),
    "statements.json": statements(said()),
    "keys/node.pub": KEY.public.pem(),
    "keys/centre.pub": CENTRE_KEY.public.pem(),
    "documents/notice.pdf": PAPER,
    "originals/still_on.jpg": FILES["still_on.jpg"],
}
KEYS = [
    KeyEntry(of="node", id=MANIFEST.node.id, key_id=KEY.public.key_id, file="keys/node.pub", since=AT, until=None),
    KeyEntry(of="centre", id=CENTRE, key_id=CENTRE_KEY.public.key_id, file="keys/centre.pub", since=None, until=None),
]


def index_of(contents: dict[str, bytes], **changes: Any) -> Index:
    """The index of these files."""
    said: dict[str, Any] = {
        "centre": CENTRE, "case": CASE, "number": 7, "exported_at": AT, "exported_by": "hoa",
        "software": "giaolo 0.2.0",
        "packet": PacketRef(node=MANIFEST.node.id, id=MANIFEST.packet_id, digest=DIGEST), "events": 3, "keys": KEYS,
        "files": [entry_of(name, data) for name, data in contents.items()],
    }  # fmt: skip
    return Index(**{**said, **changes})


def entry_of(name: str, data: bytes) -> FileEntry:
    folder = name.partition("/")[0] if "/" in name else ""
    role = ROLES.get(name) or {"keys": "key", "documents": "document"}.get(folder, "original")
    return FileEntry(name=name, role=role, title="", media_type="text/plain", size=len(data), sha256=sha256_hex(data))  # type: ignore[arg-type]


def zipped(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    fixed_zip.write(target, files)
    return target.getvalue()


def case_file(
    contents: dict[str, bytes] | None = None, *, key: SigningKey = CENTRE_KEY,
    change: Callable[[dict[str, Any]], object] = lambda _: None, **changes: Any,
) -> bytes:  # fmt: skip
    """The file of a case, sealed by whoever has `key`; `change` alters the index before it is sealed."""
    files = CONTENTS if contents is None else contents
    value = json.loads(index_of(files, **changes).to_bytes())
    change(value)
    index = Index.model_validate(value)
    return zipped({INDEX: index.to_bytes(), SEAL: sealed(index, key), **files})
