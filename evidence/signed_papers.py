"""The papers that the record of a case names, and whether each is signed as the record says it is.

A signature that holds proves who signed these bytes. The record says who should have, for which case, by which office
and up to which fine: a good signature on the wrong paper is found only where the two are held against each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from evidence.canonical import sha256_hex
from evidence.errors import KeyFileError

if TYPE_CHECKING:  # a second to load: whoever only reads a record needs none of it
    from asn1crypto.x509 import Certificate
    from cryptography.x509 import CertificateRevocationList

    from evidence.paper_signature import PaperSignature

NOTICE = "notice"
_ISSUED = "issue"
CLOCK_S = 1.0
"""A signature tells its time in whole seconds, the record in thousandths."""


class Event(Protocol):
    """One line of a record."""

    @property
    def sequence(self) -> int: ...
    @property
    def actor(self) -> str: ...
    @property
    def action(self) -> str: ...
    @property
    def after(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class NamedPaper:
    """A paper that a step made. `actor`: who took the step. `said`: what the record says of its signature; None: it is
    not signed by key. `act`, `kind`: of the case then."""

    sequence: int
    code: str
    number: str
    sha256: str
    actor: str
    said: Mapping[str, Any] | None
    act: str
    kind: str

    @property
    def name(self) -> str:
        """For people: which paper it is."""
        return f"{self.code} {self.number}".strip()


def named_papers(record: Iterable[Event], *, act: str, kind: str) -> Iterator[NamedPaper]:
    """Every paper of a record, in its order. `act`, `kind`: of the case before its first event."""
    for event in record:
        after = event.after
        act, kind = str(after.get("act", act)), str(after.get("kind", kind))
        if event.action == _ISSUED and "pdf_sha256" in after:
            number = str(after.get("number", ""))
            yield NamedPaper(
                event.sequence, NOTICE, number, str(after["pdf_sha256"]), event.actor, after.get("signature"), act, kind
            )
        for paper in (after, *after.get("more_papers", ())):
            if "paper_sha256" in paper:
                yield NamedPaper(
                    event.sequence, str(paper.get("paper", "")), str(paper.get("paper_number", "")),
                    str(paper["paper_sha256"]), event.actor, paper.get("signature"), act, kind,
                )  # fmt: skip


@dataclass(frozen=True)
class Trusted:
    """What a reader has in hand: certificates of authorities, and lists of certificates that were revoked."""

    authorities: Sequence[Certificate] = ()
    revoked: Sequence[CertificateRevocationList] = ()


def read_trusted(authorities: Iterable[Path], revoked: Iterable[Path] = ()) -> Trusted:
    """Certificates and lists from files, PEM or DER. Raises `KeyFileError`."""
    roots, lists = list(authorities), list(revoked)
    if not roots and not lists:
        return Trusted()
    from evidence.paper_signature import read_certificates
    from evidence.revocation import read_lists

    return Trusted(
        tuple(each for path in roots for each in read_certificates(_bytes(path), where=str(path))),
        tuple(each for path in lists for each in read_lists(_bytes(path), where=str(path))),
    )


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise KeyFileError(
            f"cannot be read: {error.strerror}", where=str(path), remedy="check path and rights"
        ) from error


@dataclass(frozen=True)
class Judged:
    """`faults`: a sentence each. `signature`: the one that the paper bears; None of a paper that bears none."""

    paper: NamedPaper
    faults: tuple[str, ...]
    signature: PaperSignature | None = None


def judge(pdf: bytes, paper: NamedPaper, trusted: Trusted) -> Judged:
    """Hold a paper against its record: every fault, not only the first. Whether the office reaches far enough is law,
    and is asked elsewhere (`countries.signing_rights`). Without authorities all but the certificate is judged."""
    from evidence.paper_signature import PaperError, signatures_of

    if sha256_hex(pdf) != paper.sha256:
        return Judged(paper, ("is another paper than the one that its record names",))
    try:
        found = signatures_of(pdf, trusted.authorities, trusted.revoked)
    except PaperError as error:
        return Judged(paper, (error.what,))
    said = paper.said
    if said is None:
        return Judged(paper, ("bears a signature that its record does not name",) if found else ())
    if len(found) != 1:
        bears = f"bears {len(found)} signatures" if found else "bears no signature"
        return Judged(paper, (f"{bears}, its record says that {said.get('account')} signed it",))
    signature = found[0]
    faults = [signature.fault] if signature.fault else []
    if signature.certificate:  # else it could not be read, which is told
        faults += _differences(signature, said)
    if said.get("account") != paper.actor:
        faults.append(f"its record says that {said.get('account')} signed it, and that {paper.actor} took the step")
    return Judged(paper, tuple(faults), signature)


def _differences(signature: PaperSignature, said: Mapping[str, Any]) -> Iterator[str]:
    if signature.certificate != said.get("certificate_sha256"):
        yield (
            f"was signed with a certificate of {signature.owner}, its record says with another, of "
            f"{said.get('certificate_owner')} for {said.get('account')}"
        )
    if signature.name != said.get("name"):
        yield f"was signed by {signature.name}, its record says by {said.get('name')}"
    if not _same_time(signature.at, said.get("at")):
        yield f"was signed at {_time(signature.at)}, its record says at {said.get('at')}"
    if signature.stamped_at is not None and said.get("stamped_at") is None:
        yield "bears a timestamp that its record does not name"
    if said.get("stamped_at") is not None and not _same_time(signature.stamped_at, said["stamped_at"]):
        yield f"its timestamp is of {_time(signature.stamped_at)}, its record says of {said['stamped_at']}"


def _same_time(at: datetime | None, told: object) -> bool:
    if at is None or not isinstance(told, str):
        return False
    try:
        return abs((at - datetime.fromisoformat(told)).total_seconds()) <= CLOCK_S
    except (ValueError, TypeError):
        return False


def _time(at: datetime | None) -> str:
    return "no time" if at is None else at.isoformat()
