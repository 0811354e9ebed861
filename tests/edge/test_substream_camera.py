"""A camera by two streams: its worker, whoever sets it up, and streams that are lost."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml
from click.testing import CliRunner

from edge.camera import CameraWorker
from edge.cli import edge
from edge.config import CameraConfig
from edge.delivery.packet_folder import PacketFolder
from edge.doctor.substream import Beside, bare_scene, standing, together
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
from evidence.wire import SubstreamHealth
from tests.edge.rtsp import RtspServer, needs_ffmpeg
from tests.edge.street import HEIGHT, WIDTH, Route, drives, lamps, street
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
    told = worker.state().health.substream
    assert told is not None
    assert (told.state, told.offset_s) == ("steady", pytest.approx(0.0, abs=0.06))

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


# ---- whoever sets a camera up


TRY = ["test-camera", "--seconds", "5"]
OTHERS = [drives(at_s, 420.0) for at_s in (2.0, 4.0, 6.0, 8.0)]
HAS_SECOND_S = "substream: h264 {} x {}, 10.0 frames a second, a key frame every 1.0 s"


@pytest.mark.parametrize(
    ("size", "spoil", "routes", "wrong"),
    [
        (SEEN, same, ROUTES, ""),
        ((160, 120), same, ROUTES, "is too small"),
        (SEEN, cropped, ROUTES, "another view"),
        (SEEN, same, OTHERS, "is not known: vehicles pass, but no small picture"),
    ],
    ids=["as it should be", "too small", "cropped", "what moves in one the other never shows"],
)
def test_whoever_sets_a_camera_up_is_told_how_both_streams_stand(
    size: tuple[int, int], spoil: Callable[[float, Image], Image], routes: list[Route], wrong: str, main: Path,
    tmp_path: Path,
) -> None:  # fmt: skip
    small = write(tmp_path / "small.mp4", routes, SHOWN, seconds=9, size=size, spoil=spoil, late_s=0.4)
    scene = tmp_path / "scene.yaml"
    scene.write_text(yaml.safe_dump(street().model_dump(mode="json", exclude_defaults=True) | {"schema_version": 2}))
    for more in (["--scene", str(scene)], []):
        done = CliRunner().invoke(edge, [*TRY, str(main), "--substream", str(small), *more])
        assert HAS_SECOND_S.format(*size) in done.output
        bad = [line for line in done.output.splitlines() if not line.startswith("[tốt")]
        if wrong == "is too small" and not more:
            continue  # what is drawn says what is too small
        assert [wrong in line and " -> " in line for line in bad] == ([True] if wrong else []), done.output
        assert done.exit_code == any("LỖI" in line for line in bad)
        if not wrong:
            assert "the same view" in done.output
            told = re.search(r"its time is ([+-][0-9.]+) s off the main stream's, measured to ([0-9.]+) s", done.output)
            assert told
            assert (float(told[1]), float(told[2])) == (pytest.approx(0.4, abs=0.06), pytest.approx(0.0, abs=0.06))


def test_a_small_stream_that_does_not_open_is_told_and_so_is_a_scene_that_is_none(main: Path, tmp_path: Path) -> None:
    none = tmp_path / "none.mp4"
    done = CliRunner().invoke(edge, [*TRY, str(main), "--substream", str(none)])
    (line,) = [line for line in done.output.splitlines() if "LỖI" in line[:12]]
    assert "no such video file" in line
    assert "leave the line substream out" in line
    done = CliRunner().invoke(edge, [*TRY, str(main), "--substream", str(main), "--scene", str(none)])
    assert done.exit_code == 1
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    ("found", "level", "said"),
    [
        (Beside(SubstreamHealth(state="measuring"), 0), "fault", "no key frame of the main stream came"),
        (
            Beside(SubstreamHealth(state="measuring"), 0, error="substream: refused -> x"),
            "fault",
            "(substream: refused)",
        ),
        (Beside(SubstreamHealth(state="measuring"), 6, 1), "warning", "too little moves"),
        (Beside(SubstreamHealth(state="measuring"), 6, 6), "warning", "no small picture within 2.5 s"),
        (Beside(SubstreamHealth(state="steady", offset_s=-0.4, residual_s=0.03), 6), "good", "-0.40 s off"),
        (
            Beside(SubstreamHealth(state="scatters", offset_s=0.1, residual_s=0.3), 6),
            "warning",
            "does not stay so",
        ),
    ],
)
def test_what_is_said_of_the_times_of_both_has_a_remedy(found: Beside, level: str, said: str) -> None:
    line = standing(found, Judging())
    assert line.level == level
    assert said in line.en
    assert bool(line.do_vi) == bool(line.do_en) == (level != "good")


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
    told = together(
        cameras[0].url, cameras[1].url, bare_scene(WIDTH, HEIGHT), Judging(), way="tcp", seconds=30, open_s=5, enough=1
    )
    assert told.health.offset_s is not None
    assert standing(told, Judging()).level == "good"
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
