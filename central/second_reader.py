"""A second opinion on the plate: EasyOCR at the centre reads the crop of each new case, in the background.

It decides nothing: its text, confidence and agreement stand beside the node's reading for the officer. It speaks only
when most of its cuts of the plate say the same whole plate: a reader that errs every second time is worse than silence.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import select, text

from central.cases import log as case_log
from central.cases.lifecycle import Action
from central.centre import Centre
from central.pictures.opening import decode
from central.store.case_tables import CaseRow
from countries.here import HERE
from evidence.errors import GiaoLoError
from evidence.packet import Manifest

log = logging.getLogger(__name__)
_POLL_S = 5.0


@dataclass(frozen=True)
class Reading:
    """What the second reader saw; an empty text where it is not sure, and then it says nothing."""

    text: str
    confidence: float


class Line(Protocol):
    """A line of text that was read."""

    @property
    def text(self) -> str: ...


class Cut(Protocol):
    """What was read in one way of cutting the plate into lines."""

    @property
    def lines(self) -> Sequence[Line]: ...

    @property
    def confidence(self) -> float: ...


class Reader(Protocol):
    """Port: a plate crop (encoded picture) in, a reading out."""

    def __call__(self, picture: bytes) -> Reading: ...


class NoReader(GiaoLoError):
    """The second reader is not installed here."""


LEAST_CUTS = 3
"""Of five or more cuts of a plate."""
_LEAD = 3.0
_REPAIRED = 0.6
"""Share of its confidence that a cut keeps where one look-alike had to be exchanged (a B read as 8)."""


def settle(cuts: Sequence[Cut]) -> Reading:
    """The whole plate on which the cuts agree clearly; an empty text where they do not (`docs/figures.md`)."""
    votes: dict[str, list[float]] = {}
    for cut in cuts:
        text = "".join(line.text for line in cut.lines).upper()
        plates = HERE.plates.repair("".join(c for c in text if c.isascii() and c.isalnum()))
        if plates and len(plates[0][1]) <= 1 and (len(plates) == 1 or len(plates[1][1]) > len(plates[0][1])):
            plate, changes = plates[0]
            votes.setdefault(plate, []).append(cut.confidence * (_REPAIRED if changes else 1.0))
    ranked = sorted(votes.items(), key=lambda item: -sum(item[1]))
    rival = sum(ranked[1][1]) if len(ranked) > 1 else 0.0
    if not ranked or len(ranked[0][1]) < LEAST_CUTS or sum(ranked[0][1]) < _LEAD * rival:
        return Reading("", 0.0)
    return Reading(ranked[0][0], sum(ranked[0][1]) / len(ranked[0][1]))


def easyocr_reader() -> Reader:
    """EasyOCR with the project's weights. Raises `NoReader` when the extra is not installed."""
    try:
        from models.easyocr_reader import EasyOcrReader

        reader = EasyOcrReader()
    except Exception as error:  # torch and friends fail in many ways; the desk works without them
        raise NoReader(f"no second reader: {error}", remedy="install the second-reader extra") from error

    def read(picture: bytes) -> Reading:
        image = decode(picture)
        if image is None:
            raise NoReader("the crop is not a picture")
        return settle(reader.cuts(image))

    return read


def switched_off() -> Reader:
    """In place of a reader: cases then say that there is no second reading, and why, instead of waiting for ever."""
    raise NoReader("the second reader is switched off", remedy="set second_reader in CENTRAL.yaml")


class SecondReader:
    """Worker thread that looks for cases with `second_state == "pending"` every `poll_s`; `start`, `stop`."""

    def __init__(self, centre: Centre, make: Callable[[], Reader] = easyocr_reader, *, poll_s: float = _POLL_S) -> None:
        self._centre, self._make, self._poll_s = centre, make, poll_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="second-reader", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        reader: Reader | None = None
        fault, loaded = "", False
        while not self._stop.is_set():
            try:
                # half a gigabyte and many seconds of CPU: not before there is something to read
                if not loaded and self._next() is not None:
                    reader, fault = self._load()
                    loaded = True
                busy = loaded and self.step(reader, fault)
            except Exception:
                log.exception("second reader fault")
                busy = False
            if not busy:
                self._stop.wait(self._poll_s)

    def _load(self) -> tuple[Reader | None, str]:
        """The reader, or what is wrong with it."""
        try:
            return self._make(), ""
        except NoReader as error:
            log.warning("%s", error)
            return None, str(error)

    def _next(self) -> str | None:
        """The oldest case that waits."""
        # in the words of the partial index: this is asked every few seconds of a table that only grows
        query = select(CaseRow.id).where(text("cases.second_state = 'pending'")).order_by(CaseRow.number).limit(1)
        with self._centre.db.read() as session:
            return session.scalar(query)

    def step(self, reader: Reader | None, fault: str = "") -> bool:
        """Read one pending case; False when there is none."""
        case_id = self._next()
        if case_id is None:
            return False
        with self._centre.db.read() as session:
            row = session.get_one(CaseRow, case_id)
            crop = Manifest.from_bytes(row.packet.manifest.encode()).file("plate_crop")
        # without a crop there is nothing to read, with a reader or without one: nobody switched anything off
        state, note, reading = "none", fault if crop else "no plate crop in the packet", None
        if reader is not None and crop is not None:
            try:
                reading = reader(self._centre.store.read(crop.sha256))
                state, note = "done", ""
            except Exception as error:  # a crop that cannot be read must not hold up the next one
                state, note = "failed", str(error)[:300]
        self._record(case_id, state, note, reading)
        return True

    def _record(self, case_id: str, state: str, note: str, reading: Reading | None) -> None:
        now = self._centre.clock()
        with self._centre.db.write() as session:
            row = case_log.lock_case(session, case_id)
            row.second_state, row.second_note = state, note[:300]
            if reading is not None:
                row.second_text, row.second_confidence = reading.text[:40], reading.confidence
                spoke = bool(reading.text and row.plate_machine)  # silence is no disagreement
                row.second_agrees = reading.text == row.plate_machine if spoke else None
                said = {
                    "text": row.second_text,
                    "confidence": round(reading.confidence, 4),
                    "agrees": row.second_agrees,
                }
                case_log.append(session, row, Action.SECOND_READING, actor="second-reader", at=now, after=said)
