"""Pictures that wait for an act, nearly lossless: in the form in which they came, so that no colours are made of them.

A decoded picture keeps its brightness and its two colours apart, the colours at half the size. Each is kept as a grey
JPEG of its own: half the samples of a picture in colours, nothing converted, and what comes back is nearer to what the
camera sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.picture import DecodedPicture, Image, Picture, PlaneForm

_QUALITY = [cv2.IMWRITE_JPEG_QUALITY, 98]
_COLOURS = [*_QUALITY, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
_Bytes = NDArray[np.uint8]


class Kept(Protocol):
    """A picture that waits."""

    def image(self) -> Image:
        """`[height, width, 3]` BGR."""
        ...


@dataclass(frozen=True, eq=False)
class _Pixels:
    data: _Bytes

    def image(self) -> Image:
        return cast(Image, cv2.imdecode(self.data, cv2.IMREAD_COLOR))


@dataclass(frozen=True, eq=False)
class _Planes:
    planes: tuple[_Bytes, ...]
    form: PlaneForm

    def image(self) -> Image:
        planes = [cast(Image, cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)) for data in self.planes]
        return DecodedPicture.of_planes(planes, self.form).image()


def kept(picture: Picture) -> Kept | None:
    """None where it cannot be kept."""
    if not isinstance(picture, DecodedPicture):
        done, data = cv2.imencode(".jpg", picture.image(), _COLOURS)
        return _Pixels(cast(_Bytes, data)) if done else None
    encoded = [cv2.imencode(".jpg", plane, _QUALITY) for plane in picture.planes]
    if not all(done for done, _ in encoded):
        return None
    return _Planes(tuple(cast(_Bytes, data) for _, data in encoded), picture.form)
