"""Music that follows a master: its bars are his, and whatever he does, no note hangs and nothing comes in a burst."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bachd.music.metre import Metre, Place
from bachd.music.piece import Step
from bachd.realtime.clock_out import ClockMode
from bachd.realtime.player import Player
from bachd.sync.conductor import LEAD, FollowingConductor
from bachd.sync.midi_master import CLOCK, CONTINUE, START, STOP, MidiMaster
from tests.fakes import FakeClock, RecordingOutput, run, scripted, steps

TICK = 2.5 / 120
Said = tuple[float, int]
"""When, in seconds, and what."""


def clocks(first: float, number: int, bpm: float = 120.0) -> list[Said]:
    return [(first + clock * 2.5 / bpm, CLOCK) for clock in range(number)]


def follow(
    said: Sequence[Said], script: Sequence[Step], until: float, mode: ClockMode = ClockMode.OFF
) -> RecordingOutput:
    """Perform a script to what a master says, and stop after so many seconds."""
    clock = FakeClock()
    output = RecordingOutput(clock)
    conductor = FollowingConductor(leader := MidiMaster())

    def hear(status: int) -> None:
        leader.receive(clock.now(), bytes([status]), "a master")
        conductor.notify()

    async def perform() -> None:
        loop = asyncio.get_running_loop()
        for moment, status in said:
            loop.call_at(moment, hear, status)
        player = Player(output, conductor, clock, clock_mode=mode)
        performance = asyncio.ensure_future(player.perform(scripted(script)))
        loop.call_at(until, performance.cancel)
        await asyncio.wait((performance,))

    run(perform())
    return output


def heard(output: RecordingOutput) -> list[str]:
    """The note_ons with their seconds, to the millisecond."""
    return [f"{timed.due:.3f} {timed.message.note}" for timed in output.messages if timed.message.type == "note_on"]


BARS = steps("C4 D4 E4 F4 " * 4)


def test_an_upbeat_never_begins_before_the_song() -> None:
    master = MidiMaster()
    conductor = FollowingConductor(master)
    tick = 2.5 / 300
    for number in range(48):
        master.receive(number * tick, bytes([CLOCK]), "a master")
    master.receive(47.5 * tick, bytes([START]), "a master")
    assert conductor.begin(0, Place(0, 90, Metre(4, 4)), 47.5 * tick)  # a sixteenth before the first bar line
    assert conductor.due(0) == pytest.approx((48 + 90) * tick)


def test_the_first_clock_after_a_start_is_the_first_beat() -> None:
    output = follow([(0.999, START), *clocks(1.0, 100)], BARS, 2.6)
    assert heard(output) == ["1.000 60", "1.500 62", "2.000 64", "2.500 65"]


def test_a_stop_is_silence_at_once_and_a_start_a_new_bar() -> None:
    said = [(0.999, START), *clocks(1.0, 30), (1.61, STOP), *clocks(1.0 + 30 * TICK, 40), (2.45, START)]
    output = follow([*said, *clocks(1.0 + 70 * TICK, 60)], BARS, 3.6)
    assert heard(output) == ["1.000 60", "1.500 62", "2.458 60", "2.958 62", "3.458 64"]
    assert [f"{timed.due:.2f}" for timed in output.messages if timed.message.type == "note_off"][1] == "1.61"


@pytest.mark.parametrize("pause", [0.3, 3.0])
def test_a_master_who_is_quiet_while_he_is_stopped_is_met_at_his_first_clock(pause: float) -> None:
    said = [(0.999, START), *clocks(1.0, 30), (1.61, STOP), (1.71 + pause, START), *clocks(1.72 + pause, 60)]
    assert heard(follow(said, BARS, 1.8 + pause))[2:] == [f"{1.72 + pause:.3f} 60"]


def test_going_on_is_on_the_next_bar_line_of_the_master() -> None:
    said = [(0.999, START), *clocks(1.0, 30), (1.61, STOP), (1.999, CONTINUE), *clocks(2.0, 200)]
    output = follow(said, BARS, 2.0 + (96 - 30 + 25) * TICK)
    assert heard(output) == ["1.000 60", "1.500 62", f"{2.0 + 66 * TICK:.3f} 60", f"{2.0 + 90 * TICK:.3f} 62"]


def test_who_follows_may_lead_others() -> None:
    said = [(0.999, START), *clocks(1.0, 60), (1.0 + 59.5 * TICK, STOP)]
    sent = follow(said, BARS, 4.0, ClockMode.PLAYING).messages
    assert [timed.message.type for timed in sent if timed.message.type in ("start", "stop")] == ["start", "stop"]
    moments = [timed.due for timed in sent if timed.message.type == "clock"]
    assert moments == pytest.approx([moment for moment, _ in said[1:-1]], abs=0.001)


def test_an_upbeat_leads_to_the_bar_line() -> None:
    from bachd.music.metre import Grid

    output = follow([(0.999, START), *clocks(1.0, 200)], steps("C4 D4", Grid(upbeat=24)), 4.0)
    assert heard(output) == ["2.500 60", "3.000 62"]


def test_a_lost_clock_is_played_on_without_and_joined_again() -> None:
    said = [(0.999, START), *clocks(1.0, 96), *clocks(1.0 + 240 * TICK, 144)]
    output = follow(said, BARS, 1.0 + 384 * TICK)
    assert heard(output) == [f"{1.0 + 24 * beat * TICK:.3f} {60 + (0, 2, 4, 5)[beat % 4]}" for beat in range(16)]


@pytest.mark.parametrize(("before", "after"), [(60.0, 180.0), (180.0, 60.0), (120.0, 140.0)])
def test_another_tempo_is_played_within_a_beat(before: float, after: float) -> None:
    random = Random(1)
    grid = [moment for moment, _ in clocks(1.0, 192, before)]
    grid += [moment for moment, _ in clocks(grid[-1] + 2.5 / after, 192, after)]
    said = [(0.99, START), *((moment + random.uniform(0.0, 0.001), CLOCK) for moment in grid)]
    output = follow(said, steps("C4:1/6 " * 90), grid[-1])
    errors = [timed.due - grid[int(timed.tick)] for timed in output.messages if timed.message.type == "note_on"]
    assert len(errors) > 84
    settled = [error for index, error in enumerate(errors) if not 48 <= index <= 54 and index > 6]
    assert max(map(abs, settled)) < 0.0025


LONG = steps("C3.C4:1/3 ~C3.D4 E4:1/6 E4:1/6 R:1/3 F4 " * 150)


@settings(max_examples=50)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just(CLOCK), st.integers(1, 60), st.floats(15, 400)),
            st.tuples(st.sampled_from([START, STOP, CONTINUE]), st.just(1), st.just(120.0)),
            st.tuples(st.just(0), st.just(1), st.floats(2.0, 60.0)),  # a pause
        ),
        max_size=25,
    ),
    st.integers(0, 99),
)
@example([(248, 6, 15.0), (248, 44, 121.0), (251, 1, 120.0), (0, 1, 53.0), (248, 7, 272.0), (250, 1, 120.0)], 0)
def test_whatever_a_master_does_no_note_hangs_and_nothing_comes_in_a_burst(
    said: list[tuple[int, int, float]], rng: int
) -> None:
    random, now, messages = Random(rng), 1.0, []
    for status, times, bpm in said:
        for _ in range(times):
            if status:
                messages.append((now + random.uniform(0.0, 0.001), status))
            now += 60.0 / bpm / (24 if status == CLOCK else 1)
    output = follow(messages, LONG, now + 5.0)
    sounding: set[int] = set()
    for timed in output.messages:
        if timed.message.type == "note_on":
            assert timed.message.note not in sounding
            sounding.add(timed.message.note)
        elif timed.message.type == "note_off":
            sounding.remove(timed.message.note)
    assert not sounding
    dues = [timed.due for timed in output.messages]
    assert dues == sorted(dues)
    late = [ahead for ahead, _ in output.calls if ahead < -LEAD]
    assert len(late) <= 2 * len(messages), "one step, and what it ends, at the most for each thing that was said"
    ons = [timed.due for timed in output.messages if timed.message.type == "note_on"]
    assert all(later - first > 0.02 for first, later in zip(ons, ons[5:], strict=False)), "no burst"


def test_while_it_is_suspended_nothing_is_played_whatever_the_master_does() -> None:
    master = MidiMaster()
    conductor = FollowingConductor(master)
    assert conductor.position(0.0) is None
    for number in range(60):
        master.receive(number * TICK, bytes([START if number == 0 else CLOCK]), "a master")
    now = 59 * TICK
    assert conductor.position(now) == pytest.approx(58, abs=0.1)
    assert conductor.begin(0, Place(0, 0, Metre(4, 4)), now)
    assert conductor.running
    conductor.changed.clear()
    conductor.suspend(True)
    assert conductor.changed.is_set()
    assert not conductor.running
    assert not conductor.begin(0, Place(0, 0, Metre(4, 4)), now)
    conductor.suspend(False)
    assert conductor.begin(0, Place(0, 0, Metre(4, 4)), now)
