"""Trying a camera: each way of sending, what comes, how often a key frame, what it says of the time; the verdict."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edge.doctor.told import Told, fault, good, note
from edge.health import LEAST_SEEN_FPS, MOST_KEY_INTERVAL_S
from edge.types import Frame
from edge.video.source import EndOfStream, VideoSource
from edge.video.source_errors import SourceError
from edge.video.source_status import SourceSettings, StreamInfo, Transport
from evidence.addresses import hide
from zones.schema import Picture

RTSP_WAYS: tuple[Transport, ...] = ("udp", "tcp", "http")
LOOK_S = 8.0
"""Long enough for two or three key frames of a camera that is set well, and for its report of the time."""
_OPEN_S = 6.0
_USUAL_KEY_S = 2.5
_GOOD_CODECS = ("h264", "hevc", "mjpeg")


@dataclass(frozen=True)
class Trial:
    """What one way of sending brought. `error`: why nothing came; `clock_off_s`: the camera's clock less ours, None
    where it tells no time; `frame`: the last picture."""

    way: str
    error: str = ""
    info: StreamInfo | None = None
    fps: float = 0.0
    key_interval_s: float | None = None
    corrupt: int = 0
    clock_off_s: float | None = None
    clock_wrong: bool = False
    frame: Frame | None = None

    @property
    def works(self) -> bool:
        return self.frame is not None


def ways_of(url: str) -> tuple[Transport, ...]:
    """How it may be asked to send: RTSP in three ways, anything else in its own."""
    return RTSP_WAYS if url.lower().startswith(("rtsp://", "rtsps://")) else ("auto",)


def trial(url: str, way: Transport, *, seconds: float = LOOK_S, open_s: float = _OPEN_S) -> Trial:
    """Look at a camera (or a file) for some seconds."""
    settings = SourceSettings(open_timeout_s=open_s, read_timeout_s=open_s, transport=way, key_wait_s=open_s)
    source = VideoSource(url, settings=settings)
    first, last, error = None, None, ""
    source.start()
    until_s = time.monotonic() + 2 * open_s
    try:
        while time.monotonic() < until_s:
            frame = source.next(0.5)
            if frame is None:
                error = source.status().error
                if error and last is None and source.status().reconnects > 0:
                    break
                continue
            if first is None:
                first, until_s = frame, time.monotonic() + seconds
            last = frame
            if last.t_s - first.t_s >= seconds:
                break
    except EndOfStream:
        pass
    except SourceError as failed:
        error = str(failed)
    finally:
        status = source.status()
        source.stop(timeout_s=open_s)
    named = way if url.lower().startswith("rtsp") else url.partition("://")[0] if "://" in url else "file"
    if first is None or last is None:
        return Trial(named, hide(error or status.error or "sends no picture"))
    span_s = last.t_s - first.t_s
    clock, flags = source.clock.state(last.t_s)
    wrong = "camera_clock_off" in flags
    return Trial(
        named,
        "",
        source.info,
        # by its own count: what a busy box drops on the way to here was sent all the same
        round((last.index - first.index) / span_s, 1) if span_s > 0 else 0.0,
        status.key_interval_s,
        status.corrupt,
        clock.offset_s if clock.source == "camera" else None,
        wrong,
        last,
    )


def told(one: Trial, *, only: bool = True) -> Iterator[Told]:
    """One way in words: what it brought, or why nothing came. `only`: there is no other way, so that is a fault."""
    if not one.works:
        why = one.error.partition(" -> ")[0].rpartition("://")[2].partition(": ")[2] or one.error
        make = fault if only else note
        yield make(f"qua {one.way}: không có hình ({why})", f"over {one.way}: no picture ({why})", *_remedy(one.error))
        return
    info = one.info
    assert info is not None
    key = "?" if one.key_interval_s is None else f"{one.key_interval_s:.1f}"
    yield good(
        f"qua {one.way}: {info.codec} {info.width} x {info.height}, {one.fps:.1f} hình/giây, "
        f"hình chính cách {key} giây",
        f"over {one.way}: {info.codec} {info.width} x {info.height}, {one.fps:.1f} frames a second, a key frame every "
        f"{key} s",
    )


def best_of(trials: Sequence[Trial]) -> Trial | None:
    """The way to be set; None: no way works."""
    working = [one for one in trials if one.works]
    return min(working, key=lambda one: (one.corrupt, one.way != "tcp"), default=None)


def verdict(trials: Sequence[Trial], wanted: Picture | None = None) -> list[Told]:
    """What the best way is worth for a box. `wanted`: the picture that the camera's scene was drawn on."""
    best = best_of(trials)
    if best is None:
        return [
            fault(
                "camera không dùng được",
                "the camera cannot be used",
                "xem địa chỉ, tên và mật khẩu, dây mạng, nguồn",
                "see address, user and password, cable and power",
            )
        ]
    found = [*poor(best), *_size(best, wanted), *_clock(best)]
    level = "tốt" if all(each.level == "good" for each in found) else "dùng được"
    word = "good" if level == "tốt" else "can be used"
    ways = ", ".join(one.way for one in trials if one.works)
    if len(trials) > 1:
        found.append(
            good(
                f"camera {level}: đặt transport: {best.way} (được: {ways})",
                f"camera {word}: set transport: {best.way} (works: {ways})",
            )
        )
    else:
        found.append(good(f"camera {level}", f"camera {word}"))
    return found


def poor(best: Trial) -> Iterator[Told]:
    """What is wrong with a stream that works."""
    assert best.info is not None
    if best.info.codec not in _GOOD_CODECS:
        yield note(
            f"mã hóa {best.info.codec}",
            f"codec {best.info.codec}",
            "đặt camera thành H.264 hoặc H.265",
            "set the camera to H.264 or H.265",
        )
    if best.fps < LEAST_SEEN_FPS:
        yield note(
            f"chỉ {best.fps:.1f} hình/giây, cần {LEAST_SEEN_FPS:.0f}",
            f"only {best.fps:.1f} frames a second, {LEAST_SEEN_FPS:.0f} are needed",
            "đặt camera 12 đến 25 hình/giây, hoặc kiểm tra mạng",
            "set it to 12 to 25 a second, or look at the network",
        )
    if best.key_interval_s is None or best.key_interval_s > _USUAL_KEY_S:
        seen = "?" if best.key_interval_s is None else f"{best.key_interval_s:.1f}"
        make = fault if (best.key_interval_s or 0.0) > MOST_KEY_INTERVAL_S else note
        yield make(
            f"hình chính (I) cách nhau {seen} giây",
            f"a key frame every {seen} s",
            "đặt khoảng cách hình chính là 2 giây",
            "set the key frame (I-frame) interval to 2 s",
        )
    if best.corrupt:
        yield note(
            f"{best.corrupt} hình hỏng",
            f"{best.corrupt} damaged pictures",
            "dùng tcp, kiểm tra dây và bộ chia mạng",
            "use tcp, see cable and switch",
        )


def _size(best: Trial, wanted: Picture | None) -> Iterator[Told]:
    assert best.info is not None
    have = (best.info.width, best.info.height)
    if wanted is None:
        return
    if have == (wanted.width, wanted.height):
        yield good("cỡ hình đúng như sơ đồ", "the picture has the scene's size")
        return
    yield fault(
        f"hình {have[0]} x {have[1]}, sơ đồ vẽ cho {wanted.width} x {wanted.height}",
        f"the picture is {have[0]} x {have[1]}, the scene was drawn for {wanted.width} x {wanted.height}",
        "đặt lại cỡ hình của camera, hoặc vẽ sơ đồ trên hình mới",
        "set the camera to the old size, or draw the scene anew",
    )


def _clock(best: Trial) -> Iterator[Told]:
    if best.way == "file":
        return
    if best.clock_wrong:
        yield note(
            "giờ của camera (RTCP) sai",
            "the camera's clock (RTCP) is wrong",
            "đặt máy chủ NTP trong camera",
            "set its NTP server",
        )
    elif best.clock_off_s is not None:
        yield good(
            f"giờ của camera (RTCP) lệch {best.clock_off_s:+.2f} giây so với hộp",
            f"the camera's clock (RTCP) is {best.clock_off_s:+.2f} s off the box's",
        )
    else:
        yield note(
            "camera không báo giờ (RTCP): lấy giờ lúc hình đến",
            "it tells no time (RTCP): that of arrival is taken",
            "không cần làm gì; có thể bật NTP trong camera",
            "nothing need be done; NTP may be set in the camera",
        )


def _remedy(error: str) -> tuple[str, str]:
    """What to do about an error of the source: its own remedy, and that in Vietnamese where it is a known one."""
    remedy = error.rpartition(" -> ")[2] if " -> " in error else "check address and camera"
    known = (
        ("user or password", "sửa tên và mật khẩu của camera (username, password_file)"),
        ("in time", "xem địa chỉ, dây mạng, nguồn của camera"),
        ("transport", "dùng cách gửi khác (transport)"),
        ("no such video file", "xem lại đường dẫn"),
        ("key frame", "đặt khoảng cách hình chính (I) là 2 giây"),
    )
    return next((vi for en, vi in known if en in error), "xem địa chỉ và camera"), remedy
