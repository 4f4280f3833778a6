"""What people see: the music going by, what comes next, how it goes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.page.served_page import Daemon, opened, until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request

LARGEST = 400 * 1024
MOST = 40
"""Files of a first view; what is asked of the daemon is not one of them, and comes sooner or later."""
PRESENT = "#tokens .present code"
PICTURE = "document.getElementById('roll').toDataURL()"
SHIFTS = """
  window.shifts = [];
  const what = ({node}) => node?.id || node?.outerHTML || node?.textContent;
  const told = (shift) => [shift.value, shift.startTime, ...shift.sources.map(what)];
  new PerformanceObserver((list) => window.shifts.push(...list.getEntries().map(told)))
    .observe({type: 'layout-shift', buffered: true});
"""


def test_the_music_goes_by(page: Page) -> None:
    before = page.evaluate(PICTURE)
    token = page.text_content(PRESENT)
    until(page, f"{PICTURE} !== {json.dumps(before)}")
    until(page, f"document.querySelector('{PRESENT}').textContent !== {json.dumps(token)}")
    assert (page.text_content("#piece") or "").removeprefix("after ") == "BWV 269"


def test_what_was_planned_is_what_comes(page: Page) -> None:
    # On a busy machine the page passes over steps: one of those that were planned is enough. Each names its place, too.
    look = """(() => {
      const texts = (rows) => [...document.querySelectorAll(rows)].map((row) => row.textContent).filter(Boolean);
      const came = texts('#tokens .present').some((text) => window.planned?.has(text));
      window.planned = new Set([...window.planned ?? [], ...texts('#tokens .coming')]);
      return came;
    })()"""
    until(page, look)


def test_the_models_choices_are_shown_with_the_one_that_was_drawn(page: Page) -> None:
    until(page, "document.querySelector('#alternatives b').textContent.endsWith('%')")
    page.wait_for_selector("#alternatives .drawn")


def test_the_state_is_told(page: Page) -> None:
    until(page, "document.getElementById('s-events').textContent.length > 1")
    until(page, "document.getElementById('s-model').textContent === 'chorales on the CPU'")
    until(page, "document.getElementById('s-tempo').textContent === '240 bpm'")


@pytest.mark.usefixtures("jack")
def test_whom_the_music_waits_for_is_told(browser: Browser, tmp_path: Path) -> None:
    daemon = Daemon(tmp_path)
    daemon.config.write_text(daemon.config.read_text().replace("tempo: 240", "tempo: clock"))
    daemon.start()
    try:
        with opened(browser, daemon, begun="waiting for a MIDI clock") as (page, wrong):
            until(page, "document.getElementById('s-tempo').textContent.includes('; waiting for a MIDI clock')")
            assert wrong == []
    finally:
        daemon.stop()


def test_those_who_cannot_see_the_roll_are_told_what_sounds(page: Page) -> None:
    until(page, "/bar \\d+; (sounding from the top: [A-G]#?\\d|a rest)/.test(roll.getAttribute('aria-label'))")


def test_what_is_shown_stands_still_with_the_music(page: Page) -> None:
    page.click("#stop")
    page.wait_for_selector("#play[aria-label=Play]")
    shown = [page.text_content(PRESENT), page.text_content("#where")]
    until(page, "document.querySelector('#tokens .coming')")
    page.evaluate("() => new Promise((done) => setTimeout(done, 1500))")  # four steps would have gone by
    assert [page.text_content(PRESENT), page.text_content("#where")] == shown
    page.click("#play")
    until(page, "document.getElementById('where').textContent.startsWith('bar 1 ')")


def test_who_wants_no_motion_sees_one_picture_a_step(browser: Browser, daemon: Daemon) -> None:
    with opened(browser, daemon, reduced_motion="reduce") as (page, wrong):
        seen, steps = page.evaluate(
            f"""() => new Promise((done) => {{
              const [seen, steps, end] = [new Set(), new Set(), performance.now() + 3000];
              const look = () => {{
                seen.add({PICTURE});
                steps.add(document.getElementById('tokens').textContent);
                if (performance.now() < end) requestAnimationFrame(look);
                else done([seen.size, steps.size]);
              }};
              look();
            }})"""
        )
        assert 2 < steps <= seen <= 2 * steps + 2  # what is planned is drawn when it comes, too
        assert wrong == []


def test_it_goes_on_when_the_daemon_does(browser: Browser, daemon: Daemon) -> None:
    with opened(browser, daemon) as (page, _):  # that nothing answers meanwhile is in the console
        daemon.stop()
        page.wait_for_selector("#link[data-state=lost]")
        daemon.start()
        page.wait_for_selector("#link[data-state=live]")
        token = page.text_content(PRESENT)
        until(page, f"document.querySelector('{PRESENT}').textContent !== {json.dumps(token)}")


def test_nothing_on_the_page_jumps(browser: Browser, daemon: Daemon) -> None:
    with opened(browser, daemon) as (page, wrong):
        page.add_init_script(SHIFTS)
        page.reload()
        until(page, "(document.getElementById('where').textContent.match(/bar (\\d+)/) ?? [])[1] >= 3")
        shifts = page.evaluate("window.shifts")
        assert sum(shift[0] for shift in shifts) < 0.01, shifts
    assert wrong == []


def test_the_first_view_is_light_and_needs_no_other_server(browser: Browser, daemon: Daemon) -> None:
    context = browser.new_context()
    page = context.new_page()
    finished: list[Request] = []
    page.on("requestfinished", lambda request: finished.append(request))  # (it must be a function)
    page.goto(daemon.address)
    until(page, "document.getElementById('where').textContent.startsWith('bar')")
    assert all(request.url.startswith(daemon.address) for request in finished)
    assert 10_000 < sum(request.sizes()["responseBodySize"] for request in finished) < LARGEST
    assert 5 < len([request for request in finished if "/api/" not in request.url]) < MOST
    assert not [request.url for request in finished if "smplr" in request.url or "samples" in request.url]
    context.close()


@pytest.mark.parametrize(
    ("name", "width", "scheme"), [("light", 1280, "light"), ("dark", 1280, "dark"), ("phone", 390, "dark")]
)
def test_it_fits_and_anybody_can_use_it(browser: Browser, daemon: Daemon, name: str, width: int, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    traits: dict[str, Any] = {"viewport": {"width": width, "height": 860}, "color_scheme": scheme}
    with opened(browser, daemon, **traits) as (page, wrong):
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if folder := os.environ.get("BACHD_SCREENSHOTS"):  # to be looked at
            page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
        found = [one for one in axe.run(page).response["violations"] if one["impact"] in ("serious", "critical")]
        page.click("#f-seed-piece")
        page.wait_for_selector("#shelf li")
        found += [one for one in axe.run(page).response["violations"] if one["impact"] in ("serious", "critical")]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
    assert wrong == []
