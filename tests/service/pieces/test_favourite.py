"""Pieces that are kept."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachd.commands.cli import main
from bachd.config import Config, Expression
from bachd.errors import UsageError
from bachd.music import midifile, smf
from bachd.music.keys import Key
from bachd.music.metre import Grid, Metre
from bachd.music.piece import Origin, Step
from bachd.service import render
from bachd.service.factory import open_composer
from bachd.service.pieces import favourite, favourites, titles
from bachd.service.pieces.favourite import Favourite
from bachd.service.render import until
from tests.fakes import steps


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "state"


def composed() -> list[Step]:
    """The first piece that a bundle composes."""
    music = list(until(40, open_composer(Config(), 3)))
    end = next((number for number, step in enumerate(music) if step.origin is Origin.BREATH), len(music))
    return music[:end]


def example() -> Favourite:
    grid = Grid(((0, Metre(3, 4)), (24 + 72, Metre(4, 4))), upbeat=24)
    row = [replace(step, key=Key(10), upbeat=True) for step in steps("C4 D4.F4:2 ~D4.F4 G4:4 R:0.5", grid, "bwv269")]
    return favourite.of(row, Config(expression=Expression(swing=60.0)), 90.0, 7)


def packed(data: Any) -> str:
    return "bachd1." + base64.urlsafe_b64encode(zlib.compress(json.dumps(data).encode())).decode().rstrip("=")


def unpacked(text: str) -> Any:
    code = text.removeprefix("bachd1.")
    return json.loads(zlib.decompress(base64.urlsafe_b64decode(code + "=" * (-len(code) % 4))))


def test_what_is_kept_comes_back() -> None:
    kept = example()
    assert favourite.parse(str(kept)) == kept
    assert favourite.parse(f"http://pi.local:8080/#favourite={kept}") == kept


def test_a_composed_piece_renders_to_the_same_bytes_from_its_text_alone(tmp_path: Path) -> None:
    kept = favourite.of(composed(), Config(), 84.0, 3)
    again = favourite.parse(str(kept))
    assert len(str(kept)) < favourite.LONGEST / 4
    for name, each in (("a.mid", kept), ("b.mid", again)):
        render.render(each.config, tmp_path / name, 0, each.rng, each.steps)
    assert (tmp_path / "a.mid").read_bytes() == (tmp_path / "b.mid").read_bytes()
    assert [step.event for step in again.steps] == [step.event for step in kept.steps]
    assert [step.place for step in again.steps] == [step.place for step in kept.steps]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hello", "this is no favourite"),
        ("bachd2.eJx", "of another version of bachd (format 2); this one reads 1"),
        ("bachd1.", "damaged"),
        ("bachd1.AAAA", "damaged"),
        (str(example())[:-9], "damaged"),
        ("bachd1." + base64.urlsafe_b64encode(zlib.compress(b" " * 10_000_000)).decode(), "damaged"),
        (packed([]), "damaged"),
        (packed({**unpacked(str(example())), "bpm": 1e9}), "damaged"),
        (packed({**unpacked(str(example())), "bpm": float("nan")}), "damaged"),
        (packed({**unpacked(str(example())), "events": ""}), "damaged"),
        (packed({**unpacked(str(example())), "events": "C4:9999999"}), "damaged"),
        (packed({**unpacked(str(example())), "expression": [1]}), "damaged"),
        (packed({**unpacked(str(example())), "bars": [99999, [0, 4, 4]]}), "damaged"),
    ],
)
def test_what_is_no_favourite_is_refused_in_one_line(text: str, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        favourite.parse(text)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@given(st.text(max_size=80))
def test_any_text_is_a_favourite_or_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError):
        favourite.parse(text)
    with pytest.raises(UsageError):
        favourite.parse(f"bachd1.{text}")


def test_the_list_grows_and_keeps_each_once(state: Path) -> None:
    assert favourites.kept() == []
    one, other = example(), replace(example(), rng=8)
    assert [favourites.add(each)["number"] for each in (one, other, one)] == [1, 2, 1]
    assert [(each["number"], each["piece"]) for each in favourites.kept()] == [(1, "bwv269"), (2, "bwv269")]
    assert favourites.find("2") == other
    with (state / "favourites").open("a") as file:
        file.write("not JSON\n[]\n")
    assert len(favourites.kept()) == 2
    with pytest.raises(UsageError, match="not in the list"):
        favourites.remove("bachd1.abc")
    assert favourites.remove(str(one))["number"] == 1
    assert favourites.find("1") == other
    assert (state / "favourites").read_text().endswith("not JSON\n[]\n")  # it may be a later version's
    assert favourites.add(one)["number"] == 2
    with pytest.raises(UsageError, match="has the number 3; 'bachd favourites' lists them"):
        favourites.find("3")
    with pytest.raises(UsageError, match="this is no favourite"):
        favourites.find("9" * 10_000)


def test_a_favourite_is_rendered_by_its_number_and_by_its_link(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    link = f"http://pi:8080/#favourite={favourites.add(example())['favourite']}"
    assert main(["render", "a.mid", "--favourite", "1"]) == 0
    assert capsys.readouterr().out == "wrote a.mid (after bwv269)\n"
    assert main(["render", "b.mid", "--favourite", link]) == 0
    assert (tmp_path / "a.mid").read_bytes() == (tmp_path / "b.mid").read_bytes()
    assert main(["render", "c.musicxml", "--favourite", "1"]) == 0
    assert main(["render", "d.mid", "--favourite", "bachd1.xyz"]) == 64
    assert "damaged" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("render a.mid --tempo 100", "--tempo does not go with --favourite: a favourite is rendered as it was played"),
        ("render a.mid --tempo 100 --bass-mute true", "--tempo and --bass-mute do not go with --favourite: "),
        ("render a.mid --bars 8 --with b.mid", "--bars and --with do not go with --favourite: "),
        ("render a.mid --preset calm", "--preset does not go with --favourite: "),
        ("render a.mid --config config.yaml", "--config does not go with --favourite: "),
        ("run --piece bwv269", "--piece does not go with --favourite, which is the first piece; leave out one of them"),
    ],
)
def test_what_a_favourite_has_decided_cannot_be_given_beside_it(
    line: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    favourites.add(example())
    assert main([*line.split(), "--favourite", "1"]) == 64
    told = capsys.readouterr().err
    assert told.startswith(f"bachd: {said}")
    assert told.count("\n") == 1
    assert not (tmp_path / "a.mid").exists()


def test_favourites_are_listed_and_one_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["favourites"]) == 0
    assert capsys.readouterr().out.startswith("none yet in ")
    kept = favourites.add(example())
    favourites.add(replace(example(), rng=8, model="cello"))
    assert main(["favourites"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line[:5] for line in lines] == ["  1  ", "  2  "]
    assert [line.split("  ")[-1] for line in lines] == [
        f"{titles.full('bwv269')}, chorales",
        f"{titles.full('bwv269')}, cello",
    ]
    assert main(["favourites", "1"]) == 0
    assert favourite.parse(capsys.readouterr().out.strip()) == example()
    assert main(["favourites", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0] == kept
    assert main(["favourites", "3"]) == 64


def test_a_favourite_is_as_high_as_it_was_heard_whatever_the_run_is_transposed_by(tmp_path: Path) -> None:
    favourites.add(replace(example(), bpm=250.0))
    (tmp_path / "config.yaml").write_text(
        "midi: {output: 'file:out.mid'}\ntranspose: 3\nweb: null\ntempo: 250\nexpression: {humanise_ms: 0}\n"
    )
    assert main(["run", "--favourite", "1", "--events", "9"]) == 0
    music = midifile.read((tmp_path / "out.mid").read_bytes(), "out")
    assert [str(event) for event in music.events[:2]] == ["C4", "D4.F4:2"]


def test_a_run_begins_with_a_favourite_and_goes_on_with_new_music(tmp_path: Path) -> None:
    favourites.add(replace(example(), steps=tuple(replace(step, tempo=250.0) for step in example().steps), bpm=250.0))
    (tmp_path / "config.yaml").write_text("midi: {output: 'file:out.mid'}\nexpression: {humanise_ms: 0}\nweb: null\n")
    assert main(["run", "--favourite", "1", "--events", "9"]) == 0
    music = midifile.read((tmp_path / "out.mid").read_bytes(), "out")
    assert [str(event) for event in music.events[:4]] == ["C4", "D4.F4:2", "~D4.F4", "G4:4"]
    data = (tmp_path / "out.mid").read_bytes()
    assert next(message.text for _, _, message in smf.parse(data).messages if message.type == "marker") == "bwv269"
