"""What the picture is held against: a still that the scene names, or one learnt when the scene was put in force."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

import cv2
import numpy as np
import rfc8785
from numpy.typing import NDArray

from common.margins import margin
from edge.types import Image
from edge.watch.position import PositionMargins, Sample, Shifts
from edge.watch.registration import (
    Floats,
    Patches,
    Registration,
    counted_points,
    patches_of,
    register,
    small_grey,
)
from edge.watch.registration_margins import RegistrationMargins
from zones.schema import Scene

Kind = Literal["scene", "learnt"]


@dataclass(frozen=True)
class LearningMargins:
    """How a reference is learnt where the scene names none."""

    pictures: int = margin(
        12, "pictures", "the middle of so many, grey level by grey level, shows the street without its traffic",
        source="a queue that stands in fewer than half of them is gone", least=1, most=99,
    )  # fmt: skip
    apart_s: float = margin(
        5.0, "s", "they are taken so far apart: together a minute, about one cycle of the lamps",
        source="cycles of 60 to 90 s are usual",
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class KeptReference:
    """As it lies on the disk: `image [h, w]` grey or `[h, w, 3]` BGR."""

    image: NDArray[np.uint8]
    kind: Kind
    at: datetime


class ReferenceStore(Protocol):
    """Where references lie. What cannot be read is not there."""

    def load(self) -> KeptReference | None: ...

    def save(self, kept: KeptReference) -> None: ...


def drawn_digest(scene: Scene) -> str:
    """SHA-256 of what is drawn on the picture: the same after a change of acts, margins, place or version, and after an
    upgrade that adds fields. Another one: the scene was drawn anew, and what was learnt for the old one is void."""
    asked = {"acts", "rules", "place", "version", "schema_version"}
    drawn = scene.model_dump(mode="json", exclude=asked, exclude_defaults=True)
    return hashlib.sha256(rfc8785.dumps(drawn)).hexdigest()


class Reference:
    """One picture and its patches. `origin [k, 2]`: where the counted points lay in it beside the camera's true place
    (it was taken while the mast swung)."""

    def __init__(
        self,
        scene: Scene,
        grey: Floats,
        scale: float,
        kind: Kind,
        at: datetime,
        m: RegistrationMargins,
        limits: PositionMargins,
    ) -> None:
        limit_px = max(limits.least_px, limits.share_of_width * scene.picture.width)
        points, most = counted_points(scene, limit_px, limits.lens_share)
        self.kind, self.at, self.grey = kind, at, grey
        self.patches: Patches = patches_of(grey, scale, scene, points, most, m)
        self.origin: Shifts = np.zeros((len(points), 2))
        self._m = m

    @classmethod
    def of(cls, scene: Scene, kept: KeptReference, m: RegistrationMargins, limits: PositionMargins) -> Reference:
        """Of a whole picture, or of one that was kept small and grey already."""
        if kept.image.ndim == 3:
            grey, scale = small_grey(kept.image, m)
        else:
            grey, scale = kept.image.astype(np.float32), scene.picture.width / kept.image.shape[1]
        return cls(scene, grey, scale, kept.kind, kept.at, m, limits)

    @property
    def usable(self) -> bool:
        """Whether there is enough in it to be recognised again."""
        return len(self.patches.centres) >= self._m.usable_patches

    def registered(self, grey: Floats, *, within_px: float | None = None) -> Registration | None:
        return register(self.patches, grey, self._m, within_px=within_px)

    def sample(self, image: Image, t_s: float) -> Sample | None:
        """Where the counted points lie in a picture; None if it is not recognised."""
        found = self.registered(small_grey(image, self._m)[0])
        return None if found is None else self.sample_of(found, t_s)

    def sample_of(self, found: Registration, t_s: float) -> Sample:
        return Sample(t_s, found.shifts(self.patches.points) - self.origin)


def put_back(grey: Floats, found: Registration, scale: float) -> Floats:
    """The picture moved to where the reference lay."""
    matrix = found.matrix.copy()
    matrix[:, 2] /= scale
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = (grey.shape[1], grey.shape[0])
    return np.asarray(cv2.warpAffine(grey, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.float32)


def without_traffic(pictures: Sequence[Floats], origin_px: Floats) -> NDArray[np.uint8]:
    """Grey `[h, w]`: the middle of pictures that lie alike, moved by `origin_px` (small pixels) to the true place."""
    middle = np.median(np.stack(pictures), axis=0).astype(np.float32)
    matrix = np.array([[1, 0, origin_px[0]], [0, 1, origin_px[1]]], np.float32)
    moved = cv2.warpAffine(middle, matrix, (middle.shape[1], middle.shape[0]), borderMode=cv2.BORDER_REPLICATE)
    return np.clip(np.round(moved), 0, 255).astype(np.uint8)
