"""A running centre: database, ingest, second reader and web in one process, started and stopped in order."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from types import TracebackType

import uvicorn
from fastapi import FastAPI

from central.alone import have_alone
from central.cases.beside import OnceBeside
from central.cases.drives import link_stored
from central.cases.renewing import renew
from central.centre import Centre, open_centre
from central.config import CentralConfig
from central.desk.signers import signer_lines
from central.intake.ingest import Ingest
from central.intake.mqtt import MqttIngest
from central.retention.keeper import Keeper
from central.second_reader import SecondReader, easyocr_reader, switched_off
from central.web.app import create_app
from central.web.server import web_server
from common.folder_lock import FolderLock
from countries.here import HERE
from evidence.errors import GiaoLoError

log = logging.getLogger(__name__)


class StartError(GiaoLoError):
    """The centre cannot start."""


def web_app(centre: Centre) -> FastAPI:
    """Officer web and owner portal."""
    return create_app(centre)


class App:
    """`with App(config) as app:` runs everything; `app.web_url` once started."""

    def __init__(self, config: CentralConfig, *, centre: Centre | None = None) -> None:
        self.config = config
        self.centre = centre or open_centre(config)
        self.mqtt = MqttIngest(
            config.broker, config.limits, Ingest.of(self.centre), maintain_s=config.checkpoint_minutes * 60
        )
        self.second_reader = SecondReader(self.centre, easyocr_reader if config.second_reader else switched_off)
        self.keeper = Keeper(self.centre)
        self._beside = (OnceBeside("terms", self._renew_terms), OnceBeside("drives", self._link_drives))
        self._held: FolderLock | None = None
        self._server: uvicorn.Server | None = None
        self._server_thread: threading.Thread | None = None
        self._server_ended = threading.Event()

    @property
    def web_url(self) -> str:
        """Address of the web; the real port when the configuration says 0."""
        port = self.config.web.port
        if self._server is not None and self._server.started:
            port = self._server.servers[0].sockets[0].getsockname()[1]
        return f"http://{self.config.web.host}:{port}"

    def start(self) -> None:
        """Start in order. Raises `GiaoLoError`; what was started is stopped again."""
        if not self.config.devices.required:
            log.warning("devices.required is false: notices are issued without the papers of their devices")
        try:
            self._held = have_alone(self.config.data_dir, now=self.centre.clock(), wait=time.sleep)
            self._check_signing()
            self.keeper.start()
            self.start_beside()
            if self.config.web.enabled:
                self._start_web()
            self.mqtt.start()
            self.second_reader.start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        self.mqtt.stop()
        self.second_reader.stop()
        self.keeper.stop()
        self.stop_beside()
        if self._server is not None and self._server_thread is not None:
            self._server.should_exit = True
            self._server_thread.join(15)
        self.centre.db.dispose()
        if self._held is not None:
            self._held.release()

    def __enter__(self) -> App:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start_beside(self) -> None:
        """What is done once, beside everything else."""
        for work in self._beside:
            work.start()

    def stop_beside(self) -> None:
        for work in self._beside:
            work.stop()

    def _renew_terms(self, goes_on: Callable[[], bool]) -> int:
        today = HERE.local_date(self.centre.clock())
        return renew(self.centre.db, self.centre.notices.calendar, today, goes_on=goes_on)

    def _link_drives(self, goes_on: Callable[[], bool]) -> int:
        return link_stored(self.centre.db, self.centre.clock(), goes_on=goes_on)

    def _check_signing(self) -> None:
        """Raises `ConfigError` for a key that is not what the configuration says. What time did to a good one is told,
        and keeps nobody from taking evidence."""
        signing, now = self.centre.notices.signing, self.centre.clock()
        if not signing.on:
            log.warning("signing is not configured: notices are not signed by key")
            return
        with self.centre.db.read() as session:
            for line in signer_lines(session, signing, now):
                if line.level != "good":
                    until = line.identity.valid_to.date().isoformat()
                    log.warning("signer %s: %s (certificate until %s)", line.identity.account, line.state, until)

    def _start_web(self) -> None:
        web = self.config.web
        self._server = web_server(web_app(self.centre), web)
        # signals belong to the command line, which stops everything in order
        self._server_thread = threading.Thread(target=self._serve, name="web", daemon=True)
        self._server_thread.start()
        while not self._server.started:
            if self._server_ended.wait(0.05):
                raise StartError(
                    "the web cannot listen", where=f"{web.host}:{web.port}", remedy="is the port taken? change web.port"
                )

    def _serve(self) -> None:
        assert self._server is not None
        try:
            self._server.run()
        except SystemExit:
            pass  # uvicorn's way of saying that it could not bind; it has logged why
        finally:
            self._server_ended.set()
