"""Count and measure a run: a line for systemd, a snapshot for 'bachd status' and the page, and the last warnings.

Law: nothing here changes the run; what is returned was true at one moment, and memory stays small for weeks.
"""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING, Final

from bachd import __version__
from bachd.printable import printable
from bachd.realtime.lateness import Lateness
from bachd.service.telemetry.durations import Durations

if TYPE_CHECKING:
    from bachd.music.piece import Step
    from bachd.service.parts import Parts
    from bachd.service.telemetry.page import Page
    from bachd.service.telemetry.snapshot import Fault, Snapshot

_LOG: Final = logging.getLogger("bachd")
FAULTS: Final = 10
"""Faults that are kept."""
_WAITING: Final = "waiting for"
"""In the description of an output that is not there."""
LONGEST: Final = 2000
"""Characters of a fault that are kept."""


@contextmanager
def log_to(*handlers: logging.Handler) -> Iterator[None]:
    """Make these the only handlers of bachd's log until the context ends."""
    before, _LOG.handlers = _LOG.handlers, list(handlers)
    try:
        yield
    finally:
        _LOG.handlers = before


class RunStats(logging.Handler):
    """The figures of a run; as a logging handler, it keeps the warnings."""

    def __init__(self, lateness: Lateness) -> None:
        """Measure from now on."""
        super().__init__(logging.WARNING)
        self.lateness = lateness
        """Of the messages that have been delivered."""
        self.events = 0
        """Sent so far."""
        self.refused: str | None = None
        """What is wrong with the settings in the file, if they were refused."""
        self.rest: str | None = None
        """That the music rests, or when it will; None: neither."""
        self.page: Page | None = None
        """The page, once there is one."""
        self._began = monotonic()
        self._step: Step | None = None
        self._faults: deque[Fault] = deque(maxlen=FAULTS)
        self._faulted = 0
        self.composing = Durations()
        """How long composing an event took."""

    def count(self, step: Step) -> None:
        """Count a step that was sent to the output."""
        self._step = step
        self.events += 1

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a warning as a fault."""
        time = datetime.fromtimestamp(record.created).isoformat(timespec="seconds")
        self._faulted += 1
        self._faults.append({"time": time, "what": printable(record.getMessage()[:LONGEST])})

    def line(self, parts: Parts) -> str:
        """Return piece, tempo and output, and if so, why there is silence and why the file's settings were refused."""
        piece = self._step.piece if self._step else "nothing yet"
        refused = f"; config refused: {self.refused}" if self.refused else ""
        condition = "".join(f"; {each}" for each in (_condition(parts), self.rest) if each)
        return f"{piece} at {self._bpm(parts):g} bpm on {parts.outputs.description}{condition}{refused}"

    def in_force(self, parts: Parts) -> list[str]:
        """Return what is wrong at the moment: with the file, the external tempo, and outputs that are not there."""
        refused = [f"config refused: {self.refused}"] if self.refused else []
        tempo = parts.tempo_source.condition(monotonic()) if parts.tempo_source else ""
        output = parts.outputs.description
        return [*refused, *filter(None, [tempo]), *([f"output: {output}"] if _WAITING in output else [])]

    def _bpm(self, parts: Parts) -> float:
        """Quarter notes a minute, but for a ritardando."""
        share = parts.config.pace(self._step) if self._step is not None and parts.tempo_source is None else 1.0
        return round(parts.bpm * share, 1)

    def figures(self, parts: Parts) -> str:
        """Return the page's address, tempo, output and lateness, for a line on the screen."""
        late = self.lateness.overall()
        lateness = f"   lateness {late}" if late.count else ""
        page = f"{self.page.link}   " if self.page is not None and self.page.link else ""
        rest = f"{self.rest}   " if self.rest else ""
        return f"{page}{rest}{self._bpm(parts):g} bpm   {parts.outputs.description}{lateness}"

    def snapshot(self, parts: Parts) -> Snapshot:
        """Return all figures."""
        step = self._step
        return {
            "piece": step.piece if step else None,
            "bar": step.bar_number if step else None,
            "tempo": self._bpm(parts),
            "condition": _condition(parts),
            "rest": self.rest,
            "output": parts.outputs.description,
            "model": parts.config.model,
            "device": "edgetpu" if getattr(parts.composer.model, "remote", None) else "cpu",
            "lateness": asdict(self.lateness.overall()),  # type: ignore[typeddict-item]  # asdict has no types
            "spread": self.lateness.spread(),
            "faults": list(self._faults),
            "faulted": self._faulted,
            "composing": self.composing.figures(),
            "page": self.page.link if self.page else None,
            "uptime_s": monotonic() - self._began,
            "events": self.events,
            "version": __version__,
            "pid": os.getpid(),
        }


def _condition(parts: Parts) -> str | None:
    """Why there is silence, or what is wrong with the external tempo; None if there is none, or all is well."""
    wrong = parts.tempo_source.condition(monotonic()) if parts.tempo_source else ""
    if parts.gives_way and parts.person is not None:
        found = f", at {parts.person.bpm:.0f} bpm" if parts.person.bpm is not None else ""
        together = f"together: {parts.config.together}, with {parts.person.description}{found}"
        return f"{together}; {wrong}" if wrong else together
    return wrong or None
