"""Open a UART at the speed of MIDI, 31,250 bits a second, which is none of termios' own.

Law: what is set here is the kernel's own format (struct termios2 in asm-generic/termbits.h): bytes pass as they are;
nothing that comes in is answered, echoed or taken for a signal.
"""

from __future__ import annotations

import fcntl
import os
import struct
import termios
import tty
from typing import Final

from bachd.errors import OutputError

SPEED: Final = 31_250
"""Bits a second: 8 of data, one each for start and stop."""
_TERMIOS2: Final = struct.Struct("=4IB19s2I")
"""Flags for input, output, control and local; line discipline; characters; speeds in and out."""
_TCGETS2: Final = 0x802C542A
_TCSETS2: Final = 0x402C542B
_CBAUD: Final = 0x100F
_BOTHER: Final = 0x1000
_CONTROL: Final = 2


def opened(device: str, speed: int = SPEED) -> int:
    """Return the file descriptor of a UART. Raises OutputError if it is not there, or is no UART."""
    try:
        descriptor = os.open(device, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as fault:
        raise OutputError(f"{device}: {fault.strerror}; './deploy.sh din uart0' sets it up") from None
    try:
        tty.setraw(descriptor)
        flags = list(_TERMIOS2.unpack(fcntl.ioctl(descriptor, _TCGETS2, bytes(_TERMIOS2.size))))
        flags[_CONTROL] = flags[_CONTROL] & ~_CBAUD & ~termios.CRTSCTS | _BOTHER | termios.CLOCAL | termios.CREAD
        flags[-2:] = speed, speed
        fcntl.ioctl(descriptor, _TCSETS2, _TERMIOS2.pack(*flags))
    except (OSError, termios.error) as fault:
        os.close(descriptor)
        raise OutputError(f"{device} cannot be set to {speed} bits a second: {fault}") from None
    return descriptor


def speed_of(descriptor: int) -> int:
    """Return the speed in bits a second at which a UART sends."""
    return int(_TERMIOS2.unpack(fcntl.ioctl(descriptor, _TCGETS2, bytes(_TERMIOS2.size)))[-1])
