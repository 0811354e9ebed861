"""One way to open an ONNX file: few threads, no spinning, so that several cameras share a small machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import onnxruntime as ort

from models import manifest
from models.errors import ModelError

DEFAULT_THREADS = 2
RUNTIME = "onnxruntime"


def session_options(threads: int = DEFAULT_THREADS) -> ort.SessionOptions:
    """Fixed intra-op threads, one inter-op thread, waiting threads sleep instead of spinning."""
    if threads < 1:
        raise ModelError(f"{threads} threads", where="session options", remedy="ask for at least one thread")
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return options


def open_session(
    path: Path, *, threads: int = DEFAULT_THREADS, providers: Sequence[str] = ("CPUExecutionProvider",)
) -> ort.InferenceSession:
    """Open ``path``; a file that is not a usable network becomes a :class:`ModelError`."""
    try:
        return ort.InferenceSession(str(path), session_options(threads), providers=list(providers))
    except Exception as error:  # onnxruntime raises a family of its own without a common base
        raise ModelError(
            f"onnxruntime cannot open the network: {error}",
            where=str(path),
            remedy="fetch the file again and compare its digest with models/manifest.yaml",
        ) from error


def open_model(model_id: str, *, decoder: str, threads: int = DEFAULT_THREADS) -> ort.InferenceSession:
    """Open the model that the manifest names for this runtime and the caller's decoder, digest checked."""
    found = manifest.resolve_for(model_id, runtime=RUNTIME, decoder=decoder)
    return open_session(found.path, threads=threads)
