"""Pictures out of compressed packets that were kept: only the groups that are needed, from their key frames on."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator, Sequence

import av

from edge.picture import Picture, picture_of
from edge.video.clip import ClipError, RingPacket, mux
from edge.video.ring import Group
from zones.picture import PictureRefused

log = logging.getLogger(__name__)


def decoded(groups: Sequence[Group], from_s: float, to_s: float) -> Iterator[tuple[float, Picture]]:
    """The pictures of `groups` between two stream times, in order of time, with theirs.

    Groups that follow each other are decoded as one, so that none is missing between them. Damaged pictures are left
    out, and so is what cannot be decoded.
    """
    for run in _runs([g for g in groups if g.last_s >= from_s and g.first_s <= to_s]):
        try:
            yield from _decoded(run, from_s, to_s)
        except (av.FFmpegError, ClipError, PictureRefused) as error:
            log.warning("kept pictures cannot be decoded from_s=%.2f to_s=%.2f %s", from_s, to_s, error)


def _runs(groups: Sequence[Group]) -> list[list[Group]]:
    """Groups of one connection, in order. Whoever gives two with another between them gives two runs."""
    runs: list[list[Group]] = []
    for group in sorted(groups, key=lambda g: g.number):
        if runs and runs[-1][-1].goes_on_in(group):
            runs[-1].append(group)
        else:
            runs.append([group])
    return runs


def _decoded(run: Sequence[Group], from_s: float, to_s: float) -> Iterator[tuple[float, Picture]]:
    packets: list[RingPacket] = [p for group in run for p in list(group.packets)]
    # to the last picture wanted and what comes before it in the stream, B pictures too
    last = max((i for i, p in enumerate(packets) if p.t_s <= to_s), default=-1)
    if last < 0:
        return
    newest = max(p.pts for p in packets[: last + 1])
    while last + 1 < len(packets) and packets[last + 1].pts < newest:
        last += 1
    template, packets = run[0].template, packets[: last + 1]
    first_s = packets[0].t_s
    with av.open(io.BytesIO(mux(template, packets)), "r", format="mp4") as film:
        stream = film.streams.video[0]
        stream.codec_context.thread_count = 1
        for frame in film.decode(stream):
            if frame.pts is None or frame.time_base is None or frame.is_corrupt:
                continue
            t_s = round(first_s + float(frame.pts * frame.time_base), 6)
            if t_s > to_s + 1e-6:
                return
            if t_s >= from_s - 1e-6:
                yield t_s, picture_of(frame, where="")
