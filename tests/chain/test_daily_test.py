"""A test act from a running camera over a real Mosquitto to the centre and back; also when either was away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from central.audit.stored import audit
from central.centre import Centre
from central.desk.unit import unit_view
from central.store.case_tables import CaseRow
from central.store.packet_tables import PacketRow
from central.store.test_act_tables import TestActRow
from central.units.tree import EVERYWHERE
from common.broker import BrokerSettings
from edge.delivery.daily_test import ask
from edge.delivery.uplink import Uplink
from evidence.packet import utc_text
from evidence.wire import Health
from tests.central.build import NODE, NODE_KEY, make_centre
from tests.chain.test_switches import now, running
from tests.conftest import MosquittoServer
from tests.edge.test_daily_test import Camera
from tests.waiting import PATIENCE, eventually

pytestmark = pytest.mark.broker


@contextmanager
def box(folder: Path, centre: Centre, broker: MosquittoServer) -> Iterator[Camera]:
    """A running camera, its outbox and its uplink."""
    camera = Camera(folder, node=NODE, key=NODE_KEY)

    def health() -> Health:
        return Health(node=NODE, status="running", at=utc_text(now()), cameras=[camera.worker.state().health])

    uplink = Uplink(
        NODE, BrokerSettings(port=broker.port), camera.outbox, centre.key.public, health=health, heartbeat_s=1
    )  # fmt: skip
    uplink.start()
    camera.worker.start()
    try:
        yield camera
    finally:
        uplink.stop()
        camera.close()


def state(camera: Camera) -> str | None:
    report = camera.worker.state().test
    return None if report is None else report.state


def test_a_test_act_goes_the_whole_way_and_one_that_was_made_while_nobody_was_there_arrives_later_and_once(
    tmp_path: Path, mosquitto: MosquittoServer
) -> None:
    centre = make_centre(tmp_path / "centre", clock=now)  # type: ignore[arg-type]
    place = tmp_path / "box"
    place.mkdir()
    with running(centre, mosquitto), box(place, centre, mosquitto) as camera:
        ask(camera.folder, datetime.now(UTC))
        eventually(lambda: state(camera) == "answered", PATIENCE, "the box has the receipt")
    with box(place, centre, mosquitto) as camera:  # no centre is there
        ask(camera.folder, datetime.now(UTC))
        eventually(lambda: state(camera) == "sent", PATIENCE, "it is made")
        assert camera.outbox.counts().pending == 1
    with running(centre, mosquitto), box(place, centre, mosquitto) as camera:  # both begin anew
        eventually(lambda: state(camera) == "answered", PATIENCE, "and answered")
        counts = camera.outbox.counts()
        assert (counts.pending, counts.refused, counts.delivered) == (0, 0, 2)
        with centre.db.read() as session:
            found = [
                session.scalar(select(func.count()).select_from(table)) for table in (PacketRow, TestActRow, CaseRow)
            ]
            assert found == [2, 2, 0]
            (line,) = unit_view(session, now(), scope=EVERYWHERE).nodes
            assert audit(session, centre.keys, centre=centre.config.centre_id).faults == ()
        told = line.tests["cam-1"]
        assert (told.asked, told.missing) == (True, False)
        assert told.took_s is not None
        assert told.took_s > 0
    centre.db.dispose()
