"""The stage on screens of all sizes, and the page on wide ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

DIMMED = "document.body.classList.contains('dimmed')"


def test_the_stage_is_the_roll_and_the_title_alone(page: Page) -> None:
    page.goto(f"{page.url}#stage")
    page.wait_for_selector(".on-stage")
    for width, height in ((800, 480), (1920, 1080), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        box = page.locator("#roll").bounding_box()
        assert box is not None
        assert box["width"] >= width - 2
        assert box["height"] >= 0.6 * height
        assert page.evaluate("document.documentElement.scrollHeight <= window.innerHeight + 1")
    assert page.locator("#piece").is_visible()
    assert not page.locator("#steer").is_visible()
    assert not page.locator("#play").is_visible()
    page.mouse.move(100, 100)
    page.click("#leave-stage")
    page.wait_for_selector("#play:visible")
    assert page.url.endswith("/")


def test_the_stage_is_entered_and_left_by_a_key(page: Page) -> None:
    page.keyboard.press("f")
    page.wait_for_selector(".on-stage")
    page.keyboard.press("f")
    page.wait_for_selector("#play:visible")


def wait_until_dimmed(page: Page) -> None:
    """Let minutes pass; a move of the pointer may come in only after the first of them."""
    for _ in range(200):
        page.clock.fast_forward(61_000)
        if page.evaluate(DIMMED):
            return
        page.wait_for_timeout(50)
    raise AssertionError("it does not dim")


def test_the_stage_dims_while_nothing_plays_and_a_touch_brings_the_light_back(page: Page) -> None:
    page.keyboard.press("f")
    page.wait_for_selector(".on-stage")
    page.clock.install()
    page.keyboard.press("Space")
    page.wait_for_selector(".halted")
    wait_until_dimmed(page)
    page.mouse.move(50, 60)
    page.mouse.move(70, 80)
    page.wait_for_selector("body:not(.dimmed)")
    wait_until_dimmed(page)
    page.keyboard.press("Space")
    page.wait_for_selector("body:not(.halted)")
    page.clock.fast_forward(61_000)
    assert not page.evaluate(DIMMED)


def test_the_controls_are_beside_the_roll_on_wide_screens(page: Page) -> None:
    for width, height in ((1440, 900), (1920, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("window.scrollTo(0, 0)")
        page.fill("#f-sampling-temperature", "1.1")  # which scrolls what it has to
        page.press("#f-sampling-temperature", "Enter")
        roll, field = page.locator("#roll").bounding_box(), page.locator("#f-sampling-temperature").bounding_box()
        assert roll is not None
        assert field is not None
        assert field["x"] > roll["x"] + roll["width"]
        assert 0 <= roll["y"] < height / 2
        assert 0 <= field["y"] < height
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
