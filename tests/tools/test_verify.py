"""`giaolo verify`: one file and a public key are enough to find what is wrong."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from evidence.container import open_packet
from evidence.seal import SigningKey, public_path
from tests.central.build import NodeChain
from tools.command.cli import cli


@pytest.fixture
def keys(tmp_path: Path) -> tuple[SigningKey, Path]:
    key = SigningKey.load_or_create(tmp_path / "node.key")
    return key, public_path(tmp_path / "node.key")


def run(*arguments: object) -> Any:
    return CliRunner().invoke(cli, ["verify", *map(str, arguments)])


def chain(key: SigningKey, folder: Path, packets: int = 3) -> list[Path]:
    made, files = NodeChain(key=key), []
    folder.mkdir(exist_ok=True)
    for number in range(1, packets + 1):
        files.append(folder / f"{number:03d}.glp")
        files[-1].write_bytes(made.next())
    return files


def test_a_good_packet_is_said_to_be_good(keys: tuple[SigningKey, Path], tmp_path: Path) -> None:
    file = chain(keys[0], tmp_path / "p", 1)[0]
    result = run(file, "--key", keys[1])
    assert result.exit_code == 0
    assert result.output.startswith("OK ")
    assert open_packet(file.read_bytes()).manifest.digest in result.output


def test_one_flipped_byte_anywhere_is_found(keys: tuple[SigningKey, Path], tmp_path: Path) -> None:
    file = chain(keys[0], tmp_path / "p", 1)[0]
    good = file.read_bytes()
    places = [0, len(good) - 1, *random.Random(7).sample(range(len(good)), 60)]
    for place in places:
        file.write_bytes(good[:place] + bytes([good[place] ^ 0x01]) + good[place + 1 :])
        result = run(file, "--key", keys[1])
        assert result.exit_code == 1, f"byte {place}"
        assert len(result.output.strip().splitlines()) == 1, result.output
        assert result.output.startswith("BAD ")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda data: b"", "cannot be read|not a readable packet|does not start"),
        (lambda data: data[: len(data) // 2], "cut off|not a readable packet|not in the container|altered"),
        (lambda data: b"\x00" * 10_240, "does not start"),
        (lambda data: data + b"x", "altered"),
        (lambda data: b"GIF89a" + data, "not a readable packet"),
    ],
    ids=["empty", "half", "zeros", "a byte more", "not a packet"],
)
def test_a_broken_file_is_one_clear_line(keys: tuple[SigningKey, Path], tmp_path: Path, change: Any, says: str) -> None:
    file = chain(keys[0], tmp_path / "p", 1)[0]
    file.write_bytes(change(file.read_bytes()))
    result = run(file, "--key", keys[1])
    assert result.exit_code == 1
    assert len(result.output.strip().splitlines()) == 1
    assert any(part in result.output for part in says.split("|")), result.output


def test_another_nodes_key_is_refused(keys: tuple[SigningKey, Path], tmp_path: Path) -> None:
    file = chain(keys[0], tmp_path / "p", 1)[0]
    SigningKey.generate().save(tmp_path / "other.key")
    result = run(file, "--key", tmp_path / "other.key.pub")
    assert result.exit_code == 1
    assert "was sealed with key" in result.output


def test_the_private_key_by_mistake_is_told(keys: tuple[SigningKey, Path], tmp_path: Path) -> None:
    file = chain(keys[0], tmp_path / "p", 1)[0]
    result = run(file, "--key", tmp_path / "node.key")
    assert result.exit_code == 1
    assert ".pub" in result.output


def test_a_folder_is_a_chain(keys: tuple[SigningKey, Path], tmp_path: Path) -> None:
    chain(keys[0], tmp_path / "p")
    result = run(tmp_path / "p", "--key", keys[1])
    assert result.exit_code == 0
    assert len(result.output.strip().splitlines()) == 3


def test_a_missing_packet_is_found_though_each_file_is_good(keys: tuple[SigningKey, Path], tmp_path: Path) -> None:
    chain(keys[0], tmp_path / "p")[1].unlink()
    result = run(tmp_path / "p", "--key", keys[1])
    assert result.exit_code == 1
    assert "packet 2 before it is missing" in result.output


def test_a_packet_put_in_place_of_another_is_found(keys: tuple[SigningKey, Path], tmp_path: Path) -> None:
    files = chain(keys[0], tmp_path / "p")
    other = chain(keys[0], tmp_path / "q")
    files[1].write_bytes(other[1].read_bytes())
    result = run(tmp_path / "p", "--key", keys[1])
    assert result.exit_code == 1
    assert "the chain is broken" in result.output


def test_json_says_the_same(keys: tuple[SigningKey, Path], tmp_path: Path) -> None:
    files = chain(keys[0], tmp_path / "p")
    files[2].write_bytes(b"x")
    result = run(tmp_path / "p", "--key", keys[1], "--json")
    answer = json.loads(result.output)
    assert result.exit_code == 1
    assert answer["ok"] is False
    assert [p["ok"] for p in answer["packets"]] == [True, True, False]
    assert answer["packets"][2]["fault"]


@pytest.mark.parametrize("name", ["nowhere.glp", "."])
def test_nothing_to_check_is_not_a_success(keys: tuple[SigningKey, Path], tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    result = run(tmp_path / "empty" / name, "--key", keys[1])
    assert result.exit_code == 1
    assert "Traceback" not in result.output
