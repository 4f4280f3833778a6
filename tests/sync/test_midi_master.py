"""What a master says, and what that means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachd.sync.midi_master import CLOCK, CONTINUE, POSITION, START, STOP, MidiMaster

TICK = 2.5 / 120


class Told:
    """A master who is told things at 120 bpm, one clock after the other."""

    def __init__(self, *, wait_for_start: bool = False) -> None:
        self.master = MidiMaster(wait_for_start=wait_for_start)
        self.now = 10.0

    def say(self, *messages: int, source: str = "a") -> Told:
        for status in messages:
            self.master.receive(self.now, bytes([status]), source)
        return self

    def clocks(self, number: int, source: str = "a", tick: float = TICK) -> Told:
        for _ in range(number):
            self.say(CLOCK, source=source)
            self.now += tick
        return self

    def point(self, sixteenths: int) -> Told:
        self.master.receive(self.now, bytes([POSITION, sixteenths & 0x7F, sixteenths >> 7]), "a")
        return self

    @property
    def position(self) -> float:
        """Of the next clock."""
        return round(self.master.position(self.now), 3)

    @property
    def condition(self) -> str:
        return self.master.condition(self.now)


def test_nothing_was_heard() -> None:
    assert not Told().master.running
    assert Told().condition == "waiting for a MIDI clock"


def test_the_clock_after_a_start_is_the_first() -> None:
    told = Told().clocks(30).say(STOP, START)
    assert told.master.running, "when it comes is known from those before"
    assert told.master.moment(0) == pytest.approx(told.now)
    assert told.clocks(24).position == 24
    assert told.condition == ""


def test_a_start_without_clocks_waits_for_the_first() -> None:
    told = Told().say(START)
    assert not told.master.running
    assert told.condition == "waiting for a MIDI clock"
    assert told.clocks(1).master.running
    assert told.master.moment(0) == pytest.approx(10.0)


def test_clocks_alone_play_after_a_beat() -> None:
    told = Told().clocks(23)
    assert not told.master.running
    assert told.condition == "listening to the MIDI clock"
    assert told.clocks(1).master.running
    assert told.clocks(1).position == 1


@pytest.mark.parametrize("start", [START, CONTINUE])
def test_clocks_alone_may_be_told_to_mean_nothing(start: int) -> None:
    told = Told(wait_for_start=True).clocks(500)
    assert not told.master.running
    assert told.condition == "waiting for the MIDI clock's start"
    assert told.say(start).clocks(24).master.running
    assert told.position == 24
    assert told.condition == ""


def test_after_a_stop_clocks_alone_play_nothing_and_it_goes_on_where_it_was() -> None:
    told = Told().say(START).clocks(10).say(STOP)
    assert not told.master.running
    assert told.condition == "stopped by the MIDI clock"
    assert not told.clocks(100).master.running
    assert told.say(CONTINUE).clocks(1).position == 11


def test_a_position_is_used_when_it_goes_on() -> None:
    told = Told().say(START).clocks(10).say(STOP).point(200).say(CONTINUE)
    assert told.clocks(1).position == 1201


def test_a_second_start_begins_anew_and_one_said_twice_does_not() -> None:
    told = Told().say(START).clocks(50)
    epoch = told.master.epoch
    assert told.say(START, START).master.epoch == epoch + 1
    assert told.clocks(1).position == 1


def test_a_jump_is_a_new_beginning_and_saying_where_one_is_is_none() -> None:
    told = Told().say(START).clocks(48)
    epoch = told.master.epoch
    assert told.point(8).master.epoch == epoch
    assert told.point(64).master.epoch == epoch + 1
    assert told.clocks(1).position == 385


def test_a_lost_clock_goes_on_by_itself_and_is_joined_again() -> None:
    told = Told().say(START).clocks(96)
    told.now += 96.2 * TICK
    assert told.condition == "the MIDI clock is lost: playing on without it"
    assert told.position == pytest.approx(192.2)
    assert told.clocks(48).position == pytest.approx(240, abs=0.01)
    assert told.condition == ""


def test_a_clock_that_comes_back_after_a_stop_is_there_at_once() -> None:
    told = Told().say(START).clocks(96).say(STOP)
    told.now += 7.77
    told.say(START).clocks(1)
    assert told.master.moment(0) == pytest.approx(told.now - TICK)


def test_a_second_master_is_ignored_and_taken_when_the_first_is_gone() -> None:
    told = Told().say(START).clocks(48)
    for _ in range(24):
        told.say(CLOCK, STOP, source="b")
        told.clocks(1)
    assert told.position == 72
    assert told.condition == "two MIDI clocks: following a, not b"
    told.now += 1.0
    told.clocks(24, "b").say(STOP, source="b")
    assert told.condition == "stopped by the MIDI clock"


@pytest.mark.parametrize(("bpm", "said"), [(10, "at 10 bpm, outside"), (400, "at 400 bpm, outside")])
def test_a_tempo_out_of_reach_is_told(bpm: float, said: str) -> None:
    playing = Told().say(START).clocks(96).clocks(60, tick=2.5 / bpm)
    assert said in playing.condition
    assert playing.condition.endswith("playing on without it")
    assert playing.master.bpm == pytest.approx(120, rel=0.01)
    waiting = Told().clocks(60, tick=2.5 / bpm)
    assert waiting.condition.endswith("waiting")


def test_two_masters_on_one_port_are_told() -> None:
    told = Told().say(START)
    for _ in range(48):
        told.clocks(1, tick=0.004).clocks(1, tick=0.03)
    assert told.condition == "the MIDI clock is unsteady: do two masters send to one port?"


@given(
    st.lists(
        st.tuples(st.sampled_from([CLOCK, CLOCK, CLOCK, START, STOP, CONTINUE]), st.integers(0, 2), st.floats(0, 1)),
        max_size=80,
    )
)
def test_whatever_is_said_there_is_an_answer(said: list[tuple[int, int, float]]) -> None:
    told = Told()
    for status, source, pause in said:
        told.say(status, source=str(source))
        told.now += pause
        assert told.condition or told.master.running
        assert told.master.moment(told.position) == pytest.approx(told.now, abs=0.2)
