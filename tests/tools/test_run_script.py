"""`sh run check` stops at the first check that fails, and runs the tests only after all of them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHECKS = ["ruff check", "ruff format", "mypy", "lint-imports"]


@pytest.mark.parametrize("fails", [None, *CHECKS])
def test_a_check_that_fails_fails_the_whole_and_runs_no_test(fails: str | None, tmp_path: Path) -> None:
    shutil.copy(ROOT / "run", tmp_path / "run")
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "setup.sh").write_text("exit 0\n", encoding="utf-8")
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("ruff", "mypy", "lint-imports", "python"):
        script = f'#!/bin/sh\ncall="{name} $1"\necho "${{call% }}" >> calls\n[ "${{call% }}" != "$FAILS" ]\n'
        (programs / name).write_text(script, encoding="utf-8")
        (programs / name).chmod(0o755)
    done = subprocess.run(
        ["sh", "run", "check"],
        cwd=tmp_path,
        env={**os.environ, "FAILS": fails or "-"},
        capture_output=True,
        check=False,
    )
    called = (tmp_path / "calls").read_text(encoding="utf-8").splitlines()
    if fails is None:
        assert called == [*CHECKS, "python -m"]
        assert done.returncode == 0
    else:
        assert called == CHECKS[: CHECKS.index(fails) + 1]
        assert done.returncode != 0
