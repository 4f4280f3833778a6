from __future__ import annotations

import json

import pytest

from bachd.config import Config, Seed
from bachd.service.bench import bench


def test_the_figures_are_there_and_fit_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    figures = bench(Config(seed=Seed(piece="bwv269", bars=1)), events=40, as_json=True)
    printed = capsys.readouterr()
    assert json.loads(printed.out) == figures
    assert printed.err == ""
    assert (figures["model"], figures["events"]) == ("chorales", 40)
    assert figures["device"] == "cpu"
    assert figures["runtime"] in ("ai-edge-litert", "tflite-runtime")
    for spread in (figures["event_ms"], figures["invoke_ms"]):
        assert 0 < spread["p50"] <= spread["p99"] <= spread["max"]
    for at in ("p50", "p99", "max"):
        assert figures["event_ms"][at] > figures["invoke_ms"][at]
    assert figures["ratio"] == pytest.approx(figures["event_ms"]["p50"] / figures["invoke_ms"]["p50"], abs=0.01)
    assert figures["startup_s"] > 0
    assert figures["rss_mb"] is None or 10 < figures["rss_mb"] < 1000


def test_people_get_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    figures = bench(Config(), events=5)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("chorales on ")
    (event,) = [line for line in lines if line.startswith("an event")]
    assert [float(number) for number in event.split()[2:5]] == [
        round(value, 3) for value in figures["event_ms"].values()
    ]
