"""What is held against lies on the disk: named by the scene, or learnt once, and never silently another."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.watch.kept import SceneReference, WatchFolder
from edge.watch.margins import PictureMargins
from edge.watch.picture import PictureWatch
from edge.watch.reference import KeptReference, LearningMargins, drawn_digest
from edge.watch.report import Entry
from evidence.canonical import sha256_hex
from tests.edge.street import BEGIN, drives, knocked, lamps, moved, picture, play, street, waits
from zones.load import LoadedScene, scene_digest
from zones.schema import Scene

AT = datetime(2026, 11, 26, tzinfo=UTC)


def loaded(scene: Scene, folder: Path) -> LoadedScene:
    return LoadedScene(scene, scene_digest(scene), folder / "scene.yaml")


def naming(folder: Path, *, write: bool = True) -> Scene:
    """A street that names its picture."""
    data = cv2.imencode(".png", picture(0, [], "red", moved()))[1].tobytes()
    if write:
        (folder / "street.png").write_bytes(data)
    drawn = street().model_dump(mode="json")
    drawn["picture"]["reference"] = {"file": "street.png", "sha256": sha256_hex(data), "at": AT.isoformat()}
    return Scene.model_validate(drawn)


def test_what_was_learnt_is_kept_and_after_a_restart_a_knocked_camera_is_noticed(tmp_path: Path) -> None:
    folder = WatchFolder(tmp_path / "cam", loaded(street(), tmp_path), camera="cam")
    traffic = [waits(3, 240), drives(6, 140), drives(20, 300)]
    red = lamps((0, "red"))
    soon = PictureMargins(learning=LearningMargins(pictures=3))
    _, states = play(traffic, red, seconds=30, watch=PictureWatch(street(), soon, store=folder), fps=8)
    assert states[-1][1] == "in_place"
    kept = WatchFolder(tmp_path / "cam", loaded(street(), tmp_path), camera="cam").load()
    assert kept is not None
    assert (kept.kind, kept.image.shape) == ("learnt", (480, 640))
    empty = picture(0, [], "red", moved()).mean(axis=2)
    road = np.abs(kept.image.astype(float) - empty)[300:, 100:560]
    assert np.quantile(road[:, :100], 0.99) < 12, "who drove through is not in it"
    again = PictureWatch(street(), store=WatchFolder(tmp_path / "cam", loaded(street(), tmp_path), camera="cam"))
    events, states = play([drives(5, 140)], red, seconds=11, mast=knocked(0, 0, -12), watch=again, fps=8)
    assert (events, states[-1][1]) == ([], "moved")


def test_the_scenes_own_picture_counts_and_is_found_when_its_file_is_gone(tmp_path: Path) -> None:
    scene = naming(tmp_path)
    first = WatchFolder(tmp_path / "cam", loaded(scene, tmp_path), camera="cam").load()
    assert first is not None
    assert (first.kind, first.at, first.image.ndim) == ("scene", AT, 3)
    (tmp_path / "street.png").write_bytes(b"another picture")
    folder = WatchFolder(tmp_path / "cam", loaded(scene, tmp_path), camera="cam")
    second = folder.load()
    assert second is not None
    assert (second.kind, folder.warning) == ("scene", "")


def test_a_named_picture_that_is_nowhere_is_told(tmp_path: Path) -> None:
    folder = WatchFolder(tmp_path / "cam", loaded(naming(tmp_path, write=False), tmp_path), camera="cam-1")
    assert folder.load() is None
    assert "camera cam-1" in folder.warning
    assert "zones reference" in folder.warning


@pytest.mark.parametrize("what", ["cut off", "flipped", "no date"])
def test_a_learnt_picture_that_is_damaged_is_not_used_and_that_is_told(tmp_path: Path, what: str) -> None:
    folder = WatchFolder(tmp_path, loaded(street(), tmp_path), camera="cam")
    folder.save(KeptReference(np.full((480, 640), 90, np.uint8), "learnt", AT))
    (png,) = tmp_path.glob("*.png")
    data = png.read_bytes()
    if what == "no date":
        png.with_suffix(".json").write_text("{}", "utf-8")
    else:
        png.write_bytes(
            data[: len(data) // 2] if what == "cut off" else bytes([*data[:-40], data[-40] ^ 1, *data[-39:]])
        )
    assert folder.load() is None
    assert "damaged" in folder.warning


def test_a_scene_drawn_anew_learns_anew_and_one_with_other_acts_does_not(tmp_path: Path) -> None:
    drawn = street().model_dump(mode="json")
    others = drawn | {"acts": ["red_light"], "version": 7, "place": "elsewhere"}
    assert drawn_digest(Scene.model_validate(others)) == drawn_digest(street())
    line = [{**drawn["stop_lines"][0], "points": [[100, 312], [500, 312]]}]
    assert drawn_digest(Scene.model_validate(drawn | {"stop_lines": line})) != drawn_digest(street())


def test_the_record_is_lines_with_times_and_stays_small(tmp_path: Path) -> None:
    folder = WatchFolder(tmp_path / "cam", loaded(street(), tmp_path), camera="cam")
    folder.write(Entry("state", BEGIN, {"state": "moved", "off_px": 12.0}))
    (line,) = [json.loads(each) for each in folder.record.read_text("utf-8").splitlines()]
    assert line == {"what": "state", "at": "2026-01-01T00:00:00.000Z", "state": "moved", "off_px": 12.0}
    folder.record.write_bytes(b"x" * 1_000_001)
    folder.write(Entry("state", BEGIN, {"state": "in_place"}))
    assert folder.record.stat().st_size < 200
    assert folder.record.with_suffix(".old").stat().st_size == 1_000_001


def test_a_disk_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "cam").write_text("a file where the folder should be", "utf-8")
    folder = WatchFolder(tmp_path / "cam", loaded(street(), tmp_path), camera="cam")
    folder.save(KeptReference(np.zeros((4, 4), np.uint8), "learnt", AT))
    folder.write(Entry("state", BEGIN, {}))
    assert folder.load() is None


def test_a_recording_is_not_held_against_what_another_one_taught(tmp_path: Path) -> None:
    folder = WatchFolder(tmp_path, loaded(street(), tmp_path), camera="replay")
    SceneReference(folder).save(KeptReference(np.zeros((4, 4), np.uint8), "learnt", AT))
    assert list(tmp_path.iterdir()) == []
    assert SceneReference(folder).load() is None
