"""What is made of a picture is the same whichever way it is asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.picture import BgrPicture, DecodedPicture, Picture, picture_of
from edge.pipeline import CameraPipeline
from edge.types import Frame
from edge.video.kept import kept
from edge.video.source import VideoSource
from edge.video.source_status import SourceSettings
from models.detector import Detections
from tests.edge.media import make_video
from tests.edge.roads import scene
from tests.edge.test_pipeline import RUNNER, KnownDetector, KnownPlates, picture
from zones.picture import as_shown

CLIPS = Path(__file__).parents[2] / "tools" / "clips"


def _decoded(clip: Path, number: int = 3) -> av.VideoFrame:
    with av.open(str(clip)) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index == number:
                return frame
    raise AssertionError("the clip is too short")


FRAME = _decoded(CLIPS / "right-plate.mp4")
WHOLE = as_shown(FRAME, where="")


@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_a_part_is_that_part_of_the_whole_to_the_last_grey_level(data: st.DataObject) -> None:
    x1 = data.draw(st.integers(0, FRAME.width - 1))
    y1 = data.draw(st.integers(0, FRAME.height - 1))
    x2 = data.draw(st.integers(x1 + 1, FRAME.width))
    y2 = data.draw(st.integers(y1 + 1, FRAME.height))
    picture = picture_of(FRAME, where="")
    assert isinstance(picture, DecodedPicture)
    part = picture.part(x1, y1, x2, y2)
    assert np.array_equal(part, WHOLE[y1:y2, x1:x2])
    assert np.array_equal(picture.image(), WHOLE)
    assert np.array_equal(picture.part(x1, y1, x2, y2), part)


@pytest.mark.parametrize("rectangle", [(0, 0, 1280, 720), (200, 100, 840, 460), (201, 101, 841, 461)])
def test_made_smaller_and_as_brightness_it_is_that_of_its_pixels_but_for_rounding(
    rectangle: tuple[int, int, int, int],
) -> None:
    x1, y1, x2, y2 = rectangle
    decoded, drawn = picture_of(FRAME, where=""), BgrPicture(WHOLE)
    size = ((x2 - x1) // 2, (y2 - y1) // 2)
    for ask in (
        lambda p: p.scaled(x1, y1, x2, y2, *size),
        lambda p: p.sparse_light(4),
    ):
        a, b = ask(decoded).astype(int), ask(drawn).astype(int)
        assert a.shape == b.shape
        assert np.abs(a - b).mean() < 2.5
        assert abs(a.mean() - b.mean()) < 2.0, "the whole is made by truncating, a smaller copy by rounding"


def test_a_picture_of_odd_size_is_whole_too() -> None:
    odd = av.VideoFrame.from_ndarray(np.ascontiguousarray(WHOLE[:101, :203]), format="bgr24").reformat(format="yuv420p")
    picture, whole = picture_of(odd, where=""), as_shown(odd, where="")
    assert isinstance(picture, DecodedPicture)
    for x1, y1, x2, y2 in ((0, 0, 203, 101), (190, 90, 203, 101), (202, 100, 203, 101), (3, 5, 8, 9)):
        assert np.array_equal(picture.part(x1, y1, x2, y2), whole[y1:y2, x1:x2])


@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("size", [(1280, 720), (203, 101)])
def test_of_its_planes_a_picture_is_itself_again_to_the_last_grey_level(
    size: tuple[int, int], *, full_range: bool
) -> None:
    width, height = size
    drawn = av.VideoFrame.from_ndarray(np.ascontiguousarray(WHOLE[:height, :width]), format="bgr24")
    frame = drawn.reformat(format="yuvj420p" if full_range else "yuv420p", dst_colorspace="ITU709")
    picture = picture_of(frame, where="")
    assert isinstance(picture, DecodedPicture)
    again = DecodedPicture.of_planes(picture.planes, picture.form)
    assert again.form == picture.form
    assert np.array_equal(again.image(), picture.image())
    assert np.array_equal(picture.image(), as_shown(frame, where=""))


def test_what_waits_for_an_act_is_nearer_to_the_cameras_picture_than_it_would_be_as_colours() -> None:
    picture = picture_of(FRAME, where="")
    off = []
    for each in (picture, BgrPicture(WHOLE)):
        waited = kept(each)
        assert waited is not None
        off.append(np.abs(waited.image().astype(int) - WHOLE))
    planes, colours = off
    assert planes.max() <= 12
    assert np.square(planes).mean() < np.square(colours).mean() < 4.0


def test_a_frame_that_nobody_looks_at_is_made_into_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Picture] = []
    image = DecodedPicture.image

    def counted(picture: DecodedPicture) -> np.ndarray:
        made.append(picture)
        return image(picture)

    monkeypatch.setattr(DecodedPicture, "image", counted)
    clip = make_video(tmp_path / "a.mp4", frames=20, fps=10)
    source = VideoSource(clip, settings=SourceSettings(queue_frames=2))
    frames = list(source.frames())
    source.stop()
    assert len(frames) == 20
    assert made == []
    assert frames[3].image.shape == (frames[3].picture.height, frames[3].picture.width, 3)
    assert len(made) == 1


def test_the_same_frames_and_boxes_give_the_same_acts_however_their_pixels_are_made(
    tmp_path: Path,
) -> None:
    drawn = [picture(index / 10, [RUNNER(index / 10)]) for index in range(90)]
    with av.open(str(tmp_path / "run.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=10, options={"crf": "12", "bf": "0"})
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuv420p"
        for image in drawn:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode())
    told = []
    for whole in (True, False):
        detector = _Boxes([KnownDetector().detect(image) for image in drawn])
        pipeline = CameraPipeline(scene(), detector, KnownPlates())
        acts = []
        with av.open(str(tmp_path / "run.mp4")) as container:
            for index, frame in enumerate(container.decode(video=0)):
                shown = as_shown(frame, where="") if whole else picture_of(frame, where="")
                at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=index / 10)
                acts += pipeline.process(Frame(index, index / 10, shown, at, index))
        told.append(acts + pipeline.finish())
    (a,), (b,) = told
    pictures = {"stills", "plate_crop", "vehicle_crop"}
    assert {k: v for k, v in vars(a).items() if k not in pictures} == {
        k: v for k, v in vars(b).items() if k not in pictures
    }
    assert np.array_equal(a.plate_crop, b.plate_crop)
    for role, still in a.stills.items():
        assert (still.frame, still.t_s) == (b.stills[role].frame, b.stills[role].t_s)
        # each waited in the form in which it came, nearly lossless; the crop of the vehicle is cut from one
        assert np.abs(still.image.astype(int) - b.stills[role].image).mean() < 1.0
    assert np.abs(a.vehicle_crop.astype(int) - b.vehicle_crop).mean() < 1.0


class _Boxes:
    """What was found in each picture, whatever the picture is now."""

    def __init__(self, found: list[Detections]) -> None:
        self._left = iter(found)

    def detect(self, frame_bgr: object) -> Detections:
        return next(self._left)
