from __future__ import annotations

import json
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bachd.commands.cli import main
from bachd.config import Config
from bachd.config_midi import Midi
from bachd.errors import EXIT_OK, EXIT_UNAVAILABLE, EXIT_USAGE
from bachd.realtime import priority
from bachd.service.doctor.machine import Machine
from bachd.service.timing import measure as measuring
from bachd.service.timing.figures import figures
from bachd.service.timing.loopback import chord
from bachd.service.timing.measure import described, measure

FLOOR = {"p50": 0.05, "p99": 0.1, "p999": 0.2, "max": 0.3}


@pytest.mark.realtime
def test_notes_played_through_jack_are_all_heard_and_measured(
    no_midi: None, jack: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("midi: {output: jack}")
    assert main(["doctor", "--timing", "--seconds", "0.5", "--json", "--config", str(config)]) == EXIT_OK
    told = json.loads(capsys.readouterr().out)
    assert told["output"] == "JACK"
    assert told["arrived"]["count"] == 50  # the beginnings and the ends of 25 notes
    assert (told["arrived"]["lost"], told["arrived"]["doubled"], told["arrived"]["hanging"]) == (0, 0, 0)
    assert told["ratio"] > 0
    assert told["keys"]["unanswered"] == 0
    assert 0 < told["keys"]["p50"] <= told["keys"]["max"]
    assert 0 <= told["floor"]["p50"] <= told["floor"]["max"]


def test_where_nothing_can_listen_the_floor_and_the_handing_over_are_measured(tmp_path: Path) -> None:
    config = Config(midi=Midi(output=(f"file:{tmp_path / 'a.mid'}",)))
    found = measure(config, 0.1, Machine())
    text = described(found)
    assert found.arrived is None
    assert "nothing can listen there" in text
    assert "the machine's floor" in text
    assert "handing over" in text
    assert not (tmp_path / "a.mid").exists()


@pytest.mark.skipif(shutil.which("cyclictest") is None, reason="cyclictest is not installed: apt install rt-tests")
def test_cyclictest_tells_its_own_floor_where_it_may(tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as thread:
        allowed = thread.submit(priority.take).result()
    found = measure(Config(midi=Midi(output=(f"file:{tmp_path / 'a.mid'}",))), 0.2, Machine())
    assert (found.cyclictest is not None) == allowed
    if found.cyclictest is not None:
        assert 0 <= found.cyclictest["p50"] <= found.cyclictest["max"]
        assert "the same by cyclictest" in described(found)


def test_without_cyclictest_its_row_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bachd.service.timing.cyclictest.shutil.which", lambda *_, **__: None)
    found = measure(Config(midi=Midi(output=(f"file:{tmp_path / 'a.mid'}",))), 0.1, Machine())
    assert found.cyclictest is None
    assert "by cyclictest" not in described(found)


@pytest.mark.usefixtures("no_midi")
def test_an_output_that_is_not_there_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("midi: {output: FP-30X}")
    assert main(["doctor", "--timing", "--config", str(config)]) == EXIT_UNAVAILABLE
    assert capsys.readouterr().err.startswith("bachd: midi.output: no MIDI port is called 'FP-30X'")
    config.write_text("")
    assert main(["doctor", "--timing", "--config", str(config)]) == EXIT_UNAVAILABLE
    told = capsys.readouterr().err
    assert told.startswith("bachd: there is no MIDI here to measure with: ALSA: ")
    assert told.endswith("; JACK: no server runs\n")


def test_a_picture_that_cannot_be_drawn_is_told_before_anything_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("it measures")

    monkeypatch.setattr(measuring, "measure", never)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setattr("bachd.service.timing.plot.find_spec", lambda _: None)
    assert main(["doctor", "--timing", "--plot", str(tmp_path / "a.png")]) == EXIT_USAGE
    told = capsys.readouterr().err
    assert "-m pip install" in told
    assert "[plot]" in told
    monkeypatch.setattr("bachd.service.timing.plot.find_spec", lambda _: object())
    assert main(["doctor", "--timing", "--plot", str(tmp_path / "none" / "a.png")]) == EXIT_USAGE
    assert "there is no folder" in capsys.readouterr().err


def test_what_goes_with_timing_goes_with_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--seconds", "3"]) == EXIT_USAGE
    assert "--seconds and --plot need --timing" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("late", "floor", "handing", "advice"),
    [
        (0.0001, 0.1, 0.1, []),
        (0.003, 0.1, 0.1, ["snd-hrtimer", "USB hub"]),
        (0.003, 2.5, 0.1, ["the machine itself wakes late", "governor", "USB hub"]),
        (0.003, 0.1, 300.0, ["notes were handed over more than 200 ms late", "snd-hrtimer", "USB hub"]),
    ],
)
def test_advice_goes_by_what_is_late(
    late: float, floor: float, handing: float, advice: list[str], tmp_path: Path
) -> None:
    sent = [(0.02 * number, f"90{number:02x}40") for number in range(100)]
    sent += [(due + 0.02, f"80{data[2:]}") for due, data in sent]
    arrived = figures(sent, [(due + late, data) for due, data in sent])
    spreads = FLOOR | {"p99": floor}, FLOOR | {"p99": handing}
    said = list(measuring._advice(Machine(tmp_path), arrived, spreads[0], "alsa", spreads[1], realtime=True))
    assert len(said) == len(advice)
    for part, line in zip(advice, said, strict=True):
        assert part in line


def test_without_real_time_it_says_what_to_set(tmp_path: Path) -> None:
    (line,) = measuring._advice(Machine(tmp_path), None, FLOOR, None, FLOOR, realtime=False)
    assert line.startswith("no real-time priority here")


def test_messages_differ_from_one_another() -> None:
    hexes = [message.data.hex() for number in range(20_001) for message in chord(number, 20_000)]
    assert len(set(hexes)) == len(hexes) == 40_000
