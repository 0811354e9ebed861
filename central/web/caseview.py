"""From a case to what its screen shows: clip, map of the track, doubts, checks."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from central.cases.doubts import SWITCHES
from central.cases.stages import OPEN
from central.cases.telling import HistoryLine, what_was_done, who
from central.desk.views import CaseView
from central.pictures.clip import ClipFacts
from central.pictures.stills import Mark, StillView, points_text, trail
from central.words import formats
from central.words.texts import Texts
from countries.here import HERE
from evidence.packet import Clock, Manifest, PlateCandidate
from zones.schema import Scene


@dataclass(frozen=True)
class ClipView:
    """`act_s` is the act's moment in clip time, None when the packet does not say; `frames` is JSON for the script."""

    name: str
    url: str
    act_s: float | None
    frames: str
    copy_of: str


@dataclass(frozen=True)
class TrackMap:
    """The whole track over a dimmed still: areas and lines of the scene, the trail, a dot each second. `about`: the
    lane, way out or area of the road that the act is about."""

    file: str
    width: int
    height: int
    stroke: float
    areas: tuple[str, ...]
    about: tuple[Mark, ...]
    markings: tuple[str, ...]
    stop_lines: tuple[str, ...]
    trail: str
    dots: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Check:
    """One line of the evidence check; `level` is ok, doubt or bad, `detail` what the program says of a fault."""

    name: str
    level: str
    text: str
    detail: str = ""


@dataclass(frozen=True)
class PacketCheck:
    """Result of verifying a stored packet again: an empty text means good."""

    signature: str
    files: str
    key_id: str


def clip_view(case_id: str, manifest: Manifest, facts: ClipFacts | None) -> ClipView | None:
    entry = manifest.file("clip")
    if entry is None:
        return None
    playable = facts is None or facts.playable
    frames = [round(t, 4) for t in facts.frames_s] if facts else []
    return ClipView(
        name=entry.name,
        url=f"/desk/cases/{case_id}/files/{entry.name}" if playable else f"/desk/cases/{case_id}/clip-copy.webm",
        act_s=None if entry.t_s is None else max(0.0, round(manifest.act.t_s - entry.t_s, 3)),
        frames=json.dumps(frames),
        copy_of="" if playable or facts is None else facts.codec,
    )


def track_map(manifest: Manifest, stills: Sequence[StillView], scene: Scene | None) -> TrackMap | None:
    if not stills:
        return None
    ground = next((s for s in stills if s.moment == "on"), stills[0])
    points = manifest.track.points
    dots, next_s = [], points[0].t_s
    for point in points:
        if point.t_s >= next_s - 1e-6:
            dots.append(((point.box[0] + point.box[2]) / 2, point.box[3]))
            next_s += 1.0
    areas = [a.polygon for a in scene.approaches] + ([scene.junction] if scene.junction else []) if scene else []
    return TrackMap(
        file=ground.file,
        width=ground.width,
        height=ground.height,
        stroke=ground.stroke,
        areas=tuple(points_text(a) for a in areas),
        about=tuple(mark for mark in ground.marks if mark.kind == "area"),
        markings=ground.markings,
        stop_lines=ground.stop_lines,
        trail=points_text(trail(points, None)),
        dots=tuple(dots),
    )


def flag_lines(view: CaseView, t: Texts, said: Collection[str] = ()) -> list[str]:
    """Doubts in words, those of the node and those only the centre can see; not those that hold the case, nor what is
    `said` beside them already, by the codes of `central.cases.doubts.issue_doubts`."""
    flags = [t.or_else(f"flag.{f}", f) for f in view.item.flags if f not in SWITCHES]
    if view.item.chain_state != "ok":
        flags.append(t.or_else(f"flag.chain_{view.item.chain_state}", view.item.chain_state))
    differ = view.second.agrees is False and view.second.text != view.item.plate  # an officer may have put it right
    if differ and "second_differs" not in said:
        flags.append(t("flag.second_differs"))
    if view.plate_parse is not None and view.plate_parse.ambiguous:
        flags.append(t("flag.plate_ambiguous", other=view.plate_parse.alternatives[0].formatted))
    if view.item.plate and view.item.plate_colour == "unknown":
        flags.append(t("flag.colour_unknown"))
    if view.deadlines.days_to_notify(view.received_at) < 0:
        flags.append(t("flag.arrived_late"))
    return list(dict.fromkeys(flags))


def check_lines(view: CaseView, checked: PacketCheck, t: Texts) -> list[Check]:
    manifest = view.manifest
    chain = {"ok": "ok", "gap": "doubt"}.get(view.item.chain_state, "bad")
    sequence = manifest.chain.sequence
    return [
        Check("signature", "bad", t("trust.signature_bad"), checked.signature)
        if checked.signature
        else Check("signature", "ok", t("trust.signature_ok", key=checked.key_id[:8])),
        Check("chain", chain, t.or_else(f"trust.chain_{view.item.chain_state}", view.item.chain_state, n=sequence)),
        Check("files", "bad", t("trust.files_bad"), checked.files)
        if checked.files
        else Check("files", "ok", t("trust.files_ok", n=len(view.files))),
        _clock(manifest.clock, t),
    ]


def _clock(clock: Clock, t: Texts) -> Check:
    source = t(f"clock.{clock.source}")
    if clock.offset_s is None:
        level = "ok" if clock.synchronised else "doubt"
        key = "trust.clock_unknown" if clock.synchronised else "trust.clock_free"
        return Check("clock", level, t(key, source=source))
    offset = f"{formats.signed(clock.offset_s, 2, t.language)} s"
    good = clock.synchronised and abs(clock.offset_s) <= 1.0
    key = "trust.clock_ok" if good else "trust.clock_off"
    return Check("clock", "ok" if good else "bad", t(key, source=source, offset=offset))


def n_best(view: CaseView, *, most: int = 4) -> list[PlateCandidate]:
    """Candidates of the ballot in official spelling, best first."""
    plate = view.manifest.plate
    return [
        c.model_copy(
            update={"text": HERE.plates.format_plate(c.text, vehicle_class=view.item.kind, colour=plate.colour)}
        )
        for c in sorted(plate.n_best, key=lambda c: -c.probability)[:most]
    ]


def returned(view: CaseView, names: Mapping[str, str], t: Texts) -> HistoryLine | None:
    """Why an approver sent the case back, as long as nobody has decided on it anew."""
    if view.item.status not in OPEN:
        return None
    decided = [e for e in view.events if e.action in ("confirm", "reject", "return")]
    if not decided or decided[-1].action != "return":
        return None
    event = decided[-1]
    return HistoryLine(event.at, who(event.actor, names, t), what_was_done(event, t), event.note)


def hold_said(view: CaseView, names: Mapping[str, str], t: Texts) -> HistoryLine | None:
    """Who put the hold on the case that is in force, when and why."""
    event = next((e for e in reversed(view.events) if e.action == "hold"), None)
    if event is None or view.state.facts.held is None:
        return None
    return HistoryLine(event.at, who(event.actor, names, t), what_was_done(event, t), event.note)
