"""A little of what `python -m tests.service.web.fuzz` does."""

from __future__ import annotations

from collections.abc import Callable

from tests.service.web.conftest import Running
from tests.service.web.fuzz import fuzz


def test_nonsense_is_answered_and_the_music_goes_on(run: Callable[..., Running]) -> None:
    running = run()
    pages = running.pages()
    fuzz(running, 300, 7, lambda _: None)
    assert running.pages() == pages
    assert running.ask("/health").status == 200
    log = running.stop()
    assert "Traceback" not in log
    assert "bug" not in log
