"""Decide what each thing that a person does is for: a control, the way through, or playing together.

Law: what steers something does nothing else. A note that went out has its end sent to where it began, whatever the
settings say by then. What is played in a browser goes through, for there it has no synth of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol, TypeAlias

from bachd.midi.input.controls import Control
from bachd.midi.input.person import PersonEvent
from bachd.midi.input.trigger import Trigger, named
from bachd.music.message import Message, note_off
from bachd.music.piece import Step
from bachd.realtime.output import Output, TimedMessage
from bachd.service.parts import Parts, PartsExchange
from bachd.service.person.page_keys import PAGE, PageKeys

_PASSED: Final = frozenset(("note_on", "note_off", "control_change", "pitchwheel"))
"""What goes through. A program change would take bachd's own sound away."""


class Steer(Protocol):
    """Carries out what a control asks for."""

    def steer(self, control: Control, message: Message, moment: float) -> None:
        """Do what `control` says, whose trigger `message` comes from. Returns at once."""
        ...


class Partner(Protocol):
    """Plays along with a person."""

    def take(self, event: PersonEvent) -> None:
        """React to what a person does. Returns at once."""
        ...

    def use(self, parts: Parts) -> None:
        """Play with other parts from here on."""
        ...

    def on_step(self, step: Step, due: float) -> None:
        """Note that a step was sent, which sounds at `due`, in monotonic seconds."""
        ...

    def close(self) -> None:
        """End what sounds."""
        ...


class Watcher(Protocol):
    """Shows what a person plays, and what joins it."""

    def live(self, messages: Sequence[TimedMessage], is_person: bool) -> None:
        """Show notes of the moment, of a person or of the voices that join a melody."""
        ...

    def expect(self, pitches: Sequence[int]) -> None:
        """Show what those voices sound next while the note of the melody is held; nothing if `pitches` is empty."""
        ...


_Key: TypeAlias = tuple[str, int, int]


class PersonDesk:
    """Where all that a person does arrives. For the event loop."""

    def __init__(self, exchange: PartsExchange, clock: Callable[[], float]) -> None:
        """clock: monotonic seconds."""
        self.steer: Steer | None = None
        """None as long as nothing can be steered yet."""
        self.partner: Partner | None = None
        self.watchers: list[Watcher] = []
        self.on_trigger: Callable[[Trigger], None] | None = None
        """Called with whatever a person uses next, which then does nothing else."""
        self.page_keys = PageKeys(self._take, clock)
        """What is played in browsers."""
        self._exchange = exchange
        self._clock = clock
        self._through: dict[_Key, tuple[Output, Message]] = {}
        self._steering: set[_Key] = set()
        self._parts: Parts | None = None
        self.follow()

    def follow(self) -> None:
        """Listen with the parts in use, if they are other ones by now."""
        before, parts = self._parts, self._exchange.present
        if before is parts:
            return
        self._parts = parts
        if before is not None and before.person is not None and before.person is not parts.person:
            before.person.let_go()
        if parts.person is not None:
            parts.person.on_event = self._take
        if before is not None and before.outputs is not parts.outputs:
            self._end_through()
        if self.partner is not None:
            self.partner.use(parts)

    def on_step(self, step: Step, due: float, messages: Sequence[TimedMessage]) -> None:
        """Note that a step was sent as `messages`, which sounds at `due`."""
        self.follow()
        self.sent(messages)
        if self.partner is not None:
            self.partner.on_step(step, due)

    def close(self) -> None:
        """End what a person still holds, and the voices that join it; the outputs must be open."""
        if (person := self._exchange.present.person) is not None:
            person.let_go()
        if self.partner is not None:
            self.partner.close()

    def sent(self, messages: Sequence[TimedMessage]) -> None:
        """Note what bachd has sent, so that it is known when it comes back."""
        if self._parts is not None and self._parts.person is not None:
            self._parts.person.sent(messages)

    def voices_sent(self, messages: Sequence[TimedMessage]) -> None:
        """Note what was sent of the voices that play along with a person."""
        self.sent(messages)
        self._show(messages, is_person=False)

    def _show(self, messages: Sequence[TimedMessage], *, is_person: bool) -> None:
        notes = [timed for timed in messages if timed.message.type in ("note_on", "note_off")]
        for watcher in self.watchers if notes else ():
            watcher.live(notes, is_person)

    def expect(self, pitches: Sequence[int]) -> None:
        """Show what the voices that join a melody sound next while its note is held."""
        for watcher in self.watchers:
            watcher.expect(pitches)

    def _take(self, event: PersonEvent) -> None:
        message = event.message
        if message.type == "note_off" and (key := _key(event)) in self._steering:
            self._steering.discard(key)
            return
        if self.on_trigger is not None and (trigger := named(message)) is not None:
            if message.type == "note_on":
                self._steering.add(_key(event))
            self.on_trigger(trigger)
            return
        parts = self._exchange.present
        control = next((each for each in parts.config.midi.controls if each.trigger.matches(message)), None)
        if control is not None:
            if message.type == "note_on":
                self._steering.add(_key(event))
            if self.steer is not None:
                self.steer.steer(control, message, event.moment)
            return
        self._pass_through(event, parts)
        self._show([TimedMessage(event.moment, 0.0, message)], is_person=True)
        if self.partner is not None:
            self.partner.take(event)

    def _pass_through(self, event: PersonEvent, parts: Parts) -> None:
        message = event.message
        if message.type == "note_off":
            if (begun := self._through.pop(_key(event), None)) is not None:
                self._send(begun[0], message)
        elif message.type in _PASSED and (output := _way_through(event, parts)) is not None:
            if message.type == "note_on":
                self._through[_key(event)] = (output, message)
            self._send(output, message)

    def _end_through(self) -> None:
        for output, message in self._through.values():
            self._send(output, note_off(message.channel, message.note))
        self._through.clear()

    def _send(self, output: Output, message: Message) -> None:
        messages = [TimedMessage(self._clock(), 0.0, message)]
        output.send(messages)
        if message.type == "note_on":
            self.sent(messages)


def _way_through(event: PersonEvent, parts: Parts) -> Output | None:
    """Return the outputs that what is played goes through to; None if it does not."""
    if event.source.startswith(PAGE):
        return parts.outputs
    return parts.outputs.thru if parts.config.midi.thru else None


def _key(event: PersonEvent) -> _Key:
    return event.source, event.message.channel, event.message.note
