"""Which weights there are, where they lie and what their bytes must be.

Every packet names the models that made it by these digests, so a file whose bytes differ is refused, not warned about.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from models.errors import ModelError

MANIFEST = Path(__file__).with_name("manifest.yaml")
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class ModelFile:
    """One weight file, found and checked. `runtime` runs it, `decoder` makes sense of what comes out."""

    id: str
    runtime: str
    decoder: str
    path: Path
    sha256: str
    licence: str
    input: str
    classes: tuple[str, ...]
    source: str
    card: str


def resolve(model_id: str, *, manifest: Path = MANIFEST) -> ModelFile:
    """The file of ``model_id``; :class:`ModelError` where it is unknown, missing or its digest differs."""
    entry = _entry(model_id, manifest)
    path = _locate(entry, model_id, manifest)
    if not path.is_file():
        raise ModelError(f"the file of model {model_id} is missing", where=str(path), remedy=_remedy(entry))
    found = _digest(path, path.stat().st_mtime_ns, path.stat().st_size)
    if found != entry["sha256"]:
        raise ModelError(
            f"model {model_id} has digest {found[:16]}..., the manifest says {str(entry['sha256'])[:16]}...",
            where=str(path),
            remedy=_remedy(entry),
        )
    return ModelFile(
        id=model_id,
        runtime=str(entry["runtime"]),
        decoder=str(entry["decoder"]),
        path=path,
        sha256=found,
        licence=str(entry["licence"]),
        input=str(entry["input"]),
        classes=tuple(entry.get("classes", ())),
        source=str(entry["source"]),
        card=str(entry["card"]),
    )


def resolve_for(model_id: str, *, runtime: str, decoder: str, manifest: Path = MANIFEST) -> ModelFile:
    """As `resolve`; :class:`ModelError` too where the entry names another runtime or decoder than the caller's: the
    file might run, and its output be misread."""
    found = resolve(model_id, manifest=manifest)
    if (found.runtime, found.decoder) != (runtime, decoder):
        raise ModelError(
            f"model {model_id} is for {found.runtime} and decoder {found.decoder}, here are {runtime} and {decoder}",
            where=str(manifest),
            remedy="name a model of that kind in the manifest, or add its decoder to models/",
        )
    return found


def digests(ids: Iterable[str], *, manifest: Path = MANIFEST) -> dict[str, str]:
    """Checked digest of each model, for the packet's manifest."""
    return {model_id: resolve(model_id, manifest=manifest).sha256 for model_id in ids}


def detector_sizes(*, manifest: Path = MANIFEST) -> dict[str, str]:
    """The sizes of vehicle detector that a node may ask for, and the model that each is."""
    return {str(entry["vehicles"]): name for name, entry in _read(manifest).items() if "vehicles" in entry}


def detector_id(size: str, *, manifest: Path = MANIFEST) -> str:
    """The vehicle detector of that size, as the manifest and packets name it; :class:`ModelError` if there is none."""
    sizes = detector_sizes(manifest=manifest)
    if size not in sizes:
        raise ModelError(
            f"no vehicle detector of size {size}", where=str(manifest), remedy=f"use one of {', '.join(sizes)}"
        )
    return sizes[size]


def how_to_install(model_id: str, *, manifest: Path = MANIFEST) -> str:
    """The command that brings the model, for a remedy."""
    return _remedy(_entry(model_id, manifest))


def model_ids(*, manifest: Path = MANIFEST) -> tuple[str, ...]:
    return tuple(_read(manifest))


def _remedy(entry: dict[str, Any]) -> str:
    if "package" in entry:
        return str(entry.get("install", f"pip install {entry['package']}"))
    return "take the file from the release, or train it again and record its digest in models/manifest.yaml"


def _read(manifest: Path) -> dict[str, dict[str, Any]]:
    try:
        table = yaml.safe_load(manifest.read_text("utf-8"))
        return {str(key): dict(value) for key, value in table["models"].items()}
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise ModelError(
            f"the list of models cannot be read: {error}", where=str(manifest), remedy="restore models/manifest.yaml"
        ) from error


def _entry(model_id: str, manifest: Path) -> dict[str, Any]:
    table = _read(manifest)
    if model_id not in table:
        raise ModelError(f"no model {model_id}", where=str(manifest), remedy=f"use one of {', '.join(table)}")
    missing = {"runtime", "decoder", "file", "sha256", "licence", "input", "source", "card"} - table[model_id].keys()
    if missing:
        raise ModelError(
            f"model {model_id} lacks {', '.join(sorted(missing))}", where=str(manifest), remedy="fill the entry in"
        )
    return table[model_id]


def _locate(entry: dict[str, Any], model_id: str, manifest: Path) -> Path:
    if "package" not in entry:
        return manifest.parent / str(entry["file"])
    if "bundled" in entry and (bundled := manifest.parent / str(entry["bundled"])).is_file():
        return bundled
    # find_spec of a top-level package finds it without executing it: rapidocr's import wants packages we do not use.
    spec = importlib.util.find_spec(str(entry["package"]).replace("-", "_"))
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(
            f"model {model_id} comes with the package {entry['package']}, which is not installed",
            where=str(entry["package"]),
            remedy=_remedy(entry),
        )
    return Path(spec.submodule_search_locations[0]) / str(entry["file"])


@lru_cache(maxsize=32)
def _digest(path: Path, _mtime_ns: int, _size: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
