"""`giaolo verify`: one packet, or a chain of them, checked offline with a public key alone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import click

from evidence.container import open_packet
from evidence.errors import GiaoLoError
from evidence.packet import Manifest, utc_text
from evidence.seal import VerifyKey


@dataclass(frozen=True)
class Verdict:
    """`fault` empty: the packet is whole and was sealed with the key."""

    file: str
    fault: str
    manifest: Manifest | None = None


def verify_file(path: Path, key: VerifyKey) -> Verdict:
    """Every check of one file; the first fault is told."""
    try:
        opened = open_packet(path.read_bytes())
        opened.verify_seal(key)
    except GiaoLoError as error:
        return Verdict(str(path), str(error))
    except OSError as error:
        return Verdict(str(path), f"cannot be read: {error.strerror}")
    return Verdict(str(path), "", opened.manifest)


def chain_faults(verdicts: list[Verdict]) -> list[str]:
    """Gaps and breaks between packets of one node; single packets have nothing to compare."""
    faults = []
    by_node: dict[str, dict[int, Verdict]] = {}
    for verdict in verdicts:
        if verdict.manifest is None:
            continue
        chain = by_node.setdefault(verdict.manifest.node.id, {})
        sequence = verdict.manifest.chain.sequence
        if sequence in chain and chain[sequence].manifest != verdict.manifest:
            faults.append(f"{verdict.file}: same sequence {sequence} as {chain[sequence].file}, other content")
        chain[sequence] = verdict
    for node, chain in sorted(by_node.items()):
        for sequence in sorted(chain)[1:]:
            before, here = chain.get(sequence - 1), chain[sequence]
            assert here.manifest is not None
            if before is None:
                faults.append(f"{here.file}: node {node}: packet {sequence - 1} before it is missing here")
            elif before.manifest is not None and here.manifest.chain.previous != before.manifest.digest:
                faults.append(f"{here.file}: node {node}: does not follow packet {sequence - 1}: the chain is broken")
    return faults


@click.command()
@click.argument("packets", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--key", "key_file", type=click.Path(path_type=Path), required=True, help="PEM public key of the node")
@click.option("--json", "as_json", is_flag=True, help="print one JSON object")
def verify(packets: tuple[Path, ...], key_file: Path, as_json: bool) -> None:
    """Kiểm tra gói chứng cứ ngoại tuyến. / Check packets (files or folders) offline; exit 1 if anything is wrong."""
    try:
        key = VerifyKey.load(key_file)
    except GiaoLoError as error:
        raise click.ClickException(str(error)) from error
    files = [f for p in packets for f in (sorted(p.glob("*.glp")) if p.is_dir() else [p])]
    if not files:
        raise click.ClickException(f"{packets[0]}: no packets (*.glp) here")
    verdicts = [verify_file(f, key) for f in files]
    faults = chain_faults(verdicts) if len(files) > 1 else []
    good = not faults and all(not v.fault for v in verdicts)
    if as_json:
        click.echo(json.dumps({"ok": good, "packets": [_as_dict(v) for v in verdicts], "chain": faults}))
    else:
        for verdict in verdicts:
            click.echo(_as_line(verdict))
        for fault in faults:
            click.echo(f"CHAIN  {fault}")
    if not good:
        raise SystemExit(1)


def _as_line(verdict: Verdict) -> str:
    m = verdict.manifest
    if m is None:
        return f"BAD    {verdict.file}: {verdict.fault}"
    plate = m.plate.text or "plate not read"
    return (
        f"OK     {verdict.file}: {m.act.code.value} at {utc_text(m.act.occurred_at)}, {plate}, node {m.node.id} "
        f"packet {m.chain.sequence}, sha256 {m.digest}"
    )


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
        "act": m.act.code.value,
        "occurred_at": m.act.occurred_at.isoformat(),
    }
