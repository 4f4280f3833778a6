"""Load the machine in one way or another while notes are sent.

Law: a condition begins before the first note, lasts beyond the last one, and is ended with all it has started.
"""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

_HEAP: Final = 1_000_000
"""Objects that a collection has to look at."""
_COLLECTING: Final = 0.25
"""Seconds between collections."""
_PAGE: Final = b"<p>%s</p>" % (b"bachd " * 2000)
_POLL: Final = """
import sys, time, urllib.request
while True:
    urllib.request.urlopen(sys.argv[1]).read()
    time.sleep(0.02)
"""


@contextmanager
def _processes() -> Iterator[None]:
    """Two processes that compute."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


@contextmanager
def _thread(work: Callable[[threading.Event], None]) -> Iterator[None]:
    ended = threading.Event()
    thread = threading.Thread(target=work, args=(ended,))
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _compute(ended: threading.Event) -> None:
    """A thread of Python in this process that computes."""
    number = 0
    while not ended.is_set():
        number = (number * 3 + 1) % 1_000_003


@contextmanager
def _everything() -> Iterator[None]:
    """A thread and two processes."""
    with _processes(), _thread(_compute):
        yield


@contextmanager
def _collecting() -> Iterator[None]:
    """A large heap, and collections of it."""
    heap = [[number] for number in range(_HEAP)]

    def collect(ended: threading.Event) -> None:
        while not ended.wait(_COLLECTING):
            gc.collect()

    with _thread(collect):
        yield
    heap.clear()


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(_PAGE)))
        self.end_headers()
        self.wfile.write(_PAGE)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (it is called so)
        """Write nothing."""


@contextmanager
def _page() -> Iterator[None]:
    """A page that a thread of this process serves, as many programs do, polled 50 times a second.

    bachd's own is served by a process of its own; see bench.browser.page.
    """
    with ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}/"
        client = subprocess.Popen([sys.executable, "-c", _POLL, address], stderr=subprocess.DEVNULL)
        try:
            yield
        finally:
            client.kill()
            client.wait()
            server.shutdown()
            thread.join()


CONDITIONS: Final[dict[str, Callable[[], AbstractContextManager[None]]]] = {
    "idle": nullcontext,
    "two busy processes": _processes,
    "a busy thread": lambda: _thread(_compute),
    "thread and processes": _everything,
    "collecting": _collecting,
    "a page served": _page,
}
"""By name, in the order of the table."""
