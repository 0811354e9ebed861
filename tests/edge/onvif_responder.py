"""What answers probes of WS-Discovery, for tests."""

from __future__ import annotations

import socket
import struct
import threading
import uuid
from types import TracebackType
from typing import Self
from xml.etree import ElementTree

GROUP = "239.255.255.250"


class Responder:
    """Answers probes on UDP, by multicast on the loopback or sent to it alone. `with Responder(..) as one`: `one.port`.

    `told`: the addresses of its entry; `raw`: what is sent before its answer, from 127.0.0.2.
    """

    def __init__(self, *told: str, scopes: str = "", raw: bytes | None = None) -> None:
        self.told, self.scopes, self.raw = told, scopes, raw
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("", 0))
        self.port = int(self._socket.getsockname()[1])
        joined = struct.pack("4s4si", socket.inet_aton(GROUP), bytes(4), socket.if_nametoindex("lo"))
        self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, joined)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            data, sender = self._socket.recvfrom(65535)
            if not data:
                return
            if self.raw is not None:
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as another:
                    another.bind(("127.0.0.2", 0))
                    another.sendto(self.raw, sender)
            top = ElementTree.fromstring(data)
            types = top.findtext("{*}Body/{*}Probe/{*}Types") or ""
            if types.endswith(":NetworkVideoTransmitter"):
                message = top.findtext("{*}Header/{*}MessageID") or ""
                self._socket.sendto(
                    probe_matches(message.replace("uuid:", "urn:uuid:"), " ".join(self.told), self.scopes), sender
                )


def probe_matches(to: str, told: str, scopes: str = "") -> bytes:
    """The answer to the probe `to`, with addresses and scopes by blanks."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><SOAP-ENV:Envelope '
        'xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope" '
        'xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
        'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" '
        'xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><SOAP-ENV:Header>'
        f"<wsa:MessageID>uuid:{uuid.uuid4()}</wsa:MessageID><wsa:RelatesTo>{to}</wsa:RelatesTo>"
        "<wsa:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches</wsa:Action></SOAP-ENV:Header>"
        "<SOAP-ENV:Body><d:ProbeMatches><d:ProbeMatch><wsa:EndpointReference><wsa:Address>urn:uuid:cea9</wsa:Address>"
        f"</wsa:EndpointReference><d:Types>dn:NetworkVideoTransmitter</d:Types><d:Scopes>{scopes}</d:Scopes>"
        f"<d:XAddrs>{told}</d:XAddrs><d:MetadataVersion>10</d:MetadataVersion></d:ProbeMatch>"
        "</d:ProbeMatches></SOAP-ENV:Body></SOAP-ENV:Envelope>"
    ).encode()
