"""Draw the music in a terminal: a piano roll of the last bars, the tokens, a line of status.

Law: it is drawn once an event, never on a timer; a terminal that is small, narrow or gone does not disturb the music,
and its screen is restored in the end.
"""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Final, TextIO

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.segment import Segment
from rich.style import Style

from bachd.music import pitch
from bachd.music.event import TICKS
from bachd.music.notation.live import LiveNotation
from bachd.music.piece import Origin, Step
from bachd.printable import one_line, printable
from bachd.service.run.cells import PERSON, Column, LiveNotes, cell
from bachd.service.run.text_rows import cut, newest, wrap

if TYPE_CHECKING:
    from types import TracebackType

COLUMN: Final = TICKS // 4
"""Ticks that one column of the roll stands for: a sixteenth."""
COLUMNS: Final = 512
"""Columns that are kept; more than a terminal is wide."""
RANGE: Final = (36, 81)
"""The pitches that the roll shows at least, if there is room: C2 to A5."""
LABEL: Final = 4
"""Cells at the left of the roll for the names of the octaves."""
MIN_ROLL: Final = 8
"""Rows below which there is no roll."""
LINES: Final = 3
"""Messages of the log that stay in sight."""
MOST: Final = 3
"""Rows of the status at most."""

_DIM: Final = Style(dim=True)
_TITLE: Final = Style(bold=True)
_PLAIN: Final = Style()
_NOW: Final = Style(bold=True, reverse=True)


def open_view(stream: TextIO, status: Callable[[], str]) -> TerminalView | None:
    """Open a view on a stream; None unless it is a terminal that can move its cursor and show block characters."""
    if not stream.isatty() or os.environ.get("TERM", "dumb") in ("dumb", "unknown"):
        return None
    try:
        "█▀▄│┈".encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return None
    return TerminalView(Console(file=stream), status)


class TerminalView(logging.Handler):
    """The view, and a handler that shows the log in it; a context manager, outside of which nothing is drawn."""

    def __init__(self, console: Console, status: Callable[[], str]) -> None:
        """Draw nothing yet. `status`: called once an event."""
        super().__init__()
        self._status = status
        self._live = Live(
            self, console=console, screen=True, auto_refresh=False, redirect_stdout=False, redirect_stderr=False
        )
        self._columns: deque[Column] = deque(maxlen=COLUMNS)
        self._tick = 0  # since the view began
        self._notation = LiveNotation()
        self._voices: dict[int, int] = {}
        self._tokens: deque[tuple[str, Origin]] = deque(maxlen=40)
        self._step: Step | None = None
        self.live = LiveNotes()
        """What a person plays at the moment, and the voices that join."""
        self._lines: deque[str] = deque(maxlen=LINES)
        self._drawn = False

    def __enter__(self) -> TerminalView:
        self.enter()
        return self

    def enter(self) -> None:
        """Take the screen, and draw what there is so far."""
        self._drawn = True
        self._guard(lambda: self._live.start(refresh=True))

    def leave(self) -> None:
        """Give the screen back."""
        self._guard(self._live.stop)
        self._drawn = False

    def redraw(self) -> None:
        """Draw what has changed since the last event."""
        self._guard(self._live.refresh)

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.leave()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a message of the log; it is drawn with the next event."""
        self._lines.append(printable(record.getMessage()))

    def show(self, step: Step) -> None:
        """Draw the event that begins now."""
        self._step = step
        written = self._notation.played(step)
        self._tokens.append((written.text(step.event), step.origin))
        self._voices = written.voices
        end = self._tick + step.event.ticks
        for column in range(self._tick // COLUMN, -(-end // COLUMN)):
            self._fill(column, end, step)
        self._tick = end
        self._guard(self._live.refresh)

    def _fill(self, index: int, end: int, step: Step) -> None:
        """Write the step, which lasts until `end`, into a column, counted from the start of the view."""
        start = max(index * COLUMN, self._tick)
        ticks = min((index + 1) * COLUMN, end) - start
        if start % COLUMN == 0:
            self._columns.append(Column())
        column = self._columns[-1]
        column.bar |= -(step.place.phase + start - self._tick) % step.place.metre.bar < ticks
        for note in step.event.sounding:
            column.notes[note] = (self._voices[note], start == self._tick and note in step.event.starts)

    def _guard(self, draw: Callable[[], None]) -> None:
        """Draw; do not stop the music if the terminal has gone away (a closed window, a lost connection)."""
        try:
            if self._drawn:
                draw()
        except OSError:
            self._drawn = False

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Lay out what fits: the tokens first, then the status, the title, the roll, and the log if there is room."""
        width, height = options.max_width, options.height or console.height
        roomy = height - 3 >= MIN_ROLL + LINES + 4
        status = wrap(console, self._status(), width, MOST if roomy else 1)
        rows = height - 2 - len(status)
        logged = newest(console, self._lines, width, rows // 3) if roomy else []
        roll = rows - (len(logged) + 1 if logged else 0)
        lines: list[Iterable[Segment]] = []
        if height >= 3:
            lines.append(self._title(width))
        if roll >= MIN_ROLL:
            lines += self._roll(width, roll - 1)
            lines.append([])
        lines.append(self._line_of_tokens(width))
        if height >= 2:
            lines += [[Segment(row, _DIM)] for row in status]
        if logged:
            lines.append([])
            lines += [[Segment(row, _DIM)] for row in logged]
        for number, line in enumerate(lines[:height]):
            if number:
                yield Segment.line()
            yield from line

    def _title(self, width: int) -> list[Segment]:
        """The piece and the place in it, and what is played live; the piece is cut before anything else."""
        if self._step is None:
            title = cut("bachd", width)
        else:
            place, origin = self._step.place, self._step.origin
            after = "" if origin is Origin.SEED else "after "
            who = {Origin.SEED: "the seed", Origin.MODEL: "the model", Origin.BREATH: "a breath"}[origin]
            head, tail = f"bachd   {after}", f"   bar {self._step.bar_number}   {place.metre}   {who}"
            piece = cut(one_line(self._step.piece), max(1, width - len(head + tail)))
            title = cut(head + piece + tail, width)
        return [Segment(title, _TITLE), Segment(cut(self.live.text(), width - cell_len(title)), PERSON)]

    def _line_of_tokens(self, width: int) -> Iterator[Segment]:
        """As many of the last tokens as fit; the present one stands out, and the seed's are dim."""
        shown: list[tuple[str, Origin]] = []
        room = width
        for token, origin in reversed(self._tokens):
            if room < len(token) + 2:
                break
            shown.append((token, origin))
            room -= len(token) + 2
        if self._tokens and not shown:
            token, origin = self._tokens[-1]
            shown.append((cut(token, width), origin))
        for place, (token, origin) in enumerate(reversed(shown)):
            last = place == len(shown) - 1
            yield Segment(token, _NOW if last else _DIM if origin is Origin.SEED else _PLAIN)
            yield Segment("" if last else "  ")

    def _roll(self, width: int, rows: int) -> list[list[Segment]]:
        """The piano roll: time goes right, a cell is a sixteenth wide and two semitones high."""
        shown = self.live.over(list(self._columns)[-max(1, width - LABEL) :])
        pitches = [note for column in shown for note in column.notes]
        low, high = min(pitches, default=RANGE[0]), max(pitches, default=RANGE[1])
        if 2 * rows > max(high, RANGE[1]) - min(low, RANGE[0]):
            low, high = min(low, RANGE[0]), max(high, RANGE[1])
            rows = min(rows, (high - low) // 2 + 1)
        elif 2 * rows <= high - low and shown and shown[-1].notes:  # not all fits: follow the chord that sounds
            low, high = min(shown[-1].notes), max(shown[-1].notes)
        top = (low + high) // 2 + rows
        return [self._row(shown, top - 2 * row) for row in range(rows)]

    def _row(self, shown: list[Column], upper: int) -> list[Segment]:
        """One row of cells, for the pitches `upper` and the one below it."""
        octave = next((note for note in (upper, upper - 1) if note % 12 == 0 and note >= pitch.LOWEST), None)
        segments = [Segment(f"{'' if octave is None else pitch.name(octave):<{LABEL}}", _DIM)]
        run, before = "", _DIM
        for column in shown:
            above, below = column.notes.get(upper), column.notes.get(upper - 1)
            if above is None and below is None:
                text, style = "│" if column.bar else " " if octave is None else "┈", _DIM
            else:
                text, style = cell(above, below)
            if style is not before and run:
                segments.append(Segment(run, before))
                run = ""
            run, before = run + text, style
        segments.append(Segment(run, before))
        return segments
