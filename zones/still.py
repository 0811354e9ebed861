"""One still from a picture or a video, to draw a scene on, and the drawn picture back to a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from evidence.addresses import shown_address
from evidence.errors import GiaoLoError
from zones.faults import both
from zones.picture import as_shown

MOST_SPREAD, SPREAD_S = 5, 12.0
"""A signal shows red and green within a minute nearly everywhere; five stills are looked through at once."""


class StillError(GiaoLoError):
    """No still can be had from a file, or the drawing cannot be written."""


def read_still(source: Path, at_s: float = 0.0) -> NDArray[Any]:
    """`[H, W, 3]` BGR: a picture file as it is; of a video the frame shown at `at_s` seconds.

    Raises
    ------
    StillError: the file is missing, neither picture nor video, or the video ends before `at_s`.
    PictureRefused: the box would refuse the video too.
    """
    picture = _read_picture(source)
    if picture is not None:
        return picture
    where = shown_address(str(source))
    none = StillError(
        both("không phải ảnh cũng không phải video", "neither a picture nor a video"),
        where=where,
        remedy=both("đưa một tệp PNG, JPEG hoặc video", "give a PNG, JPEG or video file"),
    )
    try:
        with av.open(str(source)) as container:
            if not container.streams.video:
                raise none
            stream = container.streams.video[0]
            rate = float(stream.average_rate or stream.guessed_rate or 25)
            wanted, seen = round(at_s * rate), -1
            # frame by frame: seeking to a time lands on key frames in some containers
            for seen, frame in enumerate(container.decode(stream)):
                if seen == wanted:
                    return as_shown(frame, where=where)
    except av.FFmpegError as error:
        raise none from error
    if seen < 0:
        raise none
    raise StillError(
        both(f"video không có hình ở giây {at_s:g}", f"the video has no frame at {at_s:g} s"),
        where=where,
        remedy=both("chọn thời điểm sớm hơn", "choose an earlier time"),
    )


def spread_stills(source: Path) -> list[tuple[str, NDArray[Any]]]:
    """Of a video up to `MOST_SPREAD` stills with their names, `SPREAD_S` apart or more: so that the lamps show more
    than one colour without anybody having to know when. Key frames alone are decoded, so it takes a moment only.

    Raises
    ------
    As `read_still`.
    """
    found: list[tuple[str, NDArray[Any]]] = []
    where = shown_address(str(source))
    try:
        with av.open(str(source)) as container:
            stream = container.streams.video[0]
            begin_s = float((stream.start_time or 0) * (stream.time_base or 0))
            stream.codec_context.skip_frame = "NONKEY"
            for frame in container.decode(stream):
                at = (frame.time or 0.0) - begin_s
                if at >= len(found) * SPREAD_S:
                    found.append((f"{source.name} {at:.0f} s", as_shown(frame, where=where)))
                if len(found) == MOST_SPREAD:
                    break
    except (av.FFmpegError, IndexError):
        found = []
    return found or [(f"{source.name} 0 s", read_still(source))]


def _read_picture(source: Path) -> NDArray[Any] | None:
    """None: it is no picture, so perhaps a video."""
    if not source.is_file():
        raise StillError(
            both("không có tệp này", "there is no such file"),
            where=shown_address(str(source)),
            remedy=both("đưa một ảnh hoặc một video", "give a picture or a video"),
        )
    return cv2.imdecode(np.fromfile(source, dtype=np.uint8), cv2.IMREAD_COLOR) if source.stat().st_size else None


def first_video(sources: Sequence[Path]) -> Path | None:
    """The first that is no picture. Raises `StillError` for one that is missing."""
    return next((source for source in sources if _read_picture(source) is None), None)


def read_stills(sources: Sequence[Path], at_s: Sequence[float] = ()) -> list[tuple[str, NDArray[Any]]]:
    """Several stills of one camera with their names: each picture, and of each video its frames at these seconds;
    with no second given, some spread over it.

    Raises
    ------
    StillError: as `read_still`, or they are not of one size.
    """
    found: list[tuple[str, NDArray[Any]]] = []
    for source in sources:
        picture = _read_picture(source)
        if picture is not None:
            found.append((source.name, picture))
        elif at_s:
            found += [(f"{source.name} {at:g} s", read_still(source, at)) for at in at_s]
        else:
            found += spread_stills(source)
    sizes = {f"{picture.shape[1]} x {picture.shape[0]}" for _, picture in found}
    if len(sizes) > 1:
        listed = ", ".join(sorted(sizes))
        raise StillError(
            both(f"các ảnh khác kích thước nhau: {listed}", f"the stills are of different sizes: {listed}"),
            remedy=both(
                "đưa ảnh của cùng một camera, đủ kích thước", "give stills of one camera, all in its full size"
            ),
        )
    return found


def write_picture(target: Path, picture: NDArray[Any]) -> None:
    """Write `[H, W, 3]` BGR in the format of the file's ending.

    Raises
    ------
    StillError: an ending that is no picture format, or a place where nothing can be written.
    """
    try:
        done, data = cv2.imencode(target.suffix or ".png", picture)
    except cv2.error:
        done = False
    if not done:
        raise StillError(
            both(f"{target.suffix!r} không phải định dạng ảnh", f"{target.suffix!r} is no picture format"),
            where=str(target),
            remedy=both("dùng .png hoặc .jpg", "use .png or .jpg"),
        )
    try:
        target.write_bytes(data.tobytes())
    except OSError as error:
        raise StillError(
            both(f"không ghi được: {error.strerror}", f"cannot be written: {error.strerror}"),
            where=str(target),
            remedy=both("kiểm tra thư mục và quyền", "check folder and rights"),
        ) from error
