"""Measure how punctual this machine can be: do nothing but sleep until a moment, and read the clock.

Law: it asks for the same priority as what sends, and for nothing else: what is later than this is our own doing.

`python -m bachd.service.timing.wakeup SECONDS` says in a line when it is ready, and sleeps to absolute deadlines, so
many seconds apart, by clock_nanosleep, until its stdin ends. Then it says, as JSON, whether it had real-time priority
and how late it woke each time, in seconds.
"""

from __future__ import annotations

import gc
import json
import sys
import threading
from time import monotonic

from bachd.realtime import priority


def main(spacing: float) -> None:
    """Sleep until stdin ends."""
    gc.disable()
    ended = threading.Event()

    def wait() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=wait, daemon=True).start()
    granted = priority.take()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    late = []
    due = monotonic() + spacing
    while not ended.is_set():
        late.append(priority.punctually(due, ()) - due)
        due += spacing
    sys.stdout.write(json.dumps({"realtime": granted, "late": late}))


if __name__ == "__main__":
    main(float(sys.argv[1]))
