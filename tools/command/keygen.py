"""`giaolo keygen`: the key pair of a node or a centre."""

from __future__ import annotations

from pathlib import Path

import click

from evidence.errors import GiaoLoError
from evidence.seal import SigningKey, public_path


@click.command()
@click.argument("key_file", type=click.Path(path_type=Path))
def keygen(key_file: Path) -> None:
    """Tạo khóa Ed25519. / Make an Ed25519 key KEY_FILE and its public half KEY_FILE.pub; never overwrites."""
    if key_file.exists():
        raise click.ClickException(f"{key_file}: exists already -> name another file; a key is never overwritten")
    try:
        key = SigningKey.load_or_create(key_file)
    except GiaoLoError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{key_file}: cannot be written: {error.strerror}") from error
    click.echo(f"{key_file}\n{public_path(key_file)}\nkey {key.public.key_id}")
