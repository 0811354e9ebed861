"""The numbers by which a small stream is believed to show what the main one shows, and when."""

from __future__ import annotations

from dataclasses import dataclass

from common.margins import margin

_DRAWN = "measured on the clips that ship, made small to 960 x 540 and 640 x 360 (docs/capacity.md)"


@dataclass(frozen=True)
class SubstreamMargins:
    """Grey levels are of pictures made 240 wide."""

    moves: float = margin(
        12.0, "grey levels", "what changes by so much within the time looked at moves; less is noise of the encoder",
        source=_DRAWN, most=255.0,
    )  # fmt: skip
    least_moving: int = margin(
        24, "pixels of 240 x 135", "where less moves any picture of that time is right", source=_DRAWN, least=1,
    )  # fmt: skip
    alike: float = margin(
        6.0, "grey levels", "of what moves two pictures of one moment differ by no more on the average",
        source=_DRAWN, most=255.0,
    )  # fmt: skip
    unlike: float = margin(
        0.5, "share of the difference at other moments", "or they differ by so much less than at other moments",
        source=_DRAWN, most=1.0,
    )  # fmt: skip
    as_good: float = margin(
        1.5, "grey levels", "pictures whose difference is within so much of the least are as much alike: noise tells "
        "them apart, and no movement", source=_DRAWN, most=255.0,
    )  # fmt: skip
    reach_s: float = margin(
        0.4, "s", "the picture of a moment is sought so far around where the streams' known difference puts it",
        source="several pictures either way at any rate of 8 a second or more; the difference itself is followed",
    )  # fmt: skip
    far_s: float = margin(
        2.5, "s", "the same while that difference is not known",
        source="cameras send one stream up to a second later; what arrives first after opening may be 1 s old "
        "(FFmpeg's server on this machine), and half a second of network",
    )  # fmt: skip
    near_s: float = margin(
        0.12, "s", "measured differences that lie so near each other are one: a picture either way at ten a second",
        source="geometry of two rates",
    )  # fmt: skip
    agree: int = margin(
        2, "measurements", "so many near each other are believed at the start", source="one may be chance", least=1,
    )  # fmt: skip
    followed: int = margin(
        9, "measurements", "the middle of so many is the difference now; one comes with each key frame in which "
        "something moves", source="twenty seconds at a key frame every two", least=1,
    )  # fmt: skip
    slew_s: float = margin(
        0.02, "s", "the line of time is moved by no more at once: tracks go on over it",
        source="a car at 50 km/h moves 0.3 m in the time, less than a box trembles",
    )  # fmt: skip
    still_apart_s: float = margin(
        0.15, "s", "a main picture taken so far from the moment seen shows another: it does not prove it",
        source="a picture and a half at ten a second; a car at 50 km/h moves by 2 m",
    )  # fmt: skip
    view_looks: int = margin(
        3, "looks", "the middle of so many says whether both streams show one view", source="one may be of a gust",
        least=1,
    )  # fmt: skip
    view_alike: float = margin(
        0.7, "correlation", "pictures made 240 wide that are so much alike are no other view, though too little stands "
        "out in the small one to be measured: night, fog, a poor encoder", source=_DRAWN, most=1.0,
    )  # fmt: skip
    view_every_s: float = margin(
        30.0, "s", "so often that is looked at, once it is known", source="whoever sets a camera up sees it at once",
    )  # fmt: skip
    wait_s: float = margin(
        4.0, "s", "so long the main stream's pictures of an act are waited for", source="twice the most by which "
        "one stream comes later, and room for a slow network",
    )  # fmt: skip
    least_lens_px: float = margin(
        2.0, "pixels of the small stream", "a lens that is smaller there cannot be read", source=_DRAWN,
    )  # fmt: skip
    least_share: float = margin(
        0.6, "pixels of the small stream for one that the detector is given",
        "with fewer the detector finds less than it does in the main stream", source=_DRAWN, most=1.0,
    )  # fmt: skip
