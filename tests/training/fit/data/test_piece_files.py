from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from bachd.music.event import parse_line
from bachd.music.form import written
from bachd.music.metre import Grid, Metre
from bachd.music.piece import Piece
from bachd.training.disk import DiskError
from bachd.training.fit.data import piece_files
from bachd.training.fit.data.records import CutShortError, Packed, pack
from bachd.training.fit.data.stream import as_written, batches

PATIENCE = 120.0
"""Seconds that another process may take on a busy machine."""
PIECES = [
    Piece(
        f"{number}", parse_line("C4.E4 R D4.~E4:0.5 C4:1.5") * (1 + number % 7), Grid(((0, Metre(3 + number % 3, 4)),))
    )
    for number in range(10)
]


def rows(packed: Packed) -> list[bytes]:
    found = batches(packed, as_written(packed), batch_size=9, crop_length=8)
    return [array.tobytes() for batch in found for array in (batch.rows, batch.symbols, batch.notes, batch.lengths)]


def made(folder: Path, of: str = "these", pieces: list[Piece] = PIECES) -> Packed:
    return piece_files.packed(folder, of, [(piece, ()) for piece in pieces], melodies=True)


@pytest.mark.parametrize("few", [0, 99])
def test_what_is_read_from_files_is_what_was_packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    monkeypatch.setattr(piece_files, "_CHUNK", 4)
    monkeypatch.setattr(piece_files, "_FEW", few)  # whether processes pack them
    found = made(tmp_path / "files")
    wanted = pack([(piece, written.of(piece)) for piece in PIECES], melodies=True)
    assert rows(found) == rows(wanted)
    assert (found.first == wanted.first).all()
    assert (found.room == wanted.room).all()
    assert isinstance(found.records, np.memmap)


def test_they_are_packed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = rows(made(tmp_path / "files"))
    monkeypatch.setattr(piece_files, "_write", None)
    assert rows(made(tmp_path / "files")) == first


@pytest.mark.parametrize("change", ["emptied", "one bit", "removed"])
@pytest.mark.parametrize("name", ["records", "notes", "first.npy", "places.npy", "index.json"])
def test_damaged_files_are_named_and_made_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, change: str
) -> None:
    first = rows(made(tmp_path / "files"))
    assert not caplog.records, "that they are not there yet is no damage"
    file = tmp_path / "files" / name
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.unlink()  # what is mapped into memory here stays as it was
    if change != "removed":
        file.write_bytes(data if change == "one bit" else b"")
    assert rows(made(tmp_path / "files")) == first
    (said,) = [record.getMessage() for record in caplog.records]
    assert said == f"{tmp_path / 'files'} is damaged: it is made again"
    assert [file.name for file in tmp_path.iterdir()] == ["files"], "nothing is left beside them"


def test_files_of_other_pieces_are_made_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    first = rows(made(tmp_path / "files"))
    assert rows(made(tmp_path / "files", "others", PIECES[:3])) != first
    assert rows(made(tmp_path / "files")) == first
    assert not caplog.records


@pytest.mark.parametrize("name", ["records", "notes"])
def test_files_that_are_cut_short_while_they_are_read_are_named(tmp_path: Path, name: str) -> None:
    with ProcessPoolExecutor(1) as other:  # a SIGBUS would end this process
        fault = other.submit(cut_in_the_middle, tmp_path / "files", name).exception(PATIENCE)
    assert isinstance(fault, CutShortError)
    assert str(tmp_path / "files" / name) in str(fault)
    assert "to 0 of" in str(fault)
    assert rows(made(tmp_path / "files")) == rows(made(tmp_path / "others"))


def cut_in_the_middle(folder: Path, name: str) -> None:
    packed = made(folder)
    for _ in batches(packed, as_written(packed), batch_size=1, crop_length=8):
        os.truncate(folder / name, 0)


def test_a_full_disk_leaves_nothing_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(DiskError, match=f"{tmp_path}/files: cannot be written .No space left") as fault:
        made(tmp_path / "files")
    assert "\n" not in str(fault.value)
    assert list(tmp_path.iterdir()) == []


def test_workers_that_pack_the_same_pieces_at_once_get_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as workers:
        for number in range(10):
            found = list(workers.map(lambda _, folder=tmp_path / str(number): rows(made(folder)), range(8)))
            assert all(each == found[0] for each in found)
