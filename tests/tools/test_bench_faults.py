"""`giaolo bench faults` injects what it says, and what it finds wrong breaks a limit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from click.testing import CliRunner

from edge.types import Frame, Image
from models.plates import Corners, PlateBox, PlateReading
from tests.edge.media import make_video, picture
from tests.edge.street import BEGIN, street
from tests.edge.test_config import SCENE
from tools.bench import faults_run
from tools.bench.faults_camera import Pass, Told
from tools.bench.faults_kinds import KINDS, View
from tools.bench.faults_memory import RememberingPlates
from tools.bench.faults_outcome import Outcome, judged
from tools.bench.faults_pictures import moved, put_back
from tools.command.cli import cli
from tools.evaluate.acts import Reported, TrueAct, Truth

BOX = (100.0, 100.0, 140.0, 180.0)
TRUTH = Truth((TrueAct("a", "red_light", 5.0, 5.5, ((5.0, BOX),), "high"),))


def told(t_s: float, fault: str, *flags: str) -> Told:
    track = ((t_s - 1, BOX), (t_s, BOX))
    return Told(Reported("red_light", 0, t_s, BOX, {}, track, t_s), flags, fault)


@pytest.mark.parametrize(
    ("why", "fault", "flags", "counts"),
    [
        ("nothing says that the camera was knocked", "knock", (), "unflagged"),
        ("that its plate was not read says nothing of a knock", "knock", ("plate_unread",), "unflagged"),
        ("nor does how the red came", "knock", ("red_onset_not_seen",), "unflagged"),
        ("the place was unsure", "knock", ("camera_position_unsure",), "flagged"),
        ("how the red came, where the lamps were out of order", "lamps dark", ("red_onset_not_seen",), "flagged"),
        ("without a fault nothing excuses it", "", ("camera_position_unsure",), "unflagged"),
    ],
)
def test_a_false_act_is_flagged_only_where_its_flag_owns_up_to_the_fault(
    why: str, fault: str, flags: tuple[str, ...], counts: str
) -> None:
    result = judged(Pass(0.0, told=[told(5.0, ""), told(30.0, fault, *flags)]), TRUTH)
    assert [t.reported.t_s for t in result.right] == [5.0]
    assert [t.reported.t_s for t in getattr(result, counts)] == [30.0]
    assert len(result.flagged) + len(result.unflagged) == 1


def test_a_picture_is_asked_about_once_and_a_changed_one_anew() -> None:
    class Plates:
        def find(self, crop_bgr: Image) -> list[PlateBox]:
            return [PlateBox((0.0, 0.0, float(crop_bgr.sum()), 1.0), 0.9)]

        def read(self, plate_bgr: Image, corners: Corners | None = None) -> list[PlateReading]:
            return []

    plates, one = RememberingPlates(Plates(), kept=3), np.ones((2, 3, 3), np.uint8)
    changed = one.copy()
    changed[0, 0, 0] = 2
    assert [plates.find(each)[0].box[2] for each in (one, one.copy(), changed, one)] == [18.0, 18.0, 19.0, 18.0]
    assert plates.asked == 2
    assert plates.find(one.reshape(3, 2, 3)) == plates.find(one), "of the same bytes, but not the same picture"
    assert plates.asked == 3
    corners = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    assert [plates.read(one, at) for at in (None, corners, corners, None)] == [[], [], [], []]
    assert plates.asked == 5, "with other corners it is another question"
    plates.find(changed)
    assert plates.asked == 6, "what was asked longest ago is forgotten"


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("false acts not flagged, beside faults", lambda o: setattr(o.kinds["knock"], "unflagged", 1)),
        ("false acts in passes without faults", lambda o: setattr(o.kinds[""], "flagged", 1)),
        ("alarms in wind", lambda o: setattr(o.kinds["wind"], "false_alarms", 1)),
        ("faults told too late or never", lambda o: setattr(o.kinds["black"], "late", 1)),
        ("sure acts missed in wind", lambda o: o.sure.update({"quiet": 1})),
        ("sure acts missed in passes without faults", lambda o: o.sure.update({"": 1})),
        ("packets lost", lambda o: setattr(o, "lost", 1)),
        ("growth of memory, last quarter beside the second, %", lambda o: o.rss_mib.extend([100, 300, 330, 400, 430])),
    ],
)
def test_each_limit_breaks_by_itself(name: str, spoil: object) -> None:
    outcome = Outcome()
    assert outcome.kept
    assert callable(spoil)
    spoil(outcome)
    assert [each for each, value, limit in outcome.limits() if value > limit] == [name]


@pytest.mark.parametrize("name", sorted(KINDS))
def test_each_fault_does_something_to_a_stream_and_leaves_it_whole_before(name: str) -> None:
    """Of eight seconds some frames are lost, spoilt or told otherwise; none has another size, but for that fault."""
    drawn = street()
    view, rng = View.of(drawn), np.random.default_rng(4)
    injury = KINDS[name].make(rng, view)
    frames = [Frame(i, i / 3, _drawn(i), BEGIN, i) for i in range(24)]
    changed = [injury.change(frame, frame.t_s) for frame in frames]
    assert any(
        after is None or after.wall_at != before.wall_at or not np.array_equal(after.image, before.image)
        for before, after in zip(frames, changed, strict=True)
    )
    sizes = {after.image.shape for after in changed if after is not None}
    assert (sizes == {frames[0].image.shape}) == (name != "size")
    assert all(np.array_equal(frame.image, _drawn(frame.index)) for frame in frames)


def _drawn(index: int) -> Image:
    return np.asarray(np.tile(picture(index), (5, 4, 1)), np.uint8)


def test_a_box_of_a_knocked_picture_is_put_back_where_the_truth_has_it() -> None:
    matrix = moved(640, 480, 12, -30, 2.0, 1.02)
    corners = np.array([[100, 100], [140, 100], [140, 180], [100, 180]]) @ matrix[:, :2].T + matrix[:, 2]
    seen = (*corners.min(axis=0), *corners.max(axis=0))
    assert put_back(seen, matrix) == pytest.approx(BOX, abs=4.0)


def test_a_clip_is_played_with_one_fault_and_its_figures_are_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faults_run, "_GAP_S", (1.0, 2.0))
    monkeypatch.setattr(faults_run, "_SHORT", 0.0)
    make_video(tmp_path / "small.mp4", frames=120, fps=10, gop=10)
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(SCENE))
    (tmp_path / "small.json").write_text(json.dumps({"fps": 10, "acts": []}))
    folder = ["--clips", str(tmp_path), "--scenes", str(tmp_path), "--clip", "small"]
    args = ["bench", "faults", *folder, "--hours", "0.006", "--fault", "black", "--json"]
    result = CliRunner().invoke(cli, args)
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    black = figures["kinds"]["black"]
    assert figures["footage_s"] >= 21
    assert black["faults"] == 1
    assert black["states"] == {"black": 1}
    assert 3 <= black["alarms_s"][0] <= 15
    assert all(limit["ok"] for limit in figures["limits"])
