"""A key on a token (SoftHSM, where it is installed) and timestamps of an authority, over their real interfaces."""

from __future__ import annotations

import http.server
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import tsp
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.sign.timestamps.dummy_client import DummyTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from tests.central.build import NOW, prepared
from tests.central.signing_keys import Authority, as_asn1, key_as_asn1, rsa_key, signer
from tests.central.test_signing import HOA_NAME, issue, refused, signing_centre

PIN = "123456"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def stamps(authority: Authority) -> Iterator[str]:
    """The address of a timestamp authority."""
    certificate = as_asn1(authority.issue(rsa_key(5), "TSA", usages=("digital_signature",), stamps=True))
    held: Any = SimpleCertificateStore.from_certs([certificate])  # type: ignore[no-untyped-call]
    clock = DummyTimeStamper(certificate, key_as_asn1(rsa_key(5)), held, fixed_dt=NOW)

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = tsp.TimeStampReq.load(self.rfile.read(int(self.headers["Content-Length"])))
            answer = clock.request_tsa_response(asked).dump()
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_an_authority_witnesses_when_it_was_signed(tmp_path: Path, authority: Authority, stamps: str) -> None:
    hoa = signer(tmp_path / "keys", authority, "hoa", HOA_NAME, key=1)
    made = signing_centre(tmp_path, authority, hoa, timestamps={"url": stamps})
    (found,) = made.notices.signing.check(issue(made, prepared(made)))
    assert (found.good, found.stamped_at) == (True, NOW)


def test_without_the_authority_nothing_is_issued(tmp_path: Path, authority: Authority) -> None:
    hoa = signer(tmp_path / "keys", authority, "hoa", HOA_NAME, key=1)
    nobody = {"url": "http://127.0.0.1:9/", "timeout_s": 2}
    made = signing_centre(tmp_path, authority, hoa, timestamps=nobody)
    assert refused(made, prepared(made)).code == "sign_timestamp"


@pytest.fixture
def token(tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Hoa's key on a token of SoftHSM."""
    pytest.importorskip("pkcs11")
    module = next(iter(sorted(Path("/usr/lib").rglob("libsofthsm2.so"))), None)
    if module is None or shutil.which("softhsm2-util") is None:
        pytest.skip("SoftHSM is not installed (Debian: softhsm2)")
    (tmp_path / "tokens").mkdir()
    settings = tmp_path / "softhsm.conf"
    settings.write_text(f"directories.tokendir = {tmp_path / 'tokens'}\nobjectstore.backend = file\n", "utf-8")
    monkeypatch.setenv("SOFTHSM2_CONF", str(settings))
    key, name = tmp_path / "key.pem", tmp_path / "hoa.pem"
    key.write_bytes(rsa_key(1).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    name.write_bytes(authority.issue(rsa_key(1), HOA_NAME).public_bytes(Encoding.PEM))
    for arguments in (
        ["--init-token", "--free", "--label", "PC08", "--so-pin", "12345678"],
        ["--import", str(key), "--token", "PC08", "--label", "hoa", "--id", "01"],
    ):
        subprocess.run(["softhsm2-util", *arguments, "--pin", PIN], check=True, capture_output=True)
    return {
        "account": "hoa", "name": HOA_NAME, "title": "ĐỘI TRƯỞNG", "post": "station_head",
        "passphrase_file": str(tmp_path / "pin"),
        "token": {"module": str(module), "label": "PC08", "key": "hoa", "certificate_file": str(name)},
    }  # fmt: skip


def test_a_key_that_never_leaves_its_token_signs_and_a_wrong_pin_is_tried_once(
    tmp_path: Path, authority: Authority, token: dict[str, Any]
) -> None:
    # one test: the library takes up its settings once in the life of a process
    pin = tmp_path / "pin"
    pin.write_text(PIN + "\n", "utf-8")
    made = signing_centre(tmp_path, authority, token)
    assert made.notices.signing.check(issue(made, prepared(made)))[0].good
    pin.write_text("999999\n", "utf-8")
    other = signing_centre(tmp_path / "other", authority, token)
    case_id = prepared(other)
    assert [refused(other, case_id).code for _ in range(5)] == ["sign_pin"] * 5, "a token locks after three"
    pin.write_text(PIN + "\n", "utf-8")
    again = signing_centre(tmp_path / "again", authority, token)
    assert issue(again, prepared(again))
