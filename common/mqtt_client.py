"""A client of paho's: login, TLS, and each thing that happens to it as an `Event`, told from paho's own thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from common.broker import BrokerError, BrokerSettings, read_password

log = logging.getLogger(__name__)
_UNSUPPORTED_PROTOCOL = (132, 1)
"""Reason codes of MQTT 5 and of 3.1.1."""
_PACKET_MARGIN = 4 * 1024
"""Topic, properties and header of a message: 600 bytes; the rest is room for what brokers add."""


@dataclass(frozen=True)
class Event:
    """`code`, `text`: the broker's reason. `limit`: its largest message in bytes, if it told one."""

    kind: Literal[
        "opened", "connected", "subscribed", "refused", "protocol_refused", "lost", "message", "published", "wake"
    ]
    client: mqtt.Client | None = None
    topic: str = ""
    payload: bytes = b""
    retained: bool = False
    mid: int = 0
    code: int = 0
    text: str = ""
    limit: int | None = None


@dataclass(frozen=True)
class Role:
    """What one end wants of its session.

    Attributes
    ----------
    name: new client ids begin with it.
    topics: what is subscribed to, at QoS 1.
    twin: the question put to people when another client takes the session over.
    most_bytes: larger messages are dropped; with MQTT 5 the broker keeps them to itself.
    longest_pause_s: between two tries to reach the broker.
    prepare: called with each new client before it connects: a last will, acknowledgements.
    on_too_large: called when a message is dropped for its size.
    """

    name: str
    topics: str
    twin: str
    most_bytes: int
    longest_pause_s: int = 30
    prepare: Callable[[mqtt.Client], None] = lambda client: None
    on_too_large: Callable[[], None] = lambda: None


def open_client(
    broker: BrokerSettings,
    role: Role,
    client_id: str,
    version: MQTTProtocolVersion,
    put: Callable[[Event], None],
    *,
    may_change_protocol: Callable[[], bool],
    on_unreachable: Callable[[], None],
) -> mqtt.Client:
    """A client that connects in the background, for ever.

    Parameters
    ----------
    put, on_unreachable, may_change_protocol: called by paho's thread; `put` may wait, to hold back a flood.

    Raises
    ------
    BrokerError: password or TLS files cannot be used.
    """
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=version)
    _log_in(client, broker)
    client.reconnect_delay_set(1, role.longest_pause_s)
    answered = threading.Event()

    def on_connect(c: mqtt.Client, _: Any, __: Any, reason: Any, properties: Any) -> None:
        answered.set()
        if not reason.is_failure:
            c.subscribe(role.topics, qos=1)
            put(Event("connected", c, limit=getattr(properties, "MaximumPacketSize", None)))
        elif reason.value in _UNSUPPORTED_PROTOCOL:
            put(Event("protocol_refused", c, code=reason.value))
        else:
            put(Event("refused", c, code=reason.value, text=str(reason)))

    def on_disconnect(c: mqtt.Client, _: Any, __: Any, reason: Any, ___: Any) -> None:
        # a broker that knows no MQTT 5 may just hang up on its CONNECT; one that did know it has a bad line
        refused = not answered.is_set() and may_change_protocol()
        answered.clear()
        put(Event("protocol_refused" if refused else "lost", c, code=reason.value, text=str(reason)))

    def on_subscribe(c: mqtt.Client, _: Any, __: Any, reasons: Any, ___: Any) -> None:
        bad = next((r for r in reasons if r.is_failure), None)
        put(Event("subscribed", c, code=bad.value if bad else 0, text=str(bad) if bad else ""))

    def on_message(c: mqtt.Client, _: Any, message: mqtt.MQTTMessage) -> None:
        if len(message.payload) > role.most_bytes:
            role.on_too_large()
            log.error("message dropped topic=%r bytes=%d: too large", message.topic[:200], len(message.payload))
            return
        put(Event("message", c, message.topic, bytes(message.payload), message.retain))

    client.on_connect, client.on_disconnect, client.on_subscribe = on_connect, on_disconnect, on_subscribe
    client.on_message = on_message
    client.on_connect_fail = lambda c, _: on_unreachable()
    client.on_socket_open = lambda c, _, __: put(Event("opened", c))
    role.prepare(client)
    properties = None
    if version == MQTTProtocolVersion.MQTTv5:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.MaximumPacketSize = role.most_bytes + _PACKET_MARGIN
    client.connect_async(broker.host, broker.port, keepalive=broker.keepalive_s, properties=properties)
    client.loop_start()
    return client


def close_client(client: mqtt.Client) -> None:
    """End a connection and forget what it had not sent."""
    client.disconnect()
    client.loop_stop()


def sent(rc: MQTTErrorCode) -> bool:
    """Whether paho took a message: it goes out now or after the next connection."""
    return rc in (MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_NO_CONN)


def _log_in(client: mqtt.Client, broker: BrokerSettings) -> None:
    password = read_password(broker.password_file)
    if broker.username is not None:
        client.username_pw_set(broker.username, password)
    files = [f for f in (broker.tls_ca_file, broker.tls_cert_file, broker.tls_key_file) if f is not None]
    if not broker.encrypted:
        if files:
            raise BrokerError(
                "TLS files, but no TLS: would talk in clear", where=broker.name, remedy="set broker.tls or tls_ca_file"
            )
        return
    ca, cert, key = (str(f) if f else None for f in (broker.tls_ca_file, broker.tls_cert_file, broker.tls_key_file))
    try:
        client.tls_set(ca_certs=ca, certfile=cert, keyfile=key)
    except (OSError, ValueError) as error:
        raise BrokerError(
            f"TLS files cannot be used: {error}",
            where="broker: " + ", ".join(str(f) for f in files),
            remedy="correct broker.tls_ca_file, tls_cert_file and tls_key_file",
        ) from error
