"""Define what a run sends to its page, so that nothing here depends on how the page is served."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from bachd.music.piece import Step
    from bachd.realtime.output import TimedMessage
    from bachd.service.telemetry.snapshot import Snapshot


class Page(Protocol):
    """The daemon's side of the page: see web/process.py."""

    @property
    def link(self) -> str | None:
        """Its address, with the token if it needs one; None if it is not served."""
        ...

    @property
    def watched(self) -> bool:
        """Whether any browser follows the feed."""
        ...

    def step(self, step: Step, due: float, bpm: float, messages: Sequence[TimedMessage]) -> None:
        """Send a step that was handed to the output as `messages` and sounds at `due`, monotonic seconds."""
        ...

    def retract(self, moment: float) -> None:
        """Send that nothing sounds of what was to sound after `moment`, in monotonic seconds."""
        ...

    def plan(self, coming: Step | None, ahead: Sequence[Step]) -> None:
        """Send what comes after the last step, first what is `coming`, while any browser follows the feed."""
        ...

    def status(self, snapshot: Snapshot) -> None:
        """Send how the run is doing."""
        ...
