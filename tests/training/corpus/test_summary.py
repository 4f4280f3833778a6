from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("tqdm", reason="needs the extra 'train'")
from bachd.errors import UsageError
from bachd.music.event import parse_line
from bachd.music.metre import Grid
from bachd.music.piece import Piece
from bachd.training.corpus import summary
from bachd.training.corpus.model import Corpus, Work


@pytest.fixture
def corpus() -> Corpus:
    def work(name: str, split: str, events: str, upbeat: int = 0) -> Work:
        return Work(Piece(name, parse_line(events), Grid(upbeat=upbeat)), name[0], split)

    works = (
        work("a1", "train", "C4.E4 ~C4.F4:0.5 G4:0.5 R:2", 24),
        work("a2", "train", "C4.E4.G4:3 C4"),
        work("b", "valid", "C4"),
        work("c", "test", "C5"),
    )
    dropped = (("x", "no notes"), *((f"y{number}", "broken") for number in range(7)))
    return Corpus("songs", works, dropped, "", ("CC BY 4.0",), ("5 grace notes folded away",))


def test_a_side_is_counted(corpus: Corpus) -> None:
    counted = summary.side(corpus, "train")
    assert (counted.works, counted.groups, counted.events, counted.notes, counted.upbeats) == (2, 1, 6, 8, 1)
    assert counted.lengths == {24: 2, 12: 2, 48: 1, 72: 1}
    assert counted.voices == {2: 2, 1: 2, 0: 1, 3: 1}
    assert counted.pitches == {60: 3, 64: 2, 65: 1, 67: 2}
    assert counted.metres == {"4/4": 2}


def test_the_report_names_all_that_was_kept_changed_and_dropped(corpus: Corpus) -> None:
    assert summary.report(corpus).splitlines() == [
        "songs: 4 works kept, 8 left out",
        "train: 2 works in 1 groups, 6 events, 8 notes",
        "  range C4 to G4 (MIDI notes 60 to 67)",
        "  lengths in quarters: 1 (33%), 1/2 (33%), 2 (17%), 3 (17%)",
        "  pitches at a time: 2 (33%), 1 (33%), 0 (17%), 3 (17%)",
        "  metres: 4/4 (100%); 1 works begin with an upbeat",
        "valid: 1 works in 1 groups, 1 events, 1 notes",
        "  range C4 to C4 (MIDI notes 60 to 60)",
        "  lengths in quarters: 1 (100%)",
        "  pitches at a time: 1 (100%)",
        "  metres: 4/4 (100%); 0 works begin with an upbeat",
        "test: 1 works in 1 groups, 1 events, 1 notes",
        "  range C5 to C5 (MIDI notes 72 to 72)",
        "  lengths in quarters: 1 (100%)",
        "  pitches at a time: 1 (100%)",
        "  metres: 4/4 (100%); 0 works begin with an upbeat",
        "done to the music: 5 grace notes folded away",
        "left out, no notes: 1 (x)",
        "left out, broken: 7 (y0, y1, y2, y3, y4, ...)",
        "credits: 0 of 4 works say who made them or under which licence",
        "licences: CC BY 4.0",
    ]


def test_reasons_that_differ_in_a_detail_are_one_line(corpus: Corpus) -> None:
    dropped = [(f"copy{number}", f"has the notes of song{number}") for number in range(900)]
    dropped += [("x", "cannot be read: KeyError('a: b')"), ("y", "cannot be read: ValueError()"), ("z", "no notes")]
    dropped += [("long", "its 99 quarter notes last"), ("relative", "shares music with a, which is held out")]
    found = summary.report(replace(corpus, dropped=tuple(dropped))).splitlines()
    assert [line for line in found if line.startswith("left out")] == [
        "left out, has the notes of ...: 900 (copy0 has the notes of song0, copy1 has the notes of song1, copy2 has "
        "the notes of song2, copy3 has the notes of song3, copy4 has the notes of song4, ...)",
        "left out, cannot be read: ...: 2 (x cannot be read: KeyError('a: b'), y cannot be read: ValueError())",
        "left out, no notes: 1 (z)",
        "left out, its 99 quarter notes last: 1 (long)",
        "left out, shares music with a, which is held out: 1 (relative)",
    ]


def test_an_empty_side_is_told_too(corpus: Corpus) -> None:
    empty = Corpus("none", corpus.works[:1], (), "", ())
    assert "test: 0 works in 0 groups, 0 events, 0 notes" in summary.report(empty)


@pytest.mark.filterwarnings("ignore")
def test_the_plot_is_one_whole_picture(corpus: Corpus, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="needs the extra 'train'")
    summary.plot(corpus, tmp_path / "songs.png")
    summary.plot(Corpus("none", corpus.works[:1], (), "", ()), tmp_path / "songs.svg")
    assert (tmp_path / "songs.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["songs.png", "songs.svg"]
    with pytest.raises(UsageError, match=r"songs\.doc is not the name of a picture"):
        summary.plot(corpus, tmp_path / "songs.doc")
