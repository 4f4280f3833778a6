"""What is wrong with a settings file: where, what, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from bachd.configfile import load
from bachd.errors import ConfigError, Fault
from tests.configfile.conftest import Write, faults


@pytest.mark.parametrize("wrong", ["8080", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "pi.local:80", "::1:x"])
def test_a_page_needs_an_address_and_a_port(write: Write, wrong: str) -> None:
    assert faults(write(f"web: {{listen: '{wrong}'}}")) == [
        f"config.yaml:1: web.listen: '{wrong}' is not an address and a port, such as 127.0.0.1:8080, 0.0.0.0:8080 "
        "or '[::]:8080'"
    ]


@pytest.mark.parametrize("wrong", ["http://pi", "pi:80", "a b", "-x", "*", "a/b", "x" * 300])
def test_what_is_no_name_of_a_host(write: Write, wrong: str) -> None:
    (fault,) = faults(write(f'web: {{hosts: ["{wrong}"]}}'))
    assert "is not the name of a host" in fault
    assert "\x1b" not in fault


def test_the_token_is_asked_for_in_two_ways(write: Write) -> None:
    (fault,) = faults(write("web: {token: requird}"))
    assert "required" in fault


@pytest.mark.parametrize(
    ("midi", "fault"),
    [
        ("program: 20, bank: 128/0", "bank: '128/0' is not a bank; write MSB/LSB, each 0 to 127, such as 87/64"),
        ("program: 20, bank: rock", "bank: 'rock' is not a bank; write MSB/LSB, each 0 to 127, such as 87/64"),
        ("program: {17: 20}", "program.17: no such key"),
        ("program: {1: 129}", "program.1: 129 is not between 1 and 128"),
        ("program: celo", "program: 'celo' is no program of General MIDI; did you mean 'cello'?"),
        ("program: {2: horn}", "program.2: 'horn' may be 61 (french horn), 70 (english horn); write its number"),
        ("program: true", "program: true is not a whole number"),
        ("bank: 8", "bank: a synth takes a bank with the next program; set midi.program, too"),
        ("program: {1: 5}, bank: {2: 8}", "bank: a synth takes a bank with the next program; set midi.program for"),
    ],
)
def test_wrong_banks_and_programs(write: Write, midi: str, fault: str) -> None:
    (found,) = faults(write(f"midi: {{{midi}}}"))
    assert found.startswith(f"config.yaml:1: midi.{fault}")


def test_a_piece_written_nearly_as_its_title_is_suggested(write: Write) -> None:
    (fault,) = faults(write("model: ./tiny\nseed: {piece: BWV 66.7}"))
    assert "did you mean 'bwv66.6'?" in fault


def test_all_faults_are_told_at_once_with_their_lines(write: Write) -> None:
    text = """\
model: tiny/
tempo: 1200
seed:
  piece: bwv269x
  bars: "4"
  rng: 010
midi:
  outptu: none
  channels:
    - 1
    - 17
    - yes
  program: 0
  latency_ms: fast
sampling: {temperature: [1], leading: maybe, range: [C2, H3]}
expression: {swing: 80, humanize_ms: 1, ritardando: 0.5s, dynamics: 2}
tempo: 90
"""
    model = str(Path("tiny").absolute())
    assert faults(write(text)) == [
        "config.yaml:2: tempo: 1200 is not between 20 and 300",
        f"config.yaml:4: seed.piece: no piece 'bwv269x' in model '{model}'; did you mean 'bwv269'?",
        "config.yaml:5: seed.bars: '4' is text; take the quotes off for a number",
        "config.yaml:6: seed.rng: '010' is not a whole number; take the zeros in front off",
        "config.yaml:8: midi.outptu: no such key; did you mean 'output'?",
        "config.yaml:11: midi.channels: 17 is not between 1 and 16",
        "config.yaml:12: midi.channels: yes is not a whole number",
        "config.yaml:13: midi.program: 0 is not between 1 and 128",
        "config.yaml:14: midi.latency_ms: 'fast' is not a number",
        "config.yaml:15: sampling.leading: 'maybe' is neither true nor false",
        "config.yaml:15: sampling.range: 'H3' is not a note name such as 'C4', 'F#2' or 'Bb3'",
        "config.yaml:15: sampling.temperature: a list is not a single value",
        "config.yaml:16: expression.dynamics: 2 is neither true nor false",
        "config.yaml:16: expression.humanize_ms: no such key; did you mean 'humanise_ms'?",
        "config.yaml:16: expression.ritardando: '0.5s' is not a number",
        "config.yaml:16: expression.swing: 80 is not between 50 and 75",
        "config.yaml:17: tempo: is set in line 2 already; keep one of them",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "- tempo: 90",
            "1: a list is not a mapping; the keys are model, device, seed, tempo, transpose, hours, together",
        ),
        (
            "play Bach",
            "1: 'play Bach' is not a mapping; the keys are model, device, seed, tempo, transpose, hours, together",
        ),
        ("device: edgtpu", "1: device: 'edgtpu' is not one of the choices; did you mean 'edgetpu'?"),
        ("device: gpu0", "1: device: 'gpu0' is not one of the choices; choose from auto, cpu, edgetpu"),
        ("device: [cpu]", "1: device: a list is not a single value"),
        (
            "seed: bwv269",
            "1: seed: 'bwv269' is not a mapping; write its keys (piece, bars, rng) on lines of their own, ",
        ),
        ("tempo: clok", "1: tempo: 'clok' is not a number; did you mean 'clock'?"),
        ("tempo: fast", "1: tempo: 'fast' is not a number, nor one of clock, link"),
        (
            "web: false",
            "1: web: false is not a mapping; write its keys (listen, hosts, token, shutdown) on lines of their own, "
            "indented, or null for none",
        ),
        ("midi: {clock: 24}", "1: midi.clock: 24 is neither true nor false"),
        ("midi: {clock: {offset_ms: 51}}", "1: midi.clock.offset_ms: 51 is not between -50 and 50"),
        (
            "midi: {output: FP-30X, clock: {offset_ms: {FP-3X: 5}}}",
            "1: midi.clock.offset_ms.FP-3X: no such key; did you mean 'FP-30X'?",
        ),
        (
            "midi: {output: [FP-30X, SH-01A], thru: [SH-01B]}",
            "1: midi.thru: 'SH-01B' is not in midi.output; did you mean 'SH-01A'?",
        ),
        ("together_voice: bas", "1: together_voice: 'bas' is not one of the choices; did you mean 'bass'?"),
        ("together_split: H3", "1: together_split: 'H3' is not a note name such as 'C4', 'F#2' or 'Bb3'"),
        ("together_split: 128", "1: together_split: 128 is not a MIDI note number (0 to 127)"),
        (
            "midi: {phrase_controller: 64}",
            "1: midi.phrase_controller: controller 64 does something else; write such as 11 for expression",
        ),
        ("midi: {phrase_controller: 120}", "1: midi.phrase_controller: 120 is not between 1 and 95"),
        ("midi: {thru: maybe}", "1: midi.thru: 'maybe' is not in midi.output; write true, false, or some of auto"),
        (
            "zzz: 1",
            "1: zzz: no such key; the keys here are model, device, seed, tempo, transpose, hours, together",
        ),
        ('"a\\nb": 1', "1: a\\nb: no such key"),
        ("tempo: 90\n tempo: 80", "2: not YAML: mapping values are not allowed"),
        ("tempo: [90", "not YAML: "),
        ("tempo: 90\x07", "1: not YAML: a control character ('\\x07')"),
        ("a: &a [1]\nb: *a", "2: '*a': anchors and aliases are not understood here"),
        ("tempo: !!float 90", "1: 'tag:yaml.org,2002:float': tags are not understood here"),
        ("tempo: 90\n---\ntempo: 80", "2: a second document begins here"),
        ("? [tempo]\n: 90", "1: a list or mapping cannot be a key"),
        ("seed: {bars: 4.5}", "1: seed.bars: 4.5 is not a whole number"),
        ("seed: {bars: true}", "1: seed.bars: true is not a whole number"),
        ("tempo: 1:30", "1: tempo: '1:30' is not a number"),
        ("tempo: .inf", "1: tempo: '.inf' is not a number"),
        ("tempo: 1" + "0" * 5000, "1: tempo: 1000"),
        ("midi: {output: no}", "1: midi.output: no is a switch in YAML, not a text; put quotes around it"),
        ("midi: {output: []}", "1: midi.output: the list has 0 items; it must have 1 to 16"),
        ("midi: {output: [auto, ~]}", "1: midi.output: nothing cannot be in this list"),
        ('midi: {output: "a\\tb"}', "1: midi.output: 'a\\tb' is not a text of one short line"),
        (
            "midi: {output: file:take}",
            "1: midi.output: 'file:take' is not the name of a .mid file; write 'file:NAME.mid'",
        ),
        ("sampling: {range: [C3]}", "1: sampling.range: write the lowest and the highest note: [C2, C6]"),
        ("sampling: {range: [C3, E4]}", "1: sampling.range: leaves the network too little"),
        ("seed: {piece: gone.mid}", "1: seed.piece: "),
        ("midi:\n\toutput: none", "2: a tab; YAML wants spaces"),
        ("midi:\n  output: {in: a: b}", "2: not YAML: did not find expected ',' or '}'; put quotes around the name"),
        (
            "midi:\n  output: MIDIMATE II #2",
            "2: midi.output: '#2' is cut off, for '#' begins a comment; put quotes around",
        ),
        (
            "midi: {output: [none, UM-ONE #A]}",
            "1: not YAML: '[' is opened here and not closed, for '#A]}' is a comment; put quotes",
        ),
        ("midi: {input: Synth #1}", "not closed, for '#1}' is a comment; put quotes around the name"),
        ("midi:\n  output:\n  - none\n  - UM-ONE #A", "4: midi.output: '#A' is cut off"),
        ("model: my bundle #2", "1: model: '#2' is cut off"),
        ("tempo: 1e3", "1: tempo: '1e3' is not a number; write it with digits alone"),
        ("tempo: 1_000", "1: tempo: '1_000' is not a number; write it with digits alone"),
        ("tempo: 0x60", "1: tempo: '0x60' is not a number; write it with digits alone"),
        ("tempo: 84,5", "1: tempo: '84,5' is not a number; write a point instead of the comma"),
        ("tempo: 012", "1: tempo: '012' is not a number; take the zeros in front off"),
        ("tempo: +84", "1: tempo: '+84' is not a number; take the sign in front off"),
        ("Tempo: 84", "1: Tempo: no such key; did you mean 'tempo'?"),
        ("device: CPU+", "1: device: 'CPU+' is not one of the choices; did you mean 'cpu'?"),
        ("<<: {tempo: 84}", "1: '<<': merge keys are not understood here; write the keys out"),
        ("tempo:84", "1: 'tempo:84' is not a mapping; put a space behind the colon; the keys are model"),
        ("tempo 66", "1: 'tempo 66' is not a mapping; write a colon behind the key, as in 'tempo: 66'; the keys are"),
        ("tempo 66\nmodel cello", "is not a mapping; write a colon behind the key, as in 'tempo: 66'; the keys are"),
        ("midi:\n  program 43", "write a colon behind the key, as in 'program: 43'; write its keys (output, "),
        ('midi: {output: "\\e[2J"}', "1: midi.output: '\\x1b[2J' is not a text of one short line"),
        ('"\\e]0;x\\a": 1', "1: \\x1b]0;x\\x07: no such key"),
        ("model: ./gone", "1: model: no folder "),
        ("model: chorals", "1: model: no model 'chorals'"),
    ],
)
def test_a_fault_says_where_and_what(write: Write, text: str, fault: str) -> None:
    told = faults(write(text))
    assert len(told) == 1
    assert told[0].startswith("config.yaml:")
    assert fault in told[0]


def test_a_fault_knows_its_line_and_key_for_programs(write: Write) -> None:
    with pytest.raises(ConfigError) as caught:
        load(write("tempo: 1200\nmidi: {\n  channels: 0}"))
    assert caught.value.faults == (
        Fault(1, "tempo", "1200 is not between 20 and 300"),
        Fault(3, "midi.channels", "0 is not between 1 and 16"),
    )


def test_a_damaged_bundle_does_not_hide_the_faults_of_the_file(write: Write, tmp_path: Path) -> None:
    (tmp_path / "tiny/card.json").write_text("{")
    assert faults(write("model: ./tiny\nseed: {piece: x}\ntempo: 0")) == [
        "config.yaml:3: tempo: 0 is not between 20 and 300"
    ]
