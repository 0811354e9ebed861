"""`giaolo central new-key` and `public-key`: the key by which the centre signs."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from central.alone import have_alone
from central.centre import utc_now
from central.cli_common import config_option, fail, open_configured
from central.config import load_config
from central.keys import renew_key
from evidence.centre_keys import write_changes
from evidence.errors import GiaoLoError


@click.command("public-key")
@config_option
@click.option("--changes", is_flag=True, help="print the signed changes of key instead: giaolo verify --key-changes")
def public_key(config_file: Path, changes: bool) -> None:
    """Print the centre's public key (PEM), which nodes need to believe its receipts."""
    centre = open_configured(config_file)
    if changes:
        click.echo(write_changes(centre.keys.changes).decode(), nl=False)
    else:
        click.echo(centre.key.public.pem().decode(), nl=False)


@click.command("new-key")
@config_option
@click.option("--days", type=click.IntRange(0, 3650), default=90, show_default=True,
              help="so long boxes that were away believe the old key still")  # fmt: skip
@click.option("--lost", is_flag=True, help="the old key is lost or stolen: it ends now, and each box is told by hand")
@click.option("--yes", "really", is_flag=True, help="do it; without it nothing is changed, only said")
def new_key(config_file: Path, days: int, lost: bool, really: bool) -> None:
    """Give the centre a new key; the old one signs that it is followed. The centre must not run meanwhile."""
    try:
        config = load_config(config_file)
        if not really:
            what = "end the old key now" if lost else f"have the old key believed for {days} days more"
            click.echo(f"dry run: --yes would replace {config.resolved_key_file} and {what}")
            return
        with have_alone(config.data_dir, now=utc_now()):
            change = renew_key(config, now=utc_now(), believed_for=timedelta(days=days), lost=lost)
    except GiaoLoError as error:
        fail(error)
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror} -> mend it, and run it again") from error
    click.echo(f"key {change.old_key.key_id} is followed by {change.new_key.key_id}")
    if lost:
        click.echo("no box believes it yet: put it into centre_public_key of each (giaolo central public-key)")
    else:
        click.echo(f"boxes take it over when they next hear the centre; until {change.until} they believe both")
    click.echo(f"make it known to courts: fingerprint {change.new_key.fingerprint}")
