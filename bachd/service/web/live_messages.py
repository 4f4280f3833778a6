"""The feed's messages about playing together, as types.

Law: they are a part of what messages.py describes.
"""

from __future__ import annotations

from typing import Literal, TypedDict


class LiveMessage(TypedDict):
    """Notes of the moment: what a person plays, or the voices that join it at once."""

    type: Literal["live"]
    due: float
    """When they sound, in seconds of the daemon's monotonic clock."""
    person: bool
    starts: list[list[int]]
    """Pitch, velocity and channel (from 1)."""
    ends: list[list[int]]
    """Pitch and channel."""


class NextMessage(TypedDict):
    """The chord that comes next while the note of the melody is held."""

    type: Literal["next"]
    notes: list[int]
    """Pitches from low to high, without the one that is held; none if there is no such chord."""
