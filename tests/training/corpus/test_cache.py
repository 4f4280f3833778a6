from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from bachd.training.corpus.cache import cache_folder, cached
from tests.training.full_disk import no_file_beyond


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


def test_a_cache_that_cannot_be_written_costs_only_the_time_to_parse_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with caplog.at_level(logging.WARNING):
        assert cached("rows", lambda: [{"name": "a"}]) == [{"name": "a"}]
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"{tmp_path}/file/bachd/rows.json cannot be written (")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "full"))
    with no_file_beyond(10):
        assert cached("rows", lambda: [{"name": "a"}]) == [{"name": "a"}]
    assert not list((tmp_path / "full" / "bachd").iterdir())
