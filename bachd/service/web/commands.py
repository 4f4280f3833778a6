"""Carry out what the page asks for: other settings, and the music halted or silenced.

Law: each request is answered within seconds; a refusal has the words of config.yaml's faults.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from functools import partial
from time import monotonic
from typing import Any, Final, Protocol, TypeVar

from bachd.config import Config
from bachd.errors import ConfigError, UsageError
from bachd.midi.reset import reset
from bachd.music.piece import Step
from bachd.realtime.output import TimedMessage
from bachd.realtime.player import Player
from bachd.realtime.transport import Transport
from bachd.service import state_dir
from bachd.service.parts import PartsExchange
from bachd.service.pieces import favourites
from bachd.service.pieces.keeper import Keeper
from bachd.service.pieces.played import Music
from bachd.service.settings import presets
from bachd.service.settings.apply import LiveSettings
from bachd.service.settings.draft import Draft
from bachd.service.web.change_request import checked, permitted
from bachd.service.web.messages import History, Settings
from bachd.service.web.settings_json import SettingsJson

T = TypeVar("T")
F = TypeVar("F", int, str)


MOST_MINUTES: Final = 24 * 60


class Timer(Protocol):
    """Pauses the music later."""

    def sleep_in(self, minutes: float | None) -> str | None:
        """Pause in so many minutes; None: not at all. Returns what is said of it."""
        ...


class Commands:
    """Commands of the page. All run in the event loop, except those passed to `thread`."""

    def __init__(
        self,
        live: LiveSettings,
        exchange: PartsExchange,
        player: Player,
        music: Music,
        rest: Timer,
        thread: Executor,
        learn: Callable[[], Awaitable[str]],
        switch_off: Callable[[Config], None],
    ) -> None:
        """learn: returns the name of what a person uses next, such as 'cc 21'. switch_off: see run/ending.py."""
        self._rest, self._learn, self._switch_off = rest, learn, switch_off
        self._music = music
        self.keeper = Keeper(music, exchange, thread)
        """Keeps pieces of this run."""
        self._live = live
        self._exchange = exchange
        self._player = player
        self._thread = thread
        self._seeds = state_dir.folder() / "seeds"
        self._json = SettingsJson(self._seeds, live.path.parent)

    async def handle(self, what: str, given: Any) -> Any:
        """Carry out a command by its name. Raises BachdError if that cannot be."""
        try:
            return await self._do(what, given)
        except ConfigError as error:
            raise error.without_places() from None

    async def _do(self, what: str, given: Any) -> Any:
        match what:
            case "settings":
                pass
            case "change":
                wanted = checked(given)
                models = await self._models() if "model" in wanted else []
                await self._live.apply(lambda draft: draft.changed(permitted(wanted, draft, self._seeds, models)))
            case "undo":
                await self._live.apply(Draft.undone)
            case "redo":
                await self._live.apply(Draft.redone)
            case "save_preset":
                name = _field(given, "name", str)
                await self._in_thread(partial(presets.save, name, self._exchange.latest.config))
            case "remove_preset":
                await self._in_thread(partial(presets.remove, _field(given, "name", str)))
            case "save":
                await self._live.apply(save=True)
            case "play" | "pause" | "stop" | "panic":
                return self._order(what)
            case "next":
                self._music.skip()
                return {"playing": self.running}
            case "again":
                if self._music.is_between:  # it is not too late for the next bar
                    self._player.rewind()
                else:
                    self._music.again()
                return {"playing": self.running}
            case "shutdown":
                self._switch_off(self._exchange.latest.config)
                return {"playing": False}
            case "sleep":
                return {"rest": self._rest.sleep_in(_minutes(given))}
            case "learn":
                return {"trigger": await self._learn()}
            case "keep":
                return (await self.keeper.keep(None if given is None else _field(given, "number", int)))._asdict()
            case "forget":
                text = _field(given, "favourite", str)
                return {"removed": await self._in_thread(partial(favourites.remove, text))}
            case "replay":
                return await self._replay(given)
            case "describe":
                return await self._in_thread(partial(_described, _field(given, "favourite", str)))
            case "favourite":
                return await self._in_thread(partial(self._favourite, _field(given, "number", int)))
            case "history":
                return await self._in_thread(self._history)
            case _:
                raise UsageError(f"unknown command {what!r}")
        return await self._in_thread(self._settings)

    async def _models(self) -> list[str]:
        return await self._in_thread(partial(self._json.models, self._exchange.latest.config.model))

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _favourite(self, number: int) -> str:
        return str(self.keeper.of(self.keeper.played(number)))

    async def _replay(self, given: Any) -> dict[str, Any]:
        """Play a piece of this run again, or a favourite, from the next bar on."""
        if isinstance(given, dict) and "number" in given:
            steps = self.keeper.played(_field(given, "number", int)).steps
        else:
            text = _field(given, "favourite", str)
            found = await self._in_thread(partial(favourites.find, text))
            there = -self._exchange.latest.config.transpose  # from which it is moved up again when it is played
            steps = tuple(step.moved(there) for step in found.steps)
        self._music.replay(steps)
        return {"playing": self.running}

    def _history(self) -> History:
        return {
            "pieces": [{"number": each.number, "piece": each.name, "whole": each.whole} for each in self._music.pieces],
            "favourites": favourites.kept(),
        }

    @property
    def running(self) -> bool:
        """Whether there is music; it may be halted, or wait for an external tempo source."""
        return self._player.conductor.running

    @property
    def tempo(self) -> float | str:
        """Quarter notes a minute that are wanted, those of the present piece where none are set; or who is followed."""
        config, pieces = self._exchange.latest.config, self._music.pieces
        own = config.bpm * config.pace(pieces[-1].steps[0]) if pieces else config.bpm
        return round(own) if config.tempo is None else config.tempo

    @property
    def coming(self) -> Sequence[Step]:
        """What is played next, as far as it is known."""
        return self._music.coming

    def _order(self, what: str) -> dict[str, Any]:
        """Halt the music at once, or let it go on with the next bar, after a stop anew; return whether it goes.

        An external tempo source alone starts and halts it; what hangs is silenced then, too, and the music goes on.
        """
        conductor = self._player.conductor
        if isinstance(conductor, Transport):
            if what == "play":
                conductor.resume()
            else:
                conductor.halt()
            if what == "stop":
                self._player.rewind()
        elif what != "panic":
            verb = "start" if what == "play" else "halt"
            raise UsageError(f"the music follows an external clock; {verb} it there")
        if what == "panic":
            due = monotonic()
            self._exchange.present.outputs.send([TimedMessage(due, 0, message) for message in reset()])
        return {"playing": conductor.running}

    def _settings(self) -> Settings:
        return self._json.of(self._exchange.latest.config, self._live.draft)


def _minutes(given: Any) -> float | None:
    """Return the minutes that were asked for. Raises UsageError."""
    minutes = given.get("minutes", "") if isinstance(given, dict) else ""
    if minutes is None:
        return None
    if isinstance(minutes, bool) or not isinstance(minutes, int | float) or not 0 < minutes <= MOST_MINUTES:
        raise UsageError(f'this needs an object such as {{"minutes": 30}}, up to {MOST_MINUTES}, or null for none')
    return float(minutes)


def _described(text: str) -> dict[str, Any]:
    """What a favourite holds. Raises UsageError."""
    found = favourites.find(text)
    return {"piece": found.title, "model": found.model, "bars": found.steps[-1].bar_number}


def _field(given: Any, name: str, kind: type[F]) -> F:
    """Return a value that was asked with. Raises UsageError."""
    value = given.get(name) if isinstance(given, dict) else None
    if not isinstance(value, kind) or isinstance(value, bool):
        raise UsageError(f'this needs an object such as {{"{name}": {"1" if kind is int else "..."}}}')
    return value
