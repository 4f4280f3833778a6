"""The clock that is sent: one for each tick, a start before the first, a stop with the silence."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachd.music.metre import Grid
from bachd.music.piece import Step
from bachd.realtime.clock_out import ClockMode, ClockSender
from bachd.realtime.player import Player
from bachd.realtime.transport import Transport
from tests.fakes import FakeClock, RecordingOutput, run, scripted, steps
from tests.realtime import performing

TICK = 2.5 / 120
BAR = steps("C4 D4 E4 F4 " * 2)
Act = tuple[float, Callable[[Transport], object]]


def play(script: Sequence[Step | float], clock_mode: ClockMode, *acts: Act, stop: float | None = None) -> list[str]:
    """Perform with a clock; what was sent of it: '0.100 start', '0.100 clock'."""
    clock = FakeClock()
    output, transport = RecordingOutput(clock), Transport(120, 0.1)

    async def perform() -> None:
        loop = asyncio.get_running_loop()
        performance = asyncio.ensure_future(
            Player(output, transport, clock, clock_mode=clock_mode).perform(scripted(script))
        )
        for moment, act in acts:
            loop.call_at(moment, act, transport)
        if stop is not None:
            loop.call_at(stop, performance.cancel)
        await asyncio.wait((performance,))

    run(perform())
    found = [
        timed for timed in output.messages if timed.message.type in ("start", "stop", "continue", "songpos", "clock")
    ]
    assert [timed.due for timed in found] == sorted(timed.due for timed in found)
    return [
        f"{timed.due:.3f} {timed.message.type}" + (f" {timed.message.pos}" if timed.message.type == "songpos" else "")
        for timed in found
    ]


def clocks(start: float, number: int) -> list[str]:
    return [f"{start + clock * TICK:.3f} clock" for clock in range(number)]


def test_one_clock_for_each_tick_between_start_and_stop() -> None:
    assert play(steps("C4 D4:2"), ClockMode.PLAYING) == [f"{0.1 - TICK / 2:.3f} start", *clocks(0.1, 72), "1.600 stop"]


def test_nothing_is_sent_unasked() -> None:
    assert play(BAR, ClockMode.OFF) == []


def test_a_stop_takes_back_the_clocks_that_were_on_their_way() -> None:
    sent = play(BAR, ClockMode.PLAYING, stop=0.611)
    assert sent == [f"{0.1 - TICK / 2:.3f} start", *clocks(0.1, 25), "0.611 stop"]


def test_music_that_goes_on_says_where() -> None:
    sent = play(BAR, ClockMode.PLAYING, (0.611, Transport.halt), (3.0, Transport.resume))
    again = sent.index("0.611 stop") + 1
    assert sent[again:] == [
        f"{3.1 - TICK / 2:.3f} songpos 16",
        f"{3.1 - TICK / 2:.3f} continue",
        *clocks(3.1, 96),
        "5.100 stop",
    ]


def test_a_start_that_a_halt_retracts_is_sent_again_and_no_stop_for_it() -> None:
    sent = play(BAR, ClockMode.PLAYING, (0.05, Transport.halt), (3.0, Transport.resume))
    assert sent == [f"{3.1 - TICK / 2:.3f} start", *clocks(3.1, 96), "5.100 stop"]


def test_a_start_that_a_halt_at_its_own_moment_lets_through_gets_a_stop() -> None:
    clock = FakeClock()
    output, transport = RecordingOutput(clock), Transport(120, 0.1)

    async def halt() -> None:
        transport.begin(0, Grid().place(0), 0.1)
        sender = ClockSender(output, transport, clock, ClockMode.PLAYING)
        sender.start(0)
        sender.stop(output.messages[0].due, 0)

    run(halt())
    assert [timed.message.type for timed in output.messages] == ["start", "stop"]


def test_a_continue_that_a_halt_retracts_is_sent_again_with_the_position_reached_then() -> None:
    acts = (0.611, Transport.halt), (3.0, Transport.resume), (3.05, Transport.halt), (4.0, Transport.resume)
    sent = play(BAR * 2, ClockMode.PLAYING, *acts)
    again = sent.index("0.611 stop") + 1
    assert sent[again : again + 3] == [
        f"{4.1 - TICK / 2:.3f} songpos 32",
        f"{4.1 - TICK / 2:.3f} continue",
        "4.100 clock",
    ]


def test_clocks_may_go_on_while_the_music_stands_still() -> None:
    sent = play(BAR, ClockMode.ALWAYS, (0.611, Transport.halt), (3.0, Transport.resume))
    moments = [float(line.split()[0]) for line in sent if line.endswith("clock")]
    assert max(later - earlier for earlier, later in pairwise(moments)) < 2.1 * TICK
    assert len(moments) == pytest.approx(5.1 / TICK, abs=2)


def test_a_stall_loses_no_clock_and_repeats_none() -> None:
    sent = play([*steps("C4"), 3.0, *steps("D4 E4")], ClockMode.PLAYING)
    assert sum(line.endswith("clock") for line in sent) == 72
    assert sent[24:27] == [f"{0.1 + 23 * TICK:.3f} clock", "3.000 clock", f"{3.0 + TICK:.3f} clock"]


def test_music_for_a_slow_synth_does_not_wait_for_the_clock() -> None:
    played = performing.play(BAR, clock_mode=ClockMode.PLAYING, latency=0.4)
    assert min(left for left, _ in played.calls) >= 0.0
    onsets = [timed.due for timed in played.output.messages if timed.message.type == "note_on"]
    assert [later - earlier for earlier, later in pairwise(onsets)] == pytest.approx([0.5] * 7)


@given(
    st.lists(st.sampled_from(["C4", "D4:1/6", "R:2", "E4:1/3"]), min_size=4, max_size=12),
    st.lists(st.floats(0.0, 4.0), max_size=4, unique=True).map(sorted),
    st.booleans(),
)
def test_as_many_clocks_as_ticks_however_it_is_halted(
    notes: list[str], halts: list[float], while_stopped: bool
) -> None:
    acts = [(moment, (Transport.halt, Transport.resume)[index % 2]) for index, moment in enumerate(halts)]
    sent = play(steps(" ".join(notes)), ClockMode.ALWAYS if while_stopped else ClockMode.PLAYING, *acts, stop=30.0)
    position = running = 0
    for line in sent:
        kind = line.split()[1]
        if kind == "start":
            assert not running
            position, running = 0, True
        elif kind == "songpos":
            assert not running
            assert 6 * int(line.split()[2]) >= position, "it never goes back"
            position = 6 * int(line.split()[2])
        elif kind == "continue":
            running = True
        elif kind == "stop":
            assert running
            running = False
        elif running:
            position += 1
        else:
            assert while_stopped
    assert not running
    assert position <= sum(step.event.ticks for step in steps(" ".join(notes)))
