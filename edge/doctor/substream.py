"""A camera's small stream, beside its main one: whether a box can look at it and prove by the other."""

from __future__ import annotations

from collections.abc import Iterator

from edge.doctor.camera import Trial
from edge.doctor.told import Told, fault, good
from edge.judging import Judging
from edge.substream.stretched import StretchedPicture
from edge.substream.view import SameView, too_small
from zones.schema import Scene


def beside(main: Trial, small: Trial, scene: Scene, judging: Judging) -> Iterator[Told]:
    """What is told of the two together; `main` and `small` were looked at one after the other."""
    if not small.works or small.frame is None:
        why = small.error.partition(" -> ")[0]
        yield fault(
            f"luồng phụ: không có hình ({why})",
            f"substream: no picture ({why})",
            "xem địa chỉ luồng phụ, bật luồng phụ trong camera, hoặc bỏ dòng substream",
            "see its address, switch it on in the camera, or leave the line substream out",
        )
        return
    size = small.frame.picture.width, small.frame.picture.height
    key = "?" if small.key_interval_s is None else f"{small.key_interval_s:.1f}"
    yield good(
        f"luồng phụ: {size[0]} x {size[1]}, {small.fps:.1f} hình/giây, hình chính cách {key} giây",
        f"substream: {size[0]} x {size[1]}, {small.fps:.1f} frames a second, a key frame every {key} s",
    )
    lacks = too_small(scene, size, judging.detector.long_side, judging.substream, judging.region)
    if lacks:
        what, _, remedy = lacks.partition(" -> ")
        yield fault(f"luồng phụ quá nhỏ ({what})", what, f"tăng cỡ luồng phụ trong camera ({remedy})", remedy)
    if main.frame is None:
        return
    picture = main.frame.picture
    view = SameView(scene, judging.substream, judging.picture)
    for number in range(judging.substream.view_looks):
        view.look(picture, StretchedPicture(small.frame.picture, picture.width, picture.height), float(number))
    if view.wrong:
        what, _, remedy = view.wrong.partition(" -> ")
        yield fault(
            "luồng phụ không cùng góc nhìn với luồng chính",
            what,
            "đặt hai luồng của camera cùng một khung hình, không cắt bớt",
            remedy,
        )
    elif view.known:
        yield good("luồng phụ cùng góc nhìn với luồng chính", "substream: the same view as the main stream")
