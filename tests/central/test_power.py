"""Promise 1 at the centre: when a receipt leaves, blobs and rows would survive a power cut, in that order."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import event

import central.intake.ingest
import central.store.blobs
from central.centre import Centre
from central.intake.ingest import Ingest
from evidence.canonical import sha256_hex
from evidence.container import open_packet
from tests.central.build import NodeChain, make_centre, packet
from tests.central.test_ingest import receipt, send
from tests.power import Power, power

__all__ = ["power"]


def watched(centre: Centre, power: Power, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """Each commit and each receipt, with whether every blob of every packet would survive a power cut then."""
    seen: list[tuple[str, bool]] = []
    store = centre.store
    names: list[str] = []
    real_put, real_sign = store.put, central.intake.ingest.sign_receipt

    def put(data: bytes) -> str:
        names.append(real_put(data))
        return names[-1]

    def blobs_survive() -> bool:
        return bool(names) and all(power.survives(store.path(n).absolute()) for n in names)  # type: ignore[attr-defined]

    def sign(*arguments: object) -> object:
        seen.append(("receipt", blobs_survive()))
        return real_sign(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "put", put)
    monkeypatch.setattr(central.intake.ingest, "sign_receipt", sign)
    writing = centre.db._writing

    def committed(*_: object) -> None:
        if names:
            seen.append(("commit", blobs_survive()))

    event.listen(writing, "commit", committed)
    return seen


def test_blobs_survive_a_power_cut_before_the_commit_and_the_commit_comes_before_the_receipt(
    tmp_path: Path, power: Power, monkeypatch: pytest.MonkeyPatch
) -> None:
    centre = make_centre(tmp_path / "new" / "centre")
    seen = watched(centre, power, monkeypatch)
    assert receipt(centre, send(Ingest.of(centre), NodeChain().next())).status == "stored"
    assert seen == [("commit", True), ("receipt", True)]


def test_also_blobs_and_folders_that_a_killed_process_put_and_did_not_sync(
    tmp_path: Path, power: Power, monkeypatch: pytest.MonkeyPatch
) -> None:
    centre = make_centre(tmp_path / "centre")
    data = packet()
    for content in open_packet(data).files.values():
        path = centre.store.path(sha256_hex(content))  # type: ignore[attr-defined]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        power.loose_names.add(path)
        power.loose_bytes.add(path)
    seen = watched(centre, power, monkeypatch)
    assert receipt(centre, send(Ingest.of(centre), data)).status == "stored"
    assert seen == [("commit", True), ("receipt", True)]


@pytest.mark.parametrize("left_out", ["file", "folder", "new folders"])
def test_the_test_sees_a_sync_that_is_left_out(
    left_out: str, tmp_path: Path, power: Power, monkeypatch: pytest.MonkeyPatch
) -> None:
    centre = make_centre(tmp_path / "centre")
    if left_out == "folder":
        monkeypatch.setattr(central.store.blobs, "sync_folder", lambda folder: None)
    elif left_out == "new folders":
        monkeypatch.setattr("common.durable.sync_folder", lambda folder: None)
    else:
        real = power.synced
        monkeypatch.setattr(power, "synced", lambda path: real(path) if path.is_dir() else None)
    seen = watched(centre, power, monkeypatch)
    send(Ingest.of(centre), NodeChain().next())
    assert seen == [("commit", False), ("receipt", False)]


def test_what_lies_in_quarantine_survives_before_its_receipt(
    tmp_path: Path, power: Power, monkeypatch: pytest.MonkeyPatch
) -> None:
    centre = make_centre(tmp_path / "centre")
    told: list[bool] = []
    real = central.intake.ingest.sign_receipt

    def sign(*arguments: object) -> object:
        (file,) = centre.config.quarantine_dir.rglob("*.glp")
        told.append(power.survives(file.absolute()))
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(central.intake.ingest, "sign_receipt", sign)
    send(Ingest.of(centre), b"junk" * 500, packet_id="00000000-0000-4000-8000-000000000001")
    assert told == [True]


def test_a_folder_of_blobs_that_was_removed_is_made_again(tmp_path: Path) -> None:
    centre = make_centre(tmp_path)
    name = centre.store.put(b"x")
    shutil.rmtree(centre.config.blob_dir / name[:2])
    assert centre.store.put(b"x") == name
    assert centre.store.read(name) == b"x"
