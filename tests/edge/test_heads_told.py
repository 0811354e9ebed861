"""From a film of a signal to what the box tells of it: source, reader, plan, camera, heartbeat."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

from edge.camera import CameraWorker
from edge.config import CameraConfig
from edge.metrics import Metrics
from edge.pipeline import CameraPipeline
from edge.plan import CameraPlan
from edge.watch.picture import PictureWatch
from evidence.seal import SigningKey
from models.detector import Detections
from tests.edge.heads import LENSES, drawn
from tests.edge.perception import ScriptedPerception
from tests.edge.test_odd_cameras import NoSink
from tests.edge.test_pipeline import KnownPlates
from tests.waiting import eventually
from zones.load import LoadedScene, scene_digest
from zones.schema import Scene

FPS = 10


class EmptyRoad:
    def detect(self, frame_bgr: object) -> Detections:
        return Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64))


class OnlyLamps(ScriptedPerception):
    def pipeline(  # type: ignore[override]
        self, scene: LoadedScene, watch: PictureWatch | None = None, feed: object = None, film: object = None
    ) -> CameraPipeline:
        return CameraPipeline(scene.scene, EmptyRoad(), KnownPlates(), watch=watch)


def film(path: Path, *phases: tuple[str, float]) -> Path:
    """A head, one phase after the other, ten pictures a second."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 80, 130, "yuv444p"
        shown = [colour for colour, seconds in phases for _ in range(round(seconds * FPS))]
        for index, colour in enumerate(shown):
            picture = av.VideoFrame.from_ndarray(drawn(*([colour] if colour else []), seed=index), format="bgr24")
            for packet in stream.encode(picture):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    return path


def watching(tmp_path: Path, film: Path) -> CameraWorker:
    """The worker of one camera, not started: a head and two stop lines in its scene."""
    lamps = [{"colour": colour, "box": box} for colour, box in LENSES.items()]
    scene = Scene.model_validate(
        {
            "schema_version": 2, "id": "s", "picture": {"width": 80, "height": 130},
            "signals": [{"id": "main", "lamps": lamps}],
            "stop_lines": [
                {"id": name, "points": [[5, y], [75, y]], "forward": [40, 5]}
                for name, y in (("tay", 120), ("dong", 125))
            ],
        }
    )  # fmt: skip
    config = CameraConfig(id="cam-1", url=str(film), scene=tmp_path / "s.yaml", realtime=False)
    return CameraWorker(
        CameraPlan(config, LoadedScene(scene, scene_digest(scene), tmp_path / "s.yaml")),
        node="n", key=SigningKey.generate(), perception=OnlyLamps(), sink=NoSink(), metrics=Metrics(lambda: None),
        kept_in_memory=1, state_dir=tmp_path, on_commit=lambda: None,
    )  # fmt: skip


def told(tmp_path: Path, *phases: tuple[str, float]) -> tuple[str, float | None]:
    """State and yellow of the head in the camera's health, when the film is over."""
    worker = watching(tmp_path, film(tmp_path / "v.mp4", *phases))
    worker.start()
    try:
        eventually(lambda: worker.state().health.state == "ended", 30)
        (head,) = worker.state().health.heads
        return head.state, head.yellow_s
    finally:
        worker.ask_to_stop()
        worker.join(10)


def test_a_heartbeat_says_how_each_head_is_and_how_long_its_yellow_was(tmp_path: Path) -> None:
    assert told(tmp_path, ("green", 3), ("yellow", 3), ("red", 4)) == ("good", 3.0)


def test_a_heartbeat_says_that_red_came_out_of_a_dark_head(tmp_path: Path) -> None:
    assert told(tmp_path, ("", 3), ("red", 4)) == ("no_onset", None)


def test_a_heartbeat_names_the_stop_lines_before_the_first_picture_comes(tmp_path: Path) -> None:
    """By them a switch names one, also of a camera that never had a case."""
    assert watching(tmp_path, tmp_path / "none.mp4").state().health.lines == ["tay", "dong"]
