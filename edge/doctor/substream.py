"""A camera's small stream, beside its main one: whether a box can look at it and prove by the other."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from edge.doctor.camera import LOOK_S, Trial, poor, told, trial
from edge.doctor.told import Told, fault, good, note
from edge.health import SUBSTREAM_FAULTS
from edge.judging import Judging
from edge.substream.opening import open_source
from edge.substream.stretched import StretchedPicture
from edge.substream.view import SameView, too_small
from edge.video.ring import PacketRing
from edge.video.source import EndOfStream
from edge.video.source_errors import SourceError
from edge.video.source_status import SourceSettings, Transport
from evidence.addresses import hide
from evidence.wire import SubstreamHealth
from zones.schema import Picture, Scene

_RING_S = 10.0
"""Nothing is cut of it: packets are kept for as long as two key frames may be apart."""


@dataclass(frozen=True)
class Beside:
    """What both streams showed together. `looked`: key pictures of the main one that were held against the small ones,
    `moved`: those about whose time something moved. `error`: why none was."""

    health: SubstreamHealth
    looked: int
    moved: int = 0
    error: str = ""


def examined(
    main: Trial, address: str, small_address: str, scene: Scene | None, judging: Judging, *, way: Transport,
    seconds: float = LOOK_S, open_s: float = 6.0,
) -> Iterator[Told]:  # fmt: skip
    """All that is told of a small stream. `main`: what the main one of `address` brought; `scene`: None where the
    camera has none yet: then it is looked at as a whole."""
    small = trial(small_address, way, seconds=seconds, open_s=open_s)
    if scene is None and main.frame is not None:
        scene = bare_scene(main.frame.picture.width, main.frame.picture.height)
    fit = True
    for line in beside(main, small, scene, judging):
        fit = fit and line.level != "fault"
        yield line
    if fit and scene is not None and main.works:
        yield standing(
            together(address, small_address, scene, judging, way=way, seconds=seconds, open_s=open_s), judging
        )


def bare_scene(width: int, height: int) -> Scene:
    """Of a camera for which nothing is drawn yet."""
    return Scene(schema_version=2, id="camera", picture=Picture(width=width, height=height))


def beside(main: Trial, small: Trial, scene: Scene | None, judging: Judging) -> Iterator[Told]:
    """What is told of the two together; `main` and `small` were looked at one after the other."""
    if not small.works or small.frame is None or small.info is None:
        (line,) = told(small)
        yield replace(
            line,
            vi=f"luồng phụ {line.vi}",
            en=f"substream {line.en}",
            do_vi=f"{line.do_vi}; bật luồng phụ trong camera, hoặc bỏ dòng substream",
            do_en=f"{line.do_en}; switch it on in the camera, or leave the line substream out",
        )
        return
    size = small.frame.picture.width, small.frame.picture.height
    key = "?" if small.key_interval_s is None else f"{small.key_interval_s:.1f}"
    codec = small.info.codec
    yield good(
        f"luồng phụ: {codec} {size[0]} x {size[1]}, {small.fps:.1f} hình/giây, hình chính cách {key} giây",
        f"substream: {codec} {size[0]} x {size[1]}, {small.fps:.1f} frames a second, a key frame every {key} s",
    )
    for line in poor(small):
        yield replace(line, vi=f"luồng phụ: {line.vi}", en=f"substream: {line.en}")
    if scene is None:
        return
    lacks = too_small(scene, size, judging.detector.long_side, judging.substream, judging.region)
    if lacks:
        what, _, remedy = lacks.partition(" -> ")
        yield fault(f"luồng phụ quá nhỏ ({what})", what, f"tăng cỡ luồng phụ trong camera ({remedy})", remedy)
    if main.frame is None:
        return
    picture = main.frame.picture
    view = SameView(scene, judging.substream, judging.picture)
    for number in range(judging.substream.view_looks):
        view.look(picture, StretchedPicture(small.frame.picture, picture.width, picture.height), float(number))
    if view.wrong:
        what, _, remedy = view.wrong.partition(" -> ")
        yield fault(
            "luồng phụ không cùng góc nhìn với luồng chính",
            what,
            "đặt hai luồng của camera cùng một khung hình, không cắt bớt",
            remedy,
        )
    elif view.known:
        yield good("luồng phụ cùng góc nhìn với luồng chính", "substream: the same view as the main stream")
    else:
        yield note(
            "chưa biết luồng phụ có cùng góc nhìn không: hình tối, mờ hoặc khác cỡ sơ đồ",
            "substream: whether it shows the same view is not known: too little to be seen, or not the scene's size",
            "thử lại khi trời sáng, xem cỡ hình của luồng chính",
            "try again by day, see the main stream's size",
        )


def together(
    address: str, small_address: str, scene: Scene, judging: Judging, *, way: Transport, seconds: float, open_s: float,
    enough: int = 4,
) -> Beside:  # fmt: skip
    """Both streams opened as a box opens them, for twice `seconds` of the camera's time at most.

    `enough`: so many measurements after the first that is believed say how well the difference is known.
    """
    settings = SourceSettings(open_timeout_s=open_s, read_timeout_s=open_s, transport=way, key_wait_s=open_s)
    source, film = open_source(
        address, small_address, ring=PacketRing(seconds=_RING_S), scene=scene, numbers=judging, settings=settings
    )
    assert film is not None
    first_s, error, until_s = None, "", time.monotonic() + 2 * open_s
    source.start()
    try:
        while time.monotonic() < until_s:
            frame = source.next(0.5)
            if frame is None:
                continue
            if first_s is None:
                # where a busy box is slow the camera's time counts, and ours only ends what has no end
                first_s, until_s = frame.t_s, time.monotonic() + 4 * seconds
            if film.steadiness.measured_times >= enough or frame.t_s - first_s >= 2 * seconds:
                break
    except EndOfStream:
        pass
    except SourceError as failed:
        error = str(failed)
    finally:
        error = error or source.status().error
        source.stop(timeout_s=open_s)
    s = film.steadiness
    return Beside(s.health, s.looked, s.moved, "" if s.looked else hide(error))


def standing(found: Beside, judging: Judging) -> Told:
    """How the times of both streams stand, in a line; with a remedy where nobody can tell, or where it is unsteady."""
    health, far_s = found.health, judging.substream.far_s
    if health.offset_s is not None and health.residual_s is not None:
        by = f"{health.offset_s:+.2f}", f"{health.residual_s:.2f}"
        vi = f"luồng phụ lệch giờ {by[0]} giây so với luồng chính, đo chắc đến {by[1]} giây"
        en = f"substream: its time is {by[0]} s off the main stream's, measured to {by[1]} s"
        if health.state in SUBSTREAM_FAULTS:
            return note(
                f"{vi}: không ổn định",
                f"{en}: it does not stay so",
                "đặt số hình/giây cố định cho cả hai luồng, xem mạng, hoặc bỏ dòng substream",
                SUBSTREAM_FAULTS[health.state][1],
            )
        return good(vi, en)
    if found.error or not found.looked:
        why = found.error.partition(" -> ")[0] or "no key frame of the main stream came"
        return fault(
            f"hai luồng không mở được cùng lúc ({why})",
            f"both streams cannot be looked at together ({why})",
            "xem camera cho phép bao nhiêu kết nối; đặt khoảng cách hình chính (I) là 2 giây",
            "see how many connections the camera allows; set the key frame (I-frame) interval to 2 s",
        )
    if found.moved < judging.substream.agree:
        return note(
            "chưa đo được luồng phụ lệch giờ bao nhiêu: quá ít chuyển động trong hình",
            "how the substream's time stands to the main stream's is not known: too little moves in the pictures",
            "thử lại khi có xe, lâu hơn (--seconds 30)",
            "try again while vehicles pass, for longer (--seconds 30)",
        )
    return note(
        "không đo được luồng phụ lệch giờ bao nhiêu: có xe chạy, nhưng không hình nào của luồng phụ trong "
        f"{far_s:g} giây khớp hình chính",
        "how the substream's time stands to the main stream's is not known: vehicles pass, but no small picture within "
        f"{far_s:g} s shows what the main one does",
        "khởi động lại camera, đặt số hình/giây cố định cho cả hai luồng; nếu vẫn vậy: bỏ dòng substream",
        "restart the camera, set a constant frame rate for both streams; if it stays so leave the line substream out",
    )
