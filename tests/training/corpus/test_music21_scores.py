"""What music21 reads: pitches that sound, each bar once, and no pickle of anybody's."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

pytest.importorskip("music21", reason="needs the extra 'train'")
from bachd.music.event import Event, print_line
from bachd.training.corpus import chorales, read_file
from bachd.training.corpus.cache import cache_folder


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def music(path: Path) -> str:
    row = read_file.read(path, "x")
    assert "dropped" not in row, row
    return print_line(Event(tuple(starts), tuple(held), ticks) for starts, held, ticks in row["events"])


def part(name: str, *measures: str) -> str:
    numbered = "".join(f'<measure number="{number}">{bar}</measure>' for number, bar in enumerate(measures, 1))
    return f'<part id="{name}">{numbered}</part>'


def score(*parts: str) -> str:
    names = [f'<score-part id="P{number}"><part-name>x</part-name></score-part>' for number in range(1, len(parts) + 1)]
    head = f"<part-list>{''.join(names)}</part-list>"
    return f'<?xml version="1.0"?><score-partwise version="4.0">{head}{"".join(parts)}</score-partwise>'


def bar(step: str, before: str = "", after: str = "", octave: int = 4) -> str:
    return (
        f"{before}<note><pitch><step>{step}</step><octave>{octave}</octave></pitch><duration>4</duration></note>{after}"
    )


def attributes(more: str = "", beats: int = 4, unit: int = 4) -> str:
    return (
        "<attributes><divisions>1</divisions>"
        f"<time><beats>{beats}</beats><beat-type>{unit}</beat-type></time>{more}</attributes>"
    )


def ending(number: int, kind: str, repeat: str = "") -> str:
    side = "left" if kind == "start" else "right"
    return f'<barline location="{side}"><ending number="{number}" type="{kind}"/>{repeat}</barline>'


CLARINET = "<transpose><diatonic>-1</diatonic><chromatic>-2</chromatic></transpose>"
DOUBLE_BASS = "<transpose><diatonic>0</diatonic><chromatic>0</chromatic><octave-change>-1</octave-change></transpose>"


def test_transposing_instruments_sound_as_they_sound(tmp_path: Path) -> None:
    (tmp_path / "a.musicxml").write_text(
        score(
            part("P1", bar("D", attributes(CLARINET), octave=5)),
            part("P2", bar("C", attributes(DOUBLE_BASS))),
            part("P3", bar("E", attributes())),
        )
    )
    assert music(tmp_path / "a.musicxml") == "C3.E4.C5:4"


def test_humdrum_is_in_sounding_pitch_whatever_its_instrument_is_written_in(tmp_path: Path) -> None:
    (tmp_path / "a.krn").write_text(
        "**kern\t**kern\n*ITrd1c2\t*\n*Iclars\t*\n*M4/4\t*M4/4\n=1\t=1\n1cc\t1c\n==\t==\n*-\t*-\n"
    )
    assert music(tmp_path / "a.krn") == "C4.C5:4"


def test_of_two_endings_the_last_is_read(tmp_path: Path) -> None:
    again = '<repeat direction="backward"/>'
    bars = [
        bar("C", attributes()),
        bar("D", ending(1, "start"), ending(1, "stop", again)),
        bar("E", ending(2, "start"), ending(2, "stop")),
        bar("F"),
    ]
    plain = [bar("C", attributes(), octave=3), bar("D", octave=3), bar("E", octave=3), bar("F", octave=3)]
    (tmp_path / "a.musicxml").write_text(score(part("P1", *bars), part("P2", *plain)))
    assert music(tmp_path / "a.musicxml") == "C3.C4:4 E3.E4:4 F3.F4:4"


@pytest.mark.parametrize("norep", ["", "*>norep[A,A2]\n"])
def test_of_two_endings_in_humdrum_the_last_is_read(tmp_path: Path, norep: str) -> None:
    text = (
        f"**kern\n*>[A,A1,A,A2,B]\n{norep}*M4/4\n*>A\n=1\n1c\n*>A1\n=2\n1d\n=:|!\n*>A2\n=3\n1e\n*>B\n=4\n1f\n==\n*-\n"
    )
    if norep:
        text = text.replace("A2,B]", "A2]").replace("*>B\n", "")
    (tmp_path / "a.krn").write_text(text)
    assert music(tmp_path / "a.krn") == "C4:4 E4:4 F4:4"


def test_a_bar_in_an_odd_metre_does_not_cost_the_score(tmp_path: Path) -> None:
    bars = [bar("C", attributes()), bar("D", attributes(beats=2, unit=64)), bar("E", attributes())]
    (tmp_path / "a.musicxml").write_text(score(part("P1", *bars)))
    assert music(tmp_path / "a.musicxml") == "C4:4 D4:4 E4:4"


def test_no_pickle_is_read_or_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from music21.freezeThaw import StreamFreezer, StreamThawer

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a pickle was touched")

    monkeypatch.setattr(StreamThawer, "open", refuse)
    monkeypatch.setattr(StreamFreezer, "write", refuse)
    (tmp_path / "a.musicxml").write_text(score(part("P1", bar("C", attributes()))))
    assert music(tmp_path / "a.musicxml") == music(tmp_path / "a.musicxml") == "C4:4"
    assert stat.S_IMODE((cache_folder() / "music21").stat().st_mode) == 0o700


def test_a_pickle_that_somebody_planted_is_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pickle
    import zlib

    from music21 import converter, environment

    shared = tmp_path / "shared"
    shared.mkdir()
    environment.Environment()["directoryScratch"] = str(shared)
    path = tmp_path / "a.musicxml"
    path.write_text(score(part("P1", bar("C", attributes()))))
    _, _, planted = converter.PickleFilter(path).status()
    assert planted is not None
    proof = tmp_path / "proof"
    Path(planted).write_bytes(zlib.compress(pickle.dumps(_Evil(proof))))
    assert music(path) == "C4:4"
    assert chorales._parse(path)["dropped"] == "1 parts instead of 4"
    assert not proof.exists()


class _Evil:
    def __init__(self, proof: Path) -> None:
        self._proof = proof

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self._proof,)
