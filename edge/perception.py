"""The networks of a box, loaded once and shared by all its cameras."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from common.stopwatch import UNTIMED, Stopwatch
from edge.explain.why_not import WhyNot
from edge.judging import Judging
from edge.pipeline import CameraPipeline
from edge.plate.apart import PlatesApart
from edge.plate.in_view import PlatePerception
from edge.signals.controller import LampFeed
from edge.signals.pixels import HeadReader
from edge.substream.film import MainFilm
from edge.substream.proof import Proof
from edge.substream.seen import SeenStills, SeenViews
from edge.watch.picture import PictureWatch
from models import manifest
from models.detector import Detector, load_detector
from models.line_reader import load_plate_reader
from models.plate_finder import PlateFinder, load_plate_finder
from models.plates import Corners, PlateBox, PlateReader, PlateReading
from models.runtime import DEFAULT_THREADS
from models.slot_reader import load_slot_reader
from zones.load import LoadedScene

TURNS_S = 0.0005
"""So long a thread may go on before it lets the next one take the interpreter, where cameras share it. With Python's
0.005 s a thread that comes back from a network, a decoder or OpenCV waits for as long as a whole look spends in Python:
one core rests while eight cameras queue."""
_PLATE_MODELS = ("plate-finder", "plate-corners", "plate-reader", "plate-slots")


@dataclass(frozen=True)
class Plates:
    """Finder and readers, shared by all cameras."""

    finder: PlateFinder
    readers: Sequence[PlateReader]

    def find(self, crop_bgr: NDArray[np.uint8]) -> list[PlateBox]:
        return self.finder.find(crop_bgr)

    def read(self, plate_bgr: NDArray[np.uint8], corners: Corners | None = None) -> list[PlateReading]:
        return [reader.read(plate_bgr, corners) for reader in self.readers]


class OnnxPerception:
    """The project's networks and the margins by which what they see is judged.

    `digests`: SHA-256 of each weight file. `apart`: see `CameraPipeline`.
    """

    def __init__(
        self,
        detector: Detector,
        plates: PlatePerception,
        digests: Mapping[str, str],
        judging: Judging,
        *,
        apart: PlatesApart | None = None,
        stopwatch: Stopwatch = UNTIMED,
    ) -> None:
        self._stopwatch, self._apart = stopwatch, apart
        self.detector, self.plates, self.judging = detector, plates, judging
        self.digests: Mapping[str, str] = dict(digests)

    def pipeline(
        self,
        scene: LoadedScene,
        watch: PictureWatch | None = None,
        why_not: WhyNot | None = None,
        feed: LampFeed | None = None,
        film: MainFilm | None = None,
    ) -> CameraPipeline:
        judging = self.judging
        proof = None
        if film is not None:
            stills, views = SeenStills(film), SeenViews(film, judging.plate_views, judging.association)
            proof = Proof(
                film,
                stills,
                views,
                readers={head.id: HeadReader(head, judging.lamps) for head in scene.scene.signals},
                crop_margin=judging.events.crop_margin,
                views_read=judging.plates.read.views_read,
                apart=self._apart,
                stopwatch=self._stopwatch,
            )
        return CameraPipeline(
            scene.scene,
            self.detector,
            self.plates,
            judging=judging,
            feed=feed,
            stills=None if proof is None else stills,
            views=None if proof is None else views,
            proof=proof,
            watch=watch,
            why_not=why_not,
            stopwatch=self._stopwatch,
            apart=self._apart,
        )


def open_perception(
    *,
    threads: int = DEFAULT_THREADS,
    size: str = "nano",
    judging: Judging | None = None,
    several: bool = False,
    stopwatch: Stopwatch = UNTIMED,
) -> OnnxPerception:
    """Load detector, plate finder and plate readers. Raises `ModelError` if a file is missing or altered.

    `several`: for cameras that share the cores. Plates are then read apart from them; else at once, in the caller's
    thread, so that a file gives the same packets each time.
    """
    judging = judging or Judging()
    if several:
        sys.setswitchinterval(TURNS_S)
    cv2.setNumThreads(1)  # its threads only wait for each other: every picture is small, and cameras share the cores
    detector = load_detector(size=size, threads=threads, margins=judging.detector, stopwatch=stopwatch)
    readers = (
        load_plate_reader(threads=threads, margins=judging.line_reader, geometry=judging.plate_geometry),
        load_slot_reader(threads=threads, margins=judging.slot_reader),
    )
    plates = Plates(load_plate_finder(threads=threads, margins=judging.plate_finder), readers)
    digests = manifest.digests((manifest.detector_id(size), *_PLATE_MODELS))
    apart = PlatesApart() if several else None
    return OnnxPerception(detector, plates, digests, judging, apart=apart, stopwatch=stopwatch)
