"""Music that is halted and rewound: it goes on with the beginning of a piece, and says so."""

from __future__ import annotations

import asyncio

import pytest

from bachd.realtime.clock_out import ClockMode
from bachd.realtime.player import Composed, Player
from bachd.realtime.transport import Transport
from tests.fakes import FakeClock, RecordingOutput, run, scripted, steps
from tests.realtime.test_clock_out import BAR, TICK


@pytest.mark.parametrize("later", [0.8, 2.0])
def test_music_that_was_rewound_begins_with_a_piece_and_goes_on_from_there(later: float) -> None:
    clock, transport = FakeClock(), Transport(120, 0.1)
    output = RecordingOutput(clock)
    player = Player(output, transport, clock)
    rest = iter(steps("C4 D4 E4 F4 G4 A4 B4 C5"))

    async def compose(_opens_bar: bool) -> Composed | None:
        step = next(rest, None)
        return None if step is None else Composed(step)

    async def restart() -> Composed | None:
        nonlocal rest
        rest = iter(steps("C3 D3"))
        return Composed(next(rest))

    def stop() -> None:
        transport.halt()
        player.rewind()

    async def perform() -> None:
        loop = asyncio.get_running_loop()
        loop.call_at(0.8, transport.halt)
        loop.call_at(later, stop)  # at once, or while it is halted
        loop.call_at(4.0, transport.resume)
        await player.perform(compose, restart)

    run(perform())
    assert output.log == [
        "0 on C4",
        "0.5 off C4",
        "0.5 on D4",
        "0.7 off D4",
        "4 on C3",
        "4.5 off C3",
        "4.5 on D3",
        "5 off D3",
    ]


def test_music_that_is_rewound_while_it_plays_begins_with_a_piece_instead_of_its_next_step() -> None:
    clock, transport = FakeClock(), Transport(120, 0.1)
    output = RecordingOutput(clock)
    player = Player(output, transport, clock)

    async def perform() -> None:
        asyncio.get_running_loop().call_at(1.5, player.rewind)
        await player.perform(scripted(steps("C4 D4 R:2 F4 G4")), lambda: scripted(steps("C3"))(True))

    run(perform())
    assert output.log[:4] == ["0 on C4", "0.5 off C4", "0.5 on D4", "1 off D4"]
    assert output.log[4:6] == ["2 on C3", "2.5 off C3"]


@pytest.mark.parametrize("moments", [(0.611, 0.611), (0.611, 2.0)])
def test_music_that_was_rewound_begins_with_a_start(moments: tuple[float, float]) -> None:
    clock = FakeClock()
    output, transport = RecordingOutput(clock), Transport(120, 0.1)
    player = Player(output, transport, clock, clock_mode=ClockMode.PLAYING)

    def stop() -> None:
        transport.halt()
        player.rewind()

    anew = scripted(steps("G4 ~G4"))

    async def perform() -> None:
        loop = asyncio.get_running_loop()
        loop.call_at(moments[0], transport.halt)
        loop.call_at(moments[1], stop)
        loop.call_at(3.0, transport.resume)
        await player.perform(scripted(BAR), lambda: anew(True))

    run(perform())
    found = [f"{timed.due:.3f} {timed.message.type}" for timed in output.messages if timed.message.type != "clock"]
    again = found.index("0.611 stop") + 1
    assert found[again] == f"{3.1 - TICK / 2:.3f} start"
    assert (
        next(timed.message.note for timed in output.messages if timed.due > 3 and timed.message.type == "note_on") == 67
    )
