"""The environment that everything runs in."""

from __future__ import annotations

from importlib import metadata

import cv2


def test_exactly_one_opencv_is_installed() -> None:
    """EasyOCR and RapidOCR name different ones; two overwrite each other's files in the same package."""
    found = {
        name.lower().replace("_", "-") for d in metadata.distributions() if (name := d.metadata["Name"]) is not None
    }
    assert {name for name in found if name.startswith("opencv")} == {"opencv-python"}


def test_opencv_is_the_one_that_its_distribution_says() -> None:
    assert cv2.__version__.split(".")[:3] == metadata.version("opencv-python").split(".")[:3]
