"""One session with the MQTT broker, for box and centre: MQTT 5 or 3.1.1, and making it again when it is lost.

Paho's thread moves bytes and puts each thing that happens into the program's queue (`common.mqtt_client`). The
program's own thread gives every event to `Link.take` and calls `Link.tick` whenever `Link.wait_s` is over: no polling.

Brokers as they are: one that once spoke a version of MQTT is not tried with another because a line broke; one that says
nothing after the connection has opened is not waited for; a session taken over is told and backed off from.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable

import paho.mqtt.client as mqtt
from paho.mqtt.enums import MQTTProtocolVersion

from common.broker import BrokerError, BrokerSettings
from common.mqtt_client import Event, Role, close_client, open_client

log = logging.getLogger(__name__)
TAKEN_OVER = 142
"""MQTT 5 reason code "session taken over"."""
_CONNACK_S = 4.0
"""A broker that knows no MQTT 5 may wait for ever for the rest of its CONNECT."""
_BACK_OFF_S = (30.0, 300.0)
"""After a session was taken over: doubles from the first to the last."""
_RETRY_FILES_S = 30.0
_CHANGE_S = 0.5


class Link:
    """The session and what a person should know about it. All methods belong to the program's own thread.

    Parameters
    ----------
    put: takes an event into the program's queue; called by paho's thread, so it may wait to hold back a flood.
    client_id: of the session; two sessions of one id throw each other out. None: the configured one, else a new one.

    Attributes
    ----------
    error: why there is no connection; "" while there is one. rights_error: what the broker does not let us do.
    """

    def __init__(
        self,
        broker: BrokerSettings,
        role: Role,
        put: Callable[[Event], None],
        *,
        client_id: str | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.broker = broker
        self.client: mqtt.Client | None = None
        self.client_id = client_id or broker.client_id or _new_id(role)
        self.connected = False
        self.connected_s = 0.0
        self.error = "broker has not answered yet"
        self.rights_error = self.takeover_error = ""
        self.connect_at_s: float | None = None
        self.opened_s: float | None = None
        self._role = role
        self._put = put
        self._monotonic = monotonic
        self._version = MQTTProtocolVersion.MQTTv311 if broker.protocol == "3.1.1" else MQTTProtocolVersion.MQTTv5
        self._worked = False
        self._takeovers = 0

    @property
    def protocol(self) -> str:
        """`5` or `3.1.1`."""
        return "5" if self._version == MQTTProtocolVersion.MQTTv5 else "3.1.1"

    def connect(self) -> None:
        """Connect in the background, for ever.

        Raises
        ------
        BrokerError: password or TLS files cannot be used; `tick` tries them again, as they may be mended.
        """
        self.connect_at_s = None
        try:
            self.client = open_client(
                self.broker,
                self._role,
                self.client_id,
                self._version,
                self._put,
                may_change_protocol=lambda: not self._worked,
                on_unreachable=self._unreachable,
            )
        except BrokerError as error:
            self.error = str(error)
            self.connect_at_s = self._monotonic() + _RETRY_FILES_S
            raise

    def close(self) -> None:
        """End the connection and forget what it had not sent."""
        if self.client is not None:
            client, self.client = self.client, None
            close_client(client)

    def renew(self, after_s: float, *, new_id: bool = False) -> None:
        """Give up this connection with all that paho holds for it, and make another one later."""
        if new_id:
            self.client_id = _new_id(self._role)
        self.connected, self.opened_s = False, None
        self.close()
        self.connect_at_s = self._monotonic() + after_s

    def take(self, event: Event) -> bool:
        """Bring the state up to date. False: the event is of a client that was given up, and means nothing."""
        if event.client is not None and event.client is not self.client:
            return False
        if event.kind in ("connected", "refused", "protocol_refused", "lost"):
            self.opened_s = None
        if event.kind == "opened":
            self.opened_s = self._monotonic()
        elif event.kind == "connected":
            self.connected, self.error, self._worked = True, "", True
            self.connected_s = self._monotonic()
            log.info("broker connected host=%s protocol=%s limit=%s", self.broker.name, self.protocol, event.limit)
        elif event.kind == "subscribed":
            self._subscribed(event)
        elif event.kind == "refused":
            self.connected = False
            self.error = f"broker {self.broker.name} refuses: {event.text}"
            log.warning("%s", self.error)
        elif event.kind == "lost":
            self._lost(event)
        elif event.kind == "protocol_refused":
            self._change_protocol()
        return True

    def tick(self) -> bool:
        """Do what is due: connect, or give up what does not answer. Whether there is a session to work with.

        Raises
        ------
        BrokerError: as `connect`.
        """
        now_s = self._monotonic()
        if self.connect_at_s is not None:
            if now_s >= self.connect_at_s:
                self.connect()
            return False
        if self.opened_s is not None and now_s - self.opened_s >= _CONNACK_S:
            self.opened_s = None
            if self._worked:
                self.renew(1.0)
            else:
                self._change_protocol()
            return False
        return self.connected and self.client is not None

    def wait_s(self) -> float | None:
        """Seconds until `tick` has something to do; None: nothing but events can change our state."""
        if self.connect_at_s is not None:
            return max(self.connect_at_s - self._monotonic(), 0.01)
        if self.opened_s is not None:
            return max(self.opened_s + _CONNACK_S - self._monotonic(), 0.01)
        return None

    def _unreachable(self) -> None:
        why = " or fails the TLS check" if self.broker.encrypted else ""
        text = f"broker {self.broker.name} does not answer{why}"
        if text != self.error:
            log.error("%s", text)
        self.error = text

    def _subscribed(self, event: Event) -> None:
        self.rights_error = ""
        if event.code:
            self.rights_error = f"broker does not let us read {self._role.topics}: {event.text}; correct its ACL"
            log.error("%s", self.rights_error)

    def _lost(self, event: Event) -> None:
        if self.connected:
            why = f" ({event.text})" if event.code else ""
            self.error = f"connection to broker {self.broker.name} lost{why}"
        self.connected = False
        if event.code == TAKEN_OVER:
            self._taken_over()
        log.warning("%s", self.error)

    def _taken_over(self) -> None:
        """Another client came with our id. Fighting helps neither; under an id of our own both can work."""
        pause_s = min(_BACK_OFF_S[0] * 2.0**self._takeovers, _BACK_OFF_S[1])
        self._takeovers += 1
        self.error = self.takeover_error = (
            f"another client took over our session at broker {self.broker.name} (client id {self.client_id}): "
            f"{self._role.twin}? Going on under another id"
        )
        self.renew(pause_s, new_id=True)

    def _change_protocol(self) -> None:
        what = "hangs up: is a client certificate missing, or does it" if self.broker.encrypted else "does"
        self.error = f"broker {self.broker.name} {what} not speak MQTT {self.protocol}"
        if self.broker.protocol != "auto":
            self.connected = False
            log.error("%s", self.error)
            return
        v5 = self._version == MQTTProtocolVersion.MQTTv5
        self._version = MQTTProtocolVersion.MQTTv311 if v5 else MQTTProtocolVersion.MQTTv5
        log.warning("%s: trying MQTT %s", self.error, self.protocol)
        self.renew(_CHANGE_S)


def _new_id(role: Role) -> str:
    return f"{role.name}-{secrets.token_hex(4)}"
