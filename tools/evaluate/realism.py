"""How real do drawn vehicles look? A network that never saw our drawings, YOLOX-nano with COCO weights, must know them.

    giaolo evaluate realism CLIP.mp4 [CLIP.mp4 ...]

Only vehicles near the stop line count, as the truth of the run has them: cars, buses and lorries under any of these
names, motorcycles when the machine or its rider is known.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import cv2
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from models.detector import PAD_GREY, decode, letterbox

PEER = Path(__file__).resolve().parents[2].parent / "shared" / "weights" / "yolox_nano.onnx"
PERSON, BICYCLE, CAR, MOTORCYCLE, BUS, TRUCK = 0, 1, 2, 3, 5, 7
Corners = Sequence[float] | NDArray[np.float32]
_INPUT = 416
_SCORE = 0.3
_IOU = 0.4
_LIMITS = {"four wheels": 0.80, "two wheels": 0.60}


@dataclass(frozen=True)
class Seen:
    box: NDArray[np.float32]
    label: int
    score: float


def known(session: ort.InferenceSession, image: NDArray[np.uint8]) -> list[Seen]:
    """What the COCO network sees in a picture; its input is fixed at 416 x 416."""
    small, scale = letterbox(image, _INPUT)
    picture = np.full((1, 3, _INPUT, _INPUT), PAD_GREY, np.float32)
    picture[:, :, : small.shape[2], : small.shape[3]] = small
    raw = session.run(None, {session.get_inputs()[0].name: picture})[0][0]
    table = decode(raw, picture.shape[2], picture.shape[3])
    scores = table[:, 4:5] * table[:, 5:]
    found = []
    for label in (PERSON, BICYCLE, CAR, MOTORCYCLE, BUS, TRUCK):
        rows = np.flatnonzero(scores[:, label] >= _SCORE)
        found += [Seen(table[r, :4] / scale, label, float(scores[r, label])) for r in rows]
    return found


def overlap(a: Corners, b: Corners) -> float:
    w = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    h = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    both = w * h
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both + 1e-9)


def recognised(box: Sequence[float], two_wheels: bool, found: Sequence[Seen]) -> bool:
    """A rider fills the upper part of the box, so a person needs less overlap."""
    if not two_wheels:
        return any(f.label in (CAR, BUS, TRUCK) and overlap(box, f.box) >= _IOU for f in found)
    return any(
        (f.label in (MOTORCYCLE, BICYCLE) and overlap(box, f.box) >= _IOU * 0.75)
        or (f.label == PERSON and overlap(box, f.box) >= _IOU * 0.6)
        for f in found
    )


@click.command()
@click.argument("clips", type=click.Path(path_type=Path, exists=True, dir_okay=False), nargs=-1, required=True)
def realism(clips: tuple[Path, ...]) -> None:
    """Xe trong video vẽ có giống thật không. / Does a network that never saw our drawings know them? Exit 1 if not."""
    if not PEER.is_file():
        raise click.ClickException("the COCO weights of ../shared are not beside the checkout")
    good = [_clip(clip) for clip in clips]
    if not all(good):
        raise SystemExit(1)


def _clip(clip: Path) -> bool:
    """Print one clip's figures; whether all limits are met. The truth names the frames to look at."""
    click.echo(str(clip))
    truth = clip.with_suffix(".json")
    try:
        boxes = json.loads(truth.read_text(encoding="utf-8"))["near_stop_line"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise click.ClickException(
            f"{truth}: not the truth of a drawn clip ({error!r}); give a clip drawn by giaolo simulate --render"
        ) from error
    session = ort.InferenceSession(str(PEER), providers=["CPUExecutionProvider"])
    counts = {kind: [0, 0] for kind in _LIMITS}
    capture = cv2.VideoCapture(str(clip))
    index = 0
    while True:
        good, image = capture.read()
        if not good:
            break
        if boxes.get(str(index)):
            found = known(session, np.asarray(image, np.uint8))
            for kind, box in boxes[str(index)]:
                counts[kind][1] += 1
                counts[kind][0] += recognised(box, kind == "two wheels", found)
        index += 1
    met = []
    for kind, (hits, of) in counts.items():
        share = hits / max(of, 1)
        met.append(share >= _LIMITS[kind])
        verdict = "ok" if met[-1] else "NOT MET"
        click.echo(f"  {kind:12s} {hits:5d} of {of:5d} known: {share:.3f}   limit {_LIMITS[kind]:.2f}  {verdict}")
    return all(met)
