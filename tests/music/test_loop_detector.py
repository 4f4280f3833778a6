from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bachd.music.event import Event, parse, parse_line
from bachd.music.loop_detector import LONGEST_LOOP, FreezeDetector, LoopDetector, Stretch, frozen, periodic
from bachd.music.metre import Grid, Metre, Place

WALTZ = Metre(3, 4)


def placed(line: str, *changes: tuple[int, Metre]) -> list[tuple[Event, Place]]:
    grid = Grid(changes or ((0, Metre(4, 4)),))
    events, tick = [], 0
    for event in parse_line(line):
        events.append((event, grid.place(tick)))
        tick += event.ticks
    return events


def test_two_bars_of_a_chord_are_music() -> None:
    assert frozen(placed("D4 C3.C4:4 C3.~C4:4 D4")) == []


def test_a_tick_more_is_frozen() -> None:
    assert frozen(placed("D4 C3.C4:4 C3.~C4:4 ~C3.~C4:1/24 D4")) == [Stretch(1, 3)]


def test_silence_freezes_too_and_so_does_the_end() -> None:
    assert frozen(placed("R:9 C4 R:8 C4 R:4 R:4 R:0.5")) == [Stretch(0, 1), Stretch(4, 3)]


def test_a_bar_is_as_long_as_its_metre_says() -> None:
    assert frozen(placed("C4:3 C4:3 C4", (0, WALTZ))) == [Stretch(0, 3)]
    assert frozen(placed("C4:4 C4:3 D4", (0, Metre(4, 4)), (96, WALTZ))) == []
    assert frozen(placed("C4:4 C4:3 C4:0.5", (0, Metre(4, 4)), (96, WALTZ))) == [Stretch(0, 3)]


def test_a_loop_longer_than_the_limit_is_found_under_its_period() -> None:
    assert periodic(parse_line("A4 " + "C4 D4 E4 " * 22 + "F4")) == {3: [Stretch(1, 66)]}
    assert periodic(parse_line("A4 " + "C4 D4 E4 " * 21 + "C4 F4")) == {}


def test_what_is_struck_or_held_or_lasts_otherwise_is_another_event() -> None:
    assert periodic(parse_line("C4 C4:2 ~C4 " * 21 + "C4 C4 ~C4 ")) == {}


def test_a_long_period_must_come_round_twice() -> None:
    line = [f"C4:{number}/24" for number in range(1, 61)]
    assert periodic(parse_line(" ".join(line + line[:59]))) == {}
    assert periodic(parse_line(" ".join(line + line))) == {60: [Stretch(0, 120)]}


def test_a_stretch_is_told_once() -> None:
    assert periodic(parse_line("C4 " * 200)) == {1: [Stretch(0, 200)]}


EVENTS = parse_line("C4 D4 ~D4 E4:2")
repeated = st.tuples(st.lists(st.integers(0, 3), min_size=1, max_size=40), st.integers(1, 70))
rows = st.lists(repeated, max_size=3).map(
    lambda parts: [item for part, times in parts for item in (part * times)[:100]]
)


def loops(row: list[int]) -> bool:
    """Whether the end of the row does, by the letter of the definition."""
    for period in range(1, LONGEST_LOOP + 1):
        count = max(LONGEST_LOOP + 1, 2 * period)
        last = row[-count:]
        if len(last) == count and all(last[index] == last[index - period] for index in range(period, count)):
            return True
    return False


@settings(deadline=None, max_examples=50)
@given(rows)
def test_circling_and_periodic_both_keep_to_the_definition(row: list[int]) -> None:
    circling = LoopDetector()
    looping = []
    for index, item in enumerate(row):
        looping.append(circling.would_loop(EVENTS[item]))
        assert looping[-1] == loops(row[: index + 1])
        circling.add(EVENTS[item])
    stretches = [stretch for found in periodic([EVENTS[item] for item in row]).values() for stretch in found]
    covered = {index for stretch in stretches for index in range(stretch.first, stretch.first + stretch.count)}
    assert any(looping) == bool(covered)
    assert covered.issuperset(index for index, is_in in enumerate(looping) if is_in)


@given(st.lists(st.tuples(st.sampled_from(EVENTS), st.sampled_from([Metre(4, 4), WALTZ, Metre(6, 8)])), max_size=60))
def test_stillness_freezes_where_frozen_says(row: list[tuple[Event, Metre]]) -> None:
    stillness = FreezeDetector()
    music = []
    for event, metre in row:
        room = stillness.room(event.sounding, metre)
        frozen_before = bool(stillness.frozen)
        would = stillness.would_freeze(event, metre)
        assert would == (event.ticks > room)
        stillness.add(event, metre)
        music.append((event, Place(0, 0, metre)))
        assert would == stillness.frozen
        assert bool(frozen(music)) or not (would or frozen_before)


def test_room_is_what_is_left_of_two_bars() -> None:
    stillness = FreezeDetector()
    stillness.add(parse("C4:3"), Metre(4, 4))
    assert stillness.room(parse("~C4").sounding, Metre(4, 4)) == 120
    assert stillness.room((), Metre(4, 4)) == 192
