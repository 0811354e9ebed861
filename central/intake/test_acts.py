"""Test acts at the centre: noted when they come, expected of each camera whose box makes them, missed when they do not.

A test act is verified, logged and answered as any packet (`central.intake.gate`), and is none of an act: what is noted
here is that it came. No case, look-up or figure of acts rests on these rows (decision 44).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from central.store.alarms import follow_camera
from central.store.packet_tables import NodeRow, PacketRow
from central.store.test_act_tables import EVERY, TestActRow, TestedCameraRow
from evidence.marked import TestManifest
from evidence.packet import utc_text
from evidence.wire import Health

MISSING, MANY = "test_act_missing", "test_acts_many"
MOST_A_DAY = 12
"""One a day, and some that a technician asks for. A box that sends more may be calling acts tests."""
_DAY = timedelta(days=1)


def note(session: Session, packet: PacketRow, manifest: TestManifest, now: datetime) -> None:
    """A test act was stored. One that was made before another that came is noted, and tells nothing new."""
    node, camera = manifest.node.id, manifest.camera.id
    session.add(
        TestActRow(
            packet_id=packet.id, node_id=node, camera_id=camera, made_at=manifest.created_at, received_at=now
        )
    )  # fmt: skip
    row = _camera(session, node, camera)
    if row.made_at is None or row.made_at < manifest.created_at:
        row.made_at, row.received_at = manifest.created_at, now
        row.asked, row.doubts = manifest.test.asked, list(manifest.test.doubts)
    session.flush()
    _watch(session, row, now)
    _count(session, node, camera, now)


def watch_health(session: Session, node: NodeRow, health: Health, now: datetime) -> None:
    """Keep of which cameras a test act is expected. A camera of which a heartbeat says nothing is expected on: its box
    may have lost it."""
    for camera in health.cameras:
        daily = camera.test is not None and camera.test.daily
        row = session.get(TestedCameraRow, (node.id, camera.id))
        if row is None and daily:
            row = _camera(session, node.id, camera.id)
        if row is None or (row.since is not None) == daily:
            continue
        row.since = now if daily else None
        _watch(session, row, now)


def watch_missing(session: Session, now: datetime) -> None:
    """Raise and take back the alarm of each camera that is to send one; of boxes that are let in."""
    query = select(TestedCameraRow).join(NodeRow, NodeRow.id == TestedCameraRow.node_id).where(NodeRow.enabled)
    for row in session.scalars(query):
        if row.missing(now) != row.missing_told:
            _watch(session, row, now)


def _watch(session: Session, row: TestedCameraRow, now: datetime) -> None:
    missing = row.missing(now)
    last = "none has come" if row.newest is None else f"the newest was made at {utc_text(row.newest)}"
    hours = EVERY / timedelta(hours=1)
    text = (
        f"{row.camera_id}: no test act for more than {hours:.0f} hours, {last}; whether its acts would reach the "
        "centre is not known: on the box giaolo edge status, giaolo edge test-act"
    )
    follow_camera(
        session, row.node_id, row.camera_id, (MISSING,), MISSING if missing else None, text, now,
        new=missing and not row.missing_told,
    )  # fmt: skip
    row.missing_told = missing


def _count(session: Session, node: str, camera: str, now: datetime) -> None:
    """Tell of a camera that sends far more than one a day. Those of days on which the box was cut off come together."""
    of_a_day = select(func.count(), func.min(TestActRow.made_at), func.max(TestActRow.made_at)).where(
        TestActRow.node_id == node, TestActRow.camera_id == camera, TestActRow.received_at > now - _DAY
    )
    n, first, last = session.execute(of_a_day).one()
    if n > MOST_A_DAY + (last - first) // _DAY:
        text = (
            f"{camera}: {n} test acts have come within a day, made from {utc_text(first)} to {utc_text(last)}; does "
            "somebody try the box, or are acts sent as tests? Their packets are on the box: giaolo edge outbox list"
        )
        follow_camera(session, node, camera, (MANY,), MANY, text, now, new=True)


def _camera(session: Session, node: str, camera: str) -> TestedCameraRow:
    row = session.get(TestedCameraRow, (node, camera))
    if row is None:
        row = TestedCameraRow(node_id=node, camera_id=camera, missing_told=False, asked="", doubts=[])
        session.add(row)
        session.flush()
    return row
