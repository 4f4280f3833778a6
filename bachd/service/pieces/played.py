"""Define what a run lets its keys and its page do with the music beyond the settings.

Law: nothing here is carried out at once: what is asked for comes with the next bar.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from bachd.music.piece import Step


class Played(NamedTuple):
    """A piece as it was composed."""

    number: int
    """Of the run, counted from 1."""
    name: str
    """Of the piece that it grew from."""
    steps: Sequence[Step]
    whole: bool
    """Whether it is over."""


class Music(Protocol):
    """The music of a run: see run/composer_thread.py."""

    @property
    def pieces(self) -> Sequence[Played]:
        """The last pieces, the present one last, as far as it was sent."""
        ...

    @property
    def number(self) -> int:
        """The number of the piece that is heard, counted from 1; in the rest after it, too. 0 before the first."""
        ...

    @property
    def is_between(self) -> bool:
        """Whether a piece was heard to its end, and nothing of the next one has been sent."""
        ...

    @property
    def coming(self) -> Sequence[Step]:
        """What is played next, as far as it is known."""
        ...

    def when_whole(self, number: int, call: Callable[[Played], None]) -> None:
        """Call with a piece once it is over, or at once; it must be one of `pieces`."""
        ...

    def skip(self) -> None:
        """Go on with another piece from the next bar on."""
        ...

    def again(self) -> None:
        """Play the present piece once more, from the next bar on; it goes on where it was left then."""
        ...

    def replay(self, steps: Sequence[Step]) -> None:
        """Play these steps, a whole piece, from the next bar on, and another piece of the composer's after it."""
        ...
