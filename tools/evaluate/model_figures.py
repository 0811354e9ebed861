"""`giaolo evaluate models`: what each network is worth, its peers in the same run, the limit beside the figure."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import click
import cv2
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from central.second_reader import settle
from countries.vn.plate_look import civil_text
from edge.plate.reading import vote_of
from edge.plate.vote import decide
from evidence.acts import VehicleClass
from models import manifest
from models.detector import Detector, YoloxDetector
from models.detector_margins import DetectorMargins
from models.line_reader import load_plate_reader, merit
from models.manifest import detector_sizes
from models.plate_colour import plate_colour
from models.plate_finder import load_plate_finder
from models.plates import PlateReader, PlateReading
from models.runtime import open_session
from models.slot_reader import load_slot_reader
from tools.evaluate.lamp_figures import lamp_figures
from tools.train.data import IGNORE, Sample
from tools.train.plate_drawing import clean_plate, seen_at
from tools.train.plate_finder_eval import recall_line, test_sets, vehicle_crops
from tools.train.plate_sets import LabelledPlate, split, street_tests

ROOT = Path(__file__).resolve().parents[2]
COUNT = ROOT / "tools" / "train" / "hand_count.json"
PARTS = ("detector", "plates", "finder", "lamps", "time")
OWN = (*detector_sizes().values(), "plate-finder", "plate-corners", "plate-slots")
SURE = 0.95
_WIDTHS_PX = (24, 32, 40, 48, 56, 64, 80, 96, 128)
_EASYOCR_PLATES = 40


@click.command()
@click.option("--only", type=click.Choice(PARTS), multiple=True, help="only these parts")
@click.option("--shared", type=click.Path(path_type=Path), default=ROOT.parent / "shared", show_default=False)
@click.option(
    "--candidate", type=click.Path(path_type=Path, exists=True), multiple=True, help="a detector's weights beside ours"
)
@click.option("--second/--no-second", default=True, help="EasyOCR too (slow)")
def models(only: Sequence[str], shared: Path, candidate: Sequence[Path], second: bool) -> None:
    """Detector, plate finder, plate reader, lamp reader: figures, peers, limits, times, sizes."""
    if not (shared / "footage").is_dir():
        raise click.ClickException(f"{shared}: the labelled pictures and clips are not here -> give --shared FOLDER")
    parts: dict[str, Callable[[], None]] = {
        "detector": lambda: _detector(shared, candidate),
        "plates": lambda: _plates(second),
        "finder": _finder,
        "lamps": lambda: lamp_figures(shared),
        "time": _times,
    }
    for name in PARTS:
        if not only or name in only:
            click.echo(f"\n== {name}")
            parts[name]()


# --- detector


def _detector(shared: Path, candidates: Sequence[Path]) -> None:
    try:
        from tools.train.data import one_per_likeness
        from tools.train.detector import dynamic_base
        from tools.train.vehicle_eval import CocoPeer, average_precision, other_cameras
        from tools.train.vehicles import checked, load_split, source_of
    except ImportError as error:
        raise click.ClickException(
            f"{error}: the COCO peer needs the train extra -> pip install -e .[train]"
        ) from error
    with tempfile.TemporaryDirectory() as folder:
        base = dynamic_base(Path(folder))
        split = load_split(base)
        coco = open_session(base)
    held = one_per_likeness(split.held)
    own = {name: manifest.resolve(name).path for name in detector_sizes().values()}
    own |= {path.stem: path for path in candidates}
    rows: list[tuple[str, Callable[[int, float], Detector]]] = [
        *((name, partial(_own_detector, open_session(path))) for name, path in own.items()),
        (
            "YOLOX-nano COCO",
            lambda side, least: CocoPeer(coco, margins=DetectorMargins(long_side=side, min_score=least)),
        ),
    ]
    click.echo("AP50 on cameras never trained on, near-duplicates counted once")
    click.echo('"labelled": pictures held back, labels repaired; "by eye": corrected where a look at what networks')
    click.echo('saw and nobody labelled showed the labels wrong; "clips": marked by eye; "unseen": both of these')
    click.echo("limits: motorcycle 0.85, car 0.85, truck 0.60, bus 0.60")
    by_eye = checked(held)
    clips = other_cameras(shared / "footage")
    nepal = [s for s in by_eye if source_of(s) == "nepal"]
    sets = {"labelled": held, "by eye": by_eye, "Nepali streets": nepal, "clips": clips, "unseen": [*by_eye, *clips]}
    for label, samples in sets.items():
        for name, make in rows:
            for side in (416, 512, 640):
                found = average_precision(make(side, 0.01), samples)
                cells = "  ".join(f"{kind} {value:.3f} ({n})" for kind, (value, n) in found.items() if n)
                click.echo(f"  {label:17s} {len(samples):4d} pictures  {name:15s} {side} px  {cells}")
    _people_called_vehicles([s for s in clips if not (s.classes != IGNORE).any()], rows)
    _hand_count(shared, rows)


def _own_detector(session: ort.InferenceSession, side: int, least: float) -> Detector:
    return YoloxDetector(session, margins=DetectorMargins(long_side=side, min_score=least))


def _people_called_vehicles(
    pictures: Sequence[Sample], rows: Sequence[tuple[str, Callable[[int, float], Detector]]]
) -> None:
    """A street with people on foot and no vehicle (bicycles that are pushed are left out)."""
    from tools.train.data import inside

    click.echo(f"{len(pictures)} pictures of a street with people on foot only: boxes with a score of 0.3 and more")
    for name, make in rows:
        counts = []
        for side in (640, 960):
            found = 0
            for sample in pictures:
                boxes = make(side, 0.3).detect(sample.picture).boxes
                found += int((inside(boxes, sample.boxes).max(1, initial=0) < 0.5).sum())
            counts.append(f"{side} px {found}")
        click.echo(f"  {name:15s} " + "   ".join(counts))


def _hand_count(shared: Path, rows: Sequence[tuple[str, Callable[[int, float], Detector]]]) -> None:
    """Vehicles at the stop line of a dense junction, each marked by a point in ten frames."""
    from tools.train.vehicle_eval import frames_at

    marks = json.loads(COUNT.read_text(encoding="utf-8"))
    clip = shared / "footage" / marks["clip"]
    pictures = frames_at(clip, [int(n) for n in marks["frames"]])
    frames = {int(n): (pictures[int(n)], np.array(points, float)) for n, points in marks["frames"].items()}
    total = sum(len(points) for _, points in frames.values())
    click.echo(f"{clip.stem}: {total} vehicles at the stop line in {len(frames)} frames, marked by eye")
    for name, make in rows:
        for side in (416, 640):
            for least in (0.3, 0.1):
                detector = make(side, least)
                found = sum(matched(points, detector.detect(frame).boxes) for frame, points in frames.values())
                click.echo(f"  {name:15s} {side} px  score {least}  found {found} of {total} = {found / total:.3f}")


def matched(points: NDArray[np.float64], boxes: NDArray[np.float32]) -> int:
    """How many points `[N, 2]` can each have a box `[M, 4]` of its own that holds them."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import maximum_bipartite_matching

    if not len(points) or not len(boxes):
        return 0
    inside = ((points[:, None] >= boxes[None, :, :2]) & (points[:, None] <= boxes[None, :, 2:])).all(2)
    return int((maximum_bipartite_matching(csr_matrix(inside), perm_type="column") >= 0).sum())


# --- plates


def _plates(second: bool) -> None:
    trained, gate, texts = split()
    lines = load_plate_reader()
    readers: list[tuple[str, PlateReader]] = [("plate-slots", load_slot_reader()), ("PP-OCR", lines)]
    streets = street_tests(lines, {p.text for p in trained})
    cars = [p for p in texts if not _two_wheels(p)]
    click.echo("plate-exact, letters and digits by place; plates (by text) on which nothing was trained")
    click.echo(f"limits: gate 0.97; of those at least {SURE} sure 0.99 right")
    sets = {"motorbike_gate": gate, "plate_text": texts, "plate_text, cars": cars, "street, cars mostly": streets}
    for label, plates in sets.items():
        readings = {name: [reader.read(p.image) for p in plates] for name, reader in readers}
        for name, got in readings.items():
            _row(label, name, plates, [civil_text(r) for r in got], [r.certainty for r in got])
        voted = [_vote([r[i] for r in readings.values()], plate) for i, plate in enumerate(plates)]
        _row(label, "both vote", plates, [t for t, _ in voted], [c for _, c in voted])
        _told(label, "both vote", plates, [t if c else "" for t, c in voted])
    if second:
        from models.easyocr_reader import EasyOcrReader

        reader = EasyOcrReader()
        for label, plates in (("motorbike_gate", gate), ("plate_text", texts), ("street, cars mostly", streets)):
            some = plates[:: max(1, len(plates) // _EASYOCR_PLATES)]
            cuts = [reader.cuts(p.image) for p in some]
            _told(f"{label}, a sample", "its best cut", some, [max(c, key=merit).text if c else "" for c in cuts])
            _told(f"{label}, a sample", "as the centre asks", some, [settle(c).text for c in cuts])
    _width_curve(readers)


def _two_wheels(plate: LabelledPlate) -> bool:
    """As far as the sets tell: their x_ pictures with two lines are motorcycles."""
    return plate.upper != 0 and (plate.name.startswith("x_") or plate.name[:1].isdigit() or len(plate.text) == 9)


def _vote(readings: Sequence[PlateReading], plate: LabelledPlate) -> tuple[str, float]:
    """As the edge counts it; the class comes from the detector there."""
    cls = VehicleClass.MOTORCYCLE if _two_wheels(plate) else VehicleClass.CAR
    outcome = decide([vote_of(r, 0.8) for r in readings], cls=cls, colour=plate_colour(plate.image))
    best = outcome.n_best[0].text if outcome.n_best else ""
    return outcome.text or best, outcome.confidence if outcome.text else 0.0


def _row(label: str, name: str, plates: Sequence[LabelledPlate], texts: Sequence[str], sure: Sequence[float]) -> None:
    right = np.array([t == p.text for t, p in zip(texts, plates, strict=True)])
    bold = np.array(sure) >= SURE
    told = f"at least {SURE} sure {bold.mean():.3f}, of these right {right[bold].mean() if bold.any() else 0:.4f}"
    click.echo(f"  {label:19s} {name:12s} exact {right.mean():.4f} of {len(plates):4d}  {told}")


def _told(label: str, name: str, plates: Sequence[LabelledPlate], texts: Sequence[str]) -> None:
    """What a reader says of itself: right, nothing, wrong."""
    right = sum(t == p.text for t, p in zip(texts, plates, strict=True))
    silent = sum(not t for t in texts)
    wrong = len(plates) - right - silent
    click.echo(f"  {label:29s} {name:18s} right {right:3d}  silent {silent:3d}  wrong {wrong:3d}  of {len(plates)}")


def _width_curve(readers: Sequence[tuple[str, PlateReader]]) -> None:
    """Drawn civil plates that shrink: how wide a plate must be in the picture."""
    click.echo("drawn civil plates by width in pixels (blur of optics, noise and JPEG of a common camera): share exact")
    rng = np.random.default_rng(7)
    drawn = [plate for plate in (clean_plate(rng) for _ in range(160)) if plate.text[0].isdigit()]
    for kind, long in (("two lines", False), ("one line", True)):
        plates = [p for p in drawn if (p.upper == 0) == long]
        click.echo(f"  {kind:10s} {'px':>11s} " + " ".join(f"{w:5d}" for w in _WIDTHS_PX))
        for name, reader in readers:
            shares = []
            for width in _WIDTHS_PX:
                noise = np.random.default_rng(width)
                shares.append(np.mean([civil_text(reader.read(seen_at(p, width, noise))) == p.text for p in plates]))
            click.echo(f"  {kind:10s} {name:>11s} " + " ".join(f"{s:5.2f}" for s in shares))


def _finder() -> None:
    finder = load_plate_finder()
    click.echo("limit: recall 0.97")
    vehicles = YoloxDetector(
        open_session(manifest.resolve("vehicle-nano").path), margins=DetectorMargins(long_side=640, min_score=0.2)
    )
    for label, pictures in (*test_sets(), *vehicle_crops(vehicles)):
        click.echo("  " + recall_line(label, finder, pictures))


# --- time and size


def _times() -> None:
    rng = np.random.default_rng(1)
    frame = rng.integers(0, 255, (720, 1280, 3), dtype=np.uint8)
    vehicle = rng.integers(0, 255, (320, 240, 3), dtype=np.uint8)
    plate = np.asarray(cv2.resize(rng.integers(0, 255, (20, 30, 3), dtype=np.uint8), (120, 90)), np.uint8)
    click.echo("milliseconds a call, median of 40, with all work before and after; limits nano 10, small 30, 5, 5")
    for threads in (1, 2):
        detectors = {
            name: open_session(manifest.resolve(name).path, threads=threads) for name in detector_sizes().values()
        }
        finder, slots = load_plate_finder(threads=threads), load_slot_reader(threads=threads)
        reader = load_plate_reader(threads=threads)
        calls: list[tuple[str, Callable[[], object]]] = [
            *(
                (
                    f"{name}, {side} px",
                    partial(YoloxDetector(session, margins=DetectorMargins(long_side=side)).detect, frame),
                )
                for name, session in detectors.items()
                for side in (416, 512, 640)
            ),
            (f"plate-finder, {finder.margins.long_side} px", partial(finder.find, vehicle)),
            ("plate-slots", partial(slots.read, plate)),
            ("PP-OCR", partial(reader.read, plate)),
        ]
        cells = [f"{name} {_median_ms(call):.1f}" for name, call in calls]
        click.echo(f"  {threads} thread{'s' if threads > 1 else ' '}  " + "   ".join(cells))
    sizes = {name: manifest.resolve(name).path.stat().st_size / 2**20 for name in OWN}
    told = ", ".join(f"{name} {size:.1f}" for name, size in sizes.items())
    click.echo(f"  size on disk, MiB: {told}; together {sum(sizes.values()):.1f} (limit 40)")


def _median_ms(call: Callable[[], object], times: int = 40) -> float:
    for _ in range(3):
        call()
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        spent.append((time.perf_counter() - began) * 1e3)
    return float(np.median(spent))
