"""`giaolo edge test-act`: a marked test act of each camera now, through the running box to the centre and back.

The running box holds outbox and cameras; it is asked by a file beside its own record, and that record says how far it
is. So whoever may write there may ask, and nobody from elsewhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from common.settings import ConfigError
from edge.config import NodeConfig, watch_folder
from edge.delivery.daily_test import Kept, ask, read_record
from edge.doctor.told import Told, fault, good

_LOOK_S = 0.5


def send_tests(
    config: NodeConfig, only: str | None = None, *, wait_s: float,
    sleep: Callable[[float], None] = time.sleep, monotonic: Callable[[], float] = time.monotonic,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Iterator[Told]:  # fmt: skip
    """A line a camera, as each is answered, or when the time is over. Raises `ConfigError` for a camera that there is
    not, or that cannot be asked."""
    cameras = [c.id for c in config.cameras if c.enabled and only in (None, c.id)]
    if not cameras:
        known = ", ".join(c.id for c in config.cameras if c.enabled) or "none"
        raise ConfigError("is no camera of this box", where=only or "cameras", remedy=f"one of: {known}")
    asked = {}
    for camera in cameras:
        try:
            asked[camera] = ask(watch_folder(config, camera), now())
        except OSError as error:
            raise ConfigError(
                f"cannot be asked: {error.strerror}",
                where=str(watch_folder(config, camera)),
                remedy="run it as the user of the box",
            ) from error
    until_s = monotonic() + wait_s
    while asked:
        over = monotonic() >= until_s
        for camera, said in list(asked.items()):
            kept = read_record(watch_folder(config, camera))
            line = _line(camera, kept if kept is not None and kept.asked_file == said else None, over=over)
            if line is not None:
                del asked[camera]
                yield line
        if asked:
            sleep(_LOOK_S)


def _line(camera: str, kept: Kept | None, *, over: bool) -> Told | None:
    """None: it is still waited for."""
    if kept is not None and kept.answered_at:
        took = datetime.fromisoformat(kept.answered_at) - datetime.fromisoformat(kept.made_at)
        s = f"{took.total_seconds():.1f}"
        return good(
            f"camera {camera}: trung tâm đã nhận gói thử số {kept.sequence} sau {s} giây",
            f"camera {camera}: the centre has test packet {kept.sequence}, after {s} s",
        )
    if kept is not None and kept.refused:
        return fault(
            f"camera {camera}: trung tâm giữ riêng gói thử: {kept.refused}",
            f"camera {camera}: the centre set the test packet aside: {kept.refused}",
            "cập nhật trung tâm, hoặc xem khóa của hộp ở trung tâm",
            "update the centre, or see the box's key there",
        )
    if not over:
        return None
    if kept is not None:
        return fault(
            f"camera {camera}: gói thử số {kept.sequence} đã lưu, trung tâm chưa trả lời",
            f"camera {camera}: test packet {kept.sequence} is kept, the centre has not answered",
            "chạy `giaolo edge doctor`; hộp sẽ gửi khi nối được",
            "run `giaolo edge doctor`; the box sends it when it can",
        )
    return fault(
        f"camera {camera}: hộp chưa làm được gói thử",
        f"camera {camera}: the box has not made a test packet",
        "xem `giaolo edge status`: hộp có chạy, camera có hình không; yêu cầu vẫn còn chờ",
        "see `giaolo edge status`: does it run, does the camera send pictures; the request still waits",
    )
