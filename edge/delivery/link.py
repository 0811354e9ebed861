"""One connection to the broker, made again and again by paho; what happens to it comes out as events of one queue."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from common.broker import LoginError, read_password
from evidence.errors import GiaoLoError
from evidence.packet import utc_text
from evidence.wire import Health, down_topic, encode, up_topic

log = logging.getLogger(__name__)
MAX_DOWN_BYTES = 256 * 1024
TAKEN_OVER = 142
"""MQTT 5 reason code "session taken over"."""
TOO_LARGE = 149
"""MQTT 5 reason code "packet too large"."""
_UNSUPPORTED_PROTOCOL = 132
_REFUSED_V311 = 1


class UplinkError(GiaoLoError):
    """The broker cannot be used as configured."""


@dataclass(frozen=True)
class BrokerAddress:
    """`protocol`: `auto` begins with MQTT 5 and falls back to 3.1.1 if the broker refuses it.

    `password_file` is read at each connection; `password` is for those who have it at hand.
    """

    host: str
    port: int = 1883
    username: str | None = None
    password: str | None = None
    password_file: Path | None = None
    tls: bool = False
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    protocol: Literal["auto", "5", "3.1.1"] = "auto"
    keepalive_s: int = 30

    @property
    def name(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Event:
    """`code`, `text`: the broker's reason. `limit`: its largest message in bytes, if it told one."""

    kind: Literal["opened", "connected", "subscribed", "refused", "protocol_refused", "lost", "message", "published", "wake"]  # fmt: skip  # noqa: E501
    client: mqtt.Client | None = None
    topic: str = ""
    payload: bytes = b""
    mid: int = 0
    code: int = 0
    text: str = ""
    limit: int | None = None


def open_client(
    node: str,
    client_id: str,
    address: BrokerAddress,
    version: MQTTProtocolVersion,
    events: queue.SimpleQueue[Event],
    *,
    may_change_protocol: Callable[[], bool],
    on_unreachable: Callable[[], None],
) -> mqtt.Client:
    """A client that connects in the background, for ever. Raises `UplinkError` for files that cannot be used."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=version)
    _log_in(client, address)
    lost = Health(node=node, status="lost", at=utc_text(datetime.now(UTC)))
    client.will_set(up_topic(node, "health"), encode(lost), qos=1, retain=True)
    client.reconnect_delay_set(1, 30)
    client.max_queued_messages_set(64)
    answered = threading.Event()

    def on_connect(c: mqtt.Client, _: Any, __: Any, reason: Any, properties: Any) -> None:
        answered.set()
        if not reason.is_failure:
            c.subscribe(down_topic(node, "#"), qos=1)
            events.put(Event("connected", c, limit=getattr(properties, "MaximumPacketSize", None)))
        elif reason.value in (_UNSUPPORTED_PROTOCOL, _REFUSED_V311):
            events.put(Event("protocol_refused", c, code=reason.value))
        else:
            events.put(Event("refused", c, code=reason.value, text=str(reason)))

    def on_disconnect(c: mqtt.Client, _: Any, __: Any, reason: Any, ___: Any) -> None:
        # A broker that knows no MQTT 5 may just hang up on its CONNECT; one that did know it has a bad line.
        refused = not answered.is_set() and may_change_protocol()
        answered.clear()
        kind: Literal["protocol_refused", "lost"] = "protocol_refused" if refused else "lost"
        events.put(Event(kind, c, code=reason.value, text=str(reason)))

    def on_subscribe(c: mqtt.Client, _: Any, __: Any, reasons: Any, ___: Any) -> None:
        bad = next((r for r in reasons if r.is_failure), None)
        events.put(Event("subscribed", c, code=bad.value if bad else 0, text=str(bad) if bad else ""))

    def on_publish(c: mqtt.Client, _: Any, mid: int, reason: Any, __: Any) -> None:
        failed = reason.is_failure
        events.put(Event("published", c, mid=mid, code=reason.value if failed else 0, text=str(reason)))

    client.on_connect, client.on_disconnect, client.on_subscribe = on_connect, on_disconnect, on_subscribe
    client.on_connect_fail = lambda c, _: on_unreachable()
    client.on_message = lambda c, _, m: events.put(Event("message", c, m.topic, bytes(m.payload)))
    client.on_publish = on_publish
    client.on_socket_open = lambda c, _, __: events.put(Event("opened", c))
    properties = None
    if version == MQTTProtocolVersion.MQTTv5:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.MaximumPacketSize = 2 * MAX_DOWN_BYTES  # the broker keeps larger messages to itself
    client.connect_async(address.host, address.port, keepalive=address.keepalive_s, properties=properties)
    client.loop_start()
    return client


def close_client(client: mqtt.Client) -> None:
    """End a connection and forget what it had not sent."""
    client.disconnect()
    client.loop_stop()


def sent(rc: MQTTErrorCode) -> bool:
    """Whether paho took a message: it goes out now or after the next connection."""
    return rc in (MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_NO_CONN)


def _log_in(client: mqtt.Client, address: BrokerAddress) -> None:
    try:
        password = address.password if address.password is not None else read_password(address.password_file)
    except LoginError as error:
        raise UplinkError(error.what, where=error.where, remedy=error.remedy) from error
    if address.username is not None:
        client.username_pw_set(address.username, password)
    if not address.tls:
        if address.ca_file or address.cert_file or address.key_file:
            raise UplinkError(
                "TLS files, but no TLS: would talk in clear", where=address.name, remedy="set broker.tls or tls_ca_file"
            )
        return
    try:
        ca, cert, key = (str(f) if f else None for f in (address.ca_file, address.cert_file, address.key_file))
        client.tls_set(ca_certs=ca, certfile=cert, keyfile=key)
    except (OSError, ValueError) as error:
        raise UplinkError(
            f"TLS files cannot be used: {error}",
            where=str(address.ca_file or address.cert_file),
            remedy="correct broker.tls_ca_file, tls_cert_file and tls_key_file",
        ) from error
