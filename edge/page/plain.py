"""How the box is, in plain words in both languages: made of the same state as heartbeat and metrics."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import Any, Literal

import yaml

from common.sizes import size_text
from countries.here import HERE
from edge.health import (
    LEAST_SEEN_FPS,
    MOST_KEY_INTERVAL_S,
    SUBSTREAM_FAULTS,
    TEST_FAULTS,
    CameraState,
    NodeState,
)
from edge.signals.controller import FeedReport
from evidence.switches import Switch
from evidence.wire import CameraHealth, SubstreamHealth, TestHealth, TrafficHealth

Level = Literal["good", "warning", "bad"]
_FINE_PICTURE, _NO_PICTURE_YET = ("in_place", "shaking"), "learning"
_FINE_HEADS = ("good", "watching")
_FINE_TRAFFIC = ("usual", "learning")


@dataclass(frozen=True)
class Line:
    """One thing that is well or not, Vietnamese and English."""

    level: Level
    vi: str
    en: str

    def as_dict(self) -> dict[str, str]:
        return {"level": self.level, "vi": self.vi, "en": self.en}


@cache
def words() -> dict[str, Any]:
    """The file as it is."""
    tree: dict[str, Any] = yaml.safe_load((resources.files(__package__) / "words.yaml").read_text("utf-8"))
    return tree


def of_box(state: NodeState, now: datetime | None = None) -> list[Line]:
    """The box as a whole: the worst that can be said of it first. What no words are kept for is told as it is."""
    told, now = words(), now or datetime.now(UTC)
    status = state.health(now).status
    lines = [_line("good" if status == "running" else "warning", told["node"][status])]
    lines.append(_line("good", told["broker"]["yes"]) if state.broker_connected else _line("bad", told["broker"]["no"]))
    pending = state.outbox.pending
    if pending:
        age_s = state.outbox.oldest_pending_s(now) or 0.0
        waiting = told["outbox"]["waiting"]
        level: Level = "warning" if age_s > 60 else "good"
        lines.append(Line(level, *(waiting[x].format(n=pending, age=_age(age_s, x)) for x in ("vi", "en"))))
    else:
        lines.append(_line("good", told["outbox"]["empty"]))
    free, low = state.disk_free_bytes, state.disk_free_bytes < state.reserve_bytes
    disk = (told["disk"][x].format(free=size_text(free, comma=x == "vi")) for x in ("vi", "en"))
    lines.append(Line("bad" if low else "good", *disk))
    lines += [_controller(one) for one in state.controllers]
    return [*lines, *(_switch(each) for each in state.in_force)]


def _controller(one: FeedReport) -> Line:
    word = "error" if one.error else "clock_off" if one.clock_off and one.state == "good" else one.state
    told, offset = words()["controller"][word], f"{one.offset_s or 0.0:+.1f}"
    vi = told["vi"].format(age=_age(one.age_s or 0.0, "vi"), offset=offset.replace(".", ","))
    en = told["en"].format(age=_age(one.age_s or 0.0, "en"), offset=offset)
    level: Level = "good" if word in ("good", "learning") else "warning" if word in ("waiting", "clock_off") else "bad"
    return Line(level, f"Tủ điều khiển {one.id}: {vi}", f"Controller {one.id}: {en}")


def details(state: NodeState) -> list[str]:
    """What health says in full, with its remedies; secrets of addresses are hidden there."""
    return list(state.health().errors)


def of_camera(camera: CameraState) -> list[Line]:
    """One camera: its stream, its speed, its picture, its signal heads."""
    told, health = words(), camera.health
    fine = health.state in ("running", "ended")
    lines = [_line("good" if fine else "bad", told["camera"][health.state])]
    if health.state == "running":
        lines += _speed(health)
    if health.picture is not None and fine:
        lines.append(_picture(health))
    if health.substream is not None and fine:
        lines.append(_substream(health.substream))
    if health.traffic is not None and health.traffic.state not in _FINE_TRAFFIC:
        lines.append(_traffic(health.traffic))
    if health.test is not None:
        lines.append(_test(health.test))
    for head in health.heads:
        word = told["head"].get(head.state, {"vi": head.state, "en": head.state})
        level: Level = "good" if head.state in _FINE_HEADS else "warning"
        lines.append(Line(level, f"Đèn {head.id}: {word['vi']}", f"Signal {head.id}: {word['en']}"))
    return lines


def why_no_film(*faults: str) -> dict[str, str]:
    """In both languages why a film was not recorded, or what it lacks; empty where nothing is wrong."""
    told = words()["recording"]
    return {language: "; ".join(told[fault][language] for fault in faults) for language in ("vi", "en")}


def _speed(health: CameraHealth) -> list[Line]:
    told = words()
    lines = []
    if health.seen_fps is not None:
        slow = health.seen_fps < LEAST_SEEN_FPS
        seen, fps = f"{health.seen_fps:.1f}", f"{health.fps:.1f}"
        frames = told["frames"]
        vi = frames["vi"].format(seen=seen.replace(".", ","), fps=fps.replace(".", ","))
        lines.append(Line("warning" if slow else "good", vi, frames["en"].format(seen=seen, fps=fps)))
    if health.key_interval_s is not None:
        rare = health.key_interval_s > MOST_KEY_INTERVAL_S
        s, key = f"{health.key_interval_s:.1f}", told["key_interval"]
        lines.append(
            Line("warning" if rare else "good", key["vi"].format(s=s.replace(".", ",")), key["en"].format(s=s))
        )
    return lines


def _switch(switch: Switch) -> Line:
    """What people said of the signals: technician and officer at the junction read whose word it is, and until when."""
    told, where = words()["switch"], {"vi": "", "en": ""}
    if switch.camera is not None:
        line = "" if switch.line is None else f"/{switch.line}"
        where = {"vi": f"{switch.camera}{line}: ", "en": f"{switch.camera}{line}: "}
    until = HERE.local(switch.ends)
    clock = f"{until:%H:%M}" if until.date() == HERE.local(switch.starts).date() else f"{until:%H:%M %d/%m}"
    said = {x: where[x] + told[switch.kind][x].format(until=clock, by=switch.by, why=switch.why) for x in ("vi", "en")}
    return Line("warning", said["vi"], said["en"])


def _traffic(traffic: TrafficHealth) -> Line:
    word = words()["traffic"][traffic.state]
    of = {
        "acts": traffic.acts, "vehicles": traffic.vehicles, "usual_acts": traffic.usual_acts,
        "usual_vehicles": traffic.usual_vehicles, "n": traffic.acts_held,
    }  # fmt: skip
    return Line("bad" if traffic.held_at else "warning", word["vi"].format(**of), word["en"].format(**of))


def _test(test: TestHealth) -> Line:
    """The daily test act; its time by the clock on the wall, as a technician reads it."""
    at = "" if test.made_at is None else f"{HERE.local(datetime.fromisoformat(test.made_at)):%H:%M %d/%m}"
    word, took = words()["test"][test.state], f"{test.took_s or 0.0:.0f}"
    level: Level = "good" if test.state not in TEST_FAULTS else "bad"
    return Line(level, word["vi"].format(at=at, took=took), word["en"].format(at=at, took=took))


def _picture(health: CameraHealth) -> Line:
    told = words()
    assert health.picture is not None
    word = told["picture"][health.picture]
    px = "?" if health.picture_off_px is None else f"{health.picture_off_px:.0f}"
    vi, en = (word[language].format(px=px) for language in ("vi", "en"))
    if health.acts_held:
        held = told["held"]
        vi, en = (f"{text}; {held[x].format(n=health.acts_held)}" for text, x in ((vi, "vi"), (en, "en")))
    well = health.picture in _FINE_PICTURE
    level: Level = "good" if well else "warning" if health.picture in (_NO_PICTURE_YET, "unsure") else "bad"
    return Line(level, vi, en)


def _substream(health: SubstreamHealth) -> Line:
    """How the small stream that is looked at stands to the main one that proves."""
    word = words()["substream"][health.state]
    of = {name: getattr(health, name) or 0.0 for name in ("offset_s", "residual_s", "wandered_s")}
    en = word["en"].format(**of)
    vi = word["vi"].format(**{name: _Comma(value) for name, value in of.items()})
    return Line("warning" if health.state in SUBSTREAM_FAULTS else "good", vi, en)


class _Comma(float):
    """A number as it is written in Vietnamese."""

    def __format__(self, spec: str) -> str:
        return super().__format__(spec).replace(".", ",")


def _line(level: Level, word: dict[str, str]) -> Line:
    return Line(level, word["vi"], word["en"])


def _age(seconds: float, language: str) -> str:
    for length, vi, en in ((86400, "ngày", "days"), (3600, "giờ", "hours"), (60, "phút", "minutes")):
        if seconds >= length:
            return f"{seconds / length:.0f} {vi if language == 'vi' else en}"
    return f"{seconds:.0f} {'giây' if language == 'vi' else 's'}"
