"""A decoded picture as the box judges it and the editor shows it: one decoder and one rule for both."""

from __future__ import annotations

import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from evidence.errors import GiaoLoError
from zones.faults import both


class PictureRefused(GiaoLoError):
    """A picture that would be seen otherwise by whoever draws the scene than by the box."""


def upright(frame: VideoFrame, *, where: str) -> None:
    """Look whether it may be used.

    Raises
    ------
    PictureRefused: the video says that it is to be turned for showing (a display matrix). Its clip is kept as the
        camera sent it, so pictures and clip would stand at odds.
    """
    turned = int(frame.rotation) % 360
    if turned:
        raise PictureRefused(
            both(
                f"video phải xoay {turned} độ khi chiếu",
                f"the video is to be turned by {turned} degrees when it is shown",
            ),
            where=where,
            remedy=both(
                "đặt góc xoay ngay trong camera, hoặc chuyển tệp một lần bằng ffmpeg cho thẳng đứng",
                "set the rotation in the camera itself, or convert the file once with ffmpeg so that it is upright",
            ),
        )


def as_shown(frame: VideoFrame, *, where: str) -> NDArray[np.uint8]:
    """`[H, W, 3]` BGR. Of an interlaced picture one field, its lines filled in: two fields show two moments.

    Raises
    ------
    PictureRefused: see `upright`.
    """
    upright(frame, where=where)
    image: NDArray[np.uint8] = frame.to_ndarray(format="bgr24").astype(np.uint8, copy=False)
    if not frame.interlaced_frame:
        return image
    # the field of the even lines: half the height is kept, and no vehicle is in two places
    field = np.ascontiguousarray(image[0::2])
    filled = cv2.resize(field, (image.shape[1], image.shape[0]), interpolation=cv2.INTER_LINEAR)
    return filled.astype(np.uint8, copy=False)
