"""From the officer's word to the box over a real Mosquitto: also when it is away, and when either begins anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from central.centre import Centre
from central.desk.switching import board, end, say
from central.devices.records import DeviceId
from central.intake.ingest import Ingest
from central.intake.mqtt import MqttIngest
from common.broker import BrokerSettings
from edge.delivery.centre_trust import CentreTrust
from edge.delivery.outbox import Outbox
from edge.delivery.switch_book import SWITCHES_FILE, SwitchBook
from edge.delivery.uplink import Uplink
from evidence.packet import utc_text
from evidence.switches import Switch
from evidence.wire import Health
from tests.central.build import CAMERA, NODE, make_centre
from tests.central.test_switches import OFFICER
from tests.conftest import MosquittoServer
from tests.waiting import PATIENCE, eventually

pytestmark = pytest.mark.broker


def now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def running(centre: Centre, broker: MosquittoServer) -> Iterator[None]:
    config = centre.config.broker.model_copy(update={"port": broker.port})
    made = MqttIngest(config, centre.config.limits, Ingest.of(centre))
    made.start()
    try:
        yield
    finally:
        made.stop()


@contextmanager
def box(folder: Path, centre: Centre, broker: MosquittoServer) -> Iterator[SwitchBook]:
    """What a box has of a node: outbox, uplink, and what lies in its data folder."""
    trust = CentreTrust(centre.key.public)
    book = SwitchBook(NODE, trust, folder / SWITCHES_FILE)

    def health() -> Health:
        return Health(node=NODE, status="running", at=utc_text(now()), switches=dict(book.known))

    outbox = Outbox(folder / "outbox", min_free_bytes=0)
    uplink = Uplink(
        NODE, BrokerSettings(port=broker.port), outbox, None, health=health, trust=trust, switches=book,
        heartbeat_s=3600,
    )  # fmt: skip
    uplink.start()
    try:
        yield book
    finally:
        uplink.stop()
        outbox.close()


def flags(book: SwitchBook) -> list[str]:
    found = book.concerning(camera=CAMERA, line=None, first=now(), last=now(), unsure=False)
    return [each.kind for each in found]


def test_a_switch_reaches_the_box_survives_its_restart_ends_and_the_page_says_what_the_box_knows(
    tmp_path: Path, mosquitto: MosquittoServer
) -> None:
    centre = make_centre(tmp_path / "centre", clock=now)  # type: ignore[arg-type]
    place, hour = DeviceId(NODE, CAMERA), timedelta(hours=1)

    def told() -> list[bool | None]:
        with centre.db.read() as session:
            return [line.told for line in board(session, OFFICER, now())]

    with running(centre, mosquitto):
        with centre.db.write() as session:  # while the box is away
            switch = say(
                session, centre.ledger, OFFICER, place, "officer_directs", line=None, since=now(), until=now() + hour,
                why="tai nạn", now=now(),
            )  # fmt: skip
        with box(tmp_path / "box", centre, mosquitto) as book:
            eventually(lambda: flags(book) == ["officer_directs"], PATIENCE, "the box hears of it")
            eventually(lambda: told() == [True], PATIENCE, "the centre hears that it does")
    with box(tmp_path / "box", centre, mosquitto) as book:  # no centre is there to say it again
        assert flags(book) == ["officer_directs"]
        moment = now()
        with centre.db.write() as session:
            ended = end(session, centre.ledger, OFFICER, switch.id, moment, now=moment)
        assert told() == [False]
        with running(centre, mosquitto):
            eventually(lambda: book.known == {switch.id: ended.at}, PATIENCE, "the box hears of its end")
            eventually(lambda: told() == [True], PATIENCE, "and the centre that it did")
    after = ended.ends + timedelta(minutes=2)
    assert not Switch.model_validate(ended.model_dump(by_alias=True)).concerns(
        node=NODE, camera=CAMERA, line=None, first=after, last=after
    )
    assert book.concerning(camera=CAMERA, line=None, first=after, last=after, unsure=False) == []
    centre.db.dispose()
