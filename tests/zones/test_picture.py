"""One decoder for the editor's still and the box: what one of them cannot show right, neither shows."""

from __future__ import annotations

import logging
import struct
from pathlib import Path

import av
import numpy as np
import pytest

from edge.video.source import VideoSource
from edge.video.source_errors import SourceError
from tests.edge.media import make_video, picture
from zones.picture import PictureRefused
from zones.still import read_still

UPRIGHT = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
TURNED = struct.pack(">9i", -0x10000, 0, 0, 0, -0x10000, 0, 160 << 16, 96 << 16, 0x40000000)


def first_of(path: Path) -> np.ndarray:
    """The first picture that the box sees."""
    source = VideoSource(str(path))
    source.start()
    try:
        frame = source.next(20)
        assert frame is not None
        return frame.image
    finally:
        source.stop()


def test_the_still_is_the_picture_that_the_box_sees(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mp4", frames=5)
    assert np.array_equal(read_still(path), first_of(path))


def test_a_video_that_is_to_be_turned_is_refused_by_both_in_words(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mp4", frames=5)
    data = path.read_bytes()
    at = data.index(UPRIGHT, data.index(b"tkhd"))
    path.write_bytes(data[:at] + TURNED + data[at + len(TURNED) :])
    with pytest.raises(PictureRefused, match="180 degrees"):
        read_still(path)
    with pytest.raises(SourceError, match="180 degrees"):
        first_of(path)


def test_of_an_interlaced_video_both_show_one_moment(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Two fields of two moments: the bar of the odd lines has moved on by half its width."""
    path = tmp_path / "a.mp4"
    options = {"flags": "+ilme+ildct", "x264-params": "interlaced=1", "preset": "ultrafast", "qp": "4"}
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        for index in range(6):
            image = picture(8 * index)
            image[1::2] = picture(8 * index + 4)[1::2]
            for packet in stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    still = read_still(path)
    # on its own logger: whoever sets up a log in another thread meanwhile takes the root's handlers away
    said = logging.getLogger("edge.video.handover")
    caplog.set_level(logging.WARNING, said.name)
    said.addHandler(caplog.handler)
    try:
        assert np.array_equal(still, first_of(path))
    finally:
        said.removeHandler(caplog.handler)
    assert np.abs(still.astype(int) - picture(0)).mean() < 6  # 16 and more where both fields are shown
    assert "interlaced" in caplog.text
