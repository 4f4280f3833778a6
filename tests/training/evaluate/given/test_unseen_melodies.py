"""Melodies that a bundle cannot be at home in."""

from __future__ import annotations

import pytest

from bachd.music.event import Event
from bachd.music.metre import Grid
from bachd.neural.harmonise.melody import Turn
from bachd.training.evaluate.given.unseen_melodies import Song, beats_until_plain, folk_songs, longest_wrong, with_jump

C_MAJOR, F_SHARP_MAJOR, CLUSTER = (48, 60, 64, 67), (54, 61, 66, 70), (60, 61, 62, 63)
G_SEVENTH = (55, 59, 62, 65)


def bar(*chords: tuple[int, ...]) -> list[Event]:
    return [Event(chord, (), 96 // len(chords)) for chord in chords]


def test_the_second_half_of_a_melody_jumps_by_a_tritone() -> None:
    melody = [Turn(24 * beat, 65) for beat in range(8)] + [Turn(8 * 24, None)]
    jump, moved = with_jump(melody)
    assert jump == 96
    assert [turn.pitch for turn in moved] == [65] * 4 + [71] * 4 + [None]
    _, high = with_jump([Turn(turn.tick, turn.pitch and turn.pitch + 12) for turn in melody])
    assert [turn.pitch for turn in high] == [77] * 4 + [71] * 4 + [None]


def test_plain_chords_are_back_when_two_beats_have_them() -> None:
    music = bar(C_MAJOR, C_MAJOR, C_MAJOR, C_MAJOR) + bar(CLUSTER, C_MAJOR, CLUSTER, C_MAJOR) + bar(C_MAJOR)
    assert beats_until_plain(music, 0) == 0
    assert beats_until_plain(music, 96) == 3
    assert beats_until_plain(bar(CLUSTER, CLUSTER), 0) == 4


@pytest.mark.parametrize(("fifths", "wrong"), [(0, 0), (1, 0), (-1, 0), (2, 6), (-2, 6)])
def test_a_neighbouring_key_is_no_wrong_one(fifths: int, wrong: int) -> None:
    song = Song([], Grid(), fifths)
    assert longest_wrong(6 * bar(C_MAJOR, G_SEVENTH, G_SEVENTH, C_MAJOR), song) == wrong


def test_only_bars_in_a_row_are_counted() -> None:
    right, wrong = bar(C_MAJOR, G_SEVENTH), bar(F_SHARP_MAJOR)
    music = 4 * right + 3 * wrong + 4 * right + 5 * wrong
    assert longest_wrong(music, Song([], Grid(), 0)) == 6  # with the bar before, which is judged with the next one


def test_folk_songs_have_a_key_a_metre_and_notes() -> None:
    pytest.importorskip("music21")
    songs = list(folk_songs(3))
    assert songs
    assert all(abs(song.fifths) <= 7 and len(song.melody) > 8 and song.melody[-1].pitch is None for song in songs)
    assert all(
        one.tick < other.tick for song in songs for one, other in zip(song.melody, song.melody[1:], strict=False)
    )
