"""A run on disk: one `.npz` with a row a vehicle and moment, and the rest as JSON inside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from evidence.acts import ActCode, LampState, VehicleClass
from evidence.errors import GiaoLoError
from tools.simulate.world import (
    Camera,
    Ground,
    GroundArea,
    GroundLine,
    GroundSign,
    HeadState,
    Moment,
    Run,
    SignalPost,
    TrueAct,
    VehicleSpec,
    VehicleState,
)

_SIGNALS = ("none", "left", "right", "hazard")
_FORMAT = 1


class RunFileError(GiaoLoError):
    """A file is no run of ours."""


def save_run(run: Run, path: Path) -> None:
    """Write `run`; numbers as float32 are exact to a tenth of a millimetre here."""
    names = list(run.specs)
    index = {name: i for i, name in enumerate(names)}
    rows = [
        (m, index[v.id], v.x_m, v.y_m, v.heading_rad, v.speed_m_s, v.braking, _SIGNALS.index(v.signalling))
        for m, moment in enumerate(run.moments)
        for v in moment.vehicles
    ]
    table = np.array(rows, dtype=np.float32).reshape(-1, 8)
    heads: list[tuple[int, dict[str, list[Any]]]] = []
    for m, moment in enumerate(run.moments):
        now = {k: [str(h.lamp), h.countdown_s] for k, h in moment.heads.items()}
        if not heads or heads[-1][1] != now:
            heads.append((m, now))
    words = {
        "format": _FORMAT,
        "seed": run.seed,
        "step_s": run.step_s,
        "moments": len(run.moments),
        "camera": asdict(run.camera),
        "ground": asdict(run.ground),
        "specs": [asdict(run.specs[n]) for n in names],
        "heads": heads,
        "acts": [asdict(a) for a in run.acts],
        "roles": run.roles,
        "innocents": run.innocents,
    }
    keys = np.array([[r[0], r[1]] for r in rows], dtype=np.int32).reshape(-1, 2)
    with path.open("wb") as file:
        np.savez_compressed(file, keys=keys, table=table[:, 2:], words=np.array(json.dumps(words, ensure_ascii=False)))


def load_run(path: Path) -> Run:
    """Read what `save_run` wrote. Raises `RunFileError`."""
    try:
        with np.load(path, allow_pickle=False) as file:
            keys, table, words = file["keys"], file["table"], json.loads(str(file["words"]))
        if words["format"] != _FORMAT:
            raise ValueError(f"format {words['format']}")
        return _run(keys, table, words)
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise RunFileError(
            f"cannot be read as a simulated run: {error}",
            where=str(path),
            remedy="make it again with `giaolo simulate`",
        ) from error


def _run(keys: np.ndarray[Any, Any], table: np.ndarray[Any, Any], words: Mapping[str, Any]) -> Run:
    specs = {
        s["id"]: VehicleSpec(**{**s, "cls": VehicleClass(s["cls"]), "colour": tuple(s["colour"])})
        for s in words["specs"]
    }
    names = list(specs)
    vehicles: list[list[VehicleState]] = [[] for _ in range(words["moments"])]
    for (m, i), row in zip(keys.tolist(), table.astype(float).tolist(), strict=True):
        x, y, heading, speed, braking, signal = row
        vehicles[m].append(
            VehicleState(
                names[i], round(x, 3), round(y, 3), round(heading, 4), round(speed, 3), bool(braking),
                _SIGNALS[int(signal)],  # type: ignore[arg-type]
            )
        )  # fmt: skip
    starts = dict(words["heads"])
    heads: Mapping[str, HeadState] = {}
    moments = []
    for m, seen in enumerate(vehicles):
        if m in starts:
            heads = {k: HeadState(LampState(lamp), count) for k, (lamp, count) in starts[m].items()}
        moments.append(Moment(round(m * words["step_s"], 4), seen, heads))
    codes = set(ActCode)
    acts = [TrueAct(**{**a, "act": ActCode(a["act"]) if a["act"] in codes else a["act"]}) for a in words["acts"]]
    return Run(
        seed=words["seed"],
        step_s=words["step_s"],
        ground=_ground(words["ground"]),
        camera=_camera(words["camera"]),
        specs=specs,
        moments=moments,
        acts=acts,
        roles=words["roles"],
        innocents=words["innocents"],
    )


def _camera(value: Mapping[str, Any]) -> Camera:
    x, y, z = value["position"]
    tx, ty, tz = value["target"]
    return Camera((x, y, z), (tx, ty, tz), value["fov_deg"], value["width"], value["height"])


def _ground(value: Mapping[str, Any]) -> Ground:
    def points(raw: list[list[float]]) -> tuple[tuple[float, float], ...]:
        return tuple((x, y) for x, y in raw)

    return Ground(
        areas=tuple(GroundArea(**{**a, "polygon": points(a["polygon"])}) for a in value["areas"]),
        lines=tuple(GroundLine(**{**line, "points": points(line["points"])}) for line in value["lines"]),
        posts=tuple(SignalPost(**{**p, "foot": tuple(p["foot"])}) for p in value["posts"]),
        signs=tuple(GroundSign(**sign) for sign in value.get("signs", ())),
    )
