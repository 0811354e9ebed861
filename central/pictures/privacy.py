"""The copy of a still that an owner sees: their vehicle as it was, everything and everyone else unrecognisable."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from central.pictures.opening import decode, size_of
from central.pictures.stills import Mark
from evidence.errors import GiaoLoError
from evidence.packet import Box

Pixels = NDArray[np.uint8]


class PictureError(GiaoLoError):
    """A still cannot be decoded."""


_MARK_COLOURS = {
    "line": (190, 30, 200),
    "marking": (0, 200, 255),
    "area": (255, 160, 40),
    "way": (60, 190, 60),
    "sign": (30, 30, 220),
}
"""BGR, as told in the annex: stop line violet, marking yellow, lane, way out or area blue, lawful direction green, sign
red."""
_RING_SHARE = 45
"""The ring around a sign has a radius of a 45th of the picture's width: larger than signs are in pictures that show
them to be read, smaller than what stands beside them."""
CELLS_ACROSS = 40
"""A copy keeps so many cells of detail across: at 1920 pixels a cell is 48, wider than any face or plate beside."""
_STROKE_SHARE = 240
"""A drawn line is a 240th of the picture wide: a third of a millimetre in the annex, to be seen on a print."""
_SMOOTHED_AT = 8
"""The cells are smoothed on a picture this many times smaller: what holds 40 cells loses nothing by it."""
_SAMPLES = 12
"""Samples, of four pixels each, along each side of a cell: of white noise its mean differs by 6 greys at most."""
FRAME_WIDTH_PX = 1280
"""Largest width of a copy: 416 dots an inch in the annex. The vehicle is shown in its full detail by the close-up."""
NEAR_WIDTH_PX = 640
"""Width of a close-up: 78 mm on the paper at 208 dots an inch."""
_NEAR_ROOM = 1.5
"""A close-up is so many times as high as the vehicle's box: a quarter of it on each side."""


def owner_copy(
    jpeg: bytes, keep: Box | None, clear: tuple[Box, ...] = (), *, marks: Sequence[Mark] = (), margin: float = 0.03
) -> bytes:
    """JPEG copy, sharp only inside `keep` (the vehicle) and `clear` (signal heads), all else beyond recognition.

    `marks`: what the act is about; drawn, because paint and lanes do not survive.

    Outside, the picture is first reduced to coarse cells of about 1/40 of its width and then smoothed: unlike a blur,
    that discards the detail instead of spreading it, so nothing can be sharpened back. Without `keep` no part of the
    vehicle stays sharp either. Metadata of the original are not carried over. Raises `PictureError`.
    """
    return _jpeg(_frame(_Sources.opened(jpeg, keep, clear, marks, margin, near=False)[0]))


def owner_copies(
    jpeg: bytes, keep: Box | None, clear: tuple[Box, ...] = (), *, marks: Sequence[Mark] = (), margin: float = 0.03
) -> tuple[bytes, bytes | None]:
    """The copy, and a close-up of the vehicle made like it (None without `keep`). Raises `PictureError`."""
    sources, box = _Sources.opened(jpeg, keep, clear, marks, margin, near=True)
    return _jpeg(_frame(sources)), None if box is None else _jpeg(_near(sources, box))


def coarse(picture: Pixels) -> Pixels:
    """The picture reduced to cells and smoothed, in its own size."""
    height, width = picture.shape[:2]
    return _window(_smooth(picture), (0, 0, width, height), (width, height))


@dataclass(frozen=True)
class _Sources:
    """What a copy is put together from: the original, its smoothed cells, what stays sharp, what is drawn."""

    picture: Pixels
    smooth: Pixels
    sharp: tuple[Box, ...]
    marks: tuple[Mark, ...]

    @classmethod
    def opened(
        cls, jpeg: bytes, keep: Box | None, clear: tuple[Box, ...], marks: Sequence[Mark], margin: float, *, near: bool
    ) -> tuple[_Sources, Box | None]:
        """From a still as it is stored, unfolded no larger than it is shown; and `keep` in pixels of that."""
        times = _reduction(jpeg, keep if near else None)
        keep, *clear_boxes = (None if b is None else _divided(b, times) for b in (keep, *clear))
        drawn = [replace(m, points=tuple((x / times, y / times) for x, y in m.points)) for m in marks]
        boxes = tuple(b for b in clear_boxes if b is not None)
        return cls.of(_decoded(jpeg, times), keep, boxes, drawn, margin), keep

    @classmethod
    def of(
        cls, picture: Pixels, keep: Box | None, clear: tuple[Box, ...], marks: Sequence[Mark], margin: float
    ) -> _Sources:
        boxes = ((keep,) if keep else ()) + clear
        return cls(picture, _smooth(picture), tuple(_padded(b, margin) for b in boxes), tuple(marks))


def _divided(box: Box, times: int) -> Box:
    x1, y1, x2, y2 = box
    return x1 / times, y1 / times, x2 / times, y2 / times


def _reduction(jpeg: bytes, near: Box | None) -> int:
    """How many times smaller a still can be unfolded with no view of it enlarged: the frame, and a close-up of `near`.
    A still of 8 megapixels is four times one of 1080p."""
    size = size_of(jpeg)
    if size is None:
        return 1
    spare = size[0] / FRAME_WIDTH_PX
    if near is not None:
        left, _, right, _ = _around(size, near, NEAR_WIDTH_PX, NEAR_WIDTH_PX * 9 // 16, room=_NEAR_ROOM, least=0.0)
        spare = min(spare, (right - left) / NEAR_WIDTH_PX)
    return next((times for times in (8, 4, 2) if times <= spare), 1)


def _padded(box: Box, margin: float) -> Box:
    x1, y1, x2, y2 = box
    pad_x, pad_y = (x2 - x1) * margin, (y2 - y1) * margin
    return x1 - pad_x, y1 - pad_y, x2 + pad_x, y2 + pad_y


def _smooth(picture: Pixels) -> Pixels:
    """The smoothed cells, `_SMOOTHED_AT` times smaller than the picture."""
    height, width = picture.shape[:2]
    cell = max(8, width // CELLS_ACROSS)
    eighth = (max(1, width // _SMOOTHED_AT), max(1, height // _SMOOTHED_AT))
    apart = max(1, cell // _SAMPLES)
    few = cv2.resize(picture, (max(1, width // apart), max(1, height // apart)), interpolation=cv2.INTER_LINEAR)
    small = cv2.resize(few, (max(1, width // cell), max(1, height // cell)), interpolation=cv2.INTER_AREA)
    cells = cv2.resize(small, eighth, interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.GaussianBlur(cells, (0, 0), cell / 2 / _SMOOTHED_AT), np.uint8)


def _window(smooth: Pixels, rect: Box, size: tuple[int, int]) -> Pixels:
    """The part `rect` (pixels of the original) of the smoothed cells, enlarged to `size`."""
    height, width = smooth.shape[:2]
    left, right = (min(side / _SMOOTHED_AT, width) for side in (rect[0], rect[2]))
    top, bottom = (min(side / _SMOOTHED_AT, height) for side in (rect[1], rect[3]))
    a, b, c, d = math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom)
    # enlarged in whole pixels and then cut, to a pixel of the copy: a third of what moving it by parts of one costs
    scale_x, scale_y = size[0] / (right - left), size[1] / (bottom - top)
    large_size = (math.ceil((c - a) * scale_x), math.ceil((d - b) * scale_y))
    large = cv2.resize(smooth[b:d, a:c], large_size, interpolation=cv2.INTER_LINEAR)
    x, y = int((left - a) * scale_x), int((top - b) * scale_y)
    return np.ascontiguousarray(large[y : y + size[1], x : x + size[0]], np.uint8)


def _frame(sources: _Sources) -> Pixels:
    height, width = sources.picture.shape[:2]
    shown = min(width, FRAME_WIDTH_PX)
    return _compose(sources, (0, 0, width, height), (shown, max(1, round(height * shown / width))))


def _near(sources: _Sources, box: Box) -> Pixels:
    """The vehicle with half its size of surroundings on each side, 16:9."""
    height, width = sources.picture.shape[:2]
    rect = _around((width, height), box, NEAR_WIDTH_PX, NEAR_WIDTH_PX * 9 // 16, room=_NEAR_ROOM, least=0.0)
    return _compose(sources, rect, (NEAR_WIDTH_PX, NEAR_WIDTH_PX * 9 // 16))


def _compose(sources: _Sources, rect: Box, size: tuple[int, int]) -> Pixels:
    """`rect` of the original as a copy of `size`: smoothed cells, the marks over them, and on top what stays sharp."""
    left, top, right, bottom = rect
    scale_x, scale_y = size[0] / (right - left), size[1] / (bottom - top)
    copy = _window(sources.smooth, rect, size)
    for mark in sources.marks:
        _draw(copy, mark, np.array([left, top]), np.array([scale_x, scale_y]))
    full_height, full_width = sources.picture.shape[:2]
    for x1, y1, x2, y2 in sources.sharp:
        a, b = max(0, int(x1), int(left)), max(0, int(y1), int(top))
        c, d = min(full_width, int(x2) + 1, int(right)), min(full_height, int(y2) + 1, int(bottom))
        if a >= c or b >= d:
            continue
        into = [round((a - left) * scale_x), round((b - top) * scale_y), round((c - left) * scale_x),
                round((d - top) * scale_y)]  # fmt: skip
        if into[0] >= into[2] or into[1] >= into[3]:
            continue
        way = cv2.INTER_CUBIC if scale_x > 1 else cv2.INTER_AREA
        part = cv2.resize(sources.picture[b:d, a:c], (into[2] - into[0], into[3] - into[1]), interpolation=way)
        room = copy[max(0, into[1]) : into[3], max(0, into[0]) : into[2]]
        room[:] = part[: room.shape[0], : room.shape[1]]
    return copy


def _draw(copy: Pixels, mark: Mark, origin: NDArray[np.float64], scale: NDArray[np.float64]) -> None:
    """Over the blur only: inside the vehicle's box the picture stays as it was, paint included."""
    points = ((np.array(mark.points) - origin) * scale).round().clip(-30_000, 30_000).astype(np.int32)
    colour, stroke = _MARK_COLOURS[mark.kind], max(2, copy.shape[1] // _STROKE_SHARE)
    if mark.kind == "way":
        cv2.arrowedLine(copy, points[0].tolist(), points[-1].tolist(), colour, stroke, cv2.LINE_AA, tipLength=0.12)
    elif mark.kind == "sign":
        cv2.circle(copy, points[0].tolist(), copy.shape[1] // _RING_SHARE, colour, stroke, cv2.LINE_AA)
    else:
        cv2.polylines(copy, [points], mark.kind == "area", colour, stroke, cv2.LINE_AA)


def _decoded(jpeg: bytes, reduced: int = 1) -> Pixels:
    picture = decode(jpeg, reduced)
    if picture is None:
        raise PictureError("still cannot be decoded", remedy="look at the packet with `giaolo verify`")
    return picture


def _jpeg(picture: Pixels) -> bytes:
    ok, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 85])
    if not ok:
        raise PictureError("copy of the still cannot be encoded")
    return encoded.tobytes()


def thumbnail(jpeg: bytes, box: Box | None, *, width: int = 224, height: int = 126) -> bytes:
    """JPEG of `width` x `height` around the vehicle, with room enough to recognise the place."""
    picture = _decoded(jpeg)
    full_height, full_width = picture.shape[:2]
    left, top, right, bottom = _around(
        (full_width, full_height), box or (0, 0, full_width, full_height), width, height, room=1.6, least=0.3
    )
    cut = picture[int(top) : int(bottom) or 1, int(left) : int(right) or 1]
    return _jpeg(np.asarray(cv2.resize(cut, (width, height), interpolation=cv2.INTER_AREA), np.uint8))


def _around(size: tuple[int, int], box: Box, width: int, height: int, *, room: float, least: float) -> Box:
    """The part around `box` in the shape of width to height: `room` times as large, at least `least` of the height."""
    full_width, full_height = size
    x1, y1, x2, y2 = box
    want_h = min(full_height, max((y2 - y1) * room, (x2 - x1) * room * height / width, full_height * least, 8))
    want_w = min(full_width, want_h * width / height)
    want_h = want_w * height / width
    left = min(max(0.0, (x1 + x2 - want_w) / 2), full_width - want_w)
    top = min(max(0.0, (y1 + y2 - want_h) / 2), max(0.0, full_height - want_h))
    return left, top, left + want_w, top + want_h
