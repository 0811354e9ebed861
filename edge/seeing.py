"""What a camera's worker asks of what sees: the networks of the box, and the pipeline of one camera."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from edge.explain.why_not import WhyNot
from edge.judging import Judging
from edge.signals.controller import LampFeed
from edge.substream.film import MainFilm
from edge.types import ActEvent, Frame, SeenPicture
from edge.watch.picture import PictureWatch
from evidence.wire import HeadHealth
from zones.load import LoadedScene


class Pipeline(Protocol):
    """Frames of one camera in order; acts come out."""

    def process(self, frame: Frame) -> list[ActEvent]: ...

    def finish(self) -> list[ActEvent]: ...

    @property
    def heads(self) -> Sequence[HeadHealth]:
        """How the signal heads are, as of a moment ago; asked from another thread."""
        ...

    @property
    def why_not(self) -> WhyNot:
        """The vehicles that were not reported; asked from another thread."""
        ...

    @property
    def passed(self) -> int:
        """Vehicles that have driven by so far, with an act or without."""
        ...

    def seen(self) -> SeenPicture:
        """What was seen in the picture looked at last."""
        ...


class Perception(Protocol):
    """The networks, loaded once for all cameras."""

    @property
    def digests(self) -> Mapping[str, str]:
        """SHA-256 of each weight file in use."""
        ...

    @property
    def judging(self) -> Judging:
        """The numbers by which what they see is judged."""
        ...

    def pipeline(
        self, scene: LoadedScene, watch: PictureWatch, *, feed: LampFeed | None = None, film: MainFilm | None = None
    ) -> Pipeline:
        """`watch`: of the camera's picture; it outlives the pipeline. `feed`: of the controller, if one tells. `film`:
        the main stream, where frames are of a small one."""
        ...
