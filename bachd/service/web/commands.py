"""Carry out what the page asks for: other settings, and the music halted or silenced.

Law: whoever asks is answered within seconds whether it can be done, in the words that config.yaml's faults have.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor
from contextlib import suppress
from time import monotonic
from typing import Any, Final

from bachd.config import DEVICES, Config
from bachd.errors import BachdError, ConfigError, UsageError
from bachd.midi.reset import reset
from bachd.neural.bundle import bundle
from bachd.neural.bundle.card import read_card
from bachd.realtime.output import TimedMessage
from bachd.realtime.player import Player
from bachd.realtime.transport import Transport
from bachd.service import state_dir
from bachd.service.parts import PartsExchange
from bachd.service.settings.apply import LiveSettings
from bachd.service.settings.draft import Draft
from bachd.service.web.change_request import checked, permitted
from bachd.yamlfile.keys import keys, plain

LIMITS: Final = {key.path: list(key.kind.limits) for key in keys(Config) if key.kind and key.kind.limits}
"""Least and largest values, for sliders."""
FRESH: Final = 10.0
"""Seconds for which a list of ports is good enough."""


class Commands:
    """What the page can ask for. All in the event loop, but for what `thread` does."""

    def __init__(self, live: LiveSettings, exchange: PartsExchange, player: Player, thread: Executor) -> None:
        self._live = live
        self._exchange = exchange
        self._player = player
        self._thread = thread
        self._seeds = state_dir.folder() / "seeds"
        self._ports: tuple[float, list[str]] = (-FRESH, [])

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
                await self._live.apply(lambda draft: draft.changed(permitted(wanted, draft, self._seeds)))
            case "undo":
                await self._live.apply(Draft.undone)
            case "save":
                await self._live.apply(save=True)
            case "play" | "pause" | "stop" | "panic":
                return self._order(what)
            case _:
                raise UsageError(f"unknown command {what!r}")
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._settings)

    @property
    def running(self) -> bool:
        """Whether there is music; it may be halted, or wait for an external tempo source."""
        return self._player.conductor.running

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
            raise UsageError(f"the music follows somebody else's clock; {verb} it there")
        if what == "panic":
            due = monotonic()
            self._exchange.present.outputs.send([TimedMessage(due, 0, message) for message in reset()])
        return {"playing": conductor.running}

    def _settings(self) -> dict[str, Any]:
        """The settings in force, as config.yaml writes them, and what there is to choose from."""
        config, draft = self._exchange.latest.config, self._live.draft
        return {
            "values": plain(config),
            "unsaved": bool(draft.unsaved),
            "undo": bool(draft.undos),
            "choices": {
                "models": bundle.names(),
                "pieces": self._pieces(config.model),
                "ports": self._list_ports(),
                "devices": list(DEVICES),
            },
            "limits": LIMITS,
        }

    def _pieces(self, model: str) -> list[str]:
        own: list[str] = []
        with suppress(BachdError, OSError):
            own = list(read_card(bundle.folder(model)).seeds)
        return own + sorted(map(str, self._seeds.glob("*.mid")))

    def _list_ports(self) -> list[str]:
        from bachd.midi.ports import list_ports

        if monotonic() - self._ports[0] > FRESH:
            self._ports = (monotonic(), [port.name for port in list_ports()])
        return self._ports[1]
