"""Each trap on the ways to a synth, on a machine made of files."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace

import pytest

from bachd.config import Config
from bachd.config_midi import Midi
from bachd.errors import OutputError
from bachd.midi import systems
from bachd.midi.alsa.sequencer import SequencerPort
from bachd.midi.resolve import Resolver
from bachd.service.doctor import sound as sound_checks
from bachd.service.doctor.machine import Machine
from tests.conftest import Synth
from tests.midi.small import PIANO, SmallSequencer, SteppedClock
from tests.service.conftest import Bench

PROGRAM = SequencerPort((128, 0), "FLUID Synth input", hardware=False)
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


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch) -> SmallSequencer:
    """A sequencer without ports, in a machine without JACK."""
    sequencer = SmallSequencer(SteppedClock())
    monkeypatch.setattr(systems, "open_sequencer", lambda faults: sequencer)
    monkeypatch.setattr(systems, "other_systems", lambda *_: iter(()))
    return sequencer


@pytest.mark.parametrize(
    ("output", "there", "state", "seen"),
    [
        ("auto", [PIANO, PROGRAM], "ok", "FP-30X MIDI 1"),
        ("auto", [PROGRAM], "note", "only programs: FLUID Synth input"),
        ("auto", [], "fault", "no instrument"),
        ("virtual", [], "ok", "the port 'bachd' of ALSA"),
        ("none", [], "ok", "the settings need none"),
        ("file:a.mid", [], "ok", "the settings need none"),
        ("fp-30x", [PIANO], "ok", "FP-30X MIDI 1"),
        ("fp-30x", [PIANO, replace(PIANO, address=(24, 0))], "ok", "FP-30X MIDI 1#1"),
        ("Clavinova", [PIANO], "fault", "no MIDI port is called 'Clavinova'"),
        ("m", [PIANO, replace(PIANO, name="Some")], "fault", "fits several"),
    ],
)
def test_ports(output: str, there: list[SequencerPort], state: str, seen: str, plugged: SmallSequencer) -> None:
    plugged.here = there
    found = sound_checks.ports(Config(midi=Midi(output=(output,))), Resolver())
    assert found.state == state
    assert seen in found.seen


def test_one_port_of_several_that_is_missing_is_a_note(plugged: SmallSequencer) -> None:
    plugged.here = [PIANO]
    found = sound_checks.ports(Config(midi=Midi(output=("auto", "Clavinova"))), Resolver())
    assert found.state == "note"
    assert "'Clavinova'" in found.seen


def test_without_any_midi_the_reason_is_given(no_midi: None) -> None:
    found = sound_checks.ports(Config(), Resolver())
    assert (found.state, "no synth can be reached: ALSA: there is no" in found.seen) == ("fault", True)


def test_an_instrument_on_jack_is_an_instrument(no_midi: None, plug_synth: Callable[..., Synth]) -> None:
    found = sound_checks.ports(Config(), Resolver())
    assert (found.state, "opens the port 'bachd' of JACK" in found.seen) == ("note", True)
    plug_synth("organ")
    found = sound_checks.ports(Config(), Resolver())
    assert (found.state, found.seen) == ("ok", "organ:in")


def test_an_instrument_that_another_program_has(bench: Bench) -> None:
    port = "FP-30X\n\nOutput 0\n  Tx bytes     : 120\n  Owner PID    : {}\n  Mode         : native\n"
    bench.files({"proc/asound/card1/midi0": "FP-30X\n\nOutput 0\n  Tx bytes     : 0\nInput 0\n  Owner PID    : 5\n"})
    assert sound_checks.locked(bench.machine).state == "ok"
    bench.files({"proc/asound/card1/midi0": port.format(4711), "proc/4711/comm": "amidi\n"})
    assert sound_checks.locked(bench.machine).seen == "in use: FP-30X by amidi (4711)"
    bench.files({"proc/4711/comm": "bachd\n"})
    assert sound_checks.locked(bench.machine).state == "ok"


def test_jack(bench: Bench) -> None:
    def reached() -> None:
        pass

    def refused() -> None:
        raise OutputError("JACK: no server runs")

    assert sound_checks.jack(bench.machine, Config(), refused).state == "ok"
    assert sound_checks.jack(bench.machine, JACK, refused).state == "fault"
    assert sound_checks.jack(bench.machine, JACK, reached).seen == "a server is running"
    bench.files({"proc/12/comm": "jackd\n"})
    assert sound_checks.jack(bench.machine, JACK, reached).seen == "jackd is running"
    found = sound_checks.jack(bench.machine, JACK, refused)
    assert (found.state, found.seen) == ("fault", "jackd is running, but not for this user: JACK: no server runs")
    assert sound_checks.jack(bench.machine, Config(), refused).seen.endswith("none is needed")
