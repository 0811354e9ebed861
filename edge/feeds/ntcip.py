"""A controller that is asked: NTCIP 1202 over SNMP. Which phases have red, yellow and green, eight to a group.

`phaseStatusGroupReds`, `-Yellows`, `-Greens` (NTCIP 1202, phaseStatusGroupTable), all in one question: bit 0 of group 1
is phase 1. What is answered was true at some moment between question and answer, so the box's clock alone dates it.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from edge.feed_settings import NtcipFeed
from edge.signals.controller import ControllerFeed
from edge.signals.reading import Unclear
from edge.signals.statements import Statement
from evidence.acts import LampState
from evidence.errors import GiaoLoError

log = logging.getLogger(__name__)
GROUPS = "1.3.6.1.4.1.1206.4.2.1.1.4.1"
"""phaseStatusGroupEntry; its columns 2, 3, 4 are reds, yellows, greens."""
COLUMNS: Sequence[tuple[int, LampState]] = ((2, LampState.RED), (3, LampState.YELLOW), (4, LampState.GREEN))
_EACH = 8
_TIMEOUT_S = 1.0
_PAUSE_S = 5.0


class NtcipError(GiaoLoError):
    """The controller cannot be asked, or answers something else."""


def groups_of(phases: Iterable[int]) -> list[int]:
    """The groups that hold these phases, in order."""
    return sorted({(phase - 1) // _EACH + 1 for phase in phases})


def oids(groups: Sequence[int]) -> list[str]:
    """What is asked for, in the order in which `statements` expects the answers."""
    return [f"{GROUPS}.{column}.{group}" for group in groups for column, _ in COLUMNS]


def statements(phases: Iterable[int], values: Mapping[str, int], asked_s: float, received_s: float) -> list[Statement]:
    """What the answered bytes say of each phase. Raises `NtcipError` where one is missing or is no byte."""
    out = []
    for phase in phases:
        group, bit = (phase - 1) // _EACH + 1, (phase - 1) % _EACH
        lit = []
        for column, state in COLUMNS:
            value = values.get(f"{GROUPS}.{column}.{group}")
            if value is None or not 0 <= value <= 255:
                raise NtcipError(
                    f"answers {value!r} for group {group}", where=f"phase {phase}", remedy="see its phases"
                )
            if value >> bit & 1:
                lit.append(state)
        unclear: Unclear = "two_at_once" if len(lit) > 1 else ""
        shows = lit[0] if len(lit) == 1 else LampState.UNKNOWN if lit else LampState.OFF
        out.append(Statement(f"phase {phase}", shows, received_s, None, asked_s, unclear))
    return out


class NtcipPoller:
    """Asks one controller again and again from a thread of its own. `start`, `stop`.

    Parameters
    ----------
    phases: asked with each question: those that heads name, as scenes change; the others are not asked for.

    `start` raises `NtcipError` where pysnmp is not installed, `ConfigError` where the community cannot be read.
    """

    def __init__(self, settings: NtcipFeed, phases: Callable[[], Collection[int]], feed: ControllerFeed) -> None:
        self._settings, self._feed, self._phases = settings, feed, phases
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        try:
            import pysnmp.hlapi.v1arch.asyncio as snmp  # an extra: a box without such a controller needs none of it
        except ImportError as error:
            raise NtcipError(
                "pysnmp is not installed", where=f"controller {self._feed.id}", remedy="pip install 'giaolo[ntcip]'"
            ) from error
        community = self._settings.community()
        self._feed.error = "has not answered yet"
        self._thread = threading.Thread(
            target=self._run, args=(snmp, community), name=f"controller {self._feed.id}", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(5)

    def _run(self, snmp: Any, community: str) -> None:
        while not self._stop.is_set():
            try:
                asyncio.run(self._ask(snmp, community))
            except Exception as error:
                self._failed(f"cannot be asked: {error}")
                log.exception("controller feed fault controller=%s", self._feed.id)
                self._stop.wait(_PAUSE_S)

    async def _ask(self, snmp: Any, community: str) -> None:
        settings = self._settings
        login = snmp.CommunityData(community, mpModel=0 if settings.version == "1" else 1)
        engine = snmp.SnmpDispatcher()
        try:
            target = await snmp.UdpTransportTarget.create((settings.host, settings.port), timeout=_TIMEOUT_S, retries=0)
            while not self._stop.is_set():
                phases = sorted(self._phases())
                if not phases:
                    self._failed("no head of a scene names a phase of it")
                    await asyncio.sleep(_TIMEOUT_S)
                    continue
                asked = oids(groups_of(phases))
                began_s, asked_s = time.monotonic(), time.time()
                error, status, index, answer = await snmp.get_cmd(
                    engine, login, target, *[(oid, snmp.Null("")) for oid in asked]
                )
                received_s = asked_s + (time.monotonic() - began_s)
                if error or status:
                    what = (
                        f"{asked[int(index) - 1]}: {status.prettyPrint()}" if status and index else str(error or status)
                    )
                    self._failed(f"{settings.host}:{settings.port} {what}")
                else:
                    self._answered(phases, answer, asked_s, received_s)
                await asyncio.sleep(max(settings.poll_s - (time.monotonic() - began_s), 0.01))
        finally:
            engine.transport_dispatcher.close_dispatcher()

    def _answered(self, phases: Sequence[int], answer: Sequence[Any], asked_s: float, received_s: float) -> None:
        try:
            values = {str(oid): int(value) for oid, value in answer}
            told = statements(phases, values, asked_s, received_s)
        except (NtcipError, TypeError, ValueError) as error:
            self._feed.refused += 1
            self._failed(str(error))
            return
        self._feed.error = ""
        self._feed.take(told)

    def _failed(self, what: str) -> None:
        if what != self._feed.error:
            log.warning("controller=%s %s", self._feed.id, what)
        self._feed.error = what
