"""Which labelled pictures come from the same camera: ``python -m tools.train.cameras`` writes `vehicle_cameras.csv`.

No list of cameras comes with the pictures. Two pictures are of one camera where enough points of their backgrounds,
vehicles left out, agree on one shift, turn and scale; cameras are what hangs together so, through any number of
pictures. A split by likeness of whole pictures (`data.group_scenes`) does not see that: the traffic differs.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import click
import cv2
import numpy as np
from numpy.typing import NDArray

from tools.train.data import Sample, read_yolo

LISTING = Path(__file__).with_name("vehicle_cameras.csv")
_POINTS = 400
_FAR_BITS = 50
"""Of the 256 bits of two points' descriptions at most so many differ in a pair."""
_SLACK_PX = 5.0
SAME = 10
"""Pairs of points that agree, from which on two backgrounds are one. Of pairs of pictures that were looked at, those
with 13 and more are of one camera; strangers reach 7."""

Points = tuple[NDArray[np.float32], NDArray[np.uint8] | None]


def background(sample: Sample) -> Points:
    """Corner points ``[N, 2]`` in pixels outside the labelled vehicles, and their ORB descriptions."""
    grey = cv2.cvtColor(sample.picture, cv2.COLOR_BGR2GRAY)
    free = np.full(grey.shape, 255, np.uint8)
    for x0, y0, x1, y1 in sample.boxes.clip(0).astype(int):
        free[y0:y1, x0:x1] = 0
    found, described = cv2.ORB_create(_POINTS).detectAndCompute(grey, free)  # type: ignore[attr-defined]
    return np.array([point.pt for point in found], np.float32).reshape(-1, 2), described


def agreeing(first: Points, second: Points) -> int:
    """How many points of two backgrounds lie where one shift, turn and scale puts them."""
    if first[1] is None or second[1] is None:
        return 0
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(first[1], second[1])
    pairs = [pair for pair in pairs if pair.distance < _FAR_BITS]
    if len(pairs) < SAME:
        return 0
    here = np.array([first[0][pair.queryIdx] for pair in pairs])
    there = np.array([second[0][pair.trainIdx] for pair in pairs])
    matrix, fits = cv2.estimateAffinePartial2D(here, there, ransacReprojThreshold=_SLACK_PX, maxIters=200)
    return 0 if matrix is None else int(fits.sum())


def cameras(samples: Sequence[Sample]) -> list[int]:
    """A camera's number for every picture, counted from 0 in the order in which they first come."""
    points = [background(item) for item in samples]
    camera = np.arange(len(samples))
    for row in range(len(samples)):
        for other in range(row):
            if camera[row] != camera[other] and agreeing(points[row], points[other]) >= SAME:
                camera[camera == max(camera[row], camera[other])] = min(camera[row], camera[other])
    order = {int(number): place for place, number in enumerate(dict.fromkeys(camera.tolist()))}
    return [order[int(number)] for number in camera]


def listed() -> dict[str, int]:
    """Picture -> camera, as the listing has it."""
    with LISTING.open(encoding="utf-8") as stream:
        return {row["picture"]: int(row["camera"]) for row in csv.DictReader(stream)}


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
def main(folders: tuple[Path, ...]) -> None:
    """Look for the cameras of the YOLO sets in FOLDERS; a quarter of an hour for two thousand pictures."""
    first, rows = 0, []
    for folder in folders:
        samples = read_yolo(folder, range(10))
        numbers = cameras(samples)
        rows += [(item.name, first + number) for item, number in zip(samples, numbers, strict=True)]
        first += max(numbers) + 1
        print(f"{folder.name}: {len(samples)} pictures, {max(numbers) + 1} cameras", flush=True)
    with LISTING.open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerows([("picture", "camera"), *rows])


if __name__ == "__main__":
    main()
