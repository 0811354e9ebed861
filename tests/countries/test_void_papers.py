"""A paper that no longer holds is struck across every page, and stays underneath what it was."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from countries.here import HERE
from countries.papers import PaperCode, Void
from tests.countries.papers_drawn import PAPERS, reader, words

DPI = 50
needs_poppler = pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="no pdftoppm on this machine")


def pages(pdf: bytes, folder: Path) -> list[np.ndarray]:
    """Each page as red, green and blue, in `DPI`."""
    folder.mkdir()
    (folder / "paper.pdf").write_bytes(pdf)
    subprocess.run(["pdftoppm", "-r", str(DPI), str(folder / "paper.pdf"), str(folder / "page")], check=True)
    return [np.asarray(Image.open(page)).astype(int) for page in sorted(folder.glob("page-*.ppm"))]


def red(page: np.ndarray) -> np.ndarray:
    return np.asarray((page[..., 0] - page[..., 1] > 60) & (page[..., 0] - page[..., 2] > 60))


@needs_poppler
@pytest.mark.parametrize("code", ["withdrawal", "minutes", "decision", "delivery", "book"])
def test_the_mark_goes_from_corner_to_corner_of_each_page_and_hides_nothing(code: PaperCode, tmp_path: Path) -> None:
    plain = HERE.papers().render(PAPERS[code])
    void = HERE.papers().struck(plain, "taken_back")
    before, after = pages(plain, tmp_path / "plain"), pages(void, tmp_path / "void")
    assert len(before) == len(after) >= 1
    for clean, struck in zip(before, after, strict=True):
        assert not red(clean).any()
        mark = red(struck)
        height, width = mark.shape
        across = mark[height // 12 :]  # below the line at the top
        assert across[: height // 3, 2 * width // 3 :].any()
        assert across[-height // 3 :, : width // 3].any()
        assert mark[: height // 20, width // 3 : 2 * width // 3].sum() > 20, "the line at the top says why"
        assert not mark[:, : round(width * 0.02)].any()
        assert not mark[:, -round(width * 0.02) :].any()
        text = clean.min(axis=2) < 80
        assert (struck.max(axis=2)[text] < 225).mean() > 0.98, "what stood there can still be read"


@pytest.mark.parametrize(("why", "says"), [("taken_back", "thu hồi hoặc đính chính"), ("undone", "đã bị hủy")])
def test_what_was_there_stays_as_it_is_with_the_reason_behind_it(why: Void, says: str) -> None:
    plain = HERE.papers().render(PAPERS["withdrawal"])
    void = HERE.papers().struck(plain, why)
    assert void.startswith(plain)
    assert words(plain) != words(void)
    said = words(void)
    for each in ("KHÔNG CÒN GIÁ TRỊ", says, "bản gốc được giữ nguyên trong hồ sơ"):
        assert each in said
        assert each not in words(plain)
    assert len(reader(void).pages) == len(reader(plain).pages)
