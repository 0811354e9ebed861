"""How a box is told of its signal controllers: one section each, with one way in which it speaks."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from common.broker import BrokerSettings
from common.secret import read_secret
from common.settings import ConfigError, Section
from evidence.packet import Ident

LEAST_TOKEN = 12
THIS_MACHINE = ("127.0.0.1", "localhost", "::1")


class MqttFeed(Section):
    """The controller, or what stands before it, publishes at a broker."""

    broker: BrokerSettings | None = Field(
        default=None, title="Broker", description="left out: the one through which packets go"
    )
    topic: str | None = Field(
        default=None, min_length=1, max_length=200, pattern=r"^[^#+\x00]+$", title="Topic",
        description="left out: giaolo/v1/NODE/signals/ID",
    )  # fmt: skip


class HttpFeed(Section):
    """The controller, or what stands before it, posts to the box: POST /signals/ID."""

    host: str = Field(default="127.0.0.1", min_length=1, title="Address", description="127.0.0.1: this machine only")
    port: int = Field(default=9466, ge=1, le=65535, title="Port", description="of the HTTP server")
    token_file: Path = Field(title="Token file", description="its first line lets somebody speak")

    def token(self) -> str:
        """Raises `ConfigError` if the file holds none of use."""
        token = read_secret(self.token_file, "", of="controllers.http.token_file").strip()
        if len(token) < LEAST_TOKEN:
            raise ConfigError(
                f"holds no token of {LEAST_TOKEN} letters or more", where=str(self.token_file),
                remedy="write a longer one",
            )  # fmt: skip
        return token


class NtcipFeed(Section):
    """The box asks the controller by SNMP (NTCIP 1202)."""

    host: str = Field(min_length=1, title="Address", description="of the controller")
    port: int = Field(default=161, ge=1, le=65535, title="Port", description="of SNMP, UDP")
    community_file: Path = Field(title="Community file", description="its first line is used; it need only read")
    version: Literal["1", "2c"] = Field(default="1", title="SNMP", description="NTCIP 1202 v1 and v2 use 1")
    poll_s: float = Field(default=0.25, ge=0.1, le=1.0, title="Interval", description="seconds between two questions")

    def community(self) -> str:
        """Raises `ConfigError` if the file cannot be used."""
        return read_secret(self.community_file, "", of="controllers.ntcip.community_file").strip()


class ControllerConfig(Section):
    """One signal controller."""

    id: Ident = Field(title="Name", description="of the controller; part of topic and address")
    cameras: list[Ident] = Field(default_factory=list, title="Cameras", description="that see its heads; empty: all")
    mqtt: MqttFeed | None = Field(default=None, title="MQTT", description="it publishes at a broker")
    http: HttpFeed | None = Field(default=None, title="HTTP", description="it posts to the box")
    ntcip: NtcipFeed | None = Field(default=None, title="NTCIP 1202", description="the box asks it by SNMP")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if sum(way is not None for way in (self.mqtt, self.http, self.ntcip)) != 1:
            raise ValueError("give one of mqtt, http and ntcip")
        return self

    @property
    def way(self) -> Literal["mqtt", "http", "ntcip"]:
        return "mqtt" if self.mqtt is not None else "http" if self.http is not None else "ntcip"

    def topic(self, node: str) -> str:
        """Of MQTT; under the box's own tree where none is named."""
        named = self.mqtt.topic if self.mqtt is not None else None
        return named or f"giaolo/v1/{node}/signals/{self.id}"
