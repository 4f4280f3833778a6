"""Small real parts for tests: a clock that jumps, an output that remembers, a composer that reads from a script.

Law: nothing here waits, and the same test gives the same messages each time.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Sequence
from itertools import cycle
from typing import Any, TypeVar

from bachd.music import event, pitch
from bachd.music.metre import Grid
from bachd.music.piece import Origin, Step
from bachd.realtime.clock import Clock
from bachd.realtime.output import TimedMessage
from bachd.realtime.player import Compose, Composed

T = TypeVar("T")


class JumpingSelector(selectors.DefaultSelector):
    """Instead of waiting for its timeout, it is there at once."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Whatever is ready; the time until the next timer has passed."""
        if timeout is None:
            raise AssertionError("every task waits for another")
        self.now += max(0.0, timeout)
        return super().select(0)


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop in which an hour takes no time. Not for tests with threads: it would not wait for them."""

    def __init__(self) -> None:
        self.jumping = JumpingSelector()
        super().__init__(self.jumping)

    def time(self) -> float:
        """Seconds since the loop was made, had it waited."""
        return self.jumping.now


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end in a JumpingLoop."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(main)


class FakeClock:
    """The time of the JumpingLoop it is used in."""

    def now(self) -> float:
        """Seconds; 0 at the start."""
        return self._loop.jumping.now

    async def sleep_until(self, moment: float) -> None:
        """Let others run until `moment`."""
        await asyncio.sleep(moment - self.now())

    def stall(self, seconds: float) -> None:
        """Let time pass while nothing runs, as when the whole process is stopped."""
        self._loop.jumping.now += seconds

    @property
    def _loop(self) -> JumpingLoop:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, JumpingLoop)
        return loop


class RecordingOutput:
    """Remembers what it was sent."""

    description = "a recording"
    """What a view would say."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.messages: list[TimedMessage] = []
        self.calls: list[tuple[float, int]] = []
        """For each call of `send`, seconds left until the deadline and number of messages."""
        self.bars: list[float] = []
        """When bars begin, in seconds from the first message's deadline."""
        self.closed = False

    def send(self, messages: Sequence[TimedMessage]) -> None:
        """Keep them."""
        self.messages += messages
        self.calls.append((messages[0].due - self._clock.now(), len(messages)))

    def retract(self, moment: float) -> None:
        """Keep what is due until then."""
        self.messages = [timed for timed in self.messages if timed.due <= moment]

    def bar(self, due: float) -> None:
        """Keep it."""
        self.bars.append(due - self.messages[0].due if self.messages else 0.0)

    def poll(self) -> Sequence[str]:
        """Nothing ever changes."""
        return ()

    def close(self) -> None:
        """No more is expected."""
        self.closed = True

    @property
    def log(self) -> list[str]:
        """The notes with their deadlines in seconds from the first message's: '0.5 off C4', '0.5 on E4 ch2'."""
        return [
            f"{timed.due - self.messages[0].due:.3g} {timed.message.type.removeprefix('note_')} "
            f"{pitch.name(timed.message.note)}" + (f" ch{timed.message.channel + 1}" if timed.message.channel else "")
            for timed in self.messages
            if timed.message.type in ("note_on", "note_off")
        ]

    @property
    def signs(self) -> list[str]:
        """What a score prints above the notes, with its tick: '0 set_tempo 500000', '96 marker bwv269'."""
        return [
            f"{timed.tick} {message.type} {_DETAIL[message.type](message)}"
            for timed in self.messages
            if (message := timed.message).is_meta
        ]


_DETAIL: dict[str, Callable[[Any], str]] = {
    "set_tempo": lambda message: message.tempo,
    "marker": lambda message: message.text,
    "time_signature": lambda message: f"{message.numerator}/{message.denominator}",
    "key_signature": lambda message: message.content.hex(),
}


def steps(line: str, grid: Grid | None = None, piece: str = "a piece") -> list[Step]:
    """Steps for a line of events, the first of which opens its piece."""
    found, tick = [], 0
    for item in event.parse_line(line):
        found.append(Step(item, (grid or Grid()).place(tick), Origin.MODEL, piece, opens=tick == 0))
        tick += item.ticks
    return found


def scripted(script: Sequence[Step | float | Exception]) -> Compose:
    """A composer that reads from a script: gives its steps, thinks for its numbers of seconds, raises its faults."""
    rest = iter(script)

    async def compose(_opens_bar: bool = True) -> Composed | None:
        for item in rest:
            if isinstance(item, Exception):
                raise item
            if isinstance(item, Step):
                return Composed(item)
            await asyncio.sleep(item)
        return None

    return compose


class ScriptedComposer:
    """Plays its steps over and over; an exception among them is raised, a function called on the way."""

    model = "a network"
    """Stands for what a composer asks."""
    sampler: object = None
    """Takes whatever it is given."""
    ahead: Sequence[Step] = ()
    """It plans nothing."""
    composed = 0
    """Not counted."""

    def __init__(self, *script: Step | Exception | Callable[[], object]) -> None:
        self._script = cycle(script)

    def next(self) -> Step:
        """The next step of the script."""
        for item in self._script:
            if isinstance(item, Step):
                return item
            if isinstance(item, Exception):
                raise item
            item()
        raise AssertionError("an empty script")

    def extend(self) -> bool:
        """StepBuffer nothing."""
        return False

    def record_alternatives(self, recording_alternatives: bool) -> None:
        """It knows what it plays."""
