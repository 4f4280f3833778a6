"""The voices on the page: each can be silenced, heard alone, softer, and with a sound of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.page.served_page import Daemon, until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture
def heard(browser: Browser, daemon: Daemon) -> Iterator[tuple[Page, Callable[[int], list[dict[str, Any]]]]]:
    """The page, and a function that waits for so many more steps of the feed and returns them."""
    steps: list[dict[str, Any]] = []

    def take(text: str) -> None:
        message = json.loads(text)
        if message["type"] == "step":
            steps.append(message["step"])

    context = browser.new_context()
    page = context.new_page()
    page.on("websocket", lambda socket: socket.on("framereceived", lambda text: take(str(text))))
    page.goto(daemon.address)
    until(page, "document.getElementById('where').textContent.startsWith('bar')")

    def more(count: int) -> list[dict[str, Any]]:
        end = len(steps) + count
        while len(steps) < end:
            page.wait_for_timeout(50)
        return steps[-count:]

    yield page, more
    context.close()


def until_set(page: Page, key: str, value: object) -> None:
    """Wait until the daemon has a value."""
    page.evaluate(
        """async ([path, value]) => {
          const look = async () => (await (await fetch('api/settings')).json());
          const pick = (from) => path.split('.').reduce((found, name) => found?.[name], from);
          while (pick(await look()) !== value) await new Promise((wait) => setTimeout(wait, 50));
        }""",
        [f"values.{key}", value],
    )


def struck(steps: list[dict[str, Any]]) -> list[tuple[int, int, int]]:
    """Voice, velocity and channel of every note_on."""
    found = []
    for step in steps:
        voices = {pitch: voice for pitch, _, voice in step["notes"]}
        found += [(voices[pitch], velocity, channel) for pitch, velocity, channel in step["starts"]]
    return found


def voices(steps: list[dict[str, Any]]) -> set[int]:
    return {voice for voice, _, _ in struck(steps)}


def button(what: str, voice: str) -> str:
    return f"#mixer button[aria-label='{what} the {voice}']"


def pressed(page: Page, what: str, voice: str, state: str) -> None:
    until(page, f"""document.querySelector("{button(what, voice)}").getAttribute('aria-pressed') === '{state}'""")


def test_a_voice_is_silenced_and_heard_again(heard: tuple[Page, Any]) -> None:
    page, more = heard
    assert 3 in voices(more(12))
    page.click(button("Mute", "bass"))
    pressed(page, "Mute", "bass", "true")
    more(3)
    assert voices(more(12)) <= {0, 1, 2}
    page.click(button("Mute", "bass"))
    pressed(page, "Mute", "bass", "false")
    more(3)
    assert 3 in voices(more(12))


def test_a_voice_is_heard_alone_by_keyboard(heard: tuple[Page, Any]) -> None:
    page, more = heard
    page.focus(button("Solo", "tenor"))
    page.keyboard.press("Space")
    pressed(page, "Solo", "tenor", "true")
    assert page.get_attribute("#play", "aria-label") == "Pause"
    more(3)
    assert voices(more(12)) == {2}
    page.keyboard.press("Enter")
    pressed(page, "Solo", "tenor", "false")


def test_a_voice_is_softer_and_has_a_sound_of_its_own(heard: tuple[Page, Any], daemon: Daemon) -> None:
    page, more = heard
    page.focus("#mixer [aria-label='Volume of the soprano']")
    for _ in range(16):  # in steps of 5 per cent
        page.keyboard.press("ArrowLeft")
    page.select_option("#mixer [aria-label='Sound of the bass']", "43")
    until_set(page, "voices.soprano.volume", 20)
    until_set(page, "voices.bass.program", 43)
    more(3)
    notes = struck(more(16))
    assert max(velocity for voice, velocity, _ in notes if voice == 0) < 30
    assert min(velocity for voice, velocity, _ in notes if voice == 1) > 30
    assert {channel for voice, _, channel in notes if voice == 3} == {2}
    assert {channel for voice, _, channel in notes if voice != 3} == {1}
    page.click("#save:enabled")
    until(page, "document.getElementById('saved').textContent === 'as in config.yaml'")
    assert "bass: {program: 43}" in daemon.config.read_text()


def test_what_one_browser_mutes_the_other_shows(page: Page, browser: Browser, daemon: Daemon) -> None:
    other = browser.new_context()
    second = other.new_page()
    second.goto(daemon.address)
    page.click(button("Mute", "alto"))
    until(second, f"""document.querySelector("{button("Mute", "alto")}").getAttribute('aria-pressed') === 'true'""")
    other.close()
