"""The part of CENTRAL.yaml that says who signs papers and with what. Secrets stand in files or in the environment."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from common.settings import Section
from countries.here import HERE

Printed = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
_SECRETS = ("passphrase", "password", "pin", "user_pin")


class Token(Section):
    """A key on a smart card, USB token or HSM (PKCS#11). Nothing is asked of it before something is to be signed."""

    module: Path = Field(description="the token's PKCS#11 library (.so)")
    label: str = Field(min_length=1, max_length=100, description="label of the token")
    key: str = Field(min_length=1, max_length=100, description="label of the private key on it")
    certificate_file: Path = Field(description="the certificate of that key, PEM or DER")


class Delegation(Section):
    """The head of a unit has handed the power on to a deputy in writing."""

    number: Printed = Field(description="number of the decision")
    dated: date
    since: date | None = Field(default=None, description="first day; empty: the day of the decision")
    until: date = Field(description="last day")

    @property
    def begins(self) -> date:
        return self.since or self.dated

    @model_validator(mode="after")
    def _upright(self) -> Self:
        if self.begins > self.until or self.begins < self.dated:
            raise ValueError("the decision is dated first, then its power begins, then it ends")
        return self


class SignerSettings(Section):
    """One account that signs: as what it is printed, what office it holds in law, and its key."""

    account: str = Field(min_length=1, max_length=64, description="user name of the account")
    name: Printed = Field(description="rank and name as printed below the signature")
    title: Printed = Field(description="title above the signature, in as many lines as it has")
    certificate_name: str = Field(
        default="", max_length=300, description="the name in the certificate, if not in `name`"
    )
    post: str = Field(description="office in law, whose power is checked against the band")
    delegated: Delegation | None = Field(
        default=None, description="for a deputy: by which decision the power is theirs"
    )
    key_file: Path | None = Field(default=None, description="PKCS#12 (.p12, .pfx) with key and certificate")
    token: Token | None = Field(default=None, description="or a PKCS#11 token")
    passphrase_file: Path | None = Field(default=None, description="its first line opens the key file; PIN of a token")
    passphrase_env: str = Field(
        default="", max_length=100, pattern=r"^\w*$", description="or this environment variable"
    )

    @field_validator("post")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in HERE.powers.posts():
            raise ValueError(f"is no office that may sanction: {', '.join(HERE.powers.posts())}")
        return value

    @model_validator(mode="before")
    @classmethod
    def _no_secret_here(cls, data: Any) -> Any:
        if isinstance(data, dict) and any(name in data for name in _SECRETS):
            raise ValueError("a passphrase never stands in this file: name passphrase_file or passphrase_env")
        return data

    @model_validator(mode="after")
    def _one_key_one_secret(self) -> Self:
        if (self.key_file is None) == (self.token is None):
            raise ValueError("give key_file or token, one of them")
        if (self.passphrase_file is None) == (not self.passphrase_env):
            raise ValueError("give passphrase_file or passphrase_env, one of them")
        return self


class Timestamps(Section):
    """Who witnesses when a paper was signed (RFC 3161)."""

    url: str = Field(pattern=r"^https?://", description="of the timestamp authority")
    authorities: list[Path] = Field(default_factory=list, description="its certificates, if not among those of signers")
    timeout_s: float = Field(default=5, gt=0, le=30)


class SigningSettings(Section):
    """Papers are signed. Without this section they are not, and have the room for a signature by hand."""

    authorities: list[Path] = Field(min_length=1, description="certificates of the authorities that issue to signers")
    signers: list[SignerSettings] = Field(min_length=1)
    timestamps: Timestamps | None = None
    revoked: list[Path] = Field(
        default_factory=list, description="lists of revoked certificates (CRL) by these authorities, for the audit"
    )

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        accounts = [each.account for each in self.signers]
        if twice := sorted({a for a in accounts if accounts.count(a) > 1}):
            raise ValueError(f"{twice[0]} is given twice")
        return self
