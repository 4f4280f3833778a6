"""A melody in a file gets the voices that it would get from somebody's keyboard."""

from __future__ import annotations

from pathlib import Path

import mido
import pytest

from bachd.commands import cli
from bachd.config import Config
from bachd.errors import SeedError, UsageError
from bachd.music import midifile
from bachd.music.metre import Metre
from bachd.neural.harmonise.melody import line, top_line
from bachd.service.person.accompaniment import open_accompaniment

TUNE = ((67, 1), (69, 0.5), (71, 0.5), (69, 1), (None, 1), (67, 1), (66, 1), (67, 2))


Tune = tuple[tuple[int | None, float], ...]


def write(path: Path, *tunes: Tune, bpm: float = 90) -> Path:
    """Write TUNE, or other ones that sound together."""
    file = mido.MidiFile(ticks_per_beat=480)
    for tune in tunes or (TUNE,):
        file.tracks.append(track(tune, bpm))
    file.save(path)
    return path


def track(tune: Tune, bpm: float) -> mido.MidiTrack:
    track, waiting = mido.MidiTrack(), 0
    track.append(mido.MetaMessage("time_signature", numerator=3, denominator=4))
    track.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(bpm)))
    for pitch, quarters in tune:
        if pitch is None:
            waiting += int(480 * quarters)
            continue
        track.append(mido.Message("note_on", note=pitch, time=waiting))
        track.append(mido.Message("note_off", note=pitch, time=int(480 * quarters)))
        waiting = 0
    return track


def test_a_file_s_melody_is_harmonised_at_its_tempo(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tune, out = write(tmp_path / "tune.mid"), tmp_path / "out.mid"
    config = tmp_path / "config.yaml"
    config.write_text("expression: {humanise_ms: 0, ritardando: 0}")
    assert cli.main(["render", str(out), "--with", str(tune), "--rng", "1", "--config", str(config)]) == 0
    found, melody = (midifile.read(path.read_bytes(), path.name) for path in (out, tune))
    assert top_line(found.events)[:-1] == top_line(melody.events)[:-1]
    assert found.bpm == pytest.approx(90)
    assert {len(event.sounding) for event in found.events} == {0, 4}
    first = out.read_bytes()
    assert cli.main(["render", str(out), "--with", str(tune), "--rng", "2", "--config", str(config)]) == 0
    assert out.read_bytes() == first  # the likeliest is taken, not drawn
    assert "wrote" in capsys.readouterr().out


def test_a_file_s_lowest_notes_may_be_the_bass(tmp_path: Path) -> None:
    tune = write(tmp_path / "tune.mid")
    melody = midifile.read(tune.read_bytes(), "tune")
    for voice, place in (("bass", 3), ("tenor", 2)):
        steps = list(open_accompaniment(Config(together_voice=voice), tune, 1).steps())
        found = [(turn.tick, turn.pitch and turn.pitch % 12) for turn in line([step.event for step in steps], place)]
        assert found == [(turn.tick, turn.pitch and turn.pitch % 12) for turn in line(melody.events, 3)]


def test_two_voices_join_the_highest_and_the_lowest_notes_of_a_file(tmp_path: Path) -> None:
    tune = write(tmp_path / "tune.mid", ((72, 1), (74, 1), (76, 2)), ((48, 2), (43, 2)))
    melody = midifile.read(tune.read_bytes(), "tune")
    steps = list(open_accompaniment(Config(together_voice="both"), tune, 1).steps())
    events = [step.event for step in steps]
    assert top_line(events) == top_line(melody.events)
    assert {event.sounding[0] for event in events} == {48, 43}
    assert {len(event.sounding) for event in events} == {4}


def test_a_melody_is_placed_in_its_metre(tmp_path: Path) -> None:
    steps = list(open_accompaniment(Config(), write(tmp_path / "tune.mid"), 1).steps())
    assert {step.place.metre for step in steps} == {Metre(3, 4)}
    assert [step.opens for step in steps] == [True] + [False] * (len(steps) - 1)


def test_a_temperature_draws(tmp_path: Path) -> None:
    from bachd.config import Sampling

    config = Config(sampling=Sampling(temperature=1.2))
    tune = write(tmp_path / "tune.mid")
    found = [[step.event for step in open_accompaniment(config, tune, rng).steps()] for rng in (1, 1, 2)]
    assert found[0] == found[1] != found[2]


def test_a_file_without_a_melody_is_refused(tmp_path: Path) -> None:
    with pytest.raises((UsageError, SeedError), match=r"silent\.mid"):
        open_accompaniment(Config(), write(tmp_path / "silent.mid", ((None, 1),)), 1)
    with pytest.raises(SeedError, match=r"--with: .*gone.mid cannot be read: No such file"):
        open_accompaniment(Config(), tmp_path / "gone.mid", 1)
