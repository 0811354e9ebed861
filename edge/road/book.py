"""The measurements of the tracks that are alive, and each track as the rules see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.margins import margin
from edge.road.columns import BOX, CONTACT, HELD, TIME
from edge.road.in_the_way import InTheWay, InTheWayMargins, Moving
from edge.road.measuring import Measured, SceneGeometry
from edge.road.rows import Places, Rows, lane_run, line_run, stripe_run
from edge.road.stays import StayMargins, Stays
from edge.road.steady import Lie, Steadied
from edge.road.trajectory import Trajectory
from edge.road.vehicles import BUILDS, VehicleBuild
from edge.tracks.track import Observation, Track
from evidence.acts import VehicleClass
from zones.facts import areas
from zones.geometry import bottom_centres

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class BookMargins:
    """How the way just driven is told."""

    way_s: float = margin(
        0.5,
        "s",
        "the way since so long ago is the direction in which a vehicle looks: long enough to outweigh the trembling of "
        "a box, short enough to follow a turn",
        source="tuned on the simulation, November 2026; no better source",
    )


class TrajectoryBook:
    """Keeps the measurements of the tracks alive."""

    def __init__(
        self,
        geometry: SceneGeometry,
        classes: Sequence[VehicleClass],
        *,
        builds: Mapping[VehicleClass, VehicleBuild] = BUILDS,
        margins: BookMargins = BookMargins(),
        stays: StayMargins | None = None,
        in_the_way: InTheWayMargins | None = None,
    ) -> None:
        self.geometry = geometry
        kerbs = {area.id: np.asarray(area.polygon, float) for area in areas(geometry.scene, "kerbside")}
        self.stays = Stays(kerbs, geometry.ground, stays or StayMargins())
        self._in_the_way = InTheWay(in_the_way or InTheWayMargins())
        self._classes = classes
        self._builds = builds
        self._margins = margins
        self._places = Places(geometry)
        self._rows: dict[int, Rows] = {}
        self._steadied = Steadied(geometry.cuts_off)

    def lies(self, frame: int, lie: Lie | None) -> None:
        """How the picture of a frame lies beside the scene, where that is known to swing. Before `add`."""
        self._steadied.note(frame, lie)

    def add(self, seen: Sequence[Track]) -> None:
        """Measure what is new of the tracks seen in this frame (a new track brings its first observations along)."""
        fresh: list[tuple[Rows, Observation]] = []
        whose: list[Track] = []
        builds: list[VehicleBuild] = []
        for track in seen:
            if track.id not in self._rows:
                self._rows[track.id] = Rows(self._places, self.geometry.hidden_wheels())
            rows = self._rows[track.id]
            known = rows.observations[-1].frame if rows.observations else -1
            old = len(track.observations)
            while old and track.observations[old - 1].frame > known:
                old -= 1
            fresh += [(rows, o) for o in track.observations[old:]]
            whose += [track] * (len(track.observations) - old)
            builds += [self._builds[self._classes[track.class_index]]] * (len(track.observations) - old)
            rows.forget_before(track.observations[0].frame)
        if fresh:
            table = self._measure(fresh, builds, [track.id for track in whose])
            if self.stays.areas:
                self._note_stays(whose, fresh, table)

    def _note_stays(self, whose: Sequence[Track], fresh: Sequence[tuple[Rows, Observation]], table: Floats) -> None:
        in_order = sorted(zip(whose, fresh, table, strict=True), key=lambda each: each[1][1].t_s)
        for track, (_, raw), row in in_order:
            (seen,) = self._steadied.all([raw])
            inside = frozenset(name for name in self.stays.areas if row[self._places.area_columns[name]] > 0)
            self.stays.add(track.id, self._classes[track.class_index], seen, inside)

    def _measure(
        self, fresh: Sequence[tuple[Rows, Observation]], builds: Sequence[VehicleBuild], tracks: Sequence[int]
    ) -> Floats:
        steady = self._steadied.all([o for _, o in fresh])
        found = [rows.wheels.of(o, build) for (rows, _), o, build in zip(fresh, steady, builds, strict=True)]
        seen = np.array([o.box for o in steady])
        boxes = np.column_stack([seen[:, :3], [contact.row for contact in found]])
        contacts = bottom_centres(boxes)
        ways = self._ways(fresh, contacts)
        sheet = self.geometry.measure(
            Measured(
                boxes,
                seen[:, 3],
                np.array([contact.highest for contact in found]),
                np.array([contact.lowest for contact in found]),
                np.array([build.widest_m for build in builds]),
                ways,
            )
        )
        sheet.put(TIME, t_s=np.array([o.t_s for _, o in fresh]))
        sheet.put(BOX, x1=seen[:, 0], y1=seen[:, 1], x2=seen[:, 2], y2=seen[:, 3])
        sheet.put(CONTACT, x=contacts[:, 0], y=contacts[:, 1])
        sheet.put(HELD, by_another=self._held(fresh, builds, tracks, contacts, ways, sheet.table))
        for (rows, observation), row in zip(fresh, sheet.table, strict=True):
            rows.append(observation, row)
            rows.exits.update(name for name, column in self._places.exit_columns.items() if row[column])
        return sheet.table

    def _ways(self, fresh: Sequence[tuple[Rows, Observation]], contacts: Floats) -> Floats:
        """`[N, 2]` metres from where each vehicle was a moment ago to where it is now."""
        ground = self.geometry.ground
        if ground is None:
            return np.full((len(fresh), 2), np.nan)
        before = np.array([rows.before(o.t_s, self._margins.way_s) for rows, o in fresh])
        return ground.to_metres(contacts) - ground.to_metres(before)

    def _held(
        self,
        fresh: Sequence[tuple[Rows, Observation]],
        builds: Sequence[VehicleBuild],
        tracks: Sequence[int],
        contacts: Floats,
        ways: Floats,
        table: Floats,
    ) -> Bools:
        """`[N]` whether another one stands in the way of a vehicle that stands past a line."""
        held = np.zeros(len(fresh), np.bool_)
        ground, lines = self.geometry.ground, [at["rear_m"] for at in self._places.lines.values()]
        if ground is None or not lines:
            return held
        lengths = np.array([[build.length_m] for build in builds])
        past: NDArray[np.bool_] = np.any(table[:, lines] > -lengths, axis=1)  # with its front at least
        first = np.array([rows.before(-np.inf, 0.0) for rows, _ in fresh])
        first = np.where(np.isfinite(first), first, contacts)
        places, firsts = ground.to_metres(contacts), ground.to_metres(first)
        paces = np.hypot(*ways.T) / self._margins.way_s
        for i in sorted(range(len(fresh)), key=lambda i: fresh[i][1].t_s):
            held[i] = self._in_the_way.add(
                Moving(
                    tracks[i], fresh[i][1].t_s, places[i], firsts[i], float(paces[i]), builds[i].length_m, bool(past[i])
                )
            )
        return held

    def cut(self) -> None:
        """The stream was cut: of what stood nothing is remembered."""
        self.stays.clear()
        self._in_the_way.clear()
        self._steadied.clear()

    def forget(self, track_id: int) -> None:
        self._rows.pop(track_id, None)
        self.stays.forget(track_id)

    def of(self, track: Track, *, cut_off: bool = False) -> Trajectory | None:
        """The track as the rules see it; None if nothing of it was measured. `cut_off`: see `Trajectory`."""
        rows = self._rows.get(track.id)
        if rows is None or not rows.observations:
            return None
        # no copy: rows are only ever added behind these, or in another buffer; those here stay as they are
        table, truths = rows.table.T, rows.truths
        table.flags.writeable = truths.flags.writeable = False
        geometry, places = self.geometry, self._places
        cls = self._classes[track.class_index]
        return Trajectory(
            track_id=track.id,
            cls=cls,
            build=self._builds[cls],
            cls_share=track.class_share,
            observations=rows.observations,
            t_s=table[places.t_s],
            boxes=table[places.box].T,
            contacts=table[places.contact].T,
            lines={name: line_run(table, truths, at) for name, at in places.lines.items()},
            stripes={name: [stripe_run(table, truths, at) for at in drawn] for name, drawn in places.stripes.items()},
            lanes={name: lane_run(table, truths, at) for name, at in places.lanes.items()},
            held=truths[places.held],
            in_junction=truths[places.junction],
            in_approach={name: truths[at] for name, at in places.approaches.items()},
            in_exit={name: truths[at] for name, at in places.exits.items()},
            in_area={name: truths[at] for name, at in places.areas.items()},
            exits=frozenset(rows.exits),
            ended=track.state == "ended",
            cut_off=cut_off,
            ground=geometry.ground,
            other_shares={
                other: float(share)
                for other, share in zip(self._classes, track.shares, strict=True)
                if share > 0.0 and other is not cls
            },
            stays=self.stays.of(track.id),
            lower_edge_px=geometry.edge.bottom,
            settled=rows.settled,
            forgotten=rows.forgotten,
            began_in=rows.began_in,
        )
