"""What is opened for new settings, and what is used again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bachd.config import Config, Seed
from bachd.config_midi import Midi
from bachd.configfile import load
from bachd.errors import BachdError, ConfigError, ModelError, OutputError, SeedError
from bachd.midi.fan_out import FanOut
from bachd.midi.file.output import FileOutput
from bachd.realtime.clock import MonotonicClock
from bachd.realtime.lateness import Lateness
from bachd.service.factory import bundle_program, open_composer
from bachd.service.parts import Parts
from bachd.service.settings.prepare import prepare
from tests.service.person.cable import Cable


class Playing:
    """What a run plays with, and what it would play with by another file."""

    def __init__(self, path: Path) -> None:
        config = Config(seed=Seed(piece="bwv269"), midi=Midi(output=(f"file:{path.parent / 'out.mid'}",)))
        self._path = path
        outputs = FanOut([FileOutput(path.parent / "out.mid")])
        self.parts = Parts(config, 5, open_composer(config, 5), outputs, program=bundle_program(config))

    def by(self, text: str) -> Parts:
        return self.after((self.parts,), text)

    def after(self, present: Sequence[Parts], text: str) -> Parts:
        kept = ["seed: {piece: bwv269}", f"midi: {{output: 'file:{self._path.parent / 'out.mid'}'}}"]
        kept = [line for line in kept if line.split()[0] not in text]
        self._path.write_text("\n".join([text, *kept]))
        return prepare(load(self._path), present, MonotonicClock(), Lateness(), lambda *_: None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("playing")


@pytest.fixture(scope="module")
def playing(folder: Path) -> Iterator[Playing]:
    playing = Playing(folder / "config.yaml")
    yield playing
    playing.parts.outputs.close()


def test_another_tempo_needs_nothing_new(playing: Playing) -> None:
    parts = playing.by("tempo: 96")
    assert parts == replace(playing.parts, config=replace(playing.parts.config, tempo=96))


def test_other_sampling_leaves_the_piece_as_it_is(playing: Playing) -> None:
    parts = playing.by("sampling: {temperature: 0}")
    assert parts.composer is playing.parts.composer
    assert parts.sampler is not None


def test_another_seed_is_another_piece_from_the_same_network(playing: Playing) -> None:
    parts = playing.by("seed: {piece: bwv290, rng: 9}")
    assert parts.composer is not playing.parts.composer
    assert parts.composer.model is playing.parts.composer.model
    assert parts.composer.next().piece == "bwv290"
    assert parts.rng == 9


def test_an_output_that_stays_is_not_opened_again(playing: Playing, folder: Path) -> None:
    parts = playing.by(f"midi: {{output: ['file:{folder / 'new.mid'}', 'file:{folder / 'out.mid'}']}}")
    assert parts.outputs.outputs[1] is playing.parts.outputs.outputs[0]
    parts.outputs.close(playing.parts.outputs)


@pytest.mark.usefixtures("no_midi")
@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("tempo: 1200\nsampling: {top_p: 7}", ConfigError, "tempo: 1200 is not between 20 and 300\n.*top_p"),
        ("tempo: [", ConfigError, "config.yaml:"),
        ("seed: {piece: ./config.yaml}", SeedError, "config.yaml"),
        ("midi: {output: NOWHERE-1}", OutputError, "no MIDI port is called 'NOWHERE-1'"),
    ],
)
def test_what_cannot_be_had_is_refused(playing: Playing, text: str, kind: type[BachdError], said: str) -> None:
    with pytest.raises(kind, match=said):
        playing.by(text)


def test_a_bundle_that_is_damaged_is_refused(playing: Playing, folder: Path) -> None:
    (folder / "broken").mkdir(exist_ok=True)
    with pytest.raises((ModelError, ConfigError)):
        playing.by("model: ./broken")


def test_what_is_offered_or_in_use_is_used_again(playing: Playing, folder: Path) -> None:
    offered = playing.by(f"seed: {{piece: bwv290, rng: 9}}\nmidi: {{output: 'file:{folder / 'new.mid'}'}}")
    open_ones = (offered, playing.parts)
    back = playing.after(open_ones, "")
    assert (back.composer, back.rng, back.outputs) == (playing.parts.composer, 5, playing.parts.outputs)
    both = (
        f"seed: {{piece: bwv290, rng: 9}}\nmidi: {{output: ['file:{folder / 'new.mid'}', 'file:{folder / 'out.mid'}']}}"
    )
    on = playing.after(open_ones, both)
    assert (on.composer, on.rng) == (offered.composer, 9)
    assert on.outputs.outputs == (*offered.outputs.outputs, *playing.parts.outputs.outputs)
    offered.outputs.close(playing.parts.outputs)


def test_an_output_that_cannot_be_opened_yet_joins_the_others_and_none_at_all_is_refused(
    playing: Playing, folder: Path
) -> None:
    late = f"file:{folder}/no such folder/x.mid"
    parts = playing.by(f"midi: {{output: ['file:{folder / 'there.mid'}', '{late}']}}")
    assert str(folder / "there.mid") in parts.outputs.description
    parts.outputs.close()
    with pytest.raises(OutputError):
        playing.by(f"midi: {{output: '{late}'}}")


def test_who_is_listened_to_stays_as_long_as_it_is_the_same_input(
    playing: Playing, monkeypatch: pytest.MonkeyPatch
) -> None:
    cables: list[Cable] = []

    def open_cable(*given: Any) -> Cable:
        cables.append(Cable())
        return cables[-1].open(*given)

    monkeypatch.setattr("bachd.midi.inputs.open_input", open_cable)
    first = playing.by("together: harmonise")
    assert first.person is not None
    second = playing.after((first,), "together: answer")
    assert second.person is first.person
    assert playing.after((second,), "together: none").person is None
    third = playing.after((second,), "together: answer\nmidi: {input: Piano, output: none}")
    assert third.person is not first.person
    assert len(cables) == 2
    with pytest.raises(ModelError, match="model 'cello' plays one voice and cannot harmonise"):
        playing.after((second,), "together: harmonise\nmodel: cello\nseed: {piece: null}")


def test_other_outputs_for_what_is_played_are_the_same_ones_in_other_hands(
    playing: Playing, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setattr("bachd.midi.inputs.open_input", Cable().open)
    old, new = (f"file:{folder / name}" for name in ("out.mid", "new.mid"))
    both = f"output: ['{old}', '{new}']"
    silent = playing.by(f"midi: {{{both}}}")
    passing = playing.after((silent,), f"midi: {{{both}, thru: true}}")
    assert passing.outputs is silent.outputs
    assert passing.outputs.thru is passing.outputs
    some = playing.after((passing,), f"midi: {{{both}, thru: '{new}'}}")
    assert some.outputs.outputs == passing.outputs.outputs
    assert some.outputs.thru.outputs == some.outputs.outputs[1:]
    some.outputs.close(playing.parts.outputs)


def test_another_volume_keeps_the_loudspeaker_open(playing: Playing) -> None:
    parts = playing.by("speaker: {volume: 30}")
    assert parts.outputs is playing.parts.outputs
    assert parts.config.speaker.settings.volume == 30


def test_another_bundle_has_another_sound(playing: Playing) -> None:
    assert playing.by("model: cello\nseed: {piece: bwv1007-prelude}").program == 42
