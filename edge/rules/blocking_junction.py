"""Standing in the yellow box of a junction, in which nobody may stop: entered though the way out of it was not free.

That the way out was blocked when it came in shows in its own way: it drove into the box and came to a stand there.
Who turns waits there lawfully, for those who come against it or walk over the road that it turns into; no camera sees
them all. So it is stated only of vehicles that were seen to go straight on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.margins import margin
from edge.road.trajectory import Trajectory
from edge.rules.finding import Finding
from edge.rules.movement import may_be_making
from edge.rules.one_vehicle import not_one_vehicle
from edge.rules.refusal import Answer, Refusal, answers
from edge.rules.rule import Rule
from edge.rules.setting_off import set_off_aside_m
from edge.rules.shared import SharedMargins
from edge.rules.standing import stands
from edge.signals.history import LampHistory
from evidence.acts import ActCode
from zones.facts import areas
from zones.road import RoadArea
from zones.schema import Scene

_CHOSEN = "chosen with the rule, November 2026; a few acts in the simulated street (docs/simulation.md); not measured"


@dataclass(frozen=True)
class BlockingJunctionMargins:
    """What it takes to have blocked the box."""

    stood_s: float = margin(
        8.0,
        "s",
        "it stood in the box for so long: one that lets somebody walk over the road beyond it stands more shortly",
        source=_CHOSEN,
        least=1.0,
    )
    came_boxes: float = margin(
        1.0,
        "box sizes",
        "from its first sight outside the box to where it stands it came so far: a box that trembles at the edge of "
        "the paint did not enter",
        source=_CHOSEN,
    )
    inside_share: float = margin(
        0.9, "share of the stand", "so much of it must be within the box's paint", source=_CHOSEN, most=1.0
    )
    covered: float = margin(
        0.1,
        "share of the lower edge",
        "a vehicle whose lower edge is hidden by more may stand elsewhere than it seems to",
        source="as in standing past the line (`StandsPastLineMargins.covered`)",
        most=1.0,
    )
    at_line_boxes: float = margin(
        1.0,
        "box sizes",
        "whose front is so near before a stop line waits where paint tells it to, though that lies in the box",
        source=_CHOSEN,
    )
    aside_widths: float = margin(
        0.6,
        "widths of its class",
        "the way on begins no farther beside where it stood: the track went on with one that drove past it",
        source="the simulated street: 0.9 m (0.9 widths) twice, where tracks of those who waited to turn were taken "
        "over; not measured on roads",
    )
    way_on_m: float = margin(4.0, "m", "so much of the way on says where it leads", source=_CHOSEN)
    settle_s: float = margin(
        3.0, "s", "a finding waits for so long: the turn that it may yet make takes it back", source=_CHOSEN
    )


def blocking_junction(
    path: Trajectory,
    scene: Scene,
    lamps: Mapping[str, LampHistory],
    margins: BlockingJunctionMargins,
    shared: SharedMargins,
) -> list[Answer]:
    """At most one finding a box."""
    return answers((box.id, _in_box(path, scene, box, margins, shared)) for box in areas(scene, "keep_clear"))


def _in_box(
    path: Trajectory, scene: Scene, box: RoadArea, margins: BlockingJunctionMargins, shared: SharedMargins
) -> Answer | None:
    inside = path.in_area[box.id]
    entry = int(np.argmax(inside))
    if not inside.any():
        return None
    t_entry, seen_s = float(path.t_s[entry]), float(path.t_s[-1] - path.t_s[entry])
    if entry == 0:
        return Refusal("inside_from_first_sight", t_entry)  # nobody saw it enter
    if seen_s < margins.stood_s:
        return Refusal("did_not_stand_in_box", t_entry, limit=margins.stood_s, unit="s")
    stand = _stand(path, entry, margins, shared)
    if stand is None:
        return Refusal("did_not_stand_in_box", t_entry, limit=margins.stood_s, unit="s")
    first, last = stand
    size = float(np.median(path.size_px[first : last + 1]))
    refused = _refused(path, scene, inside, entry, stand, size, margins)
    refused = refused or not_one_vehicle(path, t_entry, float(path.t_s[last]), size, shared.one_vehicle)
    if refused is not None:
        return refused
    if _known_free(path, first, last):
        return Refusal(
            "nobody_in_its_way", t_entry
        )  # then nothing blocked its way out: it broke down, or let others by
    if may_be_making(path, entry, shared.movement) != {"straight"}:
        return Refusal("may_yet_turn", t_entry)  # and may wait there for that
    most_m = margins.aside_widths * path.build.widest_m
    aside_m = set_off_aside_m(path, first, last, margins.way_on_m, most_m, shared.one_vehicle.excursion)
    if aside_m is not None and aside_m > most_m:
        return Refusal("bend_of_two", float(path.t_s[last]), aside_m, most_m, "m")
    return Finding(
        act=ActCode.BLOCKING_JUNCTION,
        what=box.id,
        before=entry,
        at=last,
        after=len(path.t_s) - 1,
        reasons={
            "area": box.id,
            "stood_s": round(float(path.t_s[last] - path.t_s[first]), 3),
            "stopped_s": margins.stood_s,
            "stood_after_entering_s": round(float(path.t_s[first] - path.t_s[entry]), 3),
            "movements_possible": ["straight"],
            "observations_standing": last - first + 1,
            **_moved(path, first, last),
        },
    )


def _refused(
    path: Trajectory,
    scene: Scene,
    inside: NDArray[np.bool_],
    entry: int,
    stand: tuple[int, int],
    size: float,
    margins: BlockingJunctionMargins,
) -> Refusal | None:
    """Why the stand is none in the box, or none of one that came into it."""
    first, last = stand
    t_entry = float(path.t_s[entry])
    share = float(np.mean(inside[first : last + 1]))
    if share < margins.inside_share:
        return Refusal("not_within_box", t_entry, share, margins.inside_share, "share")
    place = np.median(path.contacts[first : last + 1], axis=0)
    came_px = float(np.hypot(*(path.contacts[:entry] - place).T).max())
    if came_px < margins.came_boxes * size:
        return Refusal("not_seen_to_come_in", t_entry, came_px, margins.came_boxes * size, "px")
    covered = float(np.median([o.covered for o in path.observations[first : last + 1]]))
    if covered > margins.covered:
        return Refusal("wheels_covered", t_entry, covered, margins.covered, "share")
    if _at_a_line(path, scene, first, last, size, margins):
        return Refusal("waits_at_line", t_entry)
    return None


def _stand(
    path: Trajectory, entry: int, margins: BlockingJunctionMargins, shared: SharedMargins
) -> tuple[int, int] | None:
    """First and last observation of its first stand after it entered, however long that was."""
    whole: tuple[int, int] | None = None
    for first, last in stands(path, entry, margins.stood_s, shared.standing):
        if whole is None:
            whole = first, last
        elif first > whole[1]:
            break
        else:
            whole = whole[0], last
    return whole


def _known_free(path: Trajectory, first: int, last: int) -> bool:
    """Whether nobody stood in its way at any time of the stand, where that is asked: on the road, past a line."""
    asked = any((run.rear_m[first : last + 1] > -path.build.length_m).any() for run in path.lines.values())
    return path.ground is not None and asked and not path.held[first : last + 1].any()


def _at_a_line(
    path: Trajectory, scene: Scene, first: int, last: int, size: float, margins: BlockingJunctionMargins
) -> bool:
    """It stands right before a stop line, a second one in the junction, say: waiting there is what that asks for."""
    for line in scene.stop_lines:
        run = path.lines[line.id]
        front = float(np.median(run.front_px[first : last + 1]))
        if run.within[first : last + 1].mean() >= 0.5 and -margins.at_line_boxes * size <= front <= 0:
            return True
    return False


def _moved(path: Trajectory, first: int, last: int) -> dict[str, float]:
    """How far from the middle of its places it was seen while it stood: on the road where the scene knows it."""
    places, unit = path.contacts[first : last + 1], "px"
    if path.ground is not None:
        metres = path.ground.to_metres(places)
        if np.isfinite(metres).all():
            places, unit = metres, "m"
    far = float(np.hypot(*(places - np.median(places, axis=0)).T).max())
    return {f"moved_while_standing_{unit}": round(far, 2)}


RULE = Rule(ActCode.BLOCKING_JUNCTION, blocking_junction, BlockingJunctionMargins())
