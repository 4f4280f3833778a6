"""Wait for a moment that the conductor may move meanwhile.

Law: a wait ends when it is time, or when the conductor has `changed`, whichever comes first.
"""

from __future__ import annotations

import asyncio
from typing import Final

from bachd.realtime.clock import Clock
from bachd.realtime.transport import Conductor

_NANOSECOND: Final = 1e-9
"""By which a sleep may end too early."""


async def until(moment: float, conductor: Conductor, clock: Clock) -> None:
    """Wait until `moment`, in monotonic seconds, or until the conductor has changed."""
    sleeping = asyncio.ensure_future(clock.sleep_until(moment))
    changing = asyncio.ensure_future(conductor.changed.wait())
    try:
        await asyncio.wait((sleeping, changing), return_when=asyncio.FIRST_COMPLETED)
    finally:
        sleeping.cancel()
        changing.cancel()
    conductor.changed.clear()


async def reach(tick: int, ahead: float, conductor: Conductor, clock: Clock) -> bool:
    """Wait until `ahead` seconds before `tick` sounds, wherever that moves; False, at once, if the music halts."""
    while True:
        await until(conductor.due(tick) - ahead, conductor, clock)
        if not conductor.running:
            return False
        if clock.now() >= conductor.due(tick) - ahead - _NANOSECOND:
            return True
