"""How networks are opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.errors import ModelError
from models.runtime import open_model, open_session, session_options


def test_threads_are_fixed_and_sleep_while_they_wait() -> None:
    options = session_options(3)
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (3, 1)
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"


def test_no_threads_is_refused() -> None:
    with pytest.raises(ModelError, match="0 threads"):
        session_options(0)


def test_a_file_that_is_no_network_is_an_error_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"not a network")
    with pytest.raises(ModelError) as caught:
        open_session(path)
    assert caught.value.where == str(path)


@pytest.mark.parametrize(("model_id", "decoder"), [("plate-slots", "corners"), ("second-reader", "easyocr")])
def test_a_model_of_another_decoder_or_runtime_is_refused_before_it_is_misread(model_id: str, decoder: str) -> None:
    with pytest.raises(ModelError, match="decoder") as caught:
        open_model(model_id, decoder=decoder)
    assert model_id in str(caught.value)
    assert caught.value.where.endswith("manifest.yaml")
