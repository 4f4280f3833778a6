"""A step as the page's feed tells it.

Law: what is told is what the player was given, in plain values; a listener needs to know nothing else of bachd.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bachd.music import dynamics
from bachd.music.event import TICKS

if TYPE_CHECKING:
    from bachd.music.piece import Step


def described(step: Step, number: int, tick: int, due: float, bpm: float, channels: Sequence[int]) -> dict[str, Any]:
    """A step as the feed tells it.

    number, tick: how many steps and ticks came before it. due: monotonic seconds. bpm: quarter notes a minute.
    channels: 1 to 16, for the voices from the top.
    """
    event, place = step.event, step.place
    velocities = dynamics.velocities(event, place)
    voices = list(reversed(event.sounding))
    return {
        "n": number,
        "tick": tick,
        "due": round(due, 6),
        "ticks": event.ticks,
        "starts": [
            [note, velocities[note], channels[min(voices.index(note), len(channels) - 1)]] for note in event.starts
        ],
        "held": event.held,
        "text": str(event),
        "bar": place.bar,
        "phase": place.phase,
        "metre": [place.metre.beats, place.metre.unit],
        "origin": step.origin.value,
        "piece": step.piece,
        "opens": step.opens,
        "bpm": round(bpm, 3),
    }


def seconds(step: Step, bpm: float) -> float:
    """How long a step lasts."""
    return step.event.ticks * 60.0 / (bpm * TICKS)
