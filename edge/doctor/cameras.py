"""Finding cameras by ONVIF, asking them, and choosing their streams: what `giaolo edge find-cameras` tells."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from edge.doctor.camera_words import lines_of
from edge.doctor.streams import Choice, StreamMargins, choose
from edge.doctor.told import Told, fault, note
from edge.onvif.device import Device, ask_all
from edge.onvif.discovery import PORT, WAIT_S, Answered, Heard, networks, probe
from edge.onvif.envelope import Login
from edge.onvif.link import Limits
from edge.onvif.places import entry_of, place_of
from evidence.addresses import remember, with_login
from evidence.errors import GiaoLoError

ALONE_S = 1.0
"""So long one address is asked for its port; without an answer it is taken to be 80."""


class AddressError(GiaoLoError):
    """What was named is no address of a camera."""


@dataclass(frozen=True)
class Survey:
    """`heard`: who answered the probe, None where addresses were named."""

    devices: tuple[Device, ...]
    choices: tuple[list[Choice], ...]
    heard: Heard | None
    margins: StreamMargins


def find(
    at: Sequence[str] = (),
    *,
    interface: str | None = None,
    login: Login | None = None,
    wait_s: float = WAIT_S,
    alone_s: float = ALONE_S,
    port: int = PORT,
    limits: Limits | None = None,
    margins: StreamMargins | None = None,
) -> Survey:
    """Probe the networks, or ask the addresses named; then ask each camera.

    Raises
    ------
    AddressError, DiscoveryError: an address or an interface that is none.
    """
    if login is not None:
        # whatever a camera sends back of it, and whatever goes wrong: no line shows it
        remember(with_login("http://camera/", login.username, login.password))
    heard = None
    if at:
        devices = [_named(each, login, min(alone_s, wait_s), port) for each in at]
    else:
        heard = probe(networks(interface), wait_s=wait_s, port=port)
        devices = [_answered(each, login) for each in heard.answered]
    # of the addresses that one camera has each may answer, with the same entry
    once = list({device.place: device for device in reversed(devices)}.values())[::-1]
    asked = ask_all(once, login, limits=limits or Limits())
    m = margins or StreamMargins()
    return Survey(tuple(asked), tuple(choose(device.profiles, m) for device in asked), heard, m)


def _named(text: str, login: Login | None, wait_s: float, port: int) -> Device:
    found = place_of(text)
    if found is None:
        raise AddressError("is no address", where=text[:100], remedy="--at HOST, HOST:PORT or http://HOST:PORT/path")
    place, exact = found
    if not exact and "://" not in text:
        heard = probe(host=place.host, port=port, wait_s=wait_s, enough=1)
        if heard.answered:
            return _answered(heard.answered[0], login)
    return Device(place, login is not None)


def _answered(one: Answered, login: Login | None) -> Device:
    place, inner = entry_of(one.told, one.sender)
    hint = one.name if one.hardware in one.name else f"{one.name} {one.hardware}".strip()
    return Device(place, login is not None, hint=hint, inner_host=inner)


def told(survey: Survey, username: str | None, password_file: Path | None) -> Iterator[Told | str]:
    """Every line; a bare text belongs below the line before."""
    if survey.heard is not None:
        if not survey.devices:
            yield fault(
                "không camera nào trả lời trong mạng",
                "no camera answers in the network",
                "xem dây mạng và nguồn; bật ONVIF (WS-Discovery) trong camera; tường lửa của hộp phải cho UDP từ cổng "
                "3702 vào; mạng chặn multicast thì dùng --at ĐỊA_CHỈ",
                "see cable and power; switch ONVIF (WS-Discovery) on in the camera; the box's firewall must let UDP "
                "from port 3702 in; where the network stops multicast use --at HOST",
            )
        for sender in survey.heard.unreadable:
            yield note(
                f"{sender}: trả lời lời gọi, nhưng không đọc được",
                f"{sender}: answers the probe with what cannot be read",
                f"thử --at {sender}",
                f"try --at {sender}",
            )
    for device, choices in zip(survey.devices, survey.choices, strict=True):
        yield from lines_of(device, choices, survey.margins)
    lines = configuration(survey, username, password_file)
    if lines:
        yield "# node.yaml:"
        yield lines
        yield "# thử luồng / try the stream:"
        yield from _trials(survey, username, password_file)


def _trials(survey: Survey, username: str | None, password_file: Path | None) -> Iterator[str]:
    """What measures each stream that was chosen, to be copied."""
    login = [] if username is None else ["--username", username]
    if password_file is not None:
        login += ["--password-file", str(password_file)]
    for choices in survey.choices:
        for choice in choices:
            if choice.evidence is not None:
                small = [] if choice.seeing is None else ["--substream", choice.seeing.url]
                yield shlex.join(["giaolo", "edge", "test-camera", choice.evidence.profile.url, *login, *small])


def configuration(survey: Survey, username: str | None, password_file: Path | None) -> str:
    """The part `cameras:` of node.yaml for every lens with a stream for evidence; "" where there is none."""
    made: list[str] = []
    for device, choices in zip(survey.devices, survey.choices, strict=True):
        fit = [choice for choice in choices if choice.evidence is not None]
        for number, choice in enumerate(fit, 1):
            assert choice.evidence is not None
            name = "cam-" + re.sub(r"[^A-Za-z0-9]+", "-", device.place.host).strip("-")
            name = name[:50] + (f"-{number}" if len(fit) > 1 else "")
            entry: dict[str, Any] = {"id": name, "url": choice.evidence.profile.url}
            if username is not None:
                entry["username"] = username
                if password_file is not None:
                    entry["password_file"] = str(password_file.absolute())
            entry |= {"transport": "tcp", "scene": f"scenes/{name}.yaml"}
            if choice.ring_mib is not None:
                entry["ring_mib"] = choice.ring_mib
            text = yaml.safe_dump([entry], sort_keys=False, allow_unicode=True, width=1000)
            if choice.seeing is not None:
                text += f"  # substream: {choice.seeing.url}\n"
            made.append(text)
    return "cameras:\n" + "".join(made).rstrip() if made else ""


def as_dict(survey: Survey, username: str | None, password_file: Path | None) -> dict[str, Any]:
    """All that was found, for a program. No password is in it."""
    devices = []
    for device, choices in zip(survey.devices, survey.choices, strict=True):
        devices.append(
            {
                "address": device.place.shown,
                "entry": device.place.url,
                "inner_host": device.inner_host,
                "calls_itself": device.hint,
                **asdict(device.information),
                "clock": None if device.clock is None else asdict(device.clock),
                "media_service": device.service,
                "profiles": [asdict(each) | {"key_interval_s": each.key_interval_s} for each in device.profiles],
                "choices": [_choice_dict(choice) for choice in choices],
                "troubles": [asdict(each) for each in device.troubles],
            }
        )
    lines = [each for each in told(survey, username, password_file) if isinstance(each, Told)]
    return {
        "cameras": devices,
        "told": [asdict(each) for each in lines],
        "configuration": configuration(survey, username, password_file),
    }


def _choice_dict(choice: Choice) -> dict[str, Any]:
    return {
        "lens": choice.source,
        "evidence": None if choice.evidence is None else choice.evidence.profile.token,
        "evidence_url": None if choice.evidence is None else choice.evidence.profile.url,
        "seeing": None if choice.seeing is None else choice.seeing.token,
        "seeing_url": None if choice.seeing is None else choice.seeing.url,
        "judged": [
            {
                "profile": each.profile.token,
                "unfit": [asdict(found) for found in each.unfit],
                "poor": [asdict(found) for found in each.poor],
            }
            for each in choice.judged
        ],
    }
