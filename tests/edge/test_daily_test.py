"""The daily test act on the box: once a day whatever happens, with the state of the moment, beside the acts."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.camera import CameraWorker
from edge.camera_tests import Tests
from edge.config import CameraConfig, parse_config, watch_folder
from edge.delivery.daily_test import (
    ANSWERED_WITHIN,
    ASKED,
    PATIENCE,
    RECORD,
    SPREAD_MIN,
    DailyTest,
    ask,
    minute_of,
    newest_turn,
    read_record,
)
from edge.delivery.outbox import Outbox
from edge.delivery.packet_table import Settled
from edge.doctor.daily import send_tests
from edge.metrics import Metrics
from edge.plan import CameraPlan
from evidence.container import OpenedTest, open_any, verify_seal
from evidence.errors import GiaoLoError
from evidence.part import Part
from evidence.receipt import Receipt
from evidence.seal import SigningKey
from tests.edge.media import make_video
from tests.edge.perception import ScriptedPerception
from tests.waiting import eventually
from zones.load import LoadedScene, scene_digest
from zones.schema import Scene

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
NOON = datetime(2026, 11, 27, 5, 0, tzinfo=UTC)
TURN = newest_turn(NOON, 2, minute_of("node-1", "cam-1"), ZONE)
"""Of the day of `NOON`: it has gone by."""
KEY = SigningKey.generate()


class Box:
    """A clock, an outbox's answers and the record on the disk; `start` is a restart."""

    def __init__(self, folder: Path, now: datetime = NOON, *, hour: int | None = 2) -> None:
        self.folder, self.now, self.hour = folder, now, hour
        self.states: dict[int, Settled] = {}
        self.daily = self.start()

    def start(self) -> DailyTest:
        self.daily = DailyTest(
            "node-1", "cam-1", self.folder, hour=self.hour, zone=ZONE, settled=self.states.get, now=lambda: self.now
        )  # fmt: skip
        return self.daily

    def make(self, sequence: int = 1) -> None:
        asked = self.daily.due()
        assert asked is not None
        self.states[sequence] = Settled(f"p{sequence}", "pending", "", "")
        self.daily.made(asked, at=self.now, sequence=sequence, packet_id=f"p{sequence}")

    def answer(self, sequence: int = 1, state: str = "delivered", reason: str = "") -> None:
        at = self.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self.states[sequence] = Settled(f"p{sequence}", state, reason, at if state == "delivered" else "")
        self.daily.look()

    @property
    def state(self) -> str | None:
        report = self.daily.report
        return None if report is None else report.state


# --- when -------------------------------------------------------------------------------------------------------------


def test_cameras_are_spread_over_the_hour_each_at_its_own_minute_for_ever() -> None:
    minutes = [minute_of("node-1", f"cam-{n}") for n in range(200)]
    assert set(minutes) <= set(range(SPREAD_MIN))
    assert len(set(minutes)) > SPREAD_MIN // 2
    assert TURN.astimezone(ZONE).hour == 2


def test_a_new_box_waits_for_its_first_turn_and_one_that_was_switched_off_then_makes_up_for_it(tmp_path: Path) -> None:
    box = Box(tmp_path)
    assert (box.daily.due(), box.state) == (None, "none_yet")
    box.now = TURN + timedelta(days=1, seconds=-1)
    assert box.daily.due() is None
    box.now += timedelta(seconds=1)
    assert box.daily.due() == "daily"
    box.make()
    assert box.daily.due() is None
    box.now += timedelta(days=1, hours=9)  # it was off at its hour
    assert box.start().due() == "daily"
    box.make(2)
    assert box.start().due() is None, "a restart does not make it twice"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 40 * 3600), min_size=1, max_size=30),
    st.integers(0, 23),
    st.lists(st.booleans(), max_size=30),
)
def test_whenever_the_box_looks_and_restarts_there_is_one_a_day_and_none_twice(
    tmp_path_factory: pytest.TempPathFactory, steps_s: list[int], hour: int, restarts: list[bool]
) -> None:
    box = Box(tmp_path_factory.mktemp("box"), hour=hour)
    minute = minute_of("node-1", "cam-1")
    turns: list[datetime] = []
    for number, step_s in enumerate(steps_s):
        before, box.now = newest_turn(box.now, hour, minute, ZONE), box.now + timedelta(seconds=step_s)
        if number < len(restarts) and restarts[number]:
            box.start()
        turn = newest_turn(box.now, hour, minute, ZONE)
        assert (box.daily.due() == "daily") == (turn != before)
        if turn != before:
            box.make(number + 1)
            turns.append(turn)
        assert box.daily.due() is None
    assert len(set(turns)) == len(turns)


def test_a_clock_that_was_wrong_for_a_while_silences_nothing(tmp_path: Path) -> None:
    box = Box(tmp_path, NOON + timedelta(days=4000))
    box.now += timedelta(days=1)
    box.make()
    box.now = NOON + timedelta(days=1)
    assert box.daily.due() == "daily"
    box.make(2)
    assert box.daily.due() is None


@pytest.mark.parametrize("said", [b"", b"{", b'{"since": "x"}', b'{"a": 1}', b"[" * 100_000, b"\xff"])
def test_a_record_that_cannot_be_read_begins_anew(tmp_path: Path, said: bytes) -> None:
    (tmp_path / RECORD).write_bytes(said)
    box = Box(tmp_path)
    assert (box.state, read_record(tmp_path) is not None) == ("none_yet", True)


def test_a_folder_that_cannot_be_written_to_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    box = Box(tmp_path / "file")
    box.now = TURN + timedelta(days=1)
    box.make()
    assert box.daily.due() is None


# --- how far it is ----------------------------------------------------------------------------------------------------


def test_health_says_when_it_went_when_it_was_answered_and_when_it_was_not(tmp_path: Path) -> None:
    box = Box(tmp_path, TURN)
    box.now += timedelta(days=1)
    box.make()
    assert box.state == "sent"
    box.now += timedelta(seconds=3.5)
    box.answer()
    report = box.start().report
    assert report is not None
    assert (report.state, report.took_s, report.daily) == ("answered", 3.5, True)
    box.now += timedelta(days=1)
    box.make(2)
    box.now += ANSWERED_WITHIN + timedelta(seconds=1)
    box.daily.look()
    assert box.state == "unanswered"
    box.answer(2)
    assert box.state == "answered"
    box.now += timedelta(days=1)
    box.make(3)
    box.answer(3, "quarantined", "schema: Input should be 'giaolo.packet/1'")
    assert box.state == "refused", "a centre of before knows no test acts"


def test_pictures_that_do_not_come_are_told_and_not_passed_over(tmp_path: Path) -> None:
    box = Box(tmp_path, TURN)
    box.now += timedelta(days=1)
    assert box.state == "none_yet"
    box.now += PATIENCE + timedelta(seconds=1)
    assert box.state == "no_pictures"
    box.daily.fault = "the disk is full"
    assert box.state == "not_kept"
    box.make()
    assert box.state == "sent"


def test_a_box_without_daily_tests_says_nothing_until_somebody_asks_for_one(tmp_path: Path) -> None:
    box = Box(tmp_path, TURN, hour=None)
    box.now += timedelta(days=3)
    assert (box.daily.due(), box.daily.report) == (None, None)
    ask(tmp_path, box.now)
    assert box.daily.due() == "asked"
    box.make()
    assert (box.daily.due(), (tmp_path / ASKED).exists(), box.state) == (None, False, "sent")
    report = box.daily.report
    assert report is not None
    assert not report.daily


def test_a_request_that_cannot_be_removed_is_answered_once(tmp_path: Path) -> None:
    box = Box(tmp_path)
    ask(tmp_path, box.now)
    box.make()
    ask(tmp_path, box.now)  # the same is there again
    assert box.daily.due() is None
    ask(tmp_path, box.now + timedelta(seconds=1))
    assert box.daily.due() == "asked"


# --- a running camera -------------------------------------------------------------------------------------------------


class Camera:
    """A camera that plays a film of ten seconds as fast as it can, over and over, with an outbox of its own."""

    def __init__(
        self, folder: Path, *, size: tuple[int, int] = (160, 96), node: str = "node-1", key: SigningKey = KEY
    ) -> None:
        here = Scene.model_validate(
            {"schema_version": 2, "id": "s", "picture": {"width": size[0], "height": size[1]}, "place": "Ngã tư thử"}
        )
        self.folder = folder / "watch" / "cam-1"
        self.outbox = Outbox(folder / "outbox", min_free_bytes=0)
        self.daily = DailyTest(node, "cam-1", self.folder, hour=None, zone=ZONE, settled=self.outbox.settled)
        self.woken = threading.Event()
        film = folder / "v.mp4"
        url = str(film if film.exists() else make_video(film, frames=250))
        config = CameraConfig(id="cam-1", url=url, scene=folder / "s.yaml", realtime=False, loop=True)
        self.metrics = Metrics(lambda: None)
        self.worker = CameraWorker(
            CameraPlan(config, LoadedScene(here, scene_digest(here), folder / "s.yaml")),
            node=node, key=key, perception=ScriptedPerception(every=10**9), sink=self.outbox, metrics=self.metrics,
            kept_in_memory=1, state_dir=self.folder, on_commit=self.woken.set,
            tests=Tests(self.daily, self.outbox.commit),
        )  # fmt: skip

    def test_act(self) -> OpenedTest:
        """The first packet, which is one."""
        self.worker.start()
        eventually(self.outbox.pending, 30, "a packet")
        (pending,) = self.outbox.pending()
        found, _ = open_any(Part.whole(self.outbox.read(pending)))
        assert isinstance(found, OpenedTest)
        return found

    def close(self) -> None:
        self.worker.ask_to_stop()
        assert self.worker.join(30)
        self.outbox.close()


def test_a_running_camera_makes_one_of_its_pictures_and_film_and_counts_no_act(tmp_path: Path) -> None:
    camera = Camera(tmp_path)
    ask(camera.folder, datetime.now(UTC))
    found = camera.test_act()
    manifest = found.manifest
    verify_seal(manifest, found.seal, KEY.public)
    assert [f.role for f in manifest.files] == ["still_before", "still_on", "still_after", "clip", "scene"]
    before, on, after = (f.t_s for f in manifest.files[:3])
    assert before is not None
    assert on is not None
    assert after is not None
    assert 1.0 <= on - before < 1.2
    assert 1.0 <= after - on < 1.2
    assert (manifest.camera.place, manifest.camera.width, manifest.chain.sequence) == ("Ngã tư thử", 160, 1)
    assert (manifest.test.asked, "clip_missing" in manifest.test.doubts) == ("asked", False)
    assert camera.woken.wait(30), "the uplink is told at once"
    assert not camera.worker.live.acts
    acts = [s for family in camera.metrics.registry.collect() if family.name == "giaolo_acts" for s in family.samples]
    assert [s.value for s in acts if s.name.endswith("_total")] == []
    assert camera.worker.state().traffic.vehicles == 0
    (pending,) = camera.outbox.pending()
    camera.outbox.acknowledge(
        Receipt(
            node="node-1", packet_id=pending.packet_id, packet_digest=pending.digest,
            container_sha256=pending.container_sha256, status="stored", centre="c", at=datetime.now(UTC),
        )
    )  # fmt: skip
    eventually(lambda: (r := camera.worker.state().test) is not None and r.state == "answered", 30, "it is answered")
    camera.close()


def test_it_goes_though_the_camera_is_held_and_says_so(tmp_path: Path) -> None:
    """The scene was drawn for another picture: nothing of it is judged."""
    camera = Camera(tmp_path, size=(320, 192))
    ask(camera.folder, datetime.now(UTC))
    assert camera.test_act().manifest.test.doubts[:1] == ["wrong_size"]
    camera.close()


def test_one_that_was_cut_off_by_a_kill_is_adopted_by_the_outbox_as_an_act_is(tmp_path: Path) -> None:
    camera = Camera(tmp_path)
    ask(camera.folder, datetime.now(UTC))
    digest = camera.test_act().manifest.digest
    camera.close()
    for file in (tmp_path / "outbox").glob("outbox.sqlite3*"):
        file.unlink()  # the container was renamed into place, and its row never written
    again = Outbox(tmp_path / "outbox", min_free_bytes=0)
    assert [p.digest for p in again.pending()] == [digest]
    assert again.head.previous == digest
    again.close()


def test_a_full_outbox_keeps_no_act_waiting_and_the_test_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.delivery.daily_capture._RETRY_S", 0.0)
    camera = Camera(tmp_path)
    real, failed = camera.outbox.commit, threading.Event()

    def full(build: object) -> object:
        if not failed.is_set():
            failed.set()
            raise OSError(28, "No space left on device")
        return real(build)  # type: ignore[arg-type]

    camera.worker._tests = Tests(camera.daily, full)  # type: ignore[arg-type]
    ask(camera.folder, datetime.now(UTC))
    assert camera.test_act().manifest.test.asked == "asked"
    assert failed.is_set()
    assert camera.worker.state().lost == 0
    camera.close()


# --- the command ------------------------------------------------------------------------------------------------------


def test_the_command_asks_the_running_box_and_tells_what_was_answered(tmp_path: Path) -> None:
    cameras = [{"id": n, "url": "rtsp://x/", "scene": "s.yaml", "enabled": n != "off"} for n in ("a", "b", "off")]
    said = {"schema_version": 1, "node_id": "node-1", "key_file": "k", "data_dir": str(tmp_path), "cameras": cameras}
    config = parse_config(said | {"centre_public_key": "c"}, tmp_path / "node.yaml")
    boxes = {}
    for name in ("a", "b"):
        states: dict[int, Settled] = {}
        daily = DailyTest("node-1", name, watch_folder(config, name), hour=2, zone=ZONE, settled=states.get)
        boxes[name] = (daily, states)
    clock = iter(range(1000))

    def running(_: float) -> None:
        """What the box does meanwhile: a is answered, b makes none."""
        daily, states = boxes["a"]
        if daily.due() == "asked":
            daily.made("asked", at=datetime.now(UTC), sequence=7, packet_id="p")
            states[7] = Settled("p", "delivered", "", "2099-01-01T00:00:00.000Z")
        daily.look()

    told = list(send_tests(config, None, wait_s=5, sleep=running, monotonic=lambda: float(next(clock))))
    assert [line.level for line in told] == ["good", "fault"]
    assert "camera a: the centre has test packet 7" in told[0].en
    assert "camera b: the box has not made a test packet" in told[1].en
    with pytest.raises(GiaoLoError, match="one of: a, b"):
        list(send_tests(config, "off", wait_s=0))
