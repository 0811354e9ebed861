"""Pictures for people outside the desk: the words fit the act, what the act is about is drawn, nobody else is seen."""

from __future__ import annotations

import io
import re
import threading
import time
from itertools import product
from typing import get_args
from unittest import mock

import cv2
import numpy as np
import pytest
import yaml

from central.pictures import privacy
from central.pictures.captions import caption, still_words
from central.pictures.for_owners import CopyCache, legend, owner_pictures
from central.pictures.privacy import CELLS_ACROSS, PictureError, coarse, owner_copies, owner_copy
from central.pictures.stills import MOMENTS, Mark, marks_of, read_scene, still_views
from central.pictures.timeline import WORD
from central.words.texts import LANGUAGES, Language, texts
from evidence.acts import ACTS, ActCode, LampState
from evidence.container import open_packet
from evidence.packet import LampSpan, LampTimeline, Manifest
from tests.central.build import packet, picture
from zones.road import AreaKind

SCENE = yaml.safe_dump(
    {
        "schema_version": 1,
        "id": "nut",
        "picture": {"width": 640, "height": 360},
        "stop_lines": [
            {"id": "v1", "points": [[0, 300], [640, 300]], "forward": [320, 10]},
            {"id": "v2", "points": [[0, 340], [640, 340]], "forward": [320, 10]},
        ],
        "markings": [
            {"id": "m1", "kind": "1.1", "points": [[100, 350], [100, 10]]},
            {"id": "m2", "kind": "1.3", "points": [[500, 350], [500, 10]], "second": [[510, 350], [510, 10]]},
        ],
        "lanes": [
            {
                "id": "l1", "polygon": [[20, 350], [90, 350], [90, 10], [20, 10]], "direction": [[50, 20], [50, 330]],
            },
            {"id": "l2", "polygon": [[120, 350], [480, 350], [480, 10], [120, 10]]},
        ],
        "areas": [
            {"id": "via-he", "kind": "pavement", "polygon": [[600, 300], [640, 300], [640, 350], [600, 350]]},
            {"id": "o-vang", "kind": "keep_clear", "polygon": [[200, 40], [300, 40], [300, 90], [200, 90]]},
        ],
        "exits": [
            {"id": "trai", "movement": "left", "polygon": [[0, 0], [60, 0], [60, 60], [0, 60]]},
            {"id": "phai", "movement": "right", "polygon": [[580, 0], [640, 0], [640, 60], [580, 60]]},
        ],
        "signs": [
            {"id": "cam-trai", "number": "P.123a", "governs": ["v1"], "source": {"place": "cột đèn"}, "at": [400, 60]},
            {"id": "cam-vao", "number": "P.101", "governs": ["via-he"], "source": {"place": "đầu đường"}},
        ],
        "signals": [{"id": "den-1", "box": [600, 20, 620, 60], "governs": ["v1"]}],
    }
).encode()  # fmt: skip
DRAWN = {"stop_line": "v1", "marking": "m2", "lane": "l1", "exit": "trai", "area": "via-he", "sign": "cam-trai"}
REASONS = {act: {subject: DRAWN[subject] for subject in spec.about} for act, spec in ACTS.items()}


def made(act: ActCode = ActCode.RED_LIGHT, **options: object) -> tuple[Manifest, dict[str, bytes]]:
    opened = open_packet(packet(act=act, reasons=REASONS[act], scene=SCENE, **options))  # type: ignore[arg-type]
    return opened.manifest, dict(opened.files)


def lamps(*spans: tuple[LampState, float, float]) -> list[LampTimeline]:
    return [
        LampTimeline(
            head="den-1", source="pixels", governs=True,
            spans=[
                LampSpan(state=s, from_frame=int(a * 25), to_frame=int(b * 25), from_s=a, to_s=b, confidence=0.9)
                for s, a, b in spans
            ],
        )
    ]  # fmt: skip


class Memory:
    """Blobs in memory, by name instead of by digest."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files, self.reads = files, 0

    def read(self, sha256: str) -> bytes:
        self.reads += 1
        return self.files[sha256]

    def open(self, sha256: str) -> io.BytesIO:
        return io.BytesIO(self.files[sha256])


def test_every_act_has_words_of_its_own_in_every_language() -> None:
    for language, act in product(LANGUAGES, ActCode):
        t = texts(language)
        for moment in MOMENTS:
            assert still_words(moment, act, t)


def test_the_words_of_every_moment_have_room_in_the_timeline() -> None:
    """As wide as Noto Sans in bold makes them at the size in which they are shown there."""
    for language, spec in product(LANGUAGES, ACTS.values()):
        for moment in MOMENTS:
            assert len(still_words(moment, spec.code, texts(language))) * 6.7 <= WORD


@pytest.mark.parametrize("act", [a for a in ActCode if a is not ActCode.RED_LIGHT])
def test_no_other_act_is_said_to_be_at_the_stop_line(act: ActCode) -> None:
    manifest, _ = made(act)
    words = [caption(v, act, texts("vi")) for v in still_views(manifest, read_scene(SCENE))]
    assert len(words) == 3
    for said in words:
        assert not re.search(r"(Trước|Tại|Sau) vạch dừng", said), said


def test_the_words_of_a_red_light() -> None:
    seen = lamps((LampState.YELLOW, 0, 0.5), (LampState.RED, 0.5, 4.5), (LampState.GREEN, 4.6, 9))
    manifest, _ = made(lamps=seen)
    words = [caption(v, ActCode.RED_LIGHT, texts("vi")) for v in still_views(manifest, None)]
    assert words == [
        "Trước vạch dừng, 07:59:59.00. Đèn đỏ đã 2,5 giây",
        "Tại vạch dừng, 08:00:00.00. Đèn đỏ đã 3,5 giây",
        "Sau vạch dừng, 08:00:01.00. Lúc chụp ảnh này đèn đã chuyển xanh",
    ]


def test_a_red_whose_beginning_was_not_seen_is_only_at_least_so_long() -> None:
    manifest, _ = made(lamps=lamps((LampState.RED, 0, 9)))
    assert "ít nhất 4,0 giây" in caption(still_views(manifest, None)[1], ActCode.RED_LIGHT, texts("vi"))


def test_a_red_in_pieces_counts_from_its_first_piece_and_a_gap_ends_it() -> None:
    pieces = lamps((LampState.GREEN, 0, 1), (LampState.RED, 1.04, 2), (LampState.RED, 2.04, 9))
    assert still_views(made(lamps=pieces)[0], None)[1].red_for_s == pytest.approx(2.96)
    gap = lamps((LampState.GREEN, 0, 1), (LampState.RED, 1.04, 2), (LampState.RED, 3, 9))
    assert still_views(made(lamps=gap)[0], None)[1].red_for_s == pytest.approx(1.0)


def test_an_act_that_the_officer_put_in_place_of_another_gets_no_words_of_either() -> None:
    manifest, _ = made(ActCode.WRONG_WAY)
    view = still_views(manifest, read_scene(SCENE), ActCode.SOLID_LINE)[1]
    assert caption(view, ActCode.SOLID_LINE, texts("vi"), ActCode.WRONG_WAY).startswith("Lúc ghi nhận, ")
    assert {m.kind for m in view.marks} == {"marking"}


@pytest.mark.parametrize(
    ("act", "kinds", "points"),
    [
        (ActCode.RED_LIGHT, ["line"], [(0, 300)]),
        (ActCode.STOPPED_PAST_LINE, ["line"], [(0, 300)]),
        (ActCode.SOLID_LINE, ["marking", "marking"], [(500, 350), (510, 350)]),
        (ActCode.WRONG_WAY, ["area", "way"], [(20, 350), (50, 20)]),
        (ActCode.BANNED_TURN, ["line", "area", "sign"], [(0, 300), (0, 0), (400, 60)]),
    ],
)
def test_what_the_act_is_about_is_marked(act: ActCode, kinds: list[str], points: list[tuple[int, int]]) -> None:
    marks = marks_of(act, REASONS[act], read_scene(SCENE))
    assert [m.kind for m in marks] == kinds
    assert [m.points[0] for m in marks] == points
    assert marks_of(act, REASONS[act], None) == ()


def test_an_older_packet_that_names_none_shows_all_of_the_kind() -> None:
    assert len(marks_of(ActCode.SOLID_LINE, {}, read_scene(SCENE))) == 3
    assert len(marks_of(ActCode.RED_LIGHT, {"stop_line": "gone"}, read_scene(SCENE))) == 2


@pytest.mark.parametrize(
    ("act", "reasons", "what"),
    [
        pytest.param(ActCode.WRONG_LANE, {"lane": "l2"}, {"lane": (120, 350)}, id="a lane of no direction, no other"),
        pytest.param(ActCode.PAVEMENT, {}, {"pavement": (600, 300)}, id="not the yellow box"),
        pytest.param(ActCode.BLOCKING_JUNCTION, {}, {"keep_clear": (200, 40)}, id="not the pavement"),
        pytest.param(ActCode.STOPPING_BANNED, {}, {}, id="a kerb that is not drawn"),
        pytest.param(
            ActCode.BANNED_U_TURN, {"stop_line": "v1", "movement": "u_turn"}, {"line": (0, 300)}, id="through no exit"
        ),
        pytest.param(
            ActCode.BANNED_TURN,
            {"stop_line": "v1", "movement": "right", "sign": "cam-vao"},
            {"line": (0, 300), "exit": (580, 0)},
            id="the exits of the turn; a sign that is not in the picture",
        ),
    ],
)
def test_nothing_is_marked_that_the_act_is_not_about(
    act: ActCode, reasons: dict[str, str], what: dict[str, tuple[int, int]]
) -> None:
    marks = marks_of(act, reasons, read_scene(SCENE))
    assert {mark.what: mark.points[0] for mark in marks} == what


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("act", list(ActCode))
def test_the_legend_names_what_is_drawn_for_the_act(act: ActCode, language: Language) -> None:
    words, scene = texts(language), read_scene(SCENE)
    assert scene is not None
    kinds = ACTS[act].areas or ("pavement",)
    areas = [a.model_copy(update={"id": "via-he", "kind": kind}) for a, kind in zip(scene.areas, kinds, strict=False)]
    scene = scene.model_copy(update={"areas": areas})
    said = legend(still_views(made(act)[0], scene), words)
    for what in {mark.what for mark in marks_of(act, REASONS[act], scene)} - {"line", "marking", "way", "sign"}:
        assert words(f"ground.{what}") in said
    assert ("biển báo" in said or "the sign" in said) is ("sign" in ACTS[act].about)


def test_an_act_in_an_area_names_kinds_of_areas_that_there_are() -> None:
    for spec in ACTS.values():
        assert set(spec.areas) <= set(get_args(AreaKind))
        assert bool(spec.areas) is ("area" in spec.about)


@pytest.mark.parametrize(
    ("act", "at", "channel"),
    [
        (ActCode.RED_LIGHT, (300, 20), 2),
        (ActCode.SOLID_LINE, (200, 500), 1),
        (ActCode.WRONG_WAY, (200, 20), 0),
        (ActCode.BANNED_TURN, (60, 30), 0),
        (ActCode.BANNED_TURN, (60, 400 - 640 // 45), 2),
    ],
)
def test_the_marks_are_seen_in_the_copy(act: ActCode, at: tuple[int, int], channel: int) -> None:
    manifest, files = made(act)
    names = {name: name for name in files}
    pictures = owner_pictures(manifest, names, Memory(files), CopyCache(), act)  # type: ignore[arg-type]
    assert pictures.missing == ()
    assert len(pictures.stills) == 3
    copy = cv2.imdecode(np.frombuffer(pictures.stills[1].frame, np.uint8), 1)
    y, x = at
    patch = copy[y - 2 : y + 3, x - 2 : x + 3].reshape(-1, 3).astype(int)
    assert (patch[:, channel] > 150).any(), patch
    assert (np.ptp(patch, axis=1) > 80).any(), "a coloured line, not the grey of the road"
    assert legend(still_views(manifest, read_scene(SCENE)), texts("vi")) == pictures.legend != ""


def test_a_close_up_shows_the_vehicle_large_and_only_blur_around_it() -> None:
    noise = np.random.default_rng(5).integers(0, 255, (360, 640, 3), np.uint8)
    original = bytes(cv2.imencode(".png", noise)[1])
    frame, near = owner_copies(original, (300, 150, 364, 190))
    assert near is not None
    shown = cv2.imdecode(np.frombuffer(near, np.uint8), 1)
    assert shown.shape == (360, 640, 3)
    assert shown[170:190, 300:340].std() > 25, "the vehicle stays sharp"
    assert shown[5:40].std() < 15, "what is around it does not"
    assert cv2.imdecode(np.frombuffer(frame, np.uint8), 1).shape == noise.shape


@pytest.mark.parametrize(
    ("width", "box", "times"),
    [
        pytest.param(1920, (800.0, 400.0, 1100.0, 700.0), 1, id="1080p is shown at two thirds"),
        pytest.param(3840, (1600.0, 800.0, 2600.0, 1800.0), 2, id="a near vehicle at 8 megapixels"),
        pytest.param(3840, (1600.0, 800.0, 1700.0, 860.0), 1, id="one far away, whose close-up is enlarged"),
    ],
)
def test_a_still_is_unfolded_no_larger_than_it_is_shown_and_looks_the_same(
    width: int, box: tuple[float, float, float, float], times: int
) -> None:
    height = width * 9 // 16
    blurred = cv2.GaussianBlur(np.random.default_rng(7).integers(0, 255, (height, width, 3), np.uint8), (0, 0), 9)
    jpeg = cv2.imencode(".jpg", np.clip((blurred.astype(int) - 128) * 9 + 128, 0, 255).astype(np.uint8))[1].tobytes()
    assert privacy._reduction(jpeg, box) == times
    mark = Mark("line", ((width / 20, height * 0.9), (width * 0.9, height * 0.8)))
    small = owner_copies(jpeg, box, ((10.0, 10.0, 90.0, 200.0),), marks=[mark])
    with mock.patch.object(privacy, "_reduction", return_value=1):
        whole = owner_copies(jpeg, box, ((10.0, 10.0, 90.0, 200.0),), marks=[mark])
    for one, other in zip(small, whole, strict=True):
        assert one is not None
        assert other is not None
        a, b = (cv2.imdecode(np.frombuffer(each, np.uint8), cv2.IMREAD_COLOR).astype(int) for each in (one, other))
        assert a.shape == b.shape
        assert np.abs(a - b).mean() < 4, "a JPEG's own noise"
    assert times > 1 or small == whole


def test_an_owners_copy_keeps_the_vehicle_and_shows_the_line_and_nobody_else() -> None:
    cells = np.random.default_rng(3).integers(0, 255, (45, 80, 1), np.uint8).repeat(3, axis=2)
    noise = cv2.resize(cells, (640, 360), interpolation=cv2.INTER_NEAREST)
    original = bytes(cv2.imencode(".png", noise)[1])
    line = Mark("line", ((0, 300), (640, 300)))
    copy = cv2.imdecode(np.frombuffer(owner_copy(original, (200, 100, 260, 180), marks=(line,)), np.uint8), 1)
    difference = np.abs(copy.astype(int) - noise.astype(int)).mean(axis=2)
    assert difference[105:175, 205:255].mean() < 20
    assert difference[10:90].mean() > 45
    assert copy[10:90].std() < 20
    assert copy[300, 320, 0] > 120 > copy[300, 320, 1]


def test_the_cheap_blur_looks_like_the_one_at_full_size() -> None:
    def at_full_size(shown: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
        height, width = shown.shape[:2]
        cell = max(8, width // CELLS_ACROSS)
        small = cv2.resize(shown, (width // cell, height // cell), interpolation=cv2.INTER_AREA)
        return cv2.GaussianBlur(cv2.resize(small, (width, height)), (0, 0), cell / 2)

    rng = np.random.default_rng(1)
    bars = np.zeros((1080, 1920, 3), np.uint8)
    bars[:, 500:900], bars[300:340] = 255, 255
    for name, shown in (
        ("noise", rng.integers(0, 255, (1080, 1920, 3), np.uint8)),
        ("bars", bars),
        ("blocks", cv2.resize(rng.integers(0, 255, (27, 48, 3), np.uint8), (1920, 1080), interpolation=0)),
    ):
        apart = np.abs(at_full_size(shown).astype(int) - coarse(shown).astype(int))
        assert apart.max() <= 6, (name, apart.max())
        assert apart.mean() < 1, name


def test_a_copy_that_cannot_be_made_is_told(caplog: pytest.LogCaptureFixture) -> None:
    good = picture()
    files = {"still_before.jpg": good, "still_on.jpg": b"junk", "still_after.jpg": good, "plate_crop.jpg": b""}
    manifest = open_packet(packet(files=files)).manifest
    pictures = owner_pictures(
        manifest, {n: n for n in files}, Memory(files), CopyCache(), ActCode.RED_LIGHT  # type: ignore[arg-type]
    )  # fmt: skip
    assert [p.moment for p in pictures.stills] == ["before", "after"]
    assert "“Tại vạch dừng”" in pictures.missing[0]
    assert any("“Biển số”" in line for line in pictures.missing)
    assert any("sơ đồ hiện trường" in line for line in pictures.missing), "no scene, so no line could be drawn"
    assert "still_on.jpg" in caplog.text


def test_a_copy_is_made_once_and_the_memory_is_bounded() -> None:
    cache, calls = CopyCache(max_bytes=250), []

    def make(name: str) -> tuple[bytes, bytes | None]:
        calls.append(name)
        return bytes(100), None

    for name in ("a", "a", "b", "a", "c", "b", "a"):
        cache.get(name, lambda name=name: make(name))  # type: ignore[misc]
    assert calls == ["a", "b", "c", "b", "a"], "two fit; the one unused longest goes"
    with pytest.raises(PictureError):
        cache.get("bad", lambda: owner_copies(b"", None))


def test_many_threads_share_the_copies() -> None:
    cache, counted = CopyCache(max_bytes=10_000), threading.Semaphore(0)

    def ask() -> None:
        for n in range(200):
            assert cache.get(str(n % 7), lambda: (bytes(50), None)) == (bytes(50), None)
        counted.release()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert all(counted.acquire(blocking=False) for _ in range(4))


def test_processor_time_of_three_stills_at_1080p(capsys: pytest.CaptureFixture[str]) -> None:
    """No limit here, as a machine may be slow: the figure is printed, and the structure is tested elsewhere."""
    rng = np.random.default_rng(0)
    street = cv2.GaussianBlur(rng.integers(0, 255, (1080, 1920, 3), np.uint8), (0, 0), 3)
    still = bytes(cv2.imencode(".jpg", street)[1])
    began = time.thread_time()
    for _ in range(3):
        owner_copies(still, (900, 500, 1060, 700))
    spent_ms = (time.thread_time() - began) * 1000
    with capsys.disabled():
        print(f"\nowner's copies and close-ups of three 1080p stills: {spent_ms:.0f} ms of processor time")
