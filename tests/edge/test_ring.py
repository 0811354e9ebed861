"""The ring keeps whole groups of pictures; a clip is the camera's own bitstream."""

from __future__ import annotations

import io
import re
from pathlib import Path

import av
import numpy as np
import pytest

from edge.types import Frame
from edge.video.clip import ClipError, RingPacket
from edge.video.ring import PacketRing
from edge.video.source import VideoSource
from tests.edge.media import make_video
from tests.footage import FOOTAGE


def play(path: Path, ring: PacketRing) -> list[Frame]:
    return list(VideoSource(path, ring=ring).frames())


def decode(data: bytes) -> list[np.ndarray]:
    with av.open(io.BytesIO(data)) as container:
        return [f.to_ndarray(format="bgr24") for f in container.decode(video=0)]


def payloads(source: Path | io.BytesIO) -> list[bytes]:
    with av.open(source if isinstance(source, io.BytesIO) else str(source)) as container:
        return [bytes(p) for p in container.demux(video=0) if p.size]


def framed(payload: bytes) -> object:
    """The payload itself; for H.264 as a stream (Annex B) its units, since MP4 puts lengths for start codes."""
    if payload.startswith(b"\0\0\0\1"):
        return [unit.rstrip(b"\0") for unit in re.split(b"\0\0\0?\1", payload) if unit]
    units, at = [], 0
    while at + 4 <= len(payload):
        length = int.from_bytes(payload[at : at + 4], "big")
        if length == 0 or at + 4 + length > len(payload):
            return payload
        units.append(payload[at + 4 : at + 4 + length].rstrip(b"\0"))
        at += 4 + length
    return units if at == len(payload) else payload


def assert_is_a_true_copy(path: Path, from_s: float, to_s: float, ring: PacketRing | None = None) -> None:
    ring = ring or PacketRing(seconds=1000)
    frames = play(path, ring)
    clip = ring.cut(from_s, to_s)
    assert clip.from_s <= from_s
    expected = [f for f in frames if f.t_s >= clip.from_s - 1e-6][: len(decode(clip.data))]
    shown = decode(clip.data)
    assert expected[-1].t_s >= to_s - 0.3
    for frame, copy in zip(expected, shown, strict=True):
        assert np.array_equal(frame.image, copy), f"frame {frame.index} differs"
    cut: list[object] = [framed(p) for p in payloads(io.BytesIO(clip.data))]
    whole: list[object] = [framed(p) for p in payloads(path)]
    first = whole.index(cut[0])
    assert cut == whole[first : first + len(cut)]


CASES = [
    ("H.264, key frame every second", "a.mp4", {"gop": 25}),
    ("H.264 with B pictures", "b.mp4", {"gop": 25, "b_frames": 2}),
    ("H.264, one key frame at the start", "one.mp4", {"gop": 1000}),
    ("H.265", "h.mp4", {"codec": "libx265", "gop": 25, "b_frames": 2}),
    ("MPEG-4 part 2", "m.mp4", {"codec": "mpeg4", "gop": 12}),
    ("H.264 in a transport stream (Annex B)", "t.ts", {"gop": 25, "b_frames": 2}),
]


@pytest.mark.parametrize(("what", "name", "options"), CASES, ids=[c[0] for c in CASES])
def test_a_cut_clip_has_the_pixels_and_the_bytes_of_the_source(
    tmp_path: Path, what: str, name: str, options: dict[str, object]
) -> None:
    path = make_video(tmp_path / name, **options)  # type: ignore[arg-type]
    assert_is_a_true_copy(path, 2.3, 4.1)


@pytest.mark.footage
@pytest.mark.parametrize("name", ["hanoi_giang_vo", "portland", "saudi_pickup", "colorado_springs", "bangkok"])
def test_clips_of_real_footage_are_true_copies(name: str) -> None:
    assert_is_a_true_copy(FOOTAGE / "red_light" / f"{name}.mp4", 1.2, 2.9)


def test_old_groups_leave_but_the_time_asked_for_stays(tmp_path: Path) -> None:
    ring = PacketRing(seconds=2)
    play(make_video(tmp_path / "a.mp4", frames=250, gop=25), ring)
    assert ring.newest_s == pytest.approx(9.96)
    assert ring.oldest_s is not None
    assert 6.9 <= ring.oldest_s <= 7.96
    clip = ring.cut(8.5, 9.5)
    assert clip.complete
    assert clip.from_s == pytest.approx(8.0)


def test_with_b_pictures_the_clip_is_not_cut_before_the_last_of_them_is_there(tmp_path: Path) -> None:
    ring, seen = PacketRing(seconds=1000), []
    for _ in VideoSource(make_video(tmp_path / "b.mp4", frames=100, gop=25, b_frames=3), ring=ring).frames():
        assert ring.whole_s is not None
        assert ring.newest_s is not None
        assert ring.whole_s <= ring.newest_s
        held = sorted(p.t_s for g in ring._groups for p in g.packets if p.t_s <= ring.whole_s + 1e-6)
        assert held == pytest.approx(np.arange(len(held)) / 25)
        seen.append((ring.whole_s, ring.newest_s))
    assert any(whole_s < newest_s for whole_s, newest_s in seen), "a picture came before one that is shown earlier"
    assert sorted(seen) == seen


def test_what_leaves_next_is_told_while_it_is_still_held(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mp4", frames=200, gop=20)
    young, ring = PacketRing(seconds=100.0), PacketRing(seconds=3.0)
    play(path, young)
    play(path, ring)
    first, second = (group.first_s for group in list(ring._groups)[:2])
    assert not young.leaving(0.0), "nothing has left it yet"
    assert ring.leaving(first - 1.0)
    assert ring.leaving(first)
    assert ring.leaving(second - 0.01)
    assert not ring.leaving(second)


def test_a_stream_with_one_key_frame_is_kept_from_there(tmp_path: Path) -> None:
    ring = PacketRing(seconds=1)
    play(make_video(tmp_path / "a.mp4", frames=150, gop=1000), ring)
    assert ring.oldest_s == 0.0
    assert ring.cut(4.0, 5.0).from_s == 0.0


def test_a_wish_beyond_what_is_held_is_cut_short_and_says_so(tmp_path: Path) -> None:
    ring = PacketRing(seconds=1)
    play(make_video(tmp_path / "a.mp4", frames=150, gop=25), ring)
    clip = ring.cut(2.0, 5.0)
    assert not clip.complete
    assert clip.note.startswith("held ")
    with pytest.raises(ClipError, match="no compressed packets are held"):
        ring.cut(100.0, 101.0)


def test_a_group_larger_than_the_budget_says_so(tmp_path: Path) -> None:
    ring = PacketRing(seconds=60, max_bytes=3000)
    play(make_video(tmp_path / "a.mp4", frames=150, gop=1000), ring)
    assert ring.size_bytes <= 3000
    with pytest.raises(ClipError, match="memory budget of 3000 bytes") as raised:
        ring.cut(0.0, 4.0)
    assert "ring_mib" in raised.value.remedy


def test_the_budget_drops_the_oldest_groups_first(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mp4", frames=250, gop=25)
    whole = sum(len(p) for p in payloads(path))
    ring = PacketRing(seconds=60, max_bytes=whole // 2)
    play(path, ring)
    assert ring.size_bytes <= whole // 2
    assert ring.cut(9.1, 9.9).complete
    assert "memory budget" in ring.cut(0.5, 9.5).note


def test_packets_before_the_first_key_frame_or_without_a_template_are_not_kept() -> None:
    ring = PacketRing()
    ring.start_segment(None)
    ring.push(RingPacket(b"x", 0, 0, 1, key=True, t_s=0.0))
    assert ring.size_bytes == 0


def test_a_clip_never_spans_two_connections(tmp_path: Path) -> None:
    ring = PacketRing(seconds=100)
    source = VideoSource(make_video(tmp_path / "a.mp4", frames=100, gop=25), ring=ring)
    list(source.frames())
    again = VideoSource(tmp_path / "a.mp4", ring=ring)
    again._progress.position.t_s, again._progress.position.seen_s = 3.96, 0.0
    list(again.frames())
    clip = ring.cut(3.0, 7.0)
    assert clip.from_s >= 3.99
    assert not clip.complete
    assert len(decode(clip.data)) > 70
