"""The broker over TLS, with certificates on both sides, and what the centre says when one of them is wrong."""

from __future__ import annotations

import ipaddress
import logging
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from central.app import App
from central.config import load_config
from central.intake.nodes import add_node
from common.broker import BrokerError
from tests.central.build import NODE, NODE_KEY, NOW, OFFICE, packet
from tests.central.node import WireNode, eventually
from tests.conftest import MosquittoServer

pytestmark = pytest.mark.broker


@dataclass(frozen=True)
class Authority:
    """A CA of our own, as a province would run it."""

    folder: Path
    name: str
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def make(cls, folder: Path, name: str) -> Authority:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _certificate(name, key.public_key(), name, key, ca=True)
        made = cls(folder, name, key, certificate)
        made.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return made

    @property
    def file(self) -> Path:
        return self.folder / f"{self.name}.pem"

    def issue(self, name: str) -> tuple[Path, Path]:
        """Certificate and key files for `name` on 127.0.0.1."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _certificate(name, key.public_key(), self.name, self.key, ca=False)
        files = self.folder / f"{self.name}-{name}.pem", self.folder / f"{self.name}-{name}.key"
        files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        files[1].write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return files


def _certificate(
    name: str, public: ec.EllipticCurvePublicKey, issuer: str, key: ec.EllipticCurvePrivateKey, *, ca: bool
) -> x509.Certificate:
    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(issuer))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(True, False, False, False, False, ca, ca, False, False),
            critical=True,
        )
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )


@dataclass(frozen=True)
class Town:
    """A broker that asks for certificates, and the files around it."""

    folder: Path
    ours: Authority
    other: Authority
    broker: MosquittoServer

    def config(self, **broker: Any) -> Path:
        """CENTRAL.yaml; certificate files are named relative to it, as people write them."""
        file = self.folder / "central.yaml"
        settings = {
            "schema_version": 1, "data_dir": "centre", "second_reader": False, "office": OFFICE,
            "web": {"enabled": False},
            "broker": {"port": self.broker.port} | {k: v.name if isinstance(v, Path) else v for k, v in broker.items()},
        }  # fmt: skip
        file.write_text(yaml.safe_dump(settings))
        return file


@pytest.fixture
def town(tmp_path: Path, mosquitto_binary: str) -> Iterator[Town]:
    ours, other = Authority.make(tmp_path, "thanh-hoa"), Authority.make(tmp_path, "la")
    certificate, key = ours.issue("broker")
    settings = f"cafile {ours.file}\ncertfile {certificate}\nkeyfile {key}\nrequire_certificate true\n"
    broker = MosquittoServer(tmp_path, mosquitto_binary, settings + "use_identity_as_username true\n")
    broker.start()
    yield Town(tmp_path, ours, other, broker)
    broker.kill()


def test_a_packet_travels_over_mutual_tls_as_the_configuration_file_says(town: Town) -> None:
    certificate, key = town.ours.issue("centre")
    file = town.config(tls_ca_file=town.ours.file, tls_cert_file=certificate, tls_key_file=key)
    with App(load_config(file)) as app:
        eventually(lambda: app.mqtt.connected, what="the centre connects over TLS")
        with app.centre.db.write() as session:
            add_node(session, NODE, NODE_KEY.public, now=NOW)
        with WireNode(town.broker.port, certificate=(town.ours.file, *town.ours.issue("node"))) as node:
            assert node.deliver(packet(at=datetime.now(UTC)), app.centre.key.public).status == "stored"


WRONG: dict[str, tuple[Callable[[Town], dict[str, Any]], str]] = {
    "no client certificate": (lambda t: {"tls_ca_file": t.ours.file}, "certificate"),
    "a client certificate of another CA": (lambda t: _certified(t, t.ours.file, t.other), "certificate"),
    "a broker of another CA": (lambda t: _certified(t, t.other.file, t.ours), "TLS"),
    "no TLS at all": (lambda t: {}, "does not"),
}


def _certified(town: Town, ca: Path, by: Authority) -> dict[str, Any]:
    certificate, key = by.issue("centre")
    return {"tls_ca_file": ca, "tls_cert_file": certificate, "tls_key_file": key}


@pytest.mark.parametrize("how", list(WRONG))
def test_with_a_wrong_certificate_it_stays_outside_says_so_and_keeps_running(
    how: str, town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    settings, said = WRONG[how]
    with caplog.at_level(logging.WARNING), App(load_config(town.config(**settings(town)))) as app:
        eventually(lambda: said in app.mqtt.error, 15, f"the fault is said: {app.mqtt.error}")
        assert not app.mqtt.connected
        assert f"127.0.0.1:{town.broker.port}" in app.mqtt.error
    assert said in caplog.text


@pytest.mark.parametrize("missing", ["tls_ca_file", "tls_cert_file", "tls_key_file"])
def test_a_certificate_file_that_cannot_be_used_is_named_at_start(missing: str, town: Town) -> None:
    settings = _certified(town, town.ours.file, town.ours) | {missing: "nirgends.pem"}
    with pytest.raises(BrokerError) as caught, App(load_config(town.config(**settings))):
        pass
    assert "nirgends.pem" in str(caught.value)


def test_a_file_that_holds_no_certificate_is_named_at_start(town: Town) -> None:
    (town.folder / "junk.pem").write_text("junk")
    with pytest.raises(BrokerError, match=r"junk\.pem"), App(load_config(town.config(tls_ca_file="junk.pem"))):
        pass


@pytest.fixture
def guarded(tmp_path: Path, mosquitto_binary: str) -> Iterator[Town]:
    """A broker with passwords and no TLS."""
    passwords = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(passwords), "centre", "đúng mật khẩu"], check=True)
    passwords.chmod(0o644)
    broker = MosquittoServer(tmp_path, mosquitto_binary, f"allow_anonymous false\npassword_file {passwords}\n")
    broker.start()
    nobody = Authority.make(tmp_path, "x")
    yield Town(tmp_path, nobody, nobody, broker)
    broker.kill()


@pytest.mark.parametrize(
    ("password", "connects"), [("đúng mật khẩu\n", True), ("sai", False)], ids=["the right one", "a wrong one"]
)
def test_the_brokers_password_comes_from_a_file(password: str, connects: bool, guarded: Town) -> None:
    (guarded.folder / "broker.password").write_text(password)
    file = guarded.config(username="centre", password_file="broker.password")
    with App(load_config(file)) as app:
        if connects:
            eventually(lambda: app.mqtt.connected, what="it signs in")
        else:
            eventually(lambda: "refuses" in app.mqtt.error, what="the refusal is said")
            assert not app.mqtt.connected
