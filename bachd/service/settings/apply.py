"""Bring settings into force while the music plays, wherever they come from.

Law: one change at a time. Each is opened or refused on its own account, and one that is refused leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import TypeAlias

from bachd import configfile
from bachd.config import Config
from bachd.errors import BachdError, StatusError
from bachd.service.parts import Parts, PartsExchange
from bachd.service.settings import last_good
from bachd.service.settings.draft import Draft
from bachd.service.telemetry.run_stats import RunStats
from bachd.yamlfile import text

log = logging.getLogger("bachd")

Edit: TypeAlias = Callable[[Draft], Draft]
"""Returns what is wanted instead of a draft. Runs in a thread; may raise BachdError."""
Open: TypeAlias = Callable[[Config, Sequence[Parts]], Parts]
"""Opens what settings need, see prepare.py. Runs in a thread; may raise BachdError."""


class LiveSettings:
    """The settings of a run. All in the event loop, but for what `thread` does."""

    def __init__(
        self, path: Path | None, exchange: PartsExchange, open_parts: Open, report: RunStats, thread: Executor
    ) -> None:
        """May wait for the disk. path: the file; None if there is none yet, and ./config.yaml is to be made."""
        self.path = Path("config.yaml") if path is None else path
        self.draft = Draft(last_good.last()[0])
        """What is in force, or will be from the next bar on."""
        self._content = self._refused = ""  # of the file, when it was read, and when it was refused
        self._exchange, self._open, self._report, self._thread = exchange, open_parts, report, thread
        self._lock = asyncio.Lock()

    async def apply(self, edit: Edit | None = None, *, save: bool = False) -> Config:
        """Read the file, edit the draft and bring the result into force with the next bar; return it.

        save: whether to write the unsaved changes into the file then. It is finished even if the caller is cancelled.
        Raises BachdError, and has changed nothing, if that cannot be.
        """
        return await asyncio.shield(asyncio.ensure_future(self._apply(edit, save)))

    def origin(self, changed: Sequence[str]) -> str:
        """Return keys that have changed, those of the file with its name: 'tempo; model of config.yaml'."""
        unsaved = [key for key in changed if key in self.draft.unsaved]
        saved = [key for key in changed if key not in self.draft.unsaved]
        parts = [", ".join(unsaved), f"{', '.join(saved)} of {self.path}" if saved else ""]
        return "; ".join(filter(None, parts))

    async def reload(self, instead: str) -> None:
        """Bring the file into force, or log why not. instead: what happens then."""
        try:
            await self.apply()
        except BachdError as fault:
            if self._refuse(str(fault)):
                log.error("config refused, %s: %s", instead, fault)
        except Exception as bug:  # whatever a bundle or a driver raises must not end the music
            if self._refuse(repr(bug)):
                log.exception("config refused, %s, for a bug in bachd", instead)

    def _refuse(self, fault: str) -> bool:
        """Note a refusal; whether it is news: a file that is saved and at once reloaded is refused twice."""
        known, self._refused = self._report.refused == fault and self._refused == self._content, self._content
        self._report.refused = fault
        return not known

    async def _apply(self, edit: Edit | None, save: bool) -> Config:
        loop = asyncio.get_running_loop()
        async with self._lock:
            with self._exchange.keeping():
                draft, parts = await loop.run_in_executor(self._thread, self._prepare, edit)
                if parts.config != self._exchange.latest.config:
                    self._exchange.offer(parts)
            self.draft, self._report.refused = draft, None
            if save:
                await loop.run_in_executor(self._thread, configfile.save, draft.content, self.path)
                self.draft = draft.saved()
            return parts.config

    def _prepare(self, edit: Edit | None) -> tuple[Draft, Parts]:
        """Read, edit, validate and open, each once."""
        content = self._content = text.read(self.path) if self.path.exists() else ""
        tree = last_good.tree(content, self.path)
        draft = self.draft.rebased(content)
        if edit is not None:
            draft = edit(draft)
        if (wanted := draft.content) != content:
            tree = configfile.tree(wanted, self.path)
        config = configfile.understand(tree, self.path)
        try:
            parts = self._open(config, self._exchange.open)
        except OSError as error:  # no room, no file descriptors left
            raise StatusError(f"these settings cannot be opened: {text.reason(error)}") from error
        if wanted == content:
            last_good.keep(content, tree)
        return draft, parts
