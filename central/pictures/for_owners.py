"""The pictures of a case for people outside the desk: blurred copies with what the act is about drawn in, and captions.

One source for the annex of the notice and for the owner's screen. Nothing here touches the database, so that nobody
waits for a picture; a copy that cannot be made is told, never left out in silence.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from central.pictures.captions import caption, moment_words
from central.pictures.privacy import owner_copies, owner_copy
from central.pictures.stills import StillView, read_scene, still_views
from central.store.blobs import BlobStore, BlobUnsound
from central.words.texts import Texts, texts
from countries.here import HERE
from evidence.acts import ActCode, StillMoment
from evidence.errors import GiaoLoError
from evidence.packet import Manifest
from zones.schema import Scene

log = logging.getLogger(__name__)

KEPT_BYTES = 64 * 1024 * 1024
"""Copies kept in memory: those of about 80 cases at 1080p. They can always be made again."""
_WHOLE: tuple[float, float, float, float] = (0.0, 0.0, 1e6, 1e6)


@dataclass(frozen=True)
class OwnerPicture:
    """One still as an owner may see it: the frame, a close-up of the vehicle (None: not in it), and its words."""

    moment: StillMoment
    caption: str
    frame: bytes
    near: bytes | None


@dataclass(frozen=True)
class OwnerPictures:
    """`missing` says in words what could not be shown; `legend` what was drawn; `unsound` what the store has lost."""

    stills: tuple[OwnerPicture, ...]
    plate: bytes | None
    legend: str
    missing: tuple[str, ...]
    unsound: tuple[BlobUnsound, ...] = ()


@dataclass
class CopyCache:
    """Copies by what they were made of, the longest unused dropped first. Safe between threads."""

    max_bytes: int = KEPT_BYTES
    _kept: OrderedDict[str, tuple[bytes, bytes | None]] = field(default_factory=OrderedDict)
    _bytes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: str, make: Callable[[], tuple[bytes, bytes | None]]) -> tuple[bytes, bytes | None]:
        """What is kept under `key`, or what `make` makes; what it raises is passed on and not kept."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = make()
        with self._lock:
            if key not in self._kept:
                self._kept[key] = made
                self._bytes += _size(made)
            while self._bytes > self.max_bytes and len(self._kept) > 1:
                self._bytes -= _size(self._kept.popitem(last=False)[1])
        return made


def _size(copies: tuple[bytes, bytes | None]) -> int:
    return sum(len(c) for c in copies if c is not None)


def scene_of(manifest: Manifest, files: Mapping[str, str], store: BlobStore) -> Scene | None:
    """The packet's drawing of the scene; None when there is none or when it cannot be read."""
    entry = manifest.file("scene")
    try:
        return read_scene(store.read(files[entry.name])) if entry else None
    except GiaoLoError as error:
        log.warning("scene not readable packet=%s %s", manifest.packet_id, error)
        return None


def owner_still(
    view: StillView, files: Mapping[str, str], store: BlobStore, cache: CopyCache
) -> tuple[bytes, bytes | None]:
    """Frame and close-up of one still. Raises `GiaoLoError`: altered, lost, or not a picture."""
    sha256, lamps = files[view.file], tuple(lamp.box for lamp in view.lamps)
    key = hashlib.sha256(repr((sha256, view.box, lamps, view.marks)).encode()).hexdigest()
    still = store.read(sha256)  # a copy that is kept must not outlive the soundness of what it was made of
    return cache.get(key, lambda: owner_copies(still, view.box, lamps, marks=view.marks))


def legend(views: Sequence[StillView], t: Texts) -> str:
    """What the lines drawn on the copies stand for; empty when none is drawn."""
    what: dict[str, list[str]] = {}
    for mark in (mark for view in views for mark in view.marks):
        named = what.setdefault(mark.kind, [])
        named += [mark.what] if mark.what not in named else []
    told = [
        t(f"caption.legend_{kind}", what=", ".join(t(f"ground.{each}") for each in named if t.has(f"ground.{each}")))
        for kind, named in what.items()
    ]
    return t("caption.legend", marks="; ".join(told)) if told else ""


def owner_pictures(
    manifest: Manifest, files: Mapping[str, str], store: BlobStore, cache: CopyCache, act: ActCode
) -> OwnerPictures:
    """All pictures that go with the notice of `act`, in the country's language. `files`: name to SHA-256."""
    words, suspected = texts(HERE.language), manifest.act.code
    scene = scene_of(manifest, files, store)
    views = still_views(manifest, scene, act)
    stills, missing = [], []
    unsound: list[BlobUnsound] = []
    for view in views:
        try:
            frame, near = owner_still(view, files, store, cache)
        except GiaoLoError as error:
            log.warning("no copy of a still packet=%s file=%s %s", manifest.packet_id, view.file, error)
            unsound += [error] if isinstance(error, BlobUnsound) else []
            missing.append(words("caption.missing", moment=moment_words(view, act, words, suspected)))
            continue
        stills.append(OwnerPicture(view.moment, caption(view, act, words, suspected), frame, near))
    if not views:
        missing.append(words("caption.missing_all"))
    if scene is None and views:
        missing.append(words("caption.missing_marks"))
    plate = None
    crop = manifest.file("plate_crop")
    if crop is not None:
        try:
            plate = owner_copy(store.read(files[crop.name]), _WHOLE)
        except GiaoLoError as error:
            log.warning("no copy of the plate packet=%s %s", manifest.packet_id, error)
            unsound += [error] if isinstance(error, BlobUnsound) else []
            missing.append(words("caption.missing", moment=words("caption.plate")))
    return OwnerPictures(tuple(stills), plate, legend(views, words), tuple(missing), tuple(unsound))
