"""Trying the way to the centre: the broker, its TLS, what it lets us say and hear, and whose key signs the receipts.

A packet that the box has already is offered once more, under a session of our own, so that a running box is left
alone. The centre answers what it stored with its receipt at once; so one answer proves both directions and the key.
"""

from __future__ import annotations

import queue
import secrets
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt

from common.broker import BrokerError, BrokerSettings
from common.mqtt_client import Event, Role
from common.mqtt_link import Link
from edge.delivery.centre_trust import KEPT_AS, CentreTrust
from edge.delivery.outbox_errors import OutboxError
from edge.delivery.outbox_tool import offer_to_try
from edge.doctor.told import Told, fault, good, note
from evidence.errors import PacketError
from evidence.seal import VerifyKey
from evidence.wire import Offer, down_topic, encode, parse_topic, up_topic

_CONNECT_S, _ACK_S, _ANSWER_S = 12.0, 5.0, 10.0
_MOST_BYTES = 256 * 1024
_LOCAL = ("127.0.0.1", "localhost", "::1")


def try_broker(
    node: str, broker: BrokerSettings, outbox: Path, centre_key: VerifyKey | None, *, answer_s: float = _ANSWER_S
) -> list[Told]:
    """What is well and what is not, in the order of the way; it ends with the first thing that stops it."""
    reached = _reach(broker)
    if reached is not None:
        return [reached]
    talk = _Talk(node, broker)
    try:
        return list(_told(talk, outbox, centre_key, answer_s))
    except BrokerError as error:
        return [fault(f"máy chủ MQTT: {error.what}", f"broker: {error.what}", "sửa mục broker", error.remedy)]
    finally:
        talk.link.close()


def _reach(broker: BrokerSettings) -> Told | None:
    """A connection and, with TLS, a handshake by hand: they say more exactly what is wrong than MQTT does."""
    name = broker.name
    try:
        plain = socket.create_connection((broker.host, broker.port), timeout=_ACK_S)
    except OSError as error:
        why = error.strerror or str(error) or "no answer"
        return fault(
            f"máy chủ MQTT {name}: không nối được ({why})",
            f"broker {name}: cannot be reached ({why})",
            "xem broker.host, broker.port, mạng, tường lửa",
            "see broker.host, broker.port, network and firewall",
        )
    with plain:
        return _shake(plain, broker) if broker.encrypted else None


def _shake(plain: socket.socket, broker: BrokerSettings) -> Told | None:
    name = broker.name
    try:
        context = ssl.create_default_context(cafile=str(broker.tls_ca_file) if broker.tls_ca_file else None)
        if broker.tls_cert_file is not None and broker.tls_key_file is not None:
            context.load_cert_chain(broker.tls_cert_file, broker.tls_key_file)
        with context.wrap_socket(plain, server_hostname=broker.host):
            return None
    except ssl.SSLCertVerificationError as error:
        return fault(
            f"máy chủ MQTT {name}: chứng chỉ không được tin ({error.verify_message})",
            f"broker {name}: its certificate is not trusted ({error.verify_message})",
            "sửa broker.tls_ca_file, hoặc tên máy trong chứng chỉ",
            "correct broker.tls_ca_file, or the name in the certificate",
        )
    except OSError as error:  # a port without TLS hangs up, or answers with something else
        why = (error.reason if isinstance(error, ssl.SSLError) else error.strerror) or str(error)
        return fault(
            f"máy chủ MQTT {name}: TLS hỏng ({why})",
            f"broker {name}: TLS fails ({why})",
            "xem cổng có dùng TLS không, và các tệp broker.tls_*",
            "see whether the port speaks TLS, and the files broker.tls_*",
        )


def _told(talk: _Talk, outbox: Path, centre_key: VerifyKey | None, answer_s: float) -> Iterator[Told]:
    link, broker, node = talk.link, talk.link.broker, talk.node
    subscribed = talk.connected()
    if not link.connected:
        yield fault(
            f"máy chủ MQTT {broker.name} từ chối: {link.error}",
            f"broker {broker.name}: {link.error}",
            "sửa broker.username, password_file hoặc chứng chỉ",
            "correct broker.username, password_file or certificate",
        )
        return
    sort = "có TLS" if broker.encrypted else "không TLS", "with TLS" if broker.encrypted else "without TLS"
    yield good(
        f"máy chủ MQTT {broker.name}: nối được, MQTT {link.protocol}, {sort[0]}",
        f"broker {broker.name}: connected, MQTT {link.protocol}, {sort[1]}",
    )
    if not broker.encrypted and broker.host not in _LOCAL:
        yield note(
            "đường truyền không mã hóa",
            "the connection is not encrypted",
            "đặt broker.tls_ca_file, cổng 8883",
            "set broker.tls_ca_file, port 8883",
        )
    topic = down_topic(node, "#")
    if not subscribed or link.rights_error:
        yield fault(
            f"không được đọc {topic}",
            f"may not read {topic} ({link.rights_error or 'no answer'})",
            f"cho người dùng {broker.username or '(không tên)'} quyền đọc trong ACL",
            f"let user {broker.username or '(none)'} read it in the broker's ACL",
        )
        return
    yield good(f"được đọc {topic}", f"may read {topic}")
    try:
        offer = offer_to_try(outbox)
    except OutboxError:
        offer = None  # a box that never ran
    trust = CentreTrust(centre_key, outbox.parent / KEPT_AS)
    yield from _publish(talk, offer, trust, answer_s)


def _publish(talk: _Talk, offer: Offer | None, trust: CentreTrust, answer_s: float) -> Iterator[Told]:
    link, node = talk.link, talk.node
    kind, payload = ("offer", encode(offer)) if offer is not None else ("chunk", b"")
    code = talk.say(up_topic(node, "offer" if offer is not None else "chunk"), payload)
    what = f"giaolo/v1/{node}/up/{kind}"
    if code is None or code:
        why = "no acknowledgement" if code is None else f"code {code}"
        user = link.broker.username
        yield fault(
            f"không được gửi {what}",
            f"may not publish {what} ({why})",
            f"cho người dùng {user or '(không tên)'} quyền ghi trong ACL",
            f"let user {user or '(none)'} write it in the broker's ACL",
        )
        return
    if link.protocol == "5":
        yield good(f"được gửi {what}", f"may publish {what}")
    if offer is None:
        yield note(
            "chưa có gói nào để thử trung tâm và khóa",
            "there is no packet yet to try the centre and the key with",
            "chạy lại sau hành vi đầu tiên",
            "run it again after the first act",
        )
        return
    yield _answered(talk, offer, trust, answer_s)


def _answered(talk: _Talk, offer: Offer, trust: CentreTrust, answer_s: float) -> Told:
    node, wanted = talk.node, False
    for topic, payload in talk.heard(answer_s):
        kind = parse_topic(topic)[2]
        if kind == "want":
            wanted = wanted or offer.packet_id.encode() in payload
            continue
        if offer.packet_id.encode() not in payload:
            continue
        if trust.keys is None:
            break
        try:
            receipt = trust.receipt(payload)
        except PacketError as error:
            return fault(
                f"biên nhận không ký bằng khóa mà hộp tin ({error.what})",
                f"the receipt is not signed by the key that the box believes ({error.what})",
                "thay centre_public_key bằng kết quả của `giaolo central public-key`",
                "put what `giaolo central public-key` prints into centre_public_key",
            )
        return good(
            f"trung tâm trả lời: gói {receipt.status}, biên nhận ký đúng khóa",
            f"the centre answers: packet {receipt.status}, its receipt is signed by the right key",
        )
    if trust.keys is None:
        return fault(
            "không có khóa của trung tâm để kiểm tra biên nhận",
            "there is no centre's key to check receipts with",
            "đặt centre_public_key",
            "set centre_public_key",
        )
    if wanted:
        return good(
            "trung tâm trả lời và đang xin gói chứng cứ; khóa sẽ được thử khi gói gửi xong",
            "the centre answers and asks for the packet; its key is tried when that is delivered",
        )
    return fault(
        f"trung tâm không trả lời trong {answer_s:.0f} giây",
        f"the centre does not answer within {answer_s:.0f} s",
        f"xem trung tâm có chạy, có biết hộp {node} (`giaolo central nodes`), quyền ghi down/ của nó, "
        "quyền đọc down/ của hộp",
        f"see whether it runs, knows node {node} (`giaolo central nodes`), may write down/, and the box may read it",
    )


class _Talk:
    """A session of our own beside that of the box. Whatever happens comes through one queue."""

    def __init__(self, node: str, broker: BrokerSettings) -> None:
        self.node = node
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        role = Role(
            name=f"giaolo-{node}-doctor",
            topics=down_topic(node, "#"),
            twin="",
            most_bytes=_MOST_BYTES,
            prepare=self._prepare,
        )
        self.link = Link(broker, role, self._events.put, client_id=f"giaolo-{node}-doctor-{secrets.token_hex(4)}")

    def _prepare(self, client: mqtt.Client) -> None:
        def on_publish(c: mqtt.Client, _: Any, mid: int, reason: Any, __: Any) -> None:
            self._events.put(Event("published", c, mid=mid, code=reason.value if reason.is_failure else 0))

        client.on_publish = on_publish

    def connected(self) -> bool:
        """Connect and subscribe; whether the broker answered to both. Raises `BrokerError`."""
        self.link.connect()
        return any(event.kind == "subscribed" for event in self._until(_CONNECT_S, stop_at=("subscribed", "refused")))

    def say(self, topic: str, payload: bytes) -> int | None:
        """The broker's answer: 0 is well; None: it gave none."""
        assert self.link.client is not None
        mid = self.link.client.publish(topic, payload, qos=1).mid
        for event in self._until(_ACK_S, stop_at=("published", "lost")):
            if event.kind == "published" and event.mid == mid:
                return event.code
        return None

    def heard(self, seconds: float) -> Iterator[tuple[str, bytes]]:
        """Messages as they come, until the time is over."""
        until_s = time.monotonic() + seconds
        while (left_s := until_s - time.monotonic()) > 0:
            for event in self._until(left_s, stop_at=("message",)):
                if event.kind == "message":
                    yield event.topic, event.payload

    def _until(self, seconds: float, *, stop_at: tuple[str, ...]) -> Iterator[Event]:
        until_s = time.monotonic() + seconds
        while (left_s := until_s - time.monotonic()) > 0:
            due_s = self.link.wait_s()
            try:
                event = self._events.get(timeout=min(left_s, due_s if due_s is not None else left_s))
            except queue.Empty:
                self.link.tick()
                continue
            if self.link.take(event):
                yield event
                if event.kind in stop_at:
                    return
