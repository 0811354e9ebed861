"""Configuration of the centre: one YAML file, every field with a meaning, errors that name file, path and remedy."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from central.signing.settings import SigningSettings
from common.broker import BrokerSettings
from common.settings import Section, read_settings, read_yaml
from countries.calendar import WorkCalendar
from countries.here import HERE
from evidence.packet import Ident

_REMEDIES = {
    "office": "say under `office:` who issues notices (parent, unit, unit_in_text, town, ...): "
    "docs/examples/central.yaml",
}


class Broker(BrokerSettings):
    """The MQTT broker that the nodes publish to."""


class Web(Section):
    """Officer web and owner portal."""

    enabled: bool = True
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    secure_cookies: bool = Field(default=False, description="True behind HTTPS: cookies are sent over TLS only")
    trusted_proxies: list[str] = Field(default_factory=list, description="addresses whose X-Forwarded-For is believed")
    """Without it all the world is one address to us; with secure_cookies there is a proxy, so it has to be named."""
    session_hours: float = Field(default=10, gt=0, le=72, description="the longest that somebody stays signed in")
    idle_minutes: float = Field(
        default=30, ge=2, le=24 * 60, description="who does nothing for so long is signed out; what was typed is kept"
    )
    max_connections: int = Field(
        default=500, ge=16, description="open connections in all; one address may have a quarter of them"
    )
    lookups_per_minute: int = Field(default=10, ge=1, description="owner look-ups a minute from one address")

    @model_validator(mode="after")
    def _a_proxy_is_named(self) -> Web:
        if self.secure_cookies and not self.trusted_proxies:
            raise ValueError(
                "secure_cookies without trusted_proxies: HTTPS ends at a proxy, and unless its address is named here "
                "all visitors count as one, who is soon locked out"
            )
        return self


class Limits(Section):
    """What hostile or broken nodes may cost."""

    open_transfers_per_node: int = Field(default=8, ge=1)
    open_bytes_per_node: int = Field(default=1024**3, ge=1024**2)
    transfer_max_age_s: float = Field(default=7 * 86400, gt=0, description="a partial transfer idle longer is dropped")
    quarantine_bytes: int = Field(default=2 * 1024**3, ge=0)
    quarantine_bytes_per_node: int = Field(
        default=512 * 1024**2, ge=0, description="of one node; never more than a quarter of quarantine_bytes"
    )
    quarantine_items_per_node: int = Field(default=1000, ge=0)
    disk_reserve_bytes: int = Field(default=256 * 1024**2, ge=0, description="free space never used for evidence")
    message_bytes: int = Field(default=2 * 1024**2, ge=1024, description="larger MQTT messages are not taken")


class Unit(Section):
    """A police unit as it stands in a notice."""

    name: str = Field(min_length=1, max_length=300)
    address: str = Field(default="", max_length=500)
    phone: str = Field(default="", max_length=60)


Printed = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]


class Fines(Section):
    """What a decision on a fine prints of the unit. What is left out is a dotted line, to be filled in by hand."""

    decided_by: str = Field(default="", max_length=300, description="title and unit of whoever decides, as a heading")
    heard_by: str = Field(
        default="", max_length=300, description="to whom a violator explains themselves, in a sentence"
    )
    executed_by: str = Field(default="", max_length=300, description="who sees to it that a decision is carried out")
    treasury: str = Field(default="", max_length=300, description="treasury where fines are paid")
    bank: str = Field(default="", max_length=300, description="bank where the treasury has an account")
    account: str = Field(default="", max_length=60, description="that account")
    agency_code: str = Field(default="", max_length=60, description="code of the deciding agency in the state's budget")
    chapter: str = Field(default="", max_length=60, description="code of its chapter")
    item: str = Field(default="", max_length=60, description="code of the economic item")


class Office(Section):
    """Who issues notices, as printed on the notice. Nothing that is printed has a default: each unit gives its own."""

    parent: Printed = Field(description="the body above the unit, in the first line")
    unit: Unit = Field(description="the unit of whoever has the power to sanction")
    unit_in_text: Printed = Field(description="the same in the middle of a sentence")
    device_owner: str = Field(default="", description="whose device it was; empty: the unit itself")
    town: Printed = Field(description="the place before the date")
    number_suffix: Printed = Field(description="stands behind the number of a notice")
    signer_title: Printed = Field(description="title of the head of the unit")
    signer_name: Printed = Field(description="name of whoever signs")
    appear_days: int = Field(default=10, ge=1, le=60, description="days from notice to the appointment")
    appear_times: list[time] = Field(
        default=[time(8), time(9), time(10), time(14), time(15)],
        min_length=1,
        max_length=48,
        description="hours of a working day at which owners are asked to come; default appointments spread over them",
    )
    appear_per_time: int = Field(
        default=4, ge=1, le=1000, description="owners at each of these hours; a day that is full moves to the next"
    )
    resolving: list[Unit] = Field(
        default_factory=list, description="units where a case can be resolved; first = this one"
    )
    fines: Fines = Fines()
    complaints_to: str = Field(
        default="", max_length=300, description="to whom an owner complains of an answer; empty: a dotted line"
    )

    @field_validator("appear_times", mode="before")
    @classmethod
    def _quoted(cls, value: Any) -> Any:
        # YAML reads a bare 14:00 as the number 840
        if isinstance(value, list) and any(isinstance(t, int | float) for t in value):
            raise ValueError('write each hour in quotes, as "14:00"')
        return value

    @field_validator("appear_times")
    @classmethod
    def _in_order(cls, value: list[time]) -> list[time]:
        if len(set(value)) != len(value) or any(t.tzinfo for t in value):
            raise ValueError('give each hour once, as "08:00"')
        return sorted(value)

    def resolving_units(self) -> list[Unit]:
        """Units where a case is settled: those configured, else the unit itself under its name in text."""
        return self.resolving or [self.unit.model_copy(update={"name": self.unit_in_text})]


class Calendar(Section):
    """The unit's corrections to the country's calendar: they win over everything else."""

    rest: list[date] = Field(default_factory=list, description="days on which the unit is closed")
    work: list[date] = Field(default_factory=list, description="rest days on which the unit works")

    @model_validator(mode="after")
    def _not_both(self) -> Calendar:
        if both := sorted(set(self.rest) & set(self.work)):
            raise ValueError(f"{both[0]} is given both as rest and as work")
        return self


class Devices(Section):
    """The files of cameras and boxes (`giaolo central device`)."""

    required: bool = Field(
        default=True,
        description="no notice while a device lacked its papers at the act; false: issued all the same, after a tick, "
        "and said in the record of each case, on the page of the unit and at /healthz",
    )


class Retention(Section):
    """Deleting what is over its term (`giaolo central retention`); the terms are the country's data."""

    enabled: bool = Field(
        default=False, description="delete every night what is due; false: only `retention apply --yes` deletes"
    )
    hour: int = Field(default=2, ge=0, le=23, description="the hour of the night in which it runs")
    at_once: int = Field(default=200, ge=1, description="cases at the most every ten minutes of that hour")


class CentralConfig(Section):
    """CENTRAL.yaml."""

    schema_version: Literal[1]
    centre_id: Ident = "centre"
    data_dir: Path = Field(default=Path("centre-data"), description="blobs, partial transfers, quarantine, key, SQLite")
    database_url: str = Field(default="", description="empty: SQLite in data_dir")
    key_file: Path | None = Field(default=None, description="centre's Ed25519 key; made on first use in data_dir")
    broker: Broker = Broker()
    web: Web = Web()
    limits: Limits = Limits()
    office: Office
    calendar: Calendar = Calendar()
    devices: Devices = Devices()
    retention: Retention = Retention()
    signing: SigningSettings | None = Field(default=None, description="who signs papers by key; empty: nobody does")
    second_reader: bool = Field(default=True, description="read plates again with EasyOCR when it is installed")
    claim_minutes: float = Field(default=15, gt=0, le=24 * 60, description="how long an officer holds a claimed case")
    checkpoint_minutes: float = Field(default=10, gt=0)

    @property
    def work_calendar(self) -> WorkCalendar:
        """The country's working days with the unit's corrections."""
        return HERE.calendar().corrected(rest=self.calendar.rest, work=self.calendar.work)

    @property
    def resolved_database_url(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir / 'centre.sqlite3'}"

    @property
    def resolved_key_file(self) -> Path:
        return self.key_file or self.data_dir / "keys" / "centre.key"

    @property
    def blob_dir(self) -> Path:
        return self.data_dir / "blobs"

    @property
    def ledger_dir(self) -> Path:
        """What the centre signs and keeps outside the database."""
        return self.data_dir / "ledger"

    @property
    def copies_dir(self) -> Path:
        """Looking copies of clips."""
        return self.data_dir / "web-copies"

    @property
    def transfer_dir(self) -> Path:
        return self.data_dir / "transfers"

    @property
    def quarantine_dir(self) -> Path:
        return self.data_dir / "quarantine"


def load_config(path: Path) -> CentralConfig:
    """Read CENTRAL.yaml; relative paths count from its folder. Raises `ConfigError` naming file, field and remedy."""
    return parse_config(read_yaml(path), base=path.parent, where=str(path))


def parse_config(value: object, *, base: Path, where: str) -> CentralConfig:
    """Validate settings; relative paths count from `base`. Raises `ConfigError`."""
    return read_settings(CentralConfig, value, folder=base, where=where, remedies=_REMEDIES)
