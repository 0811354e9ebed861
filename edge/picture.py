"""One picture of a camera, of which only what is asked for is made: a part in colour, its brightness, a smaller copy.

A decoder gives brightness and colours apart, the colours at half the size. Most of a picture is never wanted in any
other form, and a picture that nobody looks at in none.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from zones.picture import as_shown, upright

Image = NDArray[np.uint8]
_PLANAR = ("yuv420p", "yuvj420p")
"""What cameras send. Any other form is made into a whole picture at once."""
_FEW = 2
"""More parts cost more than the whole, of which they are then cut: 0.06 to 0.3 ms each beside 0.6 ms (1080p; measured
27 November 2026)."""
_DARK, _LIGHT = 16, 235
"""Black and white in a video of limited range (ITU-R BT.601 and BT.709)."""


class Picture(Protocol):
    """`part` and `scaled` take a rectangle in pixels that lies in the picture: x1, y1, x2, y2, the last two
    left out."""

    @property
    def width(self) -> int: ...

    @property
    def height(self) -> int: ...

    def image(self) -> Image:
        """The whole, `[height, width, 3]` BGR; not to be written to."""
        ...

    def part(self, x1: int, y1: int, x2: int, y2: int) -> Image:
        """That rectangle of `image()`; not to be written to."""
        ...

    def light_rows(self, start: int, step: int) -> Image:
        """Every `step`-th row from `start` on, to be compared with that of another picture."""
        ...

    def sparse_light(self, step: int) -> Image:
        """Brightness of every `step`-th pixel of every `step`-th row."""
        ...

    def scaled(self, x1: int, y1: int, x2: int, y2: int, width: int, height: int) -> Image:
        """That rectangle made `[height, width, 3]` BGR, each pixel the mean of those it stands for."""
        ...


class BgrPicture:
    """A picture whose pixels are there: drawn, or of a form that is made whole at once."""

    def __init__(self, image: Image) -> None:
        self._image = image
        self.height, self.width = image.shape[:2]

    def image(self) -> Image:
        return self._image

    def part(self, x1: int, y1: int, x2: int, y2: int) -> Image:
        return self._image[y1:y2, x1:x2]

    def light_rows(self, start: int, step: int) -> Image:
        return self._image[start::step].copy()

    def sparse_light(self, step: int) -> Image:
        return _uint8(cv2.cvtColor(np.ascontiguousarray(self._image[::step, ::step]), cv2.COLOR_BGR2GRAY))

    def scaled(self, x1: int, y1: int, x2: int, y2: int, width: int, height: int) -> Image:
        smaller = width < x2 - x1
        method = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
        return _uint8(cv2.resize(self._image[y1:y2, x1:x2], (width, height), interpolation=method))


@dataclass(frozen=True)
class PlaneForm:
    """How brightness and colours are to be read: the pixel format, and its standard and range as the stream says."""

    name: str
    colorspace: int
    color_range: int


class DecodedPicture:
    """A picture as the decoder gave it. Its colours are made when they are asked for, by the decoder's own library."""

    def __init__(self, frame: VideoFrame) -> None:
        self._frame = frame
        self.width, self.height = frame.width, frame.height
        self._whole: Image | None = None
        self._parts = 0
        self._full_range = frame.format.name == "yuvj420p" or int(frame.color_range) == _FULL_RANGE

    def image(self) -> Image:
        if self._whole is None:
            # by one thread, as cameras share the cores; the same pixels as `zones.picture.as_shown`
            made = _scaler().reformat(self._frame, format="bgr24", threads=1)
            whole = np.ascontiguousarray(_plane(made, 0, 3 * self.width)).reshape(self.height, self.width, 3)
            whole.setflags(write=False)
            self._whole = whole
        return self._whole

    @property
    def planes(self) -> tuple[Image, Image, Image]:
        """Brightness, and the two colours at half the size; not to be written to."""
        half = (self.width + 1) // 2
        return _plane(self._frame, 0, self.width), _plane(self._frame, 1, half), _plane(self._frame, 2, half)

    @property
    def form(self) -> PlaneForm:
        return PlaneForm(self._frame.format.name, int(self._frame.colorspace), int(self._frame.color_range))

    @classmethod
    def of_planes(cls, planes: Sequence[Image], form: PlaneForm) -> DecodedPicture:
        """The picture whose `planes` and `form` these are."""
        height, width = planes[0].shape
        frame = VideoFrame(width, height, form.name)
        frame.colorspace, frame.color_range = form.colorspace, form.color_range
        for number, plane in enumerate(planes):
            there = frame.planes[number]
            rows = np.frombuffer(memoryview(there), np.uint8).reshape(-1, there.line_size)
            rows[: plane.shape[0], : plane.shape[1]] = plane
        return cls(frame)

    def part(self, x1: int, y1: int, x2: int, y2: int) -> Image:
        self._parts += 1
        if self._whole is not None or self._parts > _FEW:
            return self.image()[y1:y2, x1:x2]
        # colours lie at every second pixel: a part that begins between two of them would be coloured otherwise
        left, top = x1 // 2 * 2, y1 // 2 * 2
        right, bottom = min(x2 + x2 % 2, self.width), min(y2 + y2 % 2, self.height)
        if (right - left) % 2 or (bottom - top) % 2 or right <= left or bottom <= top:
            return self.image()[y1:y2, x1:x2]  # a picture of odd size, at its edge
        made = _scaler().reformat(self._cropped(left, top, right, bottom), format="bgr24", threads=1)
        part = _plane(made, 0, 3 * (right - left)).reshape(bottom - top, right - left, 3)
        return part[y1 - top : y2 - top, x1 - left : x2 - left]

    def light_rows(self, start: int, step: int) -> Image:
        return _plane(self._frame, 0, self.width)[start::step].copy()

    def sparse_light(self, step: int) -> Image:
        return self._full(_plane(self._frame, 0, self.width)[::step, ::step])

    def scaled(self, x1: int, y1: int, x2: int, y2: int, width: int, height: int) -> Image:
        if (x1, y1, x2, y2) == (0, 0, self.width, self.height):
            frame = self._frame
        elif any(edge % 2 for edge in (x1, y1, x2, y2)):
            return BgrPicture(self.part(x1, y1, x2, y2)).scaled(0, 0, x2 - x1, y2 - y1, width, height)
        else:
            frame = self._cropped(x1, y1, x2, y2)
        method = "AREA" if width < x2 - x1 else "BILINEAR"
        made = _scaler().reformat(frame, width, height, "gbrp", interpolation=method, threads=1)
        green, blue, red = (_plane(made, number, width) for number in range(3))
        return np.stack([blue, green, red]).transpose(1, 2, 0)

    def _cropped(self, x1: int, y1: int, x2: int, y2: int) -> VideoFrame:
        """The rectangle, whose edges are even, as a frame of its own."""
        light = _plane(self._frame, 0, self.width)[y1:y2, x1:x2]
        colours = [
            _plane(self._frame, number, (self.width + 1) // 2)[y1 // 2 : y2 // 2, x1 // 2 : x2 // 2]
            for number in (1, 2)
        ]
        height, width = y2 - y1, x2 - x1
        joined = np.concatenate([light.reshape(-1), *(plane.reshape(-1) for plane in colours)])
        cropped = VideoFrame.from_ndarray(joined.reshape(height * 3 // 2, width), format=self._frame.format.name)
        cropped.colorspace, cropped.color_range = self._frame.colorspace, self._frame.color_range
        return cropped

    def _full(self, light: Image) -> Image:
        """Brightness from black 0 to white 255."""
        return np.ascontiguousarray(light) if self._full_range else _uint8(cv2.LUT(np.ascontiguousarray(light), _FULL))


_FULL_RANGE = 2
_FULL = np.clip(np.round((np.arange(256) - _DARK) * 255.0 / (_LIGHT - _DARK)), 0, 255).astype(np.uint8)
_scalers = threading.local()


def picture_of(frame: VideoFrame, *, where: str) -> Picture:
    """Raises `PictureRefused` for one that is to be turned for showing. Of an interlaced picture one field is taken."""
    upright(frame, where=where)
    if frame.format.name not in _PLANAR or frame.interlaced_frame:
        image = as_shown(frame, where=where)
        image.setflags(write=False)
        return BgrPicture(image)
    return DecodedPicture(frame)


def _scaler() -> VideoReformatter:
    """One a thread: it remembers the last size."""
    if not hasattr(_scalers, "it"):
        _scalers.it = VideoReformatter()
    scaler: VideoReformatter = _scalers.it
    return scaler


def _plane(frame: VideoFrame, number: int, row_bytes: int) -> Image:
    plane = frame.planes[number]
    return np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: plane.height, :row_bytes]


def _uint8(image: object) -> Image:
    return np.asarray(image, np.uint8)
