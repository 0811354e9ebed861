"""One camera, asked what it is, what time it has, and what it sends. Whatever fails, what was told before stays."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal

import aiohttp

from edge.onvif.envelope import DEVICE, MEDIA1, MEDIA2, Login
from edge.onvif.faults import Kind, OnvifError, line_of
from edge.onvif.link import Limits, Link, now_utc, open_session
from edge.onvif.markup import Element
from edge.onvif.media import SERVICES, Profile, Service
from edge.onvif.places import Place, holds_secret, service_of, stream_of

About = Literal["time", "information", "services", "profiles", "stream", "all"]
_AT_ONCE = 16
"""Cameras asked at the same time."""
_NOT_SPOKEN_TO: frozenset[Kind] = frozenset({"away", "silent", "large", "rubbish", "elsewhere"})


@dataclass(frozen=True)
class Information:
    """As the camera tells it; "" where it does not."""

    maker: str = ""
    model: str = ""
    firmware: str = ""
    serial: str = ""


@dataclass(frozen=True)
class CameraClock:
    """`offset_s`: the camera's clock less ours, to half a second, for it tells whole seconds; `by`: how it is set,
    "NTP", "Manual" or ""."""

    offset_s: float
    by: str


@dataclass(frozen=True)
class Trouble:
    """What could not be asked, and why."""

    kind: Kind
    about: About
    detail: str = ""


@dataclass
class Device:
    """What one camera told.

    `place`: where it was reached; `hint`: what it said of itself when it was found; `signed`: it was asked with a
    password; `service`: the media service that told, "" for none; `inner_host`: the host that it told for its services
    where that is another than the one that was reached.
    """

    place: Place
    signed: bool
    hint: str = ""
    information: Information = field(default_factory=Information)
    clock: CameraClock | None = None
    service: str = ""
    profiles: list[Profile] = field(default_factory=list)
    inner_host: str = ""
    troubles: list[Trouble] = field(default_factory=list)

    def has_trouble(self, *kinds: Kind) -> bool:
        return any(each.kind in kinds for each in self.troubles)


def ask_all(
    devices: Iterable[Device],
    login: Login | None,
    *,
    limits: Limits = Limits(),  # noqa: B008 frozen
    clock: Callable[[], datetime] = now_utc,
) -> list[Device]:
    """Ask each of them, some at a time, and fill in what they tell. Raises nothing that a camera could cause."""
    asked = list(devices)

    async def all_of_them() -> None:
        gate = asyncio.Semaphore(_AT_ONCE)

        async def one(device: Device) -> None:
            async with gate:
                await ask(device, session, login, limits=limits, clock=clock)

        async with open_session(limits) as session:
            await asyncio.gather(*(one(device) for device in asked))

    asyncio.run(all_of_them())
    return asked


async def ask(
    device: Device,
    session: aiohttp.ClientSession,
    login: Login | None,
    *,
    limits: Limits,
    clock: Callable[[], datetime] = now_utc,
) -> None:
    """Fill in what a camera tells."""
    conversation = _Conversation(device, Link(session, login, limits, clock=clock), login, clock)
    try:
        async with asyncio.timeout(limits.device_s):
            await conversation.hold()
    except TimeoutError:
        device.troubles.append(Trouble("silent", "all"))


class _Conversation:
    def __init__(self, device: Device, link: Link, login: Login | None, clock: Callable[[], datetime]) -> None:
        self._device, self._link, self._login, self._clock = device, link, login, clock

    async def hold(self) -> None:
        if not await self._time(signed=False) or not await self._information():
            return
        if self._device.clock is None and self._login is not None:
            before = list(self._device.troubles)
            if not await self._time(signed=True):
                return
            if self._device.clock is not None:
                self._device.troubles[:] = [each for each in before if each.about != "time"]
        services = await self._services()
        if services is None:
            return
        for service in SERVICES:
            if service.namespace in services and await self._media(service, services[service.namespace]):
                return
        if not self._device.troubles:
            self._note(OnvifError("no_profile" if services else "no_media"), "services")

    def _note(self, error: OnvifError, about: About) -> bool:
        """Whether it makes sense to go on: a wrong password is said once, or the camera locks the account."""
        # both services, or each of many streams, are refused for one reason
        if not any((each.kind, each.about) == (error.kind, about) for each in self._device.troubles):
            self._device.troubles.append(Trouble(error.kind, about, error.detail))
        return error.kind not in _NOT_SPOKEN_TO | {"login", "clock", "plain"}

    async def _time(self, *, signed: bool) -> bool:
        """First asked without a password, as everybody may: the signature of all else needs it."""
        body = f'<GetSystemDateAndTime xmlns="{DEVICE}"/>'
        before = self._clock()
        try:
            told = await self._link.ask(self._device.place, body, "GetSystemDateAndTimeResponse", signed=signed)
        except OnvifError as error:
            self._device.troubles[:] = [each for each in self._device.troubles if each.about != "time"]
            self._device.troubles.append(Trouble(error.kind, "time", error.detail))
            return error.kind not in _NOT_SPOKEN_TO
        half = (self._clock() - before) / 2
        theirs = _moment(told.first("SystemDateAndTime", "UTCDateTime"))
        if theirs is None:
            self._device.troubles.append(Trouble("refused", "time"))
            return True
        self._link.offset = theirs - (before + half)
        by = line_of(told.value("SystemDateAndTime", "DateTimeType"))
        # a clock that says 07 is on average at 07.5
        self._device.clock = CameraClock(round(self._link.offset.total_seconds() + 0.5, 1), by)
        return True

    async def _information(self) -> bool:
        body = f'<GetDeviceInformation xmlns="{DEVICE}"/>'
        try:
            told = await self._link.ask(self._device.place, body, "GetDeviceInformationResponse")
        except OnvifError as error:
            return self._note(error, "information")
        self._device.information = Information(
            *(line_of(told.value(name)) for name in ("Manufacturer", "Model", "FirmwareVersion", "SerialNumber"))
        )
        return True

    async def _services(self) -> dict[str, Place] | None:
        """Where each media service is asked, by its namespace; None where the camera was not spoken to."""
        try:
            body = f'<GetServices xmlns="{DEVICE}"><IncludeCapability>false</IncludeCapability></GetServices>'
            told = await self._link.ask(self._device.place, body, "GetServicesResponse")
            named = {each.value("Namespace"): each.value("XAddr") for each in told.every("Service")}
        except OnvifError as error:
            if error.kind not in ("unsupported", "refused"):
                self._note(error, "services")
                return None
            named = {}
        if not {MEDIA1, MEDIA2} & set(named):
            try:
                body = f'<GetCapabilities xmlns="{DEVICE}"><Category>All</Category></GetCapabilities>'
                told = await self._link.ask(self._device.place, body, "GetCapabilitiesResponse")
                named[MEDIA1] = told.value("Capabilities", "Media", "XAddr")
            except OnvifError as error:
                if error.kind not in ("unsupported", "refused"):
                    self._note(error, "services")
                    return None
        places = {}
        for namespace in (MEDIA2, MEDIA1):
            found = service_of(named.get(namespace, ""), self._device.place)
            if found is not None:
                places[namespace], inner = found
                self._device.inner_host = self._device.inner_host or line_of(inner)
        return places

    async def _media(self, service: Service, place: Place) -> bool:
        """Whether this service told of streams, or it makes no sense to ask another one."""
        try:
            told = await self._link.ask(place, service.profiles_question, "GetProfilesResponse")
        except OnvifError as error:
            return not self._note(error, "profiles")
        profiles = service.read(told)
        if not profiles:
            return False
        self._device.service = service.name
        # of what the other service refused nothing is left to tell
        self._device.troubles[:] = [each for each in self._device.troubles if each.about != "profiles"]
        for number, profile in enumerate(profiles):
            self._device.profiles.append(profile)
            try:
                uri = await self._uri(service, place, profile.token)
            except OnvifError as error:
                if not self._note(error, "stream"):
                    self._device.profiles += profiles[number + 1 :]
                    break
                continue
            self._device.profiles[-1] = self._with_address(profile, uri)
        return True

    async def _uri(self, service: Service, place: Place, token: str) -> str:
        *others, last = service.uri_questions(token)
        for question in others:
            try:
                return service.uri(await self._link.ask(place, question, "GetStreamUriResponse"))
            except OnvifError as error:
                if error.kind not in ("unsupported", "refused"):
                    raise
        return service.uri(await self._link.ask(place, last, "GetStreamUriResponse"))

    def _with_address(self, profile: Profile, uri: str) -> Profile:
        url, inner = stream_of(uri, self._device.place)
        password = "" if self._login is None else self._login.password
        if url and holds_secret(url, password):
            return replace(profile, url="", inner_host=line_of(inner), secret=True)
        return replace(profile, url=url, inner_host=line_of(inner))


def _moment(told: Element | None) -> datetime | None:
    if told is None:
        return None
    try:
        year, month, day = (int(told.value("Date", part)) for part in ("Year", "Month", "Day"))
        hour, minute, second = (int(told.value("Time", part)) for part in ("Hour", "Minute", "Second"))
        # a second of 60 is told by some at a leap second
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except ValueError:
        return None
