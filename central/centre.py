"""The parts of a running centre, handed to whoever needs them (web, ingest, command line)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from central.config import CentralConfig, ConfigError
from central.db import Database
from central.issuing import NoticeDesk
from central.ledger import Ledger
from central.migrate import upgrade
from central.registry import TableRegistry, VehicleRegistry
from central.store import BlobStore, FileStore
from evidence.seal import SigningKey


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
    def claim_lease(self) -> timedelta:
        return timedelta(minutes=self.config.claim_minutes)

    @property
    def session_lifetime(self) -> timedelta:
        return timedelta(hours=self.config.web.session_hours)


def open_centre(config: CentralConfig, *, clock: Callable[[], datetime] = utc_now) -> Centre:
    """Open database (brought up to date), blobs and key. Raises `GiaoLoError` saying what is wrong and where."""
    try:
        config.data_dir.mkdir(parents=True, exist_ok=True)
        store = FileStore(config.blob_dir, reserve_bytes=config.limits.disk_reserve_bytes)
        database = Database(config.resolved_database_url)
        key = SigningKey.load_or_create(config.resolved_key_file)
    except OSError as error:
        raise ConfigError(
            f"cannot be used: {error.strerror}",
            where=f"data_dir {error.filename or config.data_dir}",
            remedy="name a folder that this user may write to",
        ) from error
    upgrade(database)
    ledger = Ledger(key, config.centre_id, config.ledger_dir)
    try:
        ledger.begin(database)
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror}", where=str(config.ledger_dir)) from error
    database.info["ledger"] = ledger
    registry = TableRegistry()
    return Centre(
        config=config,
        db=database,
        store=store,
        key=key,
        registry=registry,
        notices=NoticeDesk(config.office, store, registry, config.work_calendar),
        clock=clock,
    )
