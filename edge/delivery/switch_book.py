"""The centre's switches on the box: which acts happened while an officer directed, or a signal was out of order.

They come over the broker, which keeps the newest list for a box that was away, and lie on the disk over a restart. Each
one counts only as the centre signed it. What came too late for an act that was packed already the centre finds itself.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from edge.delivery.centre_trust import CentreTrust
from edge.delivery.outbox_store import write_durably
from evidence.errors import PacketError
from evidence.switches import (
    MOST,
    REMEMBERED,
    SignedSwitch,
    Switch,
    merged,
    read_switches,
    says_right,
    write_switches,
)

log = logging.getLogger(__name__)
SWITCHES_FILE = "switches.json"
"""In the data folder of a box."""


class SwitchBook:
    """Written to by the uplink's thread, asked by those of the cameras.

    Parameters
    ----------
    node: switches of others are not ours.
    trust: which keys of the centre are believed.
    file: where they are kept; None: in memory only.
    """

    def __init__(
        self,
        node: str,
        trust: CentreTrust,
        file: Path | None = None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._node, self._trust, self._file, self._now = node, trust, file, now
        self._fault = ""
        self._held: dict[str, SignedSwitch] = self._kept()

    @property
    def known(self) -> Mapping[str, str]:
        """Of each switch that is not long over, when it was said last."""
        return {id_: each.switch.at for id_, each in self._held.items()}

    @property
    def warnings(self) -> list[str]:
        return [self._fault] if self._fault else []

    def take(self, payload: bytes) -> bool:
        """Take over what is new in a list of the centre. True: something was.

        Raises `PacketError` if it is none, or one of them was not signed by a key that is believed; the others count.
        """
        good, fault = self._verified(read_switches(payload, where="switches"))
        held = _newest(merged(self._held, good, now=self._now()))
        new = [each.switch for id_, each in held.items() if self._held.get(id_) != each]
        if held != self._held:
            self._held = held
            self._keep()
        for switch in new:
            log.warning(
                "switch kind=%s camera=%s line=%s since=%s until=%s by=%s id=%s",
                switch.kind, switch.camera or "all", switch.line or "all", switch.since, switch.until, switch.by,
                switch.id,
            )  # fmt: skip
        if fault is not None:
            raise fault
        return bool(new)

    def concerning(
        self, *, camera: str, line: str | None, first: datetime, last: datetime, unsure: bool
    ) -> list[Switch]:
        """Those in whose time something happened, in the order in which they begin. `unsure`: of the box's clock."""
        found = [
            each.switch
            for each in self._held.values()
            if each.switch.concerns(
                node=self._node, camera=camera, line=line, first=first, last=last, unsure=unsure
            )
        ]  # fmt: skip
        return sorted(found, key=lambda switch: (switch.since, switch.id))

    def traffic_right(self, camera: str, at: datetime) -> bool:
        """Whether somebody said that the camera's traffic of then is right."""
        return says_right((each.switch for each in self._held.values()), node=self._node, camera=camera, at=at)

    def camera_doubted(self, camera: str, at: datetime) -> bool:
        """Whether somebody said that the camera was to be looked at then."""
        found = self.concerning(camera=camera, line=None, first=at, last=at, unsure=False)
        return any(each.kind == "camera_doubted" for each in found)

    def in_force(self) -> list[Switch]:
        """Those that hold now by the box's clock, in the order in which they begin."""
        now = self._now()
        held = (each.switch for each in self._held.values())
        return sorted((s for s in held if s.starts <= now < s.ends), key=lambda s: (s.since, s.id))

    def _verified(self, signed: tuple[SignedSwitch, ...]) -> tuple[list[SignedSwitch], PacketError | None]:
        good: list[SignedSwitch] = []
        fault: PacketError | None = None
        now = self._now()
        for each in signed:
            if now >= each.switch.ends + REMEMBERED:
                continue  # it need not verify: the broker may keep a list that a key of long ago signed
            if each.switch.node != self._node:
                log.error("switch of another node node=%s id=%s", each.switch.node, each.switch.id)
                continue
            try:
                self._trust.check(each.signature, each.switch.statement(), where=f"switch {each.switch.id}")
            except PacketError as error:
                fault = error
                continue
            good.append(each)
        return good, fault

    def _keep(self) -> None:
        if self._file is None:
            return
        try:
            write_durably(self._file, write_switches(self._held.values()))
            self._fault = ""
        except OSError as error:
            self._fault = f"switches are not kept over a restart: {error.strerror} -> free the disk"
            log.error("%s", self._fault)

    def _kept(self) -> dict[str, SignedSwitch]:
        """What lay on the disk, signed by whichever key was the centre's then."""
        if self._file is None or self._trust.keys is None:
            return {}
        try:
            signed = read_switches(self._file.read_bytes(), where=str(self._file))
            for each in signed:
                self._trust.keys.verify(each.signature, each.switch.statement(), where=str(self._file))
        except FileNotFoundError:
            return {}
        except (OSError, PacketError) as error:
            log.error("switches cannot be read, they come again: %s", error)
            return {}
        return merged({}, signed, now=self._now())


def _newest(held: dict[str, SignedSwitch]) -> dict[str, SignedSwitch]:
    """A list that can be read again: the ones that end last stay."""
    last = sorted(held.items(), key=lambda item: (item[1].switch.until, item[0]))[-MOST:]
    return dict(sorted(last))
