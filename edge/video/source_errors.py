"""Why a camera or a video file cannot be used, told to a person."""

from __future__ import annotations

from pathlib import Path

import av

from evidence.addresses import hide, shown_address
from evidence.errors import GiaoLoError


class SourceError(GiaoLoError):
    """A camera or a video file cannot be used."""


def shown_url(text: str) -> str:
    """The text with every address in it freed from its secrets (`evidence.addresses`)."""
    return hide(text)


def check_file(url: str) -> None:
    """Raise `SourceError` for a file that is not there or empty."""
    path = Path(url.removeprefix("file:"))
    if not path.is_file():
        raise SourceError(
            "there is no such video file",
            where=shown_address(str(path)),
            remedy="check the path of the camera's url",
        )
    if path.stat().st_size == 0:
        raise SourceError("is empty (0 bytes)", where=str(path), remedy="copy or record the file again")


def open_error(error: av.FFmpegError, url: str, *, live: bool) -> SourceError:
    """FFmpeg's error in words for a person."""
    where = shown_address(url)
    if live and "protocol not supported" in (error.strerror or "").lower():
        return SourceError(
            "the camera refuses this way of sending (RTSP 461, transport)",
            where=where,
            remedy="set `transport: udp` or `transport: auto` for this camera",
        )
    if live and isinstance(error, av.error.ArgumentError):
        return SourceError(
            "the address cannot be read",
            where=where,
            remedy="give user and password as fields of their own (username, password_file), not in the address",
        )
    if live and isinstance(error, av.error.InvalidDataError):
        return SourceError("does not answer as a camera, or hung up", where=where, remedy="check address and camera")
    if isinstance(error, av.error.InvalidDataError):
        return SourceError(
            "is not a video, or is cut off before its index",
            where=where,
            remedy="copy the file again; a cut-off MP4 can be recovered only if its index comes first",
        )
    if isinstance(error, av.error.HTTPUnauthorizedError | av.error.PermissionError):
        return SourceError(
            "the camera refuses the user or password",
            where=where,
            remedy="correct username and password_file of the camera",
        )
    if isinstance(error, av.error.ExitError | av.error.TimeoutError):
        return SourceError("does not answer in time", where=where, remedy="check address, cable and the camera's power")
    return SourceError(f"cannot be opened: {error.strerror}", where=where, remedy="check address and camera")
