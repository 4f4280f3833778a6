"""List the ports of JACK that can be played to, in a process of its own.

`python -m bachd.midi.jack.port_list` writes a line for each, which begins with '+', and a '.' after the last; or, after
a '!', why there are none to list. A server that hangs makes it hang.
"""

from __future__ import annotations

import os
import sys

from bachd.errors import OutputError
from bachd.midi.jack.libjack import Client
from bachd.midi.port_names import OURS


def main() -> None:
    """Write the list."""
    try:
        lines = [f"+ {name}" for name in Client(f"{OURS}-list").destinations()] + ["."]
    except OutputError as fault:
        lines = [f"! {fault}"]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()
    os._exit(0)  # the server closes the client; the library was seen to wait for ever


if __name__ == "__main__":
    main()
