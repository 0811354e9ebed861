"""Pictures of packets are opened here and nowhere else: the header first, then, if that is sane, the picture.

A megabyte of PNG can unfold into gigabytes. So a picture is only decoded when its own header, read without unfolding
anything, names a size that a camera has; and only JPEG and PNG are, which is what boxes write: decoders of other
formats have headers that nobody looked at.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from evidence.errors import PacketError
from evidence.packet import FileRole, SealedManifest
from evidence.part import Part

MAX_PIXELS = 50_000_000
"""Larger than any traffic camera (8K has 33 million); 150 MB unfolded."""
_KINDS = {b"\xff\xd8": JpegImageFile, b"\x89PNG\r\n\x1a\n": PngImageFile}
_MAGIC_BYTES = 16
_WHOLE_FRAMES: tuple[FileRole, ...] = ("still_before", "still_on", "still_after")
_CUTTINGS: tuple[FileRole, ...] = ("plate_crop", "vehicle_crop")


def size_of(data: bytes | Part) -> tuple[int, int] | None:
    """`(width, height)` as the header says, nothing unfolded; None for what is no JPEG or PNG."""
    part = Part.whole(data) if isinstance(data, bytes) else data
    begins = part.at(0, _MAGIC_BYTES)
    kind = next((kind for magic, kind in _KINDS.items() if begins.startswith(magic)), None)
    if kind is None:
        return None
    try:
        with kind(part.opened()) as picture:
            return int(picture.size[0]), int(picture.size[1])
    except (OSError, ValueError, SyntaxError, EOFError, struct.error, IndexError):
        return None


_REDUCED = {
    1: cv2.IMREAD_COLOR, 2: cv2.IMREAD_REDUCED_COLOR_2, 4: cv2.IMREAD_REDUCED_COLOR_4, 8: cv2.IMREAD_REDUCED_COLOR_8,
}  # fmt: skip


def decode(data: bytes, reduced: int = 1) -> NDArray[np.uint8] | None:
    """`[H, W, 3]` BGR; None for what cannot be decoded or is larger than a camera's picture.

    `reduced`: 1, 2, 4 or 8 times smaller on each side, which a JPEG is unfolded to at once.
    """
    size = size_of(data)
    if size is None or size[0] * size[1] > MAX_PIXELS:
        return None
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), _REDUCED[reduced])
    return None if picture is None else np.asarray(picture, np.uint8)


def check_pictures(manifest: SealedManifest, files: Mapping[str, Part]) -> None:
    """Raise `PacketError` for a picture that is not of the size that the manifest names, or larger than cameras are.

    Stills are whole frames, crops are cut from them. What is no picture at all is left for people to see.
    """
    # packet-v1 step 35: pictures of the camera's size
    width, height = manifest.camera.width, manifest.camera.height
    for entry in manifest.files:
        size = size_of(files[entry.name])  # whatever its name and role say that it is
        if size is None:
            continue
        if size[0] * size[1] > MAX_PIXELS:
            raise PacketError(f"is a picture of {size[0]} x {size[1]}: no camera makes that", where=entry.name)
        whole, cut = entry.role in _WHOLE_FRAMES, entry.role in _CUTTINGS
        if (whole and size != (width, height)) or (cut and (size[0] > width or size[1] > height)):
            raise PacketError(
                f"is a picture of {size[0]} x {size[1]}, the camera's are {width} x {height}", where=entry.name
            )
