"""A test act is a packet of its own kind: sealed and chained like an act, and nobody can read it as one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from evidence.canonical import canonical_json, sha256_hex
from evidence.container import OpenedTest, open_any, open_packet, pack, rebuild, verify_seal
from evidence.errors import PacketError
from evidence.marked import TestManifest, read_manifest
from evidence.packet import Manifest
from evidence.part import Part
from evidence.seal import SigningKey
from tests.evidence import stranger
from tests.evidence.build import FILES as OF_ACT
from tests.evidence.build import KEY, flipped, manifest, manifest_value
from tests.evidence.build import container as act_container
from tools.command.cli import cli

FILES = {"still_before.jpg": b"before", "still_on.jpg": b"now", "still_after.jpg": b"after", "scene.json": b"{}"}
ACCUSING = ("act", "vehicle", "track", "lamps", "plate")


def value_of(files: dict[str, bytes] | None = None, **changes: Any) -> dict[str, Any]:
    """A test manifest as JSON says it."""
    contents = FILES if files is None else files
    value = {k: v for k, v in manifest_value(files=contents).items() if k not in ACCUSING}
    for entry in value["files"]:
        entry["role"] = entry["name"].partition(".")[0]
    told = {"asked": "daily", "occurred_at": "2026-11-23T03:00:00Z", "frame": 100, "t_s": 4, "doubts": ["picture_grey"]}
    return value | {"schema": "giaolo.test-act/1", "test": told} | changes


def marked(files: dict[str, bytes] | None = None, **changes: Any) -> TestManifest:
    return TestManifest.model_validate(value_of(files, **changes))


def verified(data: bytes) -> None:
    found, _ = open_any(Part.whole(data))
    verify_seal(found.manifest, found.seal, KEY.public)


def test_it_is_packed_sealed_read_and_rebuilt_like_an_act() -> None:
    made = marked()
    data = pack(made, FILES, KEY)
    opened, parts = open_any(Part.whole(data))
    assert isinstance(opened, OpenedTest)
    assert opened.manifest == made
    assert opened.container_sha256 == sha256_hex(data)
    verify_seal(opened.manifest, opened.seal, KEY.public)
    with pytest.raises(PacketError, match="was sealed with key"):
        verify_seal(opened.manifest, opened.seal, SigningKey.generate().public)
    seal = canonical_json(opened.seal.model_dump(mode="json"))
    assert rebuild(made, seal, {name: part.read() for name, part in parts.items()}) == data
    for place in range(0, len(data), 7):
        with pytest.raises(PacketError):
            verified(flipped(data, place))


def test_a_stranger_who_has_the_document_alone_reads_it() -> None:
    data = pack(marked(), FILES, KEY)
    assert stranger.packet(data)[0] == json.loads(marked().to_bytes())
    with pytest.raises(stranger.Refused, match="step 9"):
        stranger.packet(data.replace(b"before\0", b"befoer\0"))


def test_whoever_reads_acts_refuses_it() -> None:
    """Software of before knows `Manifest` alone."""
    data = pack(marked(), FILES, KEY)
    with pytest.raises(PacketError, match="is a test act and no accusation"):
        open_packet(data)
    with pytest.raises(PacketError, match="schema"):
        Manifest.from_bytes(marked().to_bytes())


@pytest.mark.parametrize("field", ACCUSING)
def test_nothing_that_accuses_can_stand_in_it(field: str) -> None:
    with pytest.raises(PacketError, match=field):
        read_manifest(canonical_json(value_of() | {field: manifest_value()[field]}))


def test_an_act_is_none_by_another_name_and_a_test_neither() -> None:
    for value in (
        manifest_value() | {"schema": "giaolo.test-act/1"},
        value_of() | {"schema": "giaolo.packet/1"},
        manifest_value() | {"test": value_of()["test"]},
        manifest_value() | {"schema": "giaolo.test-act/2"},
        {k: v for k, v in value_of().items() if k != "schema"},
    ):
        with pytest.raises(PacketError):
            read_manifest(canonical_json(value))
    assert isinstance(read_manifest(manifest().to_bytes()), Manifest)


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({**FILES, "plate_crop.png": b"x"}, "a cutting of a plate"),
        ({**FILES, "vehicle_crop.jpg": b"x"}, "a cutting of a vehicle"),
        ({**FILES, "other.jpg": b"x"}, "anything else"),
        ({"scene.json": b"{}"}, "no picture at all"),
    ],
)
def test_it_holds_whole_pictures_and_no_cutting(files: dict[str, bytes], why: str) -> None:
    with pytest.raises(PacketError):
        read_manifest(canonical_json(value_of(files)))


@pytest.mark.parametrize("test", [{"doubts": ["Không"]}, {"doubts": ["x"] * 65}, {"asked": "act"}, {"t_s": -1}])
def test_what_it_says_of_itself_is_bounded(test: dict[str, Any]) -> None:
    with pytest.raises(PacketError):
        read_manifest(canonical_json(value_of(test=value_of()["test"] | test)))


def test_giaolo_verify_says_what_it_is_and_it_has_its_place_in_the_chain(tmp_path: Path) -> None:
    first = act_container(KEY)
    ids = [f"0a1b2c3d-0000-4000-8000-00000000abc{n}" for n in (2, 3)]
    second = marked(chain={"sequence": 2, "previous": manifest().digest}, packet_id=ids[0])
    (tmp_path / "1.glp").write_bytes(first)
    (tmp_path / "2.glp").write_bytes(pack(second, FILES, KEY))
    (tmp_path / "node.pub").write_bytes(KEY.public.pem())
    command = ["verify", str(tmp_path), "--key", str(tmp_path / "node.pub")]
    done = CliRunner().invoke(cli, command)
    assert done.exit_code == 0, done.output
    assert "TEST ACT" in done.output.splitlines()[1]
    assert "red_light" not in done.output.splitlines()[1]
    told = json.loads(CliRunner().invoke(cli, [*command, "--json"]).output)
    assert [(p["test"], p["act"]) for p in told["packets"]] == [(False, "red_light"), (True, None)]
    (tmp_path / "2.glp").unlink()
    third = manifest(chain={"sequence": 3, "previous": second.digest}, packet_id=ids[1])
    (tmp_path / "3.glp").write_bytes(pack(third, OF_ACT, KEY))
    gap = CliRunner().invoke(cli, command)
    assert "packet 2 before it is missing" in gap.output
