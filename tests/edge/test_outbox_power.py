"""Promise 1 at the box: what `commit` returned is there after a power cut. kill -9 alone would not show it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

import common.durable
import edge.delivery.outbox_schema
import edge.delivery.outbox_store
from edge.delivery.outbox import Outbox
from evidence.seal import SigningKey
from tests.edge.packets import builder
from tests.power import Power, power

__all__ = ["power"]
KEY = SigningKey.generate()
PLENTY = 2**40


def commits(folder: Path, power: Power, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each row written down: whether its container would have survived a power cut at that moment."""
    seen: list[bool] = []
    box = Outbox(folder, free_bytes=lambda _: PLENTY)
    real = edge.delivery.outbox_schema.insert_row

    def insert(db: sqlite3.Connection, manifest: object, container: bytes) -> None:
        file = next(p for p in box.packets.glob("*.glp") if manifest.packet_id in p.name)  # type: ignore[attr-defined]
        seen.append(power.survives(file))
        real(db, manifest, container)  # type: ignore[arg-type]

    monkeypatch.setattr("edge.delivery.packet_table.insert_row", insert)
    for _ in range(3):
        box.commit(builder(KEY))
    box.close()
    return seen


def test_a_container_survives_a_power_cut_before_its_row_is_written(
    tmp_path: Path, power: Power, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also in folders that did not exist: data, data/outbox, data/outbox/packets."""
    assert commits(tmp_path / "data" / "outbox", power, monkeypatch) == [True] * 3
    assert power.survives(tmp_path / "data" / "outbox" / "packets")


def test_also_in_folders_that_a_killed_process_made_and_did_not_sync(
    tmp_path: Path, power: Power, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data" / "outbox" / "packets").mkdir(parents=True)
    assert not power.survives(tmp_path / "data")
    assert commits(tmp_path / "data" / "outbox", power, monkeypatch) == [True] * 3


@pytest.mark.parametrize("left_out", ["file", "folder"])
def test_the_test_sees_a_sync_that_is_left_out(
    left_out: str, tmp_path: Path, power: Power, monkeypatch: pytest.MonkeyPatch
) -> None:
    if left_out == "folder":
        monkeypatch.setattr(edge.delivery.outbox_store, "sync_folder", lambda folder: None)
    else:
        real = power.synced
        monkeypatch.setattr(power, "synced", lambda path: real(path) if path.is_dir() else None)
    assert commits(tmp_path / "data", power, monkeypatch) == [False] * 3


def test_a_state_is_written_down_before_a_file_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from edge.delivery.delivered_ring import Keep
    from tests.edge.packets import receipt_for

    box = Outbox(tmp_path, free_bytes=lambda _: PLENTY, keep=Keep(max_bytes=0))
    box.commit(builder(KEY))
    box.commit(builder(KEY))
    first = box.pending()[0]
    states: list[str] = []
    real = Path.unlink

    def unlink(path: Path, missing_ok: bool = False) -> None:
        if path.suffix == ".glp":
            other = sqlite3.connect(tmp_path / "outbox.db")
            states.append(other.execute("SELECT state FROM packet WHERE sequence = 1").fetchone()[0])
            other.close()
        real(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink)
    box.acknowledge(receipt_for(first.packet_id, first.digest, first.container_sha256))
    assert states == ["delivered"]
    box.close()


def test_one_place_makes_folders_and_syncs_them(tmp_path: Path, power: Power) -> None:
    deep = tmp_path / "a" / "b" / "c"
    common.durable.DurableFolders().make(deep)
    assert all(power.survives(p) for p in (deep, deep.parent, deep.parent.parent))
