"""Each trap on the ways to a synth, on a machine made of files."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from bachd.config import Config, Midi
from bachd.errors import OutputError
from bachd.midi.port_names import PortInfo
from bachd.service.doctor import sound as sound_checks
from bachd.service.doctor.machine import Machine
from tests.service.conftest import Bench

PIANO = PortInfo("FP-30X MIDI 1", "alsa", "hardware")
PROGRAM = PortInfo("FLUID Synth input", "alsa", "software")
JACK, NONE = Config(midi=Midi(output=("jack",))), Config(midi=Midi(output=("none",)))


def test_there_is_no_sequencer(bench: Bench) -> None:
    (found,) = sound_checks.sequencer(bench.machine, Config())
    assert found.state == "fault"
    assert "modprobe snd-seq" in found.todo
    (found,) = sound_checks.sequencer(bench.machine, NONE)
    assert found.state == "note"


def test_the_sequencer_is_there_but_not_at_boot(bench: Bench) -> None:
    bench.files({sound_checks.SEQUENCER: ""})
    assert [each.state for each in sound_checks.sequencer(bench.machine, Config())] == ["ok", "ok"]
    bench.files({sound_checks.UNITS[0]: ""})
    first, _ = sound_checks.sequencer(bench.machine, Config())
    assert first.state == "note"
    bench.files({"etc/modules-load.d/bachd.conf": "# for bachd\nsnd_seq\n"})
    first, _ = sound_checks.sequencer(bench.machine, Config())
    assert first.state == "ok"


def test_the_sequencer_is_not_for_this_user_nor_for_the_service(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    group = os.getegid()
    passwd = "root:x:0:0::/:/bin/sh\nbachd:x:990:{}::/:/bin/false\n"
    bench.files({sound_checks.SEQUENCER: "", "etc/group": f"audio:x:{group}:alice\n", "etc/passwd": "root:x:0:0::/:\n"})
    os.chown(bench.root / sound_checks.SEQUENCER, -1, group)
    monkeypatch.setattr(Machine, "may_use", lambda machine, path: False)  # root may use everything
    assert [each.todo for each in sound_checks.sequencer(bench.machine, Config())] == [
        "",
        "sudo usermod -aG audio $USER, then log in again",
    ]
    bench.files({"etc/passwd": passwd.format(65500)})
    *_, found = sound_checks.sequencer(bench.machine, Config())
    assert (found.name, found.state) == ("service user", "fault")
    assert found.todo.startswith("sudo usermod -aG audio bachd")
    bench.files({"etc/group": f"audio:x:{group}:alice,bachd\n"})
    assert len(list(sound_checks.sequencer(bench.machine, Config()))) == 2
    bench.files({"etc/group": f"audio:x:{group}:\n", "etc/passwd": passwd.format(group)})
    assert len(list(sound_checks.sequencer(bench.machine, Config()))) == 2


@pytest.mark.parametrize(
    ("output", "there", "state", "seen"),
    [
        ("auto", [PIANO, PROGRAM], "ok", "FP-30X MIDI 1"),
        ("auto", [PROGRAM], "note", "only programs: FLUID Synth input"),
        ("auto", [], "fault", "no instrument"),
        ("virtual", [], "ok", "none needed"),
        ("none", [], "ok", "none is asked for"),
        ("file:a.mid", [], "ok", "none is asked for"),
        ("fp-30x", [PIANO], "ok", "FP-30X MIDI 1"),
        ("Clavinova", [PIANO], "fault", "no MIDI port is called 'Clavinova'"),
        ("m", [PIANO, replace(PIANO, name="Some")], "fault", "fits several"),
    ],
)
def test_ports(output: str, there: list[PortInfo], state: str, seen: str) -> None:
    found = sound_checks.ports(Config(midi=Midi(output=(output,))), lambda: there)
    assert found.state == state
    assert seen in found.seen


def test_ports_that_cannot_be_listed() -> None:
    def unplugged() -> list[PortInfo]:
        raise OutputError("the sequencer is gone")

    found = sound_checks.ports(Config(), unplugged)
    assert (found.state, found.seen) == ("fault", "the sequencer is gone")


def test_an_instrument_that_another_program_has(bench: Bench) -> None:
    port = "FP-30X\n\nOutput 0\n  Tx bytes     : 120\n  Owner PID    : {}\n  Mode         : native\n"
    bench.files({"proc/asound/card1/midi0": "FP-30X\n\nOutput 0\n  Tx bytes     : 0\nInput 0\n  Owner PID    : 5\n"})
    assert sound_checks.locked(bench.machine).state == "ok"
    bench.files({"proc/asound/card1/midi0": port.format(4711), "proc/4711/comm": "amidi\n"})
    assert sound_checks.locked(bench.machine).seen == "in use: FP-30X by amidi (4711)"
    bench.files({"proc/4711/comm": "bachd\n"})
    assert sound_checks.locked(bench.machine).state == "ok"


def test_jack(bench: Bench) -> None:
    assert sound_checks.jack(bench.machine, Config()).state == "ok"
    assert sound_checks.jack(bench.machine, JACK).state == "fault"
    bench.files({"proc/12/comm": "jackd\n"})
    assert sound_checks.jack(bench.machine, JACK).seen == "jackd runs"
