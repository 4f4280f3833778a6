"""The picture of the bench."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("matplotlib", reason="matplotlib is not installed")

from bench.plot import plot


def test_a_picture_is_drawn_for_any_number_of_conditions(tmp_path: Path) -> None:
    row = {"a peer": {"p50": 1.0, "p99": 2.0, "max": 30.0}, "bachd": {"p50": 0.0, "p99": 0.01, "max": 0.01}}
    for conditions in (1, 4):
        path = tmp_path / f"{conditions}.png"
        plot({f"condition {number}": row for number in range(conditions)}, {"bachd"}, "a title", path)
        assert path.read_bytes().startswith(b"\x89PNG")
