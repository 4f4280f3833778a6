"""Somebody plays with the whole daemon through JACK: see bench/together.py."""

from __future__ import annotations

import shutil

import pytest

pytest.importorskip("jack", reason="JACK-Client is not installed")

from bench import together


@pytest.mark.skipif(shutil.which("jackd") is None, reason="there is no jackd")
def test_nothing_hangs_and_the_harmony_comes_at_once() -> None:
    found = together.measure(events=400, notes=8, seed=1)
    assert found.hanging == 0
    assert found.tracebacks == 0
    assert len(found.delays) == 8
    assert found.heard > 50
    assert min(found.delays) < 20
