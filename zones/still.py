"""One still from a picture or a video, to draw a scene on, and the drawn picture back to a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from evidence.addresses import shown_address
from evidence.errors import GiaoLoError


class StillError(GiaoLoError):
    """No still can be had from a file, or the drawing cannot be written."""


def read_still(source: Path, at_s: float = 0.0) -> NDArray[Any]:
    """`[H, W, 3]` BGR: a picture file as it is; of a video the frame shown at `at_s` seconds.

    Raises
    ------
    StillError: the file is missing, neither picture nor video, or the video ends before `at_s`.
    """
    if not source.is_file():
        raise StillError("there is no such file", where=shown_address(str(source)), remedy="give a picture or a video")
    picture = cv2.imdecode(np.fromfile(source, dtype=np.uint8), cv2.IMREAD_COLOR) if source.stat().st_size else None
    if picture is not None:
        return picture
    video = cv2.VideoCapture(str(source))
    try:
        if not video.isOpened():
            raise StillError(
                "neither a picture nor a video",
                where=shown_address(str(source)),
                remedy="give a PNG, JPEG or video file",
            )
        rate = video.get(cv2.CAP_PROP_FPS) or 25.0
        # frame by frame: seeking to a time lands on key frames in some containers
        passed = 0
        while passed < round(at_s * rate) and video.grab():
            passed += 1
        seen, frame = video.read()
    finally:
        video.release()
    if not seen and not passed:
        raise StillError(
            "neither a picture nor a video", where=shown_address(str(source)), remedy="give a PNG, JPEG or video file"
        )
    if not seen:
        raise StillError(
            f"the video has no frame at {at_s:g} s", where=shown_address(str(source)), remedy="choose an earlier time"
        )
    return frame


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
        raise StillError(f"{target.suffix!r} is no picture format", where=str(target), remedy="use .png or .jpg")
    try:
        target.write_bytes(data.tobytes())
    except OSError as error:
        raise StillError(
            f"cannot be written: {error.strerror}", where=str(target), remedy="check folder and rights"
        ) from error
