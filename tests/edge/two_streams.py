"""A drawn street seen by both streams of one camera: the main one, and a small one with a delay of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from edge.judging import Judging
from edge.perception import OnnxPerception
from edge.pipeline import CameraPipeline
from edge.plate.apart import PlatesApart
from edge.substream.opening import open_source
from edge.substream.source import TwoStreams
from edge.types import ActEvent, Frame, Image
from edge.video.ring import PacketRing
from tests.edge.street import HEIGHT, WIDTH, Route, at_rest, picture, street
from tests.edge.test_pipeline import KnownDetector, KnownPlates
from zones.load import LoadedScene

SEEN = (400, 300)
Spoil = Callable[[float, Image], Image]


def same(t_s: float, image: Image) -> Image:
    return image


def cropped(t_s: float, image: Image) -> Image:
    """Another part of the view."""
    return np.asarray(cv2.resize(image[60:420, 80:560], (WIDTH, HEIGHT)), np.uint8)


def write(
    path: Path, routes: Sequence[Route], lamp: Callable[[float], str], *, seconds: float, fps: float = 10.0,
    size: tuple[int, int] = (WIDTH, HEIGHT), late_s: float = 0.0, spoil: Spoil = same, gop: int = 10, times: int = 1,
) -> Path:  # fmt: skip
    """What a stream of `size` shows. `late_s`: its time zero is so much later in the street's time. `times`: it is
    shown so often, one after the other, and drawn once."""
    options = {"g": str(gop), "bf": "0", "preset": "ultrafast", "crf": "20"}
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1000), options=options)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        packets: list[Any] = []
        for index in range(int(seconds * fps)):
            t_s = index / fps + late_s
            places = [p for route in routes if (p := route(t_s)) is not None]
            image = spoil(t_s, picture(index, places, lamp(t_s), at_rest(t_s)))
            if size != (WIDTH, HEIGHT):
                image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts = index
            packets += stream.encode(frame)
        packets += stream.encode(None)
        base, count = 1 / Fraction(fps).limit_denominator(1000), int(seconds * fps)
        for number in range(count * times):
            shown = packets[number % count]
            packet = av.Packet(bytes(shown))
            packet.stream, packet.time_base, packet.is_keyframe = stream, base, shown.is_keyframe
            packet.pts = packet.dts = number
            packet.duration = 1
            container.mux(packet)
    return path


@dataclass
class Played:
    """`events`: as they came out of the pipeline, and `proven`: with what the main stream gave."""

    frames: list[Frame]
    events: list[ActEvent]
    proven: list[ActEvent]
    source: TwoStreams
    pipeline: CameraPipeline


def opened(main: Path | str, small: Path | str, ring: PacketRing, **settings: object) -> TwoStreams:
    source, film = open_source(main, small, ring=ring, scene=street(), numbers=Judging(), **settings)  # type: ignore[arg-type]
    assert isinstance(source, TwoStreams)
    assert film is source.film
    return source


def play(
    main: Path, small: Path, *, ring: PacketRing | None = None, apart: PlatesApart | None = None,
    before_proof: Callable[[], None] = lambda: None,
) -> Played:  # fmt: skip
    """Both files to their end, and every act proven after it."""
    ring = ring or PacketRing(seconds=60)
    source = opened(main, small, ring)
    perception = OnnxPerception(KnownDetector(), KnownPlates(), {}, Judging(), apart=apart)
    pipeline = perception.pipeline(LoadedScene(street(), "", ""), film=source.film)
    frames, events = [], []
    source.start()
    try:
        for frame in source.frames():
            frames.append(frame)
            events += pipeline.process(frame)
        events += pipeline.finish()
    finally:
        source.stop(5)
    before_proof()
    proven = [event.reading.put(event) for event in events if event.reading is not None]
    return Played(frames, events, proven, source, pipeline)
