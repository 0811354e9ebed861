"""What the rest of the centre asks of signing. Values are frozen; the port has one real implementation (`rim`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol

from central.signing.settings import Delegation
from countries.here import HERE
from countries.law import Power
from evidence.errors import GiaoLoError
from evidence.packet import utc_text

if TYPE_CHECKING:  # a second to load, and a centre that does not sign needs none of it
    from evidence.paper_signature import PaperSignature

Level = Literal["B-B", "B-T"]
"""PAdES baseline: signed, or signed with a timestamp of an authority."""
Hindrance = Literal["certificate_over", "certificate_early", "delegation_over", "delegation_early", "power", "act"]
"""Why an identity may not sign today; words: `refused.sign_<code>`."""


class SigningError(GiaoLoError):
    """A paper could not be signed. `code`: `token`, `pin`, `timestamp` or `unsound`; words: `refused.sign_<code>`."""

    def __init__(self, code: str, what: str, *, where: str = "", remedy: str = "") -> None:
        self.code = code
        super().__init__(what, where=where, remedy=remedy)


@dataclass(frozen=True)
class Identity:
    """An account that signs, with its certificate. `title`: lines as printed. `certificate`: its SHA-256."""

    account: str
    name: str
    title: tuple[str, ...]
    post: str
    delegated: Delegation | None
    certificate: str
    owner: str
    issuer: str
    valid_from: datetime
    valid_to: datetime
    on_token: bool

    def power(self, day: date) -> Power:
        """What the office may sanction on that day. Raises `LawError`."""
        return HERE.powers.power(self.post, day)

    def hindrance(self, now: datetime, most: int = 0, clause: str = "") -> Hindrance | None:
        """What keeps it from signing now; `most`: the highest fine of a person in the band of the act; `clause`: where
        the act stands in the law.

        For an organisation band and power are both twice as high (`countries.law.Power`). Raises `LawError`.
        """
        day = HERE.local_date(now)
        if now > self.valid_to:
            return "certificate_over"
        if now < self.valid_from:
            return "certificate_early"
        if self.delegated is not None and day > self.delegated.until:
            return "delegation_over"
        if self.delegated is not None and day < self.delegated.begins:
            return "delegation_early"
        power = self.power(day)
        if clause and not power.reaches(clause):
            return "act"
        return "power" if power.most < most else None


@dataclass(frozen=True)
class Signed:
    """A signed paper, and what the record says of its signature."""

    pdf: bytes
    level: Level
    signature: PaperSignature
    by: Identity
    at: datetime

    def said(self, most: int, now: datetime) -> dict[str, Any]:
        """For the event: who signed by which right, so that nothing configured later changes it."""
        power = self.by.power(HERE.local_date(now))
        delegated = self.by.delegated
        return {
            "account": self.by.account, "name": self.by.name, "title": list(self.by.title), "level": self.level,
            "certificate_sha256": self.by.certificate, "certificate_owner": self.by.owner,
            "certificate_issuer": self.by.issuer, "at": utc_text(self.at.astimezone(UTC)),
            "stamped_at": utc_text(stamp.astimezone(UTC)) if (stamp := self.signature.stamped_at) else None,
            "post": power.post, "power": power.most, "power_reference": power.reference, "band_most": most,
            "delegated_by": f"{delegated.number} {delegated.dated.isoformat()}" if delegated else None,
        }  # fmt: skip


class Signing(Protocol):
    """Port. `on`: papers are signed, and nothing leaves unsigned."""

    @property
    def on(self) -> bool: ...

    def identities(self) -> Sequence[Identity]:
        """All who may sign. Raises `ConfigError`: a key or certificate is not what the configuration says."""
        ...

    def sign(self, pdf: bytes, account: str, *, at: datetime) -> Signed:
        """Sign a finished paper and check the signature as its reader will. May take a while: never inside a write
        transaction. Raises `SigningError`."""
        ...

    def check(self, pdf: bytes) -> tuple[PaperSignature, ...]:
        """The signatures of a paper, judged by the authorities of the configuration. Raises `PaperError`."""
        ...


class Unsigned:
    """No key is configured: papers go out with the room for a signature by hand."""

    on = False

    def identities(self) -> Sequence[Identity]:
        return ()

    def sign(self, pdf: bytes, account: str, *, at: datetime) -> Signed:
        raise SigningError("token", "no key is configured", remedy="see `signing` in docs/signing.md")

    def check(self, pdf: bytes) -> tuple[PaperSignature, ...]:
        return ()
