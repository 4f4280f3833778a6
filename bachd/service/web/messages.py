"""The messages between the daemon and the process that serves the page, as types.

Law: nothing else goes through the channel. What the feed sends to browsers is a part of it, described in
server/openapi.yaml; a test compares the two. What only passes between browsers and that process is in
server/browser_messages.py.
"""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias, TypedDict, get_args

from bachd.service.pieces.favourites import Kept
from bachd.service.settings.presets import Preset
from bachd.service.telemetry.snapshot import Figures
from bachd.service.web.live_messages import LiveMessage, NextMessage

Order: TypeAlias = Literal["play", "pause", "stop", "panic", "next", "again", "shutdown"]
"""A command that is carried out at once and changes no setting."""
Setting: TypeAlias = Literal["settings", "change", "undo", "redo", "save", "save_preset", "remove_preset"]
"""A command that is answered with the settings."""
Command: TypeAlias = Literal[
    Order, Setting, "sleep", "learn", "keep", "replay", "describe", "forget", "history", "favourite"
]

ORDERS: Final[tuple[Order, ...]] = get_args(Order)
CHANGES: Final[tuple[Setting, ...]] = get_args(Setting)[1:]


class Placed(TypedDict):
    """Fields that played and planned steps share."""

    n: int
    """Counted from the daemon's first step."""
    tick: int
    """24 a quarter note."""
    due: float
    """When it sounds, in seconds of the daemon's monotonic clock."""
    ticks: int
    held: list[int]
    """Pitches that go on sounding."""
    notes: list[tuple[int, str, int]]
    """Pitch, name and voice, 0 for the highest of four, of all that sounds, from low to high."""
    text: str
    """With the names that the key gives."""
    key: str
    """Of the piece, such as 'B flat major'."""
    bar: int
    """As scores count: the first full bar is 1, an upbeat 0."""
    phase: int
    """Ticks since the bar line."""
    metre: list[int]
    origin: str
    piece: str
    opens: bool
    """Whether it is the first of its piece."""
    bpm: float


class Step(Placed):
    """A step as it was handed to the output."""

    starts: list[list[int]]
    """Pitch, velocity and channel (from 1) of each note_on that was sent."""


class PlannedStep(Placed):
    """A step that will be played, if nothing changes."""

    starts: list[int]
    """Pitches. How loud they will be is known when they are played."""


class Alternative(TypedDict):
    """An event that could come next."""

    text: str
    p: float


class PlayedPiece(TypedDict):
    """A piece of this run."""

    number: int
    piece: str
    whole: bool
    """Whether it is over, so that it can be kept at once."""


class History(TypedDict):
    """The last pieces of this run, and what was kept of this and earlier ones; the latest come last."""

    pieces: list[PlayedPiece]
    favourites: list[Kept]


class Settings(TypedDict):
    """The settings as they are wanted, and what there is to choose from."""

    values: dict[str, Any]
    unsaved: bool
    undo: bool
    redo: bool
    choices: dict[str, list[str]]
    limits: dict[str, list[float]]
    presets: list[Preset]


class Status(Figures):
    """The daemon's figures, without the address of the page, which holds its token."""

    playing: bool


class Opening(TypedDict):
    """The first message: what is to be served."""

    type: Literal["open"]
    token: str | None
    """None lets everybody in who is on this machine."""
    hosts: list[str]
    """Names by which a proxy may ask for the page."""
    home: str
    """The folder for what is kept."""
    run: str
    """The run of the daemon that the recording belongs to."""


class StepMessage(TypedDict):
    """A step has been handed to the output."""

    type: Literal["step"]
    step: Step


class RetractedMessage(TypedDict):
    """The music was silenced before all of the steps from number `n` on had sounded."""

    type: Literal["retracted"]
    n: int
    steps: list[Step]
    """What sounded of them, counted from `n`, and perhaps nothing."""


class PlanMessage(TypedDict):
    """Planned steps after the last one played."""

    type: Literal["plan"]
    steps: list[PlannedStep]


class AlternativesMessage(TypedDict):
    """Alternatives for step `n`, the likeliest first."""

    type: Literal["alternatives"]
    n: int
    events: list[Alternative]


class StatusMessage(TypedDict):
    """State of the run, sent every second."""

    type: Literal["status"]
    status: Status


class SettingsMessage(TypedDict):
    """The settings have changed."""

    type: Literal["settings"]
    settings: Settings


class TransportMessage(TypedDict):
    """The music was halted, or goes on."""

    type: Literal["halted", "going"]


class Done(TypedDict):
    """A request was carried out."""

    type: Literal["done"]
    id: int
    ok: Any
    """Settings, `{"playing": ...}` for an order, `{"kept": ...}` for `keep`, or the history."""


class Refusal(TypedDict):
    """A request was not carried out."""

    type: Literal["refused"]
    id: int
    faults: list[str]
    status: int
    """In HTTP."""


Answer: TypeAlias = Done | Refusal
MusicMessage: TypeAlias = StepMessage | RetractedMessage | PlanMessage | AlternativesMessage
FeedMessage: TypeAlias = MusicMessage | LiveMessage | NextMessage | StatusMessage | SettingsMessage | TransportMessage
"""What is passed on to browsers word for word."""
DaemonMessage: TypeAlias = Opening | FeedMessage | Answer
"""From the daemon."""


class Request(TypedDict):
    """Request from the page's process to the daemon."""

    type: Literal["request"]
    id: int
    command: Command
    payload: Any
    """The change that is wanted, of `change`; a piece's number, or a favourite, of others."""


class WatchedMessage(TypedDict):
    """So many browsers follow the feed now."""

    type: Literal["watched"]
    clients: int


class PlayedMessage(TypedDict):
    """Somebody plays in a browser."""

    type: Literal["played"]
    client: int
    data: list[int]
    """The bytes of a MIDI channel message; none when the browser is gone."""


class LogMessage(TypedDict):
    """A warning for the daemon's log."""

    type: Literal["log"]
    line: str


PageMessage: TypeAlias = Request | WatchedMessage | PlayedMessage | LogMessage
"""From the process that serves the page."""
