"""Playing otherwise from a step on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from bachd.music.message import program_change
from bachd.music.piece import Step
from bachd.realtime.performer import Change
from bachd.realtime.player import Composed, Player
from bachd.realtime.transport import Transport
from tests.fakes import FakeClock, RecordingOutput, run, scripted, steps


def change(
    script: Sequence[Step],
    at: int,
    bpm: float = 120.0,
    *,
    elsewhere: bool = False,
    before: dict[str, Any] | None = None,
    **how: Any,
) -> list[RecordingOutput]:
    """Perform a script that is played otherwise from its step number `at` on; the output, and the one after that."""
    clock = FakeClock()
    outputs = [RecordingOutput(clock), RecordingOutput(clock)]
    player = Player(outputs[0], Transport(120, 0.1), clock, **(before or {}))
    compose, count = scripted(script), 0

    async def composing(opens_bar: bool) -> Composed | None:
        nonlocal count
        composed = await compose(opens_bar)
        count += 1
        if composed is None or count != at + 1:
            return composed
        return composed._replace(change=Change(outputs[elsewhere], bpm, **how))

    run(player.perform(composing))
    return outputs


def test_another_tempo_holds_from_its_step_on() -> None:
    output, _ = change(steps("C4 D4 E4 F4"), at=2, bpm=60)
    assert [line for line in output.log if "on" in line] == ["0 on C4", "0.5 on D4", "1 on E4", "2 on F4"]
    assert [sign for sign in output.signs if "tempo" in sign] == ["0 set_tempo 500000", "48 set_tempo 1000000"]


def test_another_latency_does_not_disturb_the_rhythm() -> None:
    for latency in (0.3, 0.0):
        output, _ = change(steps("C4 D4 E4 F4"), at=2, latency=latency)
        assert [line for line in output.log if "on" in line] == ["0 on C4", "0.5 on D4", "1 on E4", "1.5 on F4"]


def test_other_channels_take_what_begins_and_the_old_ones_end_what_sounds() -> None:
    output, _ = change(steps("C3.E4 ~C3.F4 G4"), at=1, channels=(3,), patches=[[program_change(2, 19)]])
    assert output.log == [
        "0 on E4",
        "0 on C3",
        "0.5 off E4",
        "0.5 on F4 ch3",
        "1 off C3",
        "1 off F4 ch3",
        "1 on G4 ch3",
        "1.5 off G4 ch3",
    ]
    programs = [timed for timed in output.messages if timed.message.type == "program_change"]
    assert [(timed.tick, timed.message.channel, timed.message.program) for timed in programs] == [(24, 2, 19)]


def test_another_output_is_played_to_when_nothing_sounds_any_more_on_the_one_before() -> None:
    before, after = change(steps("C3.E4 ~C3.F4 G4"), at=1, elsewhere=True)
    assert before.log == ["0 on E4", "0 on C3", "0.5 off E4", "0.5 off C3"]
    assert after.log == ["0 on F4", "0 on C3", "0.5 off F4", "0.5 off C3", "0.5 on G4", "1 off G4"]
    assert after.messages[0].due == before.messages[-1].due
    assert after.signs == ["24 set_tempo 500000", "24 time_signature 4/4"]


def test_a_change_is_not_lost_when_its_step_is_skipped_or_rewound() -> None:
    clock = FakeClock()
    output, halted = RecordingOutput(clock), Transport(120, 0.1)
    player = Player(output, halted, clock)
    script = iter(steps("C4 D4 E4 F4"))

    async def compose(_opens_bar: bool) -> Composed | None:
        step = next(script, None)
        return None if step is None else Composed(step, Change(output, 60, conductor=Transport(60, 0.1)))

    async def restart() -> Composed | None:
        nonlocal script
        script = iter(())
        return Composed(steps("G4")[0], Change(output, 60, channels=(2,)))

    def stop() -> None:
        halted.halt()
        player.rewind()

    async def perform() -> None:
        first = Composed(next(script))
        loop = asyncio.get_running_loop()
        loop.call_at(0.3, stop)
        rest = iter([first])

        async def composing(opens_bar: bool) -> Composed | None:
            return next(rest, None) or await compose(opens_bar)

        await player.perform(composing, restart)

    run(perform())
    assert player.conductor is not halted
    assert output.log == ["0 on C4", "0.2 off C4", "0.3 on G4 ch2", "1.3 off G4 ch2"]


def test_a_program_that_a_halt_takes_back_is_sent_when_the_music_goes_on() -> None:
    clock = FakeClock()
    output, transport = RecordingOutput(clock), Transport(120, 0.1)
    player = Player(output, transport, clock, patches=[[program_change(0, 5)]])
    script = iter(steps("C4 D4 E4 F4 " * 3))
    count = 0

    async def composing(_opens_bar: bool) -> Composed | None:
        nonlocal count
        count += 1
        step = next(script, None)
        # The next bar is handed over 0.1 s ahead of its moment, 2.1.
        change = Change(output, 60, patches=[[program_change(0, 7)]]) if count == 5 else None
        return None if step is None else Composed(step, change)

    async def perform() -> None:
        loop = asyncio.get_running_loop()
        loop.call_at(2.05, transport.halt)
        loop.call_at(5.0, transport.resume)
        await player.perform(composing)

    run(perform())
    sent = [
        (timed.due > 5, timed.message.program) for timed in output.messages if timed.message.type == "program_change"
    ]
    assert sent == [(False, 5), (True, 7)]
    assert [sign.split(" ", 1)[1] for sign in output.signs if "tempo" in sign] == [
        "set_tempo 500000",
        "set_tempo 1000000",
    ]
