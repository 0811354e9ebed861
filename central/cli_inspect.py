"""`giaolo central` for whoever checks the centre: the audit, the proof of a packet, the keys for checking offline."""

from __future__ import annotations

from pathlib import Path

import click

from central.cli_common import config_option, fail, open_configured
from central.intake.nodes import key_of
from common import logs
from evidence.errors import GiaoLoError
from evidence.log_proof import read_checkpoint


@click.command()
@config_option
@click.option("--files", is_flag=True, help="read every file of every packet too")
def audit(config_file: Path, files: bool) -> None:
    """Check that nothing stored was altered: log, checkpoints, packets, case records. Exit status 1 on a fault."""
    from central.audit.stored import audit as check

    centre = open_configured(config_file)
    with centre.db.read() as session:
        found = check(session, centre.key.public, centre=centre.config.centre_id, files=centre.store if files else None)
    for fault in found.faults:
        click.echo(logs.plain(fault))
    click.echo(
        f"{found.packets} packets, {found.checkpoints} checkpoints, {found.cases} cases: {len(found.faults)} faults"
    )
    if found.faults:
        raise SystemExit(1)


@click.command()
@config_option
@click.argument("name", metavar="CASE|PACKET")
@click.option("--out", "out_file", type=click.Path(path_type=Path), required=True, help="where to write the proof")
@click.option(
    "--older", "older_file", type=click.Path(path_type=Path), help="an older checkpoint or proof to go on from"
)
def proof(config_file: Path, name: str, out_file: Path, older_file: Path | None) -> None:
    """Write the proof that a packet stands in the centre's log: the packet of a case (its number), or by id or digest.

    Whoever has the packet and the centre's public key checks it with `giaolo verify PACKET --proof`.
    """
    from central.ledger.proofs import find_packet, prove

    centre = open_configured(config_file)
    try:
        older = read_checkpoint(older_file.read_bytes(), where=str(older_file)) if older_file else None
        with centre.db.write() as session:
            made = prove(
                session, find_packet(session, name), centre.key, centre=centre.config.centre_id, now=centre.clock(),
                older=older,
            )  # fmt: skip
        out_file.write_bytes(made.to_bytes())
    except GiaoLoError as error:
        fail(error)
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from error
    goes_on = f", goes on from {older.size} entries" if older else ""
    click.echo(f"{out_file}: packet {made.packet} is entry {made.index + 1} of {made.checkpoint.size}{goes_on}")


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


@click.command("public-key")
@config_option
def public_key(config_file: Path) -> None:
    """Print the centre's public key (PEM), which nodes need to believe its receipts."""
    click.echo(open_configured(config_file).key.public.pem().decode(), nl=False)
