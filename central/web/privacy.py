"""The copy of a still that an owner sees: their vehicle as it was, everything and everyone else unrecognisable."""

from __future__ import annotations

import cv2
import numpy as np

from central.pictures import decode
from evidence.errors import GiaoLoError
from evidence.packet import Box


class PictureError(GiaoLoError):
    """A still cannot be decoded."""


_LINE = (190, 30, 200)


def owner_copy(
    jpeg: bytes, keep: Box | None, clear: tuple[Box, ...] = (), *, lines: tuple[str, ...] = (), margin: float = 0.03
) -> bytes:
    """JPEG copy, sharp only inside `keep` (the vehicle) and `clear` (signal heads), all else beyond recognition.

    `lines`: stop lines as SVG point lists; drawn, because the paint itself does not survive.

    Outside, the picture is first reduced to coarse cells of about 1/40 of its width and then smoothed: unlike a blur,
    that discards the detail instead of spreading it, so nothing can be sharpened back. Without `keep` no part of the
    vehicle stays sharp either. Metadata of the original are not carried over.
    """
    picture = decode(jpeg)
    if picture is None:
        raise PictureError("still cannot be decoded", remedy="look at the packet with `giaolo verify`")
    height, width = picture.shape[:2]
    cell = max(8, width // 40)
    small = cv2.resize(picture, (max(1, width // cell), max(1, height // cell)), interpolation=cv2.INTER_AREA)
    coarse = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    copy = cv2.GaussianBlur(coarse, (0, 0), cell / 2)
    for line in lines:
        points = np.array([[float(v) for v in point.split(",")] for point in line.split()]).round().astype(np.int32)
        cv2.polylines(copy, [points], False, _LINE, max(2, width // 400), cv2.LINE_AA)
    for box in ((keep,) if keep else ()) + clear:
        x1, y1, x2, y2 = box
        pad_x, pad_y = (x2 - x1) * margin, (y2 - y1) * margin
        left, top = max(0, int(x1 - pad_x)), max(0, int(y1 - pad_y))
        right, bottom = min(width, int(x2 + pad_x) + 1), min(height, int(y2 + pad_y) + 1)
        copy[top:bottom, left:right] = picture[top:bottom, left:right]
    ok, encoded = cv2.imencode(".jpg", copy, [cv2.IMWRITE_JPEG_QUALITY, 85])
    if not ok:
        raise PictureError("copy of the still cannot be encoded")
    return encoded.tobytes()


def thumbnail(jpeg: bytes, box: Box | None, *, width: int = 224, height: int = 126) -> bytes:
    """JPEG of `width` x `height` around the vehicle, with room enough to recognise the place."""
    picture = decode(jpeg)
    if picture is None:
        raise PictureError("still cannot be decoded", remedy="look at the packet with `giaolo verify`")
    full_height, full_width = picture.shape[:2]
    x1, y1, x2, y2 = box or (0, 0, full_width, full_height)
    want_h = min(full_height, max((y2 - y1) * 1.6, (x2 - x1) * 1.6 * height / width, full_height * 0.3))
    want_w = min(full_width, want_h * width / height)
    want_h = want_w * height / width
    left = min(max(0.0, (x1 + x2 - want_w) / 2), full_width - want_w)
    top = min(max(0.0, (y1 + y2 - want_h) / 2), max(0.0, full_height - want_h))
    cut = picture[int(top) : int(top + want_h) or 1, int(left) : int(left + want_w) or 1]
    ok, encoded = cv2.imencode(".jpg", cv2.resize(cut, (width, height), interpolation=cv2.INTER_AREA))
    if not ok:
        raise PictureError("thumbnail cannot be encoded")
    return encoded.tobytes()
