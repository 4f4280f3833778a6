"""`bachd panic` as the service runs it after a crash: it silences all that the music was played to."""

from __future__ import annotations

from pathlib import Path

import pytest

from bachd import configfile
from bachd.commands.cli import main
from bachd.errors import OutputError
from bachd.midi.panic import panic
from bachd.midi.reset import reset
from bachd.service.settings import last_good
from tests.midi.jack.jackport import PlugSynth
from tests.midi.small import PIANO, SmallSequencer, SteppedClock


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings of a service that plays to a synth on JACK, on a machine that has one on ALSA, too."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    monkeypatch.setattr("bachd.midi.systems.open_sequencer", lambda faults: SmallSequencer(SteppedClock(), PIANO))
    path, content = tmp_path / "config.yaml", "midi: {output: organ}\n"
    path.write_text(content)
    last_good.keep(content, configfile.tree(content, path))
    return path


@pytest.fixture(params=["midi: {output: organ}\n", "midi: {output: auto}\n", "midi: {output: [no", "", None])
def saved(config: Path, request: pytest.FixtureRequest) -> str:
    """What has become of config.yaml since the music was last played by it; None: it is gone."""
    config.unlink()
    if request.param is not None:
        config.write_text(request.param)
    return str(config)


def test_a_synth_on_jack_is_silenced_beside_one_on_alsa(
    saved: str, plug_synth: PlugSynth, capsys: pytest.CaptureFixture[str]
) -> None:
    synth = plug_synth("organ")
    assert main(["panic", "--config", saved]) == 0
    named = capsys.readouterr().out.removeprefix("silenced ").strip().split(", ")
    assert sorted(named) == ["FP-30X MIDI 1", "organ:in"]
    assert {f"b{channel:x}7b00" for channel in range(16)} <= set(synth.hear(len(reset())))


@pytest.mark.usefixtures("only_jack")
def test_panic_ends_every_note_on_every_channel(plug_synth: PlugSynth) -> None:
    synth = plug_synth("organ")
    assert panic(["organ"]) == "organ:in"
    heard = synth.unplug()
    ended = {line[:4] for line in heard if line[0] == "8"}
    assert ended == {f"8{channel:x}{number:02x}" for channel in range(16) for number in range(128)}
    for controller in ("40", "78", "7b"):  # pedal, all sound off, all notes off
        assert {f"b{channel:x}{controller}00" for channel in range(16)} <= set(heard)


@pytest.mark.usefixtures("no_midi")
@pytest.mark.parametrize("specs", [[], ["auto"], ["file:a.mid", "none"]])
def test_panic_without_an_instrument_is_told(specs: list[str]) -> None:
    with pytest.raises(OutputError, match="panic: there is no MIDI instrument"):
        panic(specs)


@pytest.mark.usefixtures("no_midi")
def test_panic_for_a_port_that_is_not_there_blames_no_setting() -> None:
    with pytest.raises(OutputError, match="panic: no MIDI port is called 'organ'"):
        panic(["organ"])


@pytest.mark.usefixtures("no_midi")
def test_the_loudspeaker_needs_no_panic() -> None:
    for ports, played in ((("speaker",), ()), ((), ("speaker",))):
        assert panic(ports, played) == "nothing: there is no synth, and the loudspeaker falls silent when bachd ends"
