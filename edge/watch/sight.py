"""What can be seen in a camera's pictures, over time and in the pictures of one act."""

from __future__ import annotations

from collections.abc import Callable

from edge.types import ActEvent, Frame, Image
from edge.watch.appearance import AppearanceMargins, AppearanceWatch, Fault, Usual, fault, seen
from edge.watch.registration import Floats, small_grey
from edge.watch.registration_margins import RegistrationMargins
from edge.watch.stillness import StillnessMargins, StillnessWatch
from evidence.wire import PictureState
from zones.schema import Scene


class Sight:
    """One camera.

    Parameters
    ----------
    reference: the grey picture of the same view that faults are measured beside, as far as there is one.
    """

    def __init__(
        self,
        scene: Scene,
        appearance: AppearanceMargins,
        stillness: StillnessMargins,
        registration: RegistrationMargins,
        reference: Callable[[], Floats | None],
    ) -> None:
        self._scene, self._m, self._registration, self._reference = scene, appearance, registration, reference
        self._appearance = AppearanceWatch(appearance)
        self._stillness = StillnessWatch(stillness)
        self._compared: tuple[Floats, Usual] | None = None

    @property
    def fault(self) -> PictureState | None:
        return "frozen" if self._stillness.frozen else self._appearance.fault

    def look(self, frame: Frame, *, asked: bool) -> bool:
        """Returns whether the appearance was looked at; stillness always is."""
        before = self._stillness.frozen
        self._stillness.feed(frame.picture, frame.t_s)
        if not self._appearance.due(frame.t_s, asked=asked):
            return before != self._stillness.frozen
        self._appearance.feed(self._fault(frame.image), frame.t_s)
        return True

    def begin_anew(self) -> None:
        self._appearance.begin_anew()
        self._stillness.begin_anew()

    def against(self, event: ActEvent) -> str:
        """Why an act's own pictures cannot carry it, or "". Without colour only what no lamp decided is told.

        A lens that is blurred blurs all of them: a single picture may be one that was much compressed. An act that has
        no pictures is judged by how the camera is now.
        """
        stills = list(event.stills.values())
        faults = {self._fault(still.image) for still in stills} if stills else {self._appearance.fault}
        times = [event.t_s, *(still.t_s for still in stills)]
        if self._stillness.within(min(times), max(times)):
            return "frozen"
        if len(faults) > 1:
            faults.discard("blurred")
        blind = sorted(str(each) for each in faults - {"grey", None})
        return blind[0] if blind else "grey" if "grey" in faults and by_lamps(event) else ""

    def _fault(self, image: Image) -> Fault | None:
        grey, _ = small_grey(image, self._registration)
        return fault(seen(image, grey, self._scene, self._m), self._usual(), self._m)

    def _usual(self) -> Usual | None:
        """Measured once for each reference."""
        reference = self._reference()
        if reference is None:
            return None
        if self._compared is None or self._compared[0] is not reference:
            self._compared = reference, Usual.of(reference, self._m)
        return self._compared[1]


def by_lamps(event: ActEvent) -> bool:
    """Whether it rests on the colour of a lamp in the picture."""
    return any(lamp.governs and lamp.source == "pixels" for lamp in event.lamps)
