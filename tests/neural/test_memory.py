from __future__ import annotations

from bachd.music.event import TICKS, Event, parse_line
from bachd.music.form.plan import Line, Quote
from bachd.music.keys import Key
from bachd.neural.memory import Memory, Prediction

C_MAJOR = Key(0)


def remembering(line: str, *, learned: bool = True) -> Memory:
    memory = Memory(C_MAJOR)
    for event in parse_line(line):
        memory.push(event)
        if learned:
            memory.learn()
    return memory


def test_what_followed_a_figure_is_expected_again_on_other_steps() -> None:
    memory = remembering("C4:0.5 E4:0.5 D4:0.5 F4 G4:2 D4:0.5 F4:0.5 E4:0.5")
    (expected,) = memory.predict([], 1.0)
    assert expected == Prediction(Line.TOP, 67, True, TICKS, 1, expected.sure)  # a step higher than F
    assert 0 < expected.sure < 1


def test_the_longer_the_figure_the_surer_it_is() -> None:
    short = remembering("C4 E4 D4 F4 G4 A4:2 D4 F4 E4").predict([], 1.0)[0].sure
    long = remembering("C4 E4 D4 F4 G4 A4:2 D4 F4 E4 G4").predict([], 1.0)[0].sure
    assert long > short
    assert remembering("C4 E4 D4 F4 G4 A4:2 D4 F4 E4").predict([], 0.5)[0].sure == short / 2


def test_nothing_is_expected_of_a_figure_that_is_new() -> None:
    assert remembering("C4 D4:2 E4:0.5 G4").predict([], 1.0) == []
    assert Memory(C_MAJOR).predict([], 1.0) == []


def test_a_quote_is_taken_by_its_place_moved_by_steps_and_into_its_key() -> None:
    memory = remembering("C4 E4:0.5 F4:0.5 G4:2 R:4")
    at = 8 * TICKS
    (first,) = memory.predict([Quote(at, 0, 96)], 1.0)
    assert (first.pitch, first.starts, first.lasts) == (60, True, TICKS)
    (moved,) = memory.predict([Quote(at, 24, 96, steps=-1)], 1.0)
    assert (moved.pitch, moved.lasts) == (62, TICKS // 2)
    (minor,) = memory.predict([Quote(at, 24, 96, key=Key(9, minor=True))], 1.0)
    assert minor.pitch == 60  # the third of A minor


def test_a_sequence_keeps_to_the_scale_of_its_key() -> None:
    memory = remembering("D5 C#5:0.5 D5:0.5 F#5 R:5")
    at = 8 * TICKS
    steps = [Quote(at, tick, 96, steps=-1, scale=Key(7)) for tick in (0, TICKS, 2 * TICKS)]
    assert [memory.predict([quote], 1.0)[0].pitch for quote in steps] == [72, 71, 76]  # C, B, and E below F sharp


def test_what_is_taken_up_from_another_key_is_moved_by_its_degrees() -> None:
    memory = remembering("G4 F#4 B4 C#5 R:4")
    at = 8 * TICKS
    home = [Quote(at, tick, 96, key=Key(0), was=Key(7)) for tick in (0, TICKS, 2 * TICKS, 3 * TICKS)]
    # G F# B C# in G are C B E F# in C, a fourth higher or a fifth lower, whichever is nearer.
    assert [memory.predict([quote], 1.0)[0].pitch for quote in home] == [72, 71, 76, 78]
    up = Quote(at, 0, 96, key=Key(1), was=Key(11))
    assert remembering("B4 R:7").predict([up], 1.0)[0].pitch == 73  # and not down by a seventh


def test_between_major_and_minor_the_seventh_stays_a_leading_note_and_no_other_degree_is_altered() -> None:
    minor = remembering("A4 G#4 C5 F5 F#5 R:3")  # in C, whose relative key this is
    at = 8 * TICKS
    spans = [tick * TICKS for tick in range(5)]
    major = [minor.predict([Quote(at, tick, 96, key=Key(9), was=Key(9, minor=True))], 1.0)[0] for tick in spans]
    assert [each.pitch for each in major] == [69, 68, 73, 78, 78]
    back = remembering("A4 G#4 C#5 F#5 R:4")
    again = [back.predict([Quote(at, tick, 96, key=Key(9, minor=True), was=Key(9))], 1.0)[0] for tick in spans[:4]]
    assert [each.pitch for each in again] == [69, 68, 72, 77]


def test_a_quote_of_the_other_line_comes_in_the_register_of_its_own() -> None:
    memory = remembering("C3.C5 C3.E5 C3.G5 C3.E5")
    quote = Quote(4 * TICKS, 0, 96, line=Line.BOTTOM, of=Line.TOP)
    found = {each.line: each for each in memory.predict([quote], 1.0)}
    assert found[Line.BOTTOM].pitch == 48


def test_what_was_taken_in_is_forgotten_back_to_a_mark() -> None:
    memory = remembering("C4 E4 D4 F4 G4 A4:2 D4 F4 E4")
    mark, expected = memory.mark(), memory.predict([], 1.0)
    for event in parse_line("C5 B4.G3 A4 R E5"):
        memory.push(event)
    memory.learn()
    memory.rewind(mark)
    assert memory.predict([], 1.0) == expected
    memory.push(Event((67,), (), TICKS))
    assert memory.predict([], 1.0) == remembering("C4 E4 D4 F4 G4 A4:2 D4 F4 E4 G4").predict([], 1.0)
