"""Write down the piece that plays at present, as far as it is played and planned.

Law: notes have the names that the feed gave them, and the silence after a piece ends with its last bar. The length is
bounded: of a longer piece the beginning is lost.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Final, NamedTuple

from bachd.music.event import Event
from bachd.music.metre import Metre, Place
from bachd.music.notation import musicxml
from bachd.music.notation.score import score
from bachd.music.notation.spelling import Spelled, key_named, spelled
from bachd.music.piece import Origin, Step
from bachd.service.pieces import titles
from bachd.service.web import messages
from bachd.service.web.messages import FeedMessage, Placed
from bachd.service.web.server.music_files.files import stem_of

MOST: Final = 4_000
"""Steps that are remembered."""


class PresentPiece:
    """The steps of the piece whose event was handed to the output last."""

    def __init__(self) -> None:
        self._past: deque[messages.Step] = deque(maxlen=MOST)
        self._plan: list[messages.PlannedStep] = []

    def receive(self, message: FeedMessage) -> None:
        """Take note of what is played and planned."""
        match message["type"]:
            case "step":
                self._add(message["step"])
            case "retracted":
                while self._past and self._past[-1]["n"] >= message["n"]:
                    self._past.pop()
                for step in message["steps"]:
                    self._add(step)
                self._plan = []
            case "plan":
                self._plan = message["steps"]

    def _add(self, step: messages.Step) -> None:
        if step["opens"] or (self._past and step["n"] != self._past[-1]["n"] + 1):
            self._past.clear()
        self._past.append(step)

    @property
    def known(self) -> Known:
        """The piece as far as it is played and planned."""
        steps: list[Placed] = [*self._past]
        last = steps[-1]["n"] if steps else -1
        for step in self._plan:
            if step["n"] <= last:
                continue
            if step["opens"] and steps:
                return Known(tuple(steps), ends=True)
            steps.append(step)
        return Known(tuple(steps), ends=False)


class Known(NamedTuple):
    """What is known of a piece."""

    steps: tuple[Placed, ...]
    ends: bool
    """Whether another piece follows."""

    def write(self, first: int, bars: int) -> tuple[str, bytes]:
        """Return a name for a file, and MusicXML of so many bars; nothing if none of them is known.

        first: the number of the first of them, 0 for an upbeat. bars: 0 for all that follow.
        """
        if not self.steps:
            return "", b""
        name, bpm = self.steps[0]["piece"], self.steps[0]["bpm"]
        written = [each for each in self.steps if each["origin"] != Origin.BREATH.value or each["phase"]]
        whole = score([_step(each) for each in written], bpm, [_names(each) for each in written])
        whole.bars[0].opens = ""  # the title says it
        wanted = [bar for bar in whole.bars if first <= bar.number and (not bars or bar.number < first + bars)]
        if not wanted:
            return "", b""
        ends = self.ends and wanted[-1] is whole.bars[-1]
        cut = replace(whole, bars=tuple(wanted))
        title = f"After {titles.full(name)}"
        return stem_of(name), musicxml.write(cut, title, creator="bachd", ends=ends)


def _step(said: Placed) -> Step:
    """Return a step as the feed sent it."""
    sounding = sorted(pitch for pitch, _, _ in said["notes"])
    held = tuple(pitch for pitch in sounding if pitch in said["held"])
    starts = tuple(pitch for pitch in sounding if pitch not in held)
    metre = Metre(*said["metre"])
    # The feed counts bars as scores do, which is as if there were an upbeat.
    ticks = said["ticks"] if said["origin"] != Origin.BREATH.value else min(said["ticks"], metre.bar - said["phase"])
    return Step(
        Event(starts, held, ticks),
        Place(said["bar"], said["phase"], metre),
        Origin(said["origin"]),
        said["piece"],
        opens=said["opens"],
        key=key_named(said["key"]),
        upbeat=True,
    )


def _names(said: Placed) -> dict[int, Spelled]:
    return {pitch: spelled(pitch, name) for pitch, name, _ in said["notes"]}
