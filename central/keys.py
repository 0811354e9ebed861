"""The centre's key and its changes, on the disk: `key_file` signs, and `ledger/key-changes.json` says what it follows.

A change is written down before the new key takes the place of the old one: a process that was killed between the two
ends it at the next start.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

from central.config import CentralConfig
from central.ledger.signing import SINCE_FILE, key_changes_file
from common.durable import sync_folder
from common.settings import ConfigError
from evidence.centre_keys import CentreKeys, KeyChange, change_key, read_changes, write_changes
from evidence.errors import GiaoLoError, PacketError
from evidence.seal import SigningKey, VerifyKey, public_path

NEXT = ".next"


class KeyChangeError(GiaoLoError):
    """The centre's key cannot be changed that way."""


def load_keys(config: CentralConfig) -> tuple[SigningKey, CentreKeys]:
    """The key that signs, made at the very first start, and all that it follows.

    Raises `ConfigError` for a key that is not the newest, `KeyFileError`, `OSError`.
    """
    file, changes = config.resolved_key_file, _changes(config)
    if not changes:
        if not file.exists() and (config.ledger_dir / SINCE_FILE).exists():  # it has signed before: not a first start
            raise ConfigError(
                "is missing, and this centre has signed with it", where=f"key_file {file}",
                remedy="restore it; if it is lost: giaolo central new-key --lost",
            )  # fmt: skip
        key = SigningKey.load_or_create(file)
        return key, CentreKeys(key.public)
    newest = changes[-1].new_key
    following = _next(file)
    if following.exists() and SigningKey.load(following).public == newest:
        _put_in_place(file)
    key = SigningKey.load(file)
    if key.public != newest:
        raise ConfigError(
            f"is key {key.public.key_id}, the centre's newest is {newest.key_id}", where=f"key_file {file}",
            remedy=f"restore the newest; if it is lost, put its {public_path(file).name} there, and giaolo central "
            "new-key --lost",
        )  # fmt: skip
    return key, CentreKeys.around(key.public, changes)


def renew_key(config: CentralConfig, *, now: datetime, believed_for: timedelta, lost: bool = False) -> KeyChange:
    """Make a new key and let it follow the one of today; nobody else uses the data folder meanwhile.

    `believed_for`: so long the old key is believed still. `lost`: the old key is gone or in wrong hands, so it signs
    nothing, and ends now. Raises `KeyChangeError`, `KeyFileError`, `OSError`.
    """
    file = config.resolved_key_file
    old = VerifyKey.load(public_path(file)) if lost else SigningKey.load(file)
    public = old if isinstance(old, VerifyKey) else old.public
    before = _changes(config)
    if before and before[-1].new_key != public:
        raise KeyChangeError(
            f"{file} is not the key of the newest change", where=str(key_changes_file(config.ledger_dir)),
            remedy="start the centre once, or restore the key file",
        )  # fmt: skip
    new = SigningKey.generate()
    following = _next(file)
    following.unlink(missing_ok=True)
    public_path(following).unlink(missing_ok=True)
    new.save(following)
    sync_folder(file.parent)
    until = now if lost else now + believed_for
    change = change_key(config.centre_id, old, new, at=now, until=until)
    change.check()
    _write(key_changes_file(config.ledger_dir), write_changes([*before, change]))
    _put_in_place(file)
    return change


def _changes(config: CentralConfig) -> tuple[KeyChange, ...]:
    file = key_changes_file(config.ledger_dir)
    try:
        changes = read_changes(file.read_bytes(), where=str(file))
    except FileNotFoundError:
        return ()
    except PacketError as error:
        raise ConfigError(
            f"is not what the centre wrote: {error.what}", where=str(file), remedy="restore it"
        ) from error
    if any(change.centre != config.centre_id for change in changes):
        raise ConfigError("is of another centre", where=str(file), remedy="restore it, or correct centre_id")
    return changes


def _next(file: Path) -> Path:
    return file.with_name(file.name + NEXT)


def _put_in_place(file: Path) -> None:
    """The new key takes the place of the old one, whose private half is gone with it; its public half stays."""
    following = _next(file)
    mine = public_path(file)
    if mine.exists():
        former = VerifyKey.load(mine)
        if former != SigningKey.load(following).public:
            mine.replace(mine.with_name(f"{file.name}.{former.key_id}.pub"))
    public_path(file).write_bytes(SigningKey.load(following).public.pem())
    os.replace(following, file)
    public_path(following).unlink(missing_ok=True)
    sync_folder(file.parent)


def _write(file: Path, said: bytes) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = file.with_name(file.name + ".new")
    with fresh.open("wb") as out:
        out.write(said)
        out.flush()
        os.fsync(out.fileno())
    os.replace(fresh, file)
    sync_folder(file.parent)
