from __future__ import annotations

from collections.abc import Sequence

import pytest
from mido import Message

from bachd.errors import OutputError
from bachd.midi.fan_out import FanOut
from bachd.realtime.output import TimedMessage
from tests.fakes import FakeClock, RecordingOutput, run
from tests.midi.opening import note


class Line:
    """An output that writes into a list."""

    def __init__(self, name: str, log: list[str], fault: Exception | None = None) -> None:
        self.description = name
        self._log = log
        self._fault = fault

    def send(self, messages: Sequence[TimedMessage]) -> None:
        self._log.append(f"{self.description} {len(messages)}")

    def retract(self, moment: float) -> None:
        self._log.append(f"{self.description} retracts from {moment}")

    def bar(self, due: float) -> None:
        self._log.append(f"{self.description} bar at {due}")

    def poll(self) -> Sequence[str]:
        return [f"{self.description} changed"]

    def close(self) -> None:
        self._log.append(f"{self.description} closed")
        if self._fault is not None:
            raise self._fault


def test_several_outputs_are_one() -> None:
    log: list[str] = []
    output = FanOut([Line("a", log), Line("b", log)])
    output.send([note(60), note(64)])
    output.retract(5)
    output.close()
    assert output.description == "a, b"
    assert output.poll() == ["a changed", "b changed"]
    assert sorted(log) == ["a 2", "a closed", "a retracts from 5", "b 2", "b closed", "b retracts from 5"]


def test_a_clock_may_be_later_or_earlier_than_the_music_at_each_output() -> None:
    clock = FakeClock()
    outputs = RecordingOutput(clock), RecordingOutput(clock)
    both = FanOut(outputs, [0.0, -0.005])

    async def send() -> None:
        both.send([TimedMessage(0.5, 12, Message(kind)) for kind in ("note_on", "clock")])

    run(send())
    assert [[timed.due for timed in output.messages] for output in outputs] == [[0.5, 0.5], [0.5, 0.495]]


def test_an_output_that_fails_to_close_keeps_none_open() -> None:
    log: list[str] = []
    with pytest.raises(OutputError):
        FanOut([Line("a", log, OutputError("a")), Line("b", log), Line("c", log, OutputError("c"))]).close()
    assert sorted(log) == ["a closed", "b closed", "c closed"]


def test_closing_may_keep_what_is_played_to_further_on() -> None:
    log: list[str] = []
    kept, left = Line("kept", log), Line("left", log)
    FanOut([kept, left]).close(FanOut([kept]))
    assert log == ["left closed"]
