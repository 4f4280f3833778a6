"""Which of the keys that are down is the melody."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bachd.midi.input.melody import TOGETHER, MelodyFinder
from bachd.midi.input.person import Person
from bachd.music import pitch


def heard(*script: str, lowest: bool = False, split: int | None = None) -> str:
    """What the melody does in a script such as '0.0 on C4', '0.5 off C4', '1.0 pedal 127'; '-' where it ends."""
    person, finder, found = Person(), MelodyFinder(), []
    finder.use(lowest=lowest, split=split)
    for line in script:
        moment, verb, what = line.split()
        if verb in ("on", "off"):
            data = bytes((0x90 if verb == "on" else 0x80, pitch.number(what), 64))
        else:
            data = bytes((0xB0, 64, int(what))) if verb == "pedal" else b""
        for event in person.receive(float(moment), data, "a keyboard"):
            if finder.take(event):
                found.append("-" if finder.note is None else pitch.name(finder.note.pitch))
    return " ".join(found)


def test_one_note_after_the_other_is_a_melody() -> None:
    assert heard("0.0 on C4", "0.5 off C4", "0.6 on D4", "1.0 off D4") == "C4 - D4 -"


def test_a_legato_goes_from_note_to_note() -> None:
    assert heard("0.0 on C4", "0.5 on B3", "0.6 off C4", "1.0 on C4", "1.1 off B3", "2.0 off C4") == "C4 B3 C4 -"


def test_of_keys_that_are_struck_at_once_the_highest_counts() -> None:
    assert heard("0.0 on C4", f"{TOGETHER / 2} on G3", f"{TOGETHER} on E4") == "C4 E4"


def test_a_low_key_accompanies() -> None:
    assert heard("0.0 on C5", "0.5 on C3", "1.0 off C3", "1.5 off C5") == "C5 -"


def test_of_keys_for_the_bass_the_lowest_counts_and_a_high_one_accompanies() -> None:
    at_once = "0.0 on C3", f"{TOGETHER / 2} on G2", f"{TOGETHER} on E3"
    assert heard(*at_once, "0.5 on A3", "1.0 off G2", "1.1 off A3", "1.2 on D3", lowest=True) == "C3 G2 C3 D3"
    assert heard("0.0 on C2", "0.5 on C#3", "0.6 on C3", lowest=True) == "C2 C3"


def test_a_divided_keyboard_has_the_melody_on_one_side() -> None:
    script = "0.0 on B3", "0.5 on C4", "1.0 on C6", "1.5 on D4", "2.0 off D4", "2.5 off C6", "3.0 off C4", "3.5 off B3"
    assert heard(*script, split=60) == "C4 C6 D4 C6 C4 -"
    assert heard(*script, lowest=True, split=60) == "B3 -"
    assert heard("0.0 on C4", "0.5 on C2", "1.0 on B2", "1.1 off C2", lowest=True, split=60) == "C2 B2"


def test_the_melody_falls_back_to_what_is_still_held() -> None:
    assert heard("0.0 on C4", "0.5 on D4", "1.0 off D4", "1.5 off C4") == "C4 D4 C4 -"


def test_the_pedal_holds_what_was_struck() -> None:
    script = "0.0 on C4", "0.1 pedal 127", "0.5 off C4", "1.0 pedal 0"
    assert heard(*script) == "C4 -"
    assert heard(*script[:3]) == "C4"
    assert heard("0.0 on C4", "0.1 pedal 127", "0.5 off C4", "0.6 on D4", "1.0 pedal 0") == "C4 D4"


def test_the_same_key_again_is_another_note() -> None:
    assert heard("0.0 pedal 127", "0.1 on C4", "0.2 off C4", "0.6 on C4", "1.0 unplug 1") == "C4 C4 -"


def test_how_hard_a_note_is_struck_is_known() -> None:
    finder = MelodyFinder()
    for event in Person().receive(0.0, bytes((0x90, 60, 99)), ""):
        finder.take(event)
    assert finder.note is not None
    assert finder.note.velocity == 99
    assert finder.pitches == {60}


MESSAGES = st.one_of(
    st.tuples(st.sampled_from([0x80, 0x90]), st.integers(58, 74), st.integers(0, 127)),
    st.tuples(st.just(0xB0), st.just(64), st.integers(0, 127)),
)


@given(st.lists(st.tuples(MESSAGES, st.sampled_from("ab")) | st.sampled_from("ab"), max_size=80))
def test_when_nothing_is_held_there_is_no_melody(stream: list[object]) -> None:
    person, finder, moment = Person(), MelodyFinder(), 0.0
    for item in stream:
        moment += 0.02
        data, source = (bytes(item[0]), item[1]) if isinstance(item, tuple) else (b"", str(item))
        for event in person.receive(moment, data, source):
            before = finder.note
            changed = finder.take(event)
            assert changed or finder.note == before
            assert (finder.note is None) == (not finder.pitches)
    for event in person.release(moment):
        finder.take(event)
    assert finder.note is None
    assert not finder.pitches
