"""Rendering stops after the bars it was asked for, and says what it lacks."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from bachd.config import Config, Expression, Sampling, Seed
from bachd.config_voices import Voice, Voices
from bachd.errors import OutputError, UsageError
from bachd.music import smf
from bachd.music.metre import Grid, Metre
from bachd.music.performance.ritardando import FINAL
from bachd.music.piece import Origin, Step
from bachd.service import render
from bachd.service.factory import open_composer
from bachd.service.render import until
from tests.fakes import ScriptedComposer, steps


def seed(line: str) -> list[Step]:
    return [replace(step, origin=Origin.SEED) for step in steps(line)]


def rendered(bars: int, *script: Step) -> list[str]:
    return [str(step.event) for step in until(bars, ScriptedComposer(*script))]  # type: ignore[arg-type]


def test_the_seed_comes_first_and_does_not_count() -> None:
    assert rendered(1, *seed("C4:4 D4:4"), *steps("E4:2 F4:2 G4:2")) == ["C4:4", "D4:4", "E4:2", "F4:2"]


def test_the_last_event_is_cut_at_the_bar_line() -> None:
    assert rendered(2, *seed("C4:4"), *steps("~C4:3 E4:6")) == ["C4:4", "~C4:3", "E4:5"]


def test_bars_are_counted_in_the_metre_of_their_piece() -> None:
    waltz = Grid(((0, Metre(3, 4)),))
    assert rendered(3, *seed("C4:4"), *steps("D4:4"), *steps("E4:3 F4:3 G4:3", waltz)) == [
        "C4:4",
        "D4:4",
        "E4:3",
        "F4:3",
    ]


def test_the_seeds_of_later_pieces_count() -> None:
    assert rendered(2, *seed("C4:4"), *steps("D4:4"), *seed("E4:4 F4:4")) == ["C4:4", "D4:4", "E4:4"]


def test_the_same_music_slows_down_into_its_endings_if_it_shall() -> None:
    config = Config(expression=Expression(ritardando=1.0), sampling=Sampling(lookahead=2))
    slow, steady = (list(until(48, open_composer(config, 1), amount)) for amount in (1.0, 0.0))
    assert [step.event for step in slow] == [step.event for step in steady]
    assert {step.pace for step in steady} == {1.0}
    ends = [before.pace for before, after in pairwise(slow) if after.origin is Origin.BREATH]
    assert ends
    assert ends == [pytest.approx(1 - FINAL)] * len(ends)


def test_the_same_rng_gives_the_same_file_with_all_the_expression_there_is(tmp_path: Path) -> None:
    config = Config(expression=Expression(swing=62.0, humanise_ms=20.0, ritardando=1.0))
    for name, rng in (("a.mid", 3), ("b.mid", 3), ("c.mid", 4)):
        render.render(config, tmp_path / name, 24, rng)
    a, b, c = ((tmp_path / name).read_bytes() for name in ("a.mid", "b.mid", "c.mid"))
    assert a == b != c


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"out\.mp3: renders to \.mid, \.musicxml or \.wav only"):
        render.render(Config(), tmp_path / "out.mp3", 4, 1)


def test_a_wav_without_fluidsynth_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OutputError, match="sudo apt install fluidsynth"):
        render.render(Config(), tmp_path / "out.wav", 4, 1)


def test_a_wav_without_a_soundfont_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fluidsynth = tmp_path / "fluidsynth"
    fluidsynth.write_text("#!/bin/sh\n")
    fluidsynth.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("bachd.midi.speaker.soundfont.FOLDERS", (str(tmp_path),))
    with pytest.raises(OutputError, match="there is no General MIDI soundfont in"):
        render.render(Config(), tmp_path / "out.wav", 4, 1)


def test_what_is_not_finished_leaves_the_older_file_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def interrupted(*_: object) -> Iterator[Step]:
        yield from steps("C4:4 D4:4")
        raise KeyboardInterrupt

    render.render(Config(), tmp_path / "out.mid", 4, 1)
    before = (tmp_path / "out.mid").read_bytes()
    monkeypatch.setattr(render, "until", interrupted)
    for name in ("out.mid", "new.mid"):
        with pytest.raises(KeyboardInterrupt):
            render.render(Config(), tmp_path / name, 4, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["out.mid"]
    assert (tmp_path / "out.mid").read_bytes() == before


def test_a_link_to_a_file_stays_one(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "out.mid").symlink_to("there/real.mid")
    render.render(Config(), tmp_path / "out.mid", 1, 1)
    assert (tmp_path / "out.mid").is_symlink()
    assert (tmp_path / "there/real.mid").read_bytes().startswith(b"MThd")


def test_what_cannot_be_written_is_told_before_anything_is_composed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(render, "_write", lambda *_: pytest.fail("composed"))
    (tmp_path / "letter.mid").write_text("Dear Anna")
    with pytest.raises(OutputError, match=r"letter\.mid: is there already and no \.mid file"):
        render.render(Config(), tmp_path / "letter.mid", 4, 1)
    for name in ("out.mid", "out.wav"):
        with pytest.raises(OutputError, match=f"{name}: cannot be written: No such file or directory"):
            render.render(Config(), tmp_path / "none" / name, 4, 1)
    assert (tmp_path / "letter.mid").read_text() == "Dear Anna"


@pytest.mark.skipif(shutil.which("fluidsynth") is None, reason="needs fluidsynth and a soundfont")
@pytest.mark.parametrize("name", ["out.mid", "out.wav"])
def test_a_full_disk_is_told_and_leaves_the_older_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"MThd older")
    script = f"""
import resource
from pathlib import Path
from bachd.config import Config
from bachd.service.render import render
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
render(Config(), Path({name!r}), 40, 1)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1].startswith("bachd.errors.OutputError: ")
    assert name in done.stderr.splitlines()[-1]
    assert ".bachd-" not in done.stderr.splitlines()[-1]
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_bytes() == b"MThd older"


def test_without_a_tempo_each_piece_has_its_own(tmp_path: Path) -> None:
    def tempos(config: Config) -> set[int]:
        render.render(config, tmp_path / "a.mid", 2, 1)
        messages = smf.parse((tmp_path / "a.mid").read_bytes()).messages
        return {round(60e6 / message.tempo) for _, _, message in messages if message.type == "set_tempo"}

    still, seed = Expression(ritardando=0.0), Seed(piece="bwv1007-gigue", rng=1)
    assert 138 in tempos(Config(model="cello", seed=seed, expression=still))
    assert tempos(Config(model="cello", seed=seed, expression=still, tempo=70.0)) == {70}


def test_a_silent_voice_is_left_out_and_one_with_its_own_sound_is_on_its_own_channel(tmp_path: Path) -> None:
    def struck(voices: Voices) -> list[tuple[int, int, int]]:
        config = Config(voices=voices, sampling=Sampling(lookahead=1), expression=Expression(humanise_ms=0))
        render.render(config, tmp_path / "a.mid", 4, 1)
        found = smf.parse((tmp_path / "a.mid").read_bytes()).messages
        return [(tick, message.channel, message.note) for tick, _, message in found if message.type == "note_on"]

    whole = struck(Voices())
    upper = struck(Voices(bass=Voice(mute=True)))
    bass = struck(Voices(bass=Voice(solo=True, program=42)))
    assert {channel for _, channel, _ in bass} == {1}
    assert len(bass) > 8
    assert sorted([*upper, *((tick, 0, note) for tick, _, note in bass)]) == sorted(whole)


def test_transposed_music_is_the_same_so_many_semitones_higher(tmp_path: Path) -> None:
    def struck(semitones: int) -> list[int]:
        config = Config(transpose=semitones, sampling=Sampling(lookahead=1))
        render.render(config, tmp_path / "a.mid", 4, 1)
        found = smf.parse((tmp_path / "a.mid").read_bytes()).messages
        return [message.note for _, _, message in found if message.type == "note_on"]

    assert struck(-5) == [note - 5 for note in struck(0)]
