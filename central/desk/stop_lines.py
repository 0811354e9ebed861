"""The stop lines of each camera, as its box tells them and its packets have brought them: what a switch may name."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.desk.switching import LATEST
from central.devices.records import DeviceId
from central.pictures.stills import read_scene
from central.store.blobs import BlobStore
from central.store.case_tables import CaseRow
from central.store.packet_tables import NodeRow, PacketFileRow
from evidence.errors import GiaoLoError

log = logging.getLogger(__name__)
_DRAWN = (
    select(CaseRow.node_id, CaseRow.camera_id, PacketFileRow.sha256)
    .join(PacketFileRow, PacketFileRow.packet_id == CaseRow.packet_id)
    .where(PacketFileRow.role == "scene")
)


def stop_lines(
    session: Session, store: BlobStore, cameras: Iterable[DeviceId], now: datetime
) -> dict[DeviceId, tuple[str, ...]]:
    """By camera the names of its stop lines, sorted; without those of which nobody told and no drawing is known, or one
    that cannot be read.

    Those that the box told last, and those of all drawings of the time of which a switch may still be said and of the
    one that came last: a line that has been renamed since can be named too. A camera that never had a case, or whose
    box is older and does not tell, is known by the one or the other.
    """
    wanted = {camera for camera in cameras if camera.camera}
    told = _told(session)
    digests: dict[DeviceId, set[str]] = defaultdict(set)
    for node, camera, sha256 in session.execute(_DRAWN.where(CaseRow.occurred_at >= now - LATEST).distinct()):
        digests[DeviceId(node, camera)].add(sha256)
    for one in wanted:
        own = _DRAWN.where(CaseRow.node_id == one.node, CaseRow.camera_id == one.camera)
        newest = session.execute(own.order_by(CaseRow.number.desc()).limit(1)).first()
        if newest is not None:
            digests[one].add(newest.sha256)
    read = {sha256: _lines(store, sha256) for one in wanted for sha256 in digests.get(one, ())}
    found = {}
    for one in wanted & (digests.keys() | told.keys()):
        lines = [*(read[sha256] for sha256 in digests.get(one, ())), *([told[one]] if one in told else [])]
        if None not in lines:
            found[one] = tuple(sorted({name for names in lines for name in names or ()}))
    return found


def _told(session: Session) -> dict[DeviceId, frozenset[str]]:
    """What each box said last of its cameras' scenes; without those of an older one, which says nothing of them."""
    found = {}
    for row in session.scalars(select(NodeRow).where(NodeRow.enabled)):
        for camera in (row.health or {}).get("cameras") or ():
            if isinstance(lines := camera.get("lines"), list):
                found[DeviceId(row.id, str(camera.get("id")))] = frozenset(map(str, lines))
    return found


def _lines(store: BlobStore, sha256: str) -> frozenset[str] | None:
    try:
        scene = read_scene(store.read(sha256))
    except GiaoLoError as error:  # altered or lost: whoever opens its case is told, here it is only not known
        log.warning("scene not readable sha256=%s %s", sha256, error)
        return None
    return None if scene is None else frozenset(line.id for line in scene.stop_lines)
