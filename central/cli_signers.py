"""`giaolo central signers`: whose keys sign papers, and whether each of them does."""

from __future__ import annotations

import io
from pathlib import Path

import click

from central.centre import utc_now
from central.cli_common import config_option, fail, open_configured
from central.desk.signers import SignerLine, signer_lines
from central.signing.port import SigningError
from common import logs
from evidence.errors import GiaoLoError


@click.command()
@config_option
@click.option("--try", "trial", is_flag=True, help="sign a blank page with each key (asks tokens and timestamps too)")
def signers(config_file: Path, trial: bool) -> None:
    """List who signs papers by key: account, name, office, certificate, state. Exit 1 unless all can sign."""
    centre, now = open_configured(config_file), utc_now()
    signing = centre.notices.signing
    if not signing.on:
        click.echo("signing is not configured: papers are not signed by key")
        return
    try:
        with centre.db.read() as session:
            lines = signer_lines(session, signing, now)
    except GiaoLoError as error:
        fail(error)
    bad = 0
    for line in lines:
        click.echo(logs.plain(_line(line)))
        fault = ""
        if trial:
            try:
                signed = signing.sign(_blank(), line.identity.account, at=now)
                click.echo(f"  signs: PAdES {signed.level}")
            except SigningError as error:
                fault = str(error)
                click.echo(logs.plain(f"  does not sign: {fault}"))
        bad += line.level == "bad" or bool(fault)
    if bad:
        raise SystemExit(1)


def _line(line: SignerLine) -> str:
    who = line.identity
    ends = who.valid_to.isoformat(timespec="seconds")
    place = "token" if who.on_token else "key file"
    return (
        f"{who.account}  {line.state}  {who.name}, {', '.join(who.title)} ({who.post}, up to {line.power:,})  "
        f"{place}, certificate of {who.owner} by {who.issuer} until {ends}, sha256 {who.certificate}"
    )


def _blank() -> bytes:
    """A page with nothing on it."""
    from reportlab.pdfgen.canvas import Canvas  # half a second to load

    buffer = io.BytesIO()
    canvas = Canvas(buffer)
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()
