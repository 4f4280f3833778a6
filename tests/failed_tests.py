"""Let go of what a failed test held, so that its open sockets and files are not found, as a fault, in a later one.

Law: a failure is reported in the test that failed, and nowhere else.

Its traceback refers to every frame of it, and pytest keeps that; a socket in one of them is collected at some moment of
a later test, whose warnings are errors.
"""

from __future__ import annotations

import gc
import traceback
import warnings
from collections.abc import Generator
from contextlib import suppress

import pytest


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Forget the variables of a test that failed once its report has been made."""
    report = yield
    if report.failed and call.excinfo is not None and not item.config.getoption("usepdb"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            _forget(call.excinfo.value)
            gc.collect()
    return report


def _forget(fault: BaseException) -> None:
    """Forget the variables of all frames that this exception, or one that led to it, went through."""
    seen: set[int] = set()
    rest: list[BaseException | None] = [fault]
    while rest:
        each = rest.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        for frame, _ in traceback.walk_tb(each.__traceback__):
            with suppress(RuntimeError):  # it still runs
                frame.clear()
                _ = frame.f_locals  # which Python before 3.13 keeps a copy of, and compares only now
        rest += [each.__cause__, each.__context__]
        if isinstance(each, BaseExceptionGroup):
            rest += each.exceptions
