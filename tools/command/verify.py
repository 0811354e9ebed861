"""`giaolo verify`: one packet, a chain of them, or the file of a case, checked offline with a public key alone.

With a proof that the centre gave out, and the centre's public key, also that the packet stands in the log it signed.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import click

from evidence.case_file import Trust
from evidence.centre_keys import CentreKeys, read_changes
from evidence.container import open_any, verify_seal
from evidence.errors import GiaoLoError, PacketError
from evidence.log_proof import Checkpoint, read_checkpoint, read_proof
from evidence.marked import AnyManifest, TestManifest
from evidence.packet import utc_text
from evidence.part import Part
from evidence.seal import VerifyKey
from evidence.signed_papers import read_trusted
from tools.command import case_file, deletion


@dataclass(frozen=True)
class Verdict:
    """`fault` empty: the packet is whole and was sealed with the key."""

    file: str
    fault: str
    manifest: AnyManifest | None = None


@dataclass(frozen=True)
class LogVerdict:
    """`fault` empty: the packet is entry `entry` (from 1) of the log of `checkpoint`, which goes on from `older`."""

    file: str
    fault: str
    entry: int = 0
    checkpoint: Checkpoint | None = None
    older: Checkpoint | None = None


def verify_file(path: Path, key: VerifyKey) -> Verdict:
    """Every check of one file; the first fault is told."""
    try:
        opened, _ = open_any(Part.whole(path.read_bytes()))
        verify_seal(opened.manifest, opened.seal, key)
    except GiaoLoError as error:
        return Verdict(str(path), str(error))
    except OSError as error:
        return Verdict(str(path), f"cannot be read: {error.strerror}")
    return Verdict(str(path), "", opened.manifest)


def verify_log(
    proof_file: Path, packet: AnyManifest, centre_key: VerifyKey | CentreKeys, older_file: Path | None
) -> LogVerdict:
    """Whether the packet stands in the log that the centre signed, and that log goes on from the older checkpoint."""
    name = str(proof_file)
    try:
        proof = read_proof(proof_file.read_bytes(), where=name)
        older = None if older_file is None else read_checkpoint(older_file.read_bytes(), where=str(older_file))
        checkpoint = proof.verify(packet.digest, centre_key, older=older)
    except GiaoLoError as error:
        return LogVerdict(name, str(error))
    except OSError as error:
        return LogVerdict(name, f"{error.filename} cannot be read: {error.strerror}")
    return LogVerdict(name, "", proof.index + 1, checkpoint, older)


def chain_faults(verdicts: list[Verdict]) -> list[str]:
    """Gaps and breaks between packets of one node; single packets have nothing to compare."""
    faults = []
    by_node: dict[str, dict[int, Verdict]] = {}
    for verdict in verdicts:
        if verdict.manifest is None:
            continue
        chain = by_node.setdefault(verdict.manifest.node.id, {})
        sequence = verdict.manifest.chain.sequence
        # packet-v1 step 13: a number has one packet
        if sequence in chain and chain[sequence].manifest != verdict.manifest:
            faults.append(f"{verdict.file}: same sequence {sequence} as {chain[sequence].file}, other content")
        chain[sequence] = verdict
    for node, chain in sorted(by_node.items()):
        for sequence in sorted(chain)[1:]:
            before, here = chain.get(sequence - 1), chain[sequence]
            assert here.manifest is not None
            # packet-v1 step 14: the one before is there
            if before is None:
                faults.append(f"{here.file}: node {node}: packet {sequence - 1} before it is missing here")
            # packet-v1 step 15: and it is the one that is named
            elif before.manifest is not None and here.manifest.chain.previous != before.manifest.digest:
                faults.append(f"{here.file}: node {node}: does not follow packet {sequence - 1}: the chain is broken")
    return faults


@click.command()
@click.argument("packets", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--key", "key_file", type=click.Path(path_type=Path), help="PEM public key of the node")
@click.option("--proof", "proof_file", type=click.Path(path_type=Path), help="of one packet: giaolo central proof")
@click.option("--centre-key", "centre_key_file", type=click.Path(path_type=Path), help="PEM public key of the centre")
@click.option(
    "--key-changes", "changes_file", type=click.Path(path_type=Path),
    help="of the centre's key, where it was changed since: giaolo central public-key --changes",
)  # fmt: skip
@click.option("--older", "older_file", type=click.Path(path_type=Path), help="a checkpoint, or proof, kept from before")
@click.option("--fingerprint", default="", help="of a case's file: SHA-256 of the centre's key, instead of the key")
@click.option(
    "--extract", "folder", type=click.Path(path_type=Path), help="of a case's file: write its files here if all holds"
)
@click.option(
    "--authorities",
    type=click.Path(path_type=Path),
    multiple=True,
    help="of a case's file: certificates of authorities to believe (PEM), for papers signed by key",
)
@click.option(
    "--revoked", type=click.Path(path_type=Path), multiple=True, help="and their lists of revoked certificates (CRL)"
)
@click.option("--json", "as_json", is_flag=True, help="print one JSON object")
def verify(
    packets: tuple[Path, ...], key_file: Path | None, proof_file: Path | None, centre_key_file: Path | None,
    changes_file: Path | None, older_file: Path | None, fingerprint: str, folder: Path | None,
    authorities: tuple[Path, ...], revoked: tuple[Path, ...], as_json: bool,
) -> None:  # fmt: skip
    """Kiểm tra gói chứng cứ, hồ sơ vụ việc ngoại tuyến. / Check packets (files or folders), or a case's file, offline.

    Exit 1 if anything is wrong. A packet needs --key. With --proof also whether it stands in the centre's log, and with
    --older whether that log goes on from a checkpoint that was kept: then nothing logged before it was changed, removed
    or slipped in. The file of a case (.zip) needs --centre-key or --fingerprint; --older is for its proof, and
    --authorities says whose certificates are believed where its papers are signed by key. The proof of a deletion
    (.json) needs --centre-key. Where the centre's key was changed between two of these, --key-changes leads from the
    key in hand to the other: each change is signed by both.
    """
    if case_file.is_case_file(packets[0]):
        if len(packets) > 1 or key_file or proof_file:
            raise click.UsageError("a case's file is checked alone, with --centre-key or --fingerprint")
        _verify_case(packets[0], centre_key_file, older_file, fingerprint, folder, authorities, revoked, as_json)
        return
    if deletion.is_deletion(packets[0]):
        if len(packets) > 1 or key_file or proof_file or fingerprint or folder or centre_key_file is None:
            raise click.UsageError("the proof of a deletion is checked alone, with --centre-key")
        _verify_deletion(packets[0], centre_key_file, changes_file, as_json)
        return
    if fingerprint or folder or authorities or revoked:
        given = "--fingerprint, --extract, --authorities and --revoked"
        raise click.UsageError(f"{given} are for the file of a case (.zip)")
    if key_file is None:
        raise click.UsageError("Missing option '--key': the public key of the node")
    if (proof_file is None) != (centre_key_file is None) or (older_file is not None and proof_file is None):
        raise click.UsageError("--proof and --centre-key belong together, and --older needs both")
    try:
        key = VerifyKey.load(key_file)
        centre_key = None if centre_key_file is None else _centre_keys(centre_key_file, changes_file)
    except GiaoLoError as error:
        raise click.ClickException(str(error)) from error
    files = [f for p in packets for f in (sorted(p.glob("*.glp")) if p.is_dir() else [p])]
    if not files:
        raise click.ClickException(f"{packets[0]}: no packets (*.glp) here")
    if proof_file is not None and len(files) > 1:
        raise click.UsageError(f"a proof is of one packet, here are {len(files)}")
    verdicts = [verify_file(f, key) for f in files]
    faults = chain_faults(verdicts) if len(files) > 1 else []
    log = None
    if proof_file is not None and centre_key is not None and verdicts[0].manifest is not None:
        log = verify_log(proof_file, verdicts[0].manifest, centre_key, older_file)
    good = not faults and all(not v.fault for v in verdicts) and not (log and log.fault)
    if as_json:
        told = {"log": _log_as_dict(log)} if log else {}
        click.echo(json.dumps({"ok": good, "packets": [_as_dict(v) for v in verdicts], "chain": faults, **told}))
    else:
        for verdict in verdicts:
            click.echo(_as_line(verdict))
        for fault in faults:
            click.echo(f"CHAIN  {fault}")
        if log:
            click.echo(_log_as_line(log))
    if not good:
        raise SystemExit(1)


def _verify_case(
    file: Path, key_file: Path | None, older_file: Path | None, fingerprint: str, folder: Path | None,
    authorities: tuple[Path, ...], revoked: tuple[Path, ...], as_json: bool,
) -> None:  # fmt: skip
    wanted = re.sub(r"\s", "", fingerprint).lower()  # people read it off a paper in groups
    if wanted and (key_file is not None or not re.fullmatch(r"[0-9a-f]{64}", wanted)):
        raise click.UsageError("--fingerprint has 64 hexadecimal digits, and stands instead of --centre-key")
    try:
        trust = Trust(None if key_file is None else VerifyKey.load(key_file), wanted)
        older = None if older_file is None else read_checkpoint(older_file.read_bytes(), where=str(older_file))
        signers = read_trusted(authorities, revoked)
    except GiaoLoError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{older_file}: cannot be read: {error.strerror}") from error
    verdict = case_file.check(file, trust, older, folder, signers)
    for line in [case_file.as_json(verdict)] if as_json else case_file.lines(verdict, folder):
        click.echo(line)
    if verdict.fault or not verdict.good:
        raise SystemExit(1)


def _centre_keys(key_file: Path, changes_file: Path | None) -> CentreKeys:
    """All keys that follow from the one in hand. Raises `GiaoLoError`."""
    key = VerifyKey.load(key_file)
    if changes_file is None:
        return CentreKeys(key)
    try:
        return CentreKeys.around(key, read_changes(changes_file.read_bytes(), where=str(changes_file)))
    except OSError as error:
        raise PacketError(f"cannot be read: {error.strerror}", where=str(changes_file)) from error


def _verify_deletion(file: Path, key_file: Path, changes_file: Path | None, as_json: bool) -> None:
    try:
        verdict = deletion.check(file, _centre_keys(key_file, changes_file))
    except GiaoLoError as error:
        raise click.ClickException(str(error)) from error
    for line in [deletion.as_json(verdict)] if as_json else deletion.lines(verdict):
        click.echo(line)
    if verdict.fault:
        raise SystemExit(1)


def _as_line(verdict: Verdict) -> str:
    m = verdict.manifest
    if m is None:
        return f"BAD    {verdict.file}: {verdict.fault}"
    if isinstance(m, TestManifest):
        what = "TEST ACT / hành vi thử, no accusation / không phải vi phạm, "
    else:
        what = f"{m.act.code.value} at {utc_text(m.act.occurred_at)}, {m.plate.text or 'plate not read'}, "
    made = f"made {utc_text(m.occurred_at)}, " if isinstance(m, TestManifest) else ""
    return f"OK     {verdict.file}: {what}{made}node {m.node.id} packet {m.chain.sequence}, sha256 {m.digest}"


def _as_dict(verdict: Verdict) -> dict[str, object]:
    m = verdict.manifest
    if m is None:
        return {"file": verdict.file, "ok": False, "fault": verdict.fault}
    return {
        "file": verdict.file,
        "ok": True,
        "packet_id": m.packet_id,
        "digest": m.digest,
        "node": m.node.id,
        "sequence": m.chain.sequence,
        "act": None if isinstance(m, TestManifest) else m.act.code.value,
        "test": isinstance(m, TestManifest),
        "occurred_at": m.occurred_at.isoformat(),
    }


def _log_as_line(verdict: LogVerdict) -> str:
    signed = verdict.checkpoint
    if signed is None:
        return f"BAD    {verdict.file}: {verdict.fault}"
    older = verdict.older
    goes_on = f", which goes on from {older.size} entries at {utc_text(older.at)}" if older else ""
    return (
        f"OK     {verdict.file}: entry {verdict.entry} of {signed.size} in the log of {signed.centre} at "
        f"{utc_text(signed.at)}{goes_on}"
    )


def _log_as_dict(verdict: LogVerdict) -> dict[str, object]:
    signed = verdict.checkpoint
    if signed is None:
        return {"file": verdict.file, "ok": False, "fault": verdict.fault}
    return {
        "file": verdict.file,
        "ok": True,
        "entry": verdict.entry,
        "centre": signed.centre,
        "size": signed.size,
        "root": signed.root,
        "at": utc_text(signed.at),
        "older_size": verdict.older.size if verdict.older else None,
    }
