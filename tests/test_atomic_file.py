"""A file that is replaced in one step."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from bachd import atomic_file


def test_a_file_is_made_and_replaced_with_the_rights_that_it_has(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    atomic_file.replace(path, b"one", mode=0o600)
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    atomic_file.replace(path, b"two")
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_leads_to_the_file_that_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    path = tmp_path / "config.yaml"
    path.symlink_to("etc/config.yaml")
    atomic_file.replace(path, b"one")
    assert path.is_symlink()
    assert (tmp_path / "etc/config.yaml").read_bytes() == b"one"


def test_what_a_power_cut_left_is_removed_and_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    victim, path = tmp_path / "victim", tmp_path / "config.yaml"
    victim.write_bytes(b"precious")
    (tmp_path / ".config.yaml.new").symlink_to(victim)
    atomic_file.replace(path, b"one")
    assert (victim.read_bytes(), path.read_bytes()) == (b"precious", b"one")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["config.yaml", "victim"]


def test_where_it_cannot_be_replaced_the_old_file_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError("no space left on device")

    path = tmp_path / "config.yaml"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space left"):
        atomic_file.replace(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


_WRITER = """
import sys
from pathlib import Path
from bachd import atomic_file
for number in range(100):
    atomic_file.replace(Path(sys.argv[1]), 3000 * sys.argv[2].encode())
"""


def test_several_processes_that_replace_one_file_leave_one_of_them_whole(tmp_path: Path) -> None:
    path = tmp_path / "token"
    atomic_file.replace(path, 3000 * b"a")
    writers = [subprocess.Popen([sys.executable, "-c", _WRITER, path, letter]) for letter in "abc"]
    try:
        while any(writer.poll() is None for writer in writers):
            content = path.read_bytes()
            assert len(content) == 3000
            assert len(set(content)) == 1
    finally:
        for writer in writers:
            writer.kill()
            writer.wait()
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    assert list(tmp_path.iterdir()) == [path]


def test_what_an_interrupted_call_left_is_not_read_on(tmp_path: Path) -> None:
    (tmp_path / ".config.yaml.new").write_bytes(b"longer than what is written now")
    atomic_file.replace(tmp_path / "config.yaml", b"short")
    assert (tmp_path / "config.yaml").read_bytes() == b"short"


def test_another_program_writes_a_file_of_the_same_name_that_takes_its_place_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "score.mid"
    path.write_bytes(b"old")
    with atomic_file.replacing(path) as new:
        assert (new.name, new.exists()) == ("score.mid", False)
        new.write_bytes(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    with suppress(RuntimeError), atomic_file.replacing(path) as new:
        new.write_bytes(b"half")
        raise RuntimeError
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]
