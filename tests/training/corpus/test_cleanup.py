from __future__ import annotations

from bachd.music.notes import Note
from bachd.training.corpus.cleanup import Changes, TimedNote, quantise


def line(*rows: tuple[float, float, int]) -> list[TimedNote]:
    """A line of starts, lengths and pitches."""
    return [TimedNote(start, start + length, pitch) for start, length, pitch in rows]


def test_a_grace_note_goes_and_the_note_before_has_its_time_back() -> None:
    given = line((0, 24, 60), (24, 9.25, 72), (33.3125, 2.6875, 70), (36, 12, 69))
    notes, touched = quantise([given])
    assert notes == [[Note(0, 24, 60), Note(24, 36, 72), Note(36, 48, 69)]]
    assert touched.grace == 1


def test_a_few_grace_notes_in_a_row_go_together_also_before_a_chord() -> None:
    given = line(
        (0, 7.9375, 64), (7.9375, 1.3125, 64), (9.25, 1.3125, 65), (10.625, 1.3125, 67), (12, 18, 65), (12, 24, 50)
    )
    notes, touched = quantise([given])
    assert notes == [[Note(0, 12, 64), Note(12, 36, 50), Note(12, 30, 65)]]
    assert touched.grace == 3


def test_a_grace_note_on_the_beat_gives_the_beat_back_to_its_main_note() -> None:
    notes, _ = quantise([line((0, 24, 60), (24, 1.3, 62), (25.3, 22.7, 60), (48, 24, 59))])
    assert notes == [[Note(0, 24, 60), Note(24, 48, 60), Note(48, 72, 59)]]


def test_only_the_line_of_a_grace_note_is_touched() -> None:
    bass = line((0, 12, 40), (12, 9.25, 41), (24, 12, 43))
    melody = line((0, 21.3, 72), (21.3, 2.7, 74), (24, 12, 72))
    notes, _ = quantise([bass, melody])
    assert notes[0] == [Note(0, 12, 40), Note(12, 24, 41), Note(24, 36, 43)]
    assert notes[1] == [Note(0, 24, 72), Note(24, 36, 72)]


def test_runs_faster_than_the_grid_lose_no_note_and_keep_their_order() -> None:
    for step in (1.5, 24 / 7, 24 / 5, 2.0, 4.0, 1.0):
        run = line(*((24 + index * step, step, 60 + index) for index in range(7)), (24 + 7 * step, 24, 70))
        notes, touched = quantise([run])
        assert touched.grace == 0, step
        assert len(notes[0]) == 8, step
        starts = [note.start for note in notes[0]]
        assert starts == sorted(set(starts)), step
        assert all(note.end == after.start for note, after in zip(notes[0], notes[0][1:], strict=False)), step
        assert all(abs(note.start - sound.start) <= 1 for note, sound in zip(notes[0], run, strict=True)), step


def test_a_chord_that_is_struck_not_quite_together_is_one() -> None:
    notes, touched = quantise(
        [line((0.2, 23, 48), (23.6, 24.2, 50), (24.1, 23.5, 57), (24.4, 23.3, 62), (48.3, 10, 60))]
    )
    assert [note.start for note in notes[0]] == [0, 24, 24, 24, 48]
    assert {note.end for note in notes[0] if note.start == 24} == {48}
    assert touched.moved == 5


def test_detached_notes_are_closed_but_rests_stay() -> None:
    notes, touched = quantise([line((0, 10.5, 60), (12, 9, 62), (24, 12, 64))])
    assert notes == [[Note(0, 12, 60), Note(12, 21, 62), Note(24, 36, 64)]]
    assert touched == Changes(grace=0, moved=0, closed=1)


def test_what_is_on_the_grid_is_left_alone() -> None:
    given = line((0, 12, 60), (0, 24, 48), (12, 8, 62), (20, 8, 63), (28, 8, 64), (36, 3, 65), (39, 3, 67), (42, 6, 69))
    notes, touched = quantise([given])
    assert sorted(notes[0]) == [
        Note(round(one.start), round(one.end), one.pitch) for one in sorted(given, key=lambda one: (one.start, one.end))
    ]
    assert touched == Changes(0, 0, 0)
