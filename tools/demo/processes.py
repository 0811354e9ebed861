"""Child processes that are started in order, watched, and stopped in reverse order, whatever happens."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from evidence.errors import GiaoLoError

# a box finishes what its cameras have found before it leaves
_STOP_S = 40.0


class ProcessError(GiaoLoError):
    """A part of the system did not start, or ended by itself."""


class Processes:
    """`with Processes(folder) as parts:` nothing outlives the block. Each part logs into `folder/NAME.log`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._parts: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, command: Sequence[str], *, env: Mapping[str, str] | None = None) -> None:
        """Start a part in its own session, so that Ctrl-C reaches only us and we stop the parts in order."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with self.log(name).open("ab") as log:
            self._parts[name] = subprocess.Popen(
                list(command), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
                env={**os.environ, **(env or {})}, preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )  # fmt: skip

    def log(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def pid(self, name: str) -> int:
        return self._parts[name].pid

    def check(self) -> None:
        """Raises `ProcessError` naming the part that ended and its last words."""
        for name, part in self._parts.items():
            status = part.poll()
            if status is not None:
                raise ProcessError(
                    f"{name} has ended with status {status}: {self._last_words(name)}", where=str(self.log(name))
                )

    def wait_for_port(
        self, name: str, port: int, *, timeout_s: float = 60.0, stop: threading.Event | None = None
    ) -> None:
        """Until the part listens on `port`, or `stop` is set. Raises `ProcessError`."""
        stop = stop or threading.Event()
        end = time.monotonic() + timeout_s
        while not port_is_taken(port):
            self.check()
            if time.monotonic() > end:
                raise ProcessError(f"{name} does not listen on port {port}", where=str(self.log(name)))
            if stop.wait(0.1):
                return

    def stop(self, name: str) -> None:
        """SIGTERM, then SIGKILL for what does not go."""
        part = self._parts.pop(name, None)
        if part is None or part.poll() is not None:
            return
        part.terminate()
        try:
            part.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            part.kill()
            part.wait()

    def kill(self, name: str) -> None:
        """SIGKILL, as a power cut would: for tests."""
        part = self._parts.pop(name)
        part.kill()
        part.wait()

    def stop_all(self) -> None:
        for name in reversed(list(self._parts)):
            self.stop(name)

    def __enter__(self) -> Processes:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop_all()

    def _last_words(self, name: str) -> str:
        lines = self.log(name).read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return " / ".join(lines[-3:])[-500:]


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def port_is_taken(port: int) -> bool:
    """Whether somebody on this machine answers there."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.5):
        return True
    return False


def _die_with_parent() -> None:
    """If we are killed outright, our parts must not stay behind (PR_SET_PDEATHSIG)."""
    import ctypes

    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
