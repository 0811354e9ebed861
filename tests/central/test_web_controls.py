"""Controls that a careless change would switch off without a sound: each has an attack here that it must stop."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from sqlalchemy import update

from central.cases.lifecycle import Officer, Role
from central.config import parse_config
from central.store.people_tables import UserRow
from central.web.site import PASS_SECONDS
from common.settings import ConfigError
from tests.central.build import LAN, OFFICE, case_of, issued, make_centre
from tests.central.web_people import Web, make_web

ROOT = Path(__file__).parents[2]
HTTPS = "https://testserver"
PLATE = {"plate": "36A-123.45", "colour": "white", "kind": "car"}
ADMIN = Officer("quantri", Role.ADMIN, "Quản Trị")


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    made = make_web(tmp_path / "centre")
    yield made
    made.centre.db.dispose()


@pytest.fixture
def behind_https(tmp_path: Path) -> Iterator[Web]:
    made = make_web(tmp_path / "centre", web={"secure_cookies": True, "trusted_proxies": ["10.0.0.1", "10.0.0.2"]})
    yield made
    made.centre.db.dispose()


# --- the owner's pass ----------------------------------------------------------------------------------------------


def opens(web: Web, value: str) -> bool:
    thief = web.visitor()
    thief.client.cookies.set("giaolo_pass", value)
    page, picture = thief.client.get("/evidence", follow_redirects=False), thief.get("/evidence/on.jpg")
    assert (page.status_code == 200) == (picture.status_code == 200)
    return page.status_code == 200


def test_a_pass_opens_its_own_case_for_an_hour_and_no_longer(web: Web) -> None:
    case_id, _ = issued(web.centre)
    value = web.app.state.site.evidence_pass(case_id, web.clock.now)
    assert opens(web, value)
    web.clock.forward(seconds=PASS_SECONDS - 1)
    assert opens(web, value)
    web.clock.forward(seconds=2)
    assert not opens(web, value)


def test_nobody_makes_or_changes_a_pass(web: Web, tmp_path: Path) -> None:
    case_id, _ = issued(web.centre)
    other, _ = issued(web.centre, sequence=2, previous="1" * 64, typed="36B-222.22")
    site, now = web.app.state.site, web.clock.now
    body, until, mac = urlsafe_b64decode(site.evidence_pass(case_id, now)).split(b"|")
    strange = make_web(tmp_path / "strange", centre_id="strange")

    def made(*parts: bytes) -> str:
        return urlsafe_b64encode(b"|".join(parts)).decode()

    forged = {
        "another case": made(other.encode(), until, mac),
        "a later end": made(body, str(int(until) + 10**6).encode(), mac),
        "no mark": made(body, until, b""),
        "a mark of zeros": made(body, until, b"0" * len(mac)),
        "half a mark": made(body, until, mac[:32]),
        "one letter of the mark changed": made(body, until, mac[:-1] + (b"0" if mac[-1:] != b"0" else b"1")),
        "another centre's": strange.app.state.site.evidence_pass(case_id, now),
        "the parts moved": made(body, mac, until),
        "nothing": "", "junk": "%%%",
    }  # fmt: skip
    assert opens(web, made(body, until, mac))
    assert [name for name, value in forged.items() if opens(web, value)] == []
    strange.centre.db.dispose()


# --- addresses -----------------------------------------------------------------------------------------------------


def look_ups(web: Web, addresses: list[str], **where: str) -> list[int]:
    visitor = web.visitor(**where)
    token = visitor.token("/")
    return [
        visitor.client.post("/look-up", data={"csrf": token, **PLATE}, headers={"x-forwarded-for": a}).status_code
        for a in addresses
    ]


def test_an_address_that_anyone_may_write_does_not_lift_the_limit(tmp_path: Path) -> None:
    web = make_web(tmp_path / "centre", web={"lookups_per_minute": 3, "trusted_proxies": ["10.0.0.1"]})
    assert 429 in look_ups(web, [f"203.0.113.{n}" for n in range(8)], peer="198.51.100.7")
    web.centre.db.dispose()


def test_behind_our_proxy_each_visitor_counts_for_himself(tmp_path: Path) -> None:
    web = make_web(tmp_path / "centre", web={"lookups_per_minute": 3, "trusted_proxies": ["10.0.0.1"]})
    assert look_ups(web, [f"203.0.113.{n}" for n in range(8)], peer="10.0.0.1") == [200] * 8
    # what the visitor himself wrote stands before what our proxy adds
    assert 429 in look_ups(web, [f"203.0.113.{n}, 192.0.2.1" for n in range(8)], peer="10.0.0.1")
    web.centre.db.dispose()


def test_a_proxy_that_adds_a_line_of_its_own_is_understood(tmp_path: Path) -> None:
    web = make_web(tmp_path / "centre", web={"lookups_per_minute": 3, "trusted_proxies": ["10.0.0.1"]})
    visitor = web.visitor(peer="10.0.0.1")
    token = visitor.token("/")
    answers = [
        visitor.client.post(
            "/look-up",
            data={"csrf": token, **PLATE},
            headers=[("x-forwarded-for", f"203.0.113.{n}"), ("x-forwarded-for", "192.0.2.1")],
        ).status_code
        for n in range(8)
    ]
    assert 429 in answers
    web.centre.db.dispose()


def test_https_without_a_named_proxy_is_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="trusted_proxies") as caught:
        parse_config({"schema_version": 1, "web": {"secure_cookies": True}}, base=tmp_path, where="central.yaml")
    assert "central.yaml: web" in caught.value.where


# --- forms ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "status"),
    [("same-origin", 200), ("none", 200), (None, 200), ("cross-site", 403), ("same-site", 403), ("", 403)],
)
def test_a_form_sent_from_another_site_is_refused_though_it_has_the_token(
    web: Web, sent: str | None, status: int
) -> None:
    visitor = web.visitor()
    headers = {} if sent is None else {"sec-fetch-site": sent}
    answer = visitor.client.post("/look-up", data={"csrf": visitor.token("/"), **PLATE}, headers=headers)
    assert answer.status_code == status


# --- HTTPS ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/desk/sign-in", "/no/such/page", "/static/desk.js", "/fault"])
def test_behind_https_every_answer_keeps_the_browser_on_it(
    behind_https: Web, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if path == "/fault":
        monkeypatch.setattr("central.web.owner.page", lambda *a, **k: 1 / 0)
        path = "/"
    answer = behind_https.visitor(url=HTTPS).get(path)
    assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


def test_without_https_nothing_is_said_of_it(web: Web) -> None:
    assert "strict-transport-security" not in web.visitor().get("/").headers


def test_behind_https_every_cookie_is_secure_and_of_this_host_alone(behind_https: Web) -> None:
    _, notice = issued(behind_https.centre)
    lan = behind_https.person(LAN, url=HTTPS)
    owner = behind_https.visitor(url=HTTPS)
    seen: list[str] = []
    for person in (lan, owner):
        person.client.event_hooks["response"].append(lambda r: seen.extend(r.headers.get_list("set-cookie")))
    lan.client.cookies.clear()
    lan.post("/desk/sign-in", at="/desk/sign-in", username="lan", password="mật khẩu rất dài 2026")
    lan.post("/lang", at="/desk", to="en", back="/")
    assert owner.post("/evidence", at="/", plate="36A12345", code=notice.code).status_code == 200
    assert owner.get("/evidence/on.jpg").status_code == 200
    lan.post("/desk/sign-out", at="/desk")
    names = {cookie.partition("=")[0] for cookie in seen}
    assert names == {f"__Host-giaolo_{n}" for n in ("session", "form", "lang", "pass")}
    for cookie in seen:
        parts = {p.strip().lower() for p in cookie.split(";")[1:]}
        assert {"secure", "httponly", "samesite=strict", "path=/"} <= parts, cookie
        assert not any(p.startswith("domain") for p in parts), cookie


# --- what is not for the public ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        ("127.0.0.1", {}, 200), ("10.1.2.3", {}, 200), ("::1", {}, 200), ("203.0.113.9", {}, 404), ("junk", {}, 404),
        *(
            ("127.0.0.1", {name: "203.0.113.9"}, 404)
            for name in ("X-Forwarded-For", "X-Real-IP", "Forwarded", "Via", "X-Forwarded-Host", "X-Forwarded-Proto")
        ),
    ],
)  # fmt: skip
def test_metrics_are_for_direct_callers_of_our_network(
    web: Web, peer: str, headers: dict[str, str], status: int
) -> None:
    case_of(web.centre)
    answer = web.visitor(peer=peer).get("/metrics", headers=headers)
    assert answer.status_code == status
    assert ("giaolo_cases" in answer.text) == (status == 200)


def test_somebody_switched_off_is_out_at_once(web: Web) -> None:
    lan = web.person(LAN)
    assert lan.client.get("/desk", follow_redirects=False).status_code == 200
    with web.centre.db.write() as session:
        session.execute(update(UserRow).where(UserRow.username == "lan").values(active=False))
    assert lan.client.get("/desk", follow_redirects=False).status_code == 303


def test_an_administrators_way_in_does_not_end_at_a_refusal(web: Web) -> None:
    admin = web.person(ADMIN)  # `person` follows the way after signing in and wants a page
    assert admin.get("/desk/sign-in").status_code == 200
    landed = admin.get("/desk")  # the queue is still none of his: the unit's page is
    assert (landed.status_code, landed.url.path) == (200, "/desk/unit")


# --- files on the disk ---------------------------------------------------------------------------------------------


def readable_by_others(folder: Path) -> list[str]:
    """Whatever somebody else on the machine could read, or list."""
    if not stat.S_IMODE(folder.stat().st_mode) & 0o077:
        return []
    return [str(p) for p in (folder, *folder.rglob("*")) if stat.S_IMODE(p.lstat().st_mode) & 0o044]


def test_nobody_else_on_the_machine_reads_database_evidence_or_copies(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        outside = tmp_path / "outside.sqlite3"
        (tmp_path / "centre").mkdir()  # as an earlier version made it
        centre = make_centre(tmp_path / "centre", url=f"sqlite:///{outside}")
        case_of(centre)
        assert readable_by_others(tmp_path / "centre") == []
        assert [f for f in tmp_path.glob("outside*") if stat.S_IMODE(f.stat().st_mode) & 0o077] == []
        blobs = [f for f in centre.config.blob_dir.rglob("*") if f.is_file() and f.name != "lock"]
        assert blobs
        assert {stat.S_IMODE(f.stat().st_mode) for f in blobs} == {0o400}
        centre.db.dispose()
    finally:
        os.umask(before)


def test_the_command_makes_nothing_that_others_may_read(tmp_path: Path) -> None:
    config = tmp_path / "central.yaml"
    config.write_text(yaml.safe_dump({"schema_version": 1, "data_dir": "data", "office": OFFICE}), encoding="utf-8")
    code = "import os, sys; os.umask(0o022); from tools.command.cli import main; main(sys.argv[1:])"
    subprocess.run(
        [sys.executable, "-c", code, "central", "migrate", "--config", str(config)], cwd=ROOT, check=True,
        capture_output=True,
    )  # fmt: skip
    made = [p for p in (tmp_path / "data").rglob("*") if not p.name.endswith(".pub")]
    assert made
    assert [str(p) for p in made if stat.S_IMODE(p.stat().st_mode) & 0o077] == []
