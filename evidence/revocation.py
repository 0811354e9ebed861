"""Was a certificate revoked when it signed? Asked of lists (CRL, RFC 5280) that are in hand; nothing is fetched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from asn1crypto import x509
from cryptography import x509 as lists
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509 import CertificateRevocationList

from evidence.errors import KeyFileError

State = Literal["not_asked", "good", "revoked"]
_PEM = b"-----BEGIN X509 CRL-----"


@dataclass(frozen=True)
class Revocation:
    """What the lists say. `words`: the same for people; never empty, as silence would read like "good"."""

    state: State
    words: str


NOT_ASKED = Revocation("not_asked", "whether the certificate was revoked was not asked")


def read_lists(data: bytes, *, where: str) -> tuple[CertificateRevocationList, ...]:
    """The lists of a file: PEM, one or several, or DER. Raises `KeyFileError`."""
    try:
        if _PEM in data:
            return tuple(lists.load_pem_x509_crl(_PEM + part) for part in data.split(_PEM)[1:])
        return (lists.load_der_x509_crl(data),)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyFileError(
            "holds no list of revoked certificates", where=where, remedy="give a CRL as PEM or DER"
        ) from error


def revocation_of(
    certificate: x509.Certificate, chain: Iterable[x509.Certificate], known: Sequence[CertificateRevocationList],
    moment: datetime,
) -> Revocation:  # fmt: skip
    """Whether `certificate` was revoked at `moment`. A list counts if the certificate's own authority signed it.

    `chain`: certificates among which its authority is; they have to be believed already. Of several lists the newest is
    asked; one from before `moment` says nothing of it, unless it has the certificate already.
    """
    mine = [each for each in known if _is_of(each, certificate, chain)]
    if not mine:
        return NOT_ASKED
    newest = max(mine, key=lambda each: each.last_update_utc)
    day = f"{newest.last_update_utc:%Y-%m-%d}"
    entry = newest.get_revoked_certificate_by_serial_number(certificate.serial_number)
    if entry is not None:
        at = entry.revocation_date_utc
        words = f"the certificate was revoked on {at:%Y-%m-%d}, {{}} (list of {day})"
        if at <= moment:
            return Revocation("revoked", words.format("before it signed"))
        return Revocation("good", words.format("after it signed"))
    if newest.last_update_utc < moment:
        return Revocation("not_asked", f"{NOT_ASKED.words}: the list of {day} is older than the signature")
    return Revocation("good", f"the certificate was not revoked (list of {day})")


def _is_of(known: CertificateRevocationList, certificate: x509.Certificate, chain: Iterable[x509.Certificate]) -> bool:
    if known.issuer.public_bytes() != certificate.issuer.dump():
        return False
    for each in chain:
        if each.subject != certificate.issuer:
            continue
        try:
            key = lists.load_der_x509_certificate(each.dump()).public_key()
            if known.is_signature_valid(key):  # type: ignore[arg-type]  # of a kind that signs no list: TypeError
                return True
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            continue
    return False
