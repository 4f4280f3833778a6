from __future__ import annotations

import json
from pathlib import Path

import pytest

from bachd.errors import UsageError
from bachd.music import message, midifile
from bachd.music.event import parse_line
from bachd.music.metre import Grid
from bachd.music.piece import Piece
from bachd.training.corpus.model import Corpus, Work
from bachd.training.export import attribution
from bachd.training.recipe import Seeds
from tests.training.small import work

FREE = "Public Domain. Typeset by Ada. Source: Mutopia Project; compiled to MIDI, repeats not unfolded"
SHARED = "Creative Commons Attribution-ShareAlike 4.0. Typeset by Ben. Source: Mutopia Project"


def grouped(name: str, split: str, group: str, credit: str = "") -> Work:
    plain = work(name, split, 0, credit)
    return Work(plain.piece, group, split, credit, plain.title)


def corpus(*works: Work) -> Corpus:
    return Corpus("small", works, (), "", ())


def test_seeds_are_the_well_known_then_one_of_each_group_in_turn() -> None:
    music = corpus(
        grouped("known", "train", "g"),
        grouped("other", "train", "g"),
        grouped("a/1", "test", "a"),
        grouped("a/2", "test", "a"),
        grouped("b/3", "valid", "b"),
    )
    assert list(attribution.seeds(music, Seeds(count=3, first=("known",)))) == ["1", "3", "known"]
    assert list(attribution.seeds(music, Seeds(first=("known",)))) == ["1", "2", "3", "known"]


def test_a_held_out_piece_that_is_named_takes_one_place() -> None:
    music = corpus(grouped("a/1", "test", "a"), grouped("b/2", "test", "b"), grouped("c/3", "train", "c"))
    assert list(attribution.seeds(music, Seeds(count=2, first=("a/1", "c/3")))) == ["1", "3"]
    assert list(attribution.seeds(music, Seeds(first=("a/1",)))) == ["1", "2"]


def test_seeds_that_begin_in_the_key_of_their_end_come_before_those_that_do_not() -> None:
    home, away = "C4 E4 G4 C5 G4 E4 D4 B3 C4:8 ", "F#4 A#4 C#5 F#5 C#5 A#4 G#4 F4 F#4:8 "
    music = corpus(
        Work(Piece("a", parse_line(away + home * 9), Grid()), "a", "test"),
        Work(Piece("b", parse_line(home * 10), Grid()), "b", "test"),
    )
    assert list(attribution.seeds(music, Seeds(count=1))) == ["b"]
    assert list(attribution.seeds(music, Seeds(count=1, first=("a",)))) == ["a"]


def test_seeds_of_one_name_in_two_folders_keep_both() -> None:
    music = corpus(grouped("a/1", "test", "a"), grouped("b/1", "test", "b"), grouped("b/2", "test", "b"))
    assert list(attribution.seeds(music, Seeds())) == ["2", "a-1", "b-1"]


def test_seeds_may_be_of_the_public_domain_alone() -> None:
    music = corpus(grouped("a", "test", "a", FREE), grouped("b", "test", "b", SHARED), grouped("c", "test", "c"))
    assert list(attribution.seeds(music, Seeds(public_domain_only=True))) == ["a"]
    with pytest.raises(UsageError, match="public_domain_only"):
        attribution.seeds(corpus(grouped("b", "test", "b", SHARED)), Seeds(public_domain_only=True))
    with pytest.raises(UsageError, match=r"seeds\.first: corpus small has no z"):
        attribution.seeds(music, Seeds(first=("z",)))


def test_what_learned_from_shared_encodings_is_shared_alike() -> None:
    assert attribution.licence([work("a", "train", credit=FREE), work("b", "train", credit=SHARED)]).startswith(
        "CC BY-SA 4.0"
    )
    assert attribution.licence([work("a", "train", credit=FREE)]).startswith("MIT")
    assert attribution.licence([work("a", "train", credit="CC BY 4.0, Ann")]).startswith("MIT")
    assert attribution.licence([work("a", "train", credit="(c) Ann, licensed under CC BY-SA 3.0")]).startswith(
        "CC BY-SA"
    )


@pytest.mark.parametrize("credit", ["", "(c) 1994 Tune 1000", "Sequenced by Bob"])
def test_no_licence_is_claimed_for_music_that_names_none(credit: str) -> None:
    works = [work("a", "train", credit=FREE), work("b", "train", credit=credit)]
    told = attribution.licence(works)
    assert told.startswith("unknown: 1 of 2 pieces")
    assert "MIT" not in told
    assert "public domain" not in told
    assert "public domain" not in attribution.credit([work("b", "train", credit=credit)], "").lower()
    assert attribution.licence([work("a", "train")], all_known=True).startswith("MIT"), "as of music21's chorales"


@pytest.mark.parametrize("credit", ["CC BY-NC-SA 4.0", "Attribution-NonCommercial 3.0", "(c) Ann, all rights reserved"])
def test_what_forbids_passing_on_is_said_before_all_else(credit: str) -> None:
    assert attribution.licence([work("a", "train", credit=credit), work("b", "train")]).startswith(
        "not to be passed on"
    )
    assert not attribution._is_free(f"{credit}; the composition is in the public domain")


def test_a_card_says_how_many_pieces_name_nobody() -> None:
    works = [work("a", "train", credit=FREE), work("b", "train")]
    assert (
        attribution.credit(works, "")
        == "encodings by those whom CREDITS.txt names piece by piece; 1 of 2 pieces name nobody"
    )
    assert attribution.credit(works[1:], "").startswith("nobody")
    assert attribution.credit(works[1:], "Encoded by Ann") == "Encoded by Ann"


def test_the_licences_of_all_bundles_stand_in_one_file(tmp_path: Path) -> None:
    for name, credit in (("two", SHARED), ("one", "")):
        (tmp_path / name).mkdir()
        card = {
            "name": name,
            "description": f"Music {name}",
            "licence": attribution.licence([work("a", "train", credit=credit)], all_known=not credit),
            "data": {"credit": "made by people"},
            "seeds": {"a": {"file": "seeds/a.mid", **({"credit": credit} if credit else {})}},
            "files": {attribution.FILE: "0"} if credit else {},
        }
        (tmp_path / name / "card.json").write_text(json.dumps(card))
    text = attribution.licences(tmp_path)
    assert text.index("## one") < text.index("## two")
    assert f"- Seed a: {SHARED}" in text
    assert "[two/CREDITS.txt](two/CREDITS.txt)" in text
    assert "CC BY-SA 4.0" in text
    assert "MIT (graphs and card)" in text


def test_what_files_say_reaches_the_credits_and_the_licence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyarrow", reason="needs the extra 'train'")
    pytest.importorskip("tqdm", reason="needs the extra 'train'")
    from bachd.training.corpus import sources

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    files = (("one", SHARED, "C4 D4 E4 F4"), ("two", SHARED, "C4 E4 G4 B4"), ("three", FREE, "C4 A4 F4 A4"))
    for name, notice, line in files:
        piece = Piece(name, parse_line(line), Grid())
        data = midifile.write(piece)
        notices = b"\0" + message.meta(2, notice.encode()).data
        length = int.from_bytes(data[18:22]) + len(notices)
        (tmp_path / "music").mkdir(exist_ok=True)
        data = data[:18] + length.to_bytes(4) + notices + data[22:]
        (tmp_path / "music" / f"{name}.mid").write_bytes(data)
    (tmp_path / "music" / "MANIFEST.csv").write_text("file,split\none.mid,train\ntwo.mid,test\nthree.mid,valid\n")
    works = sources.load(tmp_path / "music").works
    told = {found.piece.name: found.credit for found in works}
    assert told["one"] == SHARED
    assert f"one: {SHARED}\n" in attribution.lines(works)
    assert attribution.licence(works).startswith("CC BY-SA")
    assert list(attribution.seeds(corpus(*works), Seeds(public_domain_only=True))) == ["three"]


def test_very_many_works_are_credited_by_their_folders() -> None:
    works = [work(f"songs/{number}", "train", 0, SHARED if number % 2 else FREE) for number in range(1000)]
    assert attribution.lines(works).count("\n") == 1000
    works += [work("top", "train", 0, FREE), work("nobody", "train")]
    said = attribution.lines(works).splitlines()
    assert said == [f"songs/ (500 pieces): {FREE}", f"songs/ (500 pieces): {SHARED}", f"./ (1 pieces): {FREE}"]
