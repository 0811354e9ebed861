"""A signer's key, opened and checked as far as that goes without signing: key file (PKCS#12) or token (PKCS#11).

What somebody got wrong in the configuration is a `ConfigError`. What time does to a good configuration is not: a
certificate that has run out is loaded, and says so (`Identity.hindrance`), so that the centre goes on taking evidence.
"""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from asn1crypto import pkcs12 as asn1_pkcs12
from asn1crypto import x509
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12
from pyhanko.sign.signers.pdf_cms import Signer
from pyhanko_certvalidator.registry import SimpleCertificateStore

from central.signing.port import Identity, SigningError
from central.signing.settings import SignerSettings, Token
from common.secret import read_secret
from common.settings import ConfigError
from evidence.errors import KeyFileError
from evidence.paper_signature import USAGES, common_name, read_certificates

LEAST_RSA_BITS = 2048
"""Shorter keys are forged by whoever wants to (NIST SP 800-131A)."""
MOST_KEY_FILE_BYTES = 1_000_000

Key = RSAPrivateKey | EllipticCurvePrivateKey


class KeyFileSigner(Signer):
    """Signs with a key in memory. pyHanko's own reads and proves the key anew each time, which takes 60 ms."""

    def __init__(self, key: Key, certificate: x509.Certificate, others: Sequence[x509.Certificate]) -> None:
        store = SimpleCertificateStore.from_certs([certificate, *others])  # type: ignore[no-untyped-call]
        super().__init__(signing_cert=certificate, cert_registry=store, embed_roots=False)
        self._key = key

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        if digest_algorithm != "sha256":
            raise ValueError(f"signs over SHA-256, not {digest_algorithm}")
        if isinstance(self._key, RSAPrivateKey):
            return bytes((self._key.key_size + 7) // 8) if dry_run else self._key.sign(data, PKCS1v15(), SHA256())
        return self._key.sign(data, ECDSA(SHA256()))


@dataclass
class TokenKey:
    """A key that never leaves its token. One signature at a time; a PIN that was wrong is not tried again by this
    process, as a token locks itself after a few."""

    token: Token
    pin: str
    certificate: x509.Certificate
    others: Sequence[x509.Certificate]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _wrong_pin: bool = False

    @contextmanager
    def signer(self) -> Iterator[Signer]:
        """A session with the token. Raises `SigningError` (`pin`, `token`)."""
        from pkcs11 import PKCS11Error  # an extra package: only who has a token needs it
        from pkcs11.exceptions import PinIncorrect, PinLocked
        from pyhanko.config.pkcs11 import TokenCriteria
        from pyhanko.sign.pkcs11 import PKCS11Signer, open_pkcs11_session

        where = f"token {self.token.label}"
        with self._lock:
            if self._wrong_pin:
                raise self._pin_wrong(where)
            try:
                session = open_pkcs11_session(
                    str(self.token.module), token_criteria=TokenCriteria(label=self.token.label), user_pin=self.pin
                )
            except (PinIncorrect, PinLocked) as error:
                self._wrong_pin = True
                raise self._pin_wrong(where) from error
            except PKCS11Error as error:
                raise SigningError(
                    "token", f"does not answer: {_told(error)}", where=where, remedy="is it plugged in?"
                ) from error
            try:
                yield PKCS11Signer(
                    session, signing_cert=self.certificate, ca_chain=list(self.others), key_label=self.token.key,
                    other_certs_to_pull=(), embed_roots=False,
                )  # fmt: skip
            except PKCS11Error as error:
                raise SigningError(
                    "token", f"does not sign with {self.token.key}: {_told(error)}", where=where,
                    remedy="check the label of the key",
                ) from error  # fmt: skip
            finally:
                session.close()

    @staticmethod
    def _pin_wrong(where: str) -> SigningError:
        return SigningError(
            "pin", "the PIN is wrong, or locked", where=where,
            remedy="correct it, then start the centre again: it is tried once in the life of a process",
        )  # fmt: skip


@dataclass(frozen=True)
class Opened:
    """An identity and what signs for it."""

    identity: Identity
    key: KeyFileSigner | TokenKey

    @contextmanager
    def signer(self) -> Iterator[Signer]:
        """What pyHanko signs with. Raises `SigningError`."""
        if isinstance(self.key, TokenKey):
            with self.key.signer() as signer:
                yield signer
        else:
            yield self.key


def open_key(settings: SignerSettings, authorities: Sequence[x509.Certificate]) -> Opened:
    """Raises `ConfigError`: what is wrong with the key, where, and what to do."""
    of = f"signing, {settings.account}"
    secret = read_secret(settings.passphrase_file, settings.passphrase_env, of=of)
    key: KeyFileSigner | TokenKey
    if settings.key_file is not None:
        private, certificate, others = _read_key_file(settings.key_file, secret, of)
        key = KeyFileSigner(private, certificate, [*others, *authorities])
    else:
        assert settings.token is not None
        certificate = _token_certificate(settings.token, of)
        key = TokenKey(settings.token, secret, certificate, authorities)
    _check(certificate, settings, of)
    identity = Identity(
        account=settings.account, name=settings.name, title=_lines(settings.title), post=settings.post,
        delegated=settings.delegated, certificate=certificate.sha256.hex(),
        owner=common_name(certificate.subject), issuer=common_name(certificate.issuer),
        valid_from=certificate.not_valid_before, valid_to=certificate.not_valid_after,
        on_token=settings.token is not None,
    )  # fmt: skip
    return Opened(identity, key)


def read_authorities(files: Sequence[Path], of: str) -> tuple[x509.Certificate, ...]:
    """Raises `ConfigError`."""
    return tuple(each for file in files for each in _certificates(file, of))


def _read_key_file(file: Path, passphrase: str, of: str) -> tuple[Key, x509.Certificate, list[x509.Certificate]]:
    data = _bytes(file, of)
    try:
        # read once for its form alone: the reader below calls a file of another kind a wrong passphrase
        _ = asn1_pkcs12.Pfx.load(data, strict=True)["auth_safe"]["content_type"].native
    except (ValueError, TypeError) as error:
        raise ConfigError(
            f"{file} is no key file", where=of, remedy="give key and certificate as PKCS#12 (.p12, .pfx)"
        ) from error
    try:
        private, own, others = pkcs12.load_key_and_certificates(data, passphrase.encode())
    except ValueError as error:
        raise ConfigError(
            f"{file} does not open: the passphrase is wrong, or the file was damaged", where=of,
            remedy="correct the passphrase (passphrase_file or passphrase_env)",
        ) from error  # fmt: skip
    if private is None or own is None:
        raise ConfigError(f"{file} holds no key with its certificate", where=of, remedy="export both into the key file")
    if not isinstance(private, RSAPrivateKey | EllipticCurvePrivateKey):
        raise ConfigError(f"{file} holds a key of another kind than RSA or EC", where=of, remedy="use an RSA or EC key")
    as_der = (x509.Certificate.load(each.public_bytes(Encoding.DER)) for each in (own, *others))
    certificate, *chain = as_der
    return private, certificate, chain


def _token_certificate(token: Token, of: str) -> x509.Certificate:
    try:
        import pkcs11  # noqa: F401  # an extra package: missing, it is told at the start and not at the first signature
    except ImportError as error:
        raise ConfigError(
            "a token needs the package python-pkcs11", where=of, remedy="install it: pip install giaolo[pkcs11]"
        ) from error
    if not token.module.is_file():
        raise ConfigError(
            f"{token.module} is not there", where=of, remedy="name the PKCS#11 library that came with the token"
        )
    return _certificates(token.certificate_file, of)[0]


def _check(certificate: x509.Certificate, settings: SignerSettings, of: str) -> None:
    owner, wanted = common_name(certificate.subject), settings.certificate_name or settings.name
    if not _same(owner, wanted):
        raise ConfigError(
            f"the certificate is of {owner}, not of {wanted}", where=of,
            remedy="assign the right certificate, or say the name that stands in it (certificate_name)",
        )  # fmt: skip
    usage = certificate.key_usage_value
    if usage is not None and not USAGES & usage.native:
        raise ConfigError(
            f"the certificate of {owner} is not for signing", where=of, remedy="use one for digital signatures"
        )
    public = certificate.public_key
    if public.algorithm == "rsa" and public.bit_size < LEAST_RSA_BITS:
        raise ConfigError(
            f"the key of {owner} has {public.bit_size} bits", where=of, remedy=f"use one of {LEAST_RSA_BITS} or more"
        )


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _same(one: str, other: str) -> bool:
    """Names as people read them: letters composed, capitals and spaces aside, rank before the name left out."""
    a, b = (" ".join(unicodedata.normalize("NFC", text).casefold().split()) for text in (one, other))
    return a == b or b.endswith(f" {a}")


def _certificates(file: Path, of: str) -> tuple[x509.Certificate, ...]:
    try:
        return read_certificates(_bytes(file, of), where=str(file))
    except KeyFileError as error:
        raise ConfigError(f"{file} {error.what}", where=of, remedy=error.remedy) from error


def _bytes(file: Path, of: str) -> bytes:
    try:
        with file.open("rb") as opened:
            data = opened.read(MOST_KEY_FILE_BYTES + 1)
    except OSError as error:
        raise ConfigError(
            f"{file} cannot be read: {error.strerror}", where=of, remedy="check path and rights"
        ) from error
    if len(data) > MOST_KEY_FILE_BYTES:
        raise ConfigError(f"{file} is larger than {MOST_KEY_FILE_BYTES} bytes", where=of, remedy="check the path")
    return data


def _told(error: Exception) -> str:
    """What a token's library says; many of its errors have a name and no words."""
    return str(error) or type(error).__name__
