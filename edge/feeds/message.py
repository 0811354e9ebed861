"""The message of a controller, or of whatever stands between it and the box: small JSON (docs/controller.md).

    {"phase": 2, "state": "red", "at": "2026-11-27T08:00:03.250+07:00"}

or a list of such. The same over MQTT and HTTP.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from edge.signals.reading import Unclear
from edge.signals.statements import Statement
from evidence.acts import LampState
from evidence.errors import GiaoLoError
from zones.fields import Name

MOST_BYTES = 16 * 1024
"""64 statements have 8 KiB."""
_MOST = 64

_States: Mapping[str, tuple[LampState, Unclear]] = {
    "red": (LampState.RED, ""),
    "yellow": (LampState.YELLOW, ""),
    "green": (LampState.GREEN, ""),
    "off": (LampState.OFF, ""),
    "flashing": (LampState.UNKNOWN, "flashing"),
    "unknown": (LampState.UNKNOWN, ""),
}


class MessageError(GiaoLoError):
    """What came is no statement of a controller."""


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    phase: Annotated[int, Field(ge=1, le=255)] | None = None
    head: Name | None = None
    state: Literal["red", "yellow", "green", "off", "flashing", "unknown"]
    at: Annotated[AwareDatetime, Field(strict=False)] | None = None

    @model_validator(mode="after")
    def _one_name(self) -> _Message:
        if (self.phase is None) == (self.head is None):
            raise ValueError("give `phase` or `head`, one of them")
        return self


_MESSAGES: TypeAdapter[list[_Message]] = TypeAdapter(Annotated[list[_Message], Field(min_length=1, max_length=_MOST)])


def read_message(data: bytes, received: datetime) -> list[Statement]:
    """Statements of one message that came at `received`. Raises `MessageError` naming the field."""
    if len(data) > MOST_BYTES:
        raise MessageError(f"has {len(data)} bytes, the limit is {MOST_BYTES}", where="message")
    try:
        value = json.loads(data)
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict) and not isinstance(each.get("at", ""), str | None):
                raise MessageError("at: is no time with a zone, like 2026-11-27T08:00:03+07:00", where="message")
        read = _MESSAGES.validate_python(value if isinstance(value, list) else [value])
        return [_statement(each, received.timestamp()) for each in read]
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"][1:])
        raise MessageError(f"{where}: {first['msg']}".lstrip(": "), where="message") from error
    except (ValueError, RecursionError, OverflowError) as error:
        raise MessageError("is not JSON of a statement", where="message") from error


def _statement(message: _Message, received_s: float) -> Statement:
    state, unclear = _States[message.state]
    key = f"phase {message.phase}" if message.phase is not None else f"head {message.head}"
    said_s = None if message.at is None else message.at.timestamp()
    return Statement(key, state, received_s, said_s, unclear=unclear)
