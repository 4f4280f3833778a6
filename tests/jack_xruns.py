"""Run a test again that failed while its JACK server skipped cycles, as servers without real-time priority do.

Law: what lies in a skipped cycle is lost by JACK, whoever sent it, so such a failure says nothing. A test that fails
while the server was in time has failed; so has one that fails three times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from _pytest.runner import runtestprotocol

ATTEMPTS = 3
AGAIN = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Begin to note what was run again."""
    config.stash[AGAIN] = []


def run_in_time(
    item: pytest.Item, nextitem: pytest.Item | None, xruns: Callable[[], int]
) -> Iterator[pytest.TestReport]:
    """Yield the reports of a test. xruns: returns how many cycles were skipped so far."""
    for attempt in range(ATTEMPTS):
        before = xruns()
        reports = runtestprotocol(item, log=False, nextitem=nextitem)
        if not any(report.failed for report in reports) or xruns() == before or attempt == ATTEMPTS - 1:
            break
        item.config.stash[AGAIN].append(item.nodeid)
        item._initrequest()  # type: ignore[attr-defined]  # with fixtures of its own again, as pytest-rerunfailures has it
    yield from reports


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was run again."""
    for name in config.stash[AGAIN]:
        terminalreporter.write_line(f"RUN AGAIN, as JACK had skipped cycles: {name}")
