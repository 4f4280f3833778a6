"""What is said to have been played, against what a listener got, with halts at any moment."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Sequence
from operator import itemgetter
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachd.music.event import TICKS, Event
from bachd.music.metre import Grid
from bachd.music.performance.expression import Expression
from bachd.music.piece import Origin, Step
from bachd.realtime.output import TimedMessage
from bachd.realtime.player import Player
from bachd.realtime.transport import Transport
from bachd.service.web import messages
from bachd.service.web.server.feed import Feed
from bachd.service.web.server.music_files.recording import Recording, write_midi
from bachd.service.web.timeline import Timeline
from tests.fakes import FakeClock, RecordingOutput, run, scripted, steps

BPM = 120.0
TICK = 60 / (BPM * TICKS)


class Told:
    """What the page's process makes of the messages of a run."""

    def __init__(self, folder: Path) -> None:
        self.timeline = Timeline()
        self.recording = Recording(folder, "a run")
        self.feed = Feed(lambda _: None, lambda *_: None)
        self.retractions: list[messages.RetractedMessage] = []

    def step(self, step: Step, due: float, sent: Sequence[TimedMessage]) -> None:
        message = self.timeline.played(step, due, BPM, sent)
        self.feed.receive(message, "")
        self.recording.add(message["step"])

    def retract(self, moment: float) -> None:
        message = self.timeline.retract(moment)
        if message is not None:
            self.feed.receive(message, "")
            self.recording.retract(message["n"], message["steps"])
            self.retractions.append(message)

    @property
    def past(self) -> list[messages.Step]:
        return list(self.feed._past)


def play(folder: Path, line: Sequence[Step], halts: Sequence[tuple[float, float]] = (), **how: Any) -> Any:
    """Play steps, halted so many seconds after the last time that they went on, and for so many seconds."""
    clock, told, transport = FakeClock(), Told(folder), Transport(BPM)
    output = RecordingOutput(clock)
    player = Player(output, transport, clock, on_step=told.step, on_retract=told.retract, **how)

    async def perform() -> None:
        performance = asyncio.ensure_future(player.perform(scripted(line)))
        for after, pause in halts:
            await asyncio.sleep(after)
            transport.halt()
            await asyncio.sleep(pause)
            transport.resume()
        await performance

    run(perform())
    return output, told


def heard(output: RecordingOutput) -> list[tuple[int, int, int, int]]:
    """Pitch, velocity, channel and length in ticks of each note that a listener got, sorted by pitch and time."""
    begun: dict[int, tuple[int, float]] = {}
    found: list[tuple[int, int, int, int]] = []
    for timed in output.messages:
        message = timed.message
        if message.type == "note_on":
            begun[message.note] = (len(found), timed.due)
            found.append((message.note, message.velocity, message.channel, 0))
        elif message.type == "note_off":
            index, moment = begun.pop(message.note)
            found[index] = (*found[index][:3], round((timed.due - moment) / TICK))
    assert not begun
    return sorted(found, key=itemgetter(0))


def kept(recording: Recording) -> list[tuple[int, int, int, int]]:
    """The same of the .mid that is made of a recording."""
    data = write_midi(recording.steps())
    if not data:
        return []
    tick, begun, found = 0, dict[int, tuple[int, int]](), list[tuple[int, int, int, int]]()
    file = mido.MidiFile(file=io.BytesIO(data))
    scale = file.ticks_per_beat // TICKS
    for message in mido.merge_tracks(file.tracks):
        tick += message.time
        if message.type == "note_on":
            begun[message.note] = (len(found), tick)
            found.append((message.note, message.velocity, message.channel, 0))
        elif message.type == "note_off":
            index, start = begun.pop(message.note)
            found[index] = (*found[index][:3], round((tick - start) / scale))
    assert not begun
    return sorted(found, key=itemgetter(0))


NOTES = st.frozensets(st.integers(55, 64), max_size=4)


@st.composite
def line(draw: st.DrawFn) -> list[Step]:
    """Music with long and very short notes; several steps are on their way at once."""
    found, tick = [], 0
    for _ in range(draw(st.integers(1, 30))):
        held = draw(NOTES)
        event = Event(tuple(sorted(draw(NOTES) - held)), tuple(sorted(held)), draw(st.sampled_from([1, 3, 6, 24, 60])))
        found.append(Step(event, Grid().place(tick), Origin.MODEL, "a piece", opens=tick == 0))
        tick += event.ticks
    return found


@given(
    music=line(),
    halts=st.lists(st.tuples(st.floats(0.01, 2.0), st.floats(0.01, 1.0)), max_size=6),
    swing=st.sampled_from([50.0, 66.0]),
    humanise=st.sampled_from([0.0, 0.03]),
    latency=st.sampled_from([0.0, 0.05]),
)
def test_the_recording_and_the_page_have_the_notes_that_sounded(
    music: list[Step], halts: list[tuple[float, float]], swing: float, humanise: float, latency: float
) -> None:
    how = {"expression": Expression(Random(1), swing=swing, humanise=humanise), "channels": (1, 2), "latency": latency}
    with TemporaryDirectory() as folder:
        output, told = play(Path(folder), music, halts, **how)
        sounded, written = heard(output), kept(told.recording)
        assert [note[:3] for note in written] == [note[:3] for note in sounded]
        steps_kept = list(told.recording.steps())
    past = json.loads(json.dumps(told.past))  # as a browser reads it
    assert past == steps_kept[-len(past) :] if past else not steps_kept
    for step in steps_kept:
        assert [note[0] for note in step["notes"]] == sorted({start[0] for start in step["starts"]} | {*step["held"]})
    assert [step["n"] for step in steps_kept] == list(range(len(steps_kept)))
    assert told.timeline.number == len(steps_kept)
    ends = [0, *(step["tick"] + step["ticks"] for step in steps_kept)]
    assert [step["tick"] for step in steps_kept] == ends[:-1]
    if swing == 50.0 and not humanise and not latency:  # otherwise the page has the lengths that are written
        for (*_, length), (*_, told_length) in zip(sounded, written, strict=True):
            assert abs(length - told_length) <= 1


def test_what_is_not_yet_due_when_the_music_halts_is_taken_back(tmp_path: Path) -> None:
    # The first step is due 0.2 s after the start, the second 0.5 s later; it is sent 0.2 s before that.
    output, told = play(tmp_path, steps("C4 D4 E4 F4 G4"), [(0.6, 1.0)])
    assert output.log[:3] == ["0 on C4", "0.4 off C4", "1.6 on G4"]
    (retracted,) = told.retractions
    assert (retracted["n"], [step["text"] for step in retracted["steps"]]) == (0, ["C4:19/24"])
    assert [(step["n"], step["tick"], step["text"]) for step in told.past] == [(0, 0, "C4:19/24"), (1, 19, "G4")]


def test_of_a_chord_that_is_spread_the_notes_stay_that_sounded(tmp_path: Path) -> None:
    messages_of: list[Sequence[TimedMessage]] = []
    spread = Expression(Random(3), humanise=0.1)
    timeline = Timeline()

    def see(step: Step, due: float, sent: Sequence[TimedMessage]) -> None:
        timeline.played(step, due, BPM, sent)
        messages_of.append(sent)

    clock = FakeClock()
    player = Player(RecordingOutput(clock), Transport(BPM), clock, expression=spread, on_step=see)
    run(player.perform(scripted(steps("C4.E4.G4.B4:4"))))
    begun = sorted((timed for timed in messages_of[0] if timed.message.type == "note_on"), key=lambda timed: timed.due)
    assert begun[1].due < begun[2].due
    retracted = timeline.retract((begun[1].due + begun[2].due) / 2)
    assert retracted is not None
    (left,) = retracted["steps"]
    assert {start[0] for start in left["starts"]} == {timed.message.note for timed in begun[:2]}
    assert left["text"].split(":")[0].count(".") == 1


def test_a_halt_when_all_has_sounded_takes_nothing_back() -> None:
    timeline = Timeline()
    assert timeline.retract(5.0) is None
    timeline.played(steps("C4")[0], 1.0, BPM, [])
    assert timeline.retract(1.5) is None
    assert timeline.number == 1


def test_the_plan_goes_on_from_what_is_left() -> None:
    timeline = Timeline()
    first, second, third = steps("C4 D4 E4")
    for number, step in enumerate((first, second)):
        timeline.played(step, 1.0 + number / 2, BPM, [])
    timeline.retract(1.25)
    (planned,) = timeline.plan([third], BPM)["steps"]
    assert (planned["n"], planned["tick"]) == (1, 12)
    assert planned["due"] == pytest.approx(1.25)
