"""Command lines, as a shell would give them: what is printed where, and the exit code."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bachd import __version__, configfile
from bachd.commands import help_texts
from bachd.commands.cli import main
from bachd.config import Config
from bachd.errors import OutputError
from bachd.midi.port_names import PortInfo
from bachd.music import midifile
from bachd.service.settings import last_good
from tests.midi.small import PIANO, SmallSequencer, SteppedClock


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("play", "bachd: no verb 'play'; the verbs are run, render, pieces, models, ports, "),
        ("rnu", "bachd: no verb 'rnu'; did you mean 'run'?; see 'bachd --help'"),
        ("run --xyzzy", "bachd: unrecognized arguments: --xyzzy; see 'bachd run --help'"),
        ("run --tmpo 90", "bachd: unrecognized arguments: --tmpo 90; did you mean '--tempo'?; see 'bachd run --help'"),
        ("run --tempo 1200", "bachd: argument --tempo: 1200 is not between 20 and 300; see 'bachd run --help'"),
        ("run --piece bwv26", "bachd: argument --piece: no piece 'bwv26' in model 'chorales'; did you mean 'bwv"),
        ("run --program 200", "bachd: argument --program: 200 is not between 1 and 128"),
        (
            "run --seconds 0",
            "bachd: argument --seconds: '0' is not a number of seconds above 0; see 'bachd run --help'",
        ),
        ("run --seconds nan", "bachd: argument --seconds: 'nan' is not a number of seconds above 0"),
        ("run --events 1.5", "bachd: argument --events: '1.5' is not a whole number from 1 to 1000000"),
        ("render", "bachd: give the file to write once, such as bach.mid; see 'bachd render --help'"),
        (
            "render a.mid --tempo 1200",
            "bachd: argument --tempo: 1200 is not between 20 and 300; see 'bachd render --help'",
        ),
        ("render a.mid -o b.mid", "bachd: give the file to write once"),
        ("render a.mid --input x", "bachd: unrecognized arguments: --input x; "),
        ("render a.mid --rng -1", "bachd: argument --rng: "),
        ("render a.mid --bars 0", "bachd: argument --bars: '0' is not a whole number from 1 to 1000000"),
        ("render a.mp3", "bachd: a.mp3: renders to .mid, .musicxml or .wav only"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_64(line: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(line.split()) == 64
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(said)
    assert err.count("\n") == 1


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    for option in ("--help", "--version"):
        with pytest.raises(SystemExit) as ended:
            main([option])
        assert ended.value.code == 0
    out = capsys.readouterr().out
    assert all(
        f"    {verb} " in out
        for verb in ("run", "render", "ports", "learn", "check", "status", "doctor", "panic", "bench")
    )
    assert out.endswith(f"bachd {__version__}\n")


def test_bachd_alone_is_help(capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([], ["help"]):
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == 0
        assert "    render " in capsys.readouterr().out


@pytest.mark.parametrize("verb", help_texts.VERBS)
def test_a_verb_explains_itself(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([verb, "--help"], ["help", verb]):
        with pytest.raises(SystemExit):
            main(words)
        out = capsys.readouterr().out
        assert f"\n  bachd {verb}" in out
        assert "exit codes:" in out


def test_help_is_at_once() -> None:
    heavy = set("alsa_midi asyncio dataclasses inspect json logging mido numpy rich rtmidi yaml".split())
    script = (
        f"import sys; from bachd.commands.argument_parser import parser; parser(); print(*{heavy} & {{*sys.modules}})"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


LATER = {
    *("aiohttp", "importlib.metadata", "mido", "rich", "rtmidi", "tempfile", "yaml"),
    *("bachd.midi.input.person", "bachd.midi.speaker.output", "bachd.neural.planning.search"),
    *("bachd.service.person.ensemble", "bachd.service.settings.draft"),
}


def test_the_first_note_waits_for_nothing_that_only_comes_later(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = "midi:\n  output: none\nweb: null\n"
    (folder / "config.yaml").write_text(content)
    monkeypatch.setenv("STATE_DIRECTORY", str(folder))
    last_good.keep(content, configfile.tree(content, Path("config.yaml")))  # as after a crash
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "bachd", "run", "--events", "1"],
        capture_output=True,
        text=True,
        check=True,
    )
    before = done.stderr[: done.stderr.index("\nplaying ")]
    loaded = {line.rpartition("|")[2].strip() for line in before.splitlines()}
    assert "bachd.neural.composer" in loaded
    assert not LATER & loaded


def test_faults_of_the_settings_are_told_as_they_are(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "config.yaml").write_text("tempo: 1200\nbars: 4\n")
    for verb in (["run"], ["render", "out.mid"], ["check"]):
        assert main(verb) == 78
        assert capsys.readouterr().err.splitlines() == [
            "config.yaml:1: tempo: 1200 is not between 20 and 300",
            "config.yaml:2: bars: no such key; the keys here are model, device, seed, tempo, transpose, hours, "
            "together, together_voice, together_split, midi, speaker, voices, sampling, expression, web",
        ]


def test_the_nearest_settings_are_used(folder: Path, composed: list[tuple[Config, int]]) -> None:
    tempos: list[float] = []
    for name, options in (("", []), ("etc.yaml", []), ("config.yaml", []), ("my.yaml", ["--config", "my.yaml"])):
        if name:
            (folder / name).write_text(f"tempo: {40 + len(tempos)}")
        assert main(["render", "out.mid", *options]) == 0
        tempos.append(composed[-1][0].bpm)
    assert tempos == [84, 41, 42, 43]
    assert main(["render", "out.mid", "--config", "gone.yaml"]) == 78


def test_render_tells_the_rng_that_repeats_it(
    folder: Path, composed: list[tuple[Config, int]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["render", "out.mid", "--bars", "3"]) == 0
    (_, drawn), out = composed[-1], capsys.readouterr().out
    assert out == f"wrote out.mid (rng {drawn})\n"
    assert midifile.read((folder / "out.mid").read_bytes(), "out").ticks == 3 * 96

    (folder / "config.yaml").write_text("seed: {rng: 5}")
    assert main(["render", "out.mid"]) == main(["render", "out.mid", "--rng", "0"]) == 0
    assert [rng for _, rng in composed[-2:]] == [5, 0]


def test_ports(ports: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ports"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "FP-30X MIDI 1      alsa    hardware",
        "FLUID Synth input  alsa    software",
    ]
    assert main(["ports", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0] == {"name": "FP-30X MIDI 1", "backend": "alsa", "kind": "hardware"}


def test_no_ports(no_midi: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ports"]) == 0
    assert capsys.readouterr().out.startswith("no MIDI outputs: ")
    assert main(["ports", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert main(["panic"]) == 69
    assert capsys.readouterr().err.startswith("bachd: panic: there is no MIDI instrument")


def test_check_looks_at_all_that_can_be_wrong(
    folder: Path,
    ports: None,
    composed: list[tuple[Config, int]],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bachd.midi.systems.open_sequencer", lambda faults: SmallSequencer(SteppedClock(), PIANO))
    (folder / "config.yaml").write_text("web: null")
    assert main(["check"]) == 0
    assert capsys.readouterr().out == "config.yaml: no problems found\n"
    assert len(composed) == 1

    (folder / "config.yaml").write_text("midi: {output: [FP-30X, none, 'file:out.mid']}\nweb: null")
    assert main(["check"]) == 0
    assert capsys.readouterr().out == "config.yaml: no problems found\n"
    assert not (folder / "out.mid").exists()

    (folder / "config.yaml").write_text("midi: {output: [FP-30X, 'file:stick/out.mid'], channels: [10]}\nweb: null")
    assert main(["check"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "warning: midi.channels: channel 10 is for percussion: "
        "a General MIDI synth plays drums there, not Bach; choose another one",
        "warning: stick/out.mid: cannot be written: there is no folder stick; choose another folder",
        "bachd can play with config.yaml, but see the warnings above",
    ]

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (folder / "config.yaml").write_text(f"midi: {{output: none}}\nweb: {{listen: '127.0.0.1:{port}'}}")
        assert main(["check"]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"warning: web.listen: 127.0.0.1:{port} cannot be used: Address already in use; ")

    (folder / "config.yaml").write_text("midi: {output: Clavinova}")
    assert main(["check"]) == 69
    assert capsys.readouterr().err.startswith(
        "bachd: midi.output: no MIDI port is called 'Clavinova'; there is 'FP-30X"
    )

    monkeypatch.setitem(sys.modules, "aalink", None)
    (folder / "config.yaml").write_text("tempo: link")
    assert main(["check"]) == 69
    assert capsys.readouterr().err.startswith("bachd: tempo: link: aalink is not installed; ")


@pytest.mark.usefixtures("no_midi")
def test_the_default_settings_are_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0
    assert "the defaults (no config.yaml)" in capsys.readouterr().out


@pytest.mark.parametrize("content", [b"", b"RIFF....WAVE", b"MThd\0\0\0\6\0\1\0\1\0\x60MTrk\0\0\0\4\0\xff\x2f\0"])
def test_a_seed_without_music(folder: Path, content: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "mine.mid").write_bytes(content)
    (folder / "config.yaml").write_text("seed: {piece: mine.mid}\nmidi: {output: none}")
    for verb in (["check"], ["render", "out.mid"], ["run"]):
        assert main(verb) == 78
        err = capsys.readouterr().err
        assert "mine.mid" in err
        assert err.count("\n") == 1


def test_an_expected_fault_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def unplugged() -> list[PortInfo]:
        raise OutputError("the sequencer is gone")

    monkeypatch.setattr("bachd.midi.systems.list_ports", unplugged)
    assert main(["ports"]) == 69
    assert capsys.readouterr() == ("", "bachd: the sequencer is gone\n")
