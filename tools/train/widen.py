"""A wider network that computes what the narrow one computes: where training of the `small` detector begins.

Net2Net (Chen, Goodfellow, Shlens 2016): channels are repeated, and what reads a repeated channel shares its weights
among the copies. A little noise lets the copies part ways. So no picture that the narrow network was trained on has to
be shown again.
"""

from __future__ import annotations

import copy

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

Channels = NDArray[np.int64]
"""For every channel of the wide tensor the channel of the narrow one that it repeats."""
_ROUND = 8
_SAME = ("Sigmoid", "Mul", "Add", "MaxPool", "Resize", "Slice")


def widened(model: onnx.ModelProto, factor: float, noise: float = 0.0, seed: int = 5) -> onnx.ModelProto:
    """The graph of YOLOX with `factor` times the channels; pictures, boxes and scores stay as they are.

    Parameters
    ----------
    noise: standard deviation of what is added to the weights of hidden convolutions, as a share of their own.
    """
    wide = copy.deepcopy(model)
    rng = np.random.default_rng(seed)
    values = {item.name: numpy_helper.to_array(item) for item in wide.graph.initializer}
    outputs = {name for node in wide.graph.node if _is_prediction(node) for name in node.output}
    channels: dict[str, Channels] = {wide.graph.input[0].name: np.arange(3)}
    narrow = {wide.graph.input[0].name: 3}
    for node in wide.graph.node:
        out = node.output[0]
        if node.op_type == "Conv":
            weight, bias = values[node.input[1]], values[node.input[2]]
            source = channels[node.input[0]]
            group = next((a.i for a in node.attribute if a.name == "group"), 1)
            if group > 1:
                goal = source
                weight = weight[goal]
                _set_group(node, len(goal))
            else:
                goal = np.arange(len(weight)) if out in outputs else _repeated(len(weight), factor)
                copies = np.bincount(source, minlength=narrow[node.input[0]])[source]
                weight = weight[goal][:, source] / copies[None, :, None, None]
            if out not in outputs and noise:
                weight = weight + rng.normal(0, noise * weight.std(), weight.shape)
            values[node.input[1]], values[node.input[2]] = weight.astype(np.float32), bias[goal]
            channels[out], narrow[out] = goal, len(bias)
        elif node.op_type == "Concat" and all(name in channels for name in node.input):
            starts = np.cumsum([0, *(narrow[name] for name in node.input)])
            channels[out] = np.concatenate(
                [channels[name] + start for name, start in zip(node.input, starts, strict=False)]
            )
            narrow[out] = int(starts[-1])
        elif node.op_type in _SAME:
            first = next(name for name in node.input if name in channels)
            channels[out], narrow[out] = channels[first], narrow[first]
    for item in wide.graph.initializer:
        item.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(values[item.name]), item.name))
    del wide.graph.value_info[:]
    return wide


def between(tuned: onnx.ModelProto, base: onnx.ModelProto, share: float) -> onnx.ModelProto:
    """The tuned network with `share` of every weight taken from the network where its training began.

    Few pictures make a network forget shapes it knew; a way back towards the base returns some of that on cameras it
    was not tuned to (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models").

    Raises
    ------
    ValueError: the two are not of the same architecture.
    """
    mixed = copy.deepcopy(tuned)
    old = {item.name: numpy_helper.to_array(item) for item in base.graph.initializer}
    for item in mixed.graph.initializer:
        value, start = numpy_helper.to_array(item), old.get(item.name)
        if start is None or start.shape != value.shape:
            raise ValueError(f"{item.name}: the base has no such weights of this shape")
        if value.dtype == np.float32:
            item.CopyFrom(numpy_helper.from_array((value + share * (start - value)).astype(np.float32), item.name))
    return mixed


def width_of(model: onnx.ModelProto) -> int:
    """Channels behind the first convolution."""
    first = next(node for node in model.graph.node if node.op_type == "Conv")
    return int(next(item.dims[0] for item in model.graph.initializer if item.name == first.input[1]))


def _is_prediction(node: onnx.NodeProto) -> bool:
    return node.op_type == "Conv" and "_preds." in node.input[1]


def _repeated(count: int, factor: float) -> Channels:
    """The same for every tensor of so many channels, so that those that are added to one another stay in step."""
    return np.arange(max(count, round(count * factor / _ROUND) * _ROUND)) % count


def _set_group(node: onnx.NodeProto, group: int) -> None:
    for attribute in node.attribute:
        if attribute.name == "group":
            attribute.i = group
