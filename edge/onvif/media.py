"""What a camera tells of its streams, by either version of its media service: only Media2 tells of H.265. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from xml.sax.saxutils import escape

from edge.onvif.envelope import MEDIA1, MEDIA2, SCHEMA
from edge.onvif.faults import line_of
from edge.onvif.markup import Element

MOST_PROFILES = 64
"""Of a recorder with 32 cameras."""
_CODECS = {"jpeg": "mjpeg", "mjpeg": "mjpeg", "h264": "h264", "h265": "hevc", "hevc": "hevc", "mpeg4": "mpeg4",
           "mpv4-es": "mpeg4"}  # fmt: skip
"""Names of Media1 and Media2 (of IANA's media types) in those of `StreamInfo.codec`."""


@dataclass(frozen=True)
class Profile:
    """One stream that a camera can send.

    `source`: which of its lenses; `codec`: as in `StreamInfo`; `fps`, `kbps`: what it sends at most; `gop`: pictures
    from a key frame to the next. None: it did not tell. `url`: on the host that was reached, "" where none can be used;
    `inner_host`: the host that it told where that is another one; `secret`: its address holds user or password.
    """

    token: str
    name: str
    source: str
    codec: str
    width: int
    height: int
    fps: float | None = None
    kbps: int | None = None
    gop: int | None = None
    url: str = ""
    inner_host: str = ""
    secret: bool = False

    @property
    def shown(self) -> str:
        """Its name, or what it has for one."""
        return self.name or line_of(self.token)

    @property
    def key_interval_s(self) -> float | None:
        """Of MJPEG each picture stands for itself."""
        if not self.fps:
            return None
        return 1.0 / self.fps if self.codec == "mjpeg" else self.gop / self.fps if self.gop else None


@dataclass(frozen=True)
class Service:
    """A version of the media service: what is asked of it, and how its answers are read.

    `uri_questions`: for a stream's address by its token, the next where a camera refuses one: over TCP first, and some
    know UDP only. The address is the same; how it is sent is agreed upon by RTSP.
    """

    name: str
    namespace: str
    profiles_question: str
    uri_questions: Callable[[str], tuple[str, ...]]
    read: Callable[[Element], list[Profile]]
    uri: Callable[[Element], str]


def profiles_2(answered: Element) -> list[Profile]:
    """Of `GetProfilesResponse`, Media2: those that send video."""
    found = []
    for each in answered.every("Profiles"):
        encoder = each.first("Configurations", "VideoEncoder")
        if encoder is not None:
            gop = _number(encoder.attributes.get("GovLength", ""))
            source = each.value("Configurations", "VideoSource", "SourceToken")
            found.append(_profile(each, encoder, source, _number(encoder.value("RateControl", "FrameRateLimit")), gop))
    return found[:MOST_PROFILES]


def profiles_1(answered: Element) -> list[Profile]:
    """Of `GetProfilesResponse`, Media1: those that send video."""
    found = []
    for each in answered.every("Profiles"):
        encoder = each.first("VideoEncoderConfiguration")
        if encoder is not None:
            gop = _number(encoder.value("H264", "GovLength")) or _number(encoder.value("MPEG4", "GovLength"))
            source = each.value("VideoSourceConfiguration", "SourceToken")
            fps = _number(encoder.value("RateControl", "FrameRateLimit"))
            every = _number(encoder.value("RateControl", "EncodingInterval")) or 1.0
            found.append(_profile(each, encoder, source, None if fps is None else fps / max(1.0, every), gop))
    return found[:MOST_PROFILES]


def _profile(each: Element, encoder: Element, source: str, fps: float | None, gop: float | None) -> Profile:
    codec = encoder.value("Encoding").lower()
    kbps = _number(encoder.value("RateControl", "BitrateLimit"))
    return Profile(
        # it is sent back as it came
        token=each.attributes.get("token", ""),
        name=line_of(each.value("Name")),
        source=line_of(source),
        codec=_CODECS.get(codec, line_of(codec)),
        width=int(_number(encoder.value("Resolution", "Width")) or 0),
        height=int(_number(encoder.value("Resolution", "Height")) or 0),
        fps=fps,
        kbps=None if kbps is None else int(kbps),
        gop=None if gop is None else int(gop),
    )


def _number(text: str) -> float | None:
    """Positive and finite; None for anything else: cameras write 0 and -1 for "not set"."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and 0 < value < 1e9 else None


def _uris_2(token: str) -> tuple[str, ...]:
    return tuple(
        f'<GetStreamUri xmlns="{MEDIA2}"><Protocol>{way}</Protocol>'
        f"<ProfileToken>{escape(token)}</ProfileToken></GetStreamUri>"
        for way in ("RTSP", "RtspUnicast")
    )


def _uris_1(token: str) -> tuple[str, ...]:
    return tuple(
        f'<GetStreamUri xmlns="{MEDIA1}"><StreamSetup><Stream xmlns="{SCHEMA}">RTP-Unicast</Stream>'
        f'<Transport xmlns="{SCHEMA}"><Protocol>{way}</Protocol></Transport></StreamSetup>'
        f"<ProfileToken>{escape(token)}</ProfileToken></GetStreamUri>"
        for way in ("RTSP", "UDP")
    )


SERVICES = (
    Service(
        "media2",
        MEDIA2,
        f'<GetProfiles xmlns="{MEDIA2}"><Type>VideoSource</Type><Type>VideoEncoder</Type></GetProfiles>',
        _uris_2,
        profiles_2,
        lambda answered: answered.value("Uri"),
    ),
    Service(
        "media1",
        MEDIA1,
        f'<GetProfiles xmlns="{MEDIA1}"/>',
        _uris_1,
        profiles_1,
        lambda answered: answered.value("MediaUri", "Uri"),
    ),
)
"""In the order in which they are asked."""
