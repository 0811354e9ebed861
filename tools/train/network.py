"""YOLOX-nano as a trainable network, cut out of its published ONNX graph, and the way back to ONNX.

The graph is cut at the per-level maps (box, objectness, class); onnx2torch makes a torch module of what is left and
the trained values are written back into the same graph. So no export tracer is involved, and the result keeps the
trunk's own operators, with free height and width (multiples of 32).

The published graph has its batch normalisation folded into the convolutions. Trained like that the gradients are some
hundred times too steep in a few channels and wipe out what the network knew (measured: bus AP50 0.56 -> 0.03), so
:meth:`Trunk.unfold` puts the normalisation back, from statistics of our own pictures, and the export folds it again.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
import torch.fx
from onnx import TensorProto, helper, numpy_helper

from models.torchvision_ops import define_missing

define_missing()
import onnx2torch  # noqa: E402  (torchvision's operators must have names before this import)

STRIDES = (8, 16, 32)
_CLASS_CONV = "head.cls_preds.{}"


def _initialisers(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    return {item.name: numpy_helper.to_array(item) for item in model.graph.initializer}


def _set_initialiser(model: onnx.ModelProto, name: str, value: np.ndarray) -> None:
    for item in model.graph.initializer:
        if item.name == name:
            item.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(value), name))
            return
    raise KeyError(name)


def with_classes(base: Path, rows: list[int]) -> onnx.ModelProto:
    """The base graph with ``len(rows)`` class outputs, started from those rows of the base, and free picture size."""
    model = onnx.load(str(base))
    values = _initialisers(model)
    for level in range(3):
        for part in ("weight", "bias"):
            name = f"{_CLASS_CONV.format(level)}.{part}"
            _set_initialiser(model, name, values[name][rows])
    for node in model.graph.node:
        if node.op_type == "Reshape":
            _set_initialiser(model, node.input[1], np.array([1, 5 + len(rows), -1], np.int64))
    names = ["batch", None, "height", "width"]
    for axis, dim in enumerate(model.graph.input[0].type.tensor_type.shape.dim):
        if axis in (2, 3):
            dim.Clear()
            dim.dim_param = names[axis] or ""
    output = helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, "anchors", 5 + len(rows)])
    model.graph.output[0].CopyFrom(output)
    del model.graph.value_info[:]
    return model


def classes_of(model: onnx.ModelProto) -> int:
    """How many class outputs the graph has."""
    return len(_initialisers(model)[f"{_CLASS_CONV.format(0)}.bias"])


class Trunk(torch.nn.Module):
    """Per-level raw maps of a cut graph: ``[B, A, 5 + classes]``, box as (cx, cy, log w, log h) on the grid, logits."""

    def __init__(self, graph: onnx.ModelProto) -> None:
        super().__init__()
        self.graph = copy.deepcopy(graph)
        cut = copy.deepcopy(graph)
        produced = {name: node for node in cut.graph.node for name in node.input if "_preds." in name}
        maps = [
            produced[f"head.{part}_preds.{level}.weight"].output[0]
            for level in range(3)
            for part in ("reg", "obj", "cls")
        ]
        del cut.graph.output[:]
        cut.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in maps)
        _drop_unused(cut)
        self.net = onnx2torch.convert(cut)
        _join_silu(self.net)

    def forward(self, pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Raw predictions ``[B, A, 5+C]``, grid corners ``[A, 2]`` in cells, strides ``[A]`` in pixels."""
        maps = self.net(pictures)
        raw, grids, strides = [], [], []
        for level, stride in enumerate(STRIDES):
            box, obj, cls = maps[3 * level : 3 * level + 3]
            raw.append(torch.cat([box, obj, cls], 1).flatten(2).transpose(1, 2))
            height, width = box.shape[-2:]
            ys, xs = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
            grids.append(torch.stack([xs, ys], -1).reshape(-1, 2).float())
            strides.append(torch.full((height * width,), float(stride)))
        return torch.cat(raw, 1), torch.cat(grids), torch.cat(strides)

    @torch.no_grad()
    def unfold(self, batches: Sequence[torch.Tensor]) -> None:
        """Put batch normalisation behind every hidden convolution; the function computed stays the same."""
        for _, module, name in list(_hidden_convolutions(self.net)):
            setattr(module, name, _Normalised(getattr(module, name)))
        layers = [layer for layer in self.net.modules() if isinstance(layer, _Normalised)]
        for batch in batches:
            self.net(batch)
        for layer in layers:
            layer.settle()

    def to_onnx(self, path: Path, notes: dict[str, str]) -> None:
        """Write the current values back into the graph this trunk came from."""
        model = copy.deepcopy(self.graph)
        state = _folded(self.net)
        for node in model.graph.node:
            if node.op_type != "Conv":
                continue
            key = _module_name(node, state)
            _set_initialiser(model, node.input[1], state[f"{key}.weight"].numpy())
            _set_initialiser(model, node.input[2], state[f"{key}.bias"].numpy())
        helper.set_model_props(model, notes)
        onnx.checker.check_model(model)
        path.parent.mkdir(parents=True, exist_ok=True)
        onnx.save(model, str(path))


class _Normalised(torch.nn.Module):
    """A convolution with its batch normalisation apart. First it measures its own output, then :meth:`settle`."""

    def __init__(self, conv: torch.nn.Conv2d) -> None:
        super().__init__()
        norms = conv.weight.flatten(1).norm(dim=1).clamp(min=1e-8)
        assert conv.bias is not None
        self.conv = conv
        self.old_bias = conv.bias.detach().clone()
        self.old_norms = norms.detach().clone()
        conv.bias = None
        conv.weight.copy_(conv.weight / norms[:, None, None, None])
        self.bn = torch.nn.BatchNorm2d(conv.out_channels, eps=1e-3, momentum=0.03)
        self.measured: list[torch.Tensor] | None = []

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.conv(maps)
        if self.measured is None:
            normalised: torch.Tensor = self.bn(out)
            return normalised
        flat = out.float().transpose(0, 1).flatten(1)
        self.measured.append(torch.stack([flat.mean(1), flat.square().mean(1)]))
        as_it_was: torch.Tensor = out * self.old_norms[:, None, None] + self.old_bias[:, None, None]
        return as_it_was

    def settle(self) -> None:
        mean, square = torch.stack(self.measured or []).mean(0)
        variance = (square - mean**2).clamp(min=0)
        running_mean, running_var = self._running()
        running_mean.copy_(mean)
        running_var.copy_(variance)
        self.bn.weight.copy_((variance + self.bn.eps).sqrt() * self.old_norms)
        self.bn.bias.copy_(self.old_bias + mean * self.old_norms)
        self.measured = None

    def folded(self) -> tuple[torch.Tensor, torch.Tensor]:
        running_mean, running_var = self._running()
        gain = self.bn.weight / (running_var + self.bn.eps).sqrt()
        weight = self.conv.weight * gain[:, None, None, None]
        return weight.detach(), (self.bn.bias - running_mean * gain).detach()

    def _running(self) -> tuple[torch.Tensor, torch.Tensor]:
        mean, variance = self.bn.running_mean, self.bn.running_var
        assert mean is not None
        assert variance is not None
        return mean, variance


def _hidden_convolutions(net: torch.nn.Module) -> Iterator[tuple[str, torch.nn.Module, str]]:
    for name, module in net.named_modules():
        if isinstance(module, torch.nn.Conv2d) and "_preds" not in name:
            parent, _, own = name.rpartition(".")
            yield name, net.get_submodule(parent), own


def _folded(net: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Weight and bias by the name of the convolution in the published graph."""
    state: dict[str, torch.Tensor] = {}
    for name, module in net.named_modules():
        if isinstance(module, _Normalised):
            state[f"{name}.weight"], state[f"{name}.bias"] = module.folded()
        elif isinstance(module, torch.nn.Conv2d) and not name.endswith(".conv"):
            assert module.bias is not None
            state[f"{name}.weight"], state[f"{name}.bias"] = module.weight.detach(), module.bias.detach()
    return state


def _module_name(node: onnx.NodeProto, state: dict[str, torch.Tensor]) -> str:
    for name in (node.name, node.name.replace("_", "/"), node.name.replace("/", "_")):
        if f"{name}.weight" in state:
            return str(name)
    raise KeyError(node.name)


def _join_silu(net: torch.fx.GraphModule) -> None:
    """x * sigmoid(x) as one operation: less traffic through memory when training on a CPU, and the same result."""
    graph = net.graph
    for product in list(graph.nodes):
        if product.op != "call_module" or len(product.args) != 2:
            continue
        for value, gate in (product.args, product.args[::-1]):
            if not isinstance(gate, torch.fx.Node) or gate.op != "call_module" or gate.args != (value,):
                continue
            if isinstance(net.get_submodule(str(gate.target)), torch.nn.Sigmoid):
                with graph.inserting_after(product):
                    joined = graph.call_function(torch.nn.functional.silu, (value,))
                product.replace_all_uses_with(joined)
                graph.erase_node(product)
                if not gate.users:
                    graph.erase_node(gate)
                break
    graph.lint()
    net.recompile()


def _drop_unused(model: onnx.ModelProto) -> None:
    """Remove the nodes no output needs any more."""
    needed = {item.name for item in model.graph.output}
    keep = []
    for node in reversed(model.graph.node):
        if needed.intersection(node.output):
            keep.append(node)
            needed.update(node.input)
    del model.graph.node[:]
    model.graph.node.extend(reversed(keep))
    unused = [item for item in model.graph.initializer if item.name not in needed]
    for item in unused:
        model.graph.initializer.remove(item)


def boxes_of(raw: torch.Tensor, grid: torch.Tensor, stride: torch.Tensor) -> torch.Tensor:
    """Corners ``[..., 4]`` in pixels of raw predictions ``[..., A, 5+C]``."""
    centre = (raw[..., :2] + grid) * stride[:, None]
    half = torch.exp(raw[..., 2:4].clamp(max=8)) * stride[:, None] / 2
    return torch.cat([centre - half, centre + half], -1)


def box_iou(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Intersection over union of boxes ``[..., 4]``, one by one."""
    low = torch.maximum(first[..., :2], second[..., :2])
    high = torch.minimum(first[..., 2:], second[..., 2:])
    inter = (high - low).clamp(min=0).prod(-1)
    areas = (first[..., 2:] - first[..., :2]).prod(-1) + (second[..., 2:] - second[..., :2]).prod(-1)
    return inter / (areas - inter).clamp(min=1e-6)
