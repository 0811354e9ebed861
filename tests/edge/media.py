"""Small videos made on the spot."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np


def picture(index: int, width: int = 160, height: int = 96) -> np.ndarray:
    """A moving bar over a gradient: every frame differs from every other."""
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 0] = np.linspace(0, 255, width, dtype=np.uint8)[None, :]
    image[..., 1] = np.linspace(0, 255, height, dtype=np.uint8)[:, None]
    left = index * 3 % (width - 20)
    image[20:60, left : left + 20] = (40, 40, 230)
    return image


def make_video(
    path: Path,
    *,
    frames: int = 150,
    fps: float = 25,
    codec: str = "libx264",
    gop: int = 25,
    b_frames: int = 0,
    options: dict[str, str] | None = None,
) -> Path:
    codec_options = {"g": str(gop), "bf": str(b_frames), "preset": "ultrafast"}
    if codec == "libx265":
        codec_options = {"preset": "ultrafast", "x265-params": f"keyint={gop}:bframes={b_frames}:log-level=none"}
    with av.open(str(path), "w", options=options or {}) as container:
        stream = container.add_stream(codec, rate=Fraction(fps).limit_denominator(1000), options=codec_options)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        for index in range(frames):
            frame = av.VideoFrame.from_ndarray(picture(index), format="bgr24")
            frame.pts = index
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    return path
