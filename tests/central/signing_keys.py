"""An authority of the tests' own, and key files by it: nobody's, made anew for each run."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.central.build import NOW

PASSPHRASE = "mật khẩu của tệp khóa"
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@cache
def rsa_key(number: int = 0, bits: int = 2048) -> rsa.RSAPrivateKey:
    """One a number: making them takes a second each."""
    return rsa.generate_private_key(65537, bits)


def name_of(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


@dataclass
class Authority:
    """Issues certificates. `under`: the authority above it."""

    name: str = "CA thử nghiệm"
    under: Authority | None = None
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def __post_init__(self) -> None:
        above = self.under
        issuer, since, until = above.name if above else self.name, NOW - timedelta(days=900), NOW + timedelta(days=9000)
        self.certificate = (
            self._building(self.key, self.name, issuer, since, until)
            .add_extension(x509.BasicConstraints(True, None), True)
            .add_extension(_usage("key_cert_sign", "crl_sign"), True)
            .sign(above.key if above else self.key, SHA256())
        )

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def issue(
        self, key: Key, common: str, *, since: datetime = NOW - timedelta(days=30),
        until: datetime = NOW + timedelta(days=700), usages: tuple[str, ...] = ("content_commitment",),
        stamps: bool = False,
    ) -> x509.Certificate:  # fmt: skip
        made = (
            self._building(key, common, self.name, since, until)
            .add_extension(x509.BasicConstraints(False, None), True)
            .add_extension(_usage(*usages), True)
        )
        if stamps:
            made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True)
        return made.sign(self.key, SHA256())

    @staticmethod
    def _building(key: Key, common: str, issuer: str, since: datetime, until: datetime) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(name_of(common))
            .issuer_name(name_of(issuer))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(since)
            .not_valid_after(until)
        )


def _usage(*wanted: str) -> x509.KeyUsage:
    known = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{name: name in wanted for name in known})


def key_file(
    folder: Path, certificate: x509.Certificate, key: Key, *, name: str = "key.p12", others: tuple[Authority, ...] = (),
    passphrase: str = PASSPHRASE,
) -> Path:  # fmt: skip
    """A PKCS#12 file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    chain = [each.certificate for each in others]
    sealed = BestAvailableEncryption(passphrase.encode())
    path.write_bytes(pkcs12.serialize_key_and_certificates(b"key", key, certificate, chain, sealed))
    return path


def signer(
    folder: Path, authority: Authority, account: str, common: str, *, key: int = 0, **more: Any
) -> dict[str, Any]:
    """A signer of CENTRAL.yaml with a key file by `authority`; `more`: fields of it, or of its certificate."""
    of_certificate = {name: more.pop(name) for name in ("since", "until", "usages") if name in more}
    private = rsa_key(key)
    file = key_file(folder, authority.issue(private, common, **of_certificate), private, name=f"{account}.p12")
    passphrase = folder / f"{account}.pass"
    passphrase.write_text(PASSPHRASE + "\n", "utf-8")
    return {
        "account": account, "name": f"Thượng tá {common}", "title": "TRƯỞNG PHÒNG", "post": "division_head",
        "key_file": str(file), "passphrase_file": str(passphrase), **more,
    }  # fmt: skip


def signing(folder: Path, authority: Authority, *signers: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The section `signing` of CENTRAL.yaml."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "ca.pem"
    file.write_bytes(authority.pem)
    return {"authorities": [str(file)], "signers": list(signers), **more}


def as_asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))


def key_as_asn1(key: Key) -> asn1_keys.PrivateKeyInfo:
    return asn1_keys.PrivateKeyInfo.load(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
