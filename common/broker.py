"""How box and centre reach the broker: one strict reading of the same settings, so that neither talks in clear unasked.

Nothing is left half set. TLS files mean TLS, a password means a user; a file that cannot be read is an error and never
an anonymous or open connection.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from common.settings import Section
from evidence.errors import GiaoLoError


class BrokerError(GiaoLoError):
    """The broker cannot be used as configured."""


class LoginError(BrokerError):
    """The password for the broker cannot be read."""


class BrokerSettings(Section):
    """The MQTT broker between boxes and centre."""

    host: str = Field(default="127.0.0.1", min_length=1, title="Host", description="name or address of the broker")
    port: int = Field(default=1883, ge=1, le=65535, title="Port", description="1883, or 8883 with TLS")
    username: str | None = Field(default=None, title="User name", description="leave out if the broker asks for none")
    password_file: Path | None = Field(default=None, title="Password file", description="its first line is used")
    tls: bool = Field(default=False, title="TLS", description="encrypt the connection; CA files turn it on too")
    tls_ca_file: Path | None = Field(default=None, title="CA certificate", description="PEM; empty: the system's list")
    tls_cert_file: Path | None = Field(default=None, title="Own certificate", description="PEM, for mutual TLS")
    tls_key_file: Path | None = Field(default=None, title="Key of the certificate", description="PEM, for mutual TLS")
    client_id: str | None = Field(
        default=None,
        min_length=1,
        max_length=64,
        title="Client id",
        description="empty: a new one that nobody else has",
    )
    protocol: Literal["auto", "5", "3.1.1"] = Field(
        default="auto", title="MQTT version", description="auto: 5, and 3.1.1 if the broker refuses that"
    )
    keepalive_s: int = Field(default=30, ge=5, le=3600, title="Keep-alive", description="seconds")

    @property
    def name(self) -> str:
        """As people and logs name it: `host:port`."""
        return f"{self.host}:{self.port}"

    @property
    def encrypted(self) -> bool:
        """Whether the connection is by TLS."""
        return self.tls or self.tls_ca_file is not None

    @model_validator(mode="after")
    def _nothing_half_set(self) -> Self:
        if (self.tls_cert_file is None) != (self.tls_key_file is None):
            raise ValueError("tls_cert_file and tls_key_file belong together: give both or neither")
        if "tls" in self.model_fields_set and not self.tls and (self.tls_ca_file or self.tls_cert_file):
            raise ValueError("tls: false beside TLS files would talk in clear: remove one or the other")
        if self.tls_cert_file is not None and not self.encrypted:
            raise ValueError(
                "tls_cert_file without tls_ca_file would go unused, in clear: give the CA that signed the broker, "
                "or tls: true for the system's list"
            )
        if self.password_file is not None and self.username is None:
            raise ValueError("password_file without username would go unused: give the user name")
        return self


def read_password(file: Path | None) -> str | None:
    """First line of the password file; None when none is configured. Raises `LoginError`."""
    if file is None:
        return None
    try:
        password = file.read_text("utf-8").partition("\n")[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as error:
        raise LoginError(
            f"broker password cannot be read: {error}", where=str(file), remedy="correct the file's rights or path"
        ) from error
    if not password:
        raise LoginError("holds no password in its first line", where=str(file), remedy="write the broker's password")
    return password
