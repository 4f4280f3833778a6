"""A daemon that has no file descriptors left: the music goes on, and the page is back when there are some again."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable
from contextlib import ExitStack, closing

from tests.service.web.conftest import PATIENCE, Running, few_files


def test_the_page_is_started_again_once_there_are_files(run: Callable[..., Running]) -> None:
    running = run()
    (page,) = running.pages()
    with few_files(running.pid, -3), ExitStack() as stack:
        os.kill(page, signal.SIGKILL)
        for _ in range(20):  # who asks for the status meanwhile
            client = stack.enter_context(closing(socket.socket(socket.AF_UNIX)))
            client.settimeout(PATIENCE)
            client.connect(str(running.folder / "status"))
        told = running.until("the page ended (Too many open files")
        told += running.until("the page ended")
    assert running.ask("/health").status in (200, 503)
    log = "\n".join(told) + running.stop()
    assert "Traceback" not in log
    assert log.count("the music goes on; something beside it") <= 1
    assert "stopped after" in log
