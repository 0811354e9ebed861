"""Ed25519 keys and signatures (RFC 8032) over canonical JSON."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from evidence.canonical import sha256_hex
from evidence.errors import KeyFileError, PacketError


@dataclass(frozen=True)
class VerifyKey:
    """A public key. `key_id` is the first 16 hex digits of the SHA-256 of the 32 raw bytes."""

    raw: bytes

    @property
    def key_id(self) -> str:
        return sha256_hex(self.raw)[:16]

    @property
    def fingerprint(self) -> str:
        """The whole SHA-256 of the 32 raw bytes: what people compare who have no key file."""
        return sha256_hex(self.raw)

    def verify(self, signature_b64: str, message: bytes, *, where: str) -> None:
        """Raise `PacketError` unless the signature is ours and strict base64."""
        try:
            signature = base64.b64decode(signature_b64, validate=True)
            if base64.b64encode(signature).decode() != signature_b64:
                raise PacketError("signature is not in canonical base64", where=where)
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except ValueError as error:  # binascii.Error is one; letters beyond ASCII are another
            raise PacketError("signature is not base64", where=where) from error
        except InvalidSignature as error:
            raise PacketError(
                f"signature does not match key {self.key_id}",
                where=where,
                remedy="the content was altered after signing, or this is another node's key",
            ) from error

    def pem(self) -> bytes:
        return Ed25519PublicKey.from_public_bytes(self.raw).public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    @classmethod
    def load(cls, path: Path) -> VerifyKey:
        """Read a PEM public key. Raises `KeyFileError`."""
        return cls.from_pem(_read(path), where=str(path))

    @classmethod
    def from_pem(cls, pem: bytes, *, where: str) -> VerifyKey:
        """Parse a PEM public key. Raises `KeyFileError`."""
        try:
            key = serialization.load_pem_public_key(pem)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise KeyFileError(
                "is not a PEM public key", where=where, remedy="give the node's .pub file, not its private key"
            ) from error
        if not isinstance(key, Ed25519PublicKey):
            raise KeyFileError("is not an Ed25519 key", where=where, remedy="make one with `giaolo keygen`")
        return cls(key.public_bytes_raw())


@dataclass(frozen=True)
class SigningKey:
    """A private key; only `sign` and its public half are of interest outside."""

    private: Ed25519PrivateKey

    @property
    def public(self) -> VerifyKey:
        return VerifyKey(self.private.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> str:
        """Signature, base64."""
        return base64.b64encode(self.private.sign(message)).decode()

    @classmethod
    def generate(cls) -> SigningKey:
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def load(cls, path: Path) -> SigningKey:
        """Read a PEM private key. Raises `KeyFileError`."""
        try:
            key = serialization.load_pem_private_key(_read(path), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise KeyFileError(
                "is not an unencrypted PEM private key", where=str(path), remedy="make one with `giaolo keygen`"
            ) from error
        if not isinstance(key, Ed25519PrivateKey):
            raise KeyFileError("is not an Ed25519 key", where=str(path), remedy="make one with `giaolo keygen`")
        return cls(key)

    def save(self, path: Path) -> None:
        """Write `path` (mode 0600) and `path` + `.pub`; never overwrites a key."""
        pem = self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError as error:
            raise KeyFileError(
                "already holds a key", where=str(path), remedy="a key is never overwritten: name another file"
            ) from error
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        public_path(path).write_bytes(self.public.pem())

    @classmethod
    def load_or_create(cls, path: Path) -> SigningKey:
        """The key at `path`, made on first use."""
        if not path.exists():
            cls.generate().save(path)
        return cls.load(path)


def public_path(path: Path) -> Path:
    """Where the public half of the key at `path` lies."""
    return path.with_name(path.name + ".pub")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise KeyFileError(f"cannot be read: {error.strerror}", where=str(path)) from error
