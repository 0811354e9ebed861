"""INT8 of the vehicle detector, measured beside FLOAT32: ``python -m tools.train.quantise --out small.onnx``."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import click
import numpy as np
import onnx
import onnx.version_converter
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from models.detector import YoloxDetector, letterbox
from models.detector_margins import DetectorMargins
from models.runtime import open_session
from tools.train.data import Sample, one_per_likeness
from tools.train.detector import WEIGHTS, dynamic_base
from tools.train.vehicle_eval import average_precision
from tools.train.vehicles import checked, load_split

LONG_SIDE_PX = 416


class Pictures(CalibrationDataReader):  # type: ignore[misc]
    """Training pictures, one at a time."""

    def __init__(self, samples: list[Sample], name: str) -> None:
        self._rest = iter(samples)
        self._name = name

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        sample = next(self._rest, None)
        return None if sample is None else {self._name: letterbox(sample.picture, LONG_SIDE_PX)[0]}


@click.command()
@click.option("--weights", type=click.Path(path_type=Path, exists=True), default=WEIGHTS, show_default=False)
@click.option("--out", type=click.Path(path_type=Path), required=True)
@click.option("--pictures", default=96, show_default=True, help="to calibrate on")
@click.option("--whole/--trunk", default=False, help="the three head outputs too")
def main(weights: Path, out: Path, pictures: int, whole: bool) -> None:
    """Quantise, then print AP50 on the held-back pictures and the time on one thread, before and after."""
    with tempfile.TemporaryDirectory() as folder:
        split = load_split(dynamic_base(Path(folder)))
        chosen = np.random.default_rng(3).choice(len(split.train), pictures, replace=False)
        ready = Path(folder) / "ready.onnx"
        # scales of their own for each channel came with opset 13
        onnx.save(onnx.version_converter.convert_version(onnx.load(str(weights)), 13), str(ready))
        quant_pre_process(str(ready), str(ready), skip_symbolic_shape=True)
        session = open_session(ready)
        quantize_static(
            str(ready),
            str(out),
            Pictures([split.train[i] for i in chosen], session.get_inputs()[0].name),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
            nodes_to_exclude=[] if whole else heads(ready),
        )
    held = checked(one_per_likeness(split.held))
    for name, path in (("FLOAT32", weights), ("INT8", out)):
        detector = YoloxDetector(
            open_session(path, threads=1), margins=DetectorMargins(long_side=LONG_SIDE_PX, min_score=0.01)
        )
        cells = "  ".join(f"{kind} {ap:.3f}" for kind, (ap, n) in average_precision(detector, held).items() if n)
        frame = held[0].picture
        spent = []
        for _ in range(40):
            began = time.perf_counter()
            detector.detect(frame)
            spent.append((time.perf_counter() - began) * 1e3)
        size = path.stat().st_size / 2**20
        click.echo(
            f"{name:8s} AP50 at {LONG_SIDE_PX} px {cells}  {np.median(spent):.1f} ms on one thread  {size:.1f} MiB"
        )


def heads(graph: Path) -> list[str]:
    """The last convolutions and all that follows them: boxes and scores, where a step of 1/255 costs most."""
    nodes = onnx.load(str(graph)).graph.node
    return [n.name for n in nodes if "preds" in " ".join(n.input) or n.op_type in ("Sigmoid", "Concat", "Reshape")]


if __name__ == "__main__":
    main()
