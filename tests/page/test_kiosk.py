"""The page on a display: cage without a screen of its own, and a real browser in it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

import bachd
from tests import lines
from tests.page.served_page import Daemon, until

TOP: Final = Path(bachd.__file__).parents[1]
KIOSK: Final = TOP / "systemd" / "kiosk"
NOBODY: Final = 65534
AS_NOBODY: Final = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if os.getuid() == 0 else []
"""cage refuses to run as root."""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may enter: cage does not run as root."""
    folder = Path(tempfile.mkdtemp(prefix="kiosk-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def daemon(open_folder: Path) -> Iterator[Daemon]:
    """One whose page wants a token, as on a network."""
    one = Daemon(open_folder)
    one.config.write_text(one.config.read_text().replace("web: {", "web: {token: required, "))
    try:
        one.start()
        yield one
    finally:
        one.stop()


def environment(folder: Path, port: int) -> dict[str, str]:
    """What the service has, and a browser that runs in a container and may be asked."""
    programs = folder / "bin"
    programs.mkdir()
    # What bachd says is asked before: its Python need not be one that others than root may run.
    told = subprocess.run(
        [sys.executable, "-m", "bachd", "status"],
        env={**os.environ, "PYTHONPATH": str(TOP), "RUNTIME_DIRECTORY": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    (folder / "told").write_text(told.stdout)
    for name, command in {
        "bachd": f"cat {folder}/told",
        "chromium": f'{shutil.which("chromium")} --no-sandbox --disable-gpu --remote-debugging-port={port} "$@"',
    }.items():
        script = programs / name
        script.write_text(f"#!/bin/sh\nexec {command}\n")
        script.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    for name in ("run", "kiosk"):
        (folder / name).mkdir(mode=0o700)
        if os.getuid() == 0:
            os.chown(folder / name, NOBODY, NOBODY)
    return {
        **kept,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "BACHD": str(programs / "bachd"),
        "STATE_DIRECTORY": str(folder / "kiosk"),
        "HOME": str(folder / "kiosk"),
        "XDG_RUNTIME_DIR": str(folder / "run"),
        "WLR_BACKENDS": "headless",
        "WLR_LIBINPUT_NO_DEVICES": "1",
        "WLR_RENDERER": "pixman",
    }


@pytest.mark.parametrize("view", ["roll", "score"])
def test_the_display_shows_the_stage(view: str, daemon: Daemon, open_folder: Path) -> None:
    if not all(map(shutil.which, ("cage", "Xwayland", "chromium"))):
        pytest.skip("no cage or no chromium: sudo apt install cage xwayland chromium")
    api = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install 'bachd[page-test]'")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kiosk = subprocess.Popen(
        [*AS_NOBODY, KIOSK, view],
        env=environment(open_folder, port),
        text=True,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        lines.until(kiosk.stderr, "DevTools listening")
        with api.sync_playwright() as playwright:
            browser = playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}")
            (page,) = browser.contexts[0].pages
            page.wait_for_url(f"{daemon.address}#stage={view}")
            page.wait_for_selector("body.on-stage #where", state="attached")  # the login loads the page again
            until(page, "document.getElementById('where').textContent.startsWith('bar')")
            assert page.locator("#roll").is_visible() == (view == "roll")
            whole = "window.innerWidth >= screen.width && window.innerHeight >= screen.height"
            assert page.evaluate(whole)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(kiosk.pid, signal.SIGTERM)
        kiosk.communicate()
    assert (open_folder / "kiosk/open.html").stat().st_mode & 0o077 == 0
