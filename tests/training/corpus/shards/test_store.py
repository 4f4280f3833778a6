from __future__ import annotations

import logging
import os
import pickle
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tqdm", reason="needs the extra 'train'")
pytest.importorskip("pyarrow", reason="needs the extra 'train'")
from bachd import atomic_file
from bachd.music.event import parse_line
from bachd.music.metre import Grid, Metre
from bachd.music.piece import Piece
from bachd.training.corpus import folder, sources
from bachd.training.corpus.model import CorpusError, Work, digest, drop_duplicates
from bachd.training.corpus.related import row_hashes
from bachd.training.corpus.shards import mapped, readers, store
from bachd.training.corpus.shards.store import Store
from tests.training.corpus.works import put

PATIENCE = 120.0
"""Seconds that another process may take on a busy machine."""
EVENTS = parse_line("C4.E4 ~C4.F4:0.5 R:3 C0.G8:0.25")
ROW: dict[str, Any] = {
    "name": "a",
    "events": [[event.starts, event.held, event.ticks] for event in EVENTS],
    "changes": [[0, 3, 8], [36, 2, 4]],
    "upbeat": 6,
    "melodies": [list(range(40, 70))],
    "title": "A",
    "credit": "CC0",
    "touched": {"grace": 2},
}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def shard(place: Path) -> Path:
    (found,) = place.rglob("*.arrow")
    return found


def test_what_is_read_back_is_what_was_kept(tmp_path: Path) -> None:
    Store(tmp_path).add([store.pack("x", ROW), store.pack("y", {"name": "b", "dropped": "no notes"})])
    kept = Store(tmp_path)
    assert "x" in kept
    assert "z" not in kept
    entry = kept["x"]
    assert (entry.title, entry.credit, entry.touched, entry.dropped) == ("A", "CC0", {"grace": 2}, None)
    piece = entry.piece("other/name")
    assert (piece.name, piece.events) == ("other/name", EVENTS)
    assert piece.grid == Grid(((0, Metre(3, 8)), (36, Metre(2, 4))), 6)
    assert piece.ticks == sum(event.ticks for event in EVENTS)
    assert entry.rows().tolist() == row_hashes(ROW["melodies"]).tolist()
    assert kept["y"].dropped == "no notes"


def test_a_stored_piece_equals_itself_goes_to_other_processes_and_is_told_by_its_music(tmp_path: Path) -> None:
    kept = Store(tmp_path)
    other = [[[60], [], 24]]
    kept.add([store.pack("x", ROW), store.pack("y", ROW | {"upbeat": 0}), store.pack("z", ROW | {"events": other})])
    piece = kept["x"].piece("a")
    assert pickle.loads(pickle.dumps(piece)) == piece
    digests = [digest(kept[key].piece("a")) for key in "xyz"]
    assert len(set(digests)) == 3
    assert digest(kept["x"].piece("b")) == digests[0]
    assert digest(kept["x"].piece("b"), [24]) != digests[0]
    assert digest(Piece("a", EVENTS, Grid())) == digest(Piece("b", EVENTS, Grid())) != digest(Piece("a", (), Grid()))
    works = [Work(kept[key].piece(name), "a", "train") for key, name in zip("xyz", "abc", strict=True)]
    single, copies = drop_duplicates(works)
    assert [work.piece.name for work in single] == ["a", "c"]
    assert copies == (("b", "has the notes of a"),)


@pytest.mark.parametrize("fault", ["cut", "changed", "other"])
def test_a_shard_that_is_no_good_is_named_and_its_works_are_read_again(
    tmp_path: Path, cache: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    for number in range(4):
        put(tmp_path / "music", f"piece-{number}", number)
    if fault == "other":
        with monkeypatch.context() as patch:
            patch.setattr(store, "_SCHEMA", store._SCHEMA.with_metadata({"bachd": "1"}))
            sources.load(tmp_path / "music")
    before = sources.load(tmp_path / "music")
    file = shard(cache)
    data = bytearray(file.read_bytes())
    file.unlink()  # what is mapped into memory here stays as it was
    mapped.opened.cache_clear()
    if fault == "cut":
        del data[len(data) // 2 :]
    elif fault == "changed":
        data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with caplog.at_level(logging.WARNING):
        assert sources.load(tmp_path / "music") == before
    said = [record.getMessage() for record in caplog.records]
    (line,) = [line for line in said if ".arrow" in line]
    assert ("another version" if fault == "other" else "is damaged") in line
    assert "read again" in line


def test_many_shards_of_another_version_are_one_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "_SCHEMA", store._SCHEMA.with_metadata({"bachd": "1"}))
        for key in "abc":
            Store(tmp_path).add([store.pack(key, ROW)])
            for file in tmp_path.glob("*.arrow"):
                file.rename(file.with_suffix(".kept"))
    for file in tmp_path.glob("*.kept"):
        file.rename(file.with_suffix(".arrow"))
    with caplog.at_level(logging.WARNING):
        kept = Store(tmp_path)
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.endswith("and 2 more are of another version of bachd: their works are read again")
    assert not any(key in kept for key in "abc")
    assert not list(tmp_path.iterdir())


def test_a_shard_that_is_cut_short_while_it_is_used_is_named(tmp_path: Path, cache: Path) -> None:
    for number in range(4):
        put(tmp_path / "music", f"piece-{number}", number)
    found = sources.load(tmp_path / "music")
    events = [work.piece.events for work in found.works]
    store._decoded.cache_clear()
    os.truncate(shard(cache), 100)
    with ProcessPoolExecutor(1) as other:  # a SIGBUS would end this process
        fault = other.submit(first_events, found.works[0].piece).exception(PATIENCE)
    assert isinstance(fault, CorpusError)
    assert str(shard(cache)) in str(fault)
    assert "to 100 of" in str(fault)
    mapped.opened.cache_clear()
    assert [work.piece.events for work in sources.load(tmp_path / "music").works] == events


def first_events(piece: Piece) -> int:
    return len(piece.events)


def test_only_what_is_new_or_has_changed_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(6):
        put(tmp_path / "music", f"piece-{number}", number)
    first = sources.load(tmp_path / "music")
    asked: list[str] = []
    here = readers.here

    def reader(files: Any) -> Any:
        asked.extend(each.name for each in files)
        return here(files)

    monkeypatch.setattr(readers, "here", reader)
    put(tmp_path / "music", "piece-3", 77)
    put(tmp_path / "music", "piece-7", 7)
    (tmp_path / "music/piece-5.mid").rename(tmp_path / "music/moved.mid")
    second = sources.load(tmp_path / "music")
    assert asked == ["piece-3", "piece-7"]
    names = [work.piece.name for work in second.works]
    assert names == ["moved", *(f"piece-{number}" for number in (0, 1, 2, 3, 4, 7))]
    events = {work.piece.name: work.piece.events for work in first.works}
    assert second.works[0].piece.events == events["piece-5"]
    assert second.works[4].piece.events != events["piece-3"]


def test_shards_of_which_nothing_is_wanted_are_removed(tmp_path: Path, cache: Path) -> None:
    for number in range(3):
        put(tmp_path / "music", f"piece-{number}", number)
    sources.load(tmp_path / "music")
    before = shard(cache)
    for number in range(3):
        put(tmp_path / "music", f"piece-{number}", 10 + number)
    sources.load(tmp_path / "music")
    assert shard(cache) != before


def test_what_was_read_before_the_disk_was_full_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(9):
        put(tmp_path / "music", f"piece-{number}", number)
    monkeypatch.setattr(folder, "AT_ONCE", 3)
    replace, calls = atomic_file.replace, iter(range(99))

    def fills(path: Path, data: bytes) -> None:
        if next(calls) == 2:
            raise OSError(28, "No space left on device")
        replace(path, data)

    with monkeypatch.context() as patch:
        patch.setattr(atomic_file, "replace", fills)
        with pytest.raises(CorpusError, match=r"No space left on device\); 6 of 9 files are kept"):
            sources.load(tmp_path / "music")
    asked: list[str] = []
    here = readers.here

    def reader(files: Any) -> Any:
        asked.extend(each.name for each in files)
        return here(files)

    monkeypatch.setattr(readers, "here", reader)
    assert len(sources.load(tmp_path / "music").works) == 9
    assert len(asked) == 3
