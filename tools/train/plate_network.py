"""The plate reader as a trainable network, and its way to ONNX."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

from models.slot_reader import ALPHABET

PAD = len(ALPHABET)
PLACES = 10
BREAKS = 6
HEIGHT, WIDTH = 64, 144
_STRIDE = 8
_HEADS = 4


def _convolution(into: int, out: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(into, out, 3, stride=stride, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU()
    )  # fmt: skip


class Block(nn.Module):
    """Two convolutions with a shortcut (plain ones: grouped ones train slowly on a CPU)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = _convolution(channels, channels)
        self.second = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = functional.relu(x + self.second(self.first(x)))
        return out


def _attend(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """`[B, N, D]` each. Written out and without dropout: torch's own fused form trains slower on a CPU."""
    q, k, v = (x.unflatten(2, (_HEADS, -1)).transpose(1, 2) for x in (q, k, v))
    shares = (q @ k.transpose(2, 3) * q.shape[3] ** -0.5).softmax(3)
    seen: torch.Tensor = (shares @ v).transpose(1, 2).flatten(2)
    return seen


class Mix(nn.Module):
    """Attention among the tokens themselves, then each on its own."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.project = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.think = nn.Sequential(nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.out(_attend(*self.project(self.norm(x)).chunk(3, -1)))
        out: torch.Tensor = x + self.think(self.norm2(x))
        return out


class Look(nn.Module):
    """The places look at the picture, then at one another."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm, self.of_picture = nn.LayerNorm(width), nn.LayerNorm(width)
        self.ask = nn.Linear(width, width)
        self.answer = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)
        self.settle = Mix(width)

    def forward(self, places: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
        keys, values = self.answer(self.of_picture(tokens)).chunk(2, -1)
        settled: torch.Tensor = self.settle(places + self.out(_attend(self.ask(self.norm(places)), keys, values)))
        return settled


class SlotReader(nn.Module):
    """`[N, 3, 64, 144]` to character logits `[N, 10, 37]` and line-break logits `[N, 6]`.

    The layout (one line or two, how long) is settled on a coarse view of the tokens; the places look twice, so that
    each knows from the first look where it has to look.
    """

    def __init__(self, width: int = 128, blocks: int = 2) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            _convolution(3, 24, 2), _convolution(24, 48, 2), Block(48), _convolution(48, width, 2),
            *(Block(width) for _ in range(blocks)),
        )  # fmt: skip
        rows, columns = HEIGHT // _STRIDE, WIDTH // _STRIDE
        self.where = nn.Parameter(torch.randn(1, width, rows, columns) * 0.02)
        self.layout = Mix(width)
        self.places = nn.Parameter(torch.randn(1, PLACES + 1, width) * 0.02)
        self.looks = nn.ModuleList([Look(width), Look(width)])
        self.norm = nn.LayerNorm(width)
        self.characters = nn.Linear(width, PAD + 1)
        self.breaks = nn.Linear(width, BREAKS)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        maps = self.trunk(x) + self.where
        coarse = functional.avg_pool2d(maps, 2)
        rows, columns = coarse.shape[2:]
        layout = self.layout(coarse.flatten(2).transpose(1, 2)).transpose(1, 2).unflatten(2, (rows, columns))
        maps = maps + functional.interpolate(layout, scale_factor=2.0, mode="nearest")
        tokens = maps.flatten(2).transpose(1, 2)
        places = self.places.expand(x.shape[0], -1, -1)
        for look in self.looks:
            places = look(places, tokens)
        places = self.norm(places)
        return self.characters(places[:, :PLACES]), self.breaks(places[:, PLACES])


class Probabilities(nn.Module):
    """What is exported: characters' and breaks' probabilities, sharpened or dulled by one number."""

    def __init__(self, model: nn.Module, temperature: float = 1.0) -> None:
        super().__init__()
        self.model, self.temperature = model, temperature

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        characters, breaks = self.model(x)
        return (characters / self.temperature).softmax(-1), breaks.softmax(-1)


def export(model: nn.Module, out: Path, temperature: float = 1.0) -> None:
    """Write the ONNX file and say how large it is."""
    torch.onnx.export(
        Probabilities(model, temperature).eval(), (torch.zeros(2, 3, HEIGHT, WIDTH),), str(out),
        input_names=["plates"], output_names=["characters", "breaks"], opset_version=17, dynamo=False,
        dynamic_axes={"plates": {0: "n"}, "characters": {0: "n"}, "breaks": {0: "n"}},
    )  # fmt: skip
    print(f"{out}: {out.stat().st_size} bytes, sha256 {hashlib.sha256(out.read_bytes()).hexdigest()}")
