"""The way in for people from elsewhere on the network, in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.page.served_page import Daemon, until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PLAYS = "document.getElementById('where')?.textContent.startsWith('bar')"


@pytest.fixture
def open_daemon(tmp_path: Path) -> Iterator[Daemon]:
    """One whose page is for everybody who has the token."""
    one = Daemon(tmp_path)
    one.config.write_text(one.config.read_text().replace("127.0.0.1", "0.0.0.0"))
    try:
        one.start()
        yield one
    finally:
        one.stop()


@pytest.fixture
def stranger(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture
def token(open_daemon: Daemon) -> str:
    return (open_daemon.config.parent / "state/token").read_text().strip()


def test_the_token_is_asked_for_and_lets_one_in(stranger: Page, open_daemon: Daemon, token: str) -> None:
    stranger.goto(open_daemon.address)
    stranger.fill("#token", "a guess")
    stranger.click("button")
    until(stranger, "document.querySelector('[role=alert]')?.textContent === 'That is not the token.'")
    stranger.fill("#token", token)
    stranger.click("button")
    stranger.wait_for_selector("#roll")
    until(stranger, PLAYS)


def test_a_link_after_a_wrong_one_in_the_same_tab_lets_one_in(stranger: Page, open_daemon: Daemon, token: str) -> None:
    for _ in range(2):
        stranger.goto(f"{open_daemon.address}login#wrong")
        until(stranger, "document.querySelector('[role=alert]')?.textContent === 'That is not the token.'")
        stranger.reload()  # is the page to log in again, and no repeated request
        until(stranger, "document.querySelector('[role=alert]')?.textContent === ''")
    stranger.goto(f"{open_daemon.address}login#wrong")
    until(stranger, "document.querySelector('[role=alert]')?.textContent === 'That is not the token.'")
    stranger.goto(f"{open_daemon.address}login#{token}")
    stranger.wait_for_selector("#roll")
    assert token not in stranger.url


@pytest.mark.parametrize("way", ["typed", "link"])
def test_a_favourite_that_was_opened_before_the_login_is_offered_after_it(
    stranger: Page, open_daemon: Daemon, token: str, way: str
) -> None:
    stranger.goto(f"{open_daemon.address}#favourite=bachd1.abc")
    if way == "typed":
        stranger.fill("#token", "a guess")
        stranger.click("button")
        until(stranger, "document.querySelector('[role=alert]')?.textContent === 'That is not the token.'")
        stranger.fill("#token", f"{open_daemon.address}login#{token}")  # the whole link is what people copy
        stranger.click("button")
    else:
        stranger.goto(f"{open_daemon.address}login#{token}&favourite=bachd1.abc")
    stranger.wait_for_selector("#offer[open]")
    assert token not in stranger.url


def test_the_link_that_status_shows_lets_one_in(stranger: Page, open_daemon: Daemon, token: str) -> None:
    stranger.goto(f"{open_daemon.address}login#{token}")
    stranger.wait_for_selector("#roll")
    until(stranger, PLAYS)
    assert token not in stranger.url
