"""Names torchvision's compiled operators, so that the CUDA build of torchvision imports beside a CPU build of torch.

The wheel on PyPI is built against CUDA; beside CPU torch its shared library does not load, and its import then stops at
the first ``register_fake("torchvision::nms")``. EasyOCR and onnx2torch import torchvision without ever calling these
operators, so it is enough that their schemas exist. Call :func:`define_missing` before the first torchvision import.
"""

from __future__ import annotations

from typing import Any

_ROI = "Tensor input, Tensor rois, float spatial_scale, SymInt pooled_height, SymInt pooled_width"
_GRAD = (
    "Tensor grad, Tensor rois, {maps}float spatial_scale, SymInt pooled_height, SymInt pooled_width{extra}, "
    "SymInt batch_size, SymInt channels, SymInt height, SymInt width{tail}"
)
_DEFORM = (
    ", SymInt stride_h, SymInt stride_w, SymInt pad_h, SymInt pad_w, SymInt dilation_h, SymInt dilation_w, "
    "SymInt groups, SymInt offset_groups, bool use_mask)"
)
_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    f"qroi_align({_ROI}, int sampling_ratio, bool aligned) -> Tensor",
    f"roi_align({_ROI}, int sampling_ratio, bool aligned) -> Tensor",
    f"roi_pool({_ROI}) -> (Tensor, Tensor)",
    f"ps_roi_align({_ROI}, int sampling_ratio) -> (Tensor, Tensor)",
    f"ps_roi_pool({_ROI}) -> (Tensor, Tensor)",
    f"_roi_align_backward({_GRAD.format(maps='', extra='', tail=', int sampling_ratio, bool aligned')}) -> Tensor",
    f"_roi_pool_backward({_GRAD.format(maps='Tensor argmax, ', extra='', tail='')}) -> Tensor",
    f"_ps_roi_align_backward({_GRAD.format(maps='Tensor m, ', extra=', int sampling_ratio', tail='')}) -> Tensor",
    f"_ps_roi_pool_backward({_GRAD.format(maps='Tensor m, ', extra='', tail='')}) -> Tensor",
    f"deform_conv2d(Tensor input, Tensor weight, Tensor offset, Tensor mask, Tensor bias{_DEFORM} -> Tensor",
    "_deform_conv2d_backward(Tensor grad, Tensor input, Tensor weight, Tensor offset, Tensor mask, Tensor bias"
    f"{_DEFORM} -> (Tensor, Tensor, Tensor, Tensor, Tensor)",
)

_held: list[Any] = []


def define_missing() -> None:
    """Define the operators that the installed torchvision could not load; does nothing where it loaded them."""
    if _held:
        return
    import torch

    library = torch.library.Library("torchvision", "FRAGMENT")
    _held.append(library)  # the definitions live as long as this object does
    for schema in _SCHEMAS:
        name = schema.split("(", 1)[0]
        if not hasattr(torch.ops.torchvision, name):
            library.define(schema)
