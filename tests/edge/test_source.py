"""Files and their faults: what a source says, and that nothing is dropped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from common.logs import LineFormatter
from edge.health import CameraState
from edge.video.connection import Clocks, Connection
from edge.video.reader import pause_before_retry_s
from edge.video.source import VideoSource
from edge.video.source_errors import SourceError
from edge.video.source_status import SourceSettings
from tests.edge.brokers import eventually
from tests.edge.media import make_video
from tests.footage import FOOTAGE


def read(path: Path, **settings: object) -> tuple[VideoSource, list[tuple[int, float]]]:
    source = VideoSource(path, settings=SourceSettings(**settings))  # type: ignore[arg-type]
    return source, [(f.index, f.t_s) for f in source.frames()]


def test_every_frame_of_a_file_comes_in_order_with_its_own_time(tmp_path: Path) -> None:
    source, frames = read(make_video(tmp_path / "a.mp4", frames=60, fps=12.5))
    assert [i for i, _ in frames] == list(range(60))
    assert [t for _, t in frames] == pytest.approx([i / 12.5 for i in range(60)], abs=1e-3)
    status = source.status()
    assert (status.state, status.dropped, status.corrupt, status.ended_early) == ("ended", 0, 0, "")


@pytest.mark.footage
def test_the_odd_rate_of_giang_vo_follows_its_timestamps_not_the_container_rate() -> None:
    source, frames = read(FOOTAGE / "red_light" / "hanoi_giang_vo.mp4")
    assert len(frames) == 384
    assert source.info is not None
    assert source.info.fps == pytest.approx(6.0165, abs=0.001)
    # the truth counts time as frame / 6.0165
    assert max(abs(t - i / 6.0165) for i, t in frames) < 0.25


def test_wall_time_of_a_file_counts_from_its_given_start(tmp_path: Path) -> None:
    start = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
    source = VideoSource(make_video(tmp_path / "a.mp4", frames=26), start_at=start)
    last = list(source.frames())[-1]
    assert last.wall_at == start + timedelta(seconds=1)
    assert source.clock.state(1.0)[0].source == "file"
    assert source.clock.state(1.0)[1] == ["clock_from_file"]


def test_a_limited_rate_thins_frames_but_keeps_their_indices(tmp_path: Path) -> None:
    _, frames = read(make_video(tmp_path / "a.mp4", frames=50, fps=25), fps_limit=5)
    assert len(frames) == 10
    assert all(i == round(t * 25) for i, t in frames)


def test_a_looped_file_goes_on_in_stream_time(tmp_path: Path) -> None:
    source = VideoSource(make_video(tmp_path / "a.mp4", frames=10), settings=SourceSettings(loop=True))
    times = []
    for frame in source.frames():
        times.append(frame.t_s)
        if len(times) == 25:
            source.stop()
            break
    assert times == pytest.approx([i / 25 for i in range(25)], abs=1e-3)


def truncated(path: Path) -> None:
    make_video(path, options={"movflags": "faststart"})
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def without_index(path: Path) -> None:
    make_video(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


HOSTILE: list[tuple[str, Callable[[Path], object], str]] = [
    ("missing file", lambda p: None, "no such video file"),
    ("0-byte file", lambda p: p.write_bytes(b""), "empty (0 bytes)"),
    ("text", lambda p: p.write_text("not a video " * 100), "not a video"),
    ("random bytes", lambda p: p.write_bytes(bytes(range(256)) * 64), "not a video"),
    ("cut off before its index", without_index, "cut off before its index"),
    ("a folder", lambda p: p.mkdir(), "no such video file"),
]


@pytest.mark.parametrize(("name", "spoil", "words"), HOSTILE, ids=[h[0] for h in HOSTILE])
def test_an_unusable_file_is_one_clear_error(
    tmp_path: Path, name: str, spoil: Callable[[Path], object], words: str
) -> None:
    path = tmp_path / "bad.mp4"
    spoil(path)
    source = VideoSource(path)
    with pytest.raises(SourceError, match=words.replace("(", r"\(").replace(")", r"\)")) as raised:
        list(source.frames())
    assert raised.value.where
    assert raised.value.remedy
    assert source.status().state == "failed"


def test_a_sound_file_without_video_says_so(tmp_path: Path) -> None:
    import wave

    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(16000))
    with pytest.raises(SourceError, match="no video stream"):
        list(VideoSource(path).frames())


def test_a_truncated_file_gives_what_is_there_and_says_that_it_ended_early(tmp_path: Path) -> None:
    truncated(tmp_path / "cut.mp4")
    source, frames = read(tmp_path / "cut.mp4")
    assert 30 < len(frames) < 120
    status = source.status()
    assert status.state == "ended"
    assert "header promises" in status.ended_early or "unreadable" in status.ended_early


def test_damaged_bytes_are_counted_and_never_raised(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mp4", frames=100, gop=10)
    data = bytearray(path.read_bytes())
    for at in range(len(data) // 4, len(data) // 2, 97):
        data[at] ^= 0xFF
    path.write_bytes(bytes(data))
    source, frames = read(path)
    assert source.status().corrupt > 0
    assert len(frames) > 40
    assert all(a[1] < b[1] for a, b in pairwise(frames))


def test_user_and_password_never_show(tmp_path: Path) -> None:
    source = VideoSource(
        "rtsp://admin:secret@127.0.0.1:9/x", settings=SourceSettings(open_timeout_s=1, backoff_first_s=30)
    )
    source.start()
    eventually(lambda: source.status().error, 5)
    source.stop(timeout_s=5)
    assert "cannot be opened" in source.status().error
    assert "secret" not in source.status().error


ADDRESSES = [
    "rtsp://127.0.0.1:9/user=admin&password=HUNTER2&channel=1&stream=0.sdp",
    "rtsp://admin:HUNT/ER2@127.0.0.1:9/x",
    "rtsp://admin:HUN@TER2@127.0.0.1:9/x",
    "rtsp://HUNTER2@127.0.0.1:9/x",
    "rtsp://admin:HUN TER2'@127.0.0.1:9/x",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_form_of_address_shows_its_password_in_log_state_or_health(
    address: str, caplog: pytest.LogCaptureFixture
) -> None:
    source = VideoSource(address, settings=SourceSettings(open_timeout_s=1, backoff_first_s=30))
    source.start()
    eventually(lambda: source.status().error, 20)
    source.stop(timeout_s=5)
    health = CameraState("cam-1", source.status(), error=f"cannot be opened: {address!r}").health
    text = "".join([source.status().error, repr(source.status()), repr(health), source._reader.thread.name])
    text += "".join(LineFormatter().format(r) for r in caplog.records)
    assert source.status().error
    assert not [part for part in ("HUN", "TER2", "ER2", "admin") if part in text], text


def test_pauses_between_attempts_grow_with_jitter_to_a_bound() -> None:
    settings = SourceSettings(backoff_max_s=30)
    assert [pause_before_retry_s(settings, n, 1.0) for n in range(7)] == [1, 2, 4, 8, 16, 30, 30]
    assert pause_before_retry_s(settings, 3, 0.0) == 4.0


def test_a_reader_that_hangs_in_its_library_is_replaced_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """The watchdog stands outside: whoever asks for frames sees that nothing moves."""
    now_s, hangs, opened = [0.0], threading.Event(), []

    def hang(self: Connection) -> None:
        opened.append(threading.current_thread())
        if len(opened) == 1:
            hangs.wait(60)  # as FFmpeg did, whatever its time-outs said
        raise SourceError("nobody there", where=self._stream.shown)

    monkeypatch.setattr(Connection, "_open", hang)
    source = VideoSource(
        "rtsp://127.0.0.1:9/x", clocks=Clocks(monotonic=lambda: now_s[0]), settings=SourceSettings(backoff_first_s=60)
    )
    assert source.next(0.01) is None
    eventually(lambda: len(opened) == 1, 20)
    now_s[0] = 24.0
    assert source.next(0.01) is None
    assert len(opened) == 1  # within its time-outs
    now_s[0] = 26.0
    source.next(0.01)
    eventually(lambda: len(opened) == 2, 20)
    eventually(lambda: "nobody there" in source.status().error, 20)
    first = opened[0]
    hangs.set()
    first.join(20)
    assert not first.is_alive()
    assert source.status().reconnects == 1
    assert source.next(0.01) is None  # the old one took nothing with it
    source.stop(5)


def test_what_a_reader_that_was_replaced_still_gets_goes_nowhere() -> None:
    """FFmpeg lets go of it with one more packet, of long ago: it is no picture of now, nor of the new connection."""

    def replaced() -> None:
        raise InterruptedError

    stream = SimpleNamespace(index=0)
    container = SimpleNamespace(demux=lambda: iter([SimpleNamespace(stream_index=0)]))
    packets = Connection(VideoSource("rtsp://127.0.0.1:9/x")._stream, replaced)._packets(
        cast("Any", container), cast("Any", stream), cast("Any", None)
    )
    with pytest.raises(InterruptedError):
        next(packets)


def test_a_running_camera_without_pictures_reads_stalled_whatever_its_reader_does() -> None:
    now_s = [100.0]
    source = VideoSource("rtsp://127.0.0.1:9/x", clocks=Clocks(monotonic=lambda: now_s[0]))
    source._progress.state = "running"
    source._progress.position.t_s, source._progress.position.seen_s = 5.0, 100.0
    assert source.status().state == "running"
    now_s[0] = 102.9
    assert (source.status().state, source.status().error) == ("running", "")
    now_s[0] = 103.5  # within seconds, long before it is opened again
    assert source.status().state == "stalled"
    now_s[0] = 111.0
    assert source.status().state == "stalled"
    assert "no decodable frame for 11 s" in source.status().error
