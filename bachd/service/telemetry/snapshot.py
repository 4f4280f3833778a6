"""Define what a running bachd can be asked for, as types.

`bachd status --json` prints a Snapshot, and the page is sent its Figures.
"""

from __future__ import annotations

from typing import TypedDict


class LatenessFigures(TypedDict):
    """The fields of `realtime.lateness.Summary`."""

    count: int
    p50: float
    """Seconds, as are the next two."""
    p99: float
    max: float


class Fault(TypedDict):
    """Something that went wrong and did not end the run."""

    time: str
    """Local time, ISO 8601, to the second."""
    what: str
    """One line or, of a refused config.yaml, several."""


class ComposingFigures(TypedDict):
    """Cumulative histogram of the time that composing an event took, as Prometheus reads it."""

    buckets: list[list[float]]
    """Pairs of a limit in seconds and the number of events that took no longer."""
    count: int
    sum: float
    """Seconds, of all events together."""


class Figures(TypedDict):
    """State of a run at one moment, as the page shows it."""

    piece: str | None
    """None while nothing has been composed yet."""
    bar: int | None
    """As people count, from 1."""
    tempo: float
    """Quarter notes a minute."""
    condition: str | None
    """What it waits for, or why it does not follow the external tempo; None if all is well."""
    rest: str | None
    """That the music rests, or when it will, such as 'pauses at 22:41'; None: neither."""
    output: str
    """The outputs, or those that are waited for."""
    model: str
    device: str
    """`cpu` or `edgetpu`: what composes at present."""
    lateness: LatenessFigures
    """Of all messages since the start."""
    spread: list[list[float]]
    """The same as classes: pairs of how late at most, in seconds, and how many messages."""
    faults: list[Fault]
    """The last ten, the latest last."""
    faulted: int
    """How many there have been since the start."""
    composing: ComposingFigures
    uptime_s: float
    events: int
    """Sent to the output since the start."""
    version: str
    pid: int


class Snapshot(Figures):
    """A run at one moment."""

    page: str | None
    """Its address, with the token if it needs one; None if it is not served."""
