"""A weight file is used only when its bytes are the ones the manifest names."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from models import manifest
from models.errors import ModelError

ENTRY = """
models:
  toy:
    runtime: onnxruntime
    decoder: yolox-plate
    file: weights/toy.onnx
    sha256: {digest}
    licence: Apache-2.0
    input: float32 [1, 3, H, W]
    classes: [plate]
    source: made by this test
    card: cards/toy.md
"""


def listing(folder: Path, content: bytes | None, digest: str) -> Path:
    path = folder / "manifest.yaml"
    path.write_text(ENTRY.format(digest=digest), "utf-8")
    if content is not None:
        (folder / "weights").mkdir()
        (folder / "weights" / "toy.onnx").write_bytes(content)
    return path


def test_a_file_with_the_named_bytes_is_found(tmp_path: Path) -> None:
    digest = hashlib.sha256(b"weights").hexdigest()
    path = listing(tmp_path, b"weights", digest)
    found = manifest.resolve("toy", manifest=path)
    assert (found.sha256, found.classes) == (digest, ("plate",))
    assert manifest.digests(["toy"], manifest=path) == {"toy": digest}


def test_one_changed_byte_is_refused_even_after_a_good_look(tmp_path: Path) -> None:
    path = listing(tmp_path, b"weights", hashlib.sha256(b"weights").hexdigest())
    manifest.resolve("toy", manifest=path)
    (tmp_path / "weights" / "toy.onnx").write_bytes(b"Weights")
    with pytest.raises(ModelError, match="digest") as caught:
        manifest.resolve("toy", manifest=path)
    assert caught.value.where.endswith("toy.onnx")
    assert caught.value.remedy


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="missing") as caught:
        manifest.resolve("toy", manifest=listing(tmp_path, None, "0" * 64))
    assert "manifest.yaml" in caught.value.remedy


def test_a_package_that_is_not_installed_is_named(tmp_path: Path) -> None:
    path = listing(tmp_path, None, "0" * 64)
    path.write_text(path.read_text("utf-8").replace("    file:", "    package: no-such-package\n    file:"), "utf-8")
    with pytest.raises(ModelError, match="not installed"):
        manifest.resolve("toy", manifest=path)


def test_the_remedy_for_a_missing_package_is_a_command_that_a_wheel_alone_can_follow(tmp_path: Path) -> None:
    path = listing(tmp_path, None, "0" * 64)
    extra = "    package: no-such-package\n    install: pip install --no-deps no-such-package==1.0\n    file:"
    path.write_text(path.read_text("utf-8").replace("    file:", extra), "utf-8")
    with pytest.raises(ModelError) as caught:
        manifest.resolve("toy", manifest=path)
    assert caught.value.remedy == "pip install --no-deps no-such-package==1.0"


@pytest.mark.parametrize("model_id", ["plate-reader", "second-reader"])
def test_the_packages_named_are_those_of_requirements(model_id: str) -> None:
    pinned = (Path(__file__).parents[2] / "requirements" / "no-deps.in").read_text("utf-8").split()
    named = [word for word in manifest.how_to_install(model_id).split() if "==" in word]
    assert named
    assert set(named) <= set(pinned)


def test_a_file_that_the_wheel_carries_itself_needs_no_package(tmp_path: Path) -> None:
    digest = hashlib.sha256(b"weights").hexdigest()
    path = listing(tmp_path, b"weights", digest)
    lines = "    package: no-such-package\n    bundled: weights/toy.onnx\n    file: models/toy.onnx"
    path.write_text(path.read_text("utf-8").replace("    file: weights/toy.onnx", lines), "utf-8")
    assert manifest.resolve("toy", manifest=path).path == tmp_path / "weights" / "toy.onnx"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("models: [", "cannot be read"),
        ("nothing: here", "cannot be read"),
        ("models:\n  toy: {file: a}", "lacks"),
        ("models: {}", "no model toy"),
    ],
)
def test_a_broken_listing_is_an_error_of_ours(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "manifest.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(ModelError, match=complaint):
        manifest.resolve("toy", manifest=path)


@pytest.mark.parametrize("model_id", manifest.model_ids())
def test_every_shipped_model_is_whole_and_has_a_card(model_id: str) -> None:
    found = manifest.resolve(model_id)
    card = manifest.MANIFEST.parent / found.card
    assert card.is_file()
    assert "Licence" in card.read_text("utf-8")
    assert "GPL" not in found.licence


def test_a_node_asks_for_a_detector_by_the_size_that_the_manifest_gives_it(tmp_path: Path) -> None:
    path = listing(tmp_path, b"weights", hashlib.sha256(b"weights").hexdigest())
    path.write_text(path.read_text("utf-8").replace("    file:", "    vehicles: huge\n    file:"), "utf-8")
    assert manifest.detector_sizes(manifest=path) == {"huge": "toy"}
    assert manifest.detector_id("huge", manifest=path) == "toy"
    with pytest.raises(ModelError, match="size nano") as caught:
        manifest.detector_id("nano", manifest=path)
    assert "huge" in caught.value.remedy
    assert manifest.detector_sizes() == {"nano": "vehicle-nano", "small": "vehicle-small"}
