"""What may lie where a settings file is expected."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from bachd.errors import ConfigError
from bachd.yamlfile import text


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config.yaml"


def refused(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        text.read(path)
    return str(caught.value).removeprefix(str(path))


@pytest.mark.parametrize(
    ("content", "read"),
    [
        (b"", ""),
        (b"\xef\xbb\xbftempo: 84\r\n", "tempo: 84\r\n"),
        ("# né ☃".encode(), "# né ☃"),
        (b"#" * text.LARGEST, "#" * text.LARGEST),
    ],
)
def test_text_is_read(path: Path, content: bytes, read: str) -> None:
    path.write_bytes(content)
    assert text.read(path) == read


def test_the_null_device_is_an_empty_file(path: Path) -> None:
    path.symlink_to(os.devnull)
    assert text.read(path) == ""


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"tempo: 90\n# caf\xe9", ":2: not UTF-8 text; save the file as UTF-8"),
        ("tempo: 90".encode("utf-16"), ":1: not UTF-8 text; save the file as UTF-8"),
        (b"#" * (text.LARGEST + 1), ": larger than 256 KiB; a settings file has a few lines"),
    ],
)
def test_what_is_no_text_of_a_few_lines_is_refused(path: Path, content: bytes, fault: str) -> None:
    path.write_bytes(content)
    assert refused(path) == fault


def test_what_is_no_file_is_refused_and_never_waited_for(path: Path) -> None:
    assert refused(path) == ": cannot be read: no such file or directory"
    device = ": cannot be read: is a pipe, socket or device, not a file"
    path.mkdir()
    assert refused(path) == ": cannot be read: is a directory"
    path.rmdir()
    os.mkfifo(path)
    assert refused(path) == device
    path.unlink()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        assert refused(path) == device
    path.unlink()
    path.symlink_to("/dev/zero")
    assert refused(path) == device


def test_a_file_of_gigabytes_is_not_read(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 34)
    assert "larger than" in refused(path)


def test_a_pipe_that_takes_the_place_of_the_file_is_not_waited_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text("tempo: 84")
    before = path.stat()
    path.unlink()
    os.mkfifo(path)
    monkeypatch.setattr(Path, "stat", lambda _: before)
    assert refused(path) == ": cannot be read: is a pipe, socket or device, not a file"


def test_a_name_that_a_terminal_would_obey_is_shown_escaped(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\\x1b\[2J\.yaml: cannot be read"):
        text.read(tmp_path / "\x1b[2J.yaml")
