"""Frame messages on the socket between the daemon and the process that serves the page.

Law: a message is four bytes of length, highest first, and so many bytes of JSON. One that is longer than LONGEST is
never sent, so no request, however it is made, can put the two out of step.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Final

LONGEST: Final = 1 << 20
"""Bytes of a message: many times what the longest that is allowed for takes as JSON."""
_HEAD: Final = 4


class OverlongError(ValueError):
    """A message has more than LONGEST bytes, and is not sent."""


def pack(message: Mapping[str, Any]) -> bytes:
    """A message as it is sent. Raises OverlongError."""
    data = json.dumps(message, separators=(",", ":")).encode()
    if len(data) > LONGEST:
        raise OverlongError(f"a message of {len(data)} bytes; at most {LONGEST} are sent")
    return len(data).to_bytes(_HEAD) + data


async def read(reader: asyncio.StreamReader) -> str | None:
    """The JSON of the next message; None when the other side is gone.

    Raises OverlongError for what `pack` never sends.
    """
    try:
        length = int.from_bytes(await reader.readexactly(_HEAD))
        if length > LONGEST:
            raise OverlongError(f"a message of {length} bytes; at most {LONGEST} are sent")
        return (await reader.readexactly(length)).decode()
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
