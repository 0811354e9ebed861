"""How a running box is: what its own page says, on the command line."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

from edge.config import NodeConfig
from edge.doctor.told import Level, Told, fault, note

_WAIT_S = 5.0
_LEVELS: dict[str, Level] = {"good": "good", "warning": "warning", "bad": "fault"}


def status(config: NodeConfig) -> Iterator[Told]:
    """Raises `ConfigError` when the page's token cannot be read."""
    page = config.page
    if not page.enabled:
        yield note(
            "trang của hộp đang tắt",
            "the box's page is switched off",
            "đặt page.enabled: true",
            "set page.enabled: true",
        )
        return
    host = "127.0.0.1" if page.host in ("0.0.0.0", "::") else page.host
    where = f"{'[' + host + ']' if ':' in host else host}:{page.port}"
    try:
        told = _asked(f"http://{where}/api/state", page.token())
    except (OSError, ValueError) as error:
        why = error.reason if isinstance(error, urllib.error.URLError) else error
        yield fault(
            f"hộp không trả lời tại {where} ({why})",
            f"the box does not answer at {where} ({why})",
            "xem `systemctl status giaolo-edge`, nhật ký; hoặc chạy `giaolo edge doctor`",
            "see `systemctl status giaolo-edge` and its log; or run `giaolo edge doctor`",
        )
        return
    for line in told["box"]:
        yield Told(_LEVELS[line["level"]], line["vi"], line["en"])
    for camera in told["cameras"]:
        for line in camera["lines"]:
            name = f"camera {camera['id']}: "
            yield Told(_LEVELS[line["level"]], name + line["vi"], name + line["en"])
    for each in told["details"]:
        yield Told("warning", "chi tiết", each)


def _asked(url: str, token: str) -> dict[str, Any]:
    request = urllib.request.Request(url, headers={"X-Giaolo": token or "-"})
    with urllib.request.urlopen(request, timeout=_WAIT_S) as answer:
        told: dict[str, Any] = json.load(answer)
    return told
