"""A small picture in the place of a large one: whoever asks it asks in the large one's pixels."""

from __future__ import annotations

import cv2
import numpy as np

from edge.picture import Image, Picture


class StretchedPicture:
    """`small`, of a second stream, as a picture of `width` by `height` pixels: the same view, and no more to see.

    Across and down are stretched apart, for a small stream often has another shape (704 x 576 of a 16:9 view).
    """

    def __init__(self, small: Picture, width: int, height: int) -> None:
        self.small, self.width, self.height = small, width, height
        self._x, self._y = small.width / width, small.height / height

    def image(self) -> Image:
        return stretched(self.small.image(), self.width, self.height)

    def part(self, x1: int, y1: int, x2: int, y2: int) -> Image:
        crop, left, top = self.small_part(x1, y1, x2, y2)
        # the middle of each pixel to where it lies in the crop
        onto = np.array(
            [
                [self._x, 0, (x1 + 0.5) * self._x - 0.5 - left],
                [0, self._y, (y1 + 0.5) * self._y - 0.5 - top],
            ]
        )
        how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        made = cv2.warpAffine(
            np.ascontiguousarray(crop), onto, (x2 - x1, y2 - y1), flags=how, borderMode=cv2.BORDER_REPLICATE
        )
        return np.asarray(made, np.uint8)

    def small_part(self, x1: int, y1: int, x2: int, y2: int) -> tuple[Image, int, int]:
        """The same rectangle in the small picture's own pixels, and a pixel more around; and where its corner lies."""
        small = self.small
        left, top = max(int(x1 * self._x) - 1, 0), max(int(y1 * self._y) - 1, 0)
        right = min(int(np.ceil(x2 * self._x)) + 1, small.width)
        bottom = min(int(np.ceil(y2 * self._y)) + 1, small.height)
        return small.part(left, top, right, bottom), left, top

    def light_rows(self, start: int, step: int) -> Image:
        # no row twice: rows of one small picture are compared with those of the next
        return self.small.light_rows(int(start * self._y), max(1, round(step * self._y)))

    def sparse_light(self, step: int) -> Image:
        light = self.small.sparse_light(1)
        rows = (np.arange(0, self.height, step) * self._y).astype(np.intp)
        columns = (np.arange(0, self.width, step) * self._x).astype(np.intp)
        return np.ascontiguousarray(light[rows[:, None], columns])

    def scaled(self, x1: int, y1: int, x2: int, y2: int, width: int, height: int) -> Image:
        if (x1, y1, x2, y2) == (0, 0, self.width, self.height):
            return self.small.scaled(0, 0, self.small.width, self.small.height, width, height)
        small = self.small
        left, top = int(x1 * self._x) // 2 * 2, int(y1 * self._y) // 2 * 2
        right = min(int(np.ceil(x2 * self._x / 2)) * 2, small.width)
        bottom = min(int(np.ceil(y2 * self._y / 2)) * 2, small.height)
        # whole pixels of the small picture, made as fine as is asked, and of that the part: half a pixel off at most
        fine_x, fine_y = width / ((x2 - x1) * self._x), height / ((y2 - y1) * self._y)
        wide, high = max(round((right - left) * fine_x), width), max(round((bottom - top) * fine_y), height)
        made = small.scaled(left, top, right, bottom, wide, high)
        at_x = min(round((x1 * self._x - left) * fine_x), wide - width)
        at_y = min(round((y1 * self._y - top) * fine_y), high - height)
        return made[at_y : at_y + height, at_x : at_x + width]


def stretched(image: Image, width: int, height: int) -> Image:
    """`[h, w, 3]` made `[height, width, 3]`."""
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
