from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.pi import power


def test_what_the_next_boot_is_to_know_is_whole_whenever_the_power_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "power.json"
    monkeypatch.setattr(power, "_KEPT", kept)
    power.State([90], "before").keep()

    def fail(path: Path, text: str) -> None:
        path.write_bytes(text[:9].encode())
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_text", fail)
    with pytest.raises(KeyboardInterrupt):
        power.State([90, 91], "after").keep()
    assert json.loads(kept.read_bytes())["tempos"] == [90]
