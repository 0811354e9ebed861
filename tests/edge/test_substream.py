"""Seen by the small stream, proven by the main one."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import cv2
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
from edge.picture import BgrPicture, Image
from edge.plan import CameraPlan
from edge.plate.apart import PlatesApart
from edge.road.region import RegionMargins
from edge.substream.film import MainFilm
from edge.substream.looks import Look, Looks
from edge.substream.margins import SubstreamMargins
from edge.substream.matching import match, thumb_of
from edge.substream.offset import Offset
from edge.substream.seen import SeenStills
from edge.substream.stretched import StretchedPicture
from edge.substream.view import too_small
from edge.types import Frame
from edge.video.decoding import decoded
from edge.video.keys import KeptSource
from edge.video.ring import PacketRing
from edge.video.source_status import SourceSettings
from evidence.acts import ActCode
from evidence.container import verify_packet
from evidence.seal import SigningKey
from tests.edge.rtsp import RtspServer, needs_ffmpeg
from tests.edge.street import HEIGHT, WIDTH, at_rest, drives, lamps, picture, street
from tests.edge.test_pipeline import KnownDetector, KnownPlates
from tests.edge.two_streams import SEEN, opened, play, same, write
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


# ---- a small picture in the place of a large one


def test_a_small_picture_answers_in_the_pixels_of_the_large_one() -> None:
    large = picture(0, [(200, 300)], "red", at_rest(0))
    for size in ((320, 240), (352, 200)):
        small = np.asarray(cv2.resize(large, size, interpolation=cv2.INTER_AREA), np.uint8)
        shown = StretchedPicture(BgrPicture(small), WIDTH, HEIGHT)
        whole = shown.image()
        assert whole.shape == large.shape
        for part in ((180, 240, 220, 300), (0, 0, 31, 17), (611, 471, 640, 480)):
            x1, y1, x2, y2 = part
            made = shown.part(*part)
            assert made.shape == (y2 - y1, x2 - x1, 3)
            assert np.abs(made.astype(int) - whole[y1:y2, x1:x2]).mean() < 3
            assert shown.scaled(*part, 20, 10).shape == (10, 20, 3)
        for step in (1, 2, 5):
            assert shown.sparse_light(step).shape == (-(-HEIGHT // step), -(-WIDTH // step))
        assert not np.array_equal(
            shown.light_rows(8, 16), StretchedPicture(BgrPicture(small + 1), 640, 480).light_rows(8, 16)
        )


def test_a_region_of_it_is_right_to_half_a_pixel_of_what_is_asked_for() -> None:
    large = np.zeros((480, 640, 3), np.uint8)
    large[200:280, 300:340] = 255
    small = np.asarray(cv2.resize(large, (352, 200), interpolation=cv2.INTER_AREA), np.uint8)
    made = StretchedPicture(BgrPicture(small), 640, 480).scaled(101, 103, 501, 403, 400, 300)
    ys, xs = np.nonzero(made[..., 0] > 127)
    assert abs(xs.mean() - (319.5 - 101)) < 1.5
    assert abs(ys.mean() - (239.5 - 103)) < 2.5


# ---- which picture shows a moment


def _thumbs(at_s: list[float], x: float = 200) -> list[Image]:
    way = drives(5.0, x)
    return [
        thumb_of(BgrPicture(picture(i, [p] if (p := way(t)) else [], "red", at_rest(t)))) for i, t in enumerate(at_s)
    ]


TIMES = [4.0 + i / 10 for i in range(10)]


def test_the_picture_of_a_moment_is_told_by_what_moves_and_not_by_its_time() -> None:
    (seen,) = _thumbs([4.3])
    found = match(seen, _thumbs(TIMES), TIMES, 4.6, M)
    assert found is not None
    assert (found.index, found.sure, found.alone) == (3, True, True)


def test_where_nothing_moves_the_nearest_is_right() -> None:
    found = match(_thumbs([20.0])[0], _thumbs([20.0 + t for t in TIMES]), TIMES, 4.62, M)
    assert found is not None
    assert (found.index, found.sure, found.alone) == (6, True, False)


@pytest.mark.parametrize(
    "seen",
    [_thumbs([4.3], 420)[0], _thumbs([5.6])[0], np.full_like(_thumbs([4.3])[0], 90)],
    ids=["another vehicle in its place", "a moment beyond those at hand", "no picture of this street"],
)
def test_what_no_picture_shows_is_never_surely_found(seen: Image) -> None:
    found = match(seen, _thumbs(TIMES), TIMES, 4.5, M)
    assert found is not None
    assert not found.sure


# ---- how the streams' times stand to each other


def test_the_difference_is_measured_followed_slowly_and_leaps_only_when_several_say_so() -> None:
    offset = Offset(0.0, M)
    assert not offset.measured(0.4)
    assert (offset.shift_s, offset.known) == (0.0, False)
    assert offset.measured(0.42), "two that agree: the line leaps"
    assert offset.known
    assert offset.shift_s == pytest.approx(0.41)
    assert not offset.measured(-1.0), "one alone is chance"
    assert offset.shift_s == pytest.approx(0.41, abs=M.slew_s)
    for _ in range(20):
        before_s = offset.shift_s
        assert not offset.measured(0.5)
        assert abs(offset.shift_s - before_s) <= M.slew_s + 1e-9
    assert offset.shift_s == pytest.approx(0.5, abs=0.01)
    assert offset.residual_s == pytest.approx(0.0, abs=0.01)
    offset.measured(-0.3)
    assert offset.measured(-0.31)
    assert offset.shift_s == pytest.approx(-0.305)


@pytest.mark.parametrize(
    ("late_s", "fps", "size"),
    [(0.0, 10.0, SEEN), (0.4, 10.0, SEEN), (-0.4, 12.5, (440, 280))],
    ids=["both at once", "the small one begins later", "earlier, faster and of another shape"],
)
def test_acts_are_on_the_main_streams_time_and_in_its_pictures(
    late_s: float, fps: float, size: tuple[int, int], main: Path, tmp_path: Path
) -> None:
    small = write(tmp_path / "small.mp4", ROUTES, SHOWN, seconds=SECONDS, fps=fps, size=size, late_s=late_s)
    played = play(main, small)
    times = [frame.t_s for frame in played.frames]
    assert times == sorted(set(times))
    assert {(f.picture.width, f.picture.height) for f in played.frames} == {(WIDTH, HEIGHT)}
    offset = played.source.film.offset
    assert offset.known
    assert offset.shift_s == pytest.approx(late_s, abs=0.06)
    runs = [event for event in played.proven if event.act == ActCode.RED_LIGHT]
    assert len(runs) == 3 or late_s, "what is followed when the line of time leaps is lost"
    told = [event for event in runs if "main_picture_unsure" not in event.flags]
    assert told
    assert told == runs or late_s, "an act of before the difference was known has its time on the wrong line"
    assert [event.t_s for event in told] == pytest.approx(RUN_S[-len(told) :], abs=0.2)
    for event in runs:
        assert event in told or float(str(event.reasons["substream_residual_s"])) == pytest.approx(abs(late_s), abs=0.1)
    runs = told
    for event in runs:
        assert event.plate.text == "36B123456"
        assert event.reasons["substream_offset_s"] == pytest.approx(late_s, abs=0.06)
        assert "lamp_unread_in_main" not in event.flags
        for role, still in event.stills.items():
            shown = picture(round(still.t_s * 10), [p for r in ROUTES if (p := r(still.t_s))], "red", at_rest(0))
            if SHOWN(still.t_s) == "red":
                assert np.abs(still.image.astype(int) - shown).mean() < 5, f"{role} is the main picture of its time"
        assert event.vehicle_crop is not None
        assert event.vehicle_crop.shape[0] > 60


# ---- what must not happen


def test_the_same_files_give_the_same_act_each_time(main: Path, tmp_path: Path) -> None:
    small = write(tmp_path / "small.mp4", ROUTES, SHOWN, seconds=SECONDS, size=SEEN)
    told = [
        [
            (e.act, e.t_s, e.plate, e.reasons, e.flags, {r: (s.t_s, s.image.tobytes()) for r, s in e.stills.items()})
            for e in play(main, small).proven
        ]
        for _ in range(2)
    ]
    assert told[0] == told[1]
    assert told[0]


def test_red_that_the_main_picture_does_not_show_accuses_nobody(main: Path, tmp_path: Path) -> None:
    green = lamps((-9, "green"))
    other = write(tmp_path / "green.mp4", ROUTES, green, seconds=SECONDS)
    small = write(tmp_path / "small.mp4", ROUTES, SHOWN, seconds=SECONDS, size=SEEN)
    played = play(other, small)
    assert [event.withheld for event in played.proven] == ["main_stream_differs"] * 3
    assert [event.withheld for event in play(main, small).proven] == [""] * 3


def test_a_head_that_is_hidden_in_the_main_picture_is_told(tmp_path: Path) -> None:
    def hidden(t_s: float, image: Image) -> Image:
        image = image.copy()
        image[:90, 570:] = 128
        return image

    main = write(tmp_path / "main.mp4", ROUTES, SHOWN, seconds=SECONDS, spoil=hidden)
    small = write(tmp_path / "small.mp4", ROUTES, SHOWN, seconds=SECONDS, size=SEEN)
    proven = play(main, small).proven
    assert proven
    assert all("lamp_unread_in_main" in event.flags and not event.withheld for event in proven)


def _cropped(t_s: float, image: Image) -> Image:
    return np.asarray(cv2.resize(image[60:420, 80:560], (WIDTH, HEIGHT)), np.uint8)


def test_a_small_stream_of_another_view_is_told_and_nothing_in_it_is_judged(main: Path, tmp_path: Path) -> None:
    small = write(tmp_path / "small.mp4", ROUTES, SHOWN, seconds=SECONDS, size=SEEN, spoil=_cropped)
    played = play(main, small)
    status = played.source.status()
    assert status.state == "failed"
    assert "another view" in status.error
    assert "->" in status.error
    assert played.events == []


def test_what_the_ring_has_dropped_is_missing_and_never_a_small_picture(main: Path, tmp_path: Path) -> None:
    small = write(tmp_path / "small.mp4", ROUTES, SHOWN, seconds=SECONDS, size=SEEN)
    ring = PacketRing(seconds=60, max_bytes=60_000)
    for event in play(main, small, ring=ring).proven:
        assert all(still.image.shape == (HEIGHT, WIDTH, 3) for still in event.stills.values())
        for role in ("still_before", "still_on", "still_after"):
            assert (role in event.stills) != (f"{role}_missing" in event.flags)
        assert "still_before_missing" in event.flags
        assert event.plate.text is None or event.stills


def test_what_an_act_needs_is_held_from_its_finding_on(main: Path, tmp_path: Path) -> None:
    """Decoding comes late, and the ring has dropped everything by then."""
    small = write(tmp_path / "small.mp4", ROUTES, SHOWN, seconds=SECONDS, size=SEEN)
    ring, apart = PacketRing(seconds=60), _Never()

    def dropped() -> None:
        with ring._lock:
            ring._groups.clear()

    proven = play(main, small, ring=ring, apart=apart, before_proof=dropped).proven
    assert len(proven) == 3
    for event in proven:
        assert set(event.stills) == {"still_before", "still_on", "still_after"}
        assert event.plate.text == "36B123456"


class _Never(PlatesApart):
    """A thread that was ended before it began: whoever needs the work does it."""

    def _run(self) -> None:
        return


def test_a_fault_while_an_act_is_proven_is_told_with_it(
    main: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object) -> None:
        raise MemoryError("no room for a picture")

    monkeypatch.setattr("edge.substream.proof.find", broken)
    small = write(tmp_path / "small.mp4", ROUTES, SHOWN, seconds=SECONDS, size=SEEN)
    for event in play(main, small).proven:
        assert event.stills == {}
        assert {"still_on_missing", "plate_unread"} <= set(event.flags)
        assert "no room for a picture" in str(event.reasons["plate_note"])


# ---- what a small stream must be


@pytest.mark.parametrize(
    ("size", "told"),
    [((320, 240), ""), ((640, 360), ""), ((160, 120), "vehicles are too small"), ((60, 44), "a lens is 1.6 px wide")],
)
def test_a_stream_that_shows_too_little_is_refused_in_a_line_with_the_remedy(size: tuple[int, int], told: str) -> None:
    said = too_small(street(), size, 416, M, RegionMargins())
    assert told in said
    assert bool(said) == bool(told)
    if said:
        assert f"{size[0]} x {size[1]}" in said
        wide, high = (int(n) for n in said.partition("set it to ")[2].partition(" or")[0].split(" x "))
        assert too_small(street(), (wide, high), 416, M, RegionMargins()) == "", "the remedy is one"


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
    [(SEEN, same, ""), ((160, 120), same, "too small"), (SEEN, _cropped, "another view")],
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


# ---- what is held for long


def test_what_is_held_outlives_the_ring_and_comes_whole_though_the_main_stream_is_behind(main: Path) -> None:
    ring, looks = PacketRing(seconds=60), Looks()
    source = KeptSource(main, ring=ring, settings=SourceSettings(keys_only=True))
    film = MainFilm(ring, looks, Offset(0.0, M), M)
    source.keys.allow(4.0)
    source.start()
    assert source.keys.wait_for(4.0, 30)
    film.offset.measured(0.0)
    film.offset.measured(0.0)
    stills, shown = SeenStills(film), picture(0, [], "red", at_rest(0))
    small = BgrPicture(np.asarray(cv2.resize(shown, SEEN, interpolation=cv2.INTER_AREA), np.uint8))
    at_s = 4.0  # on the main stream's line nothing has come of what lies behind it
    looks.add(Look(7, at_s, at_s, film.offset.line, thumb_of(small)))
    stills.offer(Frame(7, at_s, StretchedPicture(small, WIDTH, HEIGHT), datetime.now(UTC), 7))
    stills.hold("a stand", at_s)
    source.keys.allow(60.0)
    assert source.keys.wait_for(60.0, 30)
    stills.hold_on()
    assert stills.pins[7].whole
    ring._groups.clear()
    moment = stills.moment(7, at_s)
    times = [t_s for t_s, _ in decoded(moment.groups, at_s - 0.4, at_s + 0.4)]
    assert times == pytest.approx([3.6 + i / 10 for i in range(9)])
    stills.let_go("a stand")
    assert stills.pins == {}
    source.stop(5)


# ---- live


FAST = SourceSettings(open_timeout_s=5, read_timeout_s=1.5, backoff_first_s=0.2, backoff_max_s=0.5)


@needs_ffmpeg
def test_either_stream_may_be_lost_and_comes_back_on_one_line_of_time(tmp_path: Path) -> None:
    routes = [drives(at_s, 150 + 37 * number % 300) for number, at_s in enumerate(range(1, 80, 3))]
    red = lamps((-9, "red"))
    film = {"seconds": 80, "fps": 5, "gop": 5}
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
            until(lambda: source.status().state != "running")
            assert source.status().error.startswith(whose)
            seen = len(frames)
            if not number:
                until(lambda: len(frames) > seen + 5)  # noqa: B023
            cameras[number].restore()
            until(lambda: source.status().state == "running" and len(frames) > seen)  # noqa: B023
            until(lambda: len(frames) > seen + 10 and shows_the_same())  # noqa: B023
            assert frames[-1].segment > segment, "what was followed before is not followed on"
    finally:
        source.stop(5)
        for camera in cameras:
            camera.close()
    times = [frame.t_s for frame in frames]
    assert times == sorted(set(times))
