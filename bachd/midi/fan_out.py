"""Send to several outputs as one.

Law: each gets all messages, and what one of them does when it is closed keeps no other one open.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Final

from bachd.midi.speaker.settings import SpeakerSettings
from bachd.realtime.output import Output, TimedMessage


class FanOut:
    """Several outputs as one; with none at all, messages are dropped."""

    def __init__(self, outputs: Sequence[Output], offsets: Sequence[float] = (), thru: Sequence[bool] = ()) -> None:
        """offsets: seconds by which a clock is later than the music, for each output; without them, none is.

        thru: whether each output may be sent what a person plays; without it, each may.
        """
        self.outputs = tuple(outputs)
        self._offsets = tuple(offsets) or (0.0,) * len(self.outputs)
        self._thru = tuple(thru) or (True,) * len(self.outputs)

    @property
    def thru(self) -> FanOut:
        """Those that may be sent what a person plays."""
        if all(self._thru):
            return self
        return FanOut([output for output, is_thru in zip(self.outputs, self._thru, strict=True) if is_thru])

    @property
    def description(self) -> str:
        """All of them, for people."""
        return ", ".join(filter(None, (output.description for output in self.outputs))) or "no output"

    @property
    def recordings(self) -> list[str]:
        """The files that hold music of this run."""
        return [name for output in self.outputs for name in _recordings(output)]

    def set_sound(self, speaker: SpeakerSettings, program: int, chosen: Collection[int]) -> None:
        """Set the loudspeaker's volume, and its sound where the music chooses none, if it is among them.

        program: of General MIDI, 0 to 127. chosen: the channels, 0 to 15, for which the music chooses one.
        """
        if not self.outputs:
            return
        from bachd.midi.speaker.output import SpeakerOutput

        for output in self.outputs:
            if isinstance(output, SpeakerOutput):
                output.set_program(program, chosen)
                if output.settings != speaker:
                    output.set_volume(speaker)

    def send(self, messages: Sequence[TimedMessage]) -> None:
        """Give the messages to each."""
        for output, offset in zip(self.outputs, self._offsets, strict=True):
            output.send([_shifted(timed, offset) for timed in messages] if offset else messages)

    def retract(self, moment: float) -> None:
        """Let each forget."""
        for output in self.outputs:
            output.retract(moment)

    def bar(self, due: float) -> None:
        """Pass the bar line to each output."""
        for output in self.outputs:
            output.bar(due)

    def poll(self) -> Sequence[str]:
        """Look after each."""
        return [line for output in self.outputs for line in output.poll()]

    def close(self, kept: FanOut | None = None) -> None:
        """Close each, even if another one fails to, but for those that are among the `kept`, too."""
        with ExitStack() as stack:
            for output in self.outputs:
                if kept is None or output not in kept.outputs:
                    stack.callback(output.close)


def _recordings(output: Output) -> list[str]:
    from bachd.midi.file.output import FileOutput
    from bachd.midi.pending_output import PendingOutput

    if isinstance(output, PendingOutput):
        return [] if output.output is None else _recordings(output.output)
    if isinstance(output, FanOut):
        return output.recordings
    return [str(output.path)] if isinstance(output, FileOutput) and output.holds_music else []


def _shifted(timed: TimedMessage, offset: float) -> TimedMessage:
    """Return a message of a clock at another moment; any other as it is."""
    return replace(timed, due=timed.due + offset) if timed.message.type in _CLOCK else timed


_CLOCK: Final = frozenset(("clock", "start", "stop", "continue", "songpos"))
NOWHERE: Final = FanOut(())
"""Without any output."""
