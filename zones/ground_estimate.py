"""The road plane from what is known of the road and of those who drive on it: a proposal with its doubt. Pure.

Two kinds of evidence, either or both: edges with a known distance that a technician marks (lanes, crosswalks, stripes:
`zones.marked_edges`), and vehicles that drove by, whose sizes are known by their class (`zones.vehicle_sizes`). Least
squares over both finds the camera; what neither tells is held by what cameras over roads are like, as doubt.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zones.faults import both
from zones.marked_edges import MARKED_PX, WORST_RMS_PX, KnownGap, MarkedEdges
from zones.road_camera import (
    CAMERA_MEAN,
    CAMERA_SPREAD,
    Floats,
    GroundEstimate,
    GroundUnknown,
    best_fit,
    mapped,
    picture_to_road,
    road_to_picture,
    slopes,
    starts,
    strangeness,
)
from zones.schema import GroundPlane, Picture
from zones.vehicle_sizes import LEAST_VEHICLES, Sighting, VehicleSizes

_USUAL = 2.0
"""Standard deviations: of twenty cameras one is stranger."""
__all__ = ["GroundEstimate", "GroundUnknown", "KnownGap", "Sighting", "estimate_ground"]


def estimate_ground(
    picture: Picture, gaps: Sequence[KnownGap] = (), sightings: Sequence[Sighting] = ()
) -> GroundEstimate:
    """The plane on which all gaps have their metres, and vehicles their sizes, best.

    Raises
    ------
    GroundUnknown: nothing that runs along the road is marked and too few vehicles were seen, or what was marked or seen
    contradicts itself.
    """
    sizes, edges = VehicleSizes(picture, sightings), MarkedEdges(picture, gaps)
    enough = sizes.vehicles >= LEAST_VEHICLES
    if sightings and not enough and not gaps:
        what = both(
            f"mới thấy {sizes.vehicles} xe đi hết đường, cần {LEAST_VEHICLES}",
            f"{sizes.vehicles} vehicles were seen to drive by, {LEAST_VEHICLES} are needed",
        )
        remedy = both("dùng đoạn phim dài hơn, hoặc đánh dấu mép làn", "take a longer film, or mark edges of a lane")
        raise GroundUnknown(what, where="ground", remedy=remedy)
    if not enough and not any(gap.way == "along" for gap in gaps):
        what = both("chưa đánh dấu gì dọc theo đường", "nothing along the road is marked")
        remedy = both("đánh dấu hai mép một làn và ghi bề rộng", "mark both edges of a lane, and its width")
        raise GroundUnknown(what, where="ground", remedy=remedy)
    edges.check()
    known = _Known(picture, edges, sizes)
    try:
        best, cost = best_fit(known, [known.start(camera) for camera in starts()])
        rms = edges.rms_px(*known.parts(best)[:2]) if gaps else sizes.rms_px(best[:5], known.parts(best)[2])
        fits = sizes.misfit(best[:5], known.parts(best)[2])
        if not np.isfinite(cost) or (gaps and not rms <= WORST_RMS_PX) or not fits.believable:
            raise _contradiction()
        # a camera that is like none says that something was measured otherwise than it is
        strange = strangeness(best[:5]) if enough else 0.0
        blame = max(
            1.0, (rms / MARKED_PX) ** 2 if gaps else 0.0, fits.variance, strange**2 if strange > _USUAL else 0.0
        )
        return _told(picture, known, best, rms, blame)
    except np.linalg.LinAlgError as error:
        raise _contradiction() from error


def _contradiction() -> GroundUnknown:
    what = both("không mặt đường phẳng nào khớp mọi dấu", "no flat road fits all that was marked and seen")
    remedy = both(
        "xem lại các mép đã nhấp và số mét giữa chúng", "check which edges were clicked, and the metres between them"
    )
    return GroundUnknown(what, where="ground", remedy=remedy)


class _Known:
    """Residuals of a state: five numbers of the camera, where the first edge of each gap lies, and how much larger
    than usual the vehicles of each class are here."""

    def __init__(self, picture: Picture, edges: MarkedEdges, sizes: VehicleSizes) -> None:
        self._picture, self._edges, self._sizes = picture, edges, sizes
        self.points = np.concatenate([edges.marked, sizes.feet])
        """`[N, 2]` pixels on the road that were marked or driven on."""

    def start(self, camera: Floats) -> Floats:
        return np.concatenate([camera, self._edges.start(camera), np.zeros(self._sizes.unknowns)])

    def parts(self, state: Floats) -> tuple[Floats, Floats, Floats]:
        edges = 5 + self._edges.unknowns
        return state[:5], state[5:edges], state[edges:]

    def __call__(self, state: Floats) -> Floats:
        camera, offsets, larger = self.parts(state)
        return np.concatenate([
            self._edges.in_pixels(camera, offsets) / MARKED_PX,
            self._sizes.deviations(camera, larger),
            (camera - CAMERA_MEAN) / CAMERA_SPREAD,
        ])  # fmt: skip


def _told(picture: Picture, known: _Known, state: Floats, rms: float, blame: float) -> GroundEstimate:
    """The rectangle that spans what was marked and seen and lies in the picture, and how sure its metres are."""
    matrix = road_to_picture(picture, state[:5])
    places = mapped(picture_to_road(picture, state[:5]), known.points)
    low, high = places.min(axis=0), places.max(axis=0)
    middle, half = (low + high) / 2, (high - low) / 2
    for share in np.arange(1.0, 0.05, -0.05):
        (x0, y0), (x1, y1) = middle - share * half, middle + share * half
        corners = mapped(matrix, [(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
        inside = np.all((corners >= 0) & (corners <= (picture.width, picture.height)))
        if inside:
            break
    else:
        raise _contradiction()

    def lengths(numbers: Floats) -> Floats:
        back = picture_to_road(picture, numbers[:5])
        ends = mapped(back, [(corners[0] + corners[3]) / 2, (corners[1] + corners[2]) / 2, *corners])
        near, far = (ends[2] + ends[3]) / 2, (ends[4] + ends[5]) / 2
        return np.log([np.hypot(*(ends[1] - ends[0])), np.hypot(*(far - near))])

    steep = slopes(known, state)
    spread = np.linalg.pinv(steep.T @ steep) * blame
    gain = slopes(lengths, state)
    across, along = np.sqrt(np.diag(gain @ spread @ gain.T))
    width, length = round(float(x1 - x0), 2), round(float(y1 - y0), 2)
    pixels = tuple((round(float(x), 1), round(float(y), 1)) for x, y in corners)
    metres = ((0.0, 0.0), (width, 0.0), (width, length), (0.0, length))
    plane = GroundPlane.model_validate({"pixels": pixels, "metres": metres})
    return GroundEstimate(plane, float(across), float(along), rms, float(np.exp(state[4])))
