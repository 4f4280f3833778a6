from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bachd.training.corpus.cache import cache_folder, cached


@pytest.mark.parametrize("damage", [b"", b'[{"name": "a"', b"\xff\xfe", b'{"name": "a"}', b"[1]"])
def test_the_cache_saves_the_work_and_is_made_anew_when_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: bytes
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    made = []

    def make() -> list[dict[str, Any]]:
        made.append(1)
        return [{"name": "a"}]

    assert cached("rows", make) == cached("rows", make) == [{"name": "a"}]
    assert len(made) == 1
    (cache_folder() / "rows.json").write_bytes(damage)
    assert cached("rows", make) == cached("rows", make) == [{"name": "a"}]
    assert len(made) == 2
    assert [file.name for file in cache_folder().iterdir()] == ["rows.json"]
