from __future__ import annotations

from pathlib import Path

import pytest

from bachd.config import Config, Expression, Sampling, Seed
from bachd.config_midi import ClockOut, Midi
from bachd.config_web import Web
from bachd.configfile import load, parse
from tests.configfile.conftest import Write


@pytest.mark.parametrize("nothing", ["", "# tempo: 90\n", "---\n", "tempo:\nseed:\nmidi: ~\n", "\ufeff"])
def test_an_empty_file_plays(write: Write, nothing: str) -> None:
    assert load(write(nothing)) == Config()


def test_every_key_can_be_set(write: Write, tmp_path: Path) -> None:
    text = """\
model: ./tiny
device: edgetpu
seed: {piece: bwv66.6, bars: 8, rng: 7}
tempo: 96.5
midi:
  output: [FP-30X, "file:take.mid"]
  channels: [1, 2, 3, 4]
  program: {1: 20, 2: 49, 3: 1}
  bank: {1: 87/64, 2: 8}
  latency_ms: 12.5
  wait_for_start: yes
sampling:
  temperature: 0.8
  top_p: .9
  key: 0.5
  leading: no
  range: [C2, 84]
expression: {swing: 62, humanise_ms: 0, ritardando: 1, dynamics: no}
web:
  listen: "[::]:80"
"""
    assert load(write(text)) == Config(
        model=str(tmp_path / "tiny"),
        device="edgetpu",
        seed=Seed("bwv66.6", 8, 7),
        tempo=96.5,
        midi=Midi(
            ("FP-30X", "file:take.mid"),
            (1, 2, 3, 4),
            ((1, 19), (2, 48), (3, 0)),
            latency_ms=12.5,
            wait_for_start=True,
            bank=((1, 87 * 128 + 64), (2, 8 * 128)),
        ),
        sampling=Sampling(0.8, 0.9, 0.5, False, (36, 84)),
        expression=Expression(62.0, 0.0, 1.0, False),
        web=Web(("::", 80)),
    )


@pytest.mark.parametrize("off", ["web: null", "web:", "web: {listen: null}", "web:\n  listen:\n"])
def test_the_page_can_be_off(write: Write, off: str) -> None:
    assert load(write(off)).web.listen is None


def test_a_proxys_names_and_the_token(write: Write) -> None:
    web = load(write("web: {hosts: [Music.Example, pi], token: required}")).web
    assert (web.hosts, web.token, web.listen) == (("music.example", "pi"), "required", ("127.0.0.1", 8080))
    assert load(write("web: {hosts: pi.local}")).web.hosts == ("pi.local",)


def test_a_program_may_be_a_name(write: Write) -> None:
    config = load(write("midi: {program: {1: church organ, 2: 49}}\nvoices: {bass: {program: Cello}}"))
    assert config.midi.program == ((1, 19), (2, 48))
    assert config.voices.bass.program == 42
    assert load(write("midi: {program: 'flute'}")).midi.program == 73


def test_one_bank_and_program_hold_for_all_channels(write: Write) -> None:
    midi = load(write("midi: {program: 20, bank: 121/3, output: [Jack, NONE, 'FILE:x.mid']}")).midi
    assert (midi.program, midi.bank) == (19, 121 * 128 + 3)
    assert midi.output == ("jack", "none", "file:x.mid")


def test_localhost_is_an_address(write: Write) -> None:
    assert load(write("web: {listen: localhost:99}")).web.listen == ("127.0.0.1", 99)


@pytest.mark.parametrize(
    ("text", "tempo", "clock"),
    [
        ("tempo: clock", "clock", None),
        ("tempo: link\nmidi: {clock: yes}", "link", ClockOut()),
        ("midi: {clock: {while_stopped: true, offset_ms: -5}}", None, ClockOut(True, (("auto", -5.0),))),
        (
            "midi: {output: [FP-30X, SH-01A], clock: {offset_ms: {SH-01A: 12.5}}}",
            None,
            ClockOut(False, (("SH-01A", 12.5),)),
        ),
    ],
)
def test_a_clock_can_be_followed_and_sent(
    write: Write, text: str, tempo: float | str | None, clock: ClockOut | None
) -> None:
    config = load(write(text))
    assert (config.tempo, config.midi.clock) == (tempo, clock)
    assert config.bpm == 84.0


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("device: CPU", Config(device="cpu")),
        ("tempo: Link", Config(tempo="link")),
        ("model: Chorales", Config()),
        ("midi: {output: [NONE, Virtual]}", Config(midi=Midi(output=("none", "virtual")))),
        ("midi: {input: AUTO}", Config()),
        ("seed: {piece: BWV269}", Config(seed=Seed(piece="bwv269"))),
        ("sampling: {leading: OFF}", Config(sampling=Sampling(leading=False))),
        # A comment without a space is one where nothing else can be meant.
        ("device: cpu #fast", Config(device="cpu")),
        ("midi:\n  output: none #yet", Config(midi=Midi(output=("none",)))),
        ("tempo: 84 #calm", Config(tempo=84.0)),
        ("midi:\n  output: FP-30X # 2", Config(midi=Midi(output=("FP-30X",)))),
        ("midi:\n  output: 'MIDIMATE II #2' #mine", Config(midi=Midi(output=("MIDIMATE II #2",)))),
        ("midi:\n  output: MIDIMATE#2", Config(midi=Midi(output=("MIDIMATE#2",)))),
        ("midi:\n  output: FP-30X\n  #channels: [1]", Config(midi=Midi(output=("FP-30X",)))),
    ],
)
def test_words_are_read_in_any_case_and_comments_without_a_space(text: str, meant: Config, tmp_path: Path) -> None:
    assert parse(text, tmp_path / "config.yaml") == meant


def test_one_value_stands_for_a_list_of_one(write: Write) -> None:
    midi = load(write("midi: {output: none, channels: 10}")).midi
    assert (midi.output, midi.channels) == (("none",), (10,))


@pytest.mark.parametrize(
    ("written", "thru"),
    [("yes", True), ("false", False), ("null", False), ("SH-01A", ("SH-01A",)), ("[AUTO, SH-01A]", ("auto", "SH-01A"))],
)
def test_what_is_played_goes_to_all_outputs_none_or_some(
    write: Write, written: str, thru: bool | tuple[str, ...]
) -> None:
    midi = load(write(f"midi: {{output: [auto, SH-01A], thru: {written}}}")).midi
    assert midi.thru == thru
    assert midi.thru_only == (thru if isinstance(thru, tuple) else ())


@pytest.mark.parametrize(("written", "split"), [("C4", 60), ("60", 60), ("Bb2", 46), ("null", None)])
def test_a_keyboard_is_divided_at_a_note(write: Write, written: str, split: int | None) -> None:
    config = load(write(f"together_voice: BASS\ntogether_split: {written}"))
    assert (config.together_voice, config.together_split) == ("bass", split)


def test_a_seed_file_lies_beside_the_config(write: Write, tmp_path: Path) -> None:
    (tmp_path / "my.mid").write_bytes(b"")
    path = write("seed: {piece: my.mid}")
    assert load(path).seed.piece == str(tmp_path / "my.mid")


@pytest.mark.parametrize("name", ["song.kar", "song.RMI", "song.midi"])
def test_a_seed_file_is_known_by_its_ending(write: Write, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"")
    assert load(write(f"seed: {{piece: {name}}}")).seed.piece == str(tmp_path / name)


@pytest.mark.parametrize("written", ["BWV 269", "BWV269", "bwv 269", "Bwv269", "bwv269"])
def test_a_piece_of_the_bundle_may_be_written_as_its_title(write: Write, written: str) -> None:
    assert load(write(f"model: ./tiny\nseed: {{piece: {written}}}")).seed.piece == "bwv269"
