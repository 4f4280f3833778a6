"""What the tests of the page stand in: a daemon that plays to nobody, and its page in a browser."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bachd
from tests import lines

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

SETTINGS = """\
# mine, and to be kept
seed: {piece: bwv269, rng: 5}
tempo: 240   # fast
midi: {output: none}
"""


PATIENCE = 30_000
"""Milliseconds after which what is waited for is taken not to come."""


class Daemon:
    """`bachd run` in a folder of its own, with its page at `address`."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.address = f"http://127.0.0.1:{probe.getsockname()[1]}/"
        self.config = folder / "config.yaml"
        self.config.write_text(f"{SETTINGS}web: {{listen: '{self.address[7:-1]}'}}\n")
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None

    def start(self, **more: str) -> None:
        """Returns when the page is served. more: variables of its environment."""
        given = {"PYTHONPATH": str(Path(bachd.__file__).parents[1]), "RUNTIME_DIRECTORY": str(self._folder)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bachd", "run"],
            cwd=self._folder,
            text=True,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env={**os.environ, **given, "STATE_DIRECTORY": str(self._folder / "state"), **more},
        )
        try:
            lines.until(self._process.stderr, "the page is at")
        except BaseException:
            self._process.kill()
            self.stop()
            raise

    def wait(self) -> int:
        """Wait for it to end by itself; returns its exit code."""
        assert self._process is not None
        self._process.communicate(timeout=PATIENCE / 1000)
        return self._process.returncode

    def stop(self) -> None:
        """Returns when it has ended."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.communicate()
            self._process = None


class opened:  # noqa: N801  (a context manager)
    """The page in a browser with `traits`, such as a viewport; gives it and the list of what goes wrong in it.

    begun: how the line below the title begins when the page is ready.
    """

    def __init__(self, browser: Browser, daemon: Daemon, *, begun: str = "bar", **traits: Any) -> None:
        self._browser, self._daemon, self._begun, self._traits = browser, daemon, begun, traits

    def __enter__(self) -> tuple[Page, list[str]]:
        self._context = self._browser.new_context(**self._traits)
        page, wrong = self._context.new_page(), list[str]()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text) if _is_wrong(message) else None)
        page.goto(self._daemon.address)
        until(page, f"document.getElementById('where').textContent.startsWith('{self._begun}')")
        return page, wrong

    def __exit__(self, *_: object) -> None:
        self._context.close()


def _is_wrong(message: ConsoleMessage) -> bool:
    """Whether it is a fault of the page; that the daemon refused something is none."""
    return message.type == "error" and "status of 422" not in message.text


def until(page: Page, condition: str) -> None:
    """Returns when a condition holds in the page. (Playwright's own wait uses eval, which the page does not allow.)"""
    page.evaluate(
        f"""() => new Promise((hold, fail) => {{
          const end = performance.now() + {PATIENCE};
          const look = () => {{
            if ({condition}) hold();
            else if (performance.now() > end) fail(new Error('this did not come true'));
            else setTimeout(look, 20);
          }};
          look();
        }})"""
    )
