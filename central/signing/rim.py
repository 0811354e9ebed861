"""Signing with pyHanko: a finished PDF becomes a signed one, and is checked as its reader will check it."""

from __future__ import annotations

import asyncio
import io
import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from aiohttp import ClientError
from asn1crypto import x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers.pdf_cms import Signer
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner, PdfSigningSession
from pyhanko.sign.timestamps import HTTPTimeStamper, TimeStamper, TimestampRequestError
from pyhanko.stamp.noop import NoOpStampStyle
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import PathError

from central.signing.keys import Opened, TokenKey, open_key, read_authorities
from central.signing.port import Identity, Signed, SigningError
from central.signing.settings import SigningSettings
from common.settings import ConfigError
from countries.notice import SIGNATURE_PLACE
from evidence.paper_signature import PaperSignature, signatures_of

FIELD = "Signature1"
"""Name of the field in the PDF; each paper is signed here once."""
_SIGNATURE_BYTES = 4096
"""Of a signature without its certificates: the longest, of RSA with 4096 bits, has 512 beside some attributes."""
_STAMP_BYTES = 16_384
"""Of a timestamp, which brings its own certificates along."""
_OF = "signing"
log = logging.getLogger(__name__)


class PyHankoSigning:
    """The port's implementation. Keys are opened when first asked for, once: `giaolo central run` asks at its start.

    `clock`: now, against which a certificate's chain is checked.
    """

    on = True

    def __init__(self, settings: SigningSettings, clock: Callable[[], datetime]) -> None:
        self._settings, self._clock = settings, clock
        self._lock = threading.Lock()
        self._opened: dict[str, Opened] | None = None
        self._authorities: tuple[x509.Certificate, ...] = ()

    def identities(self) -> Sequence[Identity]:
        """Raises `ConfigError`."""
        return tuple(each.identity for each in self._keys().values())

    def sign(self, pdf: bytes, account: str, *, at: datetime) -> Signed:
        """Raises `SigningError`: `token`, `pin`, `timestamp`, or `unsound` (what came out does not verify)."""
        opened = self._keys()[account]
        stamps = self._settings.timestamps
        stamper = HTTPTimeStamper(stamps.url, timeout=stamps.timeout_s) if stamps else None
        try:
            with opened.signer() as signer:
                data = _sign(pdf, signer, _metadata(opened.identity), stamper, at)
        except (ClientError, TimestampRequestError, TimeoutError, OSError) as error:
            where = stamps.url if stamps else account
            raise SigningError(
                "timestamp", f"the timestamp authority does not answer: {str(error) or type(error).__name__}",
                where=where, remedy="try again; if it stays away, take `signing.timestamps` out of the configuration",
            ) from error  # fmt: skip
        found = self.check(data)
        if len(found) != 1 or not found[0].good or found[0].certificate != opened.identity.certificate:
            fault = found[0].fault if found else "there is no signature"
            log.error("a signature that was just made does not verify account=%s: %s", account, fault)
            raise SigningError(
                "unsound", f"the signature does not verify: {fault}", where=account,
                remedy="compare key, certificate and authorities in `signing`",
            )  # fmt: skip
        return Signed(data, "B-T" if stamper else "B-B", found[0], opened.identity, at)

    def check(self, pdf: bytes) -> tuple[PaperSignature, ...]:
        """Raises `PaperError`, `ConfigError`."""
        self._keys()
        return signatures_of(pdf, self._authorities)

    def _keys(self) -> dict[str, Opened]:
        with self._lock:
            if self._opened is None:
                self._opened = self._open()
            return self._opened

    def _open(self) -> dict[str, Opened]:
        of_signers = read_authorities(self._settings.authorities, f"{_OF}.authorities")
        stamps = self._settings.timestamps
        of_stamps = read_authorities(stamps.authorities, f"{_OF}.timestamps.authorities") if stamps else ()
        opened = {each.account: open_key(each, of_signers) for each in self._settings.signers}
        for account, each in opened.items():
            _check_chain(each, of_signers, self._clock(), f"{_OF}, {account}")
        self._authorities = (*of_signers, *of_stamps)
        return opened


def _metadata(identity: Identity) -> PdfSignatureMetadata:
    return PdfSignatureMetadata(
        field_name=FIELD, md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES, name=identity.name,
        reason=", ".join(identity.title),
    )  # fmt: skip


class _PdfSigner(PdfSigner):
    """Signs by our clock: pyHanko has one of its own."""

    at: datetime

    def init_signing_session(self, pdf_out: BasePdfFileWriter, existing_fields_only: bool = False) -> PdfSigningSession:
        session = super().init_signing_session(pdf_out, existing_fields_only)
        session.system_time = self.at
        return session


def _sign(pdf: bytes, key: Signer, metadata: PdfSignatureMetadata, stamper: TimeStamper | None, at: datetime) -> bytes:
    signer = _PdfSigner(
        metadata, signer=key, timestamper=stamper, new_field_spec=_field(pdf),
        # what the block says is the paper's own text, which can be read aloud and searched: nothing is drawn over it
        stamp_style=NoOpStampStyle(),
    )  # fmt: skip
    signer.at = at
    # counted, as pyHanko would find it out by signing twice, and by asking the timestamp authority twice
    certificates = sum(len(each.dump()) for each in key.cert_registry)
    reserved = 2 * (certificates + _SIGNATURE_BYTES + (_STAMP_BYTES if stamper else 0))  # in hexadecimal
    output: Any = signer.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)), bytes_reserved=reserved)
    return bytes(output.getvalue())


def _field(pdf: bytes) -> SigFieldSpec:
    """Over the block of the signature, where the paper says where it is; else it cannot be seen on the page.

    A paper says so by a named destination (`countries.notice.SIGNATURE_PLACE`) that fits a rectangle.
    """
    reader = PdfFileReader(io.BytesIO(pdf))
    try:
        there = reader.root["/Dests"][f"/{SIGNATURE_PLACE}"]
    except KeyError:
        return SigFieldSpec(FIELD)
    pages = reader.root["/Pages"]["/Kids"]
    number = [pages.raw_get(i) for i in range(len(pages))].index(there.raw_get(0))
    left, bottom, right, top = (int(there.raw_get(i)) for i in range(2, 6))
    return SigFieldSpec(FIELD, on_page=number, box=(left, bottom, right, top))


def _check_chain(opened: Opened, authorities: Sequence[x509.Certificate], now: datetime, of: str) -> None:
    """Raises `ConfigError` unless the certificate leads to an authority. One that has run out did while it held."""
    identity = opened.identity
    key = opened.key
    certificate = key.certificate if isinstance(key, TokenKey) else key.signing_cert
    others = list(key.others) if isinstance(key, TokenKey) else list(key.cert_registry)
    moment = min(max(now, identity.valid_from), identity.valid_to)
    held = ValidationContext(trust_roots=list(authorities), other_certs=others, allow_fetching=False, moment=moment)
    try:
        asyncio.run(CertificateValidator(certificate, validation_context=held).async_validate_path())
    except PathError as error:
        raise ConfigError(
            f"the certificate of {identity.owner}, by {identity.issuer}, leads to none of signing.authorities",
            where=of, remedy="add the certificate of the authority that issued it, and those above it",
        ) from error  # fmt: skip
