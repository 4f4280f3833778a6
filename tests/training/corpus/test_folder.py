from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import pytest

pytest.importorskip("tqdm", reason="needs the extra 'train'")
pytest.importorskip("pyarrow", reason="needs the extra 'train'")
from bachd.training.corpus import sources
from bachd.training.corpus.model import SPLITS, CorpusError
from bachd.training.corpus.shards import readers
from tests.training.corpus.works import deadly, put, put_score, sides, with_texts


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "music"


def test_a_folder_is_read_with_its_sub_folders_and_split_by_whole_works(folder: Path) -> None:
    for number in range(40):
        put(folder, f"{'cello' if number % 2 else 'flute'}/suite-{number:02}", number)
    found = sources.load(folder)
    assert found.name == "music"
    assert len(found.works) == 40
    assert found.dropped == ()
    assert set(sides(found).values()) == set(SPLITS)
    assert found.works[0].piece.name == "cello/suite-01"
    assert len(found.works[0].piece.events) == 64
    assert sources.load(folder) == found, "from the cache"


def test_what_is_no_music_is_told_with_its_reason_and_costs_only_itself(folder: Path) -> None:
    for number in range(5):
        put(folder, f"piece-{number}", number)
    (folder / "empty.mid").touch()
    (folder / "text.MIDI").write_text("no music")
    (folder / "huge.mid").write_bytes(b"MThd" + bytes(1 << 22))
    (folder / "hidden").mkdir()
    (folder / ".piece.mid").write_text("hidden")
    (folder / "loop").symlink_to(folder)
    (folder / "nowhere.mid").symlink_to(folder / "gone.mid")
    (folder / "notes.txt").write_text("not looked at")
    found = sources.load(folder)
    assert len(found.works) == 5
    reasons = dict(found.dropped)
    assert reasons.keys() == {"empty", "text", "huge"}
    assert "empty" in reasons["empty"]
    assert "MThd" in reasons["text"]
    assert "bytes" in reasons["huge"]


def test_the_same_music_in_another_key_is_on_the_same_side(folder: Path) -> None:
    for number in range(30):
        put(folder, f"a-{number}", number)
        put(folder, f"b-{number}", number, up=5)
    found = sources.load(folder)
    on = sides(found)
    assert all(on[f"a-{number}"] == on[f"b-{number}"] for number in range(30))
    assert len({work.group for work in found.works}) == 30


def test_a_manifest_says_the_sides_the_titles_and_whom_to_thank(folder: Path) -> None:
    for number, name in enumerate(("one", "two", "three", "four", "extra")):
        put(folder, name, number)
    (folder / "MANIFEST.csv").write_text(
        "file,bwv,title,movement,licence,maintainer,source,split,remark\n"
        "one.mid,1,Suite 1,gigue,Public Domain,Ann,web,train,\n"
        "two.mid,2,Suite 2,,CC BY 4.0,Bob,web,valid,\n"
        "three.mid,3,,,CC BY 4.0,Bob,web,test,odd\n"
        "four.mid,1,,,Public Domain,,,optional,\n"
        "gone.mid,9,,,,,,train,\n"
    )
    found = sources.load(folder)
    works = {work.piece.name: work for work in found.works}
    assert {name: works[name].split for name in ("one", "two", "three", "four")} == {
        "one": "train",
        "two": "valid",
        "three": "test",
        "four": "train",
    }
    assert works["one"].group == works["four"].group == "four"
    assert works["one"].title == "Suite 1, gigue"
    assert works["one"].credit == "Ann, web, Public Domain"
    assert found.licences == ("CC BY 4.0", "Public Domain")
    assert found.credit == "Encoded by Ann, Bob"
    assert found.dropped == (("gone", "in MANIFEST.csv, but not in the folder"),)
    assert not found.by_bach, "'extra' has no number in his catalogue"
    (folder / "extra.mid").unlink()
    assert sources.load(folder).by_bach


def test_a_manifest_that_splits_what_belongs_together_loses_the_work_to_train_on(folder: Path) -> None:
    put(folder, "train", 1)
    put(folder, "held", 1, up=3)
    put(folder, "other", 2)
    put(folder, "third", 3)
    (folder / "MANIFEST.csv").write_text(
        "file,split\ntrain.mid,train\nheld.mid,test\nother.mid,valid\nthird.mid,train\n"
    )
    found = sources.load(folder)
    assert sides(found) == {"held": "test", "other": "valid", "third": "train"}
    assert found.dropped == (("train", "shares music with held, which is held out"),)


def test_small_folders_get_three_sides_or_a_plain_answer(folder: Path) -> None:
    for number in range(2):
        put(folder, f"piece-{number}", number)
    with pytest.raises(CorpusError, match=r"too small to split: 2 works.*at least three"):
        sources.load(folder)
    put(folder, "piece-2", 2)
    assert sorted(sides(sources.load(folder)).values()) == ["test", "train", "valid"]


def test_nothing_to_learn_from_is_said_in_one_line(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="is not a folder"):
        sources.load(folder)
    folder.mkdir()
    with pytest.raises(CorpusError, match=r"no music in .*\.mid, \.midi, \.kar, \.rmi, \.krn"):
        sources.load(folder)
    (folder / "broken.mid").write_text("no")
    with pytest.raises(CorpusError, match="no file of music could be read; the first, broken: this is not a MIDI file"):
        sources.load(folder)
    put(folder, "a", 1)
    (folder / "MANIFEST.csv").write_text("file,split\na.mid,tests\n")
    with pytest.raises(CorpusError, match=r"MANIFEST\.csv:2: split: 'tests' is none of train, optional, valid, test"):
        sources.load(folder)
    (folder / "MANIFEST.csv").write_text("name\na.mid\n")
    with pytest.raises(CorpusError, match="no column 'file'"):
        sources.load(folder)


def test_the_cache_follows_the_contents_of_the_files(folder: Path, cache: Path) -> None:
    for number in range(3):
        put(folder, f"piece-{number}", number)
    before = sources.load(folder)
    times = (folder / "piece-0.mid").stat()
    put(folder, "piece-0", 77)
    os.utime(folder / "piece-0.mid", ns=(times.st_atime_ns, times.st_mtime_ns))
    after = sources.load(folder)
    assert after != before
    for shard in [*(cache / "bachd" / "corpora").rglob("*.arrow")]:
        data = shard.read_bytes()
        shard.unlink()  # what is mapped into memory here stays as it was
        shard.write_bytes(data[:100])
    assert sources.load(folder) == after


def test_scores_are_read_with_their_bars_titles_and_rights(folder: Path) -> None:
    pytest.importorskip("music21", reason="needs the extra 'train'")
    full = [("C", 2), ("D", 2), ("E", 2), ("F", 2)]
    put_score(folder, "one.musicxml", [[("G", 2)], full, full, full[:3], [("A", 2)], full, full[:3]])
    put_score(folder, "broken.xml", [])
    (folder / "nothing.krn").write_text("")
    put_score(folder, "century.xml", [[("C", 10**9)]])
    for number in range(2):
        put(folder, f"piece-{number}", number)
    found = sources.load(folder)
    work = next(work for work in found.works if work.piece.name == "one")
    assert work.title == "Bourree"
    assert work.credit == "CC BY 4.0, Ann"
    assert work.piece.grid.upbeat == 24
    assert [tick for tick, _ in work.piece.grid.changes] == [0, 288, 312]
    assert len(work.piece.events) == 20
    assert {name for name, _ in found.dropped} == {"broken", "nothing", "century"}


@pytest.mark.skipif(multiprocessing.get_start_method() != "fork", reason="needs processes that share what is patched")
def test_a_file_that_kills_its_reader_costs_only_itself(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        put(folder, f"piece-{number}", number)
    put(folder, "deadly", 9)
    monkeypatch.setattr(readers, "read", deadly)
    found = sources.load(folder)
    assert len(found.works) == 4
    assert found.dropped == (("deadly", "the process that read it died"),)


def test_what_a_file_says_of_its_origin_is_kept(folder: Path) -> None:
    for number in range(4):
        put(folder, f"piece-{number}", number)
    with_texts(
        folder / "piece-0.mid", (2, "Creative Commons Attribution-ShareAlike 4.0. Typeset by Ann"), (1, "Changed: in C")
    )
    with_texts(
        folder / "piece-1.mid",
        (2, "\xa9 1999 J\xfcrgen\r\nBach"),
        (1, "creator: "),
        (1, "This is in the Public Domain"),
    )
    with_texts(folder / "piece-2.mid", (1, "a prelude"), (3, "piano"))
    (folder / "MANIFEST.csv").write_text("file,licence,maintainer\npiece-1.mid,CC0,\npiece-2.mid,CC BY 4.0,Bob\n")
    credited = {work.piece.name: work.credit for work in sources.load(folder).works}
    assert credited == {
        "piece-0": "Creative Commons Attribution-ShareAlike 4.0. Typeset by Ann; Changed: in C",
        "piece-1": "\xa9 1999 J\xfcrgen Bach; This is in the Public Domain, CC0",
        "piece-2": "Bob, CC BY 4.0",
        "piece-3": "",
    }


def test_names_that_are_no_utf_8_are_shown_with_their_bytes(folder: Path, cache: Path) -> None:
    for number in range(2):
        put(folder, f"piece-{number}", number)
    put(folder, "plain", 2).rename(os.fsdecode(os.fsencode(folder) + b"/Caf\xe9.mid"))
    found = sources.load(folder)
    assert "Caf\\xe9" in sides(found)
    assert all(work.piece.name.isprintable() for work in found.works)
    assert sources.load(folder) == found, "from the cache"


def test_a_performance_of_half_a_megabyte_is_music_and_the_limit_is_told(folder: Path) -> None:
    for number in range(3):
        put(folder, f"piece-{number}", number)
    data = (folder / "piece-0.mid").read_bytes()
    (folder / "piece-0.mid").write_bytes(data[:22] + b"\0\xb0\x01\x40" * 140_000 + data[22:])
    data = (folder / "piece-0.mid").read_bytes()
    length = len(data) - 22
    (folder / "piece-0.mid").write_bytes(data[:18] + length.to_bytes(4) + data[22:])
    (folder / "large.mid").write_bytes(bytes((1 << 22) + 1))
    found = sources.load(folder)
    assert sides(found).keys() == {"piece-0", "piece-1", "piece-2"}
    assert found.dropped == (("large", "the file has more than the 4194304 bytes of a long piece; take a shorter one"),)


def test_a_file_that_is_damaged_is_read_up_to_there_and_counted(folder: Path) -> None:
    for number in range(3):
        file = put(folder, f"piece-{number}", number)
    file.write_bytes(file.read_bytes()[:-40])
    found = sources.load(folder)
    assert len(found.works) == 3
    assert "1 works read up to where their files are damaged" in found.remarks
