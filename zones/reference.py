"""A scene names the still on which it was drawn: beside it a box notices that its camera moved."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from zones.editor import replace_scene, scene_yaml
from zones.faults import both
from zones.load import load_scene
from zones.schema import ReferencePicture
from zones.still import StillError


def name_reference(scene_file: Path, picture: NDArray[np.uint8], now: datetime) -> Path:
    """Write `[H, W, 3]` BGR beside the scene's file and name it there with its digest. Returns the picture's file.

    The name holds the digest: a scene put back to an older state finds its own picture again.

    Raises
    ------
    SceneError: the scene cannot be used. StillError: the picture is of another size. OSError: nothing can be written.
    """
    scene = load_scene(scene_file).scene
    height, width = picture.shape[:2]
    drawn_on = scene.picture
    if (width, height) != (drawn_on.width, drawn_on.height):
        sizes = f"{width} x {height}", f"{drawn_on.width} x {drawn_on.height}"
        raise StillError(
            both(
                f"ảnh có kích thước {sizes[0]}, cảnh vẽ trên ảnh {sizes[1]}",
                f"the picture is {sizes[0]}, the scene was drawn for {sizes[1]}",
            ),
            where=str(scene_file),
            remedy=both("đưa ảnh của cùng camera, đủ kích thước", "give a still of the same camera in its full size"),
        )
    data = cv2.imencode(".png", picture)[1].tobytes()
    digest = hashlib.sha256(data).hexdigest()
    file = scene_file.with_name(f"{scene_file.stem}.{digest[:8]}.png")
    file.write_bytes(data)
    named = ReferencePicture(file=file.name, sha256=digest, at=now)
    drawn = scene.picture.model_copy(update={"reference": named})
    replace_scene(scene_file, scene_yaml(scene.model_copy(update={"picture": drawn})))
    return file
