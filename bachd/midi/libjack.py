"""What python-rtmidi does not tell of JACK: whether its server still lives, and when to be silent.

Law: it uses the very libjack that python-rtmidi has loaded, and nothing of it but what stands here.
"""

from __future__ import annotations

import ctypes
import threading
from pathlib import Path
from typing import Final

from bachd.errors import OutputError
from bachd.midi.names import OURS

_NO_START_SERVER: Final = 1
"""JackNoStartServer in jack/types.h."""
_Complain: Final = ctypes.CFUNCTYPE(None, ctypes.c_char_p)
_Shutdown: Final = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_IGNORE: Final = _Complain(lambda _: None)


def hush() -> None:
    """Each attempt to find a server would print some lines on stderr; what matters in them is in our own."""
    library = _library()
    library.jack_set_error_function(_IGNORE)
    library.jack_set_info_function(_IGNORE)


class Watch:
    """A client that learns of the server's death.

    rtmidi does not: it lists the ports that were there, fills its buffer, and then waits in `send_message` for ever.
    """

    def __init__(self) -> None:
        """Raises OutputError if no server runs."""
        self._library = _library()
        self._library.jack_client_open.restype = ctypes.c_void_p
        client = self._library.jack_client_open(f"{OURS}-watch".encode(), _NO_START_SERVER, None)
        if client is None:
            raise OutputError("JACK: no server runs")
        self._client = ctypes.c_void_p(client)
        self._died = threading.Event()
        self._on_shutdown = _Shutdown(lambda _: self._died.set())
        self._library.jack_on_shutdown(self._client, self._on_shutdown, None)

    @property
    def alive(self) -> bool:
        """Whether the server has not died since."""
        return not self._died.is_set()

    def close(self) -> None:
        """Watch no longer."""
        self._library.jack_client_close(self._client)


def _library() -> ctypes.CDLL:
    """The library as it is in memory already: wheels bring one of their own under a name of their own."""
    for line in Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace").splitlines():
        if "libjack" in line:
            return ctypes.CDLL(line.split(maxsplit=5)[-1])
    raise OutputError("JACK: python-rtmidi is here, but not the libjack that it should have brought")
