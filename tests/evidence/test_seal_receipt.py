"""Keys, signatures and the receipt on which alone a node forgets a packet."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from evidence.canonical import canonical_json
from evidence.errors import KeyFileError, PacketError
from evidence.receipt import Receipt, ReceiptStatus, read_receipt, sign_receipt
from evidence.seal import SigningKey, VerifyKey, public_path
from tests.evidence.build import PACKET_ID, flipped

CENTRE = SigningKey.generate()


def receipt(status: ReceiptStatus = "stored") -> Receipt:
    return Receipt(
        node="giao-lo-1", packet_id=PACKET_ID, packet_digest="a" * 64, container_sha256="b" * 64, status=status,
        centre="centre", at=datetime(2026, 11, 23, tzinfo=UTC),
    )  # fmt: skip


def test_a_receipt_reads_back_with_the_centres_key() -> None:
    assert read_receipt(sign_receipt(receipt(), CENTRE).to_bytes(), CENTRE.public) == receipt()


def test_every_flipped_byte_of_a_receipt_is_found() -> None:
    data = sign_receipt(receipt(), CENTRE).to_bytes()
    for place in range(len(data)):
        for bit in range(8):
            with pytest.raises(PacketError):
                read_receipt(flipped(data, place, bit), CENTRE.public)


SIGNED = sign_receipt(
    Receipt(
        node="giao-lo-1", packet_id=PACKET_ID, packet_digest=None, container_sha256="b" * 64, status="quarantined",
        reason="does not verify", centre="centre", at=datetime(2026, 11, 23, tzinfo=UTC),
    ), CENTRE,
).to_bytes()  # fmt: skip


@pytest.mark.parametrize(
    "alter",
    [
        pytest.param(lambda v: {**v, "key_id": SigningKey.generate().public.key_id}, id="another key named"),
        pytest.param(lambda v: {**v, "key_id": ""}, id="no key named"),
        *(
            pytest.param(
                lambda v, f=field: {**v, "receipt": {k: x for k, x in v["receipt"].items() if k != f}}, id=field
            )
            for field in ("reason", "schema", "kept", "packet_digest")
        ),
        pytest.param(lambda v: {**v, "receipt": {**v["receipt"], "at": "2026-11-23T07:00:00+07:00"}}, id="zone"),
        pytest.param(lambda v: {**v, "receipt": {**v["receipt"], "at": "2026-11-23T00:00:00.000Z"}}, id="digits"),
        pytest.param(lambda v: {**v, "more": 1}, id="a field more"),
        pytest.param(lambda v: {**v, "receipt": {**v["receipt"], "kept": 1}}, id="one for true"),
    ],
)
def test_a_receipt_cannot_be_changed_outside_its_signature(alter: Callable[[Any], Any]) -> None:
    altered = canonical_json(alter(json.loads(SIGNED)))
    assert altered != SIGNED
    with pytest.raises(PacketError):
        read_receipt(altered, CENTRE.public)


@given(data=st.data())
def test_no_mutant_of_a_receipt_is_accepted(data: st.DataObject) -> None:
    raw = bytearray(SIGNED)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(raw) - 1))
        kind = data.draw(st.sampled_from(["set", "cut", "insert", "repeat"]))
        some = data.draw(st.binary(min_size=1, max_size=8))
        if kind == "set":
            raw[at : at + len(some)] = some
        elif kind == "cut":
            del raw[at : at + data.draw(st.integers(1, 60))]
        elif kind == "insert":
            raw[at:at] = some
        else:
            raw[at:at] = raw[at : at + 30]
        if not raw:
            return
    if bytes(raw) != SIGNED:
        with pytest.raises(PacketError):
            read_receipt(bytes(raw), CENTRE.public)


def test_a_receipt_for_bytes_that_were_not_kept_delivers_nothing() -> None:
    assert not receipt().model_copy(update={"kept": False}).delivered


def test_a_receipt_of_another_centre_is_refused() -> None:
    with pytest.raises(PacketError, match="does not match"):
        read_receipt(sign_receipt(receipt(), SigningKey.generate()).to_bytes(), CENTRE.public)


@pytest.mark.parametrize(
    ("status", "delivered"), [("stored", True), ("duplicate", True), ("quarantined", False), ("conflict", False)]
)
def test_only_stored_and_duplicate_count_as_delivered(status: ReceiptStatus, delivered: bool) -> None:
    assert receipt(status).delivered is delivered


@pytest.mark.parametrize("data", [b"", b"{}", b"null", b'{"receipt":1}', b"[" * 5000])
def test_what_is_no_receipt_is_refused(data: bytes) -> None:
    with pytest.raises(PacketError):
        read_receipt(data, CENTRE.public)


def test_a_key_is_saved_for_its_owner_only_and_reads_back(tmp_path: Path) -> None:
    path, key = tmp_path / "node.key", SigningKey.generate()
    key.save(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert SigningKey.load(path).public == key.public == VerifyKey.load(public_path(path))


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "node.key"
    first = SigningKey.load_or_create(path)
    assert SigningKey.load_or_create(path).public == first.public
    with pytest.raises(KeyFileError, match="already holds a key"):
        SigningKey.generate().save(path)


def rsa_key(private: bool) -> bytes:
    key = rsa.generate_private_key(65537, 2048)
    if private:
        return key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize(
    ("content", "private", "said"),
    [
        pytest.param(None, True, "cannot be read", id="no such file"),
        pytest.param(b"", True, "PEM private key", id="empty"),
        pytest.param(b"junk", False, "PEM public key", id="junk"),
        pytest.param(CENTRE.public.pem(), True, "PEM private key", id="a public key as private"),
        pytest.param(rsa_key(private=True), True, "not an Ed25519 key", id="RSA private"),
        pytest.param(rsa_key(private=False), False, "not an Ed25519 key", id="RSA public"),
    ],
)
def test_a_file_that_is_no_key_is_refused_with_its_name(
    content: bytes | None, private: bool, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "some.key"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(KeyFileError, match=said) as caught:
        SigningKey.load(path) if private else VerifyKey.load(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    "signature",
    ["", "!!!", "AAAA", "é", pytest.param(" " + CENTRE.sign(b"x"), id="a space before it")],
)
def test_a_signature_that_is_none_is_refused(signature: str) -> None:
    with pytest.raises(PacketError):
        CENTRE.public.verify(signature, b"x", where="test")
