"""What the watch of a camera's picture keeps on the box's disk: the reference, and a record of states and held acts.

A restart after a knock compares with the picture from before it. Whatever cannot be read or written is told in the log
and stops nothing.
"""

from __future__ import annotations

import json
import logging
from datetime import datetime
from pathlib import Path

import cv2
import numpy as np

from common.durable import sync_file, sync_folder
from edge.watch.reference import KeptReference, drawn_digest
from edge.watch.report import Entry
from evidence.canonical import sha256_hex
from evidence.packet import utc_text
from zones.load import LoadedScene

log = logging.getLogger(__name__)
_MAX_RECORD_BYTES = 1_000_000
"""Then the record is put aside as `.old`, and what was aside goes: some ten thousand lines stay."""
_OLD_SCENES = 5
"""References learnt for scenes that were drawn anew since: so many stay, for one that is taken back."""


class WatchFolder:
    """One camera's folder. Of a scene that names its reference that one counts, found by its digest."""

    def __init__(self, folder: Path, scene: LoadedScene, *, camera: str) -> None:
        self._folder, self._camera = folder, camera
        self._learnt = folder / f"{drawn_digest(scene.scene)[:32]}.png"
        self._named = scene.scene.picture.reference
        self._beside = scene.source.parent
        self.record = folder / "record.jsonl"
        self.warning = ""

    def load(self) -> KeptReference | None:
        """The scene's own, else the one learnt when what it draws was first put in force."""
        named = self.of_scene()
        return named if named is not None else self._read_learnt()

    def save(self, kept: KeptReference) -> None:
        done, data = cv2.imencode(".png", kept.image)
        if not done:
            return
        told = {"learnt_at": kept.at.isoformat(), "sha256": sha256_hex(data.tobytes())}
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            _write(self._learnt, data.tobytes())
            _write(self._learnt.with_suffix(".json"), json.dumps(told).encode())
            old = sorted(self._folder.glob("*.png"), key=lambda path: path.stat().st_mtime)
            for path in old[:-_OLD_SCENES]:
                path.unlink(missing_ok=True)
                path.with_suffix(".json").unlink(missing_ok=True)
        except OSError as error:
            log.error("reference cannot be kept camera=%s error=%s", self._camera, error)

    def write(self, entry: Entry) -> None:
        """A line more of the record."""
        at = None if entry.at is None else utc_text(entry.at)
        line = json.dumps({"what": entry.kind, "at": at, **entry.told}, ensure_ascii=False)
        log.warning("picture camera=%s %s", self._camera, line)
        record = self.record
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if record.exists() and record.stat().st_size > _MAX_RECORD_BYTES:
                record.replace(record.with_suffix(".old"))
            with record.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
        except OSError as error:
            log.error("record cannot be written camera=%s error=%s", self._camera, error)

    def of_scene(self) -> KeptReference | None:
        """The picture that the scene names; None where it names none, or it is not to be had."""
        if self._named is None:
            return None
        # beside the scene's file, or the copy from when it lay there: the last good scene is read from elsewhere
        copy = self._folder / f"scene-{self._named.sha256}"
        for path, is_copy in ((self._beside / self._named.file, False), (copy, True)):
            data = _bytes(path)
            if data is None or sha256_hex(data) != self._named.sha256:
                continue
            image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
            if image is None:
                continue
            if not is_copy:
                self._keep_copy(copy, data)
            return KeptReference(np.asarray(image, np.uint8), "scene", self._named.at)
        self.warning = (
            f"camera {self._camera}: the scene's reference picture {self._named.file} is not there or another -> "
            "put it beside the scene, or name it again: giaolo zones reference"
        )
        log.error("%s", self.warning)
        return None

    def _keep_copy(self, copy: Path, data: bytes) -> None:
        if copy.exists():
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            _write(copy, data)
        except OSError as error:
            log.error("reference cannot be kept camera=%s error=%s", self._camera, error)

    def _read_learnt(self) -> KeptReference | None:
        data = _bytes(self._learnt)
        if data is None:
            return None
        try:
            told = json.loads(self._learnt.with_suffix(".json").read_text("utf-8"))
            at = datetime.fromisoformat(told["learnt_at"])
            whole = told["sha256"] == sha256_hex(data)
        except (OSError, ValueError, KeyError, TypeError):
            whole = False
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE) if whole else None
        if image is None:
            log.error("learnt reference is damaged, another is learnt camera=%s file=%s", self._camera, self._learnt)
            self.warning = f"camera {self._camera}: its learnt reference was damaged; another is learnt"
            return None
        return KeptReference(np.asarray(image, np.uint8), "learnt", at)


class SceneReference:
    """For one play of a recording: the scene's own reference or none, and nothing is kept for another."""

    def __init__(self, folder: WatchFolder) -> None:
        self._folder = folder

    def load(self) -> KeptReference | None:
        return self._folder.of_scene()

    def save(self, kept: KeptReference) -> None:
        """Another recording may be of another day."""


def _write(path: Path, data: bytes) -> None:
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_bytes(data)
    sync_file(fresh)
    fresh.replace(path)
    sync_folder(path.parent)


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
