"""A real browser in front of a real daemon."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.page.served_page import Daemon, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    """One that plays."""
    one = Daemon(tmp_path)
    try:
        one.start()
        yield one
    finally:
        one.stop()


@pytest.fixture
def unstarted(tmp_path: Path) -> Iterator[Daemon]:
    """One whose config.yaml is there, to be changed and started."""
    one = Daemon(tmp_path)
    try:
        yield one
    finally:
        one.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a screen."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium: sudo apt install chromium")
    api = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install 'bachd[page-test]'")
    with api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=FLAGS.split())
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser, daemon: Daemon) -> Iterator[Page]:
    """The page, open, with the music going by; whatever the browser finds wrong with it fails the test."""
    with opened(browser, daemon) as (page, wrong):
        yield page
    assert wrong == []
