"""Which software sealed a packet: version and lock, in a checkout and in a wheel."""

from __future__ import annotations

import hashlib
import importlib.util
from importlib import metadata
from pathlib import Path
from types import ModuleType

import pytest

from common import software
from common.software import SOFTWARE, described
from edge.delivery import packing
from evidence.packet import Node

ROOT = Path(__file__).parents[2]
LOCK = b"numpy==2.4.0 --hash=sha256:0\n"
DIGEST = hashlib.sha256(LOCK).hexdigest()


def test_a_checkout_names_version_and_lock(tmp_path: Path) -> None:
    lock = tmp_path / "run.txt"
    lock.write_bytes(LOCK)
    assert described("0.2.0", tmp_path / "none", lock) == f"giaolo 0.2.0+{DIGEST[:12]}"
    lock.write_bytes(LOCK + b"#")
    assert described("0.2.0", tmp_path / "none", lock) != f"giaolo 0.2.0+{DIGEST[:12]}"


def test_a_wheel_names_the_lock_that_it_was_built_with(tmp_path: Path) -> None:
    told = tmp_path / "run_lock_sha256.txt"
    told.write_text(DIGEST + "\n")
    assert described("0.2.0", told, tmp_path / "none") == f"giaolo 0.2.0+{DIGEST[:12]}"


def test_without_a_lock_the_version_stands_alone(tmp_path: Path) -> None:
    assert described("0.2.0", tmp_path / "none", tmp_path / "none") == "giaolo 0.2.0"


def test_packets_and_heartbeats_say_it_and_a_packet_has_room_for_it() -> None:
    assert SOFTWARE.startswith(f"giaolo {metadata.version('giaolo')}")
    assert packing.SOFTWARE is SOFTWARE
    Node(id="a", software=described("10.20.30.dev12345", software.IN_A_WHEEL, software.IN_A_CHECKOUT), key_id="0" * 16)


@pytest.fixture
def backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The build backend, with a tree of its own."""
    spec = importlib.util.spec_from_file_location("giaolo_build", ROOT / "tools" / "packaging" / "giaolo_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "LOCK", tmp_path / "run.txt")
    monkeypatch.setattr(module, "LOCK_DIGEST", tmp_path / software.IN_A_WHEEL.name)
    return module


def test_the_build_writes_what_the_wheel_reads_and_leaves_nothing_behind(tmp_path: Path, backend: ModuleType) -> None:
    (tmp_path / "run.txt").write_bytes(LOCK)
    with backend.named_lock():
        told = described("0.2.0", tmp_path / software.IN_A_WHEEL.name, tmp_path / "none")
    assert told == f"giaolo 0.2.0+{DIGEST[:12]}"
    assert not (tmp_path / software.IN_A_WHEEL.name).exists()


def test_the_build_knows_where_lock_and_digest_lie() -> None:
    text = (ROOT / "tools" / "packaging" / "giaolo_build.py").read_text(encoding="utf-8")
    for file in (software.IN_A_WHEEL, software.IN_A_CHECKOUT):
        assert f'ROOT / "{file.parent.name}" / "{file.name}"' in text
