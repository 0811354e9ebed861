"""A camera by two streams: its worker, whoever sets it up, and streams that are lost."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edge.camera import CameraWorker
from edge.config import CameraConfig
from edge.delivery.packet_folder import PacketFolder
from edge.doctor.camera import trial
from edge.doctor.substream import beside
from edge.judging import Judging
from edge.metrics import Metrics
from edge.perception import OnnxPerception
from edge.picture import Image
from edge.plan import CameraPlan
from edge.plate.apart import PlatesApart
from edge.substream.margins import SubstreamMargins
from edge.types import Frame
from edge.video.decoding import decoded
from edge.video.ring import PacketRing
from edge.video.source_status import SourceSettings
from evidence.acts import ActCode
from evidence.container import verify_packet
from evidence.seal import SigningKey
from tests.edge.rtsp import RtspServer, needs_ffmpeg
from tests.edge.street import HEIGHT, WIDTH, drives, lamps, street
from tests.edge.test_pipeline import KnownDetector, KnownPlates
from tests.edge.two_streams import SEEN, cropped, opened, same, write
from zones.load import LoadedScene, scene_digest

M = SubstreamMargins()
KEY = SigningKey.generate()
RED_FROM_S = 2.5
SHOWN = lamps((-9, "green"), (1.5, "yellow"), (RED_FROM_S, "red"))
RUN_S = [4.5, 7.0, 10.5]
ROUTES = [drives(at_s, x) for at_s, x in zip(RUN_S, (200.0, 400.0, 200.0), strict=True)]
"""Three run the red: their rears pass the line then."""
SECONDS = 14.0


@pytest.fixture(scope="module")
def main(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("main") / "main.mp4", ROUTES, SHOWN, seconds=SECONDS)


# ---- through a camera's worker


def _camera(folder: Path, main: Path, small: Path) -> CameraWorker:
    config = CameraConfig.model_validate(
        {"id": "c", "url": str(main), "substream": str(small), "scene": folder / "s.yaml", "realtime": False}
    )
    judging = Judging()
    perception = OnnxPerception(KnownDetector(), KnownPlates(), {}, judging, apart=PlatesApart())
    here = LoadedScene(street(), scene_digest(street()), folder / "s.yaml")
    return CameraWorker(
        CameraPlan(config, here), node="n", key=KEY, perception=perception, sink=PacketFolder(folder),
        metrics=Metrics(lambda: None), kept_in_memory=8, state_dir=folder, on_commit=lambda: None,
    )  # fmt: skip


def test_a_camera_by_two_streams_seals_main_pictures_and_lists_whom_the_main_stream_acquits(
    main: Path, tmp_path: Path
) -> None:
    small = write(tmp_path / "small.mp4", ROUTES, SHOWN, seconds=SECONDS, size=SEEN)
    worker = _camera(tmp_path, main, small)
    worker.start()
    assert worker.join(120)
    packets = [verify_packet(path.read_bytes(), KEY.public) for path in tmp_path.glob("*.glp")]
    assert [packet.act.code for packet in packets] == [ActCode.RED_LIGHT] * 3
    for packet in packets:
        assert packet.plate.text == "36B123456"
        assert (packet.camera.width, packet.camera.height) == (WIDTH, HEIGHT)
        assert {"still_before", "still_on", "still_after", "clip", "plate_crop", "vehicle_crop"} <= {
            file.role for file in packet.files
        }
    assert worker.state().source.error == ""

    other = tmp_path / "other"
    other.mkdir()
    green = write(other / "green.mp4", ROUTES, lamps((-9, "green")), seconds=SECONDS)
    worker = _camera(other, green, small)
    worker.start()
    assert worker.join(120)
    assert list(other.glob("*.glp")) == []
    assert worker.live.acts == []
    why_not = worker.why_not
    assert why_not is not None
    assert [guard for (_, _, guard), _ in why_not.groups] == ["main_stream_differs"]


@pytest.mark.parametrize(
    ("size", "spoil", "wrong"),
    [(SEEN, same, ""), ((160, 120), same, "too small"), (SEEN, cropped, "another view")],
    ids=["as it should be", "too small", "cropped"],
)
def test_whoever_sets_a_camera_up_is_told_how_both_streams_stand(
    size: tuple[int, int], spoil: Callable[[float, Image], Image], wrong: str, main: Path, tmp_path: Path
) -> None:
    small = write(tmp_path / "small.mp4", [], SHOWN, seconds=2, size=size, spoil=spoil)
    looked = [trial(str(path), "auto", seconds=1) for path in (main, small)]
    lines = list(beside(looked[0], looked[1], street(), Judging()))
    assert f"substream: {size[0]} x {size[1]}, 10.0 frames a second, a key frame every 1.0 s" in lines[0].en
    faults = [line for line in lines if line.level == "fault"]
    assert [wrong in line.en and bool(line.do_en) for line in faults] == ([True] if wrong else [])
    nobody = list(beside(looked[0], trial(str(tmp_path / "none.mp4"), "auto", seconds=1), street(), Judging()))
    assert [line.level for line in nobody] == ["fault"]


# ---- live


FAST = SourceSettings(open_timeout_s=5, read_timeout_s=1.5, backoff_first_s=0.2, backoff_max_s=0.5)


@needs_ffmpeg
def test_either_stream_may_be_lost_and_comes_back_on_one_line_of_time(tmp_path: Path) -> None:
    routes = [drives(at_s, 150 + 37 * number % 300) for number, at_s in enumerate(range(1, 22, 3))]
    red = lamps((-9, "red"))
    film = {"seconds": 24, "fps": 5, "gop": 5, "times": 20}
    files = [
        write(tmp_path / "main.mp4", routes, red, **film),  # type: ignore[arg-type]
        write(tmp_path / "small.mp4", routes, red, size=SEEN, **film),  # type: ignore[arg-type]
    ]
    cameras = [RtspServer(file) for file in files]
    ring = PacketRing(seconds=60)
    source = opened(cameras[0].url, cameras[1].url, ring, settings=FAST)
    frames: list[Frame] = []

    def until(what: Callable[[], bool]) -> None:
        end_s = time.monotonic() + 60
        while not what():
            assert time.monotonic() < end_s, source.status()
            frame = source.next(0.2)
            frames.extend([frame] if frame is not None else [])

    def places(image: Image) -> list[float]:
        return sorted(float(box[3]) for box in KnownDetector().detect(image).boxes)

    def shows_the_same() -> bool:
        """Whether the main picture of a moment is that of the small one."""
        if len(frames) < 8:
            return False
        frame = frames[-8]  # of the newest the main stream's may not have come yet
        kept = list(decoded(ring.groups(frame.t_s - 2, frame.t_s + 1), frame.t_s - 0.1, frame.t_s + 0.1))
        if not kept or not source.film.offset.known:
            return False
        ours, mains = places(frame.image), places(min(kept, key=lambda k: abs(k[0] - frame.t_s))[1].image())
        return len(ours) == len(mains) > 0 and bool(np.allclose(ours, mains, atol=16))

    source.start()
    try:
        until(lambda: bool(frames) and shows_the_same())
        for number, whose in ((0, "main stream"), (1, "substream")):
            segment = frames[-1].segment
            cameras[number].cut()
            until(lambda: source.status().error.startswith(whose))  # noqa: B023
            seen = len(frames)
            if not number:
                until(lambda: len(frames) > seen + 5)  # noqa: B023
            cameras[number].restore()
            until(lambda: source.status().state == "running")
            # what was followed before is not followed on, and pictures after it are on the main stream's line again
            until(lambda: frames[-8].segment > segment and shows_the_same())  # noqa: B023
    finally:
        source.stop(5)
        for camera in cameras:
            camera.close()
    times = [frame.t_s for frame in frames]
    assert times == sorted(set(times))
