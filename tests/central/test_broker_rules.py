"""The example broker: nobody speaks or listens in another's name; and both sides notice a broker without rules."""

from __future__ import annotations

import queue
import subprocess
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode
from sqlalchemy import select

from central.centre import Centre
from central.intake.ingest import Ingest
from central.intake.mqtt import MqttIngest
from central.store.packet_tables import AlarmRow
from common.mqtt_client import Event
from evidence.wire import all_up_topic, down_topic, up_topic
from tests.central.node import eventually
from tests.conftest import MosquittoServer

pytestmark = pytest.mark.broker
EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "broker"
USERS = ("giao-lo-1", "giao-lo-2", "centre")
JUNCTION, CONTROLLER = "nut-le-loi-tran-phu", "nut-le-loi-tran-phu.tu-1"


def server(folder: Path, binary: str, *, acl: bool) -> MosquittoServer:
    passwords = folder / "passwords"
    for user in (*USERS, JUNCTION, CONTROLLER):
        create = [] if passwords.exists() else ["-c"]
        subprocess.run(["mosquitto_passwd", "-b", *create, str(passwords), user, f"of {user}"], check=True)
        (folder / f"{user}.pw").write_text(f"of {user}\n")
    passwords.chmod(0o644)
    rules = ""
    if acl:
        (folder / "acl").write_bytes((EXAMPLES / "acl").read_bytes())
        (folder / "acl").chmod(0o644)
        rules = f"acl_file {folder / 'acl'}\n"
    made = MosquittoServer(folder, binary, f"allow_anonymous false\npassword_file {passwords}\n{rules}")
    made.start()
    return made


@pytest.fixture
def ruled(tmp_path: Path, mosquitto_binary: str) -> Iterator[MosquittoServer]:
    made = server(tmp_path, mosquitto_binary, acl=True)
    yield made
    made.kill()


@pytest.fixture
def lawless(tmp_path: Path, mosquitto_binary: str) -> Iterator[MosquittoServer]:
    made = server(tmp_path, mosquitto_binary, acl=False)
    yield made
    made.kill()


class Client:
    """Somebody with a password; `heard` are the topics that came."""

    def __init__(self, port: int, user: str, topics: list[str]) -> None:
        self.heard: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.username_pw_set(user, f"of {user}")
        self._client.on_message = lambda _, __, m: self.heard.put(m.topic)
        ready: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._client.on_connect = lambda c, *_: c.subscribe([(t, 1) for t in topics])
        self._client.on_subscribe = lambda *_: ready.put(1)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        ready.get(timeout=20)

    def say(self, topic: str) -> None:
        self._client.publish(topic, b"x", qos=1).wait_for_publish(20)

    def all_heard(self) -> set[str]:
        out = set()
        while not self.heard.empty():
            out.add(self.heard.get())
        return out

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def test_a_node_speaks_and_listens_under_its_own_name_alone(ruled: MosquittoServer) -> None:
    everything = [all_up_topic(), "giaolo/v1/+/down/#", "#"]
    one, two, centre = (Client(ruled.port, user, everything) for user in USERS)
    for client, user in ((one, USERS[0]), (two, USERS[1]), (centre, "centre")):
        for node in USERS[:2]:
            client.say(f"{up_topic(node, 'offer')}/{user}")
            client.say(f"{down_topic(node, 'want')}/{user}")
    centre.say(down_topic(USERS[0], "receipt"))
    centre.say(down_topic(USERS[1], "receipt"))
    # the last ones have come, so everything before has come or never will
    heard: dict[str, set[str]] = {"one": set(), "two": set(), "centre": set()}

    def gathered() -> bool:
        for name, client in (("one", one), ("two", two), ("centre", centre)):
            heard[name] |= client.all_heard()
        return down_topic(USERS[0], "receipt") in heard["one"] and down_topic(USERS[1], "receipt") in heard["two"]

    eventually(gathered)
    eventually(lambda: gathered() and len(heard["centre"]) >= 2)
    assert heard["one"] == {f"{down_topic(USERS[0], 'want')}/centre", down_topic(USERS[0], "receipt")}
    assert heard["two"] == {f"{down_topic(USERS[1], 'want')}/centre", down_topic(USERS[1], "receipt")}
    assert heard["centre"] == {f"{up_topic(u, 'offer')}/{u}" for u in USERS[:2]}
    for client in (one, two, centre):
        client.stop()


def test_a_signal_controller_speaks_to_its_own_box_alone_and_nobody_speaks_for_it(ruled: MosquittoServer) -> None:
    said = f"giaolo/v1/{JUNCTION}/signals/tu-1"
    node, other = (Client(ruled.port, user, ["giaolo/v1/+/signals/#", "#"]) for user in (JUNCTION, USERS[0]))
    controller, centre = (Client(ruled.port, user, ["nothing"]) for user in (CONTROLLER, "centre"))
    for client, user in ((node, JUNCTION), (other, USERS[0]), (centre, "centre")):
        client.say(f"{said}/{user}")
    for topic in (
        f"giaolo/v1/{USERS[0]}/signals/tu-1",
        f"giaolo/v1/{JUNCTION}/signals/tu-2",
        up_topic(JUNCTION, "offer"),
        said,
    ):
        controller.say(topic)
    heard: set[str] = set()

    def came() -> bool:
        heard.update(node.all_heard())
        return said in heard

    eventually(came)
    centre.say(down_topic(JUNCTION, "receipt"))  # what comes after: nothing was on its way
    eventually(lambda: came() and down_topic(JUNCTION, "receipt") in heard)
    assert heard == {said, down_topic(JUNCTION, "receipt")}
    assert other.all_heard() == set()
    for client in (node, other, controller, centre):
        client.stop()


def rim(box: Centre, server: MosquittoServer, folder: Path, *, user: str | None = "centre") -> MqttIngest:
    login = {} if user is None else {"username": user, "password_file": folder / f"{user}.pw"}
    config = box.config.broker.model_copy(update={"port": server.port, **login})
    made = MqttIngest(config, box.config.limits, Ingest.of(box))
    made.start()
    return made


def alarms(box: Centre) -> list[str]:
    with box.db.read() as session:
        return list(session.scalars(select(AlarmRow.kind)))


def test_the_centre_raises_an_alarm_when_it_can_speak_as_a_node(
    box: Centre, lawless: MosquittoServer, tmp_path: Path
) -> None:
    made = rim(box, lawless, tmp_path)
    eventually(lambda: alarms(box) == ["broker_rules"])
    made.stop()


def test_the_centre_is_content_with_the_example_rules(
    box: Centre, ruled: MosquittoServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = rim(box, ruled, tmp_path)
    eventually(lambda: made.connected)
    # a message of a node that comes after the probe shows that the probe would have come
    node = Client(ruled.port, USERS[0], [down_topic(USERS[0], "#")])
    eventually(lambda: node.say(up_topic(USERS[0], "health")) or "message dropped" in caplog.text)
    assert alarms(box) == []
    assert "no access rules" not in caplog.text
    node.stop()
    made.stop()


def test_two_centres_with_one_configuration_do_not_throw_each_other_out(
    box: Centre, ruled: MosquittoServer, tmp_path: Path
) -> None:
    first, second = rim(box, ruled, tmp_path), rim(box, ruled, tmp_path)
    eventually(lambda: first.connected and second.connected)
    assert first.link.client_id != second.link.client_id
    first.stop()
    second.stop()


def idle(box: Centre) -> MqttIngest:
    return MqttIngest(box.config.broker, box.config.limits, Ingest.of(box))


def test_a_session_taken_over_is_told_and_backed_off_from(box: Centre) -> None:
    made = idle(box)
    before = made.link.client_id
    made._handle(Event("connected"))
    made._handle(Event("lost", code=142, text="Session taken over"))
    assert "second centre" in made.error
    assert before in made.error
    assert made.link.client_id != before
    assert made.link.connect_at_s is not None


def test_rights_that_the_broker_refuses_are_told(box: Centre) -> None:
    made = idle(box)
    made._handle(Event("connected"))
    reason = ReasonCode(PacketTypes.SUBACK, "Not authorized")
    made._handle(Event("subscribed", code=reason.value, text=str(reason)))
    assert "ACL" in made.error
    assert all_up_topic() in made.error


def test_a_broken_line_does_not_change_the_version_once_it_worked(box: Centre) -> None:
    made = idle(box)
    made._handle(Event("connected"))
    made._handle(Event("lost", code=128))
    assert made.link.protocol == "5"
    assert made.link.connect_at_s is None


def test_the_example_configuration_starts_in_mosquitto(tmp_path: Path, mosquitto_binary: str) -> None:
    """All but the TLS files, which are made for each place."""
    text = (EXAMPLES / "mosquitto.conf").read_text()
    tls = (
        "cafile",
        "certfile",
        "keyfile",
        "tls_version",
        "require_certificate",
        "use_identity",
        "listener",
        "acl_file",
    )
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith(("#", *tls, "persistence"))]
    (tmp_path / "acl").write_bytes((EXAMPLES / "acl").read_bytes())
    made = MosquittoServer(tmp_path, mosquitto_binary, "\n".join([*lines, f"acl_file {tmp_path / 'acl'}", ""]))
    made.start()
    made.kill()
    assert {line.split()[0] for line in lines} >= {"allow_anonymous", "max_packet_size"}
