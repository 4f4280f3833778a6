"""Waiting for somebody who may change his mind.

Law: whoever waits here wakes when it is time, or when the conductor has news, whichever comes first.
"""

from __future__ import annotations

import asyncio
from typing import Final

from bachd.realtime.clock import Clock
from bachd.realtime.transport import Conductor

_NANOSECOND: Final = 1e-9
"""By which a sleep may end too early."""


async def until(moment: float, conductor: Conductor, clock: Clock) -> None:
    """Until then, in monotonic seconds, or until there is news from the conductor."""
    sleeping = asyncio.ensure_future(clock.sleep_until(moment))
    stirring = asyncio.ensure_future(conductor.stirred.wait())
    try:
        await asyncio.wait((sleeping, stirring), return_when=asyncio.FIRST_COMPLETED)
    finally:
        sleeping.cancel()
        stirring.cancel()
    conductor.stirred.clear()


async def reach(tick: int, ahead: float, conductor: Conductor, clock: Clock) -> bool:
    """Until `ahead` seconds before `tick` sounds, wherever that moves meanwhile; False, at once, if the music halts."""
    while True:
        await until(conductor.due(tick) - ahead, conductor, clock)
        if not conductor.running:
            return False
        if clock.now() >= conductor.due(tick) - ahead - _NANOSECOND:
            return True
