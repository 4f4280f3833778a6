"""Switching the machine off: offered where it is permitted, and sent when it was confirmed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.page.served_page import Daemon, opened, until

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def permit(daemon: Daemon, permitted: str) -> None:
    text = daemon.config.read_text()
    daemon.config.write_text(text.replace("web: {", f"web: {{shutdown: {permitted}, "))


def test_it_is_not_offered_unless_it_is_permitted(browser: Browser, daemon: Daemon) -> None:
    with opened(browser, daemon) as (page, wrong):
        until(page, "document.getElementById('f-tempo') !== null")
        assert page.locator("#open-shutdown").is_hidden()
        assert wrong == []


def test_it_is_sent_once_it_was_confirmed_and_a_refusal_is_shown(browser: Browser, unstarted: Daemon) -> None:
    permit(unstarted, "true")
    unstarted.start()
    orders = []
    with opened(browser, unstarted) as (page, _):
        page.on("request", lambda request: orders.append(request.url) if "shutdown" in request.url else None)
        page.click("#open-shutdown")
        page.click("#shutdown-close")
        assert page.locator("#shutdown").is_hidden()
        page.click("#open-shutdown")
        page.keyboard.press("Enter")  # by somebody who has not read it: cancels
        assert page.locator("#shutdown").is_hidden()
        page.click("#open-shutdown")
        assert [each for each in orders if "/api/" in each] == []
        page.click("#shutdown-now")
        until(page, "document.getElementById('trouble').textContent.includes('only the installed service')")
        assert page.locator("#shutdown").is_hidden()
        assert [each.rpartition("/")[2] for each in orders if "/api/" in each] == ["shutdown"]


def test_what_to_do_then_is_said(browser: Browser, unstarted: Daemon) -> None:
    permit(unstarted, "true")
    unstarted.start(BACHD_SHUTDOWN="79")
    with opened(browser, unstarted) as (page, _):
        page.click("#open-shutdown")
        page.click("#shutdown-now")
        until(page, "document.getElementById('shutdown-about').textContent.includes('before you unplug it')")
        assert unstarted.wait() == 79
