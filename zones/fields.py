"""The field types that every part of a scene is made of."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Point = tuple[float, float]
"""`[x, y]`, pixels of the camera's full picture, origin top left."""
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Polygon = Annotated[list[Point], Field(min_length=3)]
Polyline = Annotated[list[Point], Field(min_length=2)]
Movement = Literal["straight", "left", "right", "u_turn"]

ALL_MOVEMENTS: tuple[Movement, ...] = ("straight", "left", "right", "u_turn")


class SceneModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
