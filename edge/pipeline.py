"""Seeing: frames of one camera in, suspected acts out.

Lamps and vehicles are read in every frame looked at, tracks are measured against the scene, the rules judge the
measurements. A finding waits a moment before it becomes an act: what the vehicle does next may take it back (it turns
where turning is allowed) and gives the third still.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from common.stopwatch import UNTIMED, Stopwatch
from edge.explain.why_not import WhyNot
from edge.holding import Holding
from edge.judging import Judging
from edge.looking import Looking
from edge.pending import PendingFindings
from edge.plate.apart import PlatesApart
from edge.plate.bearer import Neighbour
from edge.plate.in_view import PlatePerception
from edge.plate.views import ViewBook
from edge.repeats import Repeats
from edge.road.book import TrajectoryBook
from edge.road.measuring import SceneGeometry
from edge.road.trajectory import Trajectory
from edge.rules.finding import Finding
from edge.rules.in_force import in_force
from edge.seen import seen_vehicle
from edge.signals.controller import LampFeed
from edge.signals.heads import Signals
from edge.signals.plan import HeadPlan
from edge.stating import Now, Stating
from edge.substream.proof import Proving
from edge.tracks.track import Track
from edge.tracks.tracking import Tracker
from edge.types import ActEvent, Frame, SeenPicture
from edge.video.stills import StillStore
from edge.watch.picture import PictureWatch
from evidence.acts import VehicleClass
from evidence.wire import HeadHealth
from models.detector import VEHICLE_CLASSES, Detector
from zones.schema import Scene

CLASSES = tuple(VehicleClass(name) for name in VEHICLE_CLASSES)


class CameraPipeline:
    """One camera. `process` each frame in order, `finish` at the end of the stream.

    Parameters
    ----------
    judging: the margins in force; those that are written in the code when left out.
    feed: what a signal controller says; left out: none does.
    stills, views: stand-ins for the store of pictures and for that of vehicles' views.
    watch: of the camera's picture, where it outlives this pipeline; one of its own when left out.
    why_not: where vehicles that are not reported are listed; one of its own when left out.
    stopwatch: is told what is being done.
    apart: where plates are read meanwhile; acts come out before theirs is, then. Left out: they are read at once.
    proof: of whom the pictures of acts are had where frames are of a small stream; left out: frames prove themselves.
    """

    def __init__(
        self,
        scene: Scene,
        detector: Detector,
        plates: PlatePerception,
        *,
        judging: Judging | None = None,
        feed: LampFeed | None = None,
        stills: StillStore | None = None,
        views: ViewBook | None = None,
        watch: PictureWatch | None = None,
        why_not: WhyNot | None = None,
        stopwatch: Stopwatch = UNTIMED,
        apart: PlatesApart | None = None,
        proof: Proving | None = None,
    ) -> None:
        judging = judging or Judging()
        self._stage, self._proof = stopwatch.stage, proof
        self.scene, self._judging = scene, judging
        self._feed = feed
        geometry = SceneGeometry(
            scene,
            judging.measuring,
            near_faces=judging.near_faces,
            by_height=judging.wheels_by_height,
            by_upper_edge=judging.wheels_by_upper_edge,
        )
        self._looking = Looking(scene, geometry, detector, judging.looking, judging.region)
        self._signals = self._heads(None)
        self._tracker = Tracker(
            len(CLASSES), judging.tracker,
            association=judging.association, motion=judging.motion, hidden_stands=judging.hidden_stands,
            cut_above_px=geometry.edge.top,
        )  # fmt: skip
        self._paths = TrajectoryBook(
            geometry, CLASSES, builds=judging.vehicles, margins=judging.trajectories, stays=judging.stays,
            in_the_way=judging.in_the_way,
        )  # fmt: skip
        self._views = views or ViewBook(judging.plate_views)
        self._stills = stills or StillStore()
        rules = judging.rules_of(scene)
        self._stating = Stating(
            judging, self._looking, self._stills, self._views, plates,
            feed=feed, stopwatch=stopwatch, apart=apart, proof=proof,
        )  # fmt: skip
        self._findings = PendingFindings(rules, scene, judging.shared, self._path)
        self._repeats = Repeats(rules, judging.repeats, judging.shared.standing)
        self._holding = Holding(scene, self._stills, judging.holding)
        self._watch = watch or PictureWatch(scene, judging.picture)
        self._watch.begin_anew()
        self.why_not = why_not or WhyNot(scene)
        self.passed = 0
        """Vehicles that have driven by: those whose tracks ended after they had gone by their own length or more."""
        self._told_s: dict[int, float] = {}
        self._now, self._frame = Now(), -1
        self._ground = geometry.ground
        self._over = False
        self._segment: int | None = None

    @property
    def tracks(self) -> list[Track]:
        """Tracks alive, for pictures and tests."""
        return self._tracker.tracks

    @property
    def signals(self) -> Signals:
        return self._signals

    @property
    def watch(self) -> PictureWatch:
        return self._watch

    @property
    def heads(self) -> tuple[HeadHealth, ...]:
        """How the signal heads are, as of a moment ago; may be asked from another thread."""
        return self._signals.told

    @property
    def looked_at(self) -> int:
        """Frames looked at so far."""
        return self._looking.looked_at

    def seen(self) -> SeenPicture:
        """What was seen in the picture looked at last: made when somebody asks."""
        tracks = [t for t in self._tracker.tracks if t.confirmed and t.last.t_s >= self._now.t_s - 1e-6]
        return SeenPicture(
            self._frame,
            tuple(seen_vehicle(track, CLASSES[track.class_index], self._ground) for track in tracks),
            {head: history.at(self._now.t_s) for head, history in self._signals.histories.items()},
        )

    def process(self, frame: Frame) -> list[ActEvent]:
        """Look at a frame (or skip it, when frames come faster than needed). Returns the acts that are ripe now."""
        if self._segment is not None and frame.segment != self._segment:
            before = self._begin_anew()
            self._segment = frame.segment
            return [*before, *self.process(frame)]
        self._segment = frame.segment
        if not self._looking.due(frame):
            return []
        self._now, self._frame = Now(frame.t_s, frame.wall_at), frame.index
        with self._stage("picture watch"):
            self._watch.look(frame)
            lie = self._watch.swung(frame)
            self._paths.lies(frame.index, lie)
        if self._proof is not None:
            self._proof.looked(frame.index, frame.t_s, lie)
        with self._stage("lamps"):
            self._signals.observe(frame.index, frame.t_s, frame.picture, frame.wall_at, lie)
        with self._stage("stills"):
            self._stills.offer(frame)
        with self._stage("region"):
            found = self._looking.vehicles(frame)
        with self._stage("tracking"):
            seen, ended = self._tracker.update(frame.index, frame.t_s, found.boxes, found.scores, found.classes)
            for track in seen:
                if track.hits == self._judging.tracker.confirm_hits:
                    self._repeats.begins(track)
        with self._stage("measuring"):
            self._paths.add(seen)
        with self._stage("views"):
            there = [Neighbour(track.last.box, CLASSES[track.class_index]) for track in seen]
            for track in seen:
                self._views.offer(
                    track.id, frame.index, frame.t_s, track.last.box, frame.picture,
                    others=there, ground=self._ground, astray=track.last.astray,
                )  # fmt: skip
        with self._stage("rules"):
            for track in seen:
                self._judge(track)
            acts = self._decide(ended)
        with self._stage("picture watch"):
            return self._watched(acts)

    def finish(self) -> list[ActEvent]:
        """The stream is over: every track ends, what is pending is decided."""
        self._over = True
        ended = self._tracker.finish()
        for track in ended:
            track.state = "ended"
        acts = self._watched(self._decide(ended), over=True)
        if self._proof is not None:
            self._proof.over()
        return acts

    def _watched(self, acts: list[ActEvent], *, over: bool = False) -> list[ActEvent]:
        """The acts that the picture lets out now; of those that it holds it is said why."""
        told = self._watch.told(acts, self._stills.between, over=over)
        for event in self._watch.newly_held():
            self.why_not.held(event, self._signals.histories)
        return told

    def _begin_anew(self) -> list[ActEvent]:
        """The stream was cut: what is pending is decided, and nothing seen before is followed or remembered."""
        acts = self.finish()
        self._over = False
        self._signals = self._heads(self._signals.plans)
        self._stills.clear()
        self._paths.cut()
        self._looking.begin_anew()
        self._watch.begin_anew()
        return acts

    def _heads(self, plans: Mapping[str, HeadPlan] | None) -> Signals:
        """New histories, over what is known of the heads."""
        judging = self._judging
        return Signals(
            self.scene.signals,
            feed=self._feed,
            lamp_margins=judging.lamps,
            history_margins=judging.lamp_history,
            plan_margins=judging.signal_plan,
            controller_margins=judging.controller,
            plans=plans,
        )

    def _judge(self, track: Track) -> Trajectory | None:
        path = self._findings.judge(track, self._signals.histories, self._now.t_s)
        if path is not None:
            with self._stage("stills"):
                self._holding.look(path)
        return path

    def _path(self, track: Track) -> Trajectory | None:
        seen_now = track.last.t_s >= self._now.t_s - self._judging.looking.cut_off_s
        with self._stage("measuring"):
            return self._paths.of(track, cut_off=self._over and seen_now)

    def _decide(self, ended: Sequence[Track]) -> list[ActEvent]:
        """The acts that are ripe now; of tracks that have ended nothing waits any longer, and nothing is kept."""
        gone = {track.id: self._judge(track) for track in ended}
        ripe = self._findings.ripe(set(gone), self._signals.histories, self._now.t_s)
        standing = ((self._in_force(finding, path), path) for finding, path in ripe)
        acts = []
        for finding, path in standing:
            if finding is None:
                continue
            event = self._stating.event(finding, path, self._signals, self._now, self._told_s.get(path.track_id))
            if self._repeats.new(event):
                acts.append(event)
                self._told_s[path.track_id] = event.t_s
            else:
                self._findings.set_aside(path.track_id, finding, "told_before", event.t_s)
        self._holding.keep_stays(self._paths.stays.open)
        self._repeats.forget_before(self._now.t_s)
        for track_id, last in gone.items():
            if last is not None:
                self._repeats.ends(last)
                self.passed += int(_drove(last))
                refused, told = self._findings.refused(track_id), self._findings.told(track_id)
                self.why_not.note(last, refused, told, self._signals.histories)
            for memory in (self._paths, self._views, self._findings, self._holding):
                memory.forget(track_id)
            self._told_s.pop(track_id, None)
        return sorted(acts, key=lambda e: e.t_s)

    def _in_force(self, finding: Finding, path: Trajectory) -> Finding | None:
        """None where it rests on signs that did not hold at its hour, or not yet when it began."""
        t_s = finding.time_s(path)
        times_s = [t_s] if finding.before_s is None else [finding.before_s, t_s]
        walls = [wall for each in times_s if (wall := self._now.wall_of(each)) is not None]
        if not walls:
            return finding
        held = [in_force(finding, self.scene, wall) for wall in walls]
        if None in held:
            self._findings.set_aside(path.track_id, finding, "sign_not_in_force", t_s)
        if finding.before_s is not None:
            if None in held:  # a ban may begin while it stands there: it counts from now
                self._paths.stays.count_anew(path.track_id)
                self._findings.may_tell_again(path.track_id, finding)
            else:
                self._paths.stays.tell(path.track_id, finding.act)
        return None if None in held else held[-1]


def _drove(path: Trajectory) -> bool:
    """Whether it is one that drove by, and not a parked one that is lost and found again, or a flicker."""
    first, last = path.boxes[0], path.boxes[-1]
    way = float(np.hypot(*((last[:2] + last[2:] - first[:2] - first[2:]) / 2)))
    return way >= float(max(np.ptp(first.reshape(2, 2), axis=0)))
