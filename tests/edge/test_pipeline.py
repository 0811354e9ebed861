"""The whole seeing part on a drawn junction with a detector that knows where the vehicles are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge.judging import Judging
from edge.looking import LookingMargins, PictureError
from edge.pipeline import CameraPipeline
from edge.types import ActEvent, Frame, Image
from evidence.acts import ActCode, LampState
from models.detector import Detections
from models.plates import Corners, LineReading, PlateBox, PlateReading
from tests.edge.roads import points, scene, sign

RED_FROM_S = 1.0


class KnownDetector:
    """Finds the orange rectangles of the drawn picture."""

    def detect(self, frame_bgr: NDArray[np.uint8]) -> Detections:
        orange = cv2.inRange(frame_bgr, (0, 91, 201), (59, 255, 255))
        x0, y0, width, height = cv2.boundingRect(orange)
        there = orange[y0 : y0 + height, x0 : x0 + width]  # hardly anything of the picture is orange
        stats = cv2.connectedComponentsWithStats(there)[2][1:] if there.size else ()
        rows = [[x0 + x, y0 + y, x0 + x + w, y0 + y + h] for x, y, w, h, n in stats if n > 200]
        boxes = np.array(rows, np.float32).reshape(-1, 4)
        return Detections(boxes, np.full(len(boxes), 0.9, np.float32), np.zeros(len(boxes), np.int64))


class KnownPlates:
    """A plate in the middle of every vehicle, always the same."""

    def __init__(self, upper: str = "36B1", lower: str = "23456") -> None:
        self.upper, self.lower, self.reads = upper, lower, 0

    def find(self, crop_bgr: NDArray[np.uint8]) -> list[PlateBox]:
        height, width = crop_bgr.shape[:2]
        return [PlateBox((width * 0.1, height * 0.4, width * 0.9, height * 0.8), 0.9)]

    def read(self, plate_bgr: NDArray[np.uint8], corners: Corners | None = None) -> list[PlateReading]:
        self.reads += 1
        lines = (self.upper, self.lower)
        reading = PlateReading(tuple(LineReading(t, (0.98,) * len(t), tuple(((c, 0.98),) for c in t)) for t in lines))
        return [reading]


def picture(
    t_s: float,
    vehicles: list[tuple[float, float]],
    *,
    size: tuple[int, int] = (640, 480),
    green_from_s: float = 1e9,
) -> Image:
    width, height = size
    image = np.full((height, width, 3), 90, np.uint8)
    for x, y in vehicles:
        cv2.rectangle(image, (int(x - 20), int(y - 60)), (int(x + 20), int(y)), (20, 120, 240), -1)
    cv2.rectangle(image, (600, 10), (610, 40), (20, 20, 20), -1)
    # a sensor is noisy: a picture that repeats to the last grey level is taken for a frozen one
    noise = np.random.default_rng(round(1000 * t_s)).integers(0, 3, image[8::16].shape)
    image[8::16] += noise.astype(np.uint8) * (image[8::16] < 250)
    red = RED_FROM_S <= t_s < green_from_s
    cv2.circle(image, (605, 15 if red else 35), 3, (20, 20, 250) if red else (120, 230, 40), -1)
    return image


def play(
    pipeline: CameraPipeline,
    routes: list[object],
    *,
    seconds: float,
    fps: float = 10.0,
    green_from_s: float = 1e9,
) -> tuple[list[ActEvent], dict[int, Image]]:
    events: list[ActEvent] = []
    images = {}
    for index in range(int(seconds * fps)):
        t_s = index / fps
        places = [p for route in routes if (p := route(t_s)) is not None]  # type: ignore[operator]
        images[index] = picture(t_s, places, green_from_s=green_from_s)
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=t_s)
        events += pipeline.process(Frame(index, t_s, images[index], at, index))
    return events + pipeline.finish(), images


RUNNER = points((0, 200, 460), (6, 200, 60))


def test_a_red_light_run_comes_out_with_everything_that_proves_it() -> None:
    plates = KnownPlates()
    events, images = play(CameraPipeline(scene(), KnownDetector(), plates), [RUNNER], seconds=9)
    (event,) = events
    assert event.act == ActCode.RED_LIGHT
    assert event.lamp == LampState.RED
    assert event.plate.text == "36B123456"
    assert {"still_before", "still_on", "still_after"} == set(event.stills)
    before, on, after = (event.stills[r] for r in ("still_before", "still_on", "still_after"))
    assert before.frame < on.frame == event.frame < after.frame
    difference = np.abs(on.image.astype(int) - images[event.frame].astype(int))
    assert difference.mean() < 1.0, "the still is the frame itself, but for near-lossless coding"
    (timeline,) = event.lamps
    assert timeline.governs
    assert [s.state for s in timeline.spans] == [LampState.GREEN, LampState.RED]
    assert event.clip_from_s == 0
    assert event.clip_to_s == pytest.approx(event.t_s + 6)
    assert event.plate_crop is not None
    assert event.vehicle_crop is not None


# it passes the line (y = 300) at 2.4 s and comes into the junction (y = 250) at 3.15 s
@pytest.mark.parametrize(
    ("green_from_s", "flags"),
    [(1e9, set()), (3.0, set()), (2.8, set()), (2.55, {"green_in_after"})],
    ids=["red all the way", "green before the junction", "soon after the line", "no picture past the line in red"],
)
def test_the_still_after_is_taken_in_red_or_the_case_says_that_it_is_green_there(
    green_from_s: float, flags: set[str]
) -> None:
    pipeline = CameraPipeline(scene(), KnownDetector(), KnownPlates())
    (event,) = play(pipeline, [RUNNER], seconds=9, green_from_s=green_from_s)[0]
    assert event.act == ActCode.RED_LIGHT
    assert set(event.flags) & {"green_in_after", "red_not_seen_in_after"} == flags
    after = event.stills["still_after"]
    assert after.frame > event.stills["still_on"].frame
    assert (after.t_s < green_from_s) == (not flags)


def test_two_that_move_as_one_before_a_bare_wall_are_no_camera_that_moved() -> None:
    """Nothing in this picture stands still but paint: whether the camera does, nobody knows, and that is said."""
    beside = points((0, 400, 460), (6, 400, 60))
    events, _ = play(CameraPipeline(scene(), KnownDetector(), KnownPlates()), [RUNNER, beside], seconds=9)
    assert [e.act for e in events] == [ActCode.RED_LIGHT] * 2
    assert all("camera_position_unsure" in e.flags for e in events)


def test_the_moment_of_an_act_lies_between_two_pictures() -> None:
    (event,) = play(CameraPipeline(scene(), KnownDetector(), KnownPlates()), [RUNNER], seconds=9, fps=6)[0]
    assert event.t_s == pytest.approx(2.4, abs=0.03)
    assert event.stills["still_on"].frame == event.frame
    assert event.stills["still_on"].t_s >= event.t_s


def test_who_stands_past_the_line_from_the_start_is_told_once_though_the_track_breaks() -> None:
    parked = points((0, 200, 275))
    route = lambda t: None if 9 < t < 16 or 22 < t < 29 else parked(t)  # noqa: E731
    events, _ = play(CameraPipeline(scene(), KnownDetector(), KnownPlates()), [route], seconds=38)
    assert [(e.act, "crossing_not_seen" in e.flags) for e in events] == [(ActCode.STOPPED_PAST_LINE, True)]


def test_who_stood_past_the_line_before_red_is_not_told_though_others_hide_him_for_seconds() -> None:
    """He may have passed it in green; a track that began anew as he came to light knew of no time before the red."""
    parked = points((0, 200, 275))
    route = lambda t: None if 9 < t < 12 or 18 < t < 21 else parked(t)  # noqa: E731
    events, _ = play(CameraPipeline(scene(), KnownDetector(), KnownPlates()), [route], seconds=30)
    assert events == []


def test_who_stood_past_the_line_before_red_is_not_told_when_red_lasts_longer_than_a_track_remembers() -> None:
    pipeline = CameraPipeline(scene(), KnownDetector(), KnownPlates())
    assert play(pipeline, [points((0, 200, 275))], seconds=70, fps=4)[0] == []


@pytest.mark.parametrize(
    ("route", "passed"),
    [
        (RUNNER, 1),
        (points((0, 200, 275)), 0),
        (lambda t: None if 4 < t < 7 else points((0, 200, 275))(t), 0),
    ],
    ids=["drives by", "is parked", "is parked, lost and found again"],
)
def test_vehicles_that_drive_by_are_counted_once_and_parked_ones_never(route: object, passed: int) -> None:
    pipeline = CameraPipeline(scene(), KnownDetector(), KnownPlates())
    play(pipeline, [route], seconds=12)
    assert pipeline.passed == passed


def test_plates_are_read_only_when_there_is_an_act() -> None:
    plates = KnownPlates()
    waits = points((0, 200, 460), (2, 200, 330), (9, 200, 330))
    events, _ = play(CameraPipeline(scene(), KnownDetector(), plates), [waits], seconds=9)
    assert events == []
    assert plates.reads == 0


def test_an_act_is_told_once_however_long_the_vehicle_stays_in_view() -> None:
    slow = points((0, 200, 460), (4, 200, 260), (20, 200, 120))
    events, _ = play(CameraPipeline(scene(), KnownDetector(), KnownPlates()), [slow], seconds=20)
    assert [e.act for e in events] == [ActCode.RED_LIGHT]


def test_who_stops_past_the_line_and_then_runs_it_has_run_it() -> None:
    route = points((0, 200, 460), (2, 200, 320), (2.6, 200, 280), (5.5, 200, 280), (7.5, 200, 150), (9, 200, 70))
    events, _ = play(CameraPipeline(scene(), KnownDetector(), KnownPlates()), [route], seconds=11)
    assert [e.act for e in events] == [ActCode.RED_LIGHT]


def test_who_stays_past_the_line_has_stopped_there() -> None:
    route = points((0, 200, 460), (2, 200, 320), (2.6, 200, 280), (30, 200, 280))
    events, _ = play(CameraPipeline(scene(), KnownDetector(), KnownPlates()), [route], seconds=14)
    assert [e.act for e in events] == [ActCode.STOPPED_PAST_LINE]


@pytest.mark.parametrize(
    ("hidden", "said"),
    [((0.0, 0.0), None), ((3.6, 4.4), None), ((3.6, 6.1), 2.5)],
    ids=["seen all the time", "hidden for a moment", "hidden for longer than a track that drives waits"],
)
def test_who_stands_past_the_line_and_is_hidden_meanwhile_is_told_and_that_he_was_hidden(
    hidden: tuple[float, float], said: float | None
) -> None:
    stays = points((0, 200, 460), (2, 200, 320), (2.6, 200, 280), (30, 200, 280))
    route = lambda t: None if hidden[0] < t < hidden[1] else stays(t)  # noqa: E731
    (event,), _ = play(CameraPipeline(scene(), KnownDetector(), KnownPlates()), [route], seconds=14)
    assert (event.act, "crossing_not_seen" in event.flags) == (ActCode.STOPPED_PAST_LINE, False)
    assert ("hidden_meanwhile" in event.flags) == (said is not None)
    assert event.reasons.get("hidden_for_s") == said


@pytest.mark.parametrize("hidden", [(0.0, 0.0), (6.5, 9.0)])
def test_who_waits_in_the_junction_hidden_and_turns_much_later_is_told_and_that_he_was_hidden(
    hidden: tuple[float, float],
) -> None:
    """The stills begin only shortly before the turn; the act rests on the way over the line."""
    turns = points((0, 400, 460), (3, 400, 280), (5, 400, 200), (14, 400, 200), (16, 500, 150), (18, 620, 150))
    no_right = scene(signs=[sign("P.123b", "line")], acts=["banned_turn"])
    route = lambda t: None if hidden[0] < t < hidden[1] else turns(t)  # noqa: E731
    (event,), _ = play(CameraPipeline(no_right, KnownDetector(), KnownPlates()), [route], seconds=19)
    assert event.act == ActCode.BANNED_TURN
    assert event.stills["still_before"].t_s > 10
    assert ("hidden_meanwhile" in event.flags) == (hidden[1] > 0)


def test_acts_that_the_scene_does_not_ask_for_are_not_looked_for() -> None:
    quiet = scene(acts=["wrong_way"])
    assert play(CameraPipeline(quiet, KnownDetector(), KnownPlates()), [RUNNER], seconds=8)[0] == []


def test_vehicles_in_an_excluded_area_do_not_exist() -> None:
    hidden = scene(exclude=[{"id": "e", "polygon": [[100, 20], [300, 20], [300, 479], [100, 479]]}])
    pipeline = CameraPipeline(hidden, KnownDetector(), KnownPlates())
    assert play(pipeline, [RUNNER], seconds=8)[0] == []


def test_frames_beyond_the_rate_that_is_needed_are_skipped() -> None:
    class Counting(KnownDetector):
        calls = 0

        def detect(self, frame_bgr: NDArray[np.uint8]) -> Detections:
            self.calls += 1
            return super().detect(frame_bgr)

    detector = Counting()
    pipeline = CameraPipeline(scene(), detector, KnownPlates(), judging=Judging(looking=LookingMargins(max_fps=10)))
    play(pipeline, [RUNNER], seconds=3, fps=30)
    assert 29 <= detector.calls <= 32


# the runner passes the line at 2.4 s
@pytest.mark.parametrize(
    ("fps", "dropped", "told"),
    [
        (10.0, [], False),
        (8.0, [], False),
        (6.0, [], True),
        (25.0, [(0, 5)], True),
        (25.0, [(1.8, 3.6)], True),
        (10.0, [(2.0, 2.8)], True),
        (25.0, [(3.6, 5)], False),
    ],
    ids=[
        "ten a second", "eight", "a camera that sends six", "a box that takes one of five", "fewer from then on",
        "a hole at the act", "dropped after that",
    ],
)  # fmt: skip
def test_an_act_of_which_few_pictures_were_looked_at_says_so(
    fps: float, dropped: list[tuple[float, float]], told: bool
) -> None:
    """Where frames are dropped one of five is left, as on a box that cannot follow."""
    pipeline = CameraPipeline(scene(), KnownDetector(), KnownPlates())
    events: list[ActEvent] = []
    for index in range(int(5 * fps)):
        t_s = index / fps
        if index % 5 and any(begin <= t_s < end for begin, end in dropped):
            continue
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=t_s)
        events += pipeline.process(Frame(index, t_s, picture(t_s, [RUNNER(t_s)]), at, index))
    (event,) = events + pipeline.finish()
    assert (event.act, "few_pictures" in event.flags) == (ActCode.RED_LIGHT, told)
    looked, gap_s = event.reasons["looks_per_second"], event.reasons["longest_gap_s"]
    assert isinstance(looked, float)
    assert isinstance(gap_s, float)
    assert (looked < 8.0) == told, "its reasons say how many there were"
    assert gap_s >= 1 / looked - 0.01, "and how long there was none"


def test_a_picture_of_another_size_is_refused_with_a_remedy() -> None:
    pipeline = CameraPipeline(scene(), KnownDetector(), KnownPlates())
    small = Frame(0, 0.0, picture(0, [], size=(640, 400)), datetime(2026, 1, 1, tzinfo=UTC), 0)
    with pytest.raises(PictureError, match=r"640 x 400.*640 x 480"):
        pipeline.process(small)


def test_the_end_of_the_stream_decides_what_is_pending() -> None:
    events, _ = play(CameraPipeline(scene(), KnownDetector(), KnownPlates()), [RUNNER], seconds=4.2)
    assert [e.act for e in events] == [ActCode.RED_LIGHT]


def test_memory_of_the_past_stays_bounded() -> None:
    pipeline = CameraPipeline(scene(), KnownDetector(), KnownPlates())
    routes = [
        (lambda t, k=k: points((0, 200, 460), (5, 200, 60))(t - k) if k <= t <= k + 5 else None)
        for k in range(0, 60, 3)
    ]
    play(pipeline, list(routes), seconds=70, fps=8)
    assert len(pipeline._paths._rows) <= 2
    assert len(pipeline._views._views) <= 2
    assert len(pipeline._stills._kept) <= 100
    assert not pipeline._findings._waiting


def cut_stream(pipeline: CameraPipeline, cut_s: float, route: object, *, told: bool) -> list[ActEvent]:
    """Frames at ten a second; from `cut_s` on another segment, if the stream tells of it."""
    events: list[ActEvent] = []
    for index in range(90):
        t_s = index / 10
        image = picture(t_s, [route(t_s)])  # type: ignore[operator]
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=t_s)
        events += pipeline.process(Frame(index, t_s, image, at, index, int(told and t_s >= cut_s)))
    return events + pipeline.finish()


@pytest.mark.parametrize("told", [False, True])
def test_across_a_cut_nobody_is_followed(told: bool) -> None:
    """Who comes to the line before the cut is not who drives on behind it after the cut."""
    before, after = points((0, 200, 460), (6, 200, 60)), points((0, 200, 440), (6, 200, 40))
    pipeline = CameraPipeline(scene(), KnownDetector(), KnownPlates())
    events = cut_stream(pipeline, 2.3, lambda t: before(t) if t < 2.3 else after(t), told=told)
    assert len(events) == (0 if told else 1)
    assert pipeline.signals.histories
    for history in pipeline.signals.histories.values():
        assert (min(history.starts) >= 2.3) == told


def test_acts_go_on_after_a_cut_and_their_tracks_have_new_numbers() -> None:
    route = points((0, 200, 460), (6, 200, 60))
    again = lambda t: route(t) if t < 4.5 else route(max(t - 4.5, 0.0))  # noqa: E731
    pipeline = CameraPipeline(scene(), KnownDetector(), KnownPlates())
    events = cut_stream(pipeline, 4.5, again, told=True)
    assert [e.act for e in events] == [ActCode.RED_LIGHT] * 2
    assert events[0].track_id < events[1].track_id


@pytest.mark.parametrize(
    ("why", "shown", "acts", "flags"),
    [
        ("through a yellow of 3 s", [(0, "green"), (1, "yellow"), (4, "red")], 1, set()),
        ("a yellow of 1 s", [(0, "green"), (3, "yellow"), (4, "red")], 1, {"yellow_too_short"}),
        ("no yellow at all", [(0, "green"), (4, "red")], 1, {"yellow_too_short"}),
        ("red as we begin to look", [(0, "red")], 1, {"red_onset_not_seen"}),
        ("a tail lamp before a dark head", [(0, ""), (4, "red")], 0, set()),
        ("a head that went dark in red", [(0, "green"), (0.5, "red"), (1, ""), (4, "red")], 0, set()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_who_passes_a_red_is_accused_by_how_the_red_came(
    why: str, shown: list[tuple[float, str]], acts: int, flags: set[str]
) -> None:
    pipeline, events = CameraPipeline(scene(), KnownDetector(), KnownPlates()), []
    route = points((2, 200, 460), (10, 200, 60))
    for index in range(120):
        t_s = index / 10
        image = picture(t_s, [place for place in [route(t_s)] if place is not None])
        cv2.rectangle(image, (600, 10), (610, 40), (20, 20, 20), -1)
        colour = [state for from_s, state in shown if from_s <= t_s][-1]
        if colour:
            y, bgr = {"red": (15, (20, 20, 250)), "yellow": (25, (20, 220, 250)), "green": (35, (120, 230, 40))}[colour]
            cv2.circle(image, (605, y), 3, bgr, -1)
        events += pipeline.process(Frame(index, t_s, image, datetime(2026, 1, 1, tzinfo=UTC), index))
    events += pipeline.finish()
    assert len(events) == acts, why
    about_lamps = {"yellow_too_short", "yellow_changed", "signal_in_doubt", "red_onset_not_seen"}
    assert [set(event.flags) & about_lamps for event in events] == [flags] * acts
    if flags == {"yellow_too_short"}:
        assert float(str(events[0].reasons["yellow_at_most_s"])) < 1.3
    (head,) = pipeline.heads
    assert head.state == ("no_onset" if not acts else "watching" if flags == {"red_onset_not_seen"} else "good")


class SmallPlates(KnownPlates):
    """Sees only plates that are drawn: blue fields on a vehicle."""

    def find(self, crop_bgr: NDArray[np.uint8]) -> list[PlateBox]:
        rows, columns = np.nonzero((crop_bgr[..., 0] > 200) & (crop_bgr[..., 2] < 60))
        if not len(rows):
            return []
        return [PlateBox((columns.min(), rows.min(), columns.max() + 1.0, rows.max() + 1.0), 0.9)]


@pytest.mark.parametrize(
    ("who_drives_on", "said"),
    [
        ("the one in front", ("36B123456", set())),
        ("the one behind", (None, {"plate_unread", "plate_perhaps_anothers"})),
    ],
)
def test_a_plate_of_before_a_change_over_is_not_told_as_that_of_who_drove_on(
    who_drives_on: str, said: tuple[str | None, set[str]]
) -> None:
    """Two wait one behind the other, the front one's plate to be seen; a bus hides both for a moment. Then one of them
    drives through the red from where the other had stood, with the front one's track."""
    in_front, behind = points((0, 200, 460), (2, 200, 330)), points((0, 256, 470), (2, 246, 380))
    set_off = {"the one in front": (200, 330), "the one behind": (210, 346)}[who_drives_on]
    on = points((5.0, *set_off), (8.0, 200, 100))
    plates, events = SmallPlates(), list[ActEvent]()
    pipeline = CameraPipeline(scene(), KnownDetector(), plates)
    for index in range(90):
        t_s = index / 10
        there = [in_front(t_s), behind(t_s)] if t_s < 4.5 else [on(t_s)] if t_s >= 5.0 else []
        image = picture(t_s, [place for place in there if place is not None])
        if there and (t_s < 4.5 or who_drives_on == "the one in front"):
            x, y = there[0]
            cv2.rectangle(image, (int(x - 18), int(y - 30)), (int(x + 18), int(y - 12)), (240, 60, 30), -1)
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=t_s)
        events += pipeline.process(Frame(index, t_s, image, at, index))
    (event,) = events + pipeline.finish()
    assert event.act == ActCode.RED_LIGHT
    assert (event.plate.text, {flag for flag in event.flags if flag.startswith("plate")}) == said
    assert [candidate.text for candidate in event.plate.n_best] == ["36B123456"]
    assert (event.plate_crop is None) == (event.plate.text is None), "no picture of what may be another's plate"
