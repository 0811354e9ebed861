"""What the packet of a case shows: the same for whoever reviews it and for whoever signs its notice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from central.cases import telling
from central.desk.views import CaseFile, CaseView
from central.pictures.captions import still_words
from central.pictures.clip import inspect
from central.pictures.stills import MOMENTS, StillView, read_scene, still_views
from central.pictures.timeline import Timeline, timeline
from central.web import caseview
from central.web.caseview import ClipView
from central.web.site import Site
from central.words.texts import Texts
from countries.here import HERE
from evidence.acts import ACTS, StillMoment
from evidence.errors import GiaoLoError
from evidence.packet import Manifest, PlateCandidate
from zones.schema import Scene


@dataclass(frozen=True)
class Evidence:
    """Pictures, lamps, plate and clip of a case as the pages show them. `moments`: what each still shows, in words;
    `at_line`: the timeline counts from the crossing of the line; `line`: None where the packet tells of no lamp;
    `reasons`: the first ones and the rest, as label and value; `machine_plate`: as the box read it, in official
    spelling; `second_on`: the centre has a second reader; `scene`: None where it cannot be read."""

    manifest: Manifest
    stills: tuple[StillView, ...]
    scene: Scene | None
    moments: Mapping[StillMoment, str]
    at_line: bool
    line: Timeline | None
    clip: ClipView | None
    crop: CaseFile | None
    reasons: tuple[list[tuple[str, str]], list[tuple[str, str]]]
    n_best: list[PlateCandidate]
    machine_plate: str
    second_on: bool


def evidence_of(site: Site, view: CaseView, t: Texts) -> Evidence:
    """Read while no transaction is open: the clip is opened for its frames."""
    manifest = view.manifest
    scene_file, clip_file = view.file("scene"), view.file("clip")
    scene = read_scene(blob(site, scene_file.sha256)) if scene_file else None
    stills = still_views(manifest, scene)
    facts = None
    if clip_file is not None and (data := blob(site, clip_file.sha256)) is not None:
        facts = inspect(data, clip_file.name)
    return Evidence(
        manifest=manifest,
        stills=stills,
        scene=scene,
        moments={still: still_words(still, manifest.act.code, t) for still in MOMENTS},
        at_line=ACTS[manifest.act.code].at_the_line,
        line=timeline(manifest, stills),
        clip=caseview.clip_view(view.item.id, manifest, facts),
        crop=view.file("plate_crop") or view.file("vehicle_crop"),
        reasons=telling.reason_lines(manifest.act.code, manifest.act.reasons, t),
        n_best=caseview.n_best(view),
        machine_plate=HERE.plates.format_plate(
            view.plate_machine or "", vehicle_class=view.item.kind, colour=view.plate_colour_machine
        ),
        second_on=site.centre.config.second_reader,
    )


def blob(site: Site, sha256: str) -> bytes | None:
    """The bytes, or None when the store has lost or altered them: the screen says so, and still opens."""
    try:
        return site.centre.store.read(sha256)
    except GiaoLoError:
        return None
