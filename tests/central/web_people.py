"""Browsers for tests of the web: one client a person, who signs in and fills in forms as the pages offer them."""

from __future__ import annotations

import html
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from fastapi.testclient import TestClient

from central.cases.lifecycle import Officer
from central.centre import Centre
from central.users import create_user
from central.web.app import create_app
from tests.central.build import NOW, HandClock, make_centre
from tests.conftest import free_port

PASSWORD = "mật khẩu rất dài 2026"


@dataclass
class Web:
    """A centre with its web; accounts are made when their people first sign in (argon2 takes its time)."""

    centre: Centre
    clock: HandClock

    def __post_init__(self) -> None:
        self.app = create_app(self.centre)
        self._known: set[str] = set()

    def account(self, officer: Officer) -> None:
        """Make the account if there is none yet."""
        if officer.username in self._known:
            return
        self._known.add(officer.username)
        with self.centre.db.write() as session:
            create_user(session, officer.username, PASSWORD, role=officer.role, full_name=officer.full_name, now=NOW)

    def visitor(self, *, url: str = "http://testserver", peer: str = "testclient") -> Person:
        """A browser that knows the site as `url`; `peer` is the address that its connections come from."""
        client = TestClient(
            self.app, base_url=url, client=(peer, 50000), follow_redirects=True, raise_server_exceptions=False
        )
        return Person(client)

    def person(self, officer: Officer, **where: str) -> Person:
        self.account(officer)
        visitor = self.visitor(**where)
        answer = visitor.post("/desk/sign-in", at="/desk/sign-in", username=officer.username, password=PASSWORD)
        assert answer.status_code == 200, answer.text
        return visitor


@dataclass
class Person:
    """A browser. `post` takes the form token of the page `at`, as a form on that page would send it."""

    client: TestClient

    def get(self, path: str, **options: Any) -> Any:
        return self.client.get(path, **options)

    def token(self, at: str) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', self.client.get(at).text)
        assert found, f"{at} has no form"
        return found[1]

    def post(self, path: str, *, at: str | None = None, **fields: str | list[str]) -> Any:
        """`fields` with all that the form of the page `at` sends unseen: its token, and what the person has seen."""
        shown = self.client.get(at or "/").text
        form = re.search(rf'<form[^>]*action="{re.escape(path)}[^"]*".*?</form>', shown, re.S)
        hidden: dict[str, list[str]] = {}
        for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form[0] if form else ""):
            hidden.setdefault(name, []).append(html.unescape(value))
        if "csrf" not in hidden:
            hidden["csrf"] = [self.token(at or "/")]
        return self.client.post(path, data={**hidden, **fields})


def make_web(folder: Path, **settings: Any) -> Web:
    clock = HandClock()
    return Web(make_centre(folder, clock=clock, **settings), clock)


@contextmanager
def served(web: Web) -> Iterator[str]:
    """Serve the web to a real browser. Its address, without a stroke at the end; the centre is closed afterwards."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(web.app, host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        thread.join(0.05)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(30)
    web.centre.db.dispose()
