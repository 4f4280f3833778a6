"""Music that a real player has played, as the feed sends it."""

from __future__ import annotations

from collections.abc import Sequence

from bachd.music.notation.live import LiveNotation
from bachd.music.performance.expression import Expression
from bachd.music.piece import Step
from bachd.realtime.output import TimedMessage
from bachd.realtime.player import Player
from bachd.realtime.transport import Transport
from bachd.service.web import messages, step_json
from tests.fakes import FakeClock, RecordingOutput, run, scripted, steps

BPM = 120.0


def played(
    line: str,
    piece: str = "a piece",
    start: int = 0,
    channels: Sequence[int] = (1, 2),
    expression: Expression | None = None,
) -> list[messages.Step]:
    """A line of music, played at 120 bpm; `start`: the number of its first step."""
    found, tick = list[messages.Step](), 0
    notation = LiveNotation()

    def see(step: Step, due: float, sent: Sequence[TimedMessage]) -> None:
        nonlocal tick
        written = notation.played(step)
        found.append(step_json.played(step, written, start + len(found), tick, due, BPM, sent))
        tick += step.event.ticks

    clock = FakeClock()
    player = Player(
        RecordingOutput(clock), Transport(BPM), clock, channels=channels, expression=expression, on_step=see
    )
    run(player.perform(scripted(steps(line, piece=piece))))
    return found
