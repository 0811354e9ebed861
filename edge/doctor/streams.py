"""Which of a camera's streams is for evidence and which is enough for seeing, by what a box needs. Pure.

The limits are those by which a running box judges itself (looking, health) and a scene is advised; they stand here by
their names only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from common.margins import margin
from countries.here import HERE
from edge.config import CameraConfig
from edge.health import LEAST_SEEN_FPS, MOST_KEY_INTERVAL_S
from edge.onvif.media import Profile
from edge.video.margins import ClockMargins
from models.detector_margins import DetectorMargins
from zones.advice import LEAST_PLATE_PX

_RING = {name: float(CameraConfig.model_fields[name].default) for name in ("ring_seconds", "ring_mib")}


@dataclass(frozen=True)
class StreamMargins:
    """What is asked of a stream before a camera is configured."""

    lane_m: float = margin(
        3.5, "m", "a picture in which not even one lane's plates could be read is no evidence", source="a lane's width"
    )
    lanes: int = margin(
        2, "lanes", "fewer than an approach of a junction has: a camera that shows less is worth another size",
        source="the junctions of docs/simulation.md have two lanes an approach or more", least=1,
    )  # fmt: skip
    plate_px: float = margin(
        LEAST_PLATE_PX, "pixels", "a motorcycle's plate that is narrower is not read",
        source="zones.advice.LEAST_PLATE_PX",
    )  # fmt: skip
    least_fps: float = margin(
        LEAST_SEEN_FPS, "frames a second", "with fewer acts are missed and flagged", source="LookingMargins.least_fps"
    )
    good_fps: float = margin(
        12.0, "frames a second", "with fewer nothing is left where a picture is lost",
        source="docs/simulation.md: at 25 frames a second no more is found than at 12.5",
    )  # fmt: skip
    most_key_interval_s: float = margin(
        MOST_KEY_INTERVAL_S, "s", "a clip begins at a key frame, and a camera that comes back is blind for as long",
        source="edge.health.MOST_KEY_INTERVAL_S",
    )  # fmt: skip
    good_key_interval_s: float = margin(
        2.5, "s", "two seconds are what is advised, and cameras round", source="`giaolo edge test-camera`"
    )
    seeing_px: float = margin(
        DetectorMargins().long_side, "pixels", "the detector's own input: a smaller picture shows it less",
        source="DetectorMargins.long_side",
    )  # fmt: skip
    shape: float = margin(
        0.02, "of width by height", "streams of another shape show another part of the road, or stretch it",
        source="sizes of cameras are rounded to 8 or 16 pixels: 704 x 396, 640 x 352", most=1.0,
    )  # fmt: skip
    clock_off_s: float = margin(
        ClockMargins().max_offset_s + 0.5, "s", "a camera's clock that is off by more makes acts doubtful",
        source="ClockMargins.max_offset_s, and half of the whole seconds in which ONVIF tells the time",
    )  # fmt: skip


Lack = Literal["address", "secret", "codec", "mjpeg", "size", "width", "fps", "key", "ring", "source", "shape"]


@dataclass(frozen=True)
class Found:
    """One thing that was judged. `value` and `limit` in its unit: pixels, frames a second, seconds, MiB."""

    lack: Lack
    value: float | None = None
    limit: float | None = None


@dataclass(frozen=True)
class Judged:
    """A stream held against what evidence needs: `unfit`, each a reason not to take it; `poor`: it can be used, and
    what should be set in the camera."""

    profile: Profile
    unfit: tuple[Found, ...] = ()
    poor: tuple[Found, ...] = ()


@dataclass(frozen=True)
class Choice:
    """Of one lens. `evidence`: the stream that is advised, None where none is fit; `judged`: all, the advised first;
    `seeing`: the smallest that would do beside it, None where none would; `ring_mib`: of the configuration, None where
    the default is enough."""

    source: str
    evidence: Judged | None
    judged: tuple[Judged, ...]
    seeing: Profile | None
    ring_mib: int | None = None
    not_seeing: tuple[tuple[Profile, tuple[Found, ...]], ...] = field(default=())


def choose(profiles: Sequence[Profile], m: StreamMargins) -> list[Choice]:
    """One choice for each lens that the profiles name, in their order."""
    sources = list(dict.fromkeys(each.source for each in profiles))
    return [_of_source(source, [each for each in profiles if each.source == source], m) for source in sources]


def road_m(width_px: float, m: StreamMargins) -> float:
    """How wide a piece of road a picture may show at most with a motorcycle's plate still readable in it."""
    return width_px * HERE.plate_width_m["motorcycle"] / m.plate_px


def _of_source(source: str, profiles: Sequence[Profile], m: StreamMargins) -> Choice:
    judged = sorted((judge(each, m) for each in profiles), key=_worth)
    best = judged[0] if judged and not judged[0].unfit else None
    if best is None:
        return Choice(source, None, tuple(judged), None)
    others = [(each.profile, tuple(_not_for_seeing(each.profile, best.profile, m))) for each in judged[1:]]
    fit = [profile for profile, lacks in others if not lacks]
    needed = _ring_mib(best.profile)
    return Choice(
        source,
        best,
        tuple(judged),
        min(fit, key=lambda each: (each.width * each.height, each.codec != "h264", each.kbps or 0), default=None),
        needed if needed is not None and needed > _RING["ring_mib"] else None,
        tuple((profile, lacks) for profile, lacks in others if lacks),
    )


def judge(profile: Profile, m: StreamMargins) -> Judged:
    """For evidence. What a camera does not tell is held against nothing: `giaolo edge test-camera` measures it."""
    unfit: list[Found] = []
    poor: list[Found] = []
    if not profile.url:
        unfit.append(Found("secret" if profile.secret else "address"))
    if profile.codec not in ("h264", "hevc", "mjpeg"):
        unfit.append(Found("codec"))
    if not profile.width or not profile.height:
        unfit.append(Found("size"))
    else:
        road = road_m(profile.width, m)
        if road < m.lane_m:
            unfit.append(Found("width", profile.width, _width_px(m.lane_m, m)))
        elif road < m.lane_m * m.lanes:
            poor.append(Found("width", profile.width, _width_px(m.lane_m * m.lanes, m)))
    if profile.fps is not None and profile.fps < m.good_fps:
        (unfit if profile.fps < m.least_fps else poor).append(Found("fps", profile.fps, m.least_fps))
    key_s = profile.key_interval_s
    if key_s is not None and key_s > m.good_key_interval_s:
        (unfit if key_s > m.most_key_interval_s else poor).append(Found("key", key_s, m.most_key_interval_s))
    if profile.codec == "mjpeg":
        poor.append(Found("mjpeg"))
    needed = _ring_mib(profile)
    if needed is not None and needed > _RING["ring_mib"]:
        poor.append(Found("ring", needed, _RING["ring_mib"]))
    return Judged(profile, tuple(unfit), tuple(poor))


def _worth(each: Judged) -> tuple[object, ...]:
    """The least is the best: what can be used, H.264 or H.265 before pictures one by one, then the most pixels, then
    what need not be set, then what every browser plays."""
    profile = each.profile
    return (
        len(each.unfit),
        profile.codec not in ("h264", "hevc"),
        -profile.width * profile.height,
        len(each.poor),
        profile.codec != "h264",
        -(profile.fps or 0.0),
        -(profile.kbps or 0),
        profile.token,
    )


def _not_for_seeing(profile: Profile, evidence: Profile, m: StreamMargins) -> Iterator[Found]:
    """Why a stream would not do beside the one for evidence."""
    if not profile.url:
        yield Found("secret" if profile.secret else "address")
    if profile.codec not in ("h264", "hevc", "mjpeg"):
        yield Found("codec")
    if not profile.width or not profile.height:
        yield Found("size")
        return
    if profile.width * profile.height >= evidence.width * evidence.height:
        yield Found("size", profile.width, evidence.width)
    if max(profile.width, profile.height) < m.seeing_px:
        yield Found("width", profile.width, m.seeing_px)
    if profile.fps is not None and profile.fps < m.least_fps:
        yield Found("fps", profile.fps, m.least_fps)
    key_s = profile.key_interval_s
    if key_s is not None and key_s > m.most_key_interval_s:
        yield Found("key", key_s, m.most_key_interval_s)
    ours, other = profile.width / profile.height, evidence.width / evidence.height
    if abs(ours / other - 1.0) > m.shape:
        yield Found("shape", ours, other)


def _width_px(metres: float, m: StreamMargins) -> float:
    return metres * m.plate_px / HERE.plate_width_m["motorcycle"]


def _ring_mib(profile: Profile) -> int | None:
    """What the video of a clip's time takes in memory, with a tenth for what a camera sends above its limit."""
    if profile.kbps is None:
        return None
    return int(profile.kbps * 1000 / 8 * _RING["ring_seconds"] * 1.1 / 2**20) + 1
