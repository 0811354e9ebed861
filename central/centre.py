"""The parts of a running centre, handed to whoever needs them (web, ingest, command line)."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from central.alone import beside_others
from central.config import CentralConfig
from central.keys import load_keys
from central.ledger.signing import Ledger
from central.notices.basis import NoticeDesk
from central.registry import TableRegistry, VehicleRegistry
from central.signing.port import Signing, Unsigned
from central.store.blobs import BlobStore, FileStore
from central.store.db import Database
from central.store.migrate import upgrade
from central.store.unit_tables import LetterheadRow
from common.settings import ConfigError
from evidence.centre_keys import CentreKeys
from evidence.seal import SigningKey

PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Centre:
    """`db.read()` / `db.write()` give sessions; `clock` is the only "now"; `notices` is for preparing and issuing."""

    config: CentralConfig
    db: Database
    store: BlobStore
    key: SigningKey
    registry: VehicleRegistry
    notices: NoticeDesk
    clock: Callable[[], datetime] = utc_now

    @property
    def ledger(self) -> Ledger:
        """What it signs and keeps beside the database."""
        found: Ledger = self.db.info["ledger"]
        return found

    @property
    def keys(self) -> CentreKeys:
        """Its own key with those that it followed: what may have signed for it."""
        return self.ledger.keys

    @property
    def claim_lease(self) -> timedelta:
        return timedelta(minutes=self.config.claim_minutes)

    @property
    def session_lifetime(self) -> timedelta:
        return timedelta(hours=self.config.web.session_hours)

    @property
    def session_idle(self) -> timedelta:
        return timedelta(minutes=self.config.web.idle_minutes)


def open_centre(config: CentralConfig, *, clock: Callable[[], datetime] = utc_now) -> Centre:
    """Open database (brought up to date), blobs and key. Raises `GiaoLoError` saying what is wrong and where."""
    try:
        config.data_dir.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        # also a folder that an earlier version made for all to read: owners' names, identity numbers, evidence
        config.data_dir.chmod(PRIVATE_FOLDER)
        store = FileStore(config.blob_dir, reserve_bytes=config.limits.disk_reserve_bytes)
        database = Database(config.resolved_database_url)
        key, keys = load_keys(config)
    except OSError as error:
        raise ConfigError(
            f"cannot be used: {error.strerror}",
            where=f"data_dir {error.filename or config.data_dir}",
            remedy="name a folder that this user may write to",
        ) from error
    # a centre of older software that runs here would go on with a database that it does not know
    upgrade(database, before=lambda: beside_others(config.data_dir, now=clock()))
    _keep_private(database)
    _letters_are_its_own(database, config)
    ledger = Ledger(key, config.centre_id, config.ledger_dir, keys)
    try:
        ledger.begin(database)
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror}", where=str(config.ledger_dir)) from error
    database.info["ledger"] = ledger
    database.info["calendar"] = config.work_calendar
    registry = TableRegistry()
    return Centre(
        config=config,
        db=database,
        store=store,
        key=key,
        registry=registry,
        notices=NoticeDesk(
            config.office,
            store,
            registry,
            config.work_calendar,
            papers_required=config.devices.required,
            signing=_signing(config, clock),
        ),
        clock=clock,
    )


def _letters_are_its_own(database: Database, config: CentralConfig) -> None:
    """The letters behind the root's numbers are configuration: they may have become those of a unit."""
    with database.read() as session:
        code = session.scalar(
            select(LetterheadRow.unit_code).where(LetterheadRow.abbreviation == config.office.number_suffix)
        )
    if code is not None:
        raise ConfigError(
            f"{config.office.number_suffix} stands behind the numbers of the unit {code}", where="office.number_suffix",
            remedy="no two papers may have the same number: take other letters",
        )  # fmt: skip


def _signing(config: CentralConfig, clock: Callable[[], datetime]) -> Signing:
    if config.signing is None:
        return Unsigned()
    from central.signing.rim import PyHankoSigning  # a second to load, which a centre that does not sign need not wait

    return PyHankoSigning(config.signing, clock)


def _keep_private(database: Database) -> None:
    """An SQLite file may lie outside of data_dir; its journal files take over its mode."""
    file = database.engine.url.database if database.dialect == "sqlite" else None
    for name in (file, f"{file}-wal", f"{file}-shm") if file else ():
        with contextlib.suppress(OSError):
            os.chmod(name, PRIVATE_FILE)
