"""A daemon that has no file descriptors left: the music goes on, and the page is back when there are some again."""

from __future__ import annotations

import os
import resource
import signal
import socket
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

from tests.service.web.conftest import PATIENCE, Running


def test_the_page_is_started_again_once_there_are_files(run: Callable[..., Running]) -> None:
    running = run()
    before = resource.prlimit(running.pid, resource.RLIMIT_NOFILE)
    (page,) = running.pages()
    used = len(list(Path(f"/proc/{running.pid}/fd").iterdir()))
    resource.prlimit(running.pid, resource.RLIMIT_NOFILE, (used - 3, before[1]))
    os.kill(page, signal.SIGKILL)
    with ExitStack() as stack:
        for _ in range(20):  # who asks for the status meanwhile
            client = stack.enter_context(closing(socket.socket(socket.AF_UNIX)))
            client.settimeout(PATIENCE)
            client.connect(str(running.folder / "status"))
        told = running.until("the page ended (Too many open files")
        told += running.until("the page ended")
    resource.prlimit(running.pid, resource.RLIMIT_NOFILE, before)
    assert running.ask("/health").status in (200, 503)
    log = "\n".join(told) + running.stop()
    assert "Traceback" not in log
    assert log.count("the music goes on; something beside it") <= 1
    assert "stopped after" in log
