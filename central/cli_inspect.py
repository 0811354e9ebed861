"""`giaolo central` for whoever checks the centre: audit, proof of a packet, file of a case, keys for offline checks."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select

from central.centre import Centre
from central.cli_common import config_option, fail, open_configured
from central.desk.false_issue import MONTHS, false_issue
from central.intake.nodes import key_of
from central.store.case_tables import CaseRow
from central.store.people_tables import UserRow
from central.units.tree import EVERYWHERE
from common import logs
from evidence.canonical import sha256_hex
from evidence.errors import GiaoLoError
from evidence.log_proof import read_checkpoint
from evidence.packet import utc_text

by_option = click.option(
    "--by", default="", help="user name of whoever hands it out, for the case's record; else the machine's account"
)


@click.command()
@config_option
@click.option("--files", is_flag=True, help="read every file of every packet too")
@click.option("--papers/--no-papers", default=True, show_default=True, help="judge the signature of every paper too")
@click.option(
    "--authorities",
    "authorities",
    type=click.Path(path_type=Path),
    multiple=True,
    help="certificates to believe (PEM), beside those of `signing`",
)
@click.option(
    "--revoked",
    "revoked",
    type=click.Path(path_type=Path),
    multiple=True,
    help="list of revoked certificates (CRL), beside those of `signing`",
)
def audit(
    config_file: Path, files: bool, papers: bool, authorities: tuple[Path, ...], revoked: tuple[Path, ...]
) -> None:
    """Check that nothing stored was altered: log, checkpoints, packets, case records, signatures of papers, and that
    no book of numbers has a gap or gave a number twice.

    Each signed paper is judged as of when it was signed: whole, by a certificate that held and leads to an authority,
    by the account that its record names, within the power of its office. Exit status 1 on a fault.
    """
    from central.audit.papers import PaperAudit, trusted
    from central.audit.stored import audit as check

    centre = open_configured(config_file)
    try:
        judged = None
        if papers:
            believed = trusted(centre.config.signing, authorities=authorities, revoked=revoked)
            judged = PaperAudit(centre.store, believed)
    except GiaoLoError as error:
        fail(error)
    with centre.db.read() as session:
        found = check(
            session, centre.keys, centre=centre.config.centre_id, files=centre.store if files else None,
            papers=judged, letters=centre.config.office.number_suffix,
        )  # fmt: skip
    for fault in found.faults:
        click.echo(logs.plain(fault))
    click.echo(
        f"{found.packets} packets, {found.checkpoints} checkpoints, {found.cases} cases: {len(found.faults)} faults"
    )
    if judged is not None and judged.signed:
        click.echo(judged.told())
    if found.faults:
        raise SystemExit(1)


@click.command()
@config_option
@click.argument("name", metavar="CASE|PACKET")
@click.option("--out", "out_file", type=click.Path(path_type=Path), required=True, help="where to write the proof")
@click.option(
    "--older", "older_file", type=click.Path(path_type=Path), help="an older checkpoint or proof to go on from"
)
@by_option
def proof(config_file: Path, name: str, out_file: Path, older_file: Path | None, by: str) -> None:
    """Write the proof that a packet stands in the centre's log: the packet of a case (its number), or by id or digest.

    Whoever has the packet and the centre's public key checks it with `giaolo verify PACKET --proof`. That it was handed
    out, to the machine's user or --by NAME, is an event of the case's record.
    """
    from central.casefile.handing_out import record_export
    from central.ledger.proofs import find_packet, prove

    centre = open_configured(config_file)
    actor, gone = _actor(centre, by), ""
    try:
        older = read_checkpoint(older_file.read_bytes(), where=str(older_file)) if older_file else None
        with centre.db.write() as session:
            packet, now = find_packet(session, name), centre.clock()
            made = prove(session, packet, centre.key, centre=centre.config.centre_id, now=now, older=older)
            said = made.to_bytes()
            case_id = session.scalar(select(CaseRow.id).where(CaseRow.packet_id == packet.id))
            if packet.deleted_at is not None:
                gone = utc_text(packet.deleted_at)  # its record is closed: nothing joins it any more
            elif case_id is not None:
                record_export(
                    session, case_id, actor, what="proof", sha256=sha256_hex(said), size=len(said), now=now
                )  # fmt: skip
        out_file.write_bytes(said)
    except GiaoLoError as error:
        fail(error)
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from error
    goes_on = f", goes on from {older.size} entries" if older else ""
    click.echo(f"{out_file}: packet {made.packet} is entry {made.index + 1} of {made.checkpoint.size}{goes_on}")
    if gone:
        click.echo(f"it was deleted at {gone}: `giaolo central retention proof` says by which rule")


@click.command("case-file")
@config_option
@click.argument("name", metavar="CASE")
@click.option("--out", "out_file", type=click.Path(path_type=Path), required=True, help="where to write it (.zip)")
@by_option
def case_file(config_file: Path, name: str, out_file: Path, by: str) -> None:
    """Write a case (its number or id) as one file for a court: packet, record, keys, proof, papers and a report.

    Whoever has the centre's public key checks it offline with `giaolo verify FILE`. That it was handed out, to the
    machine's user or --by NAME, is an event of the case's record.
    """
    from central.casefile.gathering import find_case
    from central.casefile.handing_out import hand_out

    centre = open_configured(config_file)
    actor = _actor(centre, by)
    try:
        with centre.db.read() as session:
            case_id = find_case(session, name)
        made = hand_out(centre, case_id, actor)
        part = out_file.with_name(out_file.name + ".part")  # a full disk leaves no half of a file under its name
        with made.file, part.open("wb") as target:
            shutil.copyfileobj(made.file, target)
        part.replace(out_file)
    except GiaoLoError as error:
        fail(error)
    except OSError as error:
        raise click.ClickException(f"{error.filename or out_file}: {error.strerror}") from error
    click.echo(f"{out_file}: case {made.number}, {made.size} bytes, sha256 {made.sha256}")
    click.echo(f"sealed with key {centre.key.public.fingerprint}")


@click.command("false-issues")
@config_option
@click.option(
    "--months", type=click.IntRange(1, 120), default=MONTHS, show_default=True, help="the running one included"
)
@click.option("--json", "as_json", is_flag=True, help="all figures for a program")
def false_issues(config_file: Path, months: int, as_json: bool) -> None:
    """How many notices were withdrawn or corrected after issue: by month, camera, act and reason, never by person."""
    centre = open_configured(config_file)
    with centre.db.read() as session:
        found = false_issue(session, centre.clock(), scope=EVERYWHERE, months=months).as_json()
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    click.echo(f"issued since {found['since']}: {_told(found['all'])}")
    for group, name in (("months", "month"), ("cameras", "camera"), ("acts", "act")):
        for line in found[group]:
            click.echo(f"{name} {line[name]}: {_told(line)}{'  HIGHER' if line['higher'] else ''}")
    for line in found["reasons"]:
        click.echo(f"{line['outcome']}, {line['reason']}: {line['n']}")


def _told(line: Mapping[str, Any]) -> str:
    if not line["issued"]:
        return "none issued"
    said = f"{line['taken_back']} of {line['issued']} taken back"
    return f"{said}, {line['rate']:.2%} (95 in 100 between {line['low']:.2%} and {line['high']:.2%})"


def _actor(centre: Centre, by: str) -> str:
    """Who hands something out, as the record names him."""
    from central.casefile.handing_out import machine_user

    if not by:
        return machine_user()
    with centre.db.read() as session:
        if session.get(UserRow, by[:64]) is None:
            raise click.ClickException(f"{by[:64]}: there is no such user -> name an account of the desk")
    return by


@click.command("node-key")
@config_option
@click.argument("node_id")
@click.argument("key_id")
def node_key(config_file: Path, node_id: str, key_id: str) -> None:
    """Print the key KEY_ID of NODE_ID (PEM), also a replaced one: `giaolo verify` takes it with an old packet."""
    centre = open_configured(config_file)
    try:
        with centre.db.read() as session:
            click.echo(key_of(session, node_id, key_id).pem().decode(), nl=False)
    except GiaoLoError as error:
        fail(error)
