"""A second opinion on the plate: shown beside the node's reading, never in its place, and never in the way."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from central.app import App
from central.cases.log import events
from central.centre import Centre
from central.config import load_config
from central.second_reader import NoReader, Reader, Reading, SecondReader, easyocr_reader, settle, switched_off
from central.store.case_tables import CaseRow
from tests.central.build import LAN, OFFICE, case_of, make_centre, picture
from tests.central.node import eventually
from tests.central.web_people import make_web

needs_easyocr = pytest.mark.skipif(find_spec("easyocr") is None, reason="extra `second-reader` is not installed")


def case(centre: Centre, case_id: str) -> CaseRow:
    with centre.db.read() as session:
        return session.get_one(CaseRow, case_id)


def reading(text: str, confidence: float = 0.8) -> Callable[[], Reader]:
    return lambda: lambda _: Reading(text, confidence)


@pytest.mark.parametrize(
    ("machine", "second", "agrees"),
    [
        ("36A12345", "36A12345", True),
        ("36A12345", "36A12346", False),
        ("36A12345", "", None),
        (None, "36A12345", None),
    ],
)
def test_it_stands_beside_the_nodes_reading_with_its_agreement(
    machine: str | None, second: str, agrees: bool | None, centre: Centre
) -> None:
    case_id = case_of(centre, plate=machine)
    SecondReader(centre).step(lambda _: Reading(second, 0.75))
    found = case(centre, case_id)
    assert (found.second_state, found.second_text, found.second_agrees) == ("done", second, agrees)
    assert (found.plate, found.plate_machine) == (machine, machine)
    with centre.db.read() as session:
        assert [(e.actor, e.action) for e in events(session, case_id)][-1] == ("second-reader", "second_reading")


def test_it_works_through_the_queue_in_the_background(box: Centre) -> None:
    made = [case_of(box) for _ in range(3)]
    reader = SecondReader(box, reading("36A12345"), poll_s=0.1)
    reader.start()
    try:
        eventually(lambda: all(case(box, c).second_state == "done" for c in made), what="all are read")
        later = case_of(box)
        eventually(lambda: case(box, later).second_state == "done", what="the next one too")
    finally:
        reader.stop()


def test_it_is_loaded_once_and_not_before_a_case_waits(box: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    happened: list[str] = []

    def make() -> Reader:
        happened.append("loaded")
        return reading("36A12345")()

    look = SecondReader._next

    def looked(self: SecondReader) -> str | None:
        happened.append("looked")
        return look(self)

    monkeypatch.setattr(SecondReader, "_next", looked)
    reader = SecondReader(box, make, poll_s=0.05)
    reader.start()
    try:
        eventually(lambda: happened.count("looked") >= 3, what="it looks again and again")
        assert "loaded" not in happened
        for _ in range(2):
            case_id = case_of(box)
            eventually(lambda c=case_id: case(box, c).second_state == "done", what="it is read")
    finally:
        reader.stop()
    assert happened.count("loaded") == 1


def test_a_packet_without_a_crop_has_no_second_reading_and_says_so(box: Centre) -> None:
    case_id = case_of(box, files={"still_on.jpg": picture()})
    assert SecondReader(box).step(lambda _: Reading("X", 1.0))
    found = case(box, case_id)
    assert (found.second_state, found.second_note) == ("none", "no plate crop in the packet")


def test_a_crop_that_cannot_be_read_does_not_hold_up_the_next(box: Centre) -> None:
    first, second = case_of(box), case_of(box)
    calls: list[bytes] = []

    def read(crop: bytes) -> Reading:
        calls.append(crop)
        if len(calls) == 1:
            raise RuntimeError("x" * 1000)
        return Reading("36A12345", 0.9)

    reader = SecondReader(box)
    assert reader.step(read)
    assert reader.step(read)
    assert not reader.step(read)
    assert (case(box, first).second_state, case(box, second).second_state) == ("failed", "done")
    assert len(case(box, first).second_note or "") == 300


def test_where_easyocr_is_not_installed_cases_say_so_instead_of_waiting(
    box: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **options: Any) -> Any:
        if name.split(".")[0] in ("easyocr", "torch"):
            raise ImportError(f"No module named '{name}'")
        return real(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(NoReader, match="install the second-reader extra"):
        easyocr_reader()
    case_id = case_of(box)
    reader = SecondReader(box)
    reader.start()
    try:
        eventually(lambda: case(box, case_id).second_state == "none", what="the case does not wait")
    finally:
        reader.stop()
    assert "second-reader" in (case(box, case_id).second_note or "")


def test_switched_off_in_the_configuration_cases_say_so(tmp_path: Path) -> None:
    with pytest.raises(NoReader, match="switched off"):
        switched_off()
    file = tmp_path / "central.yaml"
    settings = {"schema_version": 1, "second_reader": False, "web": {"enabled": False}, "broker": {"port": 1}}
    file.write_text(yaml.safe_dump(settings | {"office": OFFICE}))
    centre = make_centre(tmp_path / "centre-data")
    case_id = case_of(centre)
    with App(load_config(file)) as app:
        eventually(lambda: case(app.centre, case_id).second_state == "none", what="the case does not wait")
    assert "switched off" in (case(centre, case_id).second_note or "")


@needs_easyocr
def test_easyocr_reads_a_drawn_plate(box: Centre) -> None:
    import cv2
    import numpy as np

    crop = np.full((110, 520, 3), 245, np.uint8)
    cv2.putText(crop, "36A-123.45", (25, 82), cv2.FONT_HERSHEY_DUPLEX, 2.4, (20, 20, 20), 6, cv2.LINE_AA)
    files = {"still_on.jpg": picture(), "plate_crop.jpg": bytes(cv2.imencode(".jpg", crop)[1])}
    case_id = case_of(box, files=files)
    SecondReader(box).step(easyocr_reader())
    import torch

    assert torch.get_num_threads() == 1, "a second one spins: on a busy machine a plate takes thirty times the CPU"
    found = case(box, case_id)
    assert found.second_state == "done", found.second_note
    assert 0 < (found.second_confidence or 0) <= 1
    assert sum(a == b for a, b in zip(found.second_text or "", "36A12345", strict=False)) >= 6, found.second_text


@needs_easyocr
def test_a_crop_that_is_no_picture_fails_with_a_reason(box: Centre) -> None:
    for junk in (b"junk", b""):
        case_id = case_of(box, files={"plate_crop.jpg": junk})
        SecondReader(box).step(easyocr_reader())
        assert case(box, case_id).second_state == "failed"
        assert "not a picture" in (case(box, case_id).second_note or "")


@dataclass(frozen=True)
class Line:
    text: str


@dataclass(frozen=True)
class Cut:
    lines: tuple[Line, ...]
    confidence: float = 0.8


def cut(text: str, confidence: float = 0.8) -> Cut:
    return Cut(tuple(Line(part) for part in text.split("/")), confidence)


@pytest.mark.parametrize(
    ("cuts", "text"),
    [
        ([cut("59-F1/689.55")] * 3 + [cut("659.F71/689.55")] * 2, "59F168955"),
        ([cut("30G-111.55")] * 2 + [cut("306-111.55", 0.9)] * 3, "30G11155"),
        ([cut("F37111550")] * 5, ""),
        ([cut("736H243391")] * 5, ""),
        ([cut("83609", 0.97)] * 5, ""),
        ([cut("59-U1/661.41")] * 3 + [cut("59-U1/561.41")] * 2, ""),
        ([cut("59-U1/661.41", 0.99)] * 2, ""),
        ([], ""),
    ],
    ids=["most cuts say it", "a look-alike put right by its place", "frame read as a character", "two of them",
         "sure of rubbish", "the cuts differ", "too few cuts", "nothing read"],
)  # fmt: skip
def test_it_says_a_whole_plate_or_nothing(cuts: list[Cut], text: str) -> None:
    assert settle(cuts).text == text


def test_silence_is_shown_as_such_and_a_case_without_a_crop_does_not_blame_a_switch(tmp_path: Path) -> None:
    web = make_web(tmp_path / "web")
    silent, bare = case_of(web.centre), case_of(web.centre, files={"still_on.jpg": picture()})
    reader = SecondReader(web.centre)
    assert reader.step(lambda _: Reading("", 0.0))
    assert reader.step(None, "the second reader is switched off")
    lan = web.person(LAN)
    page = lan.get(f"/desk/cases/{silent}").text
    assert "Không chắc nên không nêu" in page
    assert "Hai máy đọc biển số không trùng nhau" not in page
    page = lan.get(f"/desk/cases/{bare}").text
    assert "Không có ảnh biển số" in page
    assert "Chưa bật máy đọc thứ hai" not in page
    web.centre.db.dispose()


def test_a_difference_that_an_officer_has_settled_is_no_doubt_any_more(tmp_path: Path) -> None:
    web = make_web(tmp_path / "web")
    case_id = case_of(web.centre)
    assert SecondReader(web.centre).step(lambda _: Reading("36A12346", 0.9))
    lan = web.person(LAN)
    assert "Hai máy đọc biển số không trùng nhau" in lan.get(f"/desk/cases/{case_id}").text
    lan.post(f"/desk/cases/{case_id}/plate", at="/desk", plate="36A-123.46", colour="white", kind="car")
    assert "Hai máy đọc biển số không trùng nhau" not in lan.get(f"/desk/cases/{case_id}").text
    web.centre.db.dispose()
