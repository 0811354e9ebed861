"""Who signed a paper (PDF), whether it is what was signed, and whether the certificate is of an authority one trusts.

PAdES (ETSI EN 319 142-1), read by pyHanko, offline: nothing is fetched. Whether a certificate was revoked is asked of
lists in hand and of those that the signature brings along (`evidence.revocation`), else said to be not asked. A
certificate is judged at the time of a trusted timestamp, without one at the time that the signer's own clock
gave: whoever keeps the paper's digest in a signed record (docs/case-file-v1.md) need not believe that clock.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asn1crypto import cms, parser, pem, x509
from cryptography.x509 import CertificateRevocationList
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from evidence.errors import ForeignError, KeyFileError
from evidence.revocation import NOT_ASKED, Revocation, read_lists, revocation_of

USAGES = frozenset({"digital_signature", "non_repudiation"})
"""What a certificate is for; one of them has to be there (RFC 5280, 4.2.1.3)."""
MOST_SIGNATURES = 20
"""A paper has one or two; each costs a check."""

# what it has to say of a certificate comes back in `fault`
logging.getLogger("pyhanko").addHandler(logging.NullHandler())
logging.getLogger("pyhanko_certvalidator").addHandler(logging.NullHandler())


class PaperError(ForeignError):
    """A paper that cannot be read."""


@dataclass(frozen=True)
class PaperSignature:
    """One signature of a paper.

    `name`, `title`: as the signer stated them; `owner`, `issuer`: as the certificate has them. `at`: by the signer's
    clock; `stamped_at`: by a timestamp authority. `intact`: the paper is what was signed, with nothing after it but
    further signatures. `trusted`: the certificate leads to an authority in hand; None: none was given. `certificate`:
    its SHA-256. `fault`: what is wrong, empty if nothing is. `revocation`: whether it was revoked, in words.
    """

    name: str
    title: str
    owner: str
    issuer: str
    certificate: str
    at: datetime | None
    stamped_at: datetime | None
    intact: bool
    trusted: bool | None
    fault: str
    revocation: str = NOT_ASKED.words

    @property
    def good(self) -> bool:
        """Intact, and by a certificate of an authority in hand."""
        return self.intact and self.trusted is True and not self.fault


def read_certificates(data: bytes, *, where: str) -> tuple[x509.Certificate, ...]:
    """The certificates of a file: PEM, one or several, or DER. Raises `KeyFileError`."""
    try:
        ders = [der for _, _, der in pem.unarmor(data, multiple=True)] if pem.detect(data) else [data]
        found = tuple(x509.Certificate.load(der, strict=True) for der in ders)
        for each in found:
            _ = each.subject.native, each.public_key.algorithm, each.not_valid_after
    except (ValueError, TypeError, KeyError) as error:
        raise KeyFileError(
            "holds no certificate", where=where, remedy="give certificates as PEM (BEGIN CERTIFICATE)"
        ) from error
    return found


def common_name(name: x509.Name) -> str:
    """The name in a certificate that people read."""
    found = name.native.get("common_name", "")
    return str(found[0] if isinstance(found, list) else found) or str(name.human_friendly)


def signatures_of(
    pdf: bytes, authorities: Sequence[x509.Certificate] = (), revoked: Sequence[CertificateRevocationList] = ()
) -> tuple[PaperSignature, ...]:
    """All signatures of a paper, the oldest first; none of a paper that is not signed.

    `authorities`: certificates that are believed, of signers' and of timestamp authorities alike. `revoked`: lists of
    revoked certificates. Raises `PaperError`.
    """
    try:
        embedded = PdfFileReader(io.BytesIO(pdf)).embedded_regular_signatures
    except Exception as error:  # a stranger's bytes: what a parser falls over is no defect of ours
        raise PaperError("is no PDF that can be read", remedy="is it the paper as it was handed out?") from error
    if len(embedded) > MOST_SIGNATURES:
        raise PaperError(f"has {len(embedded)} signatures, the limit is {MOST_SIGNATURES}")
    return tuple(_signature(pdf, each, authorities, revoked, last=each is embedded[-1]) for each in embedded)


def _signature(
    pdf: bytes, embedded: EmbeddedPdfSignature, authorities: Sequence[x509.Certificate],
    revoked: Sequence[CertificateRevocationList], *, last: bool,
) -> PaperSignature:  # fmt: skip
    try:
        certificate = embedded.signer_cert
        at, stamped = embedded.self_reported_timestamp, _stamp(embedded)
        held = ValidationContext(trust_roots=list(authorities), allow_fetching=False, moment=stamped or at)
        status = validate_pdf_signature(
            embedded,
            signer_validation_context=held,
            ts_validation_context=ValidationContext(
                trust_roots=list(authorities), allow_fetching=False, moment=stamped
            ),
            key_usage_settings=KeyUsageConstraints(key_usage=set(USAGES), match_all_key_usages=False),
        )
        intact = _whole(status, last) and _nothing_hidden(pdf, embedded)
        fault = _fault(status, intact, certificate, authorities, stamped or at)
        asked = _revocation(embedded, status, authorities, revoked, stamped or at)
        if not fault and asked.state == "revoked":
            fault = asked.words
        believed = status.timestamp_validity is not None and status.timestamp_validity.trusted
        return PaperSignature(
            name=_said(embedded, "/Name"),
            title=_said(embedded, "/Reason"),
            owner=common_name(certificate.subject),
            issuer=common_name(certificate.issuer),
            certificate=certificate.sha256.hex(),
            at=at,
            stamped_at=stamped if believed or not authorities else None,
            intact=intact,
            trusted=bool(status.trusted) if authorities else None,
            fault=fault,
            revocation=asked.words,
        )
    except Exception as error:  # as above
        return PaperSignature("", "", "", "", "", None, None, False, None, f"cannot be read: {type(error).__name__}")


def _whole(status: PdfSignatureStatus, last: bool) -> bool:
    """The last signature covers all of the file; one before it all up to where a further signature was added."""
    whole = status.coverage is SignatureCoverageLevel.ENTIRE_FILE or (
        not last
        and status.coverage is SignatureCoverageLevel.ENTIRE_REVISION
        and status.modification_level is not None
        and status.modification_level <= ModificationLevel.FORM_FILLING
    )
    return bool(status.intact and status.valid and whole)


def _nothing_hidden(pdf: bytes, embedded: EmbeddedPdfSignature) -> bool:
    """The signature itself lies in a gap that nothing covers: it is all there is in it, and noughts up to its end."""
    start, length, after, _ = (int(each) for each in embedded.byte_range)
    gap = pdf[start + length : after]
    digits = gap[1:-1]
    if gap[:1] + gap[-1:] != b"<>" or digits not in (digits.lower(), digits.upper()):
        return False
    rest = bytes.fromhex(digits.decode("ascii"))
    return not rest[parser.peek(rest) :].strip(b"\0")


def _fault(
    status: PdfSignatureStatus, intact: bool, certificate: x509.Certificate, authorities: Sequence[x509.Certificate],
    moment: datetime | None,
) -> str:  # fmt: skip
    """The first thing that is wrong, in words."""
    if not (status.intact and status.valid):
        return "was altered after it was signed"
    if not intact:
        return "something was added after it was signed"
    if not authorities:
        return ""
    stamp = status.timestamp_validity
    if stamp is not None and not (stamp.intact and stamp.valid):
        return "its timestamp is of something else"
    if stamp is not None and not stamp.trusted:
        return "its timestamp leads to no authority in hand"
    if moment is None:
        return "does not say when it was signed"
    if not certificate.not_valid_before <= moment <= certificate.not_valid_after:
        return "the certificate did not hold when it was signed"
    return "" if status.trusted else "the certificate leads to no authority in hand"


def _revocation(
    embedded: EmbeddedPdfSignature, status: PdfSignatureStatus, authorities: Sequence[x509.Certificate],
    revoked: Sequence[CertificateRevocationList], moment: datetime | None,
) -> Revocation:  # fmt: skip
    """Of the certificate and of those between it and an authority that is believed: the first that was revoked."""
    if status.validation_path is None or moment is None:
        return NOT_ASKED
    known = [*revoked, *_lists_within(embedded)]
    path = list(status.validation_path.iter_certs(include_root=True))
    found = revocation_of(embedded.signer_cert, [*path, *authorities], known, moment)
    for between in path:
        if between.sha256 != embedded.signer_cert.sha256 and between.self_signed == "no" and found.state != "revoked":
            above = revocation_of(between, [*path, *authorities], known, moment)
            found = above if above.state == "revoked" else found
    return found


def _lists_within(embedded: EmbeddedPdfSignature) -> list[CertificateRevocationList]:
    """Lists that the signature covers (ISO 32000-2, 12.8.3.3.2); OCSP answers among them are not read."""
    for attribute in embedded.signer_info["signed_attrs"]:
        if attribute["type"].native == "adobe_revocation_info_archival":
            said = attribute["values"][0]["crl"]
            return [one for each in said or () for one in read_lists(each.dump(), where="signature")]
    return []


def _stamp(embedded: EmbeddedPdfSignature) -> datetime | None:
    unsigned = embedded.signer_info["unsigned_attrs"]
    for attribute in unsigned if isinstance(unsigned, cms.CMSAttributes) else ():
        if attribute["type"].native == "signature_time_stamp_token":
            said: Any = attribute["values"][0]["content"]["encap_content_info"]["content"].parsed
            found = said["gen_time"].native
            return found if isinstance(found, datetime) else None
    return None


def _said(embedded: EmbeddedPdfSignature, key: str) -> str:
    """A text of the signature's own dictionary, which the signature covers."""
    text = " ".join(str(embedded.sig_object.get(key, "")).split())[:300]
    return text if text.isprintable() else text.encode("unicode_escape").decode()
