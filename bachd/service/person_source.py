"""Open the input for what a person plays, and pass each event on in the event loop.

Law: an event is handled in the event loop only, in the order in which the events came in; they arrive on other threads.
Whoever closes the source has let go of every key first.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from time import monotonic
from typing import TYPE_CHECKING, TypeAlias

from bachd.config import BOTH, Config
from bachd.errors import BachdError, ModelError, OutputError
from bachd.service.tempo_source import Call

if TYPE_CHECKING:
    from bachd.midi.input.person import PersonEvent
    from bachd.realtime.input import Input
    from bachd.realtime.output import TimedMessage

log = logging.getLogger("bachd")

OnEvent: TypeAlias = "Callable[[PersonEvent], None]"
"""Called with each event, in the event loop."""


def is_wanted(config: Config) -> bool:
    """Whether the settings have a use for what a person plays."""
    return config.together != "none" or bool(config.midi.thru or config.midi.controls)


class _PageAlone:
    """No input: whoever plays does so in a browser, which is received elsewhere."""

    description = "the page"

    def poll(self) -> Sequence[str]:
        return ()

    def close(self) -> None:
        """Do nothing."""


class PersonSource:
    """An input, and the state of the keyboards that play into it."""

    def __init__(self, config: Config, call: Call) -> None:
        """Begin to receive. Raises OutputError if there is no MIDI system, and no page to play on either."""
        # Slow, and seldom needed.
        from bachd.midi.input.echo import EchoFilter
        from bachd.midi.input.person import Person
        from bachd.midi.input.purpose import PLAYING
        from bachd.midi.inputs import open_input

        self.on_event: OnEvent | None = None
        self.bpm: float | None = None
        """Quarter notes a minute that are played, in free time, once whoever plays along has found them."""
        self._echo = EchoFilter()
        self._person = Person(config.midi.input_channels, self._echo)
        self._call = call
        self.fault = ""
        """Why only the page plays along, if so."""
        try:
            self._input: Input = open_input(config.midi.input, self._receive, PLAYING, _asker(config))
        except OutputError as fault:
            if config.web.listen is None:
                raise
            self.fault = str(fault)
            self._input = _PageAlone()

    @property
    def description(self) -> str:
        """Name who is listened to, for people."""
        return self._input.description

    def poll(self) -> Sequence[str]:
        """Check the connection, off the event loop; returns a line for each change."""
        return self._input.poll()

    def sent(self, messages: Sequence[TimedMessage]) -> None:
        """Note what was sent, so that it is known when a synth sends it back."""
        self._echo.sent(messages)

    def let_go(self) -> None:
        """Take all keys for let go, in the event loop."""
        self._pass_on(self._person.release(monotonic()))
        self.on_event = None

    def close(self) -> None:
        """Receive no more. Blocks a little."""
        self._input.close()

    def _receive(self, moment: float, data: bytes, source: str) -> None:
        self._call(self._take, moment, data, source)

    def _take(self, moment: float, data: bytes, source: str) -> None:
        self._pass_on(self._person.receive(moment, data, source))

    def _pass_on(self, events: Sequence[PersonEvent]) -> None:
        if self.on_event is not None:
            for event in events:
                self.on_event(event)


def open_person(config: Config, call: Call) -> PersonSource | None:
    """Open the source that the settings ask for; None if they do not.

    Raises OutputError as PersonSource does, ModelError if the model cannot do what is wanted of it.
    """
    require_voices(config)
    if not is_wanted(config):
        return None
    person = PersonSource(config, call)
    if person.fault:
        log.warning("%s; only the page plays along", person.fault)
    return person


def require_voices(config: Config) -> None:
    """Raise ModelError if the model is to harmonise and cannot."""
    if config.together not in ("harmonise", "duet"):
        return
    from bachd.neural import assemble
    from bachd.neural.bundle.bundle import Bundle

    try:
        bundle = Bundle.open(config.model)
        assemble.voices(bundle)
        if config.together_voice == BOTH:
            assemble.require_inner_voices(bundle)
    except ModelError as fault:
        raise ModelError(f"together: {config.together}: {fault}") from None


def open_or_warn(config: Config, call: Call) -> PersonSource | None:
    """Open the source for a run that begins; if that cannot be, the music plays without it, and the log says why."""
    try:
        return open_person(config, call)
    except BachdError as fault:
        log.warning("%s; the music plays without you", fault)
        return None


def _asker(config: Config) -> str:
    """The setting that wants an input."""
    if config.together != "none":
        return f"together: {config.together}"
    if config.midi.controls:
        return "midi.controls"
    return "midi.thru" if config.midi.thru else "MIDI learn"
