"""The file of a case is made, checked as its reader will check it, written into the case's record, and handed out.

Nothing slow happens while a write transaction is open: the case is read, the proof's checkpoint is signed, then all is
made while nobody waits, and at the end one event is written. It names the file's SHA-256, so it stands in the record of
the next file and not in this one; a file that cannot be recorded does not leave.
"""

from __future__ import annotations

import getpass
import hashlib
import os
import re
import tempfile
import threading
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, cast

from sqlalchemy.orm import Session

from central.casefile.gathering import Gathered, centre_since, gather, node_entry
from central.casefile.report import Told, report
from central.cases import log as case_log
from central.cases.lifecycle import Action, Officer
from central.cases.log import hold_case, state_of
from central.cases.steps import step
from central.centre import Centre
from central.ledger import merkle
from central.ledger.proofs import prove
from central.pictures.for_owners import owner_pictures
from central.store.alarms import alarm_unsound
from central.store.blobs import BlobUnsound, StoreError
from central.words.texts import texts
from common.software import SOFTWARE
from countries.here import HERE
from evidence import fixed_zip
from evidence.acts import ActCode
from evidence.canonical import sha256_hex
from evidence.case_file import Trust, check_case_file
from evidence.case_index import INDEX, SEAL, FileEntry, Index, KeyEntry, PacketRef, Role, sealed
from evidence.case_statements import CaseStatements, LoggedSwitch
from evidence.container import rebuild
from evidence.packet import utc_text
from evidence.seal import VerifyKey
from evidence.switches import Switch

_IN_MEMORY_BYTES = 32 * 1024 * 1024
"""A file of the usual clip of some ten seconds is kept in memory while it is handed out, a larger one on the disk."""
_one_at_a_time = threading.Lock()
"""Making one holds the packet twice in memory: 512 MiB at the most, whoever else asks."""
_SHOWN = ("image/", "video/")
NODE_KEY, CENTRE_KEY = "keys/node.pub", "keys/centre.pub"


@dataclass(frozen=True)
class HandedOut:
    """`file` stands at its start, and is removed when it is closed."""

    file: BinaryIO
    name: str
    number: int
    size: int
    sha256: str


def machine_user() -> str:
    """The actor of a command of which nobody says who gives it: the account of the machine."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = str(os.getuid())
    return "machine:" + re.sub(r"[^!-~]", "_", name)[:50]


def hand_out(centre: Centre, case_id: str, by: Officer | str) -> HandedOut:
    """The file of a case for `by`: an officer, who needs the right to, or an actor of the machine.

    Raises `CaseNotFound`, `Refused` (`role`), `LogBroken`, `StoreError`, `ForeignError`: what was stored is not what
    was signed, and nothing is handed out.
    """
    now, config = centre.clock(), centre.config
    actor = by if isinstance(by, str) else by.username
    with centre.db.read() as session:
        found = gather(session, case_id, centre=config.centre_id)
    if not isinstance(by, str):
        step(state_of(found.row), Action.EXPORT, by, now=now)
    with centre.db.write() as session:
        proof = prove(session, found.row.packet, centre.key, centre=config.centre_id, now=now)
        told = statements(session, found, proof.checkpoint.size)
        since = centre_since(session, centre.key.public.key_id)
    with _one_at_a_time:
        try:
            files, index = _contents(centre, found, proof.to_bytes(), told, since, actor, now)
        except BlobUnsound as error:
            alarm_unsound(centre.db, error, now)
            raise
        spool = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES, dir=str(config.data_dir))  # noqa: SIM115
        file = cast(BinaryIO, spool)
        try:
            said = {INDEX: index.to_bytes(), SEAL: sealed(index, centre.key)}
            fixed_zip.write(file, {**said, **files})
            del files
            check_case_file(file, Trust(centre.key.public))
            file.seek(0)
            sha256, size = hashlib.file_digest(file, "sha256").hexdigest(), file.tell()  # type: ignore[arg-type]
            with centre.db.write() as session:
                record_export(session, case_id, actor, what="case_file", sha256=sha256, size=size, now=now)
        except BaseException:
            file.close()
            raise
    file.seek(0)
    t = texts(HERE.language)
    return HandedOut(file, t("report.file_name", number=found.row.number), found.row.number, size, sha256)


def record_export(
    session: Session, case_id: str, actor: str, *, what: str, sha256: str, size: int, now: datetime
) -> None:
    """Put into the record of the case that `what` (`case_file`, `proof`) with that digest was handed out."""
    row = hold_case(session, case_id)
    case_log.append(
        session, row, Action.EXPORT, actor=actor, at=now, after={"what": what, "sha256": sha256, "size": size}
    )


def statements(session: Session, found: Gathered, size: int) -> CaseStatements:
    """What was said of the signals, each with its place in the log of that size."""
    return CaseStatements(
        switches=[
            LoggedSwitch(
                switch=Switch.model_validate_json(row.record),
                signature=row.signature,
                index=row.log_index,
                inclusion=[h.hex() for h in merkle.prove_inclusion(session, row.log_index, size)],
            )
            for row in found.switches
        ]
    )


def _former(key: VerifyKey) -> str:
    return f"keys/centre-{key.key_id}.pem"


def _contents(
    centre: Centre, found: Gathered, proof: bytes, said: CaseStatements, since: datetime | None, actor: str,
    now: datetime,
) -> tuple[dict[str, bytes], Index]:  # fmt: skip
    """All files but index and seal, in the order in which they stand, and the index of them."""
    t = texts(HERE.language)
    row, manifest, key = found.row, found.manifest, centre.key.public
    stored = {f.name: centre.store.read(f.sha256) for f in row.packet.files}
    packet = rebuild(manifest, row.packet.seal.encode(), stored)
    if sha256_hex(packet) != row.packet.container_sha256:
        raise StoreError("packet is not what was received", where=f"case {row.number}", remedy="restore the backup")
    files: dict[str, bytes] = {}
    entries: list[FileEntry] = []

    def add(name: str, role: Role, title: str, media_type: str, content: bytes) -> None:
        files[name] = content
        entries.append(
            FileEntry(name=name, role=role, title=title, media_type=media_type, size=len(content),
                      sha256=sha256_hex(content))
        )  # fmt: skip

    add("packet.glp", "packet", t("report.file_packet"), "application/x-tar", packet)
    add("record.json", "record", t("report.file_record"), "application/json", found.record.to_bytes())
    add("proof.json", "proof", t("report.file_proof"), "application/json", proof)
    add("statements.json", "statements", t("report.file_statements"), "application/json", said.to_bytes())
    add(NODE_KEY, "key", t("report.file_node_key"), "application/x-pem-file", found.node_key.public_key.encode())
    add(CENTRE_KEY, "key", t("report.file_centre_key"), "application/x-pem-file", key.pem())
    for former in centre.keys.all[1:]:  # part of the record, or the log, may be signed by one
        add(_former(former), "key", t("report.file_centre_key"), "application/x-pem-file", former.pem())
    for paper in found.papers:
        title = t(f"report.paper_{paper.what}", number=paper.number, device=paper.device)
        if paper.holds != "holds":
            title = t("report.paper_void", title=title, why=t(f"papers.{paper.holds}"))
        add(paper.name, "document", title, paper.media_type, centre.store.read(paper.sha256))
    for entry in manifest.files:
        name = f"originals/{entry.name}"
        if entry.media_type.startswith(_SHOWN) and fixed_zip.good_name(name):
            title = t.or_else(f"report.file_{entry.role}", entry.role)
            add(name, "original", title, entry.media_type, stored[entry.name])
    pictures = owner_pictures(
        manifest, {f.name: f.sha256 for f in row.packet.files}, centre.store, centre.notices.copies, ActCode(row.act)
    )
    for error in pictures.unsound:
        raise error
    told = Told(found, centre.config.office, pictures, key, since, tuple(entries), actor, now, said)
    page = report(told, t).encode()
    report_name = t("report.report_name")
    first = FileEntry(
        name=report_name, role="report", title=t("report.file_report"), media_type="text/html", size=len(page),
        sha256=sha256_hex(page),
    )  # fmt: skip
    index = Index(
        centre=centre.config.centre_id,
        case=row.id,
        number=row.number,
        exported_at=utc_text(now),
        exported_by=actor,
        software=SOFTWARE,
        packet=PacketRef(node=manifest.node.id, id=manifest.packet_id, digest=manifest.digest),
        events=len(found.record.events),
        keys=[
            node_entry(found, NODE_KEY),
            KeyEntry(of="centre", id=centre.config.centre_id, key_id=key.key_id, file=CENTRE_KEY,
                     since=None if since is None else utc_text(since), until=None),
            *(KeyEntry(of="centre", id=centre.config.centre_id, key_id=former.key_id, file=_former(former),
                       since=None, until=None if (end := centre.keys.ended(former)) is None else utc_text(end))
              for former in centre.keys.all[1:]),
        ],
        files=[first, *entries],
    )  # fmt: skip
    return {report_name: page, **files}, index
