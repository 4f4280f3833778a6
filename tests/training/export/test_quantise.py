"""What the converter prints."""

from __future__ import annotations

import os

import pytest

pytest.importorskip("tensorflow", reason="needs the extra 'train'")


@pytest.mark.filterwarnings("ignore")  # TensorFlow's own
def test_what_is_printed_is_shown_only_with_a_fault(capfd: pytest.CaptureFixture[str]) -> None:
    from bachd.training.export.quantise import _held_back_stderr

    with _held_back_stderr():
        os.write(2, b"fully_quantize: 0\n")
    os.write(2, b"after\n")
    shown = capfd.readouterr().err
    assert shown.endswith("after\n")
    assert "fully_quantize" not in shown

    def fail() -> None:
        with _held_back_stderr():
            os.write(2, b"why\n")
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        fail()
    assert "why" in capfd.readouterr().err
