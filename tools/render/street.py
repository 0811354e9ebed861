"""What stands at the road: signal heads with what they show, posts, trees, bollards, stalls."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from evidence.acts import LampState
from tools.render.mesh import Builder
from tools.simulate.world import HeadState, Run

_OFF = {"red": (52, 14, 14), "yellow": (52, 44, 12), "green": (12, 44, 34)}
_ON = {"red": (255, 34, 28), "yellow": (255, 196, 30), "green": (40, 255, 170)}
_SEGMENTS = {"0": "abcdef", "1": "bc", "2": "abged", "3": "abgcd", "4": "fgbc", "5": "afgcd", "6": "afgedc",
             "7": "abc", "8": "abcdefg", "9": "abcdfg"}  # fmt: skip


def signal_heads(run: Run, states: Mapping[str, HeadState]) -> Builder:
    """Signal heads with what they show."""
    b = Builder()
    for post in run.ground.posts:
        c, s = np.cos(post.faces_rad), np.sin(post.faces_rad)
        right = np.array([-s, c, 0.0])
        front = np.array([c, s, 0.0])
        middle = np.array([post.x_m, post.y_m, post.z_m])
        back = middle - front * 0.14
        b.box(tuple(back), (0.20, 0.44, 1.18), (28, 30, 28), 0.2, yaw=post.faces_rad)
        state = states.get(post.id)
        for i, colour in enumerate(("red", "yellow", "green")):
            centre = middle + np.array([0, 0, (1 - i) * 0.36])
            lit = state is not None and state.lamp == LampState(colour)
            paint_ = _ON[colour] if lit else _OFF[colour]
            b.tube(tuple(centre - front * 0.06), tuple(centre + front * 0.005), 0.15, paint_, 2.0 if lit else 0.5)
            b.tube(
                tuple(centre + np.array([0, 0, 0.17]) - front * 0.02),
                tuple(centre + np.array([0, 0, 0.17]) + front * 0.16),
                0.02,
                (24, 26, 24),
            )
        if post.turn_on_red:
            b.box(
                tuple(middle + right * 0.62 - front * 0.10), (0.04, 0.56, 0.56), (24, 70, 190), 0.4, yaw=post.faces_rad
            )
        if post.countdown and state is not None and state.countdown_s is not None:
            text = f"{min(max(state.countdown_s, 0), 99):02d}"
            base = middle - np.array([0, 0, 0.86])
            b.box(tuple(base - front * 0.10), (0.14, 0.46, 0.40), (24, 24, 24), 0.2, yaw=post.faces_rad)
            shine = _ON.get(state.lamp.value, (90, 90, 90))
            for k, digit in enumerate(text):
                origin = base + right * (-0.10 if k == 0 else 0.10) + front * 0.012
                _digit(b, digit, origin, right, shine)
    return b


def _digit(
    b: Builder, digit: str, origin: NDArray[np.float64], right: NDArray[np.float64], colour: tuple[int, int, int]
) -> None:
    up = np.array([0, 0, 1.0])
    w, h = 0.055, 0.13
    ends = {"a": ((-w, h), (w, h)), "b": ((w, h), (w, 0)), "c": ((w, 0), (w, -h)), "d": ((-w, -h), (w, -h)),
            "e": ((-w, 0), (-w, -h)), "f": ((-w, h), (-w, 0)), "g": ((-w, 0), (w, 0))}  # fmt: skip
    for segment in _SEGMENTS[digit]:
        (x0, z0), (x1, z1) = ends[segment]
        b.tube(tuple(origin + right * x0 + up * z0), tuple(origin + right * x1 + up * z1), 0.014, colour, 2.0)


def furniture(run: Run) -> Builder:
    """What stands at the road: posts, trees, bollards, stalls."""
    rng = np.random.default_rng(31)
    b = Builder()
    for foot, z_m in {p.foot: p.z_m for p in run.ground.posts}.items():
        b.tube((*foot, 0.0), (*foot, z_m + 1.0), 0.07, (150, 152, 150), 0.3)
        b.tube((*foot, 0.0), (*foot, 0.25), 0.16, (110, 112, 110), 0.2)
    street = bool(run.ground.signs)  # its eastern pavement and corner are looked at: nothing stands there
    for side in (-1,) if street else (-1, 1):
        for y in (-40.0, -33.0, -24.5, 21.0, 29.0):
            x = side * (11.2 + float(rng.uniform(-0.4, 0.6)))
            b.tube((x, y, 0), (x + 0.1, y, 3.6), 0.17, (88, 74, 62), 0.02, taper=0.7)
            b.box((x, y, 0.02), (1.2, 1.2, 0.04), (70, 58, 46))
            for _ in range(9):
                offset = rng.normal(0, 1.0, 3) * [1.2, 1.2, 0.5]
                radius = float(rng.uniform(0.7, 1.4))
                shade = float(rng.uniform(0.7, 1.15))
                b.ball(
                    (x + offset[0], y + offset[1], 4.7 + offset[2]),
                    (radius, radius, radius * 0.7),
                    (46 * shade, 88 * shade, 40 * shade),
                    0.02,
                )
        for y in np.arange(-43.0, -14.5, 2.0):
            if not -19.5 < y < -15.5:
                b.tube((side * 9.15, y, 0), (side * 9.15, y, 0.55), 0.05, (190, 190, 186), 0.2)
                b.tube((side * 9.15, y, 0.40), (side * 9.15, y, 0.50), 0.053, (190, 40, 36), 0.2)
    for i in range(9):  # goods and plant pots before the shops
        x, y = 12.9 + float(rng.uniform(-0.3, 0.8)), -42 + i * 3.1
        tint = rng.uniform(60, 220, 3)
        if not street:
            b.box((x, y, 0.35), (0.7, 0.9, 0.7), (float(tint[0]), float(tint[1]), float(tint[2])), 0.1)
        b.ball((-12.8, y, 0.75), (0.4, 0.4, 0.5), (50, 110, 50), 0.02)
        b.tube((-12.8, y, 0), (-12.8, y, 0.45), 0.22, (150, 90, 60), 0.1)
    for x, y, faces in _SIGNS if street else ():
        _round_sign(b, np.array([x, y, 2.5]), faces)
    return b


_SIGNS = ((9.7, -21.0, -np.pi / 2), (15.6, -9.6, np.pi))
"""Where the street's signs of bans stand, and which way they face."""


def _round_sign(b: Builder, middle: NDArray[np.float64], faces: float) -> None:
    """A ban: white in a red ring, on its pole. What it bans is too small to be drawn."""
    front = np.array([np.cos(faces), np.sin(faces), 0.0])
    b.tube((middle[0], middle[1], 0.0), (middle[0], middle[1], middle[2] + 0.3), 0.04, (150, 152, 150), 0.3)
    for radius, reach, colour in ((0.35, 0.05, (190, 24, 28)), (0.27, 0.06, (236, 236, 232))):
        b.tube(tuple(middle), tuple(middle + front * reach), radius, colour, 0.3)
