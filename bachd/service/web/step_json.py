"""Serialise steps as JSON for the page's feed and the recording.

Law: of a step that was played, the notes are those of the messages that were sent: nothing is computed a second time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from bachd.music.event import TICKS, Event
from bachd.music.notation.spelling import key_name
from bachd.realtime.output import TimedMessage
from bachd.service.web.live_messages import LiveMessage
from bachd.service.web.messages import Alternative, AlternativesMessage, Placed, PlannedStep, Step

if TYPE_CHECKING:
    from bachd.music import piece
    from bachd.music.notation.live import Written


def played(
    step: piece.Step,
    written: Written,
    number: int,
    tick: int,
    due: float,
    bpm: float,
    messages: Sequence[TimedMessage],
) -> Step:
    """A step that was handed to the output as `messages`.

    written: its names and voices. number, tick: how many steps and ticks came before it. due: monotonic seconds. bpm:
    quarter notes a minute.
    """
    starts = _starts(messages)
    struck = {start[0] for start in starts}
    # After a halt, a note that the event only holds is struck anew; one whose voice is silent by now is ended.
    ended = {timed.message.note for timed in messages if timed.message.type == "note_off"}
    held = [note for note in step.event.held if note not in struck and note not in ended]
    return {**_place(step, written, number, tick, due, bpm), "starts": starts, "held": held}


def cut(step: Step, number: int, tick: int, messages: Iterable[TimedMessage], moment: float) -> Step | None:
    """What sounded by `moment` of a step that was handed to the output as `messages`; None if nothing did.

    number, tick: how many steps and ticks came before it.
    """
    starts = _starts(timed for timed in messages if timed.due <= moment)
    if not starts and step["due"] > moment:
        return None
    passed = int((moment - step["due"]) * step["bpm"] * TICKS / 60.0)
    ticks = max(1, min(passed, step["ticks"]))
    event = Event(tuple(start[0] for start in starts), tuple(step["held"]), ticks)
    notes = [note for note in step["notes"] if note[0] in event.sounding]
    names = {pitch: name for pitch, name, _ in notes}
    text = event.text(lambda pitch: names.get(pitch) or str(pitch))
    return {**step, "n": number, "tick": tick, "ticks": ticks, "starts": starts, "notes": notes, "text": text}


def planned(step: piece.Step, written: Written, number: int, tick: int, due: float, bpm: float) -> PlannedStep:
    """A step that has not been played yet; the arguments are those of `played`."""
    return {**_place(step, written, number, tick, due, bpm), "starts": list(step.event.starts)}


def seconds(step: piece.Step, bpm: float) -> float:
    """Duration of a step."""
    return step.event.ticks * 60.0 / (bpm * TICKS)


def live(messages: Sequence[TimedMessage], *, is_person: bool) -> LiveMessage:
    """Notes of the moment. is_person: whether a person plays them."""
    ends = [timed.message for timed in messages if timed.message.type == "note_off"]
    return {
        "type": "live",
        "due": round(messages[0].due, 6),
        "person": is_person,
        "starts": _starts(messages),
        "ends": [[message.note, message.channel + 1] for message in ends],
    }


def _starts(messages: Iterable[TimedMessage]) -> list[list[int]]:
    """Pitch, velocity and channel (from 1) of each note_on."""
    sent = [timed.message for timed in messages if timed.message.type == "note_on" and timed.message.velocity]
    return sorted([message.note, message.velocity, message.channel + 1] for message in sent)


def _place(step: piece.Step, written: Written, number: int, tick: int, due: float, bpm: float) -> Placed:
    event, place = step.event, step.place
    return {
        "n": number,
        "tick": tick,
        "due": round(due, 6),
        "ticks": event.ticks,
        "held": list(event.held),
        "notes": [(pitch, str(written.names[pitch]), written.voices[pitch]) for pitch in event.sounding],
        "text": written.text(event),
        "key": key_name(written.key),
        "bar": step.bar_number,
        "phase": place.phase,
        "metre": [place.metre.beats, place.metre.unit],
        "origin": step.origin.value,
        "piece": step.piece,
        "opens": step.opens,
        "bpm": round(bpm, 3),
    }


def alternatives(
    number: int, chances: Iterable[tuple[Event | None, float]], names: Callable[[Event], str]
) -> AlternativesMessage:
    """Alternatives for step `number`, with their probabilities; None is the end of the piece. names: writes one."""
    events: list[Alternative] = [
        {"text": "the end" if event is None else names(event), "p": round(p, 4)} for event, p in chances
    ]
    return {"type": "alternatives", "n": number, "events": events}
