"""Carry out what controls ask for: other values of keys, and commands.

Law: a change goes the way of all changes, is refused in the same words, and never delays an event. Of values that come
faster than they can be brought into force, the last one counts.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Mapping
from functools import partial
from typing import Any, Final, Protocol, cast

from bachd.errors import BachdError
from bachd.midi.input.controls import Control, Value
from bachd.music.message import Message
from bachd.neural.step_buffer import Turn
from bachd.service.parts import PartsExchange
from bachd.service.person.tap import TapTempo
from bachd.service.settings.apply import LiveSettings
from bachd.service.settings.draft import Draft
from bachd.yamlfile.keys import plain

log = logging.getLogger("bachd")

PAUSE: Final = 0.2
"""Seconds between two changes of settings."""
_NEAR: Final = 0.02
"""Part of its range by which a controller may miss the present value and still pick it up."""
_TURNS: Final = frozenset(("re-roll", "undo", "freeze"))
_NAMES: Final = {"next piece": "next"}
"""What the page calls a command, where it has another name."""
_CONFIRMED: Final = (0.2, 3.0)
"""Least and most seconds between the two presses that switch the machine off."""
_TEMPO: Final = "tempo"


class Commander(Protocol):
    """Carries out the commands of the page."""

    async def handle(self, what: str, given: Any) -> Any:
        """Carry out a command by its name. Raises BachdError if that cannot be."""
        ...


class Steering:
    """What controls have asked for. For the event loop."""

    def __init__(self, live: LiveSettings, commands: Commander, exchange: PartsExchange) -> None:
        """Nothing has been asked for yet."""
        self._live, self._commands, self._exchange = live, commands, exchange
        self._taps = TapTempo()
        self._pressed: set[Control] = set()
        self._positions: dict[Control, float] = {}
        self._picked_up: set[Control] = set()
        self._wanted: dict[str, Value] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._changing = False
        self._shutdown_pressed = -math.inf  # in monotonic seconds

    def steer(self, control: Control, message: Message, moment: float) -> None:
        """Do what a control says, whose trigger `message` comes from. Returns at once."""
        if control.is_command:
            if self._is_pressed(control, message):
                self._command(control.target, moment)
        elif control.target == "seed.piece" and not control.values:
            self._choose_piece(message.program)
        elif (value := self._value(control, message)) is not None:
            self._change(control.target, value)

    def _is_pressed(self, control: Control, message: Message) -> bool:
        """Whether a trigger is pressed that was not before."""
        was = control in self._pressed
        is_on = control.trigger.is_on(message)
        if control.trigger.kind in ("cc", "bend"):
            (self._pressed.add if is_on else self._pressed.discard)(control)
            return is_on and not was
        return is_on

    def _command(self, command: str, moment: float) -> None:
        if command in _TURNS:
            self._exchange.present.composer.turn(cast("Turn", command))
        elif command == "tap":
            if (bpm := self._taps.tap(moment)) is not None:
                self._change(_TEMPO, round(bpm, 1))
        elif command != "shutdown" or self._is_confirmed(moment):
            self._run(self._carry_out(command))

    def _is_confirmed(self, moment: float) -> bool:
        """Return whether what switches the machine off was pressed again, on purpose."""
        least, most = _CONFIRMED
        since, self._shutdown_pressed = moment - self._shutdown_pressed, moment
        if not least <= since <= most:
            log.info("midi.controls: shutdown: press again within %g seconds to switch this machine off", most)
            return False
        return True

    def _value(self, control: Control, message: Message) -> Value | None:
        """Return what a control sets now; None if that is nothing."""
        trigger = control.trigger
        if len(control.values) == 1 or not trigger.is_continuous:
            if not self._is_pressed(control, message):
                return None
            return control.values[0] if len(control.values) == 1 else self._following(control)
        position = trigger.position(message)
        return control.value(position) if self._picks_up(control, position) else None

    def _following(self, control: Control) -> Value:
        """Return the value that comes after the present one: what is struck goes round."""
        values, present = control.values, self._present(control.target)
        return values[(values.index(present) + 1) % len(values)] if present in values else values[0]

    def _picks_up(self, control: Control, position: float) -> bool:
        """Whether a controller has an effect: with pick-up, only when it has met the present value."""
        before = self._positions.get(control)
        self._positions[control] = position
        if not control.pick_up or control in self._picked_up:
            return True
        present = self._place_of(control)
        if (
            present is None
            or abs(position - present) <= _NEAR
            or (before is not None and (before - present) * (position - present) <= 0)
        ):
            self._picked_up.add(control)
            return True
        return False

    def _place_of(self, control: Control) -> float | None:
        """Where a controller would have to stand for the present value; None if nowhere."""
        present = self._present(control.target)
        if control.values:
            found = control.values.index(present) if present in control.values else None
            return None if found is None else (found + 0.5) / len(control.values)
        if isinstance(present, bool) or not isinstance(present, int | float):
            return None
        place = (present - control.low) / (control.high - control.low)
        return place if 0 <= place <= 1 else None

    def _present(self, key: str) -> Any:
        if key in self._wanted:
            return self._wanted[key]
        value: Any = plain(self._exchange.latest.config)
        for name in key.split("."):
            value = value[name] if isinstance(value, Mapping) else None
        return value

    def _choose_piece(self, program: int) -> None:
        model = self._exchange.latest.config.model
        pieces = _pieces(model)
        if program < len(pieces):
            self._change("seed.piece", pieces[program])
        else:
            log.warning("program %d: model %s has %d pieces, so it stays", program + 1, model, len(pieces))

    def _change(self, key: str, value: Value) -> None:
        self._wanted[key] = value
        if not self._changing:
            self._changing = True
            self._run(self._bring_into_force())

    async def _bring_into_force(self) -> None:
        try:
            while self._wanted:
                wanted, self._wanted = dict(self._wanted), {}
                try:
                    await self._live.apply(partial(Draft.changed, wanted=wanted, continues=True))
                except BachdError as fault:
                    log.warning("midi.controls: %s", str(fault).replace("\n", "; "))
                await asyncio.sleep(PAUSE)
        finally:
            self._changing = False

    async def _carry_out(self, command: str) -> None:
        try:
            await self._commands.handle(_NAMES.get(command, command), None)
        except BachdError as fault:
            log.warning("midi.controls: %s: %s", command, fault)

    def _run(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _pieces(model: str) -> list[str]:
    """Return the pieces of a model, in the order of its card; none if it cannot be read."""
    from bachd.neural.bundle import bundle, card

    try:
        return list(card.read_card(bundle.folder(model)).seeds)
    except BachdError:
        return []
