"""The messages of the feed that come from the page's process itself, as types."""

from __future__ import annotations

from typing import Literal, TypedDict

from bachd.service.web.messages import PlannedStep, Settings, Status, Step


class Hello(TypedDict):
    """The first message to a browser."""

    type: Literal["hello"]
    now: float
    settings: Settings | None
    status: Status | None
    past: list[Step]
    plan: list[PlannedStep]


class Pong(TypedDict):
    """The answer to a ping."""

    type: Literal["pong"]
    t: float
    now: float
