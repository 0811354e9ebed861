"""What a browser needs to know of a clip: can it play it, and when does each frame begin.

The original file is served as it is. Where a browser cannot decode it, a VP8 copy is made for looking at; the original
stays the evidence and can be downloaded.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import av

from central.pictures.opening import MAX_PIXELS

# What Chromium, Firefox and Safari decode everywhere; H.265 depends on the machine, so it does not count.
_PLAYABLE_CODECS = {"h264", "vp8", "vp9", "av1"}
_PLAYABLE_PIXELS = {"yuv420p", "yuvj420p"}
_PLAYABLE_SUFFIXES = {".mp4", ".m4v", ".webm"}


@dataclass(frozen=True)
class ClipFacts:
    """`frames_s` are the times of the frames since the first one, in seconds of the clip."""

    codec: str
    width: int
    height: int
    playable: bool
    frames_s: tuple[float, ...]


def inspect(data: bytes, name: str) -> ClipFacts | None:
    """Read headers and packet times, decode nothing. None when it is no video we can open."""
    try:
        with av.open(io.BytesIO(data), "r") as container:
            stream = container.streams.video[0]
            base = stream.time_base
            if base is None:
                return None
            times = sorted(
                float(p.pts * base) for p in container.demux(stream) if p.pts is not None and not p.is_discard
            )
            context = stream.codec_context
            if context.width * context.height > MAX_PIXELS:
                return None  # no camera's video: nobody decodes it here
            codec, pixels = context.name, context.pix_fmt
            playable = (
                _codec_family(codec) in _PLAYABLE_CODECS
                and pixels in _PLAYABLE_PIXELS
                and Path(name).suffix in _PLAYABLE_SUFFIXES
            )
            first = times[0] if times else 0.0
            return ClipFacts(codec, context.width, context.height, playable, tuple(t - first for t in times))
    except (av.FFmpegError, IndexError, ValueError):
        return None


def _codec_family(name: str) -> str:
    return {"libdav1d": "av1", "libvpx-vp9": "vp9", "libvpx": "vp8"}.get(name, name)


def playable_copy(data: bytes) -> bytes:
    """A WebM (VP8) copy for looking at. Raises `av.FFmpegError` when the clip cannot be decoded."""
    made = io.BytesIO()
    with av.open(io.BytesIO(data), "r") as source, av.open(made, "w", format="webm") as sink:
        video = source.streams.video[0]
        if video.codec_context.width * video.codec_context.height > MAX_PIXELS:
            raise av.InvalidDataError(0, "the video is larger than any camera's")
        out = sink.add_stream("libvpx", rate=video.average_rate or 25)
        out.width, out.height, out.pix_fmt = video.codec_context.width, video.codec_context.height, "yuv420p"
        out.options = {"deadline": "realtime", "cpu-used": "8", "crf": "12", "b": "4M"}
        out.time_base = video.time_base
        first: int | None = None
        for frame in source.decode(video):
            if frame.pts is None:
                continue
            first = frame.pts if first is None else first
            picture = frame.reformat(format="yuv420p")
            picture.pts, picture.time_base = frame.pts - first, video.time_base
            sink.mux(out.encode(picture))
        sink.mux(out.encode(None))
    return made.getvalue()
