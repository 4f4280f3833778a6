"""Settings files beside a bundle of their own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from bachd.configfile import load
from bachd.errors import ConfigError
from bachd.neural import features

Write: TypeAlias = Callable[[str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes config.yaml beside a bundle named `tiny` and makes that folder the working directory."""
    monkeypatch.chdir(tmp_path)
    files = dict.fromkeys(("trunk.tflite", "head.tflite", "seeds/a.mid", "seeds/b.mid"), "0" * 64)
    card: dict[str, Any] = {
        "format": 1,
        "name": "tiny",
        "description": "for tests",
        "fingerprint": features.FINGERPRINT,
        "context": features.CONTEXT,
        "files": files,
        "seeds": {"bwv269": {"file": "seeds/a.mid"}, "bwv66.6": {"file": "seeds/b.mid"}},
        "default_seed": "bwv269",
        "range": [36, 81],
        "bpm": 84,
    }
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny/card.json").write_text(json.dumps(card))

    def write(content: str | bytes) -> Path:
        Path("config.yaml").write_bytes(content.encode() if isinstance(content, str) else content)
        return Path("config.yaml")

    return write


def faults(path: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert caught.value.exit_code == 78
    return str(caught.value).splitlines()
