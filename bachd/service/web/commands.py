"""What the page asks for, carried out: other settings, and the music halted or silenced.

Law: whoever asks hears within seconds whether it can be done, in the words that config.yaml's faults have.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from time import monotonic
from typing import Any, Final

from bachd.errors import BachdError, ConfigError, UsageError
from bachd.midi.reset import reset
from bachd.realtime.output import TimedMessage
from bachd.realtime.player import Player
from bachd.realtime.transport import Transport
from bachd.service import state_dir
from bachd.service.parts import PartsExchange
from bachd.service.settings.draft import Controls

PATIENCE: Final = 3.0
"""Seconds after which an answer no longer waits for the bar line at which an earlier change comes into use."""
FRESH: Final = 10.0
"""Seconds for which a list of ports is good enough."""


class Steering:
    """The wheel. All in the event loop, but for what `thread` does."""

    def __init__(
        self, path: Path | None, exchange: PartsExchange, player: Player, reload: asyncio.Event, thread: Executor
    ) -> None:
        """path: config.yaml. reload: set to have the settings read again, which has to be followed by `settle`."""
        self.controls = Controls(path, state_dir.folder() / "seeds")
        self._exchange = exchange
        self._player = player
        self._reload = reload
        self._thread = thread
        self._waiting: list[asyncio.Future[None]] = []
        self._ports: tuple[float, list[str]] = (-FRESH, [])

    async def handle(self, what: str, given: Any) -> Any:
        """Do what is asked for by name. Raises BachdError if that cannot be."""
        try:
            return await self._do(what, given)
        except ConfigError as fault:
            # Where in the file a fault is says nothing to who has not written it there.
            place = re.compile(f"^{re.escape(str(self.controls.path))}:[0-9]+: ", re.MULTILINE)
            raise ConfigError(place.sub("", str(fault))) from None

    async def _do(self, what: str, given: Any) -> Any:
        match what:
            case "settings":
                pass
            case "change":
                await self._try(lambda: self.controls.change(given))
            case "undo":
                await self._try(self.controls.undo)
            case "save":
                await self._in_thread(self.controls.save)
            case "play" | "pause" | "stop" | "panic":
                return self._order(what)
            case _:
                raise UsageError(f"nobody here can {what!r}")
        return await self.settings()

    @property
    def running(self) -> bool:
        """Whether there is music; it may be halted, or wait for who is followed."""
        return self._player.conductor.running

    def _order(self, what: str) -> dict[str, Any]:
        """Halt the music at once, or let it go on with the next bar, after a stop anew; returns whether it goes.

        Who is followed alone starts and halts it; what hangs is silenced then, too, and the music goes on.
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

    async def settings(self) -> dict[str, Any]:
        """The settings as they are wanted, and what there is to choose from."""
        return dict(await self._in_thread(self._told))

    def settle(self, fault: BachdError | None) -> bool:
        """What was wanted last is opened, or `fault` says why it cannot be. Returns whether it was wanted from here.

        Then the change is taken back, and who asked for it is told.
        """
        waiting, self._waiting = self._waiting, []
        if waiting and fault is not None:
            self.controls.refused()
        for future in waiting:
            if not future.done():
                if fault is None:
                    future.set_result(None)
                else:
                    future.set_exception(fault)
        return bool(waiting)

    async def _try(self, change: Callable[[], None]) -> None:
        """Want something else, and see whether it can be opened."""
        await self._in_thread(change)
        tried: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(tried)
        self._reload.set()
        try:
            await asyncio.wait([tried], timeout=PATIENCE)
            if tried.done():
                tried.result()
        finally:
            tried.cancel()  # nobody waits any more

    def _told(self) -> dict[str, Any]:
        try:
            wanted = self.controls.wanted()
        except ConfigError:
            wanted = self._exchange.present.config
        return self.controls.told(wanted, self._list_ports)

    def _list_ports(self) -> list[str]:
        from bachd.midi.ports import list_ports

        if monotonic() - self._ports[0] > FRESH:
            self._ports = (monotonic(), [port.name for port in list_ports()])
        return self._ports[1]

    async def _in_thread(self, work: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
